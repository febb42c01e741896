"""Exercise 8, formula (7): how much neighbouring pixels differ, the absolute differences added up."""

import math

import numpy as np

from grading.cases import PRIMES, case
from grading.exercises import ROOT, ROUNDED, Exercise

FLAT = "a picture with places of one colour, where a square root would have an infinite slope"
NO_WEIGHT = np.float32(1e-9)  # where two neighbours are equal, any slope from -1 to 1 is right; it must be a number


def inputs(rng):
    def pixels(*shape):
        """No two are equal: there any slope from -1 to 1 is right, and the numbers would come out differently."""
        number = 3 * math.prod(shape)
        return (rng.permutation(number) / number).reshape(1, *shape, 3).astype(np.float32)

    def sides():
        return (int(n) for n in rng.choice([n for n in PRIMES if n > 3], 2, replace=False))

    for _ in range(3):
        yield case(pixels(*sides()), watch=[0])
    yield case(pixels(1, 7), watch=[0], general="a picture of one row")
    yield case(pixels(5, 1), watch=[0], general="a picture of one column")
    yield case(pixels(97, 89), watch=[0], general="a large picture")
    yield case(np.round(pixels(*sides())), watch=[0], output_gradient=NO_WEIGHT, general=FLAT)


def answer(case):
    (image,), weight = case["arguments"], case["output_gradient"]
    value, gradient = 0.0, np.zeros_like(image)
    for axis in (1, 2):
        difference = np.diff(image, axis=axis)
        value += np.abs(difference).sum()
        first, second = (np.moveaxis(gradient, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        sign = np.moveaxis(np.sign(difference), axis, 0)
        first -= sign
        second += sign
    places = image[0, ..., 0].size
    return dict(value=value / places, gradients=[gradient / places * (1 if weight is None else weight)])


def _of_image(formula):
    return lambda case: formula(case["arguments"][0])


def _sums(formula):
    """A formula in the differences down and across, n_H and n_W."""

    def of_image(image):
        return formula(np.diff(image, axis=1), np.diff(image, axis=2), *image.shape[1:3])

    return _of_image(of_image)


def _total(*arrays):
    return sum(np.abs(array).sum() for array in arrays)


def _mean(array):
    return np.divide(array.sum(), array.size)


def _by_any(total):
    """A sum over the picture, divided by n_H n_W as it should be, by n_C as well, or by nothing."""

    def by(divisor):
        return _of_image(lambda image: total(image) / divisor(image))

    return [by(lambda image: image[0, ..., 0].size), by(np.size), by(lambda image: 1)]


def _both(image, change):
    """The differences down and across of a picture that was changed before."""
    changed = change(image)
    return _total(np.diff(changed, axis=1), np.diff(changed, axis=2))


def _corners(image):
    """The differences down and across of those pixels that have both neighbours."""
    return np.diff(image, axis=1)[:, :, :-1], np.diff(image, axis=2)[:, :-1]


def _padded(image):
    """The differences down and across with zeros in the last row and column, as tf.image.image_gradients has them."""
    down, across = np.diff(image, axis=1), np.diff(image, axis=2)
    return np.pad(down, [(0, 0), (0, 1), (0, 0), (0, 0)]), np.pad(across, [(0, 0), (0, 0), (0, 1), (0, 0)])


def _framed(*widths):
    """The differences of a picture in a black frame, so many pixels wide before and behind."""

    def of_image(image):
        framed = np.pad(image, [(0, 0), widths, widths, (0, 0)])
        return _total(np.diff(framed, axis=1), np.diff(framed, axis=2))

    return of_image


def _padded_one_way(image):
    """The same with the frame below for the differences down, and at the right for those across."""
    down, across = (np.pad(image, [(0, 0), *frame, (0, 0)]) for frame in (((0, 1), (0, 0)), ((0, 0), (0, 1))))
    return _total(np.diff(down, axis=1), np.diff(across, axis=2))


def _sobel(image):
    framed = np.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    smooth_across = framed[:, :, :-2] + 2 * framed[:, :, 1:-1] + framed[:, :, 2:]
    smooth_down = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return _total(smooth_across[:, 2:] - smooth_across[:, :-2], smooth_down[:, :, 2:] - smooth_down[:, :, :-2])


ONE_WAY = "add the differences between rows, image[:, 1:] - image[:, :-1], and those between columns"
COUNT = (
    "tf.reduce_mean divides by the number of differences, which is neither n_H * n_W nor without the channels: "
    "add up with tf.reduce_sum, and divide by n_H * n_W"
)
LUMINANCE = np.array([0.299, 0.587, 0.114])
MISTAKES = {
    f"only the differences from row to row are there: {ONE_WAY}": [
        *_by_any(lambda image: _total(np.diff(image, axis=1))),
        _sums(lambda down, across, n_H, n_W: _mean(np.abs(down))),
    ],
    f"only the differences from column to column are there: {ONE_WAY}": [
        *_by_any(lambda image: _total(np.diff(image, axis=2))),
        _sums(lambda down, across, n_H, n_W: _mean(np.abs(across))),
    ],
    "the differences are squared: formula (7) takes their absolute values, tf.abs": [
        *_by_any(lambda image: (np.diff(image, axis=1) ** 2).sum() + (np.diff(image, axis=2) ** 2).sum()),
        _sums(lambda down, across, n_H, n_W: _mean(down**2) + _mean(across**2)),
        _sums(lambda down, across, n_H, n_W: (_mean(down**2) + _mean(across**2)) / 2),
    ],
    "the differences down and across go under one square root: formula (7) adds their absolute values": [
        *_by_any(lambda image: np.sqrt(sum(d**2 for d in _corners(image))).sum()),
        *_by_any(lambda image: np.sqrt(sum(d**2 for d in _padded(image))).sum()),
        _of_image(lambda image: _mean(np.sqrt(sum(d**2 for d in _corners(image))))),
    ],
    "red, green and blue go under one square root: the bars with the 1 add up three absolute values": [
        *_by_any(lambda image: sum(np.linalg.norm(np.diff(image, axis=axis), axis=-1).sum() for axis in (1, 2))),
    ],
    ROOT: [
        *_by_any(lambda image: sum(np.linalg.norm(np.diff(image, axis=axis)) for axis in (1, 2))),
        *_by_any(lambda image: np.hypot(*(np.linalg.norm(np.diff(image, axis=axis)) for axis in (1, 2)))),
        _sums(lambda down, across, n_H, n_W: np.sqrt(_total(down, across) / (n_H * n_W))),
        _sums(lambda down, across, n_H, n_W: np.sqrt(_total(down, across)) / (n_H * n_W)),
    ],
    "the channels are put together before they are compared: each of the three counts by itself": [
        *_by_any(lambda image: _both(image, lambda x: x.mean(axis=-1))),
        *_by_any(lambda image: _both(image, lambda x: x.sum(axis=-1))),
        *_by_any(lambda image: _both(image, lambda x: x @ LUMINANCE)),
    ],
    "the differences keep their signs, so they cancel: take tf.abs of each one before you add them up": [
        *_by_any(lambda image: np.diff(image, axis=1).sum() + np.diff(image, axis=2).sum()),
        *_by_any(lambda image: -np.diff(image, axis=1).sum() - np.diff(image, axis=2).sum()),
        *_by_any(lambda image: abs(np.diff(image, axis=1).sum() + np.diff(image, axis=2).sum())),
        *_by_any(lambda image: abs(np.diff(image, axis=1).sum()) + abs(np.diff(image, axis=2).sum())),
        *_by_any(lambda image: _total(sum(_corners(image)))),
        *_by_any(lambda image: _total(np.subtract(*_corners(image)))),
        *_by_any(lambda image: _total(sum(_padded(image)))),
        _sums(lambda down, across, n_H, n_W: _mean(down) + _mean(across)),
    ],
    "negative differences are lost: tf.abs counts them as well": [
        *_by_any(lambda image: sum(np.diff(image, axis=axis).clip(0).sum() for axis in (1, 2))),
        *_by_any(lambda image: sum(-np.diff(image, axis=axis).clip(None, 0).sum() for axis in (1, 2))),
    ],
    "tf.roll goes around the edge, so the first row meets the last: leave that difference out": [
        *_by_any(lambda image: _total(image - np.roll(image, 1, 1), image - np.roll(image, 1, 2))),
    ],
    "pixels are compared with black ones beyond the edge: pad nothing, such a pixel has no neighbour": [
        *_by_any(_padded_one_way),
        *_by_any(_framed(0, 1)),
        *_by_any(_framed(1, 0)),
        *_by_any(_framed(1, 1)),
    ],
    "only pixels with a neighbour below and another at the right count: the last row and column have one of them": [
        *_by_any(lambda image: _total(*_corners(image))),
        _of_image(lambda image: sum(_mean(np.abs(each)) for each in _corners(image))),
        _of_image(lambda image: np.divide(_total(*_corners(image)), _corners(image)[0][..., 0].size)),
    ],
    "one channel is compared: all three count": [
        *_by_any(lambda image: _both(image, lambda x: x[..., 0])),
        *_by_any(lambda image: _both(image, lambda x: x[..., 1])),
        *_by_any(lambda image: _both(image, lambda x: x[..., 2])),
    ],
    "channels are compared with each other: neighbours are along axes 1 and 2 only": [
        *_by_any(lambda image: _total(np.diff(image, axis=3))),
        *_by_any(lambda image: _total(np.diff(image, axis=1), np.diff(image, axis=3))),
        *_by_any(lambda image: _total(np.diff(image, axis=2), np.diff(image, axis=3))),
        *_by_any(lambda image: _total(*(np.diff(image, axis=axis) for axis in (1, 2, 3)))),
    ],
    "pixels are compared across a corner: neighbours are one below the other, or one beside the other": [
        *_by_any(lambda image: _total(image[:, 1:, 1:] - image[:, :-1, :-1])),
        *_by_any(lambda image: _both(image, np.array) + _total(image[:, 1:, 1:] - image[:, :-1, :-1])),
        *_by_any(
            lambda image: (
                _both(image, np.array)
                + _total(image[:, 1:, 1:] - image[:, :-1, :-1], image[:, 1:, :-1] - image[:, :-1, 1:])
            )
        ),
    ],
    "pixels are compared that have one between them: image[:, 1:] - image[:, :-1] are neighbours": [
        *_by_any(lambda image: _total(image[:, 2:] - image[:, :-2], image[:, :, 2:] - image[:, :, :-2])),
        *_by_any(lambda image: _total(image[:, 2:] - image[:, :-2], image[:, :, 2:] - image[:, :, :-2]) / 2),
    ],
    "differences of differences are added up: formula (7) takes the first ones": [
        *_by_any(lambda image: _total(np.diff(image, 2, axis=1), np.diff(image, 2, axis=2))),
        *_by_any(lambda image: _total(np.diff(np.diff(image, axis=1), axis=2))),
    ],
    "each pixel is compared with one and the same: neighbours are image[:, 1:] and image[:, :-1]": [
        *_by_any(lambda image: _total(image - image[:, :1], image - image[:, :, :1])),
        *_by_any(lambda image: _total(image[:, 1:] - image[:, :1], image[:, :, 1:] - image[:, :, :1])),
        *_by_any(lambda image: _total(image - image.mean())),
        *_by_any(lambda image: _total(image - image.mean(axis=(1, 2), keepdims=True))),
    ],
    "Sobel's filter looks at six pixels for each difference: subtract neighbours": [
        *_by_any(_sobel),
        _of_image(lambda image: _sobel(image) / (2 * image.size)),
    ],
    "each difference counts twice: a pair of neighbours is one pair": [
        _sums(lambda down, across, n_H, n_W: 2 * _total(down, across) / (n_H * n_W)),
    ],
    "the differences down and across are averaged: formula (7) adds them": [
        _sums(lambda down, across, n_H, n_W: _total(down, across) / (2 * n_H * n_W)),
    ],
    "it is divided by the number of channels, too: formula (7) divides by n_H * n_W": [
        _sums(lambda down, across, n_H, n_W: _total(down, across) / (3 * n_H * n_W)),
        _sums(lambda down, across, n_H, n_W: _total(down, across) / (6 * n_H * n_W)),
    ],
    COUNT: [
        _sums(lambda down, across, n_H, n_W: _mean(np.abs(down)) + _mean(np.abs(across))),
        _sums(lambda down, across, n_H, n_W: (_mean(np.abs(down)) + _mean(np.abs(across))) / 2),
        _sums(lambda down, across, n_H, n_W: 3 * (_mean(np.abs(down)) + _mean(np.abs(across)))),
        _sums(lambda down, across, n_H, n_W: np.divide(_total(down, across), down.size + across.size)),
        _sums(lambda down, across, n_H, n_W: 3 * np.divide(_total(down, across), down.size + across.size)),
    ],
    "it is divided by other sizes than those of the picture: n_H * n_W is the number of its pixels": [
        _sums(lambda down, across, n_H, n_W: np.divide(_total(down, across), np.float64((n_H - 1) * (n_W - 1)))),
        _sums(lambda down, across, n_H, n_W: _total(down, across) / (n_H + n_W)),
        _sums(lambda down, across, n_H, n_W: _total(down) / n_H + _total(across) / n_W),
        _sums(lambda down, across, n_H, n_W: _total(down) / n_W + _total(across) / n_H),
    ],
    "only one of the two sums is divided by n_H * n_W: put both in brackets": [
        _sums(lambda down, across, n_H, n_W: _total(down) + _total(across) / (n_H * n_W)),
        _sums(lambda down, across, n_H, n_W: _total(across) + _total(down) / (n_H * n_W)),
    ],
    "the differences down and across are subtracted: add them": [
        *_by_any(lambda image: _total(np.diff(image, axis=1)) - _total(np.diff(image, axis=2))),
        *_by_any(lambda image: _total(np.diff(image, axis=2)) - _total(np.diff(image, axis=1))),
    ],
    "the differences down and across are multiplied: add them": [
        *_by_any(lambda image: _total(np.diff(image, axis=1)) * _total(np.diff(image, axis=2))),
        *_by_any(lambda image: _total(np.multiply(*_corners(image)))),
    ],
    "the largest difference is taken: the formula adds up all of them": [
        _sums(lambda down, across, n_H, n_W: max(np.abs(down).max(), np.abs(across).max())),
        _sums(lambda down, across, n_H, n_W: np.abs(down).max() + np.abs(across).max()),
        _sums(lambda down, across, n_H, n_W: (np.abs(down).max() + np.abs(across).max()) / (n_H * n_W)),
    ],
    "the pixels are brought to another range: take them as they are, in [0, 1]": [
        _sums(lambda down, across, n_H, n_W: 255 * _total(down, across) / (n_H * n_W)),
        _sums(lambda down, across, n_H, n_W: _total(down, across) / (255 * n_H * n_W)),
        _of_image(lambda image: _both(image, lambda x: x / x.max()) / image[0, ..., 0].size),
    ],
    "neighbours are added where they should be subtracted": [
        *_by_any(lambda image: _total(image[:, 1:] + image[:, :-1], image[:, :, 1:] + image[:, :, :-1])),
    ],
    ROUNDED: [
        _sums(lambda down, across, n_H, n_W: np.floor(_total(down, across) / (n_H * n_W))),
        _sums(lambda down, across, n_H, n_W: np.round(_total(down, across) / (n_H * n_W))),
    ],
}


def _unequal(kind):
    """Do an operation's two sizes differ, in whatever way TensorFlow says so?"""
    return rf"(shapes|must be equal).*{kind}"


ERRORS = {
    "the differences down have a row less, those across a column less: add up each of the two first, "
    "then add the two sums": (_unequal("(Add|Mul|add|mul)")),
    "a row is missing in one of the two: image[:, 1:] is all but the first row, image[:, :-1] all but the last": (
        _unequal("(Sub|sub|SquaredDifference)")
    ),
}


def wrong_shape(shape, case, tried):
    if shape == (1,):
        return "one number for each picture comes back, as tf.image.total_variation gives it: take the first, [0]"
    if shape in ((3,), (1, 3)):
        return "one number for each channel comes back: add up over the channels, too"
    return "one number, a tensor of shape (), should come back: add up over all axes with tf.reduce_sum"


EXERCISE = Exercise(
    name="total_variation",
    number=8,
    notebook="07_control",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not that of formula (7)",
    factors=("n_H", "n_W"),
    divides_by={"n_H": 1, "n_W": 1},
    errors=ERRORS,
    wrong_shape=wrong_shape,
)
