"""Open JupyterLab at the first exercise notebook."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nst.commands.arguments import say
from nst.paths import INSTALLED, ROOT

COPY = "nst_course"  # what an installed package, whose files are not for writing, puts into the current folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-browser", action="store_true", help="only say the address")


def run(given: argparse.Namespace) -> int:
    folder = _copy() if INSTALLED else ROOT
    words = ["--LabApp.default_url=/lab/tree/exercises/01_transfer_learning.ipynb"]
    words += ["--allow-root"] * (os.geteuid() == 0) + ["--no-browser"] * given.no_browser
    try:
        return subprocess.call([sys.executable, "-m", "jupyter", "lab", *words], cwd=folder)
    except KeyboardInterrupt:
        return 0


def _copy():
    """The exercises and the pictures that they show, in the current folder; what is there already stays."""
    folder = Path.cwd() / COPY
    for name in ("exercises", "images"):
        if not (folder / name).exists():
            shutil.copytree(ROOT / name, folder / name)
    say(f"Your notebooks are in {folder / 'exercises'}")
    return folder
