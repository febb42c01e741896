"""Training a filter with the cost functions that a learner wrote.

The network learns to paint, where elsewhere a picture is painted: each step shows it a piece of another photo, and
moves its weights down the gradient of the total cost of what it makes of that (Johnson, Alahi & Fei-Fei 2016).
"""

import contextlib
import json
import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from nst.engine import fast_feature_model
from nst.filters import BLUR, EPSILON, MARGIN, MULTIPLE, NOISE, Convolution, initial, steps
from nst.graphs import weights_in
from nst.interrupt import on_ctrl_c
from nst.job import CHECKPOINT, check_same_settings, read_checkpoint
from nst.network import CONTENT_LAYER
from nst.pictures import SMALLEST_SIDE, alone_in, read_image, write_atomically
from nst.recipe import Costs, course_costs
from nst.strength import CONTENT, equal_layers, squashed
from nst.training import load_image
from nst.vgg import load_vgg19

LARGEST, SMALLEST = 640, 160  # pixels: the longer side of a photo, and the shorter one of a piece of it
RATE, LAST_RATE = 3e-3, 6e-5  # of Adam, at the beginning and at the end
SMALL_UNTIL = 0.6  # of the time
COPYING = 50  # steps at first, in which it learns to give back what it gets
LOOKED_AT = 384  # pixels, of the photo that it does not learn from
STOPPED = "stopped early"
LOOK = 20  # seconds between two looks at the photo that it does not learn from
NORM = 100.0  # a gradient longer than that is shortened
MOVE, LIGHT, GRAIN = 4, 0.03, 4 / 255  # of a camera's next picture: pixels at most, brightness, noise
RIM = 8  # pixels, near a border, that may change with what comes in there


@dataclass(frozen=True)
class Lesson:
    """What a filter is to learn, and how.

    photos: paths; if there are several, it does not learn from the last. start: path of a filter that it goes on from,
    in fewer steps; "": from nothing, and first of all it learns to give back what it gets.
    """

    art: str
    photos: tuple[str, ...]
    start: str = ""
    size: int = 224  # pixels, of the pieces that it sees at the end
    small_size: int = 128  # ... and until then
    art_size: int = 384
    alpha: float = 10
    beta: float = 25
    smoothness: float = 5  # times the mean of squared differences between neighbours
    steady: float = 0  # times the mean squared change when the photo moves a little and is lit a little otherwise
    seed: int = 0


# ---------------------------------------------------------------- the network


def painted(weights: Mapping[str, tf.Tensor], picture: tf.Tensor, start: Sequence[int] = (0, 0)) -> tf.Tensor:
    """What the filter makes of a picture (1, n_H, n_W, 3) in [0, 1]: the same, painted.

    weights: as `filters.initial` has them. start: where in its tiles the noise begins.
    """
    _, n_H, n_W, _ = picture.shape
    down, across = ([MARGIN, MARGIN + -side % MULTIPLE] for side in (n_H, n_W))
    x, kept = tf.pad(picture, [[0, 0], down, across, [0, 0]], "REFLECT"), None
    for step in steps():
        if isinstance(step, Convolution):
            x = _convolved(weights, step, x)
        elif step == "shuffle":
            x = tf.nn.space_to_depth(x, 2)
            x = tf.concat([x, _noise(weights, *x.shape[1:3], start)], axis=-1)
        elif step == "unshuffle":
            x = tf.nn.depth_to_space(x, 2)
        elif step == "blur":
            kernel = np.repeat(BLUR[..., np.newaxis, np.newaxis], 3, axis=2)
            x = tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME")
        elif step == "enlarge":
            x = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
        elif step == "keep":
            kept = x
        else:
            x = x + kept
    return tf.sigmoid(x[:, MARGIN : MARGIN + n_H, MARGIN : MARGIN + n_W])


