"""What the exercises' inputs and formulas are written with. No answers.

A case is a dict: `arguments` and `keywords` of the call, `watch`, the positions of the arguments to differentiate by,
`output_gradient`, by which the result is weighted there (None for a scalar), and `general`: empty for an ordinary call,
else words for what makes it one that only general code masters. In a case with a `world`, that is what stands around
the function, made small. With a `start`, a picture, it is three training steps; else the first argument is the weights
of a network, (3, 3), in place of which the function gets the network.

The sizes n_H, n_W, n_C are different primes, so that a wrong factor can be recognised from the wrong value.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Case = dict[str, Any]
Shape = tuple[int, ...]
PRIMES = [2, 3, 5, 7, 11, 13]
TOLERANCE = 2e-4  # relative, in L2 norm: separates right from wrong on CPU, GPU and with or without oneDNN
OVERFLOW = "sizes whose product is past the 2^31 of 32-bit integers"


def case(*arguments, watch=(), output_gradient=None, general="", **keywords) -> Case:
    around = dict(watch=list(watch), output_gradient=output_gradient, general=general)
    return dict(arguments=list(arguments), keywords=keywords, **around)


def volume(rng: np.random.Generator, shape: Shape, strength: float = 1.0) -> np.ndarray:
    """Like activations: channels of different strength, neither centred nor of one sign."""
    channels = strength * rng.uniform(0.5, 1.5, shape[-1])
    return ((rng.normal(size=shape) + 0.6) * channels).astype(np.float32)


def symmetric(rng: np.random.Generator, n: int) -> np.ndarray:
    matrix = rng.normal(size=(n, n))
    return (matrix + matrix.T).astype(np.float32)


def sizes(rng: np.random.Generator) -> Shape:
    """(1, n_H, n_W, n_C), three different primes."""
    return (1, *(int(n) for n in rng.choice(PRIMES, 3, replace=False)))


def unroll(a: np.ndarray) -> np.ndarray:
    """(1, n_H, n_W, n_C) -> (n_C, n_H * n_W)."""
    return a.reshape(-1, a.shape[-1]).T


def as_float64(value: Any) -> Any:
    """A case with its arrays in float64."""
    if isinstance(value, dict):
        return {key: as_float64(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_float64(part) for part in value]
    return np.asarray(value, np.float64) if isinstance(value, np.ndarray | np.generic) else value


def close(value: ArrayLike, target: ArrayLike) -> bool:
    """Are two arrays, or two tuples of arrays, equal, shape included, up to the tolerance?"""
    if isinstance(target, tuple):
        return all(close(v, t) for v, t in zip(value, target, strict=True))
    value, target = np.asarray(value, np.float64), np.asarray(target, np.float64)
    if value.shape != target.shape or not (np.isfinite(value).all() and np.isfinite(target).all()):
        return False
    return bool(np.linalg.norm(value - target) <= TOLERANCE * np.linalg.norm(target) + 1e-7)
