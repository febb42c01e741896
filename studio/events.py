"""What a painter tells, from its thread or its process. No TensorFlow."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEARNED = 10  # evaluations, before which the time left is not known


class Ready(NamedTuple):
    """It could begin at once. words: if not, why: functions of a notebook that are not finished, say."""

    words: str = ""


class Step(NamedTuple):
    """A painting on its way. pixels: uint8 (n_H, n_W, 3)."""

    done: int  # evaluations of the cost
    total: int
    share: float  # of the work, 0 to 1
    left: float | None  # seconds, about
    costs: list[float]
    pixels: np.ndarray

    @property
    def words(self) -> str:
        height, width, _ = self.pixels.shape
        left = "" if self.left is None or self.done < LEARNED else f", {_duration(self.left)} left"
        return f"Step {self.done} of {self.total}, {width} x {height} pixels{left}"


class End(NamedTuple):
    """how: done, stopped, or failed, and then `words` say why and there is no picture."""

    how: str
    words: str = ""
    costs: list[float] = []
    pixels: np.ndarray | None = None
    film: bytes = b""


Event = Ready | Step | End


def few(costs: Sequence[float], most: int = 300) -> list[float]:
    """At most so many of the costs, evenly chosen, rounded for the page."""
    step = max(1, len(costs) // most)
    return [float(f"{cost:.5g}") for cost in costs[::step]]


def _duration(seconds):
    if seconds < 10:
        return "a few seconds"
    return f"about {seconds:.0f} seconds" if seconds < 90 else f"about {seconds / 60:.0f} minutes"
