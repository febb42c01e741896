"""A folder for what visitors upload and paint, which is gone when whoever made it has ended, however that ended."""

import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from nst.pictures import alone_in

PREFIX = "nst-studio-"


class Room:
    """A new folder in the one for temporary files, for this user only; first, those of programs that were killed go."""

    def __init__(self):
        _sweep()
        self._hold = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._hold.enter_context(alone_in(self.folder))

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._hold.close()


def _sweep():
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), alone_in(folder):  # held by one that lives, or another user's: it stays
            shutil.rmtree(folder)
