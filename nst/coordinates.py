"""What L-BFGS works on in place of a picture: its pixels within their bounds, or its cosine spectrum. No TensorFlow."""

from collections.abc import Callable

import numpy as np
import scipy.fft
import scipy.optimize

from nst.spectrum import cosine_transform

FIRST_STEP = 0.002  # L-BFGS moves a pixel about so far at first, and then learns
_OVERSHOOT = 1e-3  # cost of a pixel that leaves [0, 1] by one, as a share of the first J

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]  # from a picture to J and its gradient


class Pixels:
    """Coordinates for L-BFGS: the pixels, in units that make its first step a sensible one."""

    def __init__(self, shape: tuple[int, ...]):
        self.shape = tuple(shape)
        self.unit = FIRST_STEP * np.sqrt(np.prod(self.shape))
        self.bounds = scipy.optimize.Bounds(0, 1 / self.unit)

    def coordinates(self, picture: np.ndarray) -> np.ndarray:
        return picture.ravel().astype(np.float64) / self.unit

    def cost(self, evaluate: Evaluate) -> Evaluate:
        """The same of coordinates."""

        def cost(z):
            J, gradient = evaluate((z * self.unit).clip(0, 1).reshape(self.shape))
            return J, gradient.ravel().astype(np.float64) * self.unit

        return cost


class Spectrum(Pixels):
    """Coordinates for L-BFGS: the cosine spectrum, divided by f^-1/2, so that equal steps favour broad features."""

    def __init__(self, shape: tuple[int, ...]):
        super().__init__(shape)
        self.bounds = None
        _, n_H, n_W, _ = self.shape
        f = np.hypot(np.arange(n_H)[:, np.newaxis] / n_H, np.arange(n_W) / n_W)
        f[0, 0] = 1 / max(n_H, n_W)
        self.weight = (f**-0.5 / np.sqrt(np.mean(1 / f)) * self.unit).astype(np.float32)[..., np.newaxis]

    def coordinates(self, picture: np.ndarray) -> np.ndarray:
        return (cosine_transform(scipy.fft.dctn, picture) / self.weight).ravel().astype(np.float64)

    def cost(self, evaluate: Evaluate) -> Evaluate:
        overshoot = None

        def cost(z):
            nonlocal overshoot
            free = cosine_transform(scipy.fft.idctn, z.reshape(self.shape).astype(np.float32) * self.weight)
            picture = free.clip(0, 1)
            J, gradient = evaluate(picture)
            overshoot = overshoot or _OVERSHOOT * abs(J)
            outside = free - picture
            gradient = np.where(outside, 2 * overshoot * outside, gradient)
            spectrum = cosine_transform(scipy.fft.dctn, gradient) * self.weight
            return J + overshoot * np.sum(outside**2, dtype=np.float64), spectrum.ravel().astype(np.float64)

        return cost


def descend(space: Pixels, evaluate: Evaluate, picture: np.ndarray) -> None:
    """L-BFGS from a picture until nothing lowers the cost any more, or `evaluate` raises. SciPy's implementation.

    Liu & Nocedal (1989); for the bounds Byrd, Lu, Nocedal & Zhu (1995).
    """
    scipy.optimize.minimize(
        space.cost(evaluate),
        space.coordinates(picture),
        jac=True,
        method="L-BFGS-B",
        bounds=space.bounds,
        options={"maxiter": 10**6, "maxfun": 10**6, "ftol": 0, "gtol": 0},
    )