def _noise(weights, n_H, n_W, start):
    total = 0.0
    for side in NOISE:
        tile = tf.roll(weights[f"noise{side}"], start, axis=(0, 1))
        total += tf.tile(tile, (-(-n_H // side), -(-n_W // side), 1))[:n_H, :n_W]
    return total[tf.newaxis]


def _convolved(weights, step, x):
    x = tf.nn.conv2d(x, weights[f"{step.name}/kernel"], step.stride, "SAME")
    if step.norm:
        mean, variance = tf.nn.moments(x, axes=(1, 2), keepdims=True)
        x = (x - mean) * (tf.math.rsqrt(variance + EPSILON) * weights[f"{step.name}/scale"])
    x = x + weights[f"{step.name}/shift"]
    return tf.nn.relu(x) if step.relu else x


# ---------------------------------------------------------------- what it learns from


class Photos:
    """Random pieces of photos: cut out, mirrored, lighter or darker, with other colours."""

    def __init__(self, paths: Sequence[str]):
        self.pictures = [read_image(path, LARGEST, min_size=SMALLEST)[0] for path in paths]

    def piece(self, random: np.random.Generator, size: int) -> tf.Tensor:
        """(1, size, size, 3) in [0, 1]."""
        picture = self.pictures[random.integers(len(self.pictures))]
        n_H, n_W, _ = picture.shape
        side = max(round(min(n_H, n_W) * random.uniform(0.5, 1)), SMALLEST)
        y, x = random.integers(n_H - side + 1), random.integers(n_W - side + 1)
        piece = picture[y : y + side, x : x + side]
        piece = tf.image.resize(piece, (size, size), antialias=True).numpy().clip(0, 1)
        if random.random() < 0.5:
            piece = piece[:, ::-1]
        if random.random() < 0.5:
            piece = piece ** random.uniform(0.8, 1.25, 3)
        return tf.constant(piece[np.newaxis], tf.float32)


def next_picture(piece: tf.Tensor, random: np.random.Generator) -> tuple[tf.Tensor, tf.Tensor]:
    """What a camera that moves may see next: where in the piece it begins, and (1, size - MOVE, size - MOVE, 3)."""
    y, x = random.integers(0, MOVE + 1, 2)
    side = piece.shape[1] - MOVE
    moved = piece.numpy()[:, y : y + side, x : x + side] * random.uniform(1 - LIGHT, 1 + LIGHT)
    moved += random.normal(0, GRAIN, moved.shape)
    return tf.constant([0, y, x, 0], tf.int32), tf.constant(moved.clip(0, 1), tf.float32)


def unsteadiness(painting: tf.Tensor, place: tf.Tensor, again: tf.Tensor) -> tf.Tensor:
    """The mean squared difference between a painting, moved, and the painting of next_picture, away from the border."""
    still = tf.slice(painting, place, again.shape)
    return tf.reduce_mean((again - still)[:, RIM:-RIM, RIM:-RIM] ** 2)


def loss_of(lesson: Lesson, costs: Costs, pieces: Sequence[tf.Tensor]) -> Callable:
    """Return what a filter learns with: loss(network, photo), J of what a network makes of (1, n_H, n_W, 3), a scalar.

    The learner's content and style costs count as in `recipe.problem`, and as they do for a mean of these pieces.
    ValueError for an artwork of one colour.
    """
    art = load_image(lesson.art, lesson.art_size, enlarge=True, min_size=SMALLEST)
    if np.ptp(art, axis=(1, 2)).max() < 0.02:
        raise ValueError(f"{lesson.art}: one colour, and nothing else to learn; take another artwork")
    vgg, names = load_vgg19(), [name for name, _ in costs.style_layers]
    all_layers = fast_feature_model(vgg, [*names, CONTENT_LAYER], names)
    content_layer = fast_feature_model(vgg, [CONTENT_LAYER])
    a_S = all_layers(art)
    flat = content_layer(tf.constant(squashed(art, pieces[0])))
    equal, J_artwork = [], []
    for piece in pieces:
        a_C = all_layers(piece)
        equal.append([weight for _, weight in equal_layers(costs.compute_style_cost, costs.style_layers, a_S, a_C)])
        J_artwork.append(float(costs.compute_content_cost(a_C, flat)))
    weights = np.exp(np.mean(np.log(np.maximum(equal, 1e-12)), axis=0))
    layers = [(name, float(weight)) for (name, _), weight in zip(costs.style_layers, weights)]
    most = max(float(np.mean(J_artwork)), 1e-6)

    def loss(network, photo):
        painting = network(photo)
        a_C, a_G = content_layer(photo), all_layers(painting)
        J_content = CONTENT / most * costs.compute_content_cost(a_C, a_G)
        J_style = costs.compute_style_cost(a_S, a_G, layers)
        down, across = painting[:, 1:] - painting[:, :-1], painting[:, :, 1:] - painting[:, :, :-1]
        rough = tf.reduce_mean(down**2) + tf.reduce_mean(across**2)
        return costs.total_cost(J_content, J_style, lesson.alpha, lesson.beta) + lesson.smoothness * rough

    return loss


# ---------------------------------------------------------------- training


class Training:
    """A filter while it learns, for train_filter. `weights` are the best so far, `history` holds J of each step.

    `looks` holds (steps, seconds, J) of the photo that it does not learn from, `painting` what it made of that at the
    last of them: (1, n_H, n_W, 3) in [0, 1]; `before` is J of that photo itself. `stopped` says why it ended early.
    loss: in place of `loss_of`'s.
    """

    def __init__(self, lesson: Lesson, costs: Costs | None = None, loss: Callable | None = None):
        self.lesson = lesson
        self.random = np.random.default_rng(lesson.seed)
        weights = weights_in(lesson.start) if lesson.start else initial(lesson.seed)
        self.variables = {name: tf.Variable(value) for name, value in weights.items()}
        self.copying = 0 if lesson.start else COPYING
        self.learning = [each for name, each in self.variables.items() if not name.startswith("noise")]
        self.optimizer = keras.optimizers.Adam(RATE)
        self.optimizer.build(self.learning)
        self.photos = Photos(lesson.photos[:-1] or lesson.photos)
        others = np.random.default_rng(lesson.seed + 1)
        if not loss:
            pieces = [self.photos.piece(others, lesson.size) for _ in range(8)]
            loss = loss_of(lesson, costs or course_costs(), pieces)
        self.loss = loss
        self.preview = load_image(lesson.photos[-1], LOOKED_AT, min_size=SMALLEST_SIDE)
        self.before = float(self.loss(lambda photo: photo, self.preview))
        self.seconds, self.history, self.looks, self.weights, self.stopped = 0.0, [], [], None, ""
        self._compiled = tf.function(self._step), tf.function(self._copy), tf.function(self._look)

    def step(self, progress: float) -> float:
        """One step; progress: 0 at the beginning, 1 at the end. Returns J. FloatingPointError if that is not finite."""
        begin = time.monotonic()
        self.optimizer.learning_rate.assign(LAST_RATE + (RATE - LAST_RATE) * (1 + math.cos(math.pi * progress)) / 2)
        step = self._compiled[len(self.history) < self.copying]
        piece = self.photos.piece(self.random, self.lesson.small_size if progress < SMALL_UNTIL else self.lesson.size)
        start = tf.constant(self.random.integers(0, min(NOISE), 2))
        J = float(step(piece, start, *(next_picture(piece, self.random) if self.lesson.steady else ())))
        if not math.isfinite(J):
            raise FloatingPointError(
                f"step {len(self.history) + 1}: the cost J = {J} is not finite any more; the best filter so far is "
                "kept. Check the costs' formulas"
            )
        self.history.append(J)
        self.seconds += time.monotonic() - begin
        return J

    def look(self) -> None:
        """Paint the photo that it does not learn from; the weights are kept if its J was never lower."""
        begin = time.monotonic()
        J, painting = self._compiled[2]()
        J, self.painting = float(J), painting.numpy()
        best = min((each[2] for each in self.looks), default=math.inf)
        self.seconds += time.monotonic() - begin
        if len(self.history) > self.copying:
            self.looks.append((len(self.history), self.seconds, J))
            if best > J:
                self.weights = {name: each.numpy() for name, each in self.variables.items()}

    def _step(self, piece, start, place=None, moved=None):
        paintings = []

        def network(photo):
            paintings.append(painted(self.variables, photo, start))
            return paintings[-1]

        def cost():
            J = self.loss(network, piece)
            return J if moved is None else J + self.lesson.steady * unsteadiness(paintings[0], place, network(moved))

        return self._down(cost)

    def _copy(self, piece, start, *_):
        return self._down(lambda: tf.reduce_mean(tf.abs(painted(self.variables, piece, start) - piece)))

    def _look(self):
        def network(photo):
            return painted(self.variables, photo)

        return self.loss(network, self.preview), network(self.preview)

    def _down(self, cost):
        with tf.GradientTape() as tape:
            J = cost()
        gradients, _ = tf.clip_by_global_norm(tape.gradient(J, self.learning), NORM)
        self.optimizer.apply_gradients(zip(gradients, self.learning))
        return J

    def save(self, path: Path) -> None:
        """All that it takes to go on, in one file."""
        arrays = {f"weights/{name}": each.numpy() for name, each in self.variables.items()}
        arrays |= {f"best/{name}": value for name, value in (self.weights or {}).items()}
        arrays |= {f"optimizer_{i}": each.numpy() for i, each in enumerate(self.optimizer.variables)}
        arrays |= dict(seconds=self.seconds, random=json.dumps(self.random.bit_generator.state))
        arrays |= dict(history=self.history, looks=np.array(self.looks).reshape(-1, 3), image=self.painting)
        arrays["about"] = json.dumps(dict(settings=asdict(self.lesson)))
        write_atomically(path, lambda file: np.savez(file, **arrays))

    def restore(self, path: Path) -> None:
        """Go on from there; ValueError for a damaged file, or another lesson."""
        state = read_checkpoint(path)
        check_same_settings(path, state["settings"], asdict(self.lesson))
        for name, each in self.variables.items():
            each.assign(state[f"weights/{name}"])
        for i, each in enumerate(self.optimizer.variables):
            each.assign(state[f"optimizer_{i}"])
        best = {name: state[f"best/{name}"] for name in self.variables if f"best/{name}" in state}
        self.weights, self.history = best or None, list(state["history"])
        self.looks, self.painting = [tuple(each) for each in state["looks"]], state["image"]
        self.seconds, self.random.bit_generator.state = float(state["seconds"]), json.loads(str(state["random"]))


def train_filter(
    lesson: Lesson,
    folder: Path,
    costs: Costs | None = None,
    loss: Callable | None = None,
    *,
    minutes: float = 10,
    count: int | None = None,
    resume: bool = False,
    watch: Callable[[Training, float], None] = lambda training, progress: None,
) -> Training:
    """Train a filter for so many minutes, or `count` steps, and return the Training, with the best weights.

    folder: for the checkpoint, written after each look. resume: go on from there. watch: called after each step, and
    after each look, with the progress from 0 to 1; what it raises ends the training, and KeyboardInterrupt keeps what
    there is. The same lesson with the same count gives the same filter on one machine.

    FloatingPointError for a cost that is not finite, if nothing was learned before; else that is in `stopped`.
    ValueError for too few steps, pictures that cannot be used, and a checkpoint of another lesson.
    """
    if count is not None and count <= COPYING and not lesson.start:
        raise ValueError(f"{count} steps: in the first {COPYING} it only learns to copy; give more")
    training, path = Training(lesson, costs, loss), folder / CHECKPOINT
    if resume:
        training.restore(path)

    def progress():
        return len(training.history) / count if count else training.seconds / (60 * minutes)

    with alone_in(folder):
        last = training.seconds
        try:
            while progress() < 1:
                training.step(progress())
                if training.seconds - last > LOOK or progress() >= 1:
                    training.look()
                    with contextlib.suppress(OSError):  # a full disk may have room the next time
                        training.save(path)
                    last = training.seconds
                watch(training, min(progress(), 1))
        except FloatingPointError as error:  # the checkpoint stays as it was before
            if training.weights is None:
                raise
            training.stopped = f"{error}"
        except KeyboardInterrupt:
            with on_ctrl_c(signal.SIG_IGN), contextlib.suppress(OSError):
                training.stopped = STOPPED
                training.look()
                training.save(path)
    return training
