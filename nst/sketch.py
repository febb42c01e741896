"""A painting in seconds: the recipe of `nst paint` at small sizes, on ONNX Runtime. No TensorFlow, whose start alone
would take longer.

What it minimises is the recipe's J, with the course's own formulas and style layers; recipe.problem, which computes it
from the functions in the notebooks, agrees (tests/test_sketch.py).
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import threadpoolctl

from nst.areas import covered, load_masks, position_weights, shares
from nst.colors import artworks_of, is_grey, keep_colors, roughness, without_colors
from nst.coordinates import Pixels, Spectrum, descend
from nst.cost_graph import LAYERS, STYLE_LAYERS, cost_graph
from nst.job import Job
from nst.network import BORDER, CONTENT_LAYER, block_of, positions_outside
from nst.palette import palette_distance
from nst.pictures import read_image
from nst.runtime import load
from nst.spectrum import enlarge, enlarge_with_edges
from nst.strength import CONTENT, LEAST, PALETTE, TOO_MUCH, beta_of, equal_weight, focus, squashed

EVALUATIONS = 12, 10  # of the cost, at each scale
LEAST_SIDE = (
    64  # pixels, of a scale but the last: there is too little picture in a smaller one to say what the style is
)
LAYER_SHARE = 1 / len(STYLE_LAYERS)  # of the style, as in notebook 03

Watch = Callable[[int, int, np.ndarray], None]


def sketch(job: Job, evaluations: Sequence[int] | None = None, watch: Watch | None = None) -> np.ndarray:
    """Paint a job at half its size, from coarse to fine, and enlarge that; return an array (1, n_H, n_W, 3) in [0, 1].

    evaluations: of the cost, for each scale, each being twice as large as the one before; EVALUATIONS by default, the
    job's own number does not count. watch: called after each with how many are done, how many there will be, and the
    best picture; KeyboardInterrupt from there ends it with that.

    Raises what read_image raises, and FloatingPointError if J or its gradient is no number any more.
    """
    with threadpoolctl.threadpool_limits(1, "blas"):  # SciPy's would stand in ONNX Runtime's way
        image = enlarge_with_edges(_painted(job, evaluations or EVALUATIONS, watch), job.content, job.size)
    return keep_colors(read_image(job.content, job.size, enlarge=True), image) if job.keep_colors else image


def _painted(job, evaluations, watch):
    session, largest = Session(len(job.styles) if job.masks else 0), job.size // 2
    height, width = read_image(job.content, largest, enlarge=True).shape[1:3]
    sizes = [largest // 2**n for n in reversed(range(len(evaluations)))]
    least = LEAST_SIDE * max(height, width) / min(height, width)
    planned = [(size, count) for size, count in zip(sizes, evaluations) if size >= least or size == largest]
    total, done, image = sum(count for _, count in planned), 0, None
    try:
        for size, count in planned:
            cost = RecipeCost(session, job, size)
            image = cost.photo if image is None else enlarge(image, cost.photo.shape[1:3])
            space = (Spectrum if size < largest or len(planned) == 1 else Pixels)(image.shape)
            descent = _Descent(cost.value_and_gradient, image, count, done, total, watch)
            try:
                descend(space, descent, image)
            except _Enough:
                pass
            finally:
                image = descent.best
            done += count
    except KeyboardInterrupt:
        if image is None:
            raise
    return image


class _Enough(Exception):
    """All evaluations are done."""


class _Descent:
    """The cost as L-BFGS asks for it, so many times; `best` is the picture with the lowest J."""

    def __init__(self, asked, start, count, before, total, watch):
        self.asked, self.count, self.before, self.total, self.watch = asked, count, before, total, watch
        self.done, self.least, self.best = 0, np.inf, start

    def __call__(self, picture):
        if self.done == self.count:
            raise _Enough
        picture = picture.astype(np.float32, copy=False)
        J, gradient = self.asked(picture)
        if not (np.isfinite(J) and np.isfinite(gradient).all()):
            raise FloatingPointError(f"evaluation {self.done + 1}: the cost J = {J} or its gradient is not finite")
        self.done += 1
        if self.least > J:
            self.least, self.best = J, picture
        if self.watch:
            self.watch(self.before + self.done, self.total, self.best)
        return J, gradient


class Session:
    """The graphs of cost_graph, ready to run for pictures of any size; areas: how many masks there are, or 0."""

    def __init__(self, areas: int = 0):
        self.areas = areas

        def made(**which):
            graph, weights = cost_graph(areas, **which)
            return load(graph, int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)), weights)

        self._forward = made(back=False)
        # the other is made while this one looks at the pictures
        self._whole = ThreadPoolExecutor(1).submit(made)

    def run(self, wanted: Sequence[str], picture: np.ndarray, targets: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Outputs of the graph for a picture (1, n_H, n_W, 3). Inputs that are not given do not matter for them."""
        runtime = self._whole.result() if "J" in wanted else self._forward
        given = {"picture": _mirrored(picture)}
        for each in runtime.get_inputs():
            if each.name != "picture":
                sides = [side if isinstance(side, int) else 1 for side in each.shape]
                given[each.name] = targets.get(each.name, np.ones(sides, np.float32))
        return runtime.run(list(wanted), given)

    def seen(self, picture: np.ndarray, masks: dict[str, np.ndarray] | None = None) -> list[dict[str, np.ndarray]]:
        """For each area, or once, {layer: averages of products (n_C, n_C), or the content volume}."""
        areas = range(max(self.areas, 1))
        names = [f"found_{area}_{name}" for area in areas for name in STYLE_LAYERS]
        *found, volume = self.run([*names, "volume"], picture, masks or {})
        rows = [found[n : n + len(STYLE_LAYERS)] for n in range(0, len(found), len(STYLE_LAYERS))]
        return [dict(zip(LAYERS, [*row, volume])) for row in rows]


