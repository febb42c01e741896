"""What is chosen on the page, as it travels, and the Job that it stands for. No TensorFlow."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image

from nst.job import Job

MOST = 4  # artworks
SHARE = 50  # of one that is chosen
SMOOTHNESS = 10  # the cost's weight of total variation for one step of the slider


@dataclass(frozen=True)
class Choice:
    """photo, styles: names on the shelves. shares: one for each style, in any unit. mask: the number of the picture
    that says where each artwork counts, or 0. The other settings are a Job's."""

    photo: str = "cat.png"
    styles: tuple[str, ...] = ("starry_night.jpg",)
    shares: tuple[float, ...] = (SHARE,)
    mask: int = 0
    size: int = 448
    strength: float = 5
    evaluations: int = 30  # J is then a tenth above that after 50, and it is there sooner
    brush: float = 1
    smooth: float = 0
    detail: float = Job.detail
    keep: bool = False

    @classmethod
    def read(cls, given: Mapping) -> "Choice":
        """What the page sent; ValueError for what it never sends."""
        try:
            values = {each.name: given[each.name] for each in fields(cls)}
            values |= {name: tuple(values[name]) for name in ("styles", "shares")}
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a choice of this page: {error}") from None
        if not 1 <= len(values["styles"]) <= MOST or len(values["styles"]) != len(values["shares"]):
            raise ValueError(f"{len(values['styles'])} artworks: choose 1 to {MOST}, each with its share")
        return cls(**values)

    def job(self, photos: Mapping[str, Path], styles: Mapping[str, Path], masks: tuple[str, ...] = ()) -> Job:
        """The job, with the files that the names stand for; ValueError, for the page, if there is none."""
        for name, shelf in [(self.photo, photos), *((style, styles) for style in self.styles)]:
            if name not in shelf:
                raise ValueError(f"{name!r} is not there any more; choose another picture")
        several = len(self.styles) > 1
        return Job(
            content=str(photos[self.photo]),
            styles=tuple(str(styles[name]) for name in self.styles),
            weights=tuple(self.shares) if several and len(set(self.shares)) > 1 else (),
            masks=masks if several else (),
            size=self.size,
            evaluations=self.evaluations,
            strength=self.strength,
            brush=self.brush,
            smoothness=SMOOTHNESS * self.smooth,
            detail=self.detail,
            keep_colors=self.keep,
        )


def split_mask(data: bytes, folder: Path, artworks: int) -> tuple[str, ...]:
    """The masks of so many artworks, as files in a folder, of one picture: red is the second artwork's part, green the
    third's, blue the fourth's, and the first gets the rest."""
    with Image.open(io.BytesIO(data)) as picture:
        parts = np.asarray(picture.convert("RGB"), float)[..., : artworks - 1]
    rest = (255 - parts.sum(axis=-1, keepdims=True)).clip(0, 255)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, part in enumerate(np.moveaxis(np.concatenate([rest, parts], axis=-1), -1, 0), 1):
        paths.append(folder / f"{number}.png")
        Image.fromarray(part.astype(np.uint8)).save(paths[-1])
    return tuple(map(str, paths))
