"""Paints images/alpha_beta/, the pictures on the slider of notebook 04: .venv/bin/python images/make_alpha_beta.py

J = alpha J_content + beta J_style and nothing else, from the same noise each time: what a picture shows of the cup or
of the artwork came in by the cost, not with the start.
"""

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from nst.job import Job
from nst.minimize import minimize
from nst.paths import IMAGES
from nst.pictures import to_uint8, write_atomically
from nst.recipe import problem
from nst.spectrum import enlarge

RATIOS = [(1, 0), (1, 1), (1, 3), (1, 10), (1, 30), (1, 100), (0, 1)]
PICTURES = str(IMAGES / "content" / "coffee_cup.png"), (str(IMAGES / "style" / "starry_night.jpg"),)
COARSE, FINE = (128, 100), (256, 30)  # the longer side in pixels, and evaluations of the cost
MOST = 15_000  # bytes of a picture


def painted(alpha, beta):
    at_size = problem(Job(*PICTURES, alpha=alpha, beta=beta, strength=None, detail=0, palette=0))
    image = None
    for size, evaluations in (COARSE, FINE):
        photo, cost = at_size(size)
        first = image is None
        start = noise(photo.shape) if first else enlarge(image, photo.shape[1:3])
        image = tf.Variable(start)
        minimize(cost, image, evaluations, precondition=first, output=None, watch=lambda run: None)
    return Image.fromarray(to_uint8(np.asarray(image)))


def noise(shape):
    return tf.random.stateless_uniform(shape, seed=(1, 2), minval=0.3, maxval=0.7)


def in_webp(picture):
    """As good as it gets in MOST bytes."""
    for quality in range(90, 0, -2):
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=6)
        if len(file.getvalue()) <= MOST:
            return file.getvalue()


def main():
    for alpha, beta in RATIOS:
        data = in_webp(painted(alpha, beta))
        path = IMAGES / "alpha_beta" / f"{alpha}_to_{beta}.webp"
        write_atomically(path, lambda file, data=data: file.write(data))
        print(f"{path.name}: {len(data)} bytes", flush=True)


if __name__ == "__main__":
    main()
