"""What the page shows of a painting on its way: never less sharp than what was there before. No TensorFlow."""

import numpy as np

from nst.job import Job
from nst.pictures import resize, to_uint8
from nst.spectrum import enlarge, fine_edges

GROWN = 0.4  # of a scale's evaluations, after which nothing is left of what was shown before it


class Preview:
    """Pictures of one painting, in its final size, uint8 (n_H, n_W, 3).

    A coarse picture gets the fine detail of what was there before, the look or the coarser scale's picture, or if there
    was nothing the photo's edges. Where the painter has just begun at a scale, there is nothing in it yet between the
    scale before and this one: what was there gives way to it by and by. first: what was there before it began, or None.
    """

    def __init__(self, job: Job, first: np.ndarray | None = None):
        self.job, self._before, self._shown, self._side = job, None, first, None

    def of(self, pixels: np.ndarray, done: int) -> np.ndarray:
        """What to show of the picture after so many evaluations; it grows towards that picture."""
        if max(pixels.shape) != self._side:
            self._begin(pixels)
        grown = min(1, ((done - 1) % self.job.evaluations + 1) / (GROWN * self.job.evaluations))
        shown = pixels / np.float32(255)
        if self._beyond is not None:
            shown = enlarge(shown[np.newaxis], self._beyond.shape[:2])[0] + self._beyond
        if self._before is not None and self._before.shape == shown.shape:
            if self._coarser is None:  # the first scale, which begins with the photo
                shown = grown * shown + (1 - grown) * self._before
            else:
                shown = shown + (1 - grown) * (
                    self._before - self._coarser - (0 if self._beyond is None else self._beyond)
                )
        self._shown = to_uint8(shown.clip(0, 1))
        return self._shown

    def _begin(self, pixels):
        """A scale begins: what was there, what of it the scale before could hold, and what this one cannot."""
        before = None if self._shown is None else self._shown / np.float32(255)
        self._coarser = _without_detail(before, self._side) if self._side and before is not None else None
        self._before, self._side = before, max(pixels.shape)
        self._beyond = None
        if self._side < self.job.size:
            known = before is not None and max(before.shape) == self.job.size
            self._beyond = (
                before - _without_detail(before, self._side)
                if known
                else fine_edges(self.job.content, self._side, self.job.size)[0]
            )


def _without_detail(picture, side):
    """A picture (n_H, n_W, 3), with no more detail than one of `side` pixels on the longer side can have."""
    sides = picture.shape[:2]
    small = [max(1, round(each * side / max(sides))) for each in sides]
    return enlarge(resize(picture[np.newaxis], tuple(small)), sides)[0]
