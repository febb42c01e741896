"""VGG-19 as data: its convolutions' weights, how strong each layer is, and which ones a painting looks at.

No TensorFlow. Simonyan & Zisserman (2015), Very Deep Convolutional Networks for Large-Scale Image Recognition.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nst.paths import ROOT, WEIGHTS

WEIGHTS_SHA256 = "aae0fd7f00aebcf886e496a84ac50827b3c85026784fc7ae365b5625f37a7d61"
MEAN_COLOR = np.array([123.68, 116.779, 103.939], np.float32) / 255  # of ImageNet; VGG sees pictures without it

# The average activation of each layer over the photographs in images/content/, at most 384 px
# (tests/test_vgg19.py measures it again). Activations are divided by it, see vgg.feature_model().
_MEANS = [[22, 95.8], [108, 90.6], [107, 139, 296, 406], [449, 290, 156, 36.9], [42.1, 17.7, 7.1, 1.03]]
MEAN_ACTIVATION = {f"block{b}_conv{c}": mean for b, row in enumerate(_MEANS, 1) for c, mean in enumerate(row, 1)}

CONTENT_LAYER = "block4_conv2"
BORDER = 8  # pixels of the picture, mirrored, beyond its edges: in VGG's zeros a line of odd colours would come up


class Packed(NamedTuple):
    """A convolution's weights as they are kept: `table[indices]` is its kernel, (3, 3, n_C before, n_C)."""

    table: np.ndarray  # float32 (256,)
    indices: np.ndarray  # uint8 (3, 3, n_C before, n_C)
    bias: np.ndarray  # float32 (n_C,)


def read_weights(path: str | Path = WEIGHTS, names: Iterable[str] = MEAN_ACTIVATION) -> dict[str, Packed]:
    """The ImageNet weights of some layers, by default of all, from the 8-bit file.

    Raises FileNotFoundError or ValueError for a missing or damaged file; each says what to do.
    """
    path = Path(path)
    remedy = f"get it back with: git checkout -- {WEIGHTS.relative_to(ROOT)}" if path == WEIGHTS else "check the path"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such weights file; {remedy}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{path}: the file is damaged or another one (wrong sha256); {remedy}")
    with np.load(path) as packed:
        return {name: Packed(*(packed[f"{name}_{part}"] for part in ("table", "idx", "b"))) for name in names}


def positions_outside(name: str, border: int) -> int:
    """How many positions of a layer lie in the border, on each side: a pooling halves them."""
    return border >> (block_of(name) - 1)


def block_of(name: str) -> int:
    """3 for block3_conv1."""
    return int(name[len("block")])
