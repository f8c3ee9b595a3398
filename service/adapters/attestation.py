"""Attestation, verified offline with `pyattest`, and wrapped against its traps.

The library checks signatures and chains. It does not check how old a Play token is, knows nothing of `requestHash` (a
standard request raises `TypeError`) and of `environmentDetails`, turns a weak verdict into an exception, checks neither
app nor counter of an Apple assertion, and believes every root that the machine trusts beside Apple's. All of that is
done here. It raises many kinds of exception for a damaged token; each of them is an `error`, which says nothing of the
device.
"""

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final, TypeVar, get_args

import anyio
import anyio.to_thread

from features.clock import FUTURE_TOLERANCE, Clock, milliseconds
from features.request import ScreeningRequest
from features.vocabulary import AccessRisk
from service.adapters import app_attest
from service.adapters.app_attest import AppleApp
from service.attesting import challenge
from service.ports_network import Attested, AttestedKeys

logger = logging.getLogger(__name__)
T = TypeVar("T")

FRESH: Final = timedelta(minutes=5)
LIMIT: Final = timedelta(seconds=2)
"""How long verifying may take; the first time, the library alone takes a third of a second."""
ERROR: Final = Attested(verdict="error")

_RISKS: Final[tuple[AccessRisk, ...]] = get_args(AccessRisk)
_RECOGNISED: Final = {
    "PLAY_RECOGNIZED": "recognized",
    "UNRECOGNIZED_VERSION": "unrecognized",
    "UNEVALUATED": "unevaluated",
}
_VERDICTS: Final = (
    ("MEETS_STRONG_INTEGRITY", "strong"),
    ("MEETS_DEVICE_INTEGRITY", "device"),
    ("MEETS_BASIC_INTEGRITY", "basic"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayApp:
    """An Android app at Play Integrity: its keys as the Play Console shows them, and how it is signed."""

    package: str
    decryption_key: str = field(repr=False)
    verification_key: str
    certificates: tuple[str, ...] = ()
    """SHA-256 of signing certificates, base64url without padding, as verdicts name them; empty: not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apps:
    """A carrier's own apps."""

    play: PlayApp | None = None
    apple: AppleApp | None = None


class OfflineAttestor:
    """The port `Attestor`, without asking Google or Apple; see the port for what a failure degrades to."""

    def __init__(self, apps: Mapping[str, Apps], keys: AttestedKeys, clock: Clock, limit: timedelta = LIMIT) -> None:
        """Take each tenant's apps, the keys that were attested, the clock, and how long verifying may take."""
        self._apps = apps
        self._keys = keys
        self._clock = clock
        self._limit_s = limit.total_seconds()

    async def verify(self, tenant: str, request: ScreeningRequest) -> Attested | None:
        """Verify a request's token; None when there is none, or nothing to verify it with."""
        stated, apps = request.device.attestation, self._apps.get(tenant, Apps())
        if stated is None or stated.token is None:
            return None
        try:
            with anyio.fail_after(self._limit_s):
                if stated.provider == "play_integrity" and apps.play is not None:
                    return await self._play(apps.play, stated.token, challenge(request))
                if stated.provider == "app_attest" and apps.apple is not None:
                    return await self._apple(tenant, apps.apple, stated.token, challenge(request))
        except Exception as error:  # noqa: BLE001 - a damaged token can make the libraries raise anything
            logger.info("attestation", extra={"provider": stated.provider, "error": type(error).__name__})
            return ERROR
        return None

    async def _play(self, app: PlayApp, token: str, bound: bytes) -> Attested:
        payload = await _apart(lambda: _unpacked(app, token))
        return _judged(app, payload, bound, self._clock.now_ms())

    async def _apple(self, tenant: str, app: AppleApp, token: str, bound: bytes) -> Attested:
        key_id, raw, body = app_attest.opened(token)
        if "attStmt" in body:
            key = await _apart(lambda: asyncio.run(app_attest.attested(app, key_id, raw, bound)))
            fine = await self._keys.enrol(tenant, key_id, key)
        else:
            known = await self._keys.key(tenant, key_id)
            if known is None:
                return ERROR
            counter = await _apart(lambda: app_attest.asserted(app, known, raw, bound))
            fine = await self._keys.advance(tenant, key_id, counter)
        return Attested(verdict="strong", app_recognition="recognized") if fine else ERROR


async def _apart(work: Callable[[], T]) -> T:
    """Do what takes the processor in a thread, so that other requests go on."""
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def _unpacked(app: PlayApp, token: str) -> Mapping[str, Any]:
    """Return what Google signed (a JWS in a JWE)."""
    from pyattest.attestation import Attestation  # noqa: PLC0415 - it takes long to import, and most never need it
    from pyattest.configs.google_play_integrity_api import GooglePlayIntegrityApiConfig  # noqa: PLC0415

    config = GooglePlayIntegrityApiConfig(
        decryption_key=app.decryption_key,
        verification_key=app.verification_key,
        apk_package_name=app.package,
        production=True,
    )
    verifier = config.attestation_verifier_class(Attestation(token, b"", config))
    payload: Mapping[str, Any] = verifier.unpack(token)
    return payload


def _judged(app: PlayApp, payload: Mapping[str, Any], bound: bytes, now_ms: int) -> Attested:
    """Return what a genuine token says of this request; nothing if it is old, or was made for something else."""
    details = payload["requestDetails"]
    age_ms = now_ms - int(details["timestampMillis"])
    named = details["requestHash"] if "requestHash" in details else details["nonce"]
    same = compare_digest(named.rstrip("=").encode(), base64.urlsafe_b64encode(sha256(bound).digest()).rstrip(b"="))
    young = -milliseconds(FUTURE_TOLERANCE) <= age_ms <= milliseconds(FRESH)
    if not same or not young or details["requestPackageName"] != app.package:
        return ERROR
    return Attested(
        verdict=_verdict(payload),  # type: ignore[arg-type]  # the words of the table
        app_recognition=_recognised(app, payload.get("appIntegrity") or {}),  # type: ignore[arg-type]
        age_s=max(0.0, age_ms / 1000),
        access_risk=_access_risk(payload),
    )


def _verdict(payload: Mapping[str, Any]) -> str:
    """Return the strongest integrity that is met; an emulator, or none at all, is a fail, and nothing said an error."""
    met = (payload.get("deviceIntegrity") or {}).get("deviceRecognitionVerdict")
    if met is None:
        return "error"
    return next((verdict for word, verdict in _VERDICTS if word in met), "fail")


def _recognised(app: PlayApp, said: Mapping[str, Any]) -> str | None:
    """Return whether this is the app as it was published; another name or another signature is not."""
    word = _RECOGNISED.get(said.get("appRecognitionVerdict", ""))
    if word == "recognized":
        signed = set(said.get("certificateSha256Digest") or ())
        other = app.certificates and not signed & set(app.certificates)
        if said.get("packageName") != app.package or other:
            return "unrecognized"
    return word


def _access_risk(payload: Mapping[str, Any]) -> tuple[AccessRisk, ...] | None:
    """Return the apps that can watch or drive the screen; None when that was not looked for."""
    seen = ((payload.get("environmentDetails") or {}).get("appAccessRiskVerdict") or {}).get("appsDetected")
    return None if seen is None else tuple(risk for risk in _RISKS if risk in seen)
