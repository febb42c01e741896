"""Picture files, without TensorFlow: what reads, checks and saves them.

Pictures are float32 arrays of shape (1, n_H, n_W, 3), RGB, values in [0, 1].
"""

import contextlib
import errno
import fcntl
import functools
import io
import itertools
import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

import nst
from nst.encode import DEPTHS, dpi_of, encode, srgb_profile, to_levels
from nst.paths import IMAGES

SMALLEST_SIDE = 32
MOST_PIXELS = 89_478_485  # that are decoded; Pillow's own limit, above which a small file may fill the memory
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".gif"}  # in folders
# What is opened, whatever the file's name says. Not PostScript, which is a program, and nothing that is no picture.
FORMATS = ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "DIB", "GIF", "JPEG2000", "PPM", "TGA", "PSD", "ICO"]
FORMATS += ["PCX", "SGI", "QOI"]
SUPPORTED = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF and JPEG 2000"
WRITTEN = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".bmp")
_TO_EXPORT = [  # how the file begins, or its ending, and what it is
    ((b"%!PS", b"\xc5\xd0\xd3\xc6"), (".eps", ".ps", ".ai"), "PostScript"),
    ((b"%PDF",), (".pdf",), "a PDF document"),
    ((b"<svg",), (".svg", ".svgz"), "a drawing (SVG)"),
    ((b"\xff\x0a", b"\0\0\0\x0cJXL "), (".jxl",), "JPEG XL"),
    (
        (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"IIU\0", b"FOVb"),
        (".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".srw", ".x3f"),
        "a camera's RAW file",
    ),
]
_DNG_VERSION, _SUBFILE, _BITS = 50706, 254, 258  # tags of TIFF


class TooSmall(ValueError):
    """A picture with a side below SMALLEST_SIDE."""


# ---------------------------------------------------------------- reading


def check_file(path: str | Path) -> Path:
    """The path of a file that can be opened; OSError or ValueError, which says what else it is."""
    text, path = str(path), Path(path).expanduser()
    if re.match(r"[a-z]+://", text, re.IGNORECASE):
        raise ValueError(f"{text}: an address on the web; download the picture first")
    try:
        if path.is_dir():
            raise IsADirectoryError(f"{text}: a folder; give the path of a picture in it")
        if not path.exists():
            raise FileNotFoundError(f"{text}: no such file. Check the path; pictures to start with are in {IMAGES}")
        if not path.is_file():
            raise ValueError(f"{text}: no file, but a pipe or a device; save the picture as a file first")
        with open(path, "rb"):
            return path
    except OSError as error:
        if error.strerror:
            raise type(error)(f"{text}: {error.strerror}") from error
        raise


def read_image(path: str | Path, max_size: int = 512, enlarge: bool = False, min_size: int = 0) -> np.ndarray:
    """Read any picture as a float32 array (1, n_H, n_W, 3), RGB in [0, 1], in the colour space sRGB.

    The longer side is brought down to `max_size` pixels, and with enlarge=True also up to it; otherwise smaller
    pictures stay as they are. The aspect ratio is kept. Where the shorter side would be below `min_size`, it becomes
    that, and the longer one more than `max_size`. EXIF orientation is applied, and the colours are converted from the
    picture's own profile. Grey, palette, 16-bit and CMYK pictures become RGB, transparency is laid over white, of an
    animation the first frame is taken.

    Raises FileNotFoundError when there is no such file, IsADirectoryError for a folder, and ValueError, with the
    path, when it is not a readable picture, is truncated, has more than MOST_PIXELS, or gets a side below 32 px (then
    TooSmall).
    """
    longest = positive("max_size", max_size)
    path, text = check_file(path), path
    try:
        image = _decoded(path, longest)
    except _Said as error:
        raise ValueError(f"{text}: {error}") from error
    except MemoryError as error:
        raise ValueError(f"{text}: too large for this machine's memory; make it smaller first") from error
    except Exception as error:  # decoders of damaged files raise whatever they like
        reason = (
            "" if isinstance(error, UnidentifiedImageError) or not str(error) else f" ({' '.join(str(error).split())})"
        )
        raise ValueError(f"{text}: {_what_it_is(path)}{reason}") from error
    scale = longest / max(image.size)
    scale = max(scale if enlarge else min(1, scale), min_size / min(image.size))
    size = [round(scale * side) for side in image.size]
    if min(size) < SMALLEST_SIDE or size[0] * size[1] > max(MOST_PIXELS, longest**2):
        remedy = "a larger size, or crop the picture" if scale != 1 else "a larger picture"
        become = f" become {size[0]} x {size[1]} at size {max_size}" if scale != 1 else ""
        raise TooSmall(
            f"{text}: {image.width} x {image.height} pixels{become}; "
            f"both sides must be at least {SMALLEST_SIDE}. Take {remedy}"
        )
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32)[np.newaxis] / 255


