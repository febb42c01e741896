"""A painting as a job: which pictures, and how. The gallery paints many of them, the studio one at a time."""

import functools
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import nst_utils  # noqa: F401 (before TensorFlow, whose start-up messages it silences)

# isort: split
from nst_minimize import coarse_to_fine
from nst_pictures import SMALLEST_SIDE, positive, read_image


@dataclass(frozen=True)
class Job:
    """What to paint. Everything but the pictures has a default; the names are those of `painting` in notebook 07.

    content: path of a photo. styles: paths of artworks. weights: one for each style (none: equal). masks: paths, one
    for each style; the last style may go without and gets the rest. size: the longer side in pixels. evaluations: of
    the cost, at each of three scales.

    Raises ValueError, naming the value, for numbers that make no sense.
    """

    content: str
    styles: tuple
    weights: tuple = ()
    masks: tuple = ()
    brush: float = 1
    match_colors: bool = False
    keep_colors: bool = False
    smoothness: float = 0
    alpha: float = 10
    beta: float = 100
    size: int = 512
    evaluations: int = 50

    def __post_init__(self):
        if not self.content or not self.styles:
            raise ValueError("a job needs content, a photo, and at least one style")
        if positive("size", self.size) < SMALLEST_SIDE:
            raise ValueError(f"size {self.size}: give at least {SMALLEST_SIDE} pixels")
        positive("evaluations", self.evaluations)
        check_knobs(alpha=self.alpha, beta=self.beta, smoothness=self.smoothness, brush=self.brush)
        for name in ("match_colors", "keep_colors"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} {getattr(self, name)!r}: give true or false")
        if not all(map(_is_number, self.weights)):
            raise ValueError(f"weights {list(self.weights)}: give a number for each style")
        if self.weights and (len(self.weights) != len(self.styles) or min(self.weights) < 0 or sum(self.weights) == 0):
            raise ValueError(f"weights {list(self.weights)}: one for each style, none negative, and not all of them 0")

    @property
    def files(self):
        return [self.content, *self.styles, *self.masks]


def check_knobs(**knobs):
    """ValueError for a knob of `painting` that is no number, or below its least value: brush 0.1, the others 0."""
    for name, value in knobs.items():
        least = 0.1 if name == "brush" else 0
        if not _is_number(value) or not least <= value < np.inf:
            raise ValueError(f"{name} {value!r}: give a number of at least {least}")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def paint(job, model, painting, keep_colors, **options):
    """Paint a job and return (image, histories): an array (1, n_H, n_W, 3) in [0, 1], and J for each scale.

    model: as `painting` takes it. painting, keep_colors: functions of notebook 07. options: for coarse_to_fine.
    """
    problem = painting(
        model,
        job.content,
        list(job.styles),
        weights=list(job.weights) or None,
        masks=list(job.masks),
        brush=job.brush,
        match=job.match_colors,
        smoothness=job.smoothness,
        alpha=job.alpha,
        beta=job.beta,
    )
    image, histories = coarse_to_fine(problem, job.size, job.evaluations, settings=asdict(job), **options)
    return finished(job, image, keep_colors), histories


def finished(job, image, keep_colors):
    """The picture as an array, with the photo's colours if the job says so."""
    if job.keep_colors:
        image = keep_colors(_photo(job.content, max(image.shape)), image)
    return np.asarray(image)


@functools.lru_cache(maxsize=4)
def _photo(path, size):
    return read_image(Path(path), size, enlarge=True)
