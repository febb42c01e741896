"""The one way from a Job to a picture, given the learner's cost functions; notebook 07 explains each control.

Gatys, Ecker, Bethge, Hertzmann & Shechtman (2017), Controlling Perceptual Factors in Neural Style Transfer.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nst.areas import covered, load_masks, shares
from nst.colors import artworks_of, is_grey, keep_colors, roughness
from nst.job import Job
from nst.minimize import Cost, coarse_to_fine
from nst.notebooks import COST_FUNCTIONS, functions_from
from nst.palette import palette_distance
from nst.paths import notebooks_folder
from nst.pictures import read_image
from nst.seen import LargeCost, Parts, WholeCost, colorless, model_for, together
from nst.strength import PALETTE, beta_of, equal_content, equal_layers, focus, squashed
from nst.tiles import TiledModel
from nst.training import Run, load_image


class Costs(NamedTuple):
    """What a learner has written: the three cost functions, and the style layers with their weights."""

    compute_content_cost: Callable
    compute_style_cost: Callable
    total_cost: Callable
    style_layers: list[tuple[str, float]]


def course_costs(folder: str | Path | None = None) -> Costs:
    """The functions in the notebooks of a folder: by default the worked ones, or in a learner's copy their own.

    Raises what functions_from raises: NotImplementedError, say, for an exercise that is not finished yet.
    """
    folder = Path(folder or notebooks_folder())
    content, (style, layers), total = (functions_from(folder / name, *wanted) for name, wanted in COST_FUNCTIONS)
    return Costs(content, style, total, layers)


def paint(
    job: Job,
    costs: Costs | None = None,
    *,
    output: str | Path | None = None,
    resume: bool = False,
    watch: Callable[[Run], None] | None = None,
    before_bands: Callable[[], None] | None = None,
) -> tuple[np.ndarray, list[list[float]]]:
    """Paint a job; the same job gives the same picture, whoever asks for it.

    costs: the learner's functions; those of the course's notebooks by default.
    output, resume, watch, before_bands: as in minimize.coarse_to_fine, which also says what it raises.

    Returns (image, histories): an array (1, n_H, n_W, 3) in [0, 1], and J for each scale.
    """
    finish = functools.partial(finished, job)
    image, histories = coarse_to_fine(
        problem(job, costs),
        job.size,
        job.evaluations,
        output=output,
        settings=asdict(job),
        resume=resume,
        watch=watch,
        finish=finish,
        before_bands=before_bands,
    )
    return finish(image), histories


def problem(job: Job, costs: Costs | None = None) -> Callable[[int], tuple[tf.Tensor, Cost]]:
    """Return a function from the longer side in pixels to (photo, cost function), for coarse_to_fine.

    The cost is total_cost of the learner's content cost, and of the shares of their style costs, both made equal for
    any pictures if the job has a strength, plus the distance from the artworks' palette and smoothness times the total
    variation. The content counts more where the photo has detail. The learner's functions get what seen.py says. What
    the artworks give is computed once for each size.
    """
    costs = costs or course_costs()

    def at_size(size):
        photo = load_image(job.content, size, enlarge=True)
        artworks = _artworks(job, size, photo)
        grey = all(map(is_grey, [photo, *artworks]))
        photo = colorless(photo) if grey else photo
        model = model_for([name for name, _ in costs.style_layers], photo)
        if isinstance(model, TiledModel):  # the artworks are read again then: meanwhile they would take memory
            return photo, LargeCost(lambda: _parts(job, costs, model, photo, _artworks(job, size, photo)), grey)
        return photo, WholeCost(lambda: _parts(job, costs, model, photo, artworks), grey)

    return at_size


def _parts(job, costs, model, photo, artworks):
    """The parts of the cost for these pictures, in a Parts."""
    masks = load_masks(job.masks, photo, len(artworks))
    weights = shares(job.weights or [1] * len(job.styles))
    parts = covered(masks, weights) if masks else weights
    beta = beta_of(job)
    of_picture = []
    if job.palette:
        distance = palette_cost(artworks, parts, masks)
        of_picture.append(lambda image: beta * PALETTE * job.palette * distance(image))
    if job.smoothness:
        of_picture.append(lambda image: job.smoothness * total_variation(image))
    layers = [costs.style_layers] * len(artworks)
    targets = [model.seen(artwork)[0] for artwork in artworks]
    seen_C = _for_each(model.seen(photo, masks), artworks)
    a_C, detail = seen_C[0], focus(job, photo, seen_C[0][-1].shape[1:3])
    a_C = [*a_C[:-1], a_C[-1] * detail]

    def content_cost(a_C, a_G):
        return costs.compute_content_cost(a_C, [*a_G[:-1], a_G[-1] * detail])

    if job.strength is not None:
        layers = [equal_layers(costs.compute_style_cost, costs.style_layers, a_S, a) for a_S, a in zip(targets, seen_C)]
        flat = [tf.constant(squashed(artwork, photo)) for artwork in artworks]
        J_artwork = sum(w * float(content_cost(a_C, model.seen(each)[0])) for w, each in zip(parts, flat))
        content_cost = functools.partial(equal_content, content_cost, J_artwork)

    def J(seen_G):
        J_style = sum(
            w * costs.compute_style_cost(a_S, a, own)
            for w, a_S, a, own in zip(parts, targets, _for_each(seen_G, artworks), layers)
        )
        return costs.total_cost(content_cost(a_C, seen_G[0]), J_style, job.alpha, beta)

    return Parts(model, masks, J, together(of_picture))


def _for_each(seen, artworks):
    """What is seen under each mask; without masks the same for each artwork."""
    return seen if len(seen) == len(artworks) else seen * len(artworks)


def finished(job: Job, image: tf.Tensor) -> np.ndarray:
    """The painting as an array, with the photo's colours if the job says so."""
    return keep_colors(_photo(job.content, max(image.shape)), image) if job.keep_colors else np.asarray(image)


@functools.lru_cache(maxsize=4)
def _photo(path: str, size: int) -> np.ndarray:
    return read_image(path, size, enlarge=True)


def _artworks(job: Job, size: int, photo: tf.Tensor) -> list[tf.Tensor]:
    return [tf.constant(artwork) for artwork in artworks_of(job, size, photo)]


# ---------------------------------------------------------------- costs of the picture itself


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """The total variation of a picture, divided by the number of pixels, a scalar: colors.roughness for TensorFlow."""
    return _from_numpy(roughness)(image)


def palette_cost(
    artworks: Sequence[tf.Tensor], weights: Sequence[float], masks: Sequence[tf.Tensor] = ()
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function from a picture (1, n_H, n_W, 3) to how far its colours are from the artworks', a scalar.

    See palette.palette_distance, of which this is the same for TensorFlow.
    """
    return _from_numpy(palette_distance(artworks, weights, masks))


def _from_numpy(value_and_gradient):
    """A cost of a picture for TensorFlow, of a function from an array to the cost and its gradient, both float32.

    Of TensorFlow's own operations, total variation would not always be the same: their gradients are added up in
    whatever order buffers get free, which changes the last digit and, after many steps, the picture.
    """

    @tf.custom_gradient
    def cost(image):
        J, gradient = tf.numpy_function(value_and_gradient, [image], (tf.float32, tf.float32), stateful=False)
        J.set_shape([]), gradient.set_shape(image.shape)
        return J, lambda upstream: upstream * gradient

    return cost
