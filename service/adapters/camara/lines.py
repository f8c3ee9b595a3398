"""Number Verification 2.1, Call Forwarding Signal 0.4 and Subscription Status 0.1: what the line itself is doing."""

from typing import Final, Literal

from service.adapters.camara.calling import Api, Caller, Wire
from service.adapters.camara.errors import CamaraError
from service.ports_network import Forwarding, SourceFailedError, Subscription

VERIFY: Final = Api("/number-verification/v2/verify", "number-verification:verify")
FORWARDINGS: Final = Api(
    "/call-forwarding-signal/v0.4/call-forwardings", "call-forwarding-signal:call-forwardings:read"
)
UNCONDITIONAL: Final = Api(
    "/call-forwarding-signal/v0.4/unconditional-call-forwardings",
    "call-forwarding-signal:unconditional-call-forwardings:read",
)
# The standard's own spelling.
SUBSCRIPTION: Final = Api(
    "/subscription-status/v0.1/retrive-subscription-status", "subscription-status:retrive-subscription-status"
)
ForwardingKind = Literal[
    "inactive", "unconditional", "conditional_busy", "conditional_not_reachable", "conditional_no_answer"
]


class MatchResponse(Wire, frozen=True):
    """Whether the number is that of the device that asks."""

    device_phone_number_verified: bool


class UnconditionalSignal(Wire, frozen=True):
    """Whether all calls are forwarded; the standard leaves it optional."""

    active: bool | None = None


class SubscriptionStatus(Wire, frozen=True):
    """Which services of a line work."""

    voice_sms_in: Literal["active", "suspended"]
    voice_sms_out: Literal["active", "suspended"]
    data_service: Literal["active", "suspended", "throttled"]


async def number_verified(caller: Caller, number: str) -> bool:
    """Return whether the request comes from this line.

    The standard wants a token that the network gave to the device itself. Where an operator grants none to a server, it
    says that the user is not authenticated by the mobile network: it cannot tell.
    """
    return (await caller.post(VERIFY, {"phoneNumber": number}, MatchResponse)).device_phone_number_verified


async def call_forwarding(caller: Caller, number: str) -> Forwarding | None:
    """Return whether calls go elsewhere; an operator that cannot list all kinds is asked for the unconditional one."""
    try:
        kinds = await caller.post(FORWARDINGS, {"phoneNumber": number}, frozenset[ForwardingKind])
    except CamaraError as error:
        if error.code != "NOT_IMPLEMENTED" or not error.cannot_tell:
            raise
        said = await caller.post(UNCONDITIONAL, {"phoneNumber": number}, UnconditionalSignal)
        # No unconditional forwarding does not mean that there is none.
        return "unconditional" if said.active else None
    if not kinds or ("inactive" in kinds and len(kinds) > 1):
        raise SourceFailedError("lying", "CONTRADICTION")
    if "unconditional" in kinds:
        return "unconditional"
    return "inactive" if "inactive" in kinds else "conditional"


async def subscription(caller: Caller, number: str) -> Subscription:
    """Return whether the line works; stopped one way (单停) or both ways (双停) is suspended."""
    said = await caller.post(SUBSCRIPTION, {"phoneNumber": number}, SubscriptionStatus)
    if "suspended" in {said.voice_sms_in, said.voice_sms_out}:
        return "suspended"
    return "active" if said.data_service == "active" else "throttled"
