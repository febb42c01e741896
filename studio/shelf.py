"""The pictures that one can choose from: those of the course, and uploads. No TensorFlow."""

import functools
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from nst.encode import data_url
from nst.paths import IMAGES
from nst.pictures import TooSmall, read_image, to_uint8

UPLOAD_LIMIT = 50 * 2**20  # bytes
SMALLEST = 128  # pixels, the longer side at which an upload must still be a picture
THUMBNAIL = 200  # pixels, its longer side at most
ENDINGS = (".jpg", ".png")


class Unreadable(ValueError):
    """An upload that is no picture; the message is for whoever sent it."""


class Shelf:
    """Pictures by their names on the page.

    paths: the pictures to begin with, labelled by their file names. folder: where uploads are kept.
    """

    def __init__(self, paths: Sequence[Path], folder: Path):
        self.folder, self._count = folder, 0
        self.paths = {path.name: path for path in paths}
        self.labels = {path.name: path.stem.replace("_", " ") for path in paths}

    def add(self, label: str, data: bytes) -> str:
        """Keep an uploaded file and return its name; Unreadable if it is none of a picture."""
        if not data:
            raise Unreadable(f"{label} is empty; choose another picture.")
        if len(data) > UPLOAD_LIMIT:
            raise Unreadable(f"{label} is too large; choose a picture of at most {UPLOAD_LIMIT // 2**20} MB.")
        self._count += 1
        name = f"upload-{self._count}"
        path = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        try:
            thumbnail(path)
            read_image(path, SMALLEST)
        except TooSmall:
            path.unlink()
            raise Unreadable(f"{label} is too small, or too long and narrow; choose another picture.") from None
        except ValueError as error:
            path.unlink()
            raise Unreadable(str(error).replace(str(path), label)) from None
        self.paths[name], self.labels[name] = path, label
        return name

    def entries(self) -> list[dict[str, str]]:
        """What the page shows of each."""
        return [
            dict(name=name, label=self.labels[name], thumbnail=thumbnail(path)) for name, path in self.paths.items()
        ]


def of_the_course(kind: str) -> list[Path]:
    """content: its photos; style: its artworks."""
    return sorted(path for path in (IMAGES / kind).iterdir() if path.suffix in ENDINGS)


@functools.lru_cache(maxsize=500)
def thumbnail(path: Path) -> str:
    """The address of a small JPEG; ValueError for a file that is no picture."""
    picture = Image.fromarray(to_uint8(read_image(path, max_size=2 * THUMBNAIL, enlarge=False)))
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    return data_url("jpeg", as_jpeg(np.asarray(picture)))


def as_jpeg(pixels: np.ndarray) -> bytes:
    """A picture, uint8 (n_H, n_W, 3), as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
