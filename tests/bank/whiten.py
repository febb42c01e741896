"""Answers to exercise 11, whiten_and_color, with the two functions of notebook 10 that it may use."""

import numpy as np
import tensorflow as tf

from bank import right, wrong

EPSILON = 1e-3


def mean_and_covariance(a):
    A = tf.reshape(a, (-1, a.shape[-1]))
    m = tf.reduce_mean(A, axis=0)
    covariance = tf.matmul(A - m, A - m, transpose_a=True) / A.shape[0]
    return m, covariance + EPSILON * tf.eye(a.shape[-1])


def power(matrix, exponent):
    values, vectors = tf.linalg.eigh(matrix)
    return (vectors * values**exponent) @ tf.transpose(vectors)


@right
def whiten_and_color(a_C, a_S):
    m_C, covariance_C = mean_and_covariance(a_C)
    m_S, covariance_S = mean_and_covariance(a_S)
    white = (a_C - m_C) @ power(covariance_C, -0.5)
    return white @ power(covariance_S, 0.5) + m_S


@right
def whiten_and_color(a_C, a_S):
    """One matrix for both."""
    (m_C, covariance_C), (m_S, covariance_S) = map(mean_and_covariance, (a_C, a_S))
    change = power(covariance_C, -0.5) @ power(covariance_S, 0.5)
    return tf.tensordot(a_C - m_C, change, 1) + m_S


@right
def whiten_and_color(a_C, a_S):
    """In columns, as the formula has it."""
    n_C = a_C.shape[-1]
    m_C, covariance_C = mean_and_covariance(a_C)
    m_S, covariance_S = mean_and_covariance(a_S)
    F = tf.transpose(tf.reshape(a_C - m_C, (-1, n_C)))
    colored = tf.matmul(power(covariance_S, 0.5), tf.matmul(power(covariance_C, -0.5), F))
    return tf.reshape(tf.transpose(colored) + m_S, a_C.shape)


@right
def whiten_and_color(a_C, a_S):
    """TensorFlow's own square root."""
    m_C, covariance_C = mean_and_covariance(a_C)
    m_S, covariance_S = mean_and_covariance(a_S)
    white = tf.einsum("bhwi,ij->bhwj", a_C - m_C, tf.linalg.inv(tf.linalg.sqrtm(covariance_C)))
    return tf.einsum("bhwi,ij->bhwj", white, tf.linalg.sqrtm(covariance_S)) + m_S


@right
def whiten_and_color(a_C, a_S):
    """Without the helpers."""

    def parts(a):
        m = tf.reduce_mean(a, axis=(0, 1, 2))
        F = tf.reshape(a - m, (-1, a.shape[-1]))
        values, vectors = tf.linalg.eigh(tf.transpose(F) @ F / F.shape[0])
        return m, tf.maximum(values, 0.0) + EPSILON, vectors

    m_C, values_C, U_C = parts(a_C)
    m_S, values_S, U_S = parts(a_S)
    whitening = U_C @ tf.linalg.diag(1 / tf.sqrt(values_C)) @ tf.transpose(U_C)
    coloring = U_S @ tf.linalg.diag(tf.sqrt(values_S)) @ tf.transpose(U_S)
    return tf.matmul(tf.matmul(a_C - m_C, whitening), coloring) + m_S


@right
def whiten_and_color(a_C, a_S):
    """The singular values of a symmetric matrix are its eigenvalues."""

    def root(covariance, sign):
        s, u, _ = tf.linalg.svd(covariance)
        return tf.matmul(u * s ** (0.5 * sign), u, transpose_b=True)

    m_C, covariance_C = mean_and_covariance(a_C)
    m_S, covariance_S = mean_and_covariance(a_S)
    return (a_C - m_C) @ root(covariance_C, -1) @ root(covariance_S, 1) + m_S


def parts_of(a_C, a_S):
    (m_C, covariance_C), (m_S, covariance_S) = map(mean_and_covariance, (a_C, a_S))
    return a_C - m_C, m_C, m_S, covariance_C, covariance_S


@wrong("add m_S at the end")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(C, -0.5) @ power(S, 0.5)


@wrong("the artwork's, m_S, belongs there")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(C, -0.5) @ power(S, 0.5) + m_C


