"""Exercise 11, formula (10): the photo's activations with the mean and the covariance of the artwork's."""

import numpy as np

from grading.cases import PRIMES, case, volume
from grading.exercises import Exercise

EPSILON = 1e-3  # on the covariance's diagonal, as in notebook 10
FEW = "fewer positions than channels"


def inputs(rng):
    def pair(photo, artwork, general="", change=lambda a: a):
        a_C, a_S = (change(_mixed(rng, (1, *sides))) for sides in (photo, artwork))
        return case(a_C, a_S, general=general)

    def sides():
        return (int(n) for n in rng.choice(PRIMES[2:], 2, replace=False))

    for n_C in rng.permutation([2, 3, 5]).tolist():
        yield pair((*sides(), n_C), (*sides(), n_C))
    yield pair((7, 11, 3), (7, 11, 3), "two volumes of the same size")
    yield pair((7, 5, 5), (5, 11, 5), "a channel that is zero everywhere", _without_a_channel)
    yield pair((2, 3, 11), (3, 2, 11), FEW)
    yield pair((41, 37, 7), (1, 53, 7), "an artwork of one row")


def _mixed(rng, shape):
    """A volume whose channels go together, and none of whose directions is without spread."""
    turned, _ = np.linalg.qr(rng.normal(size=(shape[-1],) * 2))
    return (volume(rng, shape) @ turned).astype(np.float32)


def _without_a_channel(a):
    a[..., 1] = 0
    return a


def _moments(a, epsilon=EPSILON, less=0):
    """The mean of each channel and their covariance."""
    A = a.reshape(-1, a.shape[-1])
    F = A - A.mean(axis=0)
    return A.mean(axis=0), F.T @ F / (len(A) - less) + epsilon * np.eye(a.shape[-1])


def _power(matrix, power):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * values.clip(1e-12) ** power @ vectors.T


def answer(case):
    a_C, a_S = case["arguments"]
    (m_C, cov_C), (m_S, cov_S) = _moments(a_C), _moments(a_S)
    return dict(value=(a_C - m_C) @ _power(cov_C, -0.5) @ _power(cov_S, 0.5) + m_S, gradients=[])


def _made(formula, **of_moments):
    """A formula in the volume and the mean of each, and in P(which, power), their covariances' powers."""

    def of_case(case):
        a_C, a_S = case["arguments"]
        (m_C, cov_C), (m_S, cov_S) = _moments(a_C, **of_moments), _moments(a_S, **of_moments)
        found = formula(a_C, m_C, a_S, m_S, lambda which, power: _power({"C": cov_C, "S": cov_S}[which], power))
        return np.broadcast_to(found, a_C.shape) if found.size == 1 else found

    return of_case


def _per_channel(epsilon_C=0.0, epsilon_S=0.0, spread=0.0):
    """Each channel by itself; epsilon is added to its variance, spread to its standard deviation."""

    def of_case(case):
        a_C, a_S = case["arguments"]
        A_C, A_S = (a.reshape(-1, a.shape[-1]) for a in (a_C, a_S))
        scale = np.sqrt(A_S.var(axis=0) + epsilon_S) / (np.sqrt(A_C.var(axis=0) + epsilon_C) + spread)
        return (a_C - A_C.mean(axis=0)) * scale + A_S.mean(axis=0)

    return of_case


def _right(C, m_C, S, m_S, P):
    return (C - m_C) @ P("C", -0.5) @ P("S", 0.5) + m_S


def _reshaped_to_columns(case):
    """The formula for columns, of a volume reshaped to (n_C, positions), which mixes its numbers."""
    a_C, a_S = case["arguments"]
    (m_C, cov_C), (m_S, cov_S) = _moments(a_C), _moments(a_S)
    columns = (a_C - m_C).reshape(a_C.shape[-1], -1)
    return (_power(cov_S, 0.5) @ _power(cov_C, -0.5) @ columns).reshape(a_C.shape) + m_S