class RecipeCost:
    """J of a Job at one size, and its gradient; `photo` (1, n_H, n_W, 3) is where to start."""

    def __init__(self, session: Session, job: Job, size: int):
        self._session = session
        photo = read_image(job.content, size, enlarge=True)
        artworks = artworks_of(job, size, photo)
        self._grey = all(map(is_grey, [photo, *artworks]))
        self.photo = photo = without_colors(photo) if self._grey else photo
        masks = load_masks(job.masks, photo, len(artworks))
        weights = shares(job.weights or [1] * len(artworks))
        parts = covered(masks, weights) if masks else weights
        self._targets = _masks_of_layers(masks)
        seen_C = session.seen(photo, self._targets)
        self._add_style(job, [session.seen(artwork)[0] for artwork in artworks], seen_C, parts)
        self._add_content(job, [squashed(artwork, photo) for artwork in artworks], seen_C[0][CONTENT_LAYER], parts)
        self._distance = palette_distance(artworks, parts, masks) if job.palette else None
        self._palette = beta_of(job) * PALETTE * job.palette
        self._smoothness = job.smoothness

    def _add_style(self, job, seen_S, seen_C, parts):
        self._constant = 0.0
        by_artwork = []
        for number, (art, part) in enumerate(zip(seen_S, parts)):
            photo = seen_C[number if self._session.areas else 0]
            weights = [_weight(job, art[name], photo[name]) * part for name in STYLE_LAYERS]
            by_artwork.append(np.array(weights) * beta_of(job))
        if self._session.areas:
            for area, (art, weights) in enumerate(zip(seen_S, by_artwork)):
                self._set_target(area, [art[name] for name in STYLE_LAYERS], weights)
            return
        targets, total = [], np.sum(by_artwork, axis=0)
        for n, name in enumerate(STYLE_LAYERS):  # a sum of squared distances is one to the mean, and a constant
            grams = np.array([art[name] for art in seen_S], np.float64)
            own = np.array([weights[n] for weights in by_artwork])
            mean = np.tensordot(own, grams, 1) / max(total[n], 1e-12)
            targets.append(mean.astype(np.float32))
            self._constant += 0.5 * float(own @ ((grams - mean) ** 2).sum(axis=(1, 2)))
        self._set_target(0, targets, total)

    def _set_target(self, area, grams, weights):
        self._targets |= {f"gram_{area}_{name}": gram for name, gram in zip(STYLE_LAYERS, grams)}
        self._targets[f"weights_{area}"] = np.asarray(weights, np.float32)

    def _add_content(self, job, flat, volume, parts):
        detail = focus(job, self.photo, volume.shape[2:])[..., 0][:, np.newaxis]
        self._targets |= {"content": volume * detail, "focus": detail.astype(np.float32)}
        p, q = job.alpha, 0.0
        if job.strength is not None:
            costs = [float(self._session.run(["content_cost"], each, self._targets)[0]) for each in flat]
            J_artwork = max(float(np.dot(parts, costs)), LEAST)
            p, q = job.alpha * CONTENT / J_artwork, 1 / (TOO_MUCH * J_artwork)
        self._targets["content_weights"] = np.array([p, q], np.float32)

    def value_and_gradient(self, picture: np.ndarray) -> tuple[float, np.ndarray]:
        """J and its gradient, of an array float32 (1, n_H, n_W, 3)."""
        picture = without_colors(picture) if self._grey else picture
        J, gradient = self._session.run(["J", "gradient"], picture, self._targets)
        J, gradient = float(J) + self._constant, _folded(gradient)
        if self._distance:
            distance, slope = self._distance(picture)
            J += self._palette * float(distance)
            gradient += np.float32(self._palette) * slope
        if self._smoothness:
            rough, slope = roughness(picture)
            J += self._smoothness * float(rough)
            gradient += np.float32(self._smoothness) * slope
        return J, without_colors(gradient) if self._grey else gradient


