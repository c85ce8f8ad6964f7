"""Mistakes made with the spectral radius."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("spectral_radius", name, "Spectral radius and spectral norm", when)


@_of(
    "spectral_norm",
    "the spectral norm is taken, the largest singular value. It is an upper bound for the radius; the two "
    "are equal for symmetric and other normal matrices.",
)
def _(W: Array) -> Any:
    return float(np.linalg.norm(W, 2))


@_of(
    "no_absolute_value",
    "the largest real part among the eigenvalues is taken. An eigenvalue of -2 doubles too, and so does a "
    "complex one of absolute value 2.",
)
def _(W: Array) -> Any:
    return float(np.linalg.eigvals(W).real.max())


@_of(
    "absolute_value_of_the_largest",
    "the eigenvalue with the largest real part is chosen first and its absolute value taken then. Take "
    "absolute values first, the maximum after.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.max(np.linalg.eigvals(W))))


@_of(
    "real_parts_only",
    "the imaginary parts are thrown away, |Re|. A complex eigenvalue is as large as the root of Re² + Im²: "
    "np.abs knows that.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.eigvals(W).real).max())


@_of(
    "real_eigenvalues_only",
    "eigenvalues that are complex are left out. A pair of them turns *and* stretches; the stretching counts.",
)
def _(W: Array) -> Any:
    found = np.linalg.eigvals(W)
    return float(np.abs(found[np.abs(found.imag) < 1e-12]).max(initial=0.0))


@_of(
    "symmetric_routine",
    "eigvalsh is used. It is made for symmetric matrices and looks at one triangle only.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.eigvalsh(W)).max())


@_of(
    "made_symmetric",
    "the eigenvalues are those of the symmetric part, (W + W.T) / 2. They belong to another matrix.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max())


@_of("frobenius_norm", "the Frobenius norm is taken: the root of all squares.")
def _(W: Array) -> Any:
    return float(np.linalg.norm(W))


@_of("trace", "the trace is taken, which is the *sum* of the eigenvalues.")
def _(W: Array) -> Any:
    return float(np.abs(np.trace(W)))


@_of(
    "determinant",
    "the determinant is taken, which is the *product* of the eigenvalues.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.det(W)))


@_of(
    "largest_entry",
    "the largest entry of W is taken. Entries are not eigenvalues, unless W is diagonal.",
)
def _(W: Array) -> Any:
    return float(np.abs(W).max())


@_of(
    "largest_diagonal_entry",
    "the diagonal of W is read as its eigenvalues. That holds for triangular matrices.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.diag(W)).max())


@_of(
    "smallest",
    "the *smallest* eigenvalue in size is taken. The largest one wins in the long run.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.eigvals(W)).min())


@_of("mean", "all sizes of eigenvalues are averaged. The largest one decides.")
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.eigvals(W)).mean())


@_of(
    "squared",
    "the square of the radius is taken: Re² + Im² without the root.",
)
def _(W: Array) -> Any:
    found = np.linalg.eigvals(W)
    return float((found.real**2 + found.imag**2).max())


@_of(
    "first_eigenvalue",
    "the first eigenvalue in NumPy's list is taken. The list has no order.",
)
def _(W: Array) -> Any:
    return float(np.abs(np.linalg.eigvals(W)[0]))


@_of(
    "power_iteration",
    "one vector is multiplied again and again, and its last growth is measured. A complex pair turns the "
    "vector for ever, so that its growth never settles.",
)
def _(W: Array) -> Any:
    v = np.ones(len(W))
    for _ in range(500):
        v = W @ (v / np.linalg.norm(v))
    return float(np.linalg.norm(v))


@_of(
    "rayleigh_quotient",
    "one vector is multiplied again and again, and the absolute value of v·Wv is taken at the end. With a "
    "complex pair there is no single direction that it could settle in.",
)
def _(W: Array) -> Any:
    v = np.ones(len(W))
    for _ in range(500):
        v = W @ v
        v = v / np.linalg.norm(v)
    return float(abs(v @ W @ v))
