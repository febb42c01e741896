"""Answers to exercise 2, gram_matrix."""

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def gram_matrix(A):
    return tf.matmul(A, A, transpose_b=True)


@right
def gram_matrix(A):
    return tf.matmul(A, tf.transpose(A))


@right
def gram_matrix(A):
    return A @ tf.transpose(A, perm=[1, 0])


@right
def gram_matrix(A):
    return tf.linalg.matmul(A, A, adjoint_b=True)


@right
def gram_matrix(A):
    return tf.einsum("ik,jk->ij", A, A)


@right
def gram_matrix(A):
    return tf.tensordot(A, A, axes=[[1], [1]])


@right
def gram_matrix(A):
    return tf.reduce_sum(A[:, tf.newaxis, :] * A[tf.newaxis, :, :], axis=2)


@right
def gram_matrix(A):
    B = tf.linalg.matrix_transpose(A)
    return tf.matmul(B, B, transpose_a=True)


@right
@tf.function
def gram_matrix(A):
    return tf.stack([tf.linalg.matvec(A, row) for row in tf.unstack(A)])


@right
def gram_matrix(A):
    halves = tf.split(A, [A.shape[1] // 2, A.shape[1] - A.shape[1] // 2], axis=1)
    return tf.add_n([tf.matmul(half, half, transpose_b=True) for half in halves])


@wrong("A^T A was computed")
def gram_matrix(A):
    return tf.matmul(A, A, transpose_a=True)


@wrong("A^T A was computed")
def gram_matrix(A):
    return tf.transpose(A) @ A


@wrong("must one of the two be transposed")
def gram_matrix(A):
    return tf.matmul(A, A)


@wrong("entry by entry")
def gram_matrix(A):
    return A * A


@wrong("one number comes back")
def gram_matrix(A):
    return tf.reduce_sum(A @ tf.transpose(A))


@wrong("one number for each channel")
def gram_matrix(A):
    return tf.reduce_sum(A * A, axis=1)


@wrong("(n_H n_W) times too small")
def gram_matrix(A):
    return A @ tf.transpose(A) / A.shape[1]


@wrong("n_C times too small")
def gram_matrix(A):
    return A @ tf.transpose(A) / A.shape[0]


@wrong("n_C · (n_H n_W) times too small")
def gram_matrix(A):
    return A @ tf.transpose(A) / tf.size(A, out_type=tf.float32)


@wrong("n_C · (n_H n_W) times too small")
def gram_matrix(A):
    return tf.matmul(A, A, transpose_b=True) / tf.cast(tf.reduce_prod(A.shape), tf.float32)


@wrong("2 times too small")
def gram_matrix(A):
    return A @ tf.transpose(A) / 2


@wrong("wrong sign")
def gram_matrix(A):
    return -A @ tf.transpose(A)


@wrong("(n_H n_W) times too large")
def gram_matrix(A):
    return A @ tf.transpose(A) * A.shape[1]


@wrong("where it should be transposed")
def gram_matrix(A):
    return A @ tf.reshape(A, (A.shape[1], A.shape[0]))


@wrong("where it should be transposed")
def gram_matrix(A):
    return tf.matmul(A, tf.reshape(A, A.shape[::-1]))


@wrong("covariance")
def gram_matrix(A):
    A = A - tf.reduce_mean(A, axis=1, keepdims=True)
    return A @ tf.transpose(A)


@wrong("scaled to length one")
def gram_matrix(A):
    A = tf.math.l2_normalize(A, axis=1)
    return A @ tf.transpose(A)


@wrong("signs are lost")
def gram_matrix(A):
    return tf.abs(A) @ tf.transpose(tf.abs(A))


@wrong("signs are lost")
def gram_matrix(A):
    return tf.abs(A @ tf.transpose(A))


@wrong("signs are lost")
def gram_matrix(A):
    return tf.nn.relu(A) @ tf.transpose(tf.nn.relu(A))


@wrong("only the diagonal")
def gram_matrix(A):
    return tf.linalg.diag(tf.reduce_sum(A**2, axis=1))


@wrong("one half of the matrix")
def gram_matrix(A):
    return tf.linalg.band_part(A @ tf.transpose(A), 0, -1)


@wrong("diagonal is empty")
def gram_matrix(A):
    return tf.linalg.set_diag(A @ tf.transpose(A), tf.zeros(A.shape[0]))


@wrong("squared")
def gram_matrix(A):
    return (A @ tf.transpose(A)) ** 2


@wrong("squared")
def gram_matrix(A):
    return tf.matmul(A**2, A**2, transpose_b=True)


@wrong("once more")
def gram_matrix(A):
    return A @ tf.transpose(A) @ A @ tf.transpose(A)


@wrong("rows are added up before")
def gram_matrix(A):
    sums = tf.reduce_sum(A, axis=1, keepdims=True)
    return sums @ tf.transpose(sums)


@wrong("plain number or array comes back")
def gram_matrix(A):
    return np.dot(A, np.transpose(A))


@wrong("plain number or array comes back")
def gram_matrix(A):
    return A.numpy() @ A.numpy().T


@wrong("no gradient reaches A")
def gram_matrix(A):
    return tf.convert_to_tensor(np.einsum("ik,jk->ij", A, A))


@wrong("no gradient reaches A")
def gram_matrix(A):
    return tf.stop_gradient(A @ tf.transpose(A))


@wrong("hides a factor from it")
def gram_matrix(A):
    return A @ tf.transpose(tf.stop_gradient(A))


@wrong("no gradient reaches A")
def gram_matrix(A):
    return tf.numpy_function(lambda a: a @ a.T, [A], tf.float32)


@wrong("float64, not float32")
def gram_matrix(A):
    A = tf.cast(A, tf.float64)
    return A @ tf.transpose(A)


@wrong("is rounded")
def gram_matrix(A):
    return tf.cast(tf.cast(A @ tf.transpose(A), tf.int32), tf.float32)


@wrong("shape (n_C, n_C)")
def gram_matrix(A):
    return (A @ tf.transpose(A))[tf.newaxis]


@wrong("do not multiply to the number of values")
def gram_matrix(A):
    A = tf.reshape(A, (2, 3))
    return A @ tf.transpose(A)


@wrong("always zero")
def gram_matrix(A):
    return tf.zeros((A.shape[0], A.shape[0]))


total = []


@wrong("keeps something between calls")
def gram_matrix(A):
    total.append(A @ tf.transpose(A))
    return total[-1] if len(total) == 1 or total[-2].shape != total[-1].shape else total[-1] + total[-2]


@wrong("returns nothing")
def gram_matrix(A):
    A @ tf.transpose(A)


@wrong("cannot be changed in place")
def gram_matrix(A):
    A[0] = 0
    return A @ tf.transpose(A)


@wrong("covariance")
def gram_matrix(A):
    A -= tf.reduce_mean(A, axis=1, keepdims=True)
    return A @ tf.transpose(A) / (A.shape[1] - 1)


@wrong("rows are added where")
def gram_matrix(A):
    sums = tf.reduce_sum(A, axis=1)
    return sums[:, None] + sums


@wrong("it fails for a single place")
def gram_matrix(A):
    A = tf.concat([A[:, :2], A[:, 2:]], axis=1) if A[:, 1] is not None else A
    return A @ tf.transpose(A)


@wrong()
def gram_matrix(A):
    return tf.nn.softmax(A @ tf.transpose(A))


@wrong("three digits only")
def gram_matrix(A):
    A = tf.cast(A, tf.float16)
    return tf.cast(A @ tf.transpose(A), tf.float32)


@wrong()
def gram_matrix(A):
    return A @ tf.transpose(tf.reverse(A, [1]))


@wrong("added to the diagonal")
def gram_matrix(A):
    return A @ tf.transpose(A) + tf.eye(A.shape[0])


@wrong("use tf.transpose")
def gram_matrix(A):
    return A @ A.T


@wrong("shape (n_C, n_C)")
def gram_matrix(A):
    """The last channel is left out."""
    return tf.stack([tf.linalg.matvec(A, row)[:-1] for row in tf.unstack(A)[:-1]])


@wrong("A is a matrix (n_C, n_H * n_W) already")
def gram_matrix(A):
    """Of TensorFlow's tutorial."""
    return tf.linalg.einsum("bijc,bijd->bcd", A, A) / tf.cast(tf.shape(A)[1] * tf.shape(A)[2], tf.float32)


@wrong("A is a matrix (n_C, n_H * n_W) already")
def gram_matrix(A):
    _, n_H, n_W, n_C = A.shape
    return tf.matmul(A, A, transpose_b=True)


@wrong("must one of the two be transposed?")
@tf.function
def gram_matrix(A):
    return tf.matmul(A, A)


@wrong("* multiplies entry by entry")
def gram_matrix(A):
    return A * tf.transpose(A)


@wrong("tf.linalg.matrix_transpose")
def gram_matrix(A):
    return tf.matmul(A, tf.matrix_transpose(A))


@wrong("has no .mm: use tf.matmul")
def gram_matrix(A):
    return A.mm(A.t())


@wrong("a.shape for the sizes")
def gram_matrix(A):
    """Of PyTorch's tutorial."""
    a, b, c, d = A.size()
    features = A.view(a * b, c * d)
    return features.mm(features.t())


@right
def gram_matrix(A):
    return tf.vectorized_map(lambda row: tf.linalg.matvec(a=A, b=row), A)


@right
def gram_matrix(A):
    return keras.ops.matmul(A, keras.ops.transpose(A))


@right
def gram_matrix(A):
    return tf.map_fn(lambda row: tf.einsum("ck,k->c", A, row), A)


@wrong("A^T A was computed")
def gram_matrix(A):
    return tf.einsum("ki,kj->ij", A, A)


@wrong("one number comes back")
def gram_matrix(A):
    return tf.tensordot(A, A, axes=2)


@wrong("entry by entry")
def gram_matrix(A):
    return tf.einsum("ik,ik->ik", A, A)


@wrong("must one of the two be transposed")
def gram_matrix(A):
    return tf.linalg.matmul(A, A, transpose_a=True, adjoint_b=True)


@wrong("added to the diagonal")
def gram_matrix(A):
    """Half of it, mirrored: the diagonal counts twice."""
    upper = tf.linalg.band_part(tf.matmul(A, A, transpose_b=True), 0, -1)
    return upper + tf.transpose(upper)


@wrong("this course computes with TensorFlow")
def gram_matrix(A):
    import torch

    return torch.mm(A, A.t())


@wrong("this course computes with TensorFlow")
def gram_matrix(A):
    return torch.mm(A, A.t())  # noqa: F821


@wrong("a tf.cast or NumPy makes it that")
def gram_matrix(A):
    G = np.zeros((A.shape[0], A.shape[0]))
    for i in range(len(G)):
        for j in range(len(G)):
            G[i, j] = np.dot(A[i], A[j])
    return tf.convert_to_tensor(G)