def resize(picture: np.ndarray, sides: tuple[int, int], how: Image.Resampling = Image.Resampling.LANCZOS) -> np.ndarray:
    """A picture (1, n_H, n_W, 3) in another size and shape, float32 (1, *sides, 3), clipped to [0, 1]."""
    channels = [Image.fromarray(np.ascontiguousarray(np.asarray(picture)[0, ..., n])) for n in range(3)]
    return np.stack([each.resize(sides[::-1], how) for each in channels], axis=-1)[np.newaxis].clip(0, 1)


def read_size(path: str | Path) -> tuple[int, int]:
    """Width and height that a picture's file says it has, upright or not; raises like read_image."""
    file = check_file(path)
    try:
        _learn_heif()
        with _no_complaints(), Image.open(file, formats=FORMATS) as picture:
            return picture.size
    except Exception as error:
        raise ValueError(f"{path}: {_what_it_is(file)}") from error


def read_dpi(path: str | Path) -> tuple[float, float] | None:
    """The resolution for printing, dots per inch across and down, that a picture's file says; None if it says none."""
    try:
        _learn_heif()
        with _no_complaints(), Image.open(path, formats=FORMATS) as picture:
            return dpi_of(picture)
    except Exception:  # damaged notes in a file whose pixels may be as they should
        return None


class _Said(ValueError):
    """Says already what is wrong with a file."""


def _decoded(path, longest):
    """The picture, upright, RGB, in sRGB; a JPEG that is much too large comes smaller out of its decoder."""
    _learn_heif()
    with _no_complaints(), Image.open(path, formats=FORMATS) as file:
        _refuse_previews(file)
        if file.format in ("JPEG", "MPO"):
            file.draft(file.mode, (2 * longest, 2 * longest))
        if file.width * file.height > MOST_PIXELS:
            raise _Said(f"more than {MOST_PIXELS / 1e6:.0f} million pixels; make it smaller first")
        profile, sixteen_bits = file.info.get("icc_profile"), any("RGB;16" in str(tile[3]) for tile in file.tile)
        bits = file.tag_v2.get(_BITS, 16) if file.format == "TIFF" else 16
        file.load()
        return _to_rgb(ImageOps.exif_transpose(file), profile, bits, sixteen_bits)


def _refuse_previews(file):
    """A camera's RAW file looks like a TIFF with a tiny preview in it."""
    if file.format == "TIFF" and (_DNG_VERSION in file.tag_v2 or file.tag_v2.get(_SUBFILE, 0) & 1):
        raise _Said("a camera's RAW file; export it as JPEG or TIFF first")


def _what_it_is(path):
    """Words for a file that no decoder could read."""
    with open(path, "rb") as file:
        start = file.read(512)
    ending = path.suffix.lower()
    for beginnings, endings, what in _TO_EXPORT:
        if start.lstrip().startswith(beginnings) or ending in endings or (b"<svg" in beginnings and b"<svg" in start):
            return f"{what}; export it as PNG or JPEG first"
    if start[4:12] == b"ftypcrx ":
        return "a camera's RAW file; export it as PNG or JPEG first"
    if not start:
        return "an empty file"
    return f"not a picture that can be read, or a damaged one; these can: {SUPPORTED}"


