"""A painting as data: which pictures, which settings. Every check of a setting stands here.

No TensorFlow, so that a command can refuse what makes no sense before anything long begins.
"""

import functools
import hashlib
import json
import math
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nst.pictures import SMALLEST_SIDE, positive

RESULT, CHECKPOINT = "generated_image.png", "checkpoint.npz"  # what a run leaves in its folder
LARGEST_SIDE = 20_000  # pixels; long before that most machines run out of memory
LARGEST_WHOLE = 1_100_000  # pixels; a larger picture is computed in bands, see tiles.py
RANGES = {"brush": (0.1, 10), "strength": (0, 10), "detail": (0, 3)}  # of knobs; any other is at least 0
# What decides how a picture comes out, of the files beside this one.
_PAINTING = ("pictures", "encode", "job", "network", "vgg", "engine", "winograd", "compact", "tiles", "bands", "lbfgs")
_PAINTING += (
    "coordinates",
    "spectrum",
    "minimize",
    "training",
    "colors",
    "areas",
    "strength",
    "palette",
    "seen",
    "recipe",
)


@dataclass(frozen=True)
class Job:
    """What to paint. Everything but the pictures has a default.

    content: path of a photo. styles: paths of artworks. weights: one for each style (none: equal). masks: paths, one
    for each style; the last style may go without and gets the rest. brush: how large the artworks are looked at, 1
    being the size of the painting. match_colors: give the artworks the photo's palette first. keep_colors: give the
    result the photo's colours. smoothness: weight of the total variation. strength: of the style, 0 to 10, the same for
    any photo and artwork (see strength.py): one more doubles beta. None: alpha and beta weigh the costs as they are.
    detail: how much more the content counts where the photo is full of detail, as in a face; 0: everywhere alike.
    detail_mask: path of a picture that says where, in place of the photo itself. palette: how much it matters that each
    colour comes as often as in the artworks, which keeps whites white (see palette.py); 0: Gram matrices alone decide.
    alpha, beta: how much content and style matter. size: the longer side in pixels. evaluations: of the cost, at each
    of three scales.

    Raises ValueError, naming the value, for settings that make no sense.
    """

    content: str
    styles: tuple[str, ...]
    weights: tuple[float, ...] = ()
    masks: tuple[str, ...] = ()
    brush: float = 1
    match_colors: bool = False
    keep_colors: bool = False
    smoothness: float = 0
    strength: float | None = 5
    detail: float = 0.5
    detail_mask: str = ""
    palette: float = 1
    alpha: float = 10
    beta: float = 100
    size: int = 512
    evaluations: int = 50

    def __post_init__(self):
        for name in ("styles", "masks", "weights"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"{name} {getattr(self, name)!r}: give a list, also of one")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.content or not self.styles:
            raise ValueError("a job needs content, a photo, and at least one style")
        for name in ("styles", "masks"):
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))
        for name in ("content", "detail_mask"):
            object.__setattr__(self, name, str(getattr(self, name)))
        if len(self.masks) not in (0, len(self.styles) - 1, len(self.styles)):
            raise ValueError(f"{len(self.masks)} masks for {_styles(len(self.styles))}: give one for each style")
        check_size(self.size)
        positive("evaluations", self.evaluations)
        knobs = (
            "alpha",
            "beta",
            "smoothness",
            "brush",
            "detail",
            "palette",
            *["strength"] * (self.strength is not None),
        )
        check_knobs(**{name: getattr(self, name) for name in knobs})
        if self.alpha == self.beta == 0:
            raise ValueError("alpha 0 and beta 0: nothing would be painted; give one of them more")
        for name in ("match_colors", "keep_colors"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} {getattr(self, name)!r}: give true or false")
        if self.weights:
            check_weights(self.weights, len(self.styles))

    @property
    def files(self) -> list[str]:
        return [self.content, *self.styles, *self.masks, *filter(None, [self.detail_mask])]


def check_size(size: int) -> None:
    """ValueError for a longer side that is no whole number, or below SMALLEST_SIDE or above LARGEST_SIDE."""
    whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
    if not (whole and SMALLEST_SIDE <= size <= LARGEST_SIDE):
        raise ValueError(
            f"size {size!r}: give {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, the longer side of the picture"
        )


