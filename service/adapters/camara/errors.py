"""The CAMARA error model (Commonalities, `ErrorInfo`): what each code means for us.

Some codes say that the network cannot tell: that is an answer, and no fault. All others are failures, told apart by who
must mend them.
"""

from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from service.ports_network import SourceFailedError, Why

CANNOT_TELL: Final = {
    "NOT_FOUND": 404,
    "IDENTIFIER_NOT_FOUND": 404,
    "SERVICE_NOT_APPLICABLE": 422,
    "UNSUPPORTED_IDENTIFIER": 422,
    "NOT_IMPLEMENTED": 501,
    "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK": 403,
    "LOCATION_VERIFICATION.AREA_NOT_COVERED": 422,
    "LOCATION_VERIFICATION.UNABLE_TO_FULFILL_MAX_AGE": 422,
    "LOCATION_VERIFICATION.UNABLE_TO_LOCATE": 422,
    "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_REQUIRED": 403,
}
"""Code -> the status it comes with: with any other, the answer is not believed."""

_WHY: Final[dict[int, Why]] = {
    HTTPStatus.UNAUTHORIZED: "refused",
    HTTPStatus.FORBIDDEN: "refused",
    HTTPStatus.TOO_MANY_REQUESTS: "quota",
}


class ErrorInfo(Struct, frozen=True):
    """The body of an error; all three are required."""

    status: int
    code: str
    message: str


class CamaraError(Exception):
    """An operator answered with an error of the standard."""

    def __init__(self, status: int, code: str) -> None:
        """Take status and code; the message is not kept, for it may repeat what was sent."""
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code

    @property
    def cannot_tell(self) -> bool:
        """Whether it says that the network cannot tell."""
        return CANNOT_TELL.get(self.code) == self.status

    def failure(self) -> SourceFailedError:
        """Return it as a failure of the source."""
        if self.code in CANNOT_TELL:
            return SourceFailedError("lying", self.code)
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return SourceFailedError("down", self.code)
        return SourceFailedError(_WHY.get(self.status, "misused"), self.code)


_decoder: Final = msgspec.json.Decoder(ErrorInfo)
_LONGEST_CODE: Final = 96


def read_error(status: int, body: bytes) -> Exception:
    """Return an error answer as what it says, or as a failure when it is not of the standard."""
    try:
        said = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return unreadable(status)
    code = said.code
    if said.status != status or len(code) > _LONGEST_CODE or not code.replace("_", "").replace(".", "").isalnum():
        return SourceFailedError("lying")
    return CamaraError(status, code)


def unreadable(status: int) -> SourceFailedError:
    """Return what an error without a readable body amounts to: a gateway's page, most often."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SourceFailedError("down")
    return SourceFailedError(_WHY.get(status, "lying"))
