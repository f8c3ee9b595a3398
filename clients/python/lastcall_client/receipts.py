"""Check a receipt offline: signed by the service (compact JWS, Ed25519), of the right kind, for this, and not over.

A receipt that is genuine is not yet a permission: it is redeemed once, at the service.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from lastcall_client.failures import Trouble
from lastcall_client.wire import Call, Wire

ALGORITHMS: Final = ["Ed25519"]
TYPE: Final = "lastcall-receipt+jws"
ISSUER: Final = "lastcall"
KEYS_LIVE_S: Final = 3600.0
ASK_AGAIN_S: Final = 60.0
"""After a receipt that no key fits: the service may have a new key, but is not asked for it with every forgery."""

KeySet = Mapping[str, object]
Claims = Mapping[str, str | int]


def checked(receipt: str, keys: KeySet, *, now_s: float | None) -> Claims:
    """Return what a receipt claims.

    Args:
        receipt: the compact JWS.
        keys: a JWK set (RFC 7517).
        now_s: the time it must not be over at; None where that is the service's to say.

    Raises:
        Trouble: `bad_receipt`; or `invalid_request` when the extra `lastcall-client[receipts]` is not installed.
    """
    claims = _opened(receipt, keys)
    ends = claims.get("exp")
    if claims.get("iss") != ISSUER or not isinstance(ends, int):
        raise Trouble("bad_receipt", "claims")
    if now_s is not None and now_s >= ends:
        raise Trouble("bad_receipt", "over")
    return claims


def _opened(receipt: str, keys: KeySet) -> Claims:
    try:
        from joserfc import jws  # noqa: PLC0415 - an extra, which most callers do without
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet as Keys  # noqa: PLC0415
    except ImportError as error:
        raise Trouble("invalid_request", "install lastcall-client[receipts]") from error
    import json  # noqa: PLC0415

    try:
        ring = Keys.import_key_set({"keys": list(keys["keys"])})  # type: ignore[call-overload]
        signed = jws.deserialize_compact(receipt, ring, algorithms=ALGORITHMS)
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Trouble("bad_receipt", type(error).__name__) from error
    if signed.headers().get("typ") != TYPE or not isinstance(claims, dict):
        raise Trouble("bad_receipt", "kind")
    return {str(name): value for name, value in claims.items() if isinstance(value, str | int)}


class Keys:
    """The service's public keys: those that were given, or else asked for and kept for an hour."""

    def __init__(self, given: KeySet | None, clock: Callable[[], float] = time.time) -> None:
        """Take pinned keys, if any, and the clock that receipts are over by."""
        self._given = given
        self._clock = clock
        self._kept: KeySet = {"keys": []}
        self._asked_s = float("-inf")

    @property
    def pinned(self) -> KeySet | None:
        """The keys that were given."""
        return self._given

    async def check(self, wire: Wire, receipt: str) -> Claims:
        """Return what a receipt claims, by the keys that are right now.

        Raises:
            Trouble: as `checked`, or because the keys could not be had.
        """
        now_s = self._clock()
        if self._given is not None:
            return checked(receipt, self._given, now_s=now_s)
        if now_s - self._asked_s > KEYS_LIVE_S:
            await self._ask(wire, now_s)
        try:
            return checked(receipt, self._kept, now_s=now_s)
        except Trouble:
            if now_s - self._asked_s <= ASK_AGAIN_S:
                raise
        await self._ask(wire, now_s)
        return checked(receipt, self._kept, now_s=now_s)

    async def _ask(self, wire: Wire, now_s: float) -> None:
        reply = await wire.send(Call(method="GET", path="/.well-known/jwks.json"))
        if not isinstance(reply.body, dict) or not isinstance(reply.body.get("keys"), list):
            raise Trouble("unknown_answer", "keys")
        self._kept, self._asked_s = reply.body, now_s
