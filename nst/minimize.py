"""Fewer evaluations of the cost: L-BFGS, preconditioned, from coarse to fine. Notebook 06 explains each of them."""

import ctypes
import functools
import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tensorflow as tf

from nst.coordinates import FIRST_STEP, Pixels, Spectrum, descend
from nst.engine import traced_for_now, value_and_gradient
from nst.job import read_checkpoint
from nst.lbfgs import lbfgs
from nst.paths import OUTPUT
from nst.pictures import positive
from nst.spectrum import enlarge
from nst.training import Run
from nst.winograd import one_thread

# From a picture (1, n_H, n_W, 3) to the scalar J. One that has a method value_and_gradient, as seen.LargeCost has, is
# asked for that in place of being differentiated, and lowered with a float32 L-BFGS in little memory. One that has a
# method prepare, as seen.WholeCost has, is got ready by it, if it can be beforehand and in another thread.
Cost = Callable[[tf.Tensor], tf.Tensor]

SHOW_EVERY = 20  # evaluations between two pictures inline, each with a checkpoint
_OVERHEAD = 15_000  # an evaluation takes as long as if there were so many pixels more
_IN_BANDS = 1.45  # times the seconds for a pixel of a picture that is computed whole
_COARSEST_SIDE = 64  # below that there is too little picture left to say what the style is


@one_thread
def minimize(
    cost_function: Cost,
    image: tf.Variable,
    evaluations: int = 60,
    *,
    precondition: bool = True,
    output: str | Path | None = OUTPUT,
    settings: dict | None = None,
    resume: bool = False,
    watch: Callable[[Run], None] | None = None,
) -> list[float]:
    """Lower cost_function(image) with L-BFGS and return the history of costs, one J for each evaluation.

    cost_function: from a tensor (1, n_H, n_W, 3) to the scalar J; it is compiled with tf.function.
    image: tf.Variable (1, n_H, n_W, 3) in [0, 1], where to start; it always holds the best picture so far.
    evaluations: how often J and its gradient are computed, at most; fewer if nothing lowers J any more.
    precondition: let broad features move more easily than single pixels. L-BFGS then works on the picture's cosine
        spectrum, each frequency f weighted by f^-1/2; pixels that leave [0, 1] are clipped before J sees them, and
        pay a little. Otherwise it works on the pixels, within the bounds 0 and 1.
    output, settings, resume, watch: as in training.train, with a checkpoint after every 20 evaluations. A resumed run
        goes on from the saved picture; L-BFGS gets to know the cost's curvature anew.

    Stops, saves and raises like training.train: Ctrl-C keeps the picture, NaN raises FloatingPointError. TypeError for
    a cost function that returns no scalar, ValueError if no gradient reaches the picture.

    Liu & Nocedal (1989) for L-BFGS; Byrd, Lu, Nocedal & Zhu (1995) for the bounds. SciPy's implementation.
    """
    run = Run(
        positive("evaluations", evaluations), output, {"precondition": precondition, **(settings or {})}, watch=watch
    )
    if resume:
        run.resume(image)
    with run:
        left, large = run.total - len(run.history), _is_large(cost_function)
        _descend(run, _asked(cost_function, image), large, image, left, precondition, "L-BFGS")
        run.show(image)
    return run.history


