"""What the page shows of a painting on its way: never less sharp than what was there before. No TensorFlow."""

import numpy as np

from nst.job import Job
from nst.pictures import to_uint8
from nst.spectrum import enlarge, enlarge_with_edges, fine_edges

GROWN = 0.4  # of a scale's evaluations, after which nothing is left of what was shown before it


class Preview:
    """Pictures of one painting, in its final size.

    A coarse picture gets the fine edges of the photo; and where the painter has just begun at a scale, what was shown
    before gives way to it by and by. first: what was there before it began, uint8 (n_H, n_W, 3), or None.
    """

    def __init__(self, job: Job, first: np.ndarray | None = None):
        self.job, self._before, self._shown, self._side, self._edges = job, first, first, None, None

    def of(self, pixels: np.ndarray, done: int) -> np.ndarray:
        """What to show of the picture after so many evaluations, uint8; it grows towards that picture."""
        if max(pixels.shape) != self._side:
            self._side, self._before = max(pixels.shape), self._shown
            self._edges = (
                fine_edges(self.job.content, self._side, self.job.size) if self._side < self.job.size else None
            )
        grown = ((done - 1) % self.job.evaluations + 1) / (GROWN * self.job.evaluations)
        shown = pixels / np.float32(255)
        if self._edges is not None:
            shown = (enlarge(shown[np.newaxis], self._edges.shape[1:3]) + self._edges)[0].clip(0, 1)
        if self._before is not None and self._before.shape == shown.shape and grown < 1:
            shown = grown * shown + (1 - grown) * (self._before / np.float32(255))
        self._shown = to_uint8(shown)
        return self._shown


def whole(pixels: np.ndarray, job: Job) -> np.ndarray:
    """A picture (uint8) in the size of its job, a smaller one enlarged with the photo's fine edges."""
    if max(pixels.shape) >= job.size:
        return pixels
    return to_uint8(enlarge_with_edges(pixels[np.newaxis] / np.float32(255), job.content, job.size)[0])
