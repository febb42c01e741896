"""What a painter tells, from its thread or its process. No TensorFlow."""

from typing import NamedTuple

import numpy as np


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


class End(NamedTuple):
    """how: done, stopped, or failed, and then `words` say why and there is no picture."""

    how: str
    words: str = ""
    costs: list[float] = []
    pixels: np.ndarray | None = None
    film: bytes = b""


Event = Ready | Step | End
