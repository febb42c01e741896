"""L-BFGS for pictures larger than memory: float32, and what it remembers lies in files while the cost is computed.

SciPy's implementation, which `minimize` takes for other pictures, holds 25 float64 numbers for each variable.
"""

import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

PAIRS = 5  # of steps and differences between gradients
_CHUNK = 2**20  # numbers that are worked on at a time
_ENOUGH = 1e-4  # of the decrease that the gradient promises, for a step to be taken (Armijo)
_TRIES = 10  # steps along one direction, each shorter than the one before


def lbfgs(
    cost: Callable[[np.ndarray], tuple[float, np.ndarray]],
    x: np.ndarray,
    first_step: float,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    folder: str | Path | None = None,
) -> np.ndarray:
    """Lower cost(x), which returns J and its gradient, until no step lowers it any more; return the x that it came to.

    x: float32, of any shape. first_step: how far a variable moves at first, the root mean square. bounds: of all
    variables; one that stands at a bound, and would leave it, stays. folder: where the files lie, which have no names
    and end with the process; by default that for temporary files.

    Nocedal & Wright (2006), Numerical Optimization, algorithms 7.4 and 3.1; for the bounds Bertsekas (1982), Projected
    Newton Methods for Optimization Problems with Simple Constraints.
    """
    pairs = deque(maxlen=PAIRS)
    x = np.clip(x, *bounds, dtype=np.float32)
    J, gradient = cost(x)
    while True:
        d = _direction(pairs, x, gradient, bounds)
        length = np.sqrt(_dot(d, d))
        if not length:
            return x
        t = 1.0 if pairs else first_step * np.sqrt(d.size) / length
        before = [_Stored(array, folder) for array in (x, gradient, d)]
        del x, gradient, d
        for _ in range(_TRIES):
            x = _along(*before[::2], t, bounds)
            promised = sum(float(np.dot(g, new - old)) for g, old, new in _together(before[1], before[0], x))
            new_J, gradient = cost(x)
            if new_J <= J + _ENOUGH * min(promised, 0.0) and promised < 0:
                break
            del gradient
            # the lowest point of the parabola through J, its slope, and new_J
            t *= np.clip(-promised / (2 * (new_J - J - promised) or 1.0), 0.1, 0.5)
        else:
            x, gradient = before[0].array(), before[1].array()
            if not pairs:
                return x
            pairs.clear()
            continue
        _remember(pairs, x, gradient, *before[:2], folder)
        J = new_J


def _direction(pairs, x, gradient, bounds):
    """Minus the inverse Hessian, as far as it is known, times the gradient; zero where a bound holds a variable."""
    low, high = bounds
    held = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
    q = np.where(held, np.float32(0), -gradient)
    shares = []
    for s, y, sy, _ in reversed(pairs):
        shares.append(_dot(s, q) / sy)
        _add(q, -shares[-1], y)
    if pairs:
        q *= np.float32(pairs[-1][2] / pairs[-1][3])
    for (s, y, sy, _), share in zip(pairs, reversed(shares)):
        _add(q, share - _dot(y, q) / sy, s)
    q[held] = 0
    return q


def _remember(pairs, x, gradient, old_x, old_gradient, folder):
    """Store the step and the difference of the gradients, if the cost curves upwards along it."""
    s, y = _Stored(folder=folder, shape=x.shape), _Stored(folder=folder, shape=x.shape)
    sy = yy = 0.0
    for new, old, new_g, old_g in _together(x, old_x, gradient, old_gradient):
        step, difference = new - old, new_g - old_g
        s.append(step), y.append(difference)
        sy += float(np.dot(step, difference))
        yy += float(np.dot(difference, difference))
    if sy > 1e-12 * yy:
        pairs.append((s, y, sy, yy))


def _along(x, d, t, bounds):
    end, row = np.empty(x.shape, np.float32), 0
    flat = end.ravel()
    for old, step in _together(x, d):
        np.clip(old + np.float32(t) * step, *bounds, out=flat[row : row + old.size])
        row += old.size
    return end


# ---------------------------------------------------------------- arrays in files


class _Stored:
    """An array in a file without a name."""

    def __init__(self, array=None, folder=None, shape=None):
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed when nobody needs it any more)
        self.shape = array.shape if shape is None else shape
        if array is not None:
            self.append(array)

    def append(self, array):
        array.tofile(self.file)

    def array(self):
        return np.concatenate(list(_chunks(self))).reshape(self.shape)


def _chunks(array) -> Iterator[np.ndarray]:
    """The numbers of an array, in memory or stored, in order."""
    size = int(np.prod(array.shape))
    flat = None if isinstance(array, _Stored) else array.reshape(-1)
    if flat is None:
        array.file.seek(0)
    for first in range(0, size, _CHUNK):
        count = min(_CHUNK, size - first)
        yield np.fromfile(array.file, np.float32, count) if flat is None else flat[first : first + count]


def _together(*arrays):
    return zip(*map(_chunks, arrays), strict=True)


def _dot(a, b) -> float:
    return sum(float(np.dot(one, other)) for one, other in _together(a, b))


def _add(q, factor, array):
    for mine, other in _together(q, array):
        mine += np.float32(factor) * other
