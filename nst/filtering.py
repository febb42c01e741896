"""Runs a filter on pictures, with ONNX Runtime. No TensorFlow: the first picture is there within a second."""

import json
import os
from pathlib import Path

import numpy as np
import psutil

from nst.paths import ROOT
from nst.pictures import SMALLEST_SIDE, check_file
from nst.runtime import load

FILTERS = ROOT / "filters"  # those that come with the course
ENDING = ".onnx"
BYTES = 160  # of memory for each pixel of a picture: 1.88 GB for 4000 x 3000, measured with getrusage


def find(name: str) -> Path:
    """The file of a filter: a path, or the name of one that comes with the course. OSError, ValueError if none."""
    ours = FILTERS / f"{Path(name).stem}{ENDING}"
    if Path(name).name == name and not os.path.exists(name) and ours.is_file():
        return ours
    try:
        return check_file(name)
    except FileNotFoundError:
        there = ", ".join(sorted(path.stem for path in FILTERS.glob(f"*{ENDING}"))) or "none"
        raise FileNotFoundError(f"{name}: no such filter. With the course come: {there}") from None


class Filter:
    """A filter's file, ready to paint. ValueError if it is none. `about` is what it was trained with, {} if unknown."""

    def __init__(self, path: str | Path, threads: int = 0):
        try:
            self._session = load(str(path), threads)
        except Exception as error:  # whatever is wrong with the file
            raise ValueError(f"{path}: no filter that can be read; `nst filter train` makes one") from error
        ends = self._session.get_inputs(), self._session.get_outputs()
        if not all(len(end) == 1 and len(end[0].shape) == 4 and end[0].shape[1] == 3 for end in ends):
            raise ValueError(f"{path}: an ONNX file, but no filter: it must take and give one picture (1, 3, n_H, n_W)")
        self._input = ends[0][0].name
        try:
            self.about = json.loads(self._session.get_modelmeta().custom_metadata_map["nst"])
        except (KeyError, ValueError):
            self.about = {}

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """(1, n_H, n_W, 3) in [0, 1] -> the same, painted: the whole of it at once, so that there are no seams.

        ValueError for a picture that is too small, or too large for this machine's memory.
        """
        _, n_H, n_W, _ = picture.shape
        if min(n_H, n_W) < SMALLEST_SIDE:
            raise ValueError(f"{n_W} x {n_H} pixels: both sides must be at least {SMALLEST_SIDE}")
        there = psutil.virtual_memory().available
        if n_H * n_W * BYTES > there:
            side = int(max(n_H, n_W) * (there / (n_H * n_W * BYTES)) ** 0.5)
            raise ValueError(
                f"{n_W} x {n_H} pixels take about {n_H * n_W * BYTES / 1e9:.1f} GB of memory, and {there / 1e9:.1f} "
                f"are free here; give at most --size {side}"
            )
        given = np.ascontiguousarray(picture.transpose(0, 3, 1, 2), np.float32)
        (painting,) = self._session.run(None, {self._input: given})
        return painting.transpose(0, 2, 3, 1).clip(0, 1)
