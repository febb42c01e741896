"""Where things lie: in the repository, a learner's copy of it, or what pip has installed."""

import os
import sysconfig
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHARE = Path("share", "nst-course")  # of the wheel's data, see pyproject.toml


def _root() -> Path:
    """The folder that holds weights/: the repository, or the one where pip has put the data."""
    installed = [sysconfig.get_path("data"), sysconfig.get_path("data", "posix_user"), _PACKAGE.parent]
    folders = [_PACKAGE.parent, *(Path(folder) / _SHARE for folder in installed)]
    return next((folder for folder in folders if (folder / "weights").is_dir()), _PACKAGE.parent)


ROOT = _root()
INSTALLED = _PACKAGE.parent != ROOT  # by pip, so without the repository around it
IMAGES = ROOT / "images"
WEIGHTS = ROOT / "weights" / "vgg19_notop_q8.npz"


def _output() -> Path:
    """The folder that NST_OUTPUT names, or output/. A notebook's kernel runs in notebooks/, where nothing may land."""
    here = ROOT if not INSTALLED and Path.cwd().is_relative_to(ROOT) else Path.cwd()
    return here / Path(os.environ.get("NST_OUTPUT") or (here if INSTALLED else ROOT) / "output").expanduser()


OUTPUT = _output()


def notebooks_folder() -> Path:
    """Where the course's notebooks are: a learner's copy of the project has only exercises/."""
    return next(folder for folder in (ROOT / "notebooks", ROOT / "exercises") if folder.is_dir())
