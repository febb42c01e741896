"""What the notebooks share and no lesson is about: pictures, VGG-19, the training loop, display.

Import it before TensorFlow: it silences TensorFlow's start-up messages, which only works beforehand.
Pictures are float32 arrays or tensors of shape (1, n_H, n_W, 3), RGB, values in [0, 1].
"""

import collections
import hashlib
import io
import math
import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats
from tqdm import tqdm

from nst_notebooks import functions_from as functions_from  # the notebooks take these from here
from nst_pictures import IMAGES as IMAGES
from nst_pictures import OUTPUT, ROOT, positive, read_image, save_image, to_uint8

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_stderr = os.dup(2)  # TensorFlow's start-up messages come from C++ and go straight to file descriptor 2
try:
    with open(os.devnull, "w") as _nowhere:
        os.dup2(_nowhere.fileno(), 2)
    import keras
    import tensorflow as tf

    from nst_checkpoint import load_checkpoint, save_checkpoint

    GPUS = tf.config.list_physical_devices("GPU")
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)

WEIGHTS = ROOT / "weights" / "vgg19_notop_q8.npz"
WEIGHTS_SHA256 = "aae0fd7f00aebcf886e496a84ac50827b3c85026784fc7ae365b5625f37a7d61"

# The average activation of each layer over the photographs in images/content/, at most 384 px
# (tests/test_vgg19.py measures it again). The feature model divides by it, see feature_model().
_MEANS = [[22, 95.8], [108, 90.6], [107, 139, 296, 406], [449, 290, 156, 36.9], [42.1, 17.7, 7.1, 1.03]]
MEAN_ACTIVATION = {f"block{b}_conv{c}": mean for b, row in enumerate(_MEANS, 1) for c, mean in enumerate(row, 1)}

_in_notebook = hasattr(get_ipython(), "kernel")
if _in_notebook:
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": 88})
for _gpu in GPUS:
    tf.config.experimental.set_memory_growth(_gpu, True)


# ---------------------------------------------------------------- the machine


def device():
    """Return one line that says where TensorFlow computes: the first GPU it sees, else the CPU."""
    if GPUS:
        name = tf.config.experimental.get_device_details(GPUS[0]).get("device_name", GPUS[0].name)
        return f"TensorFlow {tf.__version__} on the GPU: {name}"
    return f"TensorFlow {tf.__version__} on the CPU: {os.cpu_count()} cores"


def set_seed(seed):
    """Seed Python, NumPy and TensorFlow, so that two runs on one machine paint the same picture."""
    keras.utils.set_random_seed(seed)
    tf.random.set_global_generator(tf.random.Generator.from_seed(seed))
    tf.config.experimental.enable_op_determinism()


# ---------------------------------------------------------------- pictures


def load_image(path, max_size=512, enlarge=False):
    """Read any picture as a float32 tensor (1, n_H, n_W, 3), RGB in [0, 1]; see nst_pictures.read_image."""
    return tf.constant(read_image(path, max_size, enlarge))