MISTAKES = {
    "the artwork's mean is missing: add m_S at the end": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -0.5) @ P("S", 0.5)),
    ],
    "the photo's mean comes back at the end: the artwork's, m_S, belongs there": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -0.5) @ P("S", 0.5) + m_C),
    ],
    "the photo's mean is still in it: subtract m_C before you whiten": [
        _made(lambda C, m_C, S, m_S, P: C @ P("C", -0.5) @ P("S", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: C @ P("C", -0.5) @ P("S", 0.5)),
    ],
    "the artwork's mean is subtracted from the photo: what whitens the photo is all its own, m_C": [
        _made(lambda C, m_C, S, m_S, P: (C - m_S) @ P("C", -0.5) @ P("S", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: (C - m_S) @ P("C", -0.5) @ P("S", 0.5) + m_C),
    ],
    "the volume is whitened, and not coloured: the artwork's covariance to the power 0.5 is missing": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -0.5)),
        _made(lambda C, m_C, S, m_S, P: C @ P("C", -0.5)),
    ],
    "the volume is coloured, and was not whitened before: the photo's covariance to the power -0.5 is missing": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("S", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: C @ P("S", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: C @ P("S", 0.5)),
    ],
    "only the mean is changed: whiten and colour as well": [
        _made(lambda C, m_C, S, m_S, P: C - m_C + m_S),
    ],
    "the photo's volume comes back as it was": [
        _made(lambda C, m_C, S, m_S, P: C),
    ],
    "the covariances are swapped: the photo's whitens, to the power -0.5, the artwork's colours": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("S", -0.5) @ P("C", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", 0.5) @ P("S", -0.5) + m_S),
    ],
    "it is coloured before it is whitened: matrices do not change places, so whiten first": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("S", 0.5) @ P("C", -0.5) + m_S),
    ],
    "the power is 1 or -1 where it should be 0.5 or -0.5: a covariance is made of squares": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -1) @ P("S", 1) + m_S),
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -1) @ P("S", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -0.5) @ P("S", 1) + m_S),
    ],
    "a power has the wrong sign: -0.5 whitens, 0.5 colours": [
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", 0.5) @ P("S", 0.5) + m_S),
        _made(lambda C, m_C, S, m_S, P: (C - m_C) @ P("C", -0.5) @ P("S", -0.5) + m_S),
    ],
    "each channel is changed by itself, its mean and its spread: the covariance says how channels go together": [
        *(_per_channel(*epsilons) for epsilons in ((), (EPSILON,), (EPSILON, EPSILON), (1e-5,), (0, 0, EPSILON))),
        lambda case: _per_channel()(case) - _moments(case["arguments"][1])[0],
    ],
    "EPSILON is missing on the diagonal of the covariances: mean_and_covariance adds it": [
        _made(_right, epsilon=0.0),
        _made(_right, epsilon=1e-9),
        _made(_right, epsilon=1e-8),
        _made(_right, epsilon=1e-6),
        _made(_right, epsilon=1e-5),
    ],
    "the covariance is a mean over all positions: divide by their number, not by one less": [
        _made(_right, less=1),
        _made(_right, less=1, epsilon=0.0),
    ],
    "the matrices stand on the wrong side, or are transposed: the channels are the volume's last axis, so "
    "(a_C - m_C) @ power(...)": [
        _reshaped_to_columns,
    ],
}


ERRORS = {
    "the volumes have different sizes, and are not added up or subtracted from each other: what comes from the artwork "
    "is its mean and its covariance": r"Incompatible shapes|required broadcastable shapes",
    "the matrices have n_C rows and columns, and the channels are the volume's last axis: (a_C - m_C) @ power(...)": (
        r"[Mm]atrix size-incompatible|must be equal.*MatMul|In\[0\] mismatch"
    ),
    "mean_and_covariance gives two things: m_C, covariance_C = mean_and_covariance(a_C)": (
        r"not enough values|tuple|Shapes of all inputs must match"
    ),
}


def explain(trials):
    """Roots of a covariance differ by a rotation, and eigenvectors by a sign: what they have in common is known."""
    for given, value, _ in trials:
        few = value[0, ..., 0].size <= value.shape[-1]
        pairs = zip(_moments(value), _moments(given["arguments"][1]))
        if not few and any(np.linalg.norm(got - right) > 0.05 * np.linalg.norm(right) for got, right in pairs):
            return ""
    return (
        "mean and covariance are right, and the photo is turned more than it must be: take symmetric roots, U with the "
        "roots on both sides, as `power` does"
    )


def wrong_shape(shape, case, tried):
    if all(got == each["arguments"][1].shape for got, each in tried):
        return "the artwork's volume comes back, changed: it is the photo's that is whitened and coloured"
    if all(len(got) == 2 for got, _ in tried):
        return "a matrix comes back: give it the shape of a_C again, (1, n_H, n_W, n_C)"
    return "the result must have the shape of a_C, (1, n_H, n_W, n_C)"


EXERCISE = Exercise(
    name="whiten_and_color",
    number=11,
    notebook="10_any_art",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not that of formula (10): subtract m_C, whiten, colour, add m_S, in this order",
    explain=explain,
    factors=None,
    errors=ERRORS,
    failing={FEW: "the covariance has directions without any spread there, and EPSILON must keep them from infinity"},
    wrong_shape=wrong_shape,
)