def check_knobs(**knobs: float) -> None:
    """ValueError for a knob that is no number, or outside its range in RANGES; any other is at least 0."""
    for name, value in knobs.items():
        least, most = RANGES.get(name, (0, math.inf))
        if not _is_number(value) or not (least <= value <= most and value < math.inf):
            raise ValueError(
                f"{name} {value!r}: give a number {least} to {most}"
                if most < math.inf
                else f"{name} {value!r}: give a number of at least {least}"
            )


def check_weights(weights: Iterable[float], count: int) -> None:
    """ValueError unless there are `count` weights, finite, none negative, and not all of them 0."""
    weights = list(weights)
    if len(weights) != count:
        raise ValueError(f"{len(weights)} weights for {_styles(count)}: give one for each style")
    if not (all(map(_is_number, weights)) and min(weights) >= 0 and 0 < sum(weights) < math.inf):
        raise ValueError(f"weights {weights}: give finite numbers, none negative, and at least one above 0")


def _styles(count: int) -> str:
    return f"{count} style{'s' * (count != 1)}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def memory_needed(pixels: float, artwork_pixels: float = 0, in_bands: bool = True, by_command: bool = False) -> float:
    """Bytes that a painting takes, as /usr/bin/time -v has it; a large artwork is looked at without a gradient.

    in_bands: as the recipe paints what is larger than LARGEST_WHOLE, whose smaller scales are computed whole.
    by_command: by `nst paint`, where the last scale in bands has a process of its own, and the first a look as well.
    """
    if pixels > LARGEST_WHOLE and in_bands:
        smaller = memory_needed(pixels / 4, artwork_pixels / 4)
        if by_command:
            return max(2.4e9 + 342 * pixels, smaller + (1.2e9 if pixels / 4 <= LARGEST_WHOLE else 0))
        return max(4.1e9 + 325 * pixels, smaller)
    return 1.5e9 + 2.4e3 * max(pixels, artwork_pixels / 4)


def room_needed(pixels: float) -> float:
    """Bytes that must be free on the disk: L-BFGS keeps what it remembers of a picture in bands in files.

    Any other painting loses nothing on a full disk: its picture is put where there is room.
    """
    return 180 * pixels if pixels > LARGEST_WHOLE else 0


# ---------------------------------------------------------------- what a run was, and what a picture depends on


class OtherSettings(ValueError):
    """A stopped run cannot go on, because it had other settings: `name`, `saved` and `wanted` say which."""

    def __init__(self, path: Path, name: str, saved: object, wanted: object):
        remedy = "repeat the settings of that run, or start anew (resume=False)"
        super().__init__(f"{path}: saved with {name} {saved}, not {wanted}; {remedy}")
        self.name, self.saved, self.wanted = name, saved, wanted


def read_checkpoint(path: Path) -> dict:
    """The state of a stopped run, as training.save_checkpoint wrote it: `settings` as a dict, arrays otherwise.

    Raises FileNotFoundError if there is none, ValueError if it is damaged.
    """
    try:
        with np.load(path) as saved:
            state = dict(saved)
        about = json.loads(str(state.pop("about")))
        return {**state, "settings": about["settings"], "history": state["history"].tolist(), "image": state["image"]}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: damaged ({error}); start anew (resume=False)") from error


def check_same_settings(path: Path, saved: dict, wanted: dict) -> None:
    """OtherSettings for the first setting in which a checkpoint differs from the run that wants to go on with it."""
    wanted = json.loads(json.dumps(wanted))
    for name in dict.fromkeys([*saved, *wanted]):
        if saved.get(name) != wanted.get(name):
            raise OtherSettings(path, name, saved.get(name), wanted.get(name))


def cache_key(settings: object, contents: Iterable[bytes] = (), code: object = ()) -> str:
    """What decides a picture, as one word: settings, the contents of the files, and the code that paints.

    settings, code: anything that JSON can hold. This project's own modules belong to the code in any case.
    """
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    everything = json.dumps([settings, digests, code, _sources()], sort_keys=True)
    return hashlib.sha256(everything.encode()).hexdigest()


@functools.cache
def _sources() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in _PAINTING)).hexdigest()


def settings_of(job: Job) -> dict:
    """A job's settings for `cache_key`: of its files only how many there are, for their contents count."""
    files = dict(content=1, styles=len(job.styles), masks=len(job.masks), detail_mask=bool(job.detail_mask))
    return {**asdict(job), **files}
