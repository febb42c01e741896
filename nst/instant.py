"""A look in a second: any photo in any artwork's style, by a network that has learned from thousands. No TensorFlow.

One network makes a hundred numbers of an artwork, the other paints with them. Ghiasi, Lee, Kudlur, Dumoulin & Shlens
(2017), Exploring the Structure of a Real-Time, Arbitrary Neural Artistic Stylization Network. The weights are theirs
(Magenta, Apache 2.0), see weights/README.md: our own decoders, trained for minutes, were blurred beside them.
"""

import functools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nst.areas import load_masks, shares
from nst.colors import keep_colors as with_colors
from nst.job import Job
from nst.paths import WEIGHTS
from nst.pictures import check_file, read_image, resize
from nst.runtime import load
from nst.spectrum import enlarge_with_edges

LOOKS, PAINTS = (WEIGHTS.with_name(f"magenta_{name}.onnx") for name in ("predict", "transform"))
SIDE, ART_SIZE = 384, 256  # pixels: what the networks take, squares
MARGIN = 8  # mirrored pixels around the photo: at the edge of what it takes, the network paints a dark rim
SIZE = SIDE - 2 * MARGIN  # of a photo, the longer side


def instant(
    photo: str | Path,
    artworks: Sequence[str | Path],
    size: int = 512,
    *,
    strength: float = 1.0,
    weights: Sequence[float] = (),
    masks: Sequence[str | Path] = (),
    keep_colors: bool = False,
) -> np.ndarray:
    """Paint a photo at once; return an array (1, n_H, n_W, 3) in [0, 1], `size` pixels on the longer side.

    The network paints SIZE pixels, which are enlarged with the fine edges of the photo. strength: 0 to 1, how far its
    hundred numbers go from the photo's own style to the artworks'. weights: of several artworks, whose numbers are
    mixed; masks: where each counts, pictures drawn on the photo; the last may go without and gets the rest.

    Raises what read_image and load_mask raise, and FileNotFoundError for weights that are not there.
    """
    given = read_image(photo, SIZE, enlarge=True)
    own = style_of(given)
    towards = [own + strength * (_style_of_file(path) - own) for path in artworks]
    parts = shares(weights or [1] * len(artworks))
    if masks:
        placed = [part * mask for part, mask in zip(parts, load_masks(masks, given, len(artworks)))]
        total = np.maximum(sum(placed), 1e-6)
        painting = sum(place / total * paint(given, style) for place, style in zip(placed, towards))
        painting = np.where(sum(placed) > 0, painting, given)
    else:
        painting = paint(given, sum(part * style for part, style in zip(parts, towards)))
    if size > SIZE:
        painting = enlarge_with_edges(painting, photo, size)
    else:
        painting = resize(painting, read_image(photo, size, enlarge=True).shape[1:3])
    return with_colors(read_image(photo, size, enlarge=True), painting) if keep_colors else painting


def first_look(job: Job, size: int) -> np.ndarray:
    """What may become of a job, `size` pixels on the longer side; at the usual strength, all that it can do."""
    strength = min((Job.strength if job.strength is None else job.strength) / Job.strength, 1)
    more = dict(weights=job.weights, masks=job.masks, keep_colors=job.keep_colors)
    return instant(job.content, job.styles, size, strength=strength, **more)


def style_of(picture: np.ndarray) -> np.ndarray:
    """A picture's hundred numbers, (1, 1, 1, 100): the mean over squares along its longer side."""
    _, n_H, n_W, _ = picture.shape
    side = min(n_H, n_W)
    count = math.ceil(max(n_H, n_W) / side - 0.25)
    found = []
    for step in np.linspace(0, 1, count) if count > 1 else [0.5]:
        top, left = round(step * (n_H - side)), round(step * (n_W - side))
        found.append(_run(LOOKS, resize(picture[:, top : top + side, left : left + side], (ART_SIZE, ART_SIZE))))
    return np.mean(found, axis=0)


def paint(picture: np.ndarray, style: np.ndarray) -> np.ndarray:
    """What the other network makes of a picture of at most SIZE pixels, with a style's hundred numbers."""
    _, n_H, n_W, _ = picture.shape
    around = [(0, 0), (MARGIN, SIDE - MARGIN - n_H), (MARGIN, SIDE - MARGIN - n_W), (0, 0)]
    painting = _run(PAINTS, np.pad(picture, around, mode="symmetric"), style.astype(np.float32))
    return painting[:, MARGIN : MARGIN + n_H, MARGIN : MARGIN + n_W].clip(0, 1)


def _style_of_file(path):
    return style_of(read_image(path, ART_SIZE, enlarge=True, min_size=ART_SIZE))


def _run(file, *given):
    session = _session(file)
    names = [each.name for each in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, given, strict=True)))
    return found


@functools.cache
def _session(file):
    return load(str(check_file(file)))
