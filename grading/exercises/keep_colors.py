"""Exercise 9, formula (8): the brightness of one picture with the colours of another."""

import colorsys

import numpy as np

from grading.cases import PRIMES, case
from grading.exercises import Exercise

LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as in tf.image.rgb_to_yiq
TO_YIQ = np.array([[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]])
TO_YUV = np.array([[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.100010]])
CLIPPED = "colours that leave [0, 1] and must be clipped"
EDGE = 1e-3  # nearer to 0 or 1 than that no sum comes: there rounding would decide whether it is clipped


def inputs(rng):
    def pair(n_H, n_W, low, high, general="", grey=False):
        photo, painting = (rng.uniform(low, high, (1, n_H, n_W, 3)).astype(np.float32) for _ in range(2))
        photo = np.repeat(photo[..., :1], 3, axis=-1) if grey else photo
        near = (np.abs(np.abs(_free(photo, painting) - 0.5) - 0.5) < EDGE).any(axis=-1)
        photo[near], painting[near] = 0.5, 0.5
        weights = rng.normal(size=photo.shape).astype(np.float32)
        return case(photo, painting, watch=[1], output_gradient=weights, general=general)

    def sides():
        return (int(n) for n in rng.choice(PRIMES[2:], 2, replace=False))

    for _ in range(3):
        yield pair(*sides(), 0.35, 0.65)  # no sum leaves [0, 1]
    yield pair(*sides(), 0, 1, CLIPPED)
    yield pair(1, 7, 0.35, 0.65, "a picture of one row")
    yield pair(*sides(), 0.1, 0.9, "a photo without colours", grey=True)
    yield pair(97, 89, 0.35, 0.65, "a large picture")


def answer(case):
    """I and Q do not change when red, green and blue grow by one number, and Y grows by that."""
    (photo, painting), weights = case["arguments"], case["output_gradient"]
    free = _free(photo, painting)
    inside = weights * ((free >= 0) & (free <= 1))
    gradient = inside.sum(axis=-1, keepdims=True) * LUMINANCE
    return dict(value=free.clip(0, 1), gradients=[gradient])


def _made(*formulas):
    """Formulas in the photo and the painting, each as it is and clipped to [0, 1]."""

    def of(formula, clipped):
        def of_case(case):
            made = formula(*case["arguments"])
            return made.clip(0, 1) if clipped else made

        return of_case

    return [of(formula, clipped) for formula in formulas for clipped in (True, False)]


def _bright(x, weights=LUMINANCE):
    return (x @ weights)[..., np.newaxis]


def _free(photo, painting):
    """The right result before it is clipped."""
    return photo + _bright(painting) - _bright(photo)


def _yiq(x):
    return x @ TO_YIQ


def _rgb(x):
    return x @ np.linalg.inv(TO_YIQ)


def _joined(photo, painting):
    return np.concatenate([_bright(painting), _yiq(photo)[..., 1:]], axis=-1)


def _channels(photo, painting, which):
    """Each channel of one of the two pictures, C or G."""
    return np.stack([{"C": photo, "G": painting}[name][..., n] for n, name in enumerate(which)], axis=-1)


def _mixed(which):
    """Channels Y, I, Q of one of the two each, as red, green and blue."""
    return lambda photo, painting: _rgb(_channels(_yiq(photo), _yiq(painting), which))


def _hsv(which, there=colorsys.rgb_to_hsv, back=colorsys.hsv_to_rgb):
    """Hue, saturation and value of one of the two each."""

    def of(photo, painting):
        in_hsv = (np.stack(np.vectorize(there)(*np.moveaxis(x, -1, 0)), axis=-1) for x in (photo, painting))
        return np.stack(np.vectorize(back)(*np.moveaxis(_channels(*in_hsv, which), -1, 0)), axis=-1)

    return of


def _with_weights(*weights):
    weights = np.array(weights)
    return lambda photo, painting: photo + _bright(painting - photo, weights)


def _fitted(photo, painting):
    """The painting's brightness with the mean and the spread of the photo's, as some recipes have it."""
    Y, target = _bright(painting), _bright(photo)
    return photo - target + (Y - Y.mean()) / Y.std() * target.std() + target.mean()


