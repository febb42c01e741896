"""Pixels become a file: 8 or 16 bits a channel, labelled as sRGB, with the resolution for printing.

Pillow writes 8 bits a channel; what has 16 is written by tifffile and numpngw.
"""

import base64
import functools
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageCms

DEPTHS = {"PNG": (8, 16), "TIFF": (16, 8)}  # bits a channel of each kind of picture, the usual one first
_IN_EXIF = ("WEBP", "AVIF")  # kinds without a place of their own for the resolution
_INCH, _METRE = 2, 0.0254  # the unit in EXIF; inches in it


def to_levels(image: np.ndarray, depth: int) -> np.ndarray:
    """(1, n_H, n_W, 3) or (n_H, n_W, 3) in [0, 1] -> whole numbers (n_H, n_W, 3) of `depth` bits, 8 or 16."""
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
    return (pixels.clip(0, 1) * (2**depth - 1)).round().astype(f"uint{depth}")


def encode(levels: np.ndarray, file: BinaryIO, kind: str, dpi: tuple[float, float] | None = None) -> None:
    """Write what `to_levels` made into an open file, without loss where `kind`, Pillow's name of it, can."""
    if kind == "TIFF":
        _tiff(levels, file, dpi)
    elif levels.dtype == np.uint16:
        _deep_png(levels, file, dpi)
    else:
        options = {"exif": _exif(dpi)} if dpi and kind in _IN_EXIF else {"dpi": dpi} if dpi else {}
        Image.fromarray(levels).save(file, kind, quality=92, icc_profile=srgb_profile(), **options)


def _tiff(levels, file, dpi):
    import tifffile

    resolution = {"resolution": dpi, "resolutionunit": "INCH"} if dpi else {}
    tifffile.imwrite(
        file, levels, byteorder="<", photometric="rgb", compression="zlib", predictor=True, metadata=None,
        iccprofile=srgb_profile(), **resolution,
    )  # fmt: skip


def _deep_png(levels, file, dpi):
    import numpngw

    phys = (*(round(dots / _METRE) for dots in dpi), 1) if dpi else None
    numpngw.write_png(file, levels, filter_type="heuristic", iccp=("sRGB", srgb_profile()), phys=phys)


def _exif(dpi):
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = dpi
    exif[ExifTags.Base.ResolutionUnit] = _INCH
    return exif


def dpi_of(picture: Image.Image) -> tuple[float, float] | None:
    """Dots per inch, across and down, that an opened picture's file says; None if it says nothing of use."""
    exif = picture.getexif()
    dots = picture.info.get("dpi")
    if not dots and exif.get(ExifTags.Base.ResolutionUnit, _INCH) == _INCH:
        dots = exif.get(ExifTags.Base.XResolution, 0), exif.get(ExifTags.Base.YResolution, 0)
    across, down = map(float, dots or (0, 0))
    if not all(1 <= each < 2**16 for each in (across, down)):  # what a JPEG can hold
        return None
    return (down, across) if exif.get(ExifTags.Base.Orientation, 1) > 4 else (across, down)  # it is turned when read


@functools.cache
def srgb_profile() -> bytes:
    """The colour profile of all pictures here."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # when it was made: the same picture should be the same file
    return bytes(profile)


def data_url(kind: str, data: bytes) -> str:
    """A picture's file as the address of an <img>; kind: jpeg, png, webp, svg+xml."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
