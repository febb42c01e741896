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

from nst.engine import compact, fast_feature_model
from nst.job import Job
from nst.minimize import Cost, coarse_to_fine
from nst.notebooks import COST_FUNCTIONS, functions_from
from nst.paths import notebooks_folder
from nst.pictures import SMALLEST_SIDE, read_image
from nst.strength import detail_map, equal_content, equal_layers, position_weights
from nst.training import Run, load_image
from nst.vgg import load_vgg19

CONTENT_LAYER = "block4_conv2"
SMALLEST_ARTWORK = 64  # pixels, the longer side: a smaller one would have no strokes left
GREY = 0.02  # two channels that differ no more are equal: a JPEG's grey is not quite grey


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
) -> tuple[np.ndarray, list[list[float]]]:
    """Paint a job; the same job gives the same picture, whoever asks for it.

    costs: the learner's functions; those of the course's notebooks by default.
    output, resume, watch: as in minimize.coarse_to_fine, which also says what it raises.

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
    )
    return finish(image), histories


def problem(job: Job, costs: Costs | None = None) -> Callable[[int], tuple[tf.Tensor, Cost]]:
    """Return a function from the longer side in pixels to (photo, cost function), for coarse_to_fine.

    The cost is total_cost of the learner's content cost, and of the shares of their style costs, both made equal for
    any pictures if the job has a strength, plus smoothness times the total variation. The content counts more where
    the photo has detail. The style cost gets compact volumes, see engine.compact. Those of the artworks hold
    their Gram matrices, and are computed once for each size.
    """
    costs = costs or course_costs()
    model = _feature_model(tuple(name for name, _ in costs.style_layers))
    weights = shares(job.weights or [1] * len(job.styles))
    beta = job.beta if job.strength is None else job.beta * 2.0 ** (job.strength - 5)

    def at_size(size):
        photo = load_image(job.content, size, enlarge=True)
        artworks = _artworks(job, size, photo)
        grey = all(map(_is_grey, [photo, *artworks]))
        photo = _without_colors(photo) if grey else photo
        a_C, targets = model(photo), [_for_style(model(artwork)) for artwork in artworks]
        masks = [load_mask(path, photo) for path in job.masks]
        if 0 < len(masks) < len(targets):
            masks.append(tf.maximum(1 - sum(masks), 0.0))
        parts = areas(masks, weights) if masks else weights
        focus = (0.1 + load_mask(job.detail_mask, photo) if job.detail_mask else detail_map(photo)) ** job.detail
        layers = [costs.style_layers] * len(targets)

        def content_cost(a_C, a_G):
            a_C, a_G = ([*styles, under_mask(content, focus)] for *styles, content in (a_C, a_G))
            return costs.compute_content_cost(a_C, a_G)

        def seen(volumes):
            return [_for_style(volumes, mask) for mask in masks] or [_for_style(volumes)] * len(targets)

        if job.strength is not None:
            layers = [
                equal_layers(costs.compute_style_cost, costs.style_layers, a_S, a) for a_S, a in zip(targets, seen(a_C))
            ]
            squashed = [tf.image.resize(artwork, photo.shape[1:3], antialias=True) for artwork in artworks]
            J_artwork = sum(w * content_cost(a_C, model(each)) for w, each in zip(parts, squashed))
            content_cost = functools.partial(equal_content, content_cost, float(J_artwork))

        def cost(image):
            image = _without_colors(image) if grey else image  # no colour can lower the cost, so none comes up
            a_G = model(image)
            J_style = sum(
                w * costs.compute_style_cost(a_S, a, own) for w, a_S, a, own in zip(parts, targets, seen(a_G), layers)
            )
            J = costs.total_cost(content_cost(a_C, a_G), J_style, job.alpha, beta)
            return J + job.smoothness * roughness(image) if job.smoothness else J

        return photo, cost

    return at_size


def finished(job: Job, image: tf.Tensor) -> np.ndarray:
    """The painting as an array, with the photo's colours if the job says so."""
    if job.keep_colors:
        image = keep_colors(_photo(job.content, max(image.shape)), image)
    return np.asarray(image)


@functools.lru_cache(maxsize=4)
def _photo(path: str, size: int) -> np.ndarray:
    return read_image(path, size, enlarge=True)


@functools.cache
def _feature_model(style_names: tuple[str, ...]) -> Callable:
    return fast_feature_model(load_vgg19(), [*style_names, CONTENT_LAYER])


def _for_style(volumes: list[tf.Tensor], mask: tf.Tensor | None = None) -> list[tf.Tensor]:
    """What the style cost gets: compact volumes, under a mask if there is one; the content layer stays as it is."""
    *styles, content = volumes
    return [*(compact(volume if mask is None else under_mask(volume, mask)) for volume in styles), content]


