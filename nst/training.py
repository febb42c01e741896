"""The training loop: steps, what is shown and saved on the way, stop, resume, checkpoints."""

import contextlib
import json
import math
import os
import signal
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from nst.display import Canvas, ProgressBar
from nst.engine import traced_for_now
from nst.interrupt import on_ctrl_c
from nst.job import CHECKPOINT, RESULT, check_same_settings, read_checkpoint
from nst.paths import OUTPUT
from nst.pictures import alone_in, keep_earlier, positive, read_image, save_image, write_atomically
from nst.vgg import GPUS

STILL = (
    "The picture stands still: this step did not move a pixel. Does train_step move the picture that it is given, "
    "and is the optimizer new? One that has made all its steps has a learning rate of zero"
)
Compiled = tf.types.experimental.PolymorphicFunction  # what tf.function makes


def device() -> str:
    """Return one line that says where TensorFlow computes: the first GPU it sees, else the CPU."""
    if GPUS:
        name = tf.config.experimental.get_device_details(GPUS[0]).get("device_name", GPUS[0].name)
        return f"TensorFlow {tf.__version__} on the GPU: {name}"
    return f"TensorFlow {tf.__version__} on the CPU: {os.cpu_count()} cores"


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, so that two runs on one machine paint the same picture."""
    keras.utils.set_random_seed(seed)
    tf.random.set_global_generator(tf.random.Generator.from_seed(seed))
    tf.config.experimental.enable_op_determinism()


def load_image(path: str | Path, max_size: int = 512, enlarge: bool = False, min_size: int = 0) -> tf.Tensor:
    """Read any picture as a float32 tensor (1, n_H, n_W, 3), RGB in [0, 1]; see pictures.read_image."""
    return tf.constant(read_image(path, max_size, enlarge, min_size))


def train(
    train_step: Callable[[tf.Variable], tf.Tensor],
    generated_image: tf.Variable,
    epochs: int,
    steps_per_epoch: int,
    *,
    optimizer: keras.optimizers.Optimizer | None = None,
    output: str | Path | None = OUTPUT,
    settings: dict | None = None,
    resume: bool = False,
    watch: "Callable[[Run], None] | None" = None,
) -> list[float]:
    """Paint: call `train_step(generated_image)` epochs x steps_per_epoch times and return the history of costs.

    train_step: updates the picture in place and returns J, the cost before the update. A tf.function is compiled anew,
        so that it uses what its notebook holds now; one that cannot be compiled runs uncompiled, and a line says so.
    generated_image: tf.Variable (1, n_H, n_W, 3) in [0, 1].
    optimizer: the Keras optimiser that train_step uses, so that its state goes into the checkpoint.
    output: folder for epoch_NN.png, generated_image.png and checkpoint.npz, rewritten after each epoch; None saves
        nothing. An earlier run's epochs and checkpoint are removed when the first step of this one has succeeded; its
        generated_image.png is kept as generated_image_1.png, 2 ...
    settings: a dict of what else describes the run, such as the names of its pictures (anything that JSON can hold).
    resume: go on from output/checkpoint.npz, if there is one, with the same picture and optimiser; ValueError if it
        is damaged or was saved with other settings.
    watch: called after each step with the Run (its `image`, `history`, `total`, `seconds_left()`), in place of the
        progress bar and the picture inline; what it raises ends the painting, KeyboardInterrupt as Ctrl-C does.

    Returns a list of floats, one J per step. Ctrl-C (Jupyter's stop button) keeps, saves and returns what was
    painted; before the first step there is nothing to keep, and KeyboardInterrupt is raised. A cost or pixel that is
    NaN or infinite raises FloatingPointError with epoch and step; generated_image then holds the last good picture,
    which is saved. BlockingIOError while another run holds the folder; OSError, at the end, if the picture could not
    be written there, with the place where it was put instead.
    """
    total = positive("epochs", epochs) * positive("steps_per_epoch", steps_per_epoch)
    about = {"steps_per_epoch": steps_per_epoch, **(settings or {})}
    run = Run(total, output, about, optimizer, watch=watch)
    say = print if watch is None else lambda words: None
    moved = True
    if resume:
        run.resume(generated_image)
    with run, _compiled_anew(train_step, generated_image, say) as step_once:
        good = generated_image.numpy()
        for n in range(len(run.history), total):
            epoch, step = n // steps_per_epoch + 1, n % steps_per_epoch + 1
            before = generated_image.numpy()
            J = step_once(generated_image)
            if J is None:
                raise TypeError("train_step returned None; it must return the cost J")
            last_good = before if math.isfinite(J) else good  # a cost that is not finite: its own picture was bad
            run.step(float(J), generated_image, last_good, f"epoch {epoch}/{epochs}", f"epoch {epoch}, step {step}")
            if moved and np.array_equal(before, generated_image.numpy()):
                moved = False
                say(f"{STILL} (epoch {epoch}, step {step}).")
            good = before
            if step == steps_per_epoch:
                run.show(generated_image, f"epoch_{epoch:02d}.png")
    return run.history


@contextlib.contextmanager
def _compiled_anew(train_step, image, say):
    """A tf.function with the optimiser and targets of now, for it keeps those that it met when it was compiled.

    It is compiled again, and with it the decorated functions of its notebook; what cannot be compiled runs as it is
    written. A plain function stays as it is.
    """
    plain = _undecorated(train_step)
    if plain is train_step:
        yield train_step
        return
    around = getattr(plain, "__globals__", {})
    decorated = {name: part for name, part in around.items() if isinstance(part, Compiled)}
    around.update({name: _undecorated(part) for name, part in decorated.items()})
    for name in plain.__code__.co_names if hasattr(plain, "__code__") else ():
        if isinstance(around.get(name), keras.optimizers.Optimizer) and not around[name].built:
            around[name].build([image])  # variables made while compiling are lost if that fails
    try:
        yield _compiled(plain, image, say)
    finally:
        around.update(decorated)


def _undecorated(function):
    while isinstance(function, Compiled):
        function = function.python_function
    return function


def _compiled(plain, image, say):
    compiled = tf.function(plain)
    try:
        with traced_for_now():
            compiled.get_concrete_function(image)
    except Exception as error:  # whatever the step may raise; a mistake is raised again when it runs
        reason = (str(error).strip().splitlines() or [""])[-1].strip()
        reason = textwrap.shorten(reason, 160, placeholder=" ...")
        say(f"tf.function cannot compile this step, so it runs as it is, more slowly ({reason}).")
        return plain
    return compiled


class Run:
    """A painting in the making, for train and minimize: costs, progress bar, picture inline, files, stop, resume.

    total: number of steps. output: the folder, or None. settings: what a run must share to be resumed (for JSON).
    work: how long each step takes, compared with the others. watch: see `train`. finish: what is done to the picture
    before it is shown or saved; the checkpoint has it without that.
    Used in a `with` statement; `train` says what Ctrl-C and a FloatingPointError do in there.
    `saved` holds {path: number of steps} of the pictures so far, `kept` says where the earlier result went.
    """

    def __init__(
        self,
        total: int,
        output: str | Path | None,
        settings: dict,
        optimizer: keras.optimizers.Optimizer | None = None,
        work: list[float] | None = None,
        watch: "Callable[[Run], None] | None" = None,
        finish: Callable[[tf.Variable], np.ndarray] = np.asarray,
    ):
        self.total, self.settings, self.optimizer = total, settings, optimizer
        self.work, self.watch, self.finish = work or [1] * total, watch, finish
        self.output = Path(output) if output else None
        self.history, self.image, self.saved, self.kept = [], None, {}, None
        self.checkpoint = self.output and self.output / CHECKPOINT
        self._trouble = None  # why the last attempt to save has failed

    def resume(self, image: tf.Variable) -> None:
        """Take image and history from the checkpoint, if there is one."""
        if self.output and self.checkpoint.exists():
            self.history = load_checkpoint(self.checkpoint, image, self.optimizer, self.settings)
            self.image = image

    def __enter__(self):
        self._hold = contextlib.ExitStack()
        self._earlier = []
        if self.output:
            self._hold.enter_context(alone_in(self.output))
        self._new = not self.history
        if self.output and self._new:
            found = (self.output.glob(pattern) for pattern in ("epoch_*.png", "scale_*.png"))
            self._earlier = [*(path for paths in found for path in paths), self.checkpoint]
        self.canvas = Canvas(self.watch is None)
        self.bar = ProgressBar(self.work, len(self.history), self.watch is None)
        return self

    def __exit__(self, kind, error, trace):
        with on_ctrl_c(signal.SIG_IGN), self._hold:  # whoever presses Ctrl-C again must not lose what is being saved
            self.bar.close()
            if kind is FloatingPointError:
                self._save(RESULT, checkpoint=False)
            if kind and issubclass(kind, OSError):
                self._save(RESULT)
            if kind is KeyboardInterrupt and self.history:
                self._save(RESULT)
                self.canvas.draw(self.picture(), self.history)
                if self.watch is None:
                    kept = " The picture is saved; resume=True goes on from here." if self.output else ""
                    print(f"Stopped after {len(self.history)} of {self.total} steps.{kept}")
                kind = None
            if (kind is None or issubclass(kind, OSError)) and self._trouble:
                self._rescue()
        return kind is None

    def step(self, J: float, image: tf.Variable, last_good: np.ndarray, label: str, where: str) -> None:
        """Count one step: its cost J, the picture after it, and the one to go back to if it is broken."""
        self.image = image
        if not (math.isfinite(J) and np.isfinite(image.numpy()).all()):
            image.assign(last_good)
            raise FloatingPointError(
                f"{where}: the cost J = {J} or the picture is not finite any more. "
                "The last good picture is kept. Try a smaller learning rate, and check the costs' formulas"
            )
        self.history.append(J)
        while self._earlier:
            self._earlier.pop().unlink(missing_ok=True)
        self.bar.step(label, J)
        if self.watch:
            self.watch(self)

    def seconds_left(self) -> float | None:
        """An estimate from the last steps; None before the second."""
        return self.bar.seconds_left()

    def show(self, image: tf.Variable, *names: str) -> None:
        """Show the picture with its cost curve, and save it as generated_image.png and under `names`."""
        self.image = image
        self._save(*names, RESULT)
        self.canvas.draw(self.picture(), self.history)

    def is_saved(self) -> bool:
        """Was there room for what was last to be saved, and is it in a folder?"""
        return bool(self.output) and self._trouble is None

    def picture(self) -> np.ndarray:
        """The picture as it is shown and saved."""
        return self.finish(self.image)

    def _save(self, *names, checkpoint=True):
        """Save picture and checkpoint; a disk that is full now may have room at the next attempt."""
        if not (self.output and self.history):
            return
        try:
            picture = self.picture()
            for name in names:
                path = self.output / name
                if name == RESULT and self._new and path not in self.saved:
                    self.kept = keep_earlier(path) or self.kept
                save_image(picture, path)
                self.saved.setdefault(path, len(self.history))
            if checkpoint:
                about = (self.history, self.total, self.settings, picture)
                save_checkpoint(self.checkpoint, self.image, self.optimizer, *about)
            self._trouble = None
        except OSError as error:
            self._trouble = error

    def _rescue(self):
        """Put the picture where there is room, and say so."""
        problem = f"{self.output}: {self._trouble.strerror or self._trouble}"
        path = Path(tempfile.mkdtemp(prefix="nst-")) / RESULT
        save_image(self.picture(), path)
        raise OSError(f"{problem}; the picture is in {path} instead") from self._trouble


# ---------------------------------------------------------------- checkpoints


def save_checkpoint(
    path: Path,
    image: tf.Variable,
    optimizer: keras.optimizers.Optimizer | None,
    history: list[float],
    total: int,
    settings: dict,
    picture: np.ndarray | None = None,
) -> None:
    """Save the state of a run, so that a killed one can go on as if nothing had happened.

    total: steps planned. picture: what `image` looks like when it is shown, if that is not the same.
    """
    arrays = {f"optimizer_{i}": v.numpy() for i, v in enumerate(optimizer.variables if optimizer else [])}
    if picture is not None and not np.array_equal(picture, image.numpy()):
        arrays["picture"] = picture
    about = json.dumps({"settings": settings})
    write_atomically(
        path, lambda file: np.savez(file, image=image.numpy(), history=history, total=total, about=about, **arrays)
    )


def load_checkpoint(
    path: Path, image: tf.Variable, optimizer: keras.optimizers.Optimizer | None, settings: dict
) -> list[float]:
    """Put the state of save_checkpoint back into image and optimizer, and return the history.

    Raises ValueError for a damaged file, another shape of picture, other settings or another optimiser.
    """
    state = read_checkpoint(path)
    check_same_settings(path, state["settings"], settings)
    if optimizer and not optimizer.built:
        optimizer.build([image])
    variables = optimizer.variables if optimizer else []
    saved = [state[name] for name in state if name.startswith("optimizer_")]
    for name, before, now in (
        ("a picture of shape", state["image"].shape, tuple(image.shape)),
        ("an optimiser with variables", [v.shape for v in saved], [tuple(v.shape) for v in variables]),
    ):
        if before != now:
            raise ValueError(f"{path}: saved with {name} {before}, not {now}; start anew (resume=False)")
    image.assign(state["image"])
    for variable, value in zip(variables, saved):
        variable.assign(value)
    return state["history"]
