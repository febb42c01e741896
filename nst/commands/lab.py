"""Open JupyterLab at the first exercise notebook."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nst.commands.arguments import say
from nst.paths import INSTALLED, ROOT

COPY = "nst_course"  # what an installed package, whose files are not for writing, puts into the current folder
NEWS = ["@jupyterlab/apputils-extension:announcements"]  # asks whether it may fetch news from the internet
NBGRADER = ["@jupyter/nbgrader"]  # its menus, "Create Assignment" among them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-browser", action="store_true", help="only say the address")
    parser.add_argument("--nbgrader", action="store_true", help="with nbgrader's menus, for instructors")


def run(given: argparse.Namespace) -> int:
    folder = _copy() if INSTALLED else ROOT
    words = ["--LabApp.default_url=/lab/tree/exercises/01_transfer_learning.ipynb"]
    words += ["--allow-root"] * (os.geteuid() == 0) + ["--no-browser"] * given.no_browser
    off = NEWS + NBGRADER * (not given.nbgrader)
    with tempfile.TemporaryDirectory(prefix="nst_lab_") as settings:
        try:
            return subprocess.call(
                [sys.executable, "-m", "jupyter", "lab", *words], cwd=folder, env=without(off, Path(settings))
            )
        except KeyboardInterrupt:
            return 0


def without(extensions: list[str], settings: Path) -> dict[str, str]:
    """The environment of a JupyterLab without these extensions, which is told so in the folder `settings`."""
    path = settings / "labconfig" / "page_config.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"disabledExtensions": dict.fromkeys(extensions, True)}))
    more = os.environ.get("JUPYTER_CONFIG_PATH")
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(settings), *filter(None, [more])])}


def _copy():
    """The exercises and the pictures that they show, in the current folder; what is there already stays."""
    folder = Path.cwd() / COPY
    for name in ("exercises", "images"):
        if not (folder / name).exists():
            shutil.copytree(ROOT / name, folder / name)
    say(f"Your notebooks are in {folder / 'exercises'}")
    return folder
