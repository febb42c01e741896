import keras
import numpy as np
import pytest

import nst_utils
from nst import network, training
from nst_utils import MEAN_ACTIVATION, feature_model, load_image, load_vgg19, with_average_pooling


def convolve(x, kernel, bias):
    """3 x 3 convolution with a border of zeros and ReLU, in float64: (H, W, C_in) -> (H, W, C_out)."""
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    height, width, _ = x.shape
    total = sum(
        padded[i : i + height, j : j + width] @ kernel[i, j].astype(np.float64) for i in range(3) for j in range(3)
    )
    return np.maximum(total + bias, 0)


def test_activations_equal_a_numpy_network_fed_with_bgr_minus_mean(vgg, rng):
    picture = rng.random((1, 33, 38, 3)).astype(np.float32)
    x = picture[0, :, :, ::-1].astype(np.float64) * 255 - [103.939, 116.779, 123.68]
    packed = np.load(nst_utils.WEIGHTS)
    expected = {}
    for block in ("block1_conv1", "block1_conv2", "pool", "block2_conv1"):
        if block == "pool":
            height, width = x.shape[0] // 2, x.shape[1] // 2
            x = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).max((1, 3))
        else:
            x = convolve(x, packed[f"{block}_table"][packed[f"{block}_idx"]], packed[f"{block}_b"])
            expected[block] = x / MEAN_ACTIVATION[block]
    names = ["block2_conv1", "block1_conv1"]  # not in the network's order
    for name, activation in zip(names, feature_model(vgg, names)(picture)):
        np.testing.assert_allclose(activation.numpy()[0], expected[name], rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_every_layer_has_mean_activation_one_over_the_photographs(vgg):
    model = feature_model(vgg, MEAN_ACTIVATION)
    photographs = sorted((nst_utils.IMAGES / "content").iterdir())
    means = [[a.numpy().mean() for a in model(load_image(path, max_size=384))] for path in photographs]
    np.testing.assert_allclose(np.mean(means, axis=0), 1, atol=0.01)


def test_the_network_is_frozen(vgg):
    assert vgg.trainable_variables == [] and len(vgg.variables) == 32


def test_one_layer_comes_back_as_a_list_too(vgg):
    (activation,) = feature_model(vgg, ["block3_conv1"])(np.zeros((1, 32, 32, 3), np.float32))
    assert activation.shape == (1, 8, 8, 256)


def test_nothing_beyond_the_deepest_layer_is_computed(vgg, monkeypatch):
    seen = []
    call = keras.layers.Conv2D.call
    monkeypatch.setattr(keras.layers.Conv2D, "call", lambda self, x: seen.append(self.name) or call(self, x))
    feature_model(vgg, ["block2_conv1", "block1_conv1"])(np.zeros((1, 32, 32, 3), np.float32))
    assert seen == ["block1_conv1", "block1_conv2", "block2_conv1"]


@pytest.mark.parametrize("names", [["block1_conv1", "block9_conv1"], ["pool"], []])
def test_an_unknown_layer_name_lists_the_valid_ones(vgg, names):
    with pytest.raises(ValueError, match="choose from: block1_conv1, .*block5_conv4"):
        feature_model(vgg, names)


def test_missing_weights_say_how_to_get_them_back(monkeypatch, tmp_path):
    gone = nst_utils.ROOT / "weights" / "gone.npz"
    monkeypatch.setattr(network, "WEIGHTS", gone)
    with pytest.raises(FileNotFoundError, match="gone.npz: no such weights file; get it back with: git checkout"):
        load_vgg19(gone)
    with pytest.raises(FileNotFoundError, match="other.npz: no such weights file; check the path"):
        load_vgg19(tmp_path / "other.npz")


@pytest.mark.parametrize("damage", ["one bit", "truncated", "empty"])
def test_damaged_weights_are_refused(tmp_path, damage):
    content = bytearray(nst_utils.WEIGHTS.read_bytes())
    if damage == "one bit":
        content[len(content) // 2] ^= 1
    else:
        del content[{"truncated": len(content) // 2, "empty": 0}[damage] :]
    (tmp_path / "weights.npz").write_bytes(content)
    with pytest.raises(ValueError, match="weights.npz: the file is damaged or another one"):
        load_vgg19(tmp_path / "weights.npz")


def test_importing_and_computing_prints_nothing():
    import subprocess
    import sys

    code = "import nst_utils, tensorflow as tf; tf.function(lambda: tf.zeros(3) + 1)()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_device_line_names_tensorflow_and_where_it_computes(monkeypatch):
    assert nst_utils.device().startswith("TensorFlow 2.")
    monkeypatch.setattr(training, "GPUS", [])
    assert " on the CPU: " in nst_utils.device()


def test_average_pooling_takes_the_mean_of_each_two_by_two(vgg):
    picture = np.random.default_rng(4).random((1, 38, 45, 3)).astype(np.float32)
    before, after = feature_model(with_average_pooling(vgg), ["block1_conv2", "block2_conv1"])(picture)
    volume = before.numpy()[0].astype(np.float64) * MEAN_ACTIVATION["block1_conv2"]
    means = volume[:38, :44].reshape(19, 2, 22, 2, 64).mean((1, 3))
    padded = np.pad(means, ((1, 1), (1, 1), (0, 0)))
    kernel, bias = vgg.get_layer("block2_conv1").get_weights()
    expected = bias + sum(padded[i : i + 19, j : j + 22] @ kernel[i, j] for i in range(3) for j in range(3))
    found = after.numpy()[0] * MEAN_ACTIVATION["block2_conv1"]
    np.testing.assert_allclose(found, expected.clip(0), atol=1e-4 * expected.max())
    (maxima,) = feature_model(vgg, ["block2_conv1"])(picture)
    assert np.abs(maxima - after).max() > 0.1, "the network that was copied takes the largest, as before"
