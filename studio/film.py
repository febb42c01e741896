"""A time-lapse of a painting."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

LARGEST = 640  # pixels, the longer side


def timelapse(frames: Sequence[np.ndarray], largest: int = LARGEST) -> bytes:
    """An animated WebP of uint8 pictures of any sizes, in the shape of the last one, which is shown longest."""
    last = Image.fromarray(frames[-1])
    last.thumbnail((largest, largest))
    pictures = [Image.fromarray(frame).resize(last.size, Image.Resampling.BICUBIC) for frame in frames]
    times = [120] * (len(pictures) - 1) + [2000]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "WEBP", save_all=True, append_images=pictures[1:], duration=times, loop=0, quality=80, method=2
    )
    return buffer.getvalue()
