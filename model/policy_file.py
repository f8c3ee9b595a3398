"""A policy as it is written in a file: versions, holds, ways on, rules and worked examples."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from features.vocabulary import Klass
from model import factors
from model.outcome import Decision
from model.rules import PolicyError, Rule


class Holds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a hold lasts, and how it ends by itself; never in an allow."""

    hours: Annotated[float, Meta(gt=0, le=240)]
    on_expiry: Literal["rescreen", "store_referral"]


class WorkedExample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole case with what it must come to; runs whenever the policy is loaded."""

    name: str
    expects: Decision
    action: str = "close"
    channel: str = "app"
    band: Decision | None = "allow"
    row: dict[str, Any] = {}
    request: dict[str, Any] = {}
    failures: tuple[str, ...] = ()
    sticky: Decision | None = None
    reason: str | None = None


class PolicyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy as it is written.

    Attributes:
        version: its name in every answer.
        plain: the row of an ordinary, proven request; examples are laid over it.
        holds: by class of action.
        cooling_off_h: for how many hours a closure is only a suspension and may be taken back; by action.
        ways: the ways on that may be offered, by `challenge`, `challenge_irreversible` and `hold`.
        rule: the rules.
        example: worked examples.
    """

    version: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+$", max_length=64)]
    plain: dict[str, Any]
    holds: dict[Klass, Holds]
    cooling_off_h: dict[Literal["close", "close_remote"], Annotated[float, Meta(ge=0, le=720)]] = {}
    ways: dict[Literal["challenge", "challenge_irreversible", "hold"], list[list[str]]]
    rule: list[Rule]
    example: list[WorkedExample]


def check_ways(file: PolicyFile) -> None:
    """Refuse ways that name no factor, count one channel twice, or leave nobody a way without a face.

    Raises:
        PolicyError: all that is wrong with them.
    """
    troubles: list[str] = []
    for name, ways in file.ways.items():
        for way in ways:
            troubles += [f"ways.{name}: there is no factor {factor}" for factor in way if factor not in factors.FACTORS]
            if not factors.sufficient(way):
                troubles.append(f"ways.{name}: {' + '.join(way)} proves nothing by itself")
            channels = [factors.CHANNEL_OF.get(factor) for factor in way]
            if len(set(channels)) != len(channels):
                troubles.append(f"ways.{name}: {' + '.join(way)} counts one channel twice")
        if not any(tuple(way) == factors.IN_PERSON for way in ways):
            troubles.append(f"ways.{name}: a store visit must be one of them; it is open to everybody")
    if troubles:
        raise PolicyError("\n".join(troubles))
