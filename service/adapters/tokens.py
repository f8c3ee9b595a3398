"""Tokens: what stands for a number, a device or an address everywhere behind the door.

HMAC-SHA256 under a key of the tenant, derived by HKDF (RFC 5869) from the index root. The root is kept apart from the
keys that encrypt: those rotate freely, while a new root means new names for everything. The space of phone numbers is
small, so a plain hash would be undone in minutes; without the root a token tells nothing.
"""

import base64
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.adapters.secrets_folder import Key

TOKEN: Final = re.compile(r"t[0-9]{1,3}_[A-Za-z0-9_-]{22}")
TOKEN_BYTES: Final = 16
BETWEEN_DIGITS: Final = re.compile(r"[\s().\-\u2010-\u2015]+")


class KeyedTokens:
    """Makes tokens `t<number of the root>_<22 characters>`, different for each tenant and kind."""

    def __init__(self, ring: tuple[Key, ...]) -> None:
        """Use the newest root of the ring `index`."""
        self._root = ring[-1]
        self._of_tenant: dict[str, HMAC] = {}

    def token(self, tenant: str, kind: str, plain: str) -> str:
        """Return the token of an identifier, the same however it was written; a token is returned as it is."""
        if TOKEN.fullmatch(plain):
            return plain
        mac = self._keyed(tenant).copy()
        # A kind is a word of ours and holds no NUL, so kind and identifier cannot run into one another.
        mac.update(kind.encode() + b"\0" + normal(kind, plain).encode("utf-8", "surrogatepass"))
        short = base64.urlsafe_b64encode(mac.finalize()[:TOKEN_BYTES]).decode().rstrip("=")
        return f"t{self._root.number}_{short}"

    def _keyed(self, tenant: str) -> HMAC:
        mac = self._of_tenant.get(tenant)
        if mac is None:
            mac = self._of_tenant[tenant] = HMAC(_tenant_key(self._root.secret, tenant), SHA256())
        return mac


def normal(kind: str, plain: str) -> str:
    """Return an identifier in the one way we write it: a number without spaces, an address in its short form."""
    return _NORMAL.get(kind, str.strip)(plain)


def _number(plain: str) -> str:
    """Full-width digits become plain ones, spaces and dashes go: `＋86 138-0013 8000` is `+8613800138000`."""
    return BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", plain))


def _address(plain: str) -> str:
    """One address may be written many ways (`::ffff:203.0.113.7`, upper case): it is remembered once."""
    try:
        address = ipaddress.ip_address(plain.strip())
    except ValueError:
        return plain.strip()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).compressed


_NORMAL: Final[Mapping[str, Callable[[str], str]]] = {"line": _number, "ip": _address}


def _tenant_key(root: bytes, tenant: str) -> bytes:
    info = b"lastcall token v1\0" + tenant.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(root)
