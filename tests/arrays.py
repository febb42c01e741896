"""Arrays at random, and how far one is from another."""

import numpy as np


def uniform(rng, *shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def relative(found, expected):
    """The norm of the difference as a share of that of what is expected."""
    return np.linalg.norm(np.asarray(found, np.float64) - expected) / np.linalg.norm(expected)
