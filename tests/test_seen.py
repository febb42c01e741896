"""nst.seen: the picture goes on beyond its edges, and one in bands costs what it costs as a whole."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst import minimize, seen, tiles
from nst.engine import fast_feature_model, value_and_gradient
from nst.job import Job
from nst.network import BORDER
from nst.paths import IMAGES
from nst.recipe import paint, problem
from nst.seen import LargeCost
from nst.vgg import feature_model

CAT, STARRY = IMAGES / "content" / "cat.png", IMAGES / "style" / "starry_night.jpg"
NAMES = ["block1_conv1", "block2_conv2", "block4_conv2", "block5_conv1"]


@pytest.fixture
def in_bands(monkeypatch):
    """All pictures are too large to be computed whole; each band has a few rows."""
    monkeypatch.setattr(seen, "LARGEST_WHOLE", 0)
    monkeypatch.setattr(tiles, "BAND_BYTES", 200_000)
    seen._model.cache_clear()
    yield
    seen._model.cache_clear()


@pytest.mark.parametrize("sides", [(64, 80), (75, 99)])
def test_with_a_border_the_layers_see_the_picture_mirrored(vgg, sides, rng):
    image = rng.random((1, *sides, 3)).astype(np.float32)
    mirrored = np.pad(image, [(0, 0), (8, 8), (8, 8), (0, 0)], mode="reflect")
    found = tf.function(fast_feature_model(vgg, NAMES, border=8))(tf.constant(image))
    for volume, whole, cut in zip(found, feature_model(vgg, NAMES)(mirrored), (8, 4, 1, 0)):
        expected = whole[:, cut : whole.shape[1] - cut, cut : whole.shape[2] - cut]
        np.testing.assert_allclose(volume, expected, atol=1e-4 * np.max(expected))


def test_a_flat_picture_looks_the_same_at_its_edges(vgg):
    """In VGG's zeros a flat picture has an edge; mirrored it has none."""
    flat = tf.fill((1, 64, 64, 3), 0.8)
    (without,), (volume,) = (fast_feature_model(vgg, ["block1_conv2"], border=border)(flat) for border in (0, BORDER))
    assert np.ptp(volume[0], axis=(0, 1)).max() < 1e-3 < 0.1 < np.ptp(without[0], axis=(0, 1)).max()


@pytest.mark.slow
def test_in_bands_a_job_costs_what_it_costs_as_a_whole(in_bands, monkeypatch):
    job = Job(CAT, (STARRY,), smoothness=20, palette=3, detail=2)
    photo, large = problem(job)(100)
    assert isinstance(large, LargeCost)
    monkeypatch.setattr(seen, "LARGEST_WHOLE", 10**6)
    _, cost = problem(job)(100)
    image = 0.1 + 0.8 * photo[:, :, ::-1]
    J, expected = tf.function(lambda image: value_and_gradient(cost, image))(image)
    found, gradient = large.value_and_gradient(image.numpy())
    assert found == pytest.approx(float(J), rel=1e-3) and float(large(image)) == pytest.approx(float(J), rel=1e-3)
    assert np.linalg.norm(gradient - expected) < 0.01 * np.linalg.norm(expected)


@pytest.mark.slow
def test_a_grey_picture_in_bands_stays_grey(in_bands, tmp_path, rng):
    for name in ("photo.png", "art.png"):
        Image.fromarray(rng.integers(0, 255, (67, 100), np.uint8)).save(tmp_path / name)  # compiled already
    photo, large = problem(Job(tmp_path / "photo.png", (tmp_path / "art.png",)))(100)
    _, gradient = large.value_and_gradient(photo.numpy())
    assert np.ptp(gradient, axis=-1).max() == 0 < np.abs(gradient).max()
    colored = photo.numpy() + np.float32([0.1, 0, -0.1])
    assert float(large(colored)) == pytest.approx(float(large(photo)), rel=1e-4)


@pytest.mark.slow
def test_a_picture_in_bands_is_painted_stopped_and_resumed(in_bands, monkeypatch, tmp_path):
    monkeypatch.setattr(minimize, "SHOW_EVERY", 2)
    job = Job(CAT, (STARRY,), size=100, evaluations=5)

    def stop(run):
        if len(run.history) == 3:
            raise KeyboardInterrupt

    _, (before,) = paint(job, output=tmp_path, watch=stop)
    image, (history,) = paint(job, output=tmp_path, watch=lambda run: None, resume=True)
    assert history[:3] == before and len(history) == 5 and min(history[3:]) < history[0]
    _, cost = problem(job)(100)
    assert float(cost(image)) == pytest.approx(min(history[3:]), rel=1e-3)
    assert {path.name for path in tmp_path.iterdir()} == {"generated_image.png", "checkpoint.npz", "scale_1_100px.png"}