def show_images(*images, titles=(), columns=4):
    """Show any number of pictures side by side, `columns` a row, each with its title if it has one."""
    if not images:
        raise ValueError("show_images needs at least one picture")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    shape = to_uint8(images[0]).shape
    width = 11 / columns if columns > 1 else 7
    figure, axes = plt.subplots(
        rows, columns, squeeze=False, figsize=(width * columns, (width * shape[0] / shape[1] + 0.3) * rows)
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, image in zip(axes.flat, images):
        axis.imshow(to_uint8(image))
    for axis, title in zip(axes.flat, titles):
        axis.set_title(title, fontsize=10)
    figure.tight_layout()
    plt.show()


# ---------------------------------------------------------------- VGG-19


def load_vgg19(weights=WEIGHTS):
    """Build Keras' VGG-19 without its classifier, frozen, with ImageNet weights (Simonyan & Zisserman 2015).

    `weights`: the bundled 8-bit file (the default, no network), "imagenet" for Keras' own full-precision
    download, or the path of a Keras `.h5` file.

    Raises FileNotFoundError or ValueError for a missing or damaged file, ConnectionError when the download fails;
    each says what to do.
    """
    if weights == "imagenet":
        try:
            network = keras.applications.VGG19(include_top=False, weights="imagenet")
        except Exception as error:
            raise ConnectionError(
                f"Keras' VGG-19 could not be downloaded ({error}). load_vgg19() needs no network: it takes {WEIGHTS}"
            ) from error
        network.trainable = False
        return network
    path = Path(weights)
    remedy = f"get it back with: git checkout -- {WEIGHTS.relative_to(ROOT)}" if path == WEIGHTS else "check the path"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such weights file; {remedy}")
    network = keras.applications.VGG19(include_top=False, weights=None)
    network.trainable = False
    if path.suffix == ".h5":
        try:
            network.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{path}: not the weights of VGG-19 without its classifier ({error})") from error
        return network
    if hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{path}: the file is damaged or another one (wrong sha256); {remedy}")
    with np.load(path) as packed:
        for name in MEAN_ACTIVATION:
            kernel = packed[f"{name}_table"][packed[f"{name}_idx"]]
            network.get_layer(name).set_weights([kernel, packed[f"{name}_b"]])
    return network


def with_average_pooling(vgg):
    """Return a copy of the network that takes the mean of each 2 x 2 where VGG-19 takes the largest.

    Gatys, Ecker & Bethge (2016), section 2, found it to give slightly more appealing results. Deep activations become
    smaller by it.
    """

    def replaced(layer):
        if isinstance(layer, keras.layers.MaxPooling2D):
            return keras.layers.AveragePooling2D(2, 2, name=layer.name)
        return layer.from_config(layer.get_config())

    network = keras.models.clone_model(vgg, clone_function=replaced)
    network.set_weights(vgg.get_weights())
    network.trainable = False
    return network


def layers_checked(layer_names):
    """Return the names as a list; ValueError for none, and for a name that is no convolution layer of VGG-19."""
    names = list(layer_names)
    unknown = [name for name in names if name not in MEAN_ACTIVATION]
    if unknown or not names:
        raise ValueError(f"unknown layers {unknown}; choose from: {', '.join(MEAN_ACTIVATION)}")
    return names


def preprocess(picture):
    """What VGG-19 was trained on, from RGB in [0, 1]: 0..255, BGR, minus the ImageNet mean."""
    return keras.applications.vgg19.preprocess_input(picture * 255.0)


def feature_model(vgg, layer_names):
    """Return a function from pictures (batch, n_H, n_W, 3), RGB in [0, 1], to a list of activations.

    The list is in the order of `layer_names`; entry l has shape (batch, n_H of l, n_W of l, n_C of l). VGG's
    preprocessing (0..255, BGR, minus the ImageNet mean) is inside, and no layer beyond the deepest one asked for is
    computed. Each layer's activations are divided by their average over photographs, so that all layers speak
    equally loud. (Gatys, Ecker & Bethge (2016), section 2, rescale each filter to a mean activation of one.)

    Raises ValueError for an empty list and for an unknown layer name; the message lists the valid ones.
    """
    names = layers_checked(layer_names)
    layers = keras.Model(vgg.input, [vgg.get_layer(name).output for name in names])

    def vgg_model_outputs(picture):
        activations = keras.tree.flatten(layers(preprocess(picture)))
        return [a / MEAN_ACTIVATION[name] for name, a in zip(names, activations)]

    return vgg_model_outputs


# ---------------------------------------------------------------- training


def train(
    train_step,
    generated_image,
    epochs,
    steps_per_epoch,
    *,
    optimizer=None,
    output=OUTPUT,
    settings=None,
    resume=False,
    watch=None,
):
    """Paint: call `train_step(generated_image)` epochs x steps_per_epoch times and return the history of costs.

    train_step: updates the picture in place and returns J, the cost before the update.
    generated_image: tf.Variable (1, n_H, n_W, 3) in [0, 1].
    optimizer: the Keras optimiser that train_step uses, so that its state goes into the checkpoint.
    output: folder for epoch_NN.png, generated_image.png and checkpoint.npz, rewritten after each epoch; None saves
        nothing. An earlier run's epochs and checkpoint are removed when the first step of this one has succeeded.
    settings: a dict of what else describes the run, such as the names of its pictures (anything that JSON can hold).
    resume: go on from output/checkpoint.npz, if there is one, with the same picture, optimiser and random numbers;
        ValueError if it is damaged or was saved with other settings.
    watch: called after each step with the Run (its `image`, `history`, `total`, `seconds_left()`), in place of the
        progress bar and the picture inline; what it raises ends the painting, KeyboardInterrupt as Ctrl-C does.

    Returns a list of floats, one J per step. Ctrl-C (Jupyter's stop button) keeps, saves and returns what was
    painted; before the first step there is nothing to keep, and KeyboardInterrupt is raised. A cost or pixel that is
    NaN or infinite raises FloatingPointError with epoch and step; generated_image then holds the last good picture,
    which is saved.
    """
    total = positive("epochs", epochs) * positive("steps_per_epoch", steps_per_epoch)
    about = {"steps_per_epoch": steps_per_epoch, **(settings or {})}
    run = Run(total, output, about, optimizer, watch=watch)
    if resume:
        run.resume(generated_image)
    with run:
        good = generated_image.numpy()
        for n in range(len(run.history), total):
            epoch, step = n // steps_per_epoch + 1, n % steps_per_epoch + 1
            before = generated_image.numpy()
            J = train_step(generated_image)
            if J is None:
                raise TypeError("train_step returned None; it must return the cost J")
            last_good = before if math.isfinite(J) else good  # a cost that is not finite: its own picture was bad
            run.step(float(J), generated_image, last_good, f"epoch {epoch}/{epochs}", f"epoch {epoch}, step {step}")
            good = before
            if step == steps_per_epoch:
                run.show(generated_image, f"epoch_{epoch:02d}.png")
    return run.history


class Run:
    """A painting in the making, for train and minimize: costs, progress bar, picture inline, files, stop, resume.

    total: number of steps. output: the folder, or None. settings: what a run must share to be resumed (for JSON).
    work: how long each step takes, compared with the others. watch: see `train`.
    Used in a `with` statement; `train` says what Ctrl-C and a FloatingPointError do in there.
    """

    def __init__(self, total, output, settings, optimizer=None, work=None, watch=None):
        self.total, self.settings, self.optimizer = total, settings, optimizer
        self.work, self.watch = work or [1] * total, watch
        self.output = output and Path(output)
        self.history, self.image = [], None
        self.checkpoint = self.output and self.output / "checkpoint.npz"

    def resume(self, image):
        """Take image (tf.Variable) and history from the checkpoint, if there is one."""
        if self.output and self.checkpoint.exists():
            self.history = load_checkpoint(self.checkpoint, image, self.optimizer, self.settings)
            self.image = image

    def __enter__(self):
        self.earlier = []
        if self.output and not self.history:
            self.earlier = [*self.output.glob("epoch_*.png"), self.checkpoint]
        self.canvas = _Canvas(self.watch is None)
        self.bar = _ProgressBar(self.work, len(self.history), self.watch is None)
        return self

    def __exit__(self, kind, error, trace):
        self.bar.close()
        if kind is FloatingPointError:
            self._save("generated_image.png", checkpoint=False)
        if kind is not KeyboardInterrupt or not self.history:
            return False
        self._save("generated_image.png")
        self.canvas.draw(self.image, self.history)
        if self.watch is None:
            kept = " The picture is saved; resume=True goes on from here." if self.output else ""
            print(f"Stopped after {len(self.history)} of {self.total} steps.{kept}")
        return True

    def step(self, J, image, last_good, label, where):
        """Count one step: its cost J, the picture after it (tf.Variable), and the one to go back to if it is broken."""
        self.image = image
        if not (math.isfinite(J) and np.isfinite(image.numpy()).all()):
            image.assign(last_good)
            raise FloatingPointError(
                f"{where}: the cost J = {J} or the picture is not finite any more. "
                "The last good picture is kept. Try a smaller learning rate, and check the costs' formulas"
            )
        self.history.append(J)
        while self.earlier:
            self.earlier.pop().unlink(missing_ok=True)
        self.bar.step(label, J)
        if self.watch:
            self.watch(self)

    def seconds_left(self):
        """An estimate from the last steps; None before the second."""
        return self.bar.seconds_left()

    def show(self, image, *names):
        """Show the picture with its cost curve, and save it as generated_image.png and under `names`."""
        self.image = image
        self._save(*names, "generated_image.png")
        self.canvas.draw(image, self.history)

    def _save(self, *names, checkpoint=True):
        if not (self.output and self.history):
            return
        for name in names:
            save_image(self.image, self.output / name)
        if checkpoint:
            save_checkpoint(self.checkpoint, self.image, self.optimizer, self.history, self.total, self.settings)


def plot_costs(histories, axis=None):
    """Plot {label: list of J per step} on a logarithmic axis."""
    axis = axis or plt.figure(figsize=(7, 3.5)).gca()
    for label, history in histories.items():
        axis.semilogy(range(1, len(history) + 1), history, label=label)
    axis.set_xlabel("step")
    axis.set_ylabel("cost J")
    axis.grid(alpha=0.3, which="both")
    if len(histories) > 1:
        axis.legend()


class Place:
    """One output of a notebook, in which each new thing takes the place of the one before."""

    handle = None

    def show(self, thing, **options):
        if self.handle:
            self.handle.update(thing, **options)
        else:
            self.handle = display(thing, display_id=True, **options)

    def say(self, text, **about):
        """Show a line of text; outside a notebook, print it."""
        if _in_notebook:
            self.show({"text/plain": text}, raw=True, metadata=about)
        else:
            print(text)


class _Canvas:
    """Shows the picture beside its cost curve, in one notebook output that is updated in place."""

    def __init__(self, visible):
        self.place, self.visible = Place(), visible and _in_notebook

    def draw(self, image, history):
        if not self.visible:
            return
        figure = Figure(figsize=(11, 4), layout="tight")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        left.imshow(to_uint8(image))
        left.axis("off")
        plot_costs({"J": history}, right)
        self.place.show(figure)


class _ProgressBar(tqdm):
    """tqdm's bar: in a notebook drawn in one output, updated in place (no stderr, no widgets); else on stderr."""

    def __init__(self, work, done, visible):
        self.place, self.work, self.done, self.visible = Place(), work, done, visible
        self.label, self.last, self.recent = "", (0, None), collections.deque(maxlen=10)  # of (seconds, work)
        file = None if visible and not _in_notebook else io.StringIO()
        total, initial = sum(work), sum(work[:done])
        super().__init__(total=total, initial=initial, bar_format=self._layout(), ascii=False, file=file)

    def _layout(self, cost=""):
        left = self.seconds_left()
        left = "?" if left is None else self.format_interval(left)
        return f"{self.label} |{{bar:24}}| step {self.done}/{len(self.work)}{cost}, {left} left"

    def step(self, label, cost):
        now, work = time.perf_counter(), self.work[min(self.done, len(self.work) - 1)]
        before, work_before = self.last
        if work == work_before:  # the first step of its size compiles, and says nothing about the others
            self.recent.append((now - before, work))
        self.label, self.last, self.done = label, (now, work), self.done + 1
        self.bar_format = self._layout(f", J {cost:.3e}")
        self.update(work)

    def seconds_left(self):
        if not self.recent:
            return None
        seconds, work = map(sum, zip(*self.recent))
        return sum(self.work[self.done :]) * seconds / work

    def display(self, msg=None, pos=None):
        if not self.visible:
            return
        if not _in_notebook:
            return super().display(msg, pos)
        self.place.say(str(self), nst_progress=True)