def _weight(job, gram_S, gram_C):
    """What half the squared distance between averages of products counts, of one layer: the style cost has 1/4 of their
    mean square."""
    quarter_of_mean = 1 / (4 * gram_S.size)
    if job.strength is None:
        return 2 * quarter_of_mean * LAYER_SHARE
    there, most = (quarter_of_mean * float(np.sum(apart**2, dtype=np.float64)) for apart in (gram_C - gram_S, gram_S))
    return 2 * quarter_of_mean * equal_weight(LAYER_SHARE, there, most)


def _masks_of_layers(masks):
    """{mask_K_LAYER: its position weights}, as cost_graph wants them."""
    found = {}
    for area, mask in enumerate(masks):
        for name in STYLE_LAYERS:
            cut = positions_outside(name, BORDER)
            sides = [(side + 2 * BORDER >> block_of(name) - 1) - 2 * cut for side in mask.shape[1:3]]
            found[f"mask_{area}_{name}"] = position_weights(mask, sides)[..., 0][:, np.newaxis]
    return found


def _mirrored(picture):
    """(1, n_H, n_W, 3) -> (1, 3, n_H + 2 BORDER, n_W + 2 BORDER)."""
    around = [(0, 0), (BORDER, BORDER), (BORDER, BORDER), (0, 0)]
    return np.ascontiguousarray(np.pad(picture, around, mode="reflect").transpose(0, 3, 1, 2), np.float32)


def _folded(gradient):
    """The gradient of _mirrored: what arrives in the border belongs to the pixels that are mirrored there."""
    for axis in (2, 3):
        gradient = np.moveaxis(gradient, axis, 0)
        inner = gradient[BORDER:-BORDER].copy()
        inner[1 : BORDER + 1] += gradient[:BORDER][::-1]
        inner[-BORDER - 1 : -1] += gradient[-BORDER:][::-1]
        gradient = np.moveaxis(inner, 0, axis)
    return np.ascontiguousarray(gradient.transpose(0, 2, 3, 1))
