"""What was painted: on disk, so that fifty paintings take no more memory than one. No TensorFlow."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from nst.pictures import save_image
from studio.choice import Choice
from studio.events import End
from studio.shelf import thumbnail


@dataclass(frozen=True)
class Painting:
    id: int
    choice: Choice
    how: str  # done, or stopped
    label: str
    file: Path
    film: Path
    costs: list[float]
    share: float  # of the work that is done

    def pixels(self) -> np.ndarray:
        """uint8 (n_H, n_W, 3)"""
        with Image.open(self.file) as picture:
            return np.asarray(picture)


class History:
    """The paintings of a session, the newest last. folder: where their files go."""

    def __init__(self, folder: Path):
        self.folder, self.paintings = folder, []

    def add(self, choice: Choice, end: End, label: str, share: float) -> Painting:
        """Keep a painting."""
        number = len(self.paintings) + 1
        self.folder.mkdir(parents=True, exist_ok=True)
        file, film = (self.folder / f"{number}.{kind}" for kind in ("png", "webp"))
        save_image(end.pixels[np.newaxis] / np.float32(255), file)
        film.write_bytes(end.film)
        self.paintings.append(Painting(number, choice, end.how, label, file, film, end.costs, share))
        return self.paintings[-1]

    def of(self, choice: Choice) -> Painting | None:
        """The newest with these settings."""
        return next((each for each in reversed(self.paintings) if each.choice == choice), None)

    def get(self, id: int) -> Painting | None:
        return next((each for each in self.paintings if each.id == id), None)

    def entries(self) -> list[dict]:
        """What the page shows of each."""
        return [
            dict(id=each.id, label=each.label, how=each.how, thumbnail=thumbnail(each.file), choice=asdict(each.choice))
            for each in self.paintings
        ]
