"""Ask Lastcall before a phone number is closed; when it cannot be asked, hold or challenge."""

from lastcall_client.aio import AsyncLastcall, Options
from lastcall_client.answers import Challenge, Decision, Hold, Screening, Sentence
from lastcall_client.counting import Tally
from lastcall_client.events import ReportedEvent
from lastcall_client.failures import Cause, Failure, LastcallError
from lastcall_client.requests import Action, ScreeningRequest
from lastcall_client.results import CheckedReceipt, Recorded, Redemption, RejectedEvent, Reported
from lastcall_client.sync import Lastcall
from lastcall_client.wire import VERSION

__version__ = VERSION

__all__ = [
    "Action",
    "AsyncLastcall",
    "Cause",
    "Challenge",
    "CheckedReceipt",
    "Decision",
    "Failure",
    "Hold",
    "Lastcall",
    "LastcallError",
    "Options",
    "Recorded",
    "Redemption",
    "RejectedEvent",
    "Reported",
    "ReportedEvent",
    "Screening",
    "ScreeningRequest",
    "Sentence",
    "Tally",
    "__version__",
]
