"""The network of a filter: a photo in, a painting out, in one pass. What it consists of; no TensorFlow.

Johnson, Alahi & Fei-Fei (2016), Perceptual Losses for Real-Time Style Transfer and Super-Resolution; Ulyanov, Vedaldi &
Lempitsky (2016), Instance Normalization. Made slim for a CPU: pixels go into channels and back (space-to-depth), so
that nothing but the last smoothing is computed at full size, and the blocks work at a quarter of it. Only the photo is
continued by mirrored pixels; each convolution adds zeros, which is quicker, and they stay in what is cut off again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

WIDTH, BLOCKS = 32, 5
NOISE = 37, 41  # sides of two tiles of noise: added up, they repeat only after 37 x 41 places
NOISE_CHANNELS = 2
MULTIPLE, MARGIN = 4, 12  # mirrored pixels: up to a multiple of the one, and so many on all sides
BLUR = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32) / 16
EPSILON = 1e-5  # added to a variance


@dataclass(frozen=True)
class Convolution:
    """size x size, with zeros around; then perhaps instance normalisation, and perhaps a ReLU."""

    name: str
    size: int
    inputs: int
    outputs: int
    stride: int = 1
    norm: bool = True
    relu: bool = True


def steps() -> Iterator[str | Convolution]:
    """What is done to a picture with its margin, one after the other.

    "shuffle": 2 x 2 pixels become channels, and noise is added to those; "unshuffle": back. "blur": BLUR
    in each channel, in which no pattern of the 2 x 2 pixels from one place is left. "keep", "add": what there
    was at "keep" is added at "add". "enlarge": each place becomes 2 x 2.
    """
    yield from ("shuffle", Convolution("first", 3, 12 + NOISE_CHANNELS, 16))
    yield Convolution("narrow", 3, 16, WIDTH, stride=2)
    for number in range(1, BLOCKS + 1):
        yield "keep"
        yield Convolution(f"block{number}a", 3, WIDTH, WIDTH)
        yield Convolution(f"block{number}b", 3, WIDTH, WIDTH, relu=False)
        yield "add"
    yield from ("enlarge", Convolution("wide", 3, WIDTH, 16))
    yield Convolution("last", 3, 16, 12, norm=False, relu=False)
    yield from ("unshuffle", "blur")
    yield Convolution("smooth", 3, 3, 3, norm=False, relu=False)


def initial(seed: int) -> dict[str, np.ndarray]:
    """Weights to begin with: {"first/kernel": (size, size, inputs, outputs), "first/shift": (outputs,), ...}, float32.

    Each convolution has a kernel and a shift, and with normalisation a scale. The last ones smooth nothing yet.
    """
    random = np.random.default_rng(seed)
    weights = {f"noise{side}": random.uniform(-1, 1, (side, side, NOISE_CHANNELS)) for side in NOISE}
    for each in [step for step in steps() if isinstance(step, Convolution)]:
        inputs = each.size**2 * each.inputs
        kernel = random.normal(0, np.sqrt(2 / inputs), (each.size, each.size, each.inputs, each.outputs))
        if each.name.startswith("block") and not each.relu:
            kernel *= 0.5  # blocks begin near what they are given
        if each.name == "last":  # the four pixels that come from one place begin alike
            kernel = np.tile(kernel[..., :3], 4)
        if each.name == "smooth":
            kernel = np.zeros_like(kernel)
            kernel[1, 1] = np.eye(3)
        weights[f"{each.name}/kernel"] = kernel
        weights[f"{each.name}/shift"] = np.zeros(each.outputs)
        if each.norm:
            weights[f"{each.name}/scale"] = np.ones(each.outputs)
    return {name: value.astype(np.float32) for name, value in weights.items()}
