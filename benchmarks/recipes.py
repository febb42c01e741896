"""The pictures, the cost and the plain network that all benchmarks of speed share."""

import sys
from pathlib import Path

import nst_utils  # first: it silences TensorFlow's start-up messages

import tensorflow as tf
from nst_utils import functions_from, load_image

NOTEBOOKS = nst_utils.ROOT / "notebooks"
RESULTS = Path(__file__).resolve().parent
CONTENT = nst_utils.IMAGES / "content" / "coffee_cup.png"
STYLE = nst_utils.IMAGES / "style" / "starry_night.jpg"
ALPHA, BETA, CONTENT_LAYER = 10, 100, "block4_conv2"  # as in notebook 04

compute_content_cost = functions_from(NOTEBOOKS / "02_content_cost.ipynb", "compute_content_cost")
compute_style_cost, STYLE_LAYERS = functions_from(NOTEBOOKS / "03_style_cost.ipynb", "compute_style_cost", "STYLE_LAYERS")
total_cost = functions_from(NOTEBOOKS / "04_paint.ipynb", "total_cost")
LAYERS = [name for name, _ in STYLE_LAYERS] + [CONTENT_LAYER]


def square(path, size):
    """The middle of a picture as (1, size, size, 3) in [0, 1]."""
    image = load_image(path, max_size=10**5)
    side = min(image.shape[1:3])
    middle = tf.image.resize_with_crop_or_pad(image, side, side)
    return tf.clip_by_value(tf.image.resize(middle, (size, size), method="area"), 0.0, 1.0)


def cost_of(model, content, style):
    """The total cost of a picture, as notebook 04 computes it, with the targets of these two pictures."""
    a_C, a_S = model(content), model(style)

    def cost(image):
        a_G = model(image)
        return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)

    return cost


def progress(text):
    """A line for those who wait, on stderr."""
    print(text, file=sys.stderr, flush=True)