NOT_CLIPPED = "red, green or blue can leave [0, 1]: clip the result, tf.clip_by_value(..., 0.0, 1.0)"
MISTAKES = {
    NOT_CLIPPED: [
        lambda case: _free(*case["arguments"]),
        lambda case: _free(*case["arguments"]).clip(0),
        lambda case: _free(*case["arguments"]).clip(None, 1),
        lambda case: _free(*case["arguments"]).clip(-1, 1),
        lambda case: _free(*case["arguments"]).clip(0, 255),
    ],
    "I and Q may be negative: do not clip Y, I and Q, but red, green and blue at the end": [
        *_made(lambda C, G: _rgb(_joined(C, G).clip(0, 1))),
        *_made(lambda C, G: _rgb(np.concatenate([_bright(G), _yiq(C)[..., 1:].clip(0, 1)], axis=-1))),
    ],
    "the two pictures are swapped: Y comes from generated_image, I and Q from content_image": [
        *_made(lambda C, G: _free(G, C)),
    ],
    "the painting comes back as it was: I and Q are those of content_image": _made(lambda C, G: G),
    "the photo comes back as it was: Y is that of generated_image": _made(lambda C, G: C),
    "the result is still Y, I and Q: turn it back with tf.image.yiq_to_rgb": [
        *_made(_joined, lambda C, G: np.concatenate([_bright(G), (C @ TO_YUV)[..., 1:]], axis=-1)),
    ],
    "rgb_to_yiq stands where its opposite should, at the end: tf.image.yiq_to_rgb": [
        *_made(lambda C, G: _yiq(_joined(C, G)), lambda C, G: _rgb(_rgb(_joined(C, G)))),
    ],
    "the channels are still red, green and blue when they are joined: tf.image.rgb_to_yiq first, of both pictures": [
        *_made(
            lambda C, G: _channels(C, G, "GCC"),
            lambda C, G: _rgb(_channels(C, G, "GCC")),
            lambda C, G: _channels(_yiq(C), G, "GCC"),
            lambda C, G: _rgb(_channels(_yiq(C), G, "GCC")),
            lambda C, G: _channels(C, _yiq(G), "GCC"),
            lambda C, G: _rgb(_channels(C, _yiq(G), "GCC")),
        ),
    ],
    "only one of I and Q comes from the photo: take both, [..., 1:]": _made(_mixed("GCG"), _mixed("GGC")),
    "only one of I and Q comes from the painting: that takes Y alone, [..., :1], and the photo the others": [
        *_made(_mixed("CGC"), _mixed("CCG")),
    ],
    "Y must come first: tf.concat([Y, IQ], axis=-1)": [
        *_made(
            lambda C, G: _rgb(np.roll(_joined(C, G), -1, axis=-1)),
            lambda C, G: _rgb(_joined(C, G)[..., ::-1]),
            lambda C, G: _rgb(_joined(C, G)[..., [0, 2, 1]]),
        ),
    ],
    "the result is grey: I and Q of content_image belong to it": [
        *_made(
            lambda C, G: np.repeat(_bright(G), 3, axis=-1),
            lambda C, G: np.repeat(_bright(C), 3, axis=-1),
            lambda C, G: np.repeat(G.mean(axis=-1, keepdims=True), 3, axis=-1),
        ),
    ],
    "the value of HSV is the largest of red, green and blue, not the brightness Y: take tf.image.rgb_to_yiq": [
        *_made(
            _hsv("CCG"),
            _hsv("CGG"),
            _hsv("GGC"),
            lambda C, G: C + G.max(axis=-1, keepdims=True) - C.max(axis=-1, keepdims=True),
            _hsv("CGC", colorsys.rgb_to_hls, colorsys.hls_to_rgb),
        ),
    ],
    "the mean of red, green and blue is not the brightness Y, in which green counts most: take tf.image.rgb_to_yiq": [
        *_made(_with_weights(1 / 3, 1 / 3, 1 / 3)),
    ],
    "the brightness has other weights than here: 0.299 red, 0.587 green, 0.114 blue, as in tf.image.rgb_to_yiq": [
        *_made(
            _with_weights(0.2126, 0.7152, 0.0722),
            _with_weights(0.299, 0.114, 0.587),
            _with_weights(0.587, 0.299, 0.114),
            _with_weights(0, 1, 0),
            _with_weights(1, 0, 0),
        ),
    ],
    "red and blue are swapped: the channels are red, green, blue, in this order": [
        *_made(
            _with_weights(0.114, 0.587, 0.299),
            lambda C, G: _free(C, G)[..., ::-1],
            lambda C, G: _free(C[..., ::-1], G),
            lambda C, G: _free(C, G[..., ::-1]),
        ),
    ],
    "two colour spaces are mixed: what rgb_to_yiq has taken apart, yiq_to_rgb puts together": [
        *_made(
            lambda C, G: _joined(C, G) @ np.linalg.inv(TO_YUV),
            lambda C, G: _rgb(np.concatenate([_bright(G), (C @ TO_YUV)[..., 1:]], axis=-1)),
        ),
    ],
    "red, green and blue are multiplied: formula (8) puts Y in the place of Y, and leaves I and Q": [
        *_made(lambda C, G: C * _bright(G) / _bright(C), lambda C, G: C * _bright(G), lambda C, G: C * G),
    ],
    "the photo's brightness is still in it: Y of the painting stands in its place": [
        *_made(
            lambda C, G: C + _bright(G),
            lambda C, G: (C + _free(C, G)) / 2,
            lambda C, G: (C + G) / 2,
            lambda C, G: _free(C, np.broadcast_to((G + C) / 2, C.shape)),
        ),
    ],
    "the painting's own colours are still in it: I and Q of the photo stand in their place": [
        *_made(
            lambda C, G: (G + _free(C, G)) / 2,
            lambda C, G: _rgb(np.concatenate([_bright(G), (_yiq(C) + _yiq(G))[..., 1:]], axis=-1)),
            lambda C, G: _rgb(np.concatenate([_bright(G), (_yiq(C) + _yiq(G))[..., 1:] / 2], axis=-1)),
        ),
    ],
    "the brightness is changed before it is used: take Y of the painting as it is": [
        *_made(
            _fitted,
            lambda C, G: C + (_bright(G) - _bright(C)).mean(),
            lambda C, G: _rgb(np.concatenate([1 - _bright(G), _yiq(C)[..., 1:]], axis=-1)),
            lambda C, G: _rgb(np.concatenate([_bright(G) - _bright(G).mean(), _yiq(C)[..., 1:]], axis=-1)),
            lambda C, G: _rgb(np.concatenate([np.full_like(_bright(G), _bright(G).mean()), _yiq(C)[..., 1:]], axis=-1)),
        ),
    ],
    "the colours have one value for the whole picture: take I and Q of each pixel": [
        *_made(
            lambda C, G: _free(np.broadcast_to(C.mean(axis=(0, 1, 2)), C.shape), G),
            lambda C, G: G + (C - G).mean(axis=(0, 1, 2)),
        ),
    ],
    "the result is brought to another range: only clip it, with tf.clip_by_value": [
        lambda case: 255 * _free(*case["arguments"]),
        lambda case: (255 * _free(*case["arguments"])).clip(0, 255),
        lambda case: 255 * _free(*case["arguments"]).clip(0, 1),
        lambda case: _free(*case["arguments"]) / 255,
        lambda case: _free(*case["arguments"]) / _free(*case["arguments"]).max(),
        lambda case: _stretched(_free(*case["arguments"])),
        lambda case: 1 / (1 + np.exp(-_free(*case["arguments"]))),
    ],
}


