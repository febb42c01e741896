"""The classic recipe, once and in full: stock Keras VGG-19, Adam 0.01, 10 x 100 steps at 400 px.

.venv/bin/python benchmarks/classic.py        writes benchmarks/classic.json; about 25 minutes on two cores
"""

import json
import statistics
import time

import recipes  # before TensorFlow, whose start it silences
from recipes import CONTENT, LAYERS, STYLE, cost_of, square

# isort: split
import keras
import tensorflow as tf

from nst.training import set_seed
from nst.vgg import feature_model, load_vgg19

SIZE, EPOCHS, STEPS_PER_EPOCH, LEARNING_RATE, NOISE = 400, 10, 100, 0.01, 0.25


def classic_start(content):
    """The photo with much noise, as the best-known assignment starts."""
    set_seed(0)
    noise = tf.random.uniform(content.shape, -NOISE, NOISE)
    return tf.Variable(tf.clip_by_value(content + noise, 0.0, 1.0))


def classic_step(cost):
    optimizer = keras.optimizers.Adam(LEARNING_RATE)

    @tf.function
    def train_step(image):
        with tf.GradientTape() as tape:
            J = cost(image)
        optimizer.apply_gradients([(tape.gradient(J, image), image)])
        image.assign(tf.clip_by_value(image, 0.0, 1.0))
        return J

    return train_step


def main():
    content, style = square(CONTENT, SIZE), square(STYLE, SIZE)
    image = classic_start(content)
    cost = cost_of(feature_model(load_vgg19(), LAYERS), content, style)
    step = classic_step(cost)
    history, seconds = [], []
    for n in range(EPOCHS * STEPS_PER_EPOCH):
        start = time.perf_counter()
        history.append(float(step(image)))
        seconds.append(time.perf_counter() - start)
        if n % 50 == 0:
            recipes.progress(f"step {n}: J {history[-1]:.5g}, {seconds[-1]:.2f} s")
    history.append(float(cost(image)))
    result = {
        "command": ".venv/bin/python benchmarks/classic.py",
        "seconds_per_step": round(statistics.median(seconds), 3),
        "J": [float(f"{J:.5g}") for J in history],
    }
    (recipes.RESULTS / "classic.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
