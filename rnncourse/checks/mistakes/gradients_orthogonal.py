"""Mistakes made with orthogonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("orthogonal_from", name, "Starting well", when)


@_of(
    "signs_left_as_they_come",
    "the Q of NumPy is taken as it comes. It stays orthogonal if a column changes its sign; the "
    "signs of R's diagonal make it unique.",
)
def _(A: Array) -> Any:
    return np.linalg.qr(A)[0]


@_of(
    "signs_on_rows",
    "the signs multiply the rows of Q. Column k of Q belongs to row k of R: the signs multiply *columns*.",
)
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    return np.sign(np.diag(R))[:, None] * Q


@_of(
    "diagonal_itself",
    "the columns are at right angles and not of length 1, as if they were multiplied by R's diagonal and not "
    "by its signs.",
)
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    return Q * np.diag(R)


@_of("signs_of_A", "the signs are those of A's diagonal. Those of R's are meant.")
def _(A: Array) -> Any:
    return np.linalg.qr(A)[0] * np.sign(np.diag(A))


@_of(
    "positive_diagonal_of_Q",
    "the diagonal of *Q* is made positive. The diagonal of R is what should be positive.",
)
def _(A: Array) -> Any:
    Q = np.linalg.qr(A)[0]
    return Q * np.sign(np.diag(Q))


@_of(
    "negative_diagonal",
    "every sign is the wrong way round: R has a negative diagonal.",
)
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    return -Q * np.sign(np.diag(R))


@_of("transposed", "the result is transposed. Its *columns* come from the columns of A.")
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    return (Q * np.sign(np.diag(R))).T


@_of(
    "from_the_rows",
    "the rows of A are made orthogonal, by QR of its transpose. QR of A itself goes through its columns.",
)
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A.T)
    return (Q * np.sign(np.diag(R))).T


@_of(
    "transpose_of_A",
    "the transpose of A is factorised. A itself is meant.",
)
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A.T)
    return Q * np.sign(np.diag(R))


@_of("R_returned", "the other factor comes back, R. The first of qr's two results is Q.")
def _(A: Array) -> Any:
    R = np.linalg.qr(A)[1]
    return np.sign(np.diag(R))[:, None] * R


@_of(
    "nearest_orthogonal",
    "the orthogonal matrix nearest to A is given, U @ V.T of the SVD. It is another one than that of QR.",
)
def _(A: Array) -> Any:
    U, _, Vt = np.linalg.svd(A)
    return U @ Vt


@_of(
    "singular_vectors",
    "the left singular vectors are given. They are orthogonal, and not the Q of QR.",
)
def _(A: Array) -> Any:
    return np.linalg.svd(A)[0]


@_of(
    "columns_only_normalised",
    "the columns of A are scaled to length 1. They must be at right angles to one another too.",
)
def _(A: Array) -> Any:
    return A / np.linalg.norm(A, axis=0)


@_of("absolute_values", "every entry of Q is made positive. Signs go by columns.")
def _(A: Array) -> Any:
    return np.abs(np.linalg.qr(A)[0])


@_of(
    "made_a_rotation",
    "a column is turned round where the determinant is -1. Reflections are orthogonal too; R's signs decide.",
)
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    Q = Q * np.sign(np.diag(R))
    if np.linalg.det(Q) < 0:
        Q[:, -1] *= -1
    return Q