@wrong("subtract m_C before you whiten")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return a_C @ power(C, -0.5) @ power(S, 0.5) + m_S


@wrong("what whitens the photo is all its own")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return (a_C - m_S) @ power(C, -0.5) @ power(S, 0.5) + m_S


@wrong("whitened, and not coloured")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(C, -0.5) + m_S


@wrong("was not whitened before")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(S, 0.5) + m_S


@wrong("only the mean is changed")
def whiten_and_color(a_C, a_S):
    return a_C - tf.reduce_mean(a_C, (0, 1, 2)) + tf.reduce_mean(a_S, (0, 1, 2))


@wrong("comes back as it was")
def whiten_and_color(a_C, a_S):
    return a_C


@wrong("the covariances are swapped")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(S, -0.5) @ power(C, 0.5) + m_S


@wrong("so whiten first")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(S, 0.5) @ power(C, -0.5) + m_S


@wrong("a covariance is made of squares")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ tf.linalg.inv(C) @ S + m_S


@wrong("-0.5 whitens, 0.5 colours")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(C, 0.5) @ power(S, 0.5) + m_S


@wrong("how channels go together")
def whiten_and_color(a_C, a_S):
    """Adaptive instance normalisation."""
    m_C, variance_C = tf.nn.moments(a_C, (1, 2))
    m_S, variance_S = tf.nn.moments(a_S, (1, 2))
    return (a_C - m_C) / tf.sqrt(variance_C) * tf.sqrt(variance_S) + m_S


@wrong("take symmetric roots")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    n_C = a_C.shape[-1]
    columns = tf.transpose(tf.reshape(F, (-1, n_C)))
    white = tf.linalg.triangular_solve(tf.linalg.cholesky(C), columns)
    return tf.reshape(tf.transpose(tf.linalg.cholesky(S) @ white), a_C.shape) + m_S


@wrong("take symmetric roots")
def whiten_and_color(a_C, a_S):
    """Without the last rotations."""
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    (values_C, U_C), (values_S, U_S) = tf.linalg.eigh(C), tf.linalg.eigh(S)
    return F @ (U_C * values_C**-0.5) @ tf.transpose(U_S * values_S**0.5) + m_S


@wrong("EPSILON is missing")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    less = EPSILON * tf.eye(a_C.shape[-1])
    return F @ power(C - less, -0.5) @ power(S - less, 0.5) + m_S


@wrong("divide by their number, not by one less")
def whiten_and_color(a_C, a_S):
    def covariance(a):
        A = tf.reshape(a, (-1, a.shape[-1]))
        F = A - tf.reduce_mean(A, 0)
        return tf.matmul(F, F, transpose_a=True) / (A.shape[0] - 1) + EPSILON * tf.eye(a.shape[-1])

    F, m_C, m_S, _, _ = parts_of(a_C, a_S)
    return F @ power(covariance(a_C), -0.5) @ power(covariance(a_S), 0.5) + m_S


@wrong("it is the photo's that is whitened and coloured")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return (a_S - m_S) @ power(S, -0.5) @ power(C, 0.5) + m_C


@wrong("give it the shape of a_C again")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return tf.reshape(F, (-1, a_C.shape[-1])) @ power(C, -0.5) @ power(S, 0.5) + m_S


@wrong("are transposed")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    columns = tf.reshape(F, (a_C.shape[-1], -1))
    return tf.reshape(power(S, 0.5) @ power(C, -0.5) @ columns, a_C.shape) + m_S


@wrong("the channels are the volume's last axis")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return power(S, 0.5) @ power(C, -0.5) @ F + m_S


@wrong("the volumes have different sizes")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return F @ power(C, -0.5) @ power(S, 0.5) + a_S


@wrong("mean_and_covariance gives two things")
def whiten_and_color(a_C, a_S):
    return a_C - mean_and_covariance(a_C)


@wrong("a plain number or array comes back where a tensor should")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    return np.asarray(F @ power(C, -0.5) @ power(S, 0.5) + m_S)


@wrong("returns nothing")
def whiten_and_color(a_C, a_S):
    F, m_C, m_S, C, S = parts_of(a_C, a_S)
    F @ power(C, -0.5) @ power(S, 0.5) + m_S
