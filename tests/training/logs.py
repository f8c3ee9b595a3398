"""A small invented log for tests: mostly ordinary people, and thieves on new and tampered phones at night."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import zstandard

from features.codec import Line, LoggedEvent, LoggedHeader, LoggedLabel, LoggedScreening, encode
from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest
from features.subject import event_of, keys_of
from tests.builders import request
from training.log import Log

START: Final = 1_790_000_000_000
HOUR: Final = 3_600_000
BASE_RATE: Final = 0.001


def line(body: dict[str, Any], at_ms: int, name: str, sampling: float = 1.0) -> LoggedScreening:
    """Return a request as a log has it."""
    said = msgspec.convert(body, ScreeningRequest)
    event = event_of(said, Facts(), keys_of(said), event_id=name, at_ms=at_ms)
    return LoggedScreening(event=event, request=said, facts=Facts(), sampling=sampling)


def login(body: dict[str, Any], at_ms: int, name: str) -> LoggedEvent:
    """Return a login of a request's line on its device, some time before."""
    keys = {"line": body["subscriber"]["msisdn"], "device": body["device"]["id"]}
    return LoggedEvent(event=Event(id=name, kind="login_succeeded", occurred_ms=at_ms, known_ms=at_ms, keys=keys))


@cache
def lines(count: int = 1200, share: float = 0.12, seed: int = 5) -> tuple[Line, ...]:
    """Return an invented log in the order of time; every request is labelled two days later."""
    dice = Random(seed)  # noqa: S311 - chance for tests
    out: list[tuple[int, Line]] = []
    for index in range(count):
        at_ms, fraud = START + index * HOUR // 2, dice.random() < share
        weight = (BASE_RATE / share) if fraud else (1 - BASE_RATE) / (1 - share)
        body = request(_fraud(dice) if fraud else _genuine(dice, index))
        known = dice.random() < (0.2 if fraud else 0.9)
        if known:
            past = at_ms - dice.randrange(1, 200) * 24 * HOUR
            out.append((past, login(body, past, f"login-{index}")))
        out.append((at_ms, line(body, at_ms, f"scr:{index}", weight)))
        said_ms = at_ms + 48 * HOUR
        out.append((said_ms, _label(index, said_ms, fraud=fraud)))
    ordered = [one for _, one in sorted(out, key=lambda pair: pair[0])]
    return (LoggedHeader(made_by="tests", fraud_rate=share, seed=seed), *ordered)


def _label(index: int, at_ms: int, *, fraud: bool) -> LoggedLabel:
    return LoggedLabel(
        screening_id=f"scr:{index}",
        label="fraud" if fraud else "legitimate",
        source="investigation",
        at_ms=at_ms,
        persona="thief" if fraud else "customer",
    )


def _genuine(dice: Random, index: int) -> dict[str, Any]:
    rooted = "yes" if dice.random() < 0.06 else "no"
    party = {"subscriber": {"party_id": f"p-family-{index // 3}"}} if index % 10 == 0 else {}
    return {"action": dice.choice(("close", "suspend", "resume")), "device": {"rooted": rooted}} | party


def _fraud(dice: Random) -> dict[str, Any]:
    device = {"rooted": dice.choice(("yes", "no")), "sim_matches_line": dice.choice(("yes", "no", "no"))}
    gang = {"id": f"d-gang-{dice.randrange(3)}"} if dice.random() < 0.3 else {}
    return {
        "action": dice.choice(("close", "close_remote", "suspend")),
        "confirmation": {"seconds_on_page": dice.choice((0.6, 5.0, 20.0))},
        "device": device | gang,
    }


def log(of: Iterable[Line] | None = None) -> Log:
    """Return lines as training reads them."""
    read = Log()
    for one in lines() if of is None else of:
        read.add(one)
    return read


def write(folder: Path, of: Iterable[Line] | None = None) -> Path:
    """Write lines as a folder with one log file."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = b"".join(encode(one) for one in (lines() if of is None else of))
    (folder / "log.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(raw))
    return folder
