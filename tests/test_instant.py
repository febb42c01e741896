"""nst.instant: a look in a second, of any artwork; `nst instant`."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nst.commands import main
from nst.cost_graph import STYLE_LAYERS
from nst.instant import LOOKS, PAINTS, instant, style_of
from nst.paths import IMAGES, ROOT
from nst.pictures import read_image
from nst.sketch import Session

CUP, PAGODA = (str(IMAGES / "content" / name) for name in ("coffee_cup.png", "pagoda.jpg"))
STARRY, GLASS, INK, BOLD = (
    str(IMAGES / "style" / f"{name}.jpg") for name in ("starry_night", "stained_glass", "bamboo_ink", "bold_strokes")
)
SKY = str(IMAGES / "mask" / "pagoda_sky.png")
LUMINANCE = [[0.299], [0.587], [0.114]]  # ITU-R BT.601


@pytest.fixture(scope="module")
def session():
    return Session()


def style_cost(session, picture, artwork):
    """The mean over layers of how far averages of products are from the artwork's, as a share of the artwork's own."""
    (found,), (right,) = session.seen(picture), session.seen(artwork)
    return np.mean([np.sum((found[n] - right[n]) ** 2) / np.sum(right[n] ** 2) for n in STYLE_LAYERS])


def test_onnx_runtime_tells_nobody_what_it_runs(tmp_path):
    """From 1.29 on it does, unless it is told not to before it begins; it keeps a number for the machine then."""
    program = "from nst.instant import LOOKS; from nst.runtime import load; load(str(LOOKS)); print('loaded')"
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=kept | places, capture_output=True, text=True)
    assert done.stdout == "loaded\n", done.stderr
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("art", [STARRY, GLASS, INK, BOLD])
def test_the_painting_is_nearer_to_the_artwork_than_the_photo_and_still_shows_it(art, session):
    painting, photo, artwork = instant(PAGODA, [art], 256), read_image(PAGODA, 256), read_image(art, 256)
    assert painting.shape == photo.shape and painting.min() >= 0 and painting.max() <= 1
    assert style_cost(session, painting, artwork) < 0.6 * style_cost(session, photo, artwork)
    bright = [np.reshape(picture @ LUMINANCE, -1) for picture in (painting, photo)]
    assert np.corrcoef(*bright)[0, 1] > 0.3


@pytest.mark.slow
def test_strength_goes_from_the_photo_to_the_artwork(session):
    artwork = read_image(GLASS, 256)
    costs = [style_cost(session, instant(CUP, [GLASS], 256, strength=share), artwork) for share in (0, 0.5, 1)]
    assert costs[0] > costs[1] > costs[2]


def test_artworks_are_mixed_by_their_weights():
    one, other, both, first = (
        instant(CUP, artworks, 128, weights=weights)
        for artworks, weights in (([STARRY], ()), ([GLASS], ()), ([STARRY, GLASS], ()), ([STARRY, GLASS], (2, 0)))
    )
    np.testing.assert_allclose(first, one, atol=1e-6)
    assert 0.03 < np.abs(both - one).mean() < np.abs(other - one).mean()


def test_each_artwork_counts_in_its_place():
    above, below, both = (
        instant(PAGODA, artworks, 368, masks=masks)
        for artworks, masks in (([STARRY], ()), ([INK], ()), ([STARRY, INK], (SKY,)))
    )
    mask = read_image(SKY, 368).mean(axis=-1)
    np.testing.assert_allclose(both[mask > 0.999], above[mask > 0.999], atol=0.01)
    np.testing.assert_allclose(both[mask < 0.001], below[mask < 0.001], atol=0.01)
    assert (mask > 0.999).mean() > 0.2 and (mask < 0.001).mean() > 0.2 and np.abs(above - below).mean() > 0.1


def test_kept_colours_are_the_photos():
    photo, painting = read_image(CUP, 128), instant(CUP, [STARRY], 128, keep_colors=True)
    inside = ((painting > 0) & (painting < 1)).all(axis=-1)
    np.testing.assert_allclose(*((x - x @ LUMINANCE)[inside] for x in (photo, painting)), atol=1e-5)
    assert inside.mean() > 0.3 and np.abs(painting - photo).mean() > 0.02


@pytest.mark.parametrize("size", [64, 368, 700])
def test_any_size_and_any_shape(size, picture_file, rng):
    narrow = picture_file(rng.integers(0, 255, (400, 90, 3)), "narrow.png")
    for art in (picture_file(rng.integers(0, 255, (33, 40, 3)), "tiny.png"), picture_file(np.full((50, 300, 3), 200))):
        painting = instant(narrow, [art], size) if size > 64 else instant(CUP, [art], size)
        assert max(painting.shape) == size and np.isfinite(painting).all()


def test_a_larger_painting_has_the_photos_fine_edges():
    """A thin line across a photo, lost in what the network paints."""

    def contrast(picture):
        rows = (picture @ LUMINANCE)[0, :, :, 0].mean(axis=1)
        return abs(rows[500] - rows[[494, 506]].mean())

    pixels = np.full((1000, 1000, 3), 128, np.uint8)
    pixels[500] = 0
    path = ROOT / "output" / "line.png"
    Image.fromarray(pixels).save(path)
    try:
        painting = instant(path, [STARRY], 1000)
    finally:
        path.unlink()
    assert contrast(painting) > 0.3


def test_of_a_wide_artwork_all_parts_count(rng):
    left, right = (rng.random((1, 64, 64, 3)).astype(np.float32) * scale for scale in (1, 0.2))
    both = style_of(np.concatenate([left, right], axis=2))
    np.testing.assert_allclose(both, (style_of(left) + style_of(right)) / 2, rtol=1e-5, atol=1e-5)


def test_the_networks_are_those_that_the_readme_names():
    said = (ROOT / "weights" / "README.md").read_text()
    for path in (LOOKS, PAINTS):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in said


# ---------------------------------------------------------------- the command


def test_the_command_paints_without_tensorflow_and_keeps_what_was_there(tmp_path):
    code = (
        "import json, sys; from nst.commands import main; status = main(sys.argv[1:]); "
        "print(json.dumps([status, [n for n in ('tensorflow', 'keras', 'onnx', 'matplotlib') if n in sys.modules]]))"
    )
    (tmp_path / "cup.png").write_bytes(b"an earlier one")
    words = ["instant", CUP, STARRY, "--strength", "0.8", "-o", str(tmp_path / "cup.png")]
    result = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True)
    *said, last = result.stdout.splitlines()
    assert json.loads(last) == [0, []], result.stderr
    assert said[-1] == f"{tmp_path / 'cup.png'}: 512 x 341 pixels"
    assert (tmp_path / "cup_1.png").read_bytes() == b"an earlier one"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--strength", "1.5"], "strength 1.5: give a number from 0 to 1"),
        (["--size", "5000"], "size 5000: at most 4096"),
        (["--weights", "1", "2"], "weights"),
    ],
)
def test_what_makes_no_sense_is_refused(words, said, capsys, tmp_path):
    assert main(["instant", CUP, STARRY, *words, "-o", str(tmp_path / "cup.png")]) == 2
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())