def _stretched(x):
    return (x - x.min()) / (x.max() - x.min())


ERRORS = {
    "[..., 0] takes the last axis away, and tf.concat wants both with it: Y is [..., :1], I and Q are [..., 1:]": (
        r"Ranks of all input|must have (the same )?rank|Shape must be rank|ranks? .*do not match"
    ),
    "the channels are joined along the last axis: tf.concat([Y, IQ], axis=-1)": (
        r"ConcatOp : Dimension|Missing required positional|Dimension \d in both shapes must be equal"
    ),
    "tf.concat joins channels along an axis, tf.stack makes a new one: tf.concat([Y, IQ], axis=-1)": (
        r"Shapes of all inputs must match|\[Op:Pack\]"
    ),
    "tf.image.yiq_to_rgb takes all three channels, Y, I and Q, in one tensor: join them first": (
        r"[Mm]atrix size-incompatible|must be equal.*MatMul",
        r"to_",
    ),
}


def wrong_shape(shape, case, tried):
    right = case["arguments"][1].shape
    if shape == right[1:]:
        return "a picture has four sizes, (1, n_H, n_W, 3): the first one is missing"
    if shape in (right[:3], (*right[:3], 1)):
        return "one channel comes back: join Y of the painting with I and Q of the photo, and turn them into RGB"
    if shape == (*right[:3], 2):
        return "two channels come back: I and Q need Y of the painting before them"
    if shape == ():
        return "one number comes back: the result is a picture, (1, n_H, n_W, 3)"
    return "the result is a picture like the two given ones, (1, n_H, n_W, 3)"


EXERCISE = Exercise(
    name="keep_colors",
    number=9,
    notebook="07_control",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the colours are not those of formula (8)",
    watched="generated_image",
    errors=ERRORS,
    wrong_shape=wrong_shape,
)