def _artworks(job: Job, size: int, photo: tf.Tensor) -> list[tf.Tensor]:
    longer = max(round(job.brush * size), SMALLEST_ARTWORK)
    artworks = [load_image(path, longer, enlarge=True, min_size=SMALLEST_SIDE) for path in job.styles]
    return [match_colors(artwork, photo) for artwork in artworks] if job.match_colors else artworks


# ---------------------------------------------------------------- colours


def keep_colors(photo: tf.Tensor, painting: tf.Tensor) -> tf.Tensor:
    """The brightness of the painting with the colours of the photo; both (1, n_H, n_W, 3) in [0, 1]."""
    Y = tf.image.rgb_to_yiq(painting)[..., :1]
    IQ = tf.image.rgb_to_yiq(photo)[..., 1:]
    return tf.clip_by_value(tf.image.yiq_to_rgb(tf.concat([Y, IQ], axis=-1)), 0.0, 1.0)


def match_colors(artwork: tf.Tensor, photo: tf.Tensor) -> tf.Tensor:
    """The artwork with the mean and the covariance of the photo's colours, but for what is clipped at 0 and 1."""
    mean_S, root_S = _mean_and_root(artwork)
    mean_C, root_C = _mean_and_root(photo)
    pixels = (np.reshape(artwork, (-1, 3)) - mean_S) @ np.linalg.solve(root_S, root_C) + mean_C
    return tf.constant(pixels.clip(0, 1).reshape(artwork.shape), tf.float32)


def _mean_and_root(image: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The mean colour (3,) and the square root (3, 3) of the covariance of the colours."""
    pixels = np.reshape(image, (-1, 3)).astype(np.float64)
    variances, directions = np.linalg.eigh(np.cov(pixels.T) + 1e-5 * np.eye(3))  # grey pictures have none
    return pixels.mean(axis=0), directions * np.sqrt(variances) @ directions.T


def _is_grey(image: tf.Tensor) -> bool:
    return bool(np.ptp(image, axis=-1).max() <= GREY)


def _without_colors(image: tf.Tensor) -> tf.Tensor:
    return tf.repeat(tf.reduce_mean(image, axis=-1, keepdims=True), 3, axis=-1)


# ---------------------------------------------------------------- several styles, and where


def shares(weights: Sequence[float]) -> list[float]:
    """The weights as shares that sum to 1."""
    return [weight / sum(weights) for weight in weights]


def areas(masks: Sequence[tf.Tensor], weights: Sequence[float]) -> list[float]:
    """The shares of the styles: their weights times the part of the picture that their masks cover."""
    covered = [weight * float(tf.reduce_mean(mask)) for weight, mask in zip(weights, masks, strict=True)]
    if sum(covered) == 0:
        raise ValueError(
            f"the masks ({len(masks)}) cover nothing: there must be white in one whose style has a weight above 0"
        )
    return shares(covered)


def load_mask(path: str | Path, photo: tf.Tensor) -> tf.Tensor:
    """A grey picture as weights (1, n_H, n_W, 1) in [0, 1], as large as the photo; ValueError for another shape."""
    _, n_H, n_W, _ = photo.shape
    mask = tf.reduce_mean(load_image(path, max_size=max(n_H, n_W), enlarge=True), axis=-1, keepdims=True)
    if abs(mask.shape[1] - n_H) > 1 or abs(mask.shape[2] - n_W) > 1:
        sizes = f"{mask.shape[2]} x {mask.shape[1]}, and the photo {n_W} x {n_H}"
        raise ValueError(f"{path}: at this size the mask is {sizes}: draw it on the photo, so that both have one shape")
    return tf.image.resize(mask, (n_H, n_W))


def under_mask(volume: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Activations whose Gram matrix is the average under the mask."""
    return volume * tf.sqrt(position_weights(mask, volume.shape[1:3]))


# ---------------------------------------------------------------- smoothness


@tf.custom_gradient
def roughness(image: tf.Tensor) -> tf.Tensor:
    """The total variation, the sum of absolute differences between neighbours, divided by the number of pixels.

    As tf.image.total_variation, but for its gradient: TensorFlow adds the parts of that in whatever order their buffers
    get free, which changes the last digit and, after many steps, the picture.
    """
    _, n_H, n_W, _ = image.shape
    down, across = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]

    def backward(upstream):
        down_signs, across_signs = tf.sign(down), tf.sign(across)
        by_row = tf.pad(down_signs, [[0, 0], [1, 0], [0, 0], [0, 0]]) - tf.pad(
            down_signs, [[0, 0], [0, 1], [0, 0], [0, 0]]
        )
        by_column = tf.pad(across_signs, [[0, 0], [0, 0], [1, 0], [0, 0]]) - tf.pad(
            across_signs, [[0, 0], [0, 0], [0, 1], [0, 0]]
        )
        return upstream / (n_H * n_W) * (by_row + by_column)

    return (tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))) / (n_H * n_W), backward
