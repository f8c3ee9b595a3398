"""The personas: who asks, and how their visits differ from an ordinary one. They overlap on purpose.

Their numbers are design values, not estimates: nothing public says how common any of them is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from training.world.stage import Stage


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of requester.

    Attributes:
        name: for slices of a report; never for training.
        label: what they are.
        weight: how common they are among their kind.
        act: plays one of them on a day that begins at the given moment.
    """

    name: str
    label: Literal["fraud", "legitimate"]
    weight: float
    act: Callable[[Stage, int], None]