@one_thread
def coarse_to_fine(
    problem: Callable[[int], tuple[tf.Tensor, Cost]],
    size: int,
    evaluations: int = 60,
    *,
    scales: int = 3,
    precondition: bool = True,
    output: str | Path | None = OUTPUT,
    settings: dict | None = None,
    resume: bool = False,
    watch: Callable[[Run], None] | None = None,
    finish: Callable[[tf.Variable], np.ndarray] = np.asarray,
    before_bands: Callable[[], None] | None = None,
) -> tuple[tf.Variable, list[list[float]]]:
    """Minimise first on a small picture, then on larger ones, each started from the one before, enlarged.

    problem: function that takes the longer side in pixels and returns (content image, cost function) for that size.
    size: the longer side of the result. The other scales are a half of it, a quarter ...
    evaluations: for each scale; the small ones take little time.
    scales: how many at most; pictures whose shorter side would be below 64 pixels are left out.
    precondition: as in `minimize`, at all scales but the last of several, where broad features stand already, and where
        it would leave a weave of fine lines.
    output, settings, resume, watch: as in `minimize`; output/scale_1_128px.png ... are the results of the
        scales, with their longer sides.
    finish: what is done to a picture before it is shown or saved; the returned one is without it.
    before_bands: called before the last scale if that is computed in bands and another has just been painted, which
        leaves memory behind. All is saved by then: a new process that resumes the run has that memory.

    Returns (image, history): the result as a tf.Variable, and one list of J for each scale, since the costs of
    pictures of different size cannot be compared. After Ctrl-C the result may be one of a smaller scale.

    Gatys, Ecker, Bethge, Hertzmann & Shechtman (2017), Controlling Perceptual Factors in Neural Style Transfer,
    section 6.
    """
    positive("evaluations", evaluations)
    found = [problem(positive("size", size))]
    shorter = min(found[0][0].shape[1:3])
    for n in range(1, positive("scales", scales)):
        if shorter // 2**n < _COARSEST_SIDE:
            break
        found.insert(0, problem(size // 2**n))
    images, costs = [tf.Variable(content) for content, _ in found], [cost for _, cost in found]
    del found
    pixels = [(_IN_BANDS if _is_large(cost) else 1) * np.prod(i.shape[1:3]) for i, cost in zip(images, costs)]
    work = [_OVERHEAD + each for each in pixels for _ in range(evaluations)]
    about = {"precondition": precondition, "scales": scales, "size": size, "evaluations": evaluations}
    about |= settings or {}
    run = Run(len(work), output, about, work=work, watch=watch, finish=finish)
    first = 0
    if resume and run.output and run.checkpoint.exists():
        shape = read_checkpoint(run.checkpoint)["image"].shape
        first = next((n for n, image in enumerate(images) if tuple(image.shape) == shape), 0)
        run.resume(images[first])
    ends, ahead = [], _Ahead()
    with ahead, run:
        for n in range(first, len(images)):
            image = images[n]
            if n > first:
                image.assign(enlarge(images[n - 1], image.shape[1:3]))
            if left := min(evaluations, (n + 1) * evaluations - len(run.history)):
                asked = ahead.result(n) or _asked(costs[n], image)
                for later in range(n + 1, len(images)):  # what is the learner's is compiled by now: one thread calls it
                    ahead.prepare(later, costs[later], images[later])
                broad = precondition and (n < len(images) - 1 or n == 0)
                _descend(run, asked, _is_large(costs[n]), image, left, broad, f"{max(image.shape)} px")
            name = f"scale_{n + 1}_{max(image.shape)}px.png"
            if left or n == len(images) - 1 or not (run.output and (run.output / name).exists()):
                run.show(image, name)
            ends.append(len(run.history))
            asked = costs[n] = None  # their targets and kernels, before the next scale takes its own
            if n < len(images) - 1:
                _give_back_memory()
            if before_bands and left and n == len(images) - 2 and _is_large(costs[-1]) and run.is_saved():
                before_bands()
    return run.image, [run.history[a:b] for a, b in zip([0, *ends], [*ends, None]) if run.history[a:b]]


def _descend(run, asked, large, image, evaluations, precondition, label):
    """L-BFGS on one picture; each evaluation is a step of the run. asked: from a picture to J and its gradient."""
    count, best = 0, np.inf

    def evaluate(picture):
        nonlocal count, best
        if count == evaluations:
            raise _Enough
        J, gradient = asked(picture.astype(np.float32, copy=False))
        J = J if np.isfinite(gradient).all() else np.nan
        count += 1
        if best > J:
            best = J
            image.assign(picture)
        run.step(J, image, image.numpy(), label, f"{label}, evaluation {count}")
        if count % SHOW_EVERY == 0 and count < evaluations:
            run.show(image)
        return J, gradient

    space = None if large else Spectrum(image.shape) if precondition else Pixels(image.shape)
    try:
        while count < evaluations:
            before = best
            if large:
                lbfgs(evaluate, image.numpy(), FIRST_STEP, (0, 1), run.output)
            else:
                descend(space, evaluate, image.numpy())
            if not best < before:
                break
    except _Enough:
        pass


def _is_large(cost_function):
    return hasattr(cost_function, "value_and_gradient")


def _asked(cost_function, image):
    """From a picture, an array, to J and its gradient, compiled for pictures like this one."""
    if _is_large(cost_function):
        return cost_function.value_and_gradient
    _prepare(cost_function)
    compiled = tf.function(functools.partial(value_and_gradient, cost_function))
    with traced_for_now():
        compiled = compiled.get_concrete_function(tf.TensorSpec(image.shape, tf.float32))

    def evaluate(picture):
        J, gradient = compiled(tf.constant(picture, tf.float32))
        return float(J), gradient.numpy()

    return evaluate


def _give_back_memory():
    """Return to the system what nobody needs any more: the C library would keep most of it for later."""
    gc.collect()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)  # glibc has it


def _prepare(cost_function):
    getattr(cost_function, "prepare", lambda: None)()


class _Ahead:
    """Gets the larger scales ready while the coarse ones, which do not fill two cores, are painted.

    Their targets are computed, and their functions compiled, which takes as long as ten evaluations.
    """

    def __init__(self):
        self._worker, self._left, self._asked = ThreadPoolExecutor(1), threading.Event(), {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._left.set()  # nobody waits for it; it ends at the next step
        self._worker.shutdown(wait=False, cancel_futures=True)

    def prepare(self, scale, cost_function, image):
        if scale not in self._asked and not _is_large(cost_function):
            self._asked[scale] = self._worker.submit(self._work, cost_function, image.numpy())

    def result(self, scale):
        """What asks for J at this scale, or None: then that has to be made."""
        return self._asked.pop(scale).result() if scale in self._asked else None

    def _work(self, cost_function, picture):
        _prepare(cost_function)
        if self._left.is_set():
            return None
        asked = _asked(cost_function, picture)
        if not self._left.is_set():
            asked(picture)  # the kernels are compiled when they first run
        return asked


class _Enough(Exception):
    """All evaluations are done."""
