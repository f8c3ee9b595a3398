"""No faces: what stands behind the ports of the face check where an operator has none. The other ways remain."""

from model.face import Measured
from service.ports_faces import FacesDownError, Refused, VendorVerdict


class NoFaces:
    """Measures nothing; `face_liveness` is then never offered."""

    async def measure(self, picture: bytes) -> Measured | Refused:  # noqa: ARG002 - the port's shape
        """Refuse to look.

        Raises:
            FacesDownError: always.
        """
        raise FacesDownError("none")

    async def ready(self) -> bool:
        """Say no."""
        return False

    async def close(self) -> None:
        """There is nobody to end."""


class NoVendor:
    """Knows no verdict of anybody."""

    async def verdict(self, tenant: str, session_id: str, reference: str) -> VendorVerdict | None:  # noqa: ARG002
        """Return none."""
        return None
