"""The face vault and the ports beside it: a template opens in its own row, and verdicts become what requests bring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.face import NotAFaceError
from model.liveness import Verdict
from service.adapters.face_vault import FORMAT, SealedFaces
from service.adapters.sealing import Sealer
from service.adapters.secrets_folder import Key
from service.ports_faces import TemplateLostError, VendorVerdict, from_ours, from_vendor

SEALER = Sealer((Key(number=1, secret=bytes([1]) * 32),))
STRANGER = Sealer((Key(number=2, secret=bytes([2]) * 32),))
VAULT = SealedFaces(SEALER)
NUMBERS = tuple(n / 128 for n in range(128))


@given(st.lists(st.floats(-4, 4, width=32), min_size=128, max_size=128))
def test_a_template_comes_back(numbers: list[float]) -> None:
    """To the last bit of what the model gives."""
    assert VAULT.open(VAULT.seal(numbers, row="t/p"), row="t/p") == tuple(numbers)


def test_a_sealed_template_shows_nothing() -> None:
    """Neither the numbers nor that two are the same."""
    one, other = VAULT.seal(NUMBERS, row="t/p"), VAULT.seal(NUMBERS, row="t/p")
    assert one != other
    assert FORMAT.pack(1, *NUMBERS)[40:80] not in one


@pytest.mark.parametrize(
    ("vault", "row"),
    [
        (VAULT, "t/other"),
        (VAULT, "other/p"),
        (SealedFaces(SEALER, "faces|other"), "t/p"),
        (SealedFaces(STRANGER), "t/p"),
    ],
)
def test_it_opens_nowhere_else(vault: SealedFaces, row: str) -> None:
    """Not in another's row, tenant or column, and not without its key."""
    with pytest.raises(TemplateLostError):
        vault.open(VAULT.seal(NUMBERS, row="t/p"), row=row)


@pytest.mark.parametrize("plain", [b"", b"x", FORMAT.pack(2, *NUMBERS), FORMAT.pack(1, *NUMBERS)[:-1]])
def test_what_is_no_template_is_lost(plain: bytes) -> None:
    """Of another version or length, though it was sealed here."""
    with pytest.raises(TemplateLostError):
        VAULT.open(SEALER.seal(plain, place="faces|template|t/p"), row="t/p")


def test_only_a_template_is_kept() -> None:
    """No picture fits in."""
    with pytest.raises(NotAFaceError):
        VAULT.seal([1.0] * 127, row="t/p")
    with pytest.raises(NotAFaceError):
        VAULT.seal([float("nan")] * 128, row="t/p")


def ours(**changes: object) -> Verdict:
    """Return a verdict of our own."""
    plain = {"status": "passed", "steps_done": ("blink",), "latencies_ms": (900,), "flags": (), "spoof_score": 0.2}
    return Verdict(**{**plain, "match": 0.9, "frames": 40, **changes})


def test_our_verdict_as_a_request_would_bring_it() -> None:
    """Certified by nobody; one that saw too little says nothing of whether somebody is alive."""
    brought = from_ours("liv_1", ours())
    assert (brought.match_score, brought.pad_score, brought.pad_level) == (0.9, 0.8, "none")
    assert brought.challenge_latency_ms == (900,)
    assert from_ours("liv_1", ours(status="failed", spoof_score=0.9)).pad_score == pytest.approx(0.1)
    assert from_ours("liv_1", ours(status="inconclusive")).pad_score is None


def test_a_vendors_verdict_as_a_request_would_bring_it() -> None:
    """With its certificate; what it did not pass counts as not alive, whatever the score."""
    passed = VendorVerdict(provider="v 1", passed=True, match_score=0.93, pad_score=0.97, pad_level="ibeta_l2")
    assert from_vendor("liv_1", passed).pad_score == 0.97
    assert from_vendor("liv_1", passed).pad_level == "ibeta_l2"
    failed = VendorVerdict(provider="v 1", passed=False, match_score=0.93, pad_score=0.97)
    assert from_vendor("liv_1", failed).pad_score == 0.0
