"""For benchmarks/fewer_evaluations.py: our own L-BFGS, what it can begin with, and what is known of the curvature."""

from collections import deque

import numpy as np
import scipy.fft

from nst.coordinates import FIRST_STEP
from nst.spectrum import cosine_transform

AXES = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32).T
AXES /= np.linalg.norm(AXES, axis=0)  # of colour: brightness, and two without it
BANDS = 12  # of frequency, half an octave each
MIDDLE = np.sqrt(2) * 2 ** ((np.arange(BANDS) + 0.5 - BANDS) / 2)  # 1: half a cycle a pixel


class Enough(Exception):
    pass


class Counted:
    """A cost and its gradient that raises Enough after `budget` calls; the costs, the best picture, the last points."""

    def __init__(self, cost, budget):
        self.compiled, self.budget = cost, budget
        self.history, self.best, self.points = [], None, deque(maxlen=11)

    def at(self, picture):
        J, gradient = self.compiled(picture)
        return float(J), gradient.numpy()

    def __call__(self, picture):
        if len(self.history) == self.budget:
            raise Enough
        picture = np.array(picture, np.float32)
        J, gradient = self.at(picture)
        self.best = picture if min(self.history, default=np.inf) > J else self.best
        self.history.append(J)
        self.points.append((picture, gradient))
        return J, gradient


def own(counted, start, metric=lambda x: x, learned=None, pairs=()):
    """L-BFGS on the pixels, as nst.lbfgs has it, in float64 and with what SciPy's cannot take.

    metric: the inverse Hessian before anything is known, up to a factor, from an array to an array.
    learned: makes one of the pairs so far. pairs: (s, y) to begin with. Ends when `counted` raises Enough.
    """
    x, pairs = start.astype(np.float64), deque(pairs, maxlen=10)
    J, g = counted(x)
    while True:
        now = learned(pairs) if learned and pairs else metric
        held = ((x <= 0) & (g > 0)) | ((x >= 1) & (g < 0))
        q, shares = np.where(held, 0, -g), []
        for s, y in reversed(pairs):
            shares.append(np.vdot(s, q) / np.vdot(s, y))
            q = q - shares[-1] * y
        q = now(q)
        if pairs:
            q = q * np.vdot(*pairs[-1]) / np.vdot(pairs[-1][1], now(pairs[-1][1]))
        for (s, y), share in zip(pairs, reversed(shares)):
            q = q + s * (share - np.vdot(y, q) / np.vdot(s, y))
        q[held] = 0
        t = 1.0 if pairs else FIRST_STEP / np.sqrt(np.mean(q**2))
        for _ in range(8):
            new = np.clip(x + t * q, 0, 1)
            new_J, new_g = counted(new)
            promised = np.vdot(g, new - x)
            if new_J <= J + 1e-4 * min(promised, 0) and promised < 0:
                break
            t *= np.clip(-promised / (2 * (new_J - J - promised) or 1.0), 0.1, 0.5)
        else:
            if not pairs:
                return
            pairs.clear()
            continue
        s, y = new - x, new_g.astype(np.float64) - g
        if np.vdot(s, y) > 1e-10 * np.vdot(y, y):
            pairs.append((s, y))
        x, J, g = new, new_J, new_g


# ---------------------------------------------------------------- what is known of the curvature


def spectrum(pixels):
    return cosine_transform(scipy.fft.dctn, pixels.astype(np.float32) @ AXES)


def log_frequency(shape):
    f = np.hypot(np.arange(shape[1])[:, np.newaxis] / shape[1], np.arange(shape[2]) / shape[2])
    return np.log(np.maximum(f, MIDDLE[0]))


def band_sums(values):
    """(BANDS, 3): the sums of a spectrum over the bands of frequency, for each colour axis."""
    band = np.abs(log_frequency(values.shape)[..., np.newaxis] - np.log(MIDDLE)).argmin(-1).ravel()
    return np.stack([np.bincount(band, values[..., c].ravel(), BANDS) for c in range(3)], 1)


def by_band(table, shape):
    """A metric for `own`: a weight for each band and colour axis, smooth between them."""
    f = log_frequency(shape)
    weights = np.stack([np.exp(np.interp(f, np.log(MIDDLE), np.log(table[:, c]))) for c in range(3)], -1)
    return lambda x: cosine_transform(scipy.fft.idctn, spectrum(x) * weights.astype(np.float32)) @ AXES.T


def curvature(counted, probes=3, step=4e-3):
    """(BANDS, 3): the mean of the Hessian's diagonal at the best picture, from random signs (Hutchinson)."""
    rng, total, size = np.random.default_rng(0), 0, 0
    for _ in range(probes):
        z = step * rng.choice([-1.0, 1.0], counted.best.shape).astype(np.float32)
        moved, change = spectrum(z), spectrum(counted.at(counted.best + z)[1] - counted.at(counted.best)[1])
        total, size = total + band_sums(moved * change), size + band_sums(moved**2)
    found = total / size
    return found.clip(0.03 * found.max())


def learned_by_band(pairs):
    """s.y / y.y for each band, in place of one for all."""
    both = [(spectrum(s), spectrum(y)) for s, y in pairs]
    table = sum(band_sums(s * y) for s, y in both) / sum(band_sums(y * y) for _, y in both)
    s, y = pairs[-1]
    typical = np.vdot(s, y) / np.vdot(y, y)
    return by_band(table.clip(typical / 30, typical * 30), s.shape)


def carried(last, shape):
    """The pairs (s, y) of the last points of a coarse scale, enlarged."""

    def larger(pixels, factor):
        more = np.zeros(shape, np.float32)
        more[:, : pixels.shape[1], : pixels.shape[2]] = cosine_transform(scipy.fft.dctn, pixels)
        return factor * cosine_transform(scipy.fft.idctn, more).astype(np.float64)

    points = list(last.points)
    factor = np.sqrt(np.prod(shape) / np.prod(points[0][0].shape))
    pairs = [(larger(x - old, factor), larger(g - g0, 1 / factor)) for (old, g0), (x, g) in zip(points, points[1:])]
    return [(s, y) for s, y in pairs if np.vdot(s, y) > 1e-10 * np.vdot(y, y)]
