"""The personas: who asks, and how their visits differ from an ordinary one. They overlap on purpose.

Their numbers are design values, not estimates: nothing public says how common any of them is. A persona plays a
story: it yields a visit, is told what was decided, and goes on from there. That answer is all it learns of us.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal

from training.world.stage import Stage
from training.world.visit import Visit

Truth = Literal["fraud", "legitimate"]
Story = Generator[Visit, str, None]
"""Yields visits in the order of time and is sent the decision on each."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of requester.

    Attributes:
        name: for slices of a report; never for training.
        label: what they are.
        weight: how common they are among their kind.
        act: plays one of them on a day that begins at the given moment.
        pattern: for thieves, the pattern of the trade, F1 to F15, by which reports tell recall.
    """

    name: str
    label: Truth
    weight: float
    act: Callable[[Stage, int], Story]
    pattern: str | None = None
