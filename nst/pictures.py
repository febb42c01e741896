"""Picture files, without TensorFlow: what reads, checks and saves them.

Pictures are float32 arrays of shape (1, n_H, n_W, 3), RGB, values in [0, 1].
"""

import contextlib
import errno
import fcntl
import functools
import itertools
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from nst.paths import IMAGES

SMALLEST_SIDE = 32
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".gif"}  # in folders


class TooSmall(ValueError):
    """A picture with a side below SMALLEST_SIDE."""


@functools.cache
def _learn_heif() -> None:
    """Teach Pillow the pictures that telephones take (HEIC)."""
    import pillow_heif

    pillow_heif.register_heif_opener()


def read_image(path: str | Path, max_size: int = 512, enlarge: bool = False) -> np.ndarray:
    """Read any picture as a float32 array (1, n_H, n_W, 3), RGB in [0, 1].

    The longer side is brought down to `max_size` pixels, and with enlarge=True also up to it; otherwise smaller
    pictures stay as they are. The aspect ratio is kept. EXIF orientation is applied. Grey, palette, 16-bit and CMYK
    pictures become RGB, transparency is laid over white, of an animation the first frame is taken.

    Raises FileNotFoundError when there is no such file, IsADirectoryError for a folder, and ValueError, with the
    path, when it is not a readable picture, is truncated, is larger than Pillow's decompression-bomb limit, or gets a
    side below 32 px (then TooSmall).
    """
    path = Path(path)
    longest = positive("max_size", max_size)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: a folder; give the path of a picture in it")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. Check the path; pictures to start with are in {IMAGES}")
    _learn_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                image = _to_rgb(ImageOps.exif_transpose(file))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = Image.MAX_IMAGE_PIXELS / 1e6
        raise ValueError(f"{path}: more than {limit:.0f} million pixels; make it smaller first") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: not a picture that can be read, or a damaged one ({error})") from error
    scale = longest / max(image.size)
    scale = scale if enlarge else min(1, scale)
    size = [round(scale * side) for side in image.size]
    if min(size) < SMALLEST_SIDE:
        remedy = "a larger size, or crop the picture" if scale != 1 else "a larger picture"
        raise TooSmall(
            f"{path}: {image.width} x {image.height} pixels become {size[0]} x {size[1]} at size {max_size}; "
            f"both sides must be at least {SMALLEST_SIDE}. Take {remedy}"
        )
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32)[np.newaxis] / 255


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise ValueError("floating-point pixels, whose range is unknown; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = Image.fromarray((np.asarray(image, np.float64).clip(0, 65535) / 257).round().astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def to_uint8(image: np.ndarray) -> np.ndarray:
    """(1, n_H, n_W, 3) or (n_H, n_W, 3) in [0, 1] -> uint8 (n_H, n_W, 3)."""
    pixels = np.asarray(image)
    if pixels.ndim == 4 and len(pixels) == 1:
        pixels = pixels[0]
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"a picture has shape (1, n_H, n_W, 3) or (n_H, n_W, 3), not {np.shape(image)}")
    if not np.isfinite(pixels).all():
        raise ValueError("the picture holds NaN or infinite values, so it cannot be shown or saved")
    if pixels.dtype.kind in "ui" or pixels.max() > 2 or pixels.min() < -1:
        raise ValueError(
            f"the picture's values go from {pixels.min():.4g} to {pixels.max():.4g}; they belong in [0, 1]. "
            "Divide by 255, or clip after each step"
        )
    return (pixels.clip(0, 1) * 255).round().astype(np.uint8)


def save_image(image: np.ndarray, path: str | Path) -> None:
    """Save a picture (1, n_H, n_W, 3) or (n_H, n_W, 3) in [0, 1]; the file type comes from the path's ending.

    Folders are created. The file appears complete or not at all. Values a little outside [0, 1] are clipped;
    ValueError for another shape, NaN, values far outside, or an ending that Pillow does not know.
    """
    path = Path(path)
    kind = check_ending(path)
    picture = Image.fromarray(to_uint8(image))
    write_atomically(path, lambda file: picture.save(file, kind, quality=92))


def check_ending(path: Path) -> str:
    """The kind of picture that a path's ending stands for; ValueError if none can be written with it."""
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind not in Image.SAVE:
        raise ValueError(f"{path}: unknown kind of picture; end the name in .png, .jpg or .webp")
    return kind


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write(file)` fill a file that appears at `path` (a Path) complete or not at all; folders are created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            write(file)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def positive(name: str, value: int) -> int:
    """The value; ValueError, naming it, unless it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(value)


def keep_earlier(path: Path) -> Path | None:
    """Move a file that is about to be overwritten to name_1.png, name_2.png ... and return where it is; None if none.

    OSError if it cannot be moved.
    """
    if not os.path.lexists(path):
        return None
    numbered = (path.with_name(f"{path.stem}_{number}{path.suffix}") for number in itertools.count(1))
    kept = next(place for place in numbered if not os.path.lexists(place))
    os.rename(path, kept)
    return kept


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for one run, creating it; the hold ends with the process, however that ends.

    Raises BlockingIOError, naming the folder, while another run holds it, and OSError where no file can be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another run is painting there; wait until it has ended, or name another place"
            raise BlockingIOError(errno.EAGAIN, message, str(folder)) from None
        except OSError:  # a network's file system without locks
            pass
        yield
    finally:
        os.close(descriptor)
