"""`nst paint`, the gallery, the studio and the recipe: the same Job gives the same picture, byte for byte."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nst.commands import arguments, main
from nst.job import Job
from nst.paths import IMAGES
from nst.recipe import course_costs, paint
from studio.painter import Painter

PAGODA, SKY = str(IMAGES / "content" / "pagoda.jpg"), str(IMAGES / "mask" / "pagoda_sky.png")
STYLES = tuple(str(IMAGES / "style" / name) for name in ("starry_night.jpg", "stained_glass.jpg"))
JOB = Job(
    PAGODA, STYLES, weights=(2, 1), masks=(SKY,), brush=1.5, keep_colors=True, smoothness=5, size=112, evaluations=12
)


def pixels(path):
    return np.asarray(Image.open(path))


@pytest.mark.slow
def test_every_door_leads_to_the_same_picture(tmp_path, monkeypatch):
    image, _ = paint(JOB, watch=lambda run: None)
    expected = (image[0].clip(0, 1) * 255).round().astype(np.uint8)

    monkeypatch.setattr(arguments, "OUTPUT", tmp_path / "paint")
    words = ["--weights", "2", "1", "--masks", SKY, "--brush", "1.5", "--smoothness", "5", "--keep-colors"]
    words += ["--size", "112", "--evaluations", "12"]
    assert main(["paint", PAGODA, *STYLES, *words]) == 0
    np.testing.assert_array_equal(pixels(tmp_path / "paint" / "generated_image.png"), expected)

    told = []
    painter = Painter(course_costs(), tmp_path / "studio", told.append)
    painter.start(JOB)
    painter.wait()
    assert told[-1].how == "done"
    np.testing.assert_array_equal(told[-1].pixels, expected)

    entry = {"content": PAGODA, "styles": STYLES, "masks": [SKY], "weights": [2, 1], "brush": 1.5}
    entry |= {"keep_colors": True, "smoothness": 5, "name": "same"}
    (tmp_path / "jobs.yaml").write_text(json.dumps([entry]))
    command = [sys.executable, "-m", "nst", "gallery", "--jobs", tmp_path / "jobs.yaml"]
    subprocess.run(
        [*command, "--size", "112", "--evaluations", "12"],
        env={**os.environ, "NST_OUTPUT": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    np.testing.assert_array_equal(pixels(tmp_path / "gallery" / "same.png"), expected)
