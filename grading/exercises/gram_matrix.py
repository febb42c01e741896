"""Exercise 2, formula (2): the products of all pairs of rows."""

import numpy as np

from grading.cases import case, sizes, symmetric, volume
from grading.exercises import ROUNDED, Exercise


def inputs(rng):
    def matrix(n_C, places, general=""):
        A = volume(rng, (places, n_C)).T.copy()
        return case(A, watch=[0], output_gradient=symmetric(rng, n_C), general=general)

    for _ in range(3):
        n_C, n_H, n_W = sizes(rng)[1:]
        yield matrix(n_C, n_H * n_W)
    yield matrix(11, 4, general="more channels than places")
    yield matrix(1, 6, general="a single channel")
    yield matrix(3, 1, general="a single place")
    yield matrix(17, 6007, general="a large matrix")


def answer(case):
    (A,), weights = case["arguments"], case["output_gradient"]
    return dict(value=A @ A.T, gradients=[(weights + weights.T) @ A])


def stand_in_gram_matrix(A):
    """What the sandbox's function of this name computes."""
    return np.outer(A.sum(axis=1), A.sum(axis=1))


def centred(A):
    return A - A.mean(axis=1, keepdims=True)


def unit(A):
    return A / np.linalg.norm(A, axis=1, keepdims=True)


def _of_matrix(formula):
    return lambda case: formula(case["arguments"][0])


MISTAKES = {
    "A was reshaped where it should be transposed: tf.reshape never moves a number, so rows mix channels": [
        _of_matrix(lambda A: A @ A.reshape(A.shape[::-1])),
        _of_matrix(lambda A: A.reshape(A.shape[::-1]).T @ A.T),
    ],
    "the mean of each row was taken off: that is a covariance; the Gram matrix takes A as it is": [
        _of_matrix(lambda A: centred(A) @ centred(A).T),
        _of_matrix(np.cov),
    ],
    "the rows were scaled to length one: the Gram matrix takes A as it is": [
        _of_matrix(lambda A: unit(A) @ unit(A).T),
    ],
    "the signs are lost: the Gram matrix multiplies the activations as they are": [
        _of_matrix(lambda A: np.abs(A) @ np.abs(A).T),
        _of_matrix(lambda A: np.abs(A @ A.T)),
        _of_matrix(lambda A: A.clip(0) @ A.clip(0).T),
        _of_matrix(lambda A: (A @ A.T).clip(0)),
    ],
    "only the diagonal is filled: multiply every row with every row": [
        _of_matrix(lambda A: np.diag((A**2).sum(1))),
    ],
    "the diagonal is empty: a row is multiplied with itself, too": [
        _of_matrix(lambda A: A @ A.T - np.diag((A**2).sum(1))),
    ],
    "only one half of the matrix is filled: the Gram matrix is symmetric": [
        _of_matrix(lambda A: np.triu(A @ A.T)),
        _of_matrix(lambda A: np.tril(A @ A.T)),
    ],
    "the entries are squared: multiply row with row, once": [
        _of_matrix(lambda A: (A @ A.T) ** 2),
        _of_matrix(lambda A: A**2 @ (A**2).T),
    ],
    "the Gram matrix was multiplied once more": [
        _of_matrix(lambda A: A @ A.T @ A @ A.T),
    ],
    "there is a square root too many": [
        _of_matrix(lambda A: np.sqrt(np.abs(A @ A.T))),
    ],
    "the rows are added up before they are multiplied: multiply place by place, then add up": [
        _of_matrix(lambda A: np.outer(A.sum(1), A.sum(1))),
        _of_matrix(lambda A: np.outer(A.mean(1), A.mean(1))),
    ],
    "something is added to the diagonal: the Gram matrix is A A^T alone": [
        _of_matrix(lambda A: A @ A.T + np.eye(len(A))),
        _of_matrix(lambda A: A @ A.T + np.diag(np.diag(A @ A.T))),
    ],
    "rows are added where they should be multiplied": [
        _of_matrix(lambda A: A.sum(1)[:, None] + A.sum(1)),
    ],
    ROUNDED: [
        _of_matrix(lambda A: np.trunc(A) @ np.trunc(A).T),
        _of_matrix(lambda A: np.round(A @ A.T)),
        _of_matrix(lambda A: np.trunc(A @ A.T)),
    ],
}


ERRORS = {
    "* multiplies entry by entry: a matrix product, tf.matmul, multiplies rows with columns": (
        r"Incompatible shapes",
        r"\*|multiply",
    ),
    "A is a matrix (n_C, n_H * n_W) already, not a volume: no reshape is needed, and its axes are two": (
        r"to have rank|transpose expects a vector|slice index|values to unpack|index out of range|Can not squeeze|"
        r"out of range using input dim|Too many indices|Invalid reduction dimension"
    ),
}


def wrong_shape(shape, case, tried):
    n_C, places = case["arguments"][0].shape
    if all(shape == case["arguments"][0].shape[1:] * 2 for shape, case in tried):
        return "A^T A was computed, places with places: A A^T multiplies channels with channels"
    if shape == ():
        return "one number comes back: the Gram matrix has one entry for every pair of channels, shape (n_C, n_C)"
    if shape == (n_C, places):
        return "A was multiplied with itself entry by entry: a matrix product, tf.matmul, multiplies rows with columns"
    if shape in ((n_C,), (n_C, 1), (1, n_C)):
        return "one number for each channel comes back: every row must meet every other, shape (n_C, n_C)"
    return "the Gram matrix must have shape (n_C, n_C)"


EXERCISE = Exercise(
    name="gram_matrix",
    number=2,
    notebook="03_style_cost",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the values are not those of formula (2), row times row",
    factors=("n_C", "(n_H n_W)"),
    watched="A",
    errors=ERRORS,
    wrong_shape=wrong_shape,
)