@functools.cache
def _learn_heif() -> None:
    """Teach Pillow the pictures that telephones take (HEIC)."""
    import pillow_heif

    pillow_heif.register_heif_opener()


@contextlib.contextmanager
def _no_complaints():
    """No warnings while a file is decoded, Python's or those that libtiff prints, and no limit but our own."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings(), nst.silent_stderr():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _to_rgb(image, profile, bits, sixteen_bits):
    """Any mode -> RGB, in sRGB, transparency laid over white."""
    if image.mode == "F":
        raise _Said("floating-point pixels, whose range is unknown; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 12 or 16 bits a pixel
        image = _to_8_bits(image, bits)
    if sixteen_bits and isinstance(image.info.get("transparency"), tuple):  # of which Pillow keeps the upper 8 bits
        image.info["transparency"] = tuple(value >> 8 for value in image.info["transparency"])
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    image = _in_srgb(image, profile)
    return Image.composite(image, Image.new("RGB", image.size, "white"), alpha) if alpha else image


def _to_8_bits(image, bits):
    """Grey with 16 bits, or with 12 in 16; what is transparent becomes white."""
    white = 4095 if bits in (12, (12,)) else 65535
    pixels = np.asarray(image, np.float64).clip(0, white)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        pixels[pixels == transparent] = white
    return Image.fromarray((pixels * (255 / white)).round().astype(np.uint8))


# ---------------------------------------------------------------- colour profiles


def _in_srgb(image, profile):
    """Convert to RGB in sRGB, by the picture's own profile where it has one that fits."""
    if not profile:
        return image.convert("RGB")
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L", "LAB": "LAB"}[own.profile.xcolor_space.strip().upper()]
        if mode == "RGB" and image.mode in ("1", "L", "P"):  # grey, or a palette, in such colours
            image = image.convert(mode)
        if image.mode != mode:
            return image.convert("RGB")
        return ImageCms.profileToProfile(
            image,
            own,
            ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, KeyError, OSError, TypeError, ValueError):  # a broken profile says nothing
        return image.convert("RGB")


# ---------------------------------------------------------------- writing


def to_uint8(image: np.ndarray) -> np.ndarray:
    """(1, n_H, n_W, 3) or (n_H, n_W, 3) in [0, 1] -> uint8 (n_H, n_W, 3)."""
    return to_levels(image, 8)


def save_image(
    image: np.ndarray, path: str | Path, depth: int | None = None, dpi: tuple[float, float] | None = None
) -> None:
    """Save a picture (1, n_H, n_W, 3) or (n_H, n_W, 3) in [0, 1]; the file type comes from the path's ending.

    depth: bits a channel, 8 or 16; by default 16 in a TIFF and 8 elsewhere. dpi: the resolution for printing, across
    and down. Folders are created. The file appears complete or not at all. Values a little outside [0, 1] are clipped;
    ValueError for another shape, NaN, values far outside, or an ending that cannot be written, or not with this depth.
    """
    path = Path(path)
    kind = check_ending(path, depth)
    levels = to_levels(image, depth or DEPTHS.get(kind, (8,))[0])
    write_atomically(path, lambda file: encode(levels, file, kind, dpi))


def check_ending(path: Path, depth: int | None = None) -> str:
    """The kind of picture that a path's ending stands for; ValueError if none can be written with it and this depth."""
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind not in Image.SAVE or path.suffix.lower() not in WRITTEN:
        raise ValueError(f"{path}: unknown kind of picture; end the name in {', '.join(WRITTEN)}")
    if depth not in (None, *DEPTHS.get(kind, (8,))):
        known = depth in (8, 16)
        remedy = "end the name in .png, .tif or .tiff, or leave the depth out" if known else "give 8 or 16"
        raise ValueError(f"{path}: depth {depth}: {remedy}")
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
