"""Mistakes made with the norms of products of Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Array = np.ndarray
_PRODUCT = "A product of Jacobians"
_RADIUS = "Spectral radius and spectral norm"


def _of(name: str, when: str, heading: str = _PRODUCT) -> Any:
    return CATALOGUE.of("jacobian_norms", name, heading, when)


def _jacobians(h: Array, W_hh: Array) -> Array:
    """Return ``dh_t/dh_{t-1}`` for every step, (T, H, H)."""
    return (1 - h**2)[:, :, None] * W_hh


def _products(jacobians: Array) -> Array:
    """Return ``dh_T/dh_t`` for t = 1..T, (T, H, H)."""
    rows, product = [], np.eye(jacobians.shape[1], dtype=jacobians.dtype)
    for jacobian in jacobians[::-1]:
        rows.append(product)
        product = product @ jacobian
    return np.stack(rows[::-1])


def _norms(products: Array) -> Array:
    return np.linalg.norm(products, ord=2, axis=(1, 2))


@_of(
    "product_reversed",
    "the Jacobians are multiplied in the wrong order (or each of them is transposed). The latest stands "
    "on the left, J_T ... J_{t+1}: the running product takes the earlier one on its right.",
)
def _(h: Array, W_hh: Array) -> Any:
    rows, product = [], np.eye(len(W_hh), dtype=h.dtype)
    for jacobian in _jacobians(h, W_hh)[::-1]:
        rows.append(np.linalg.norm(product, 2))
        product = jacobian @ product
    return np.array(rows[::-1])


@_of(
    "product_of_norms",
    "the norms of the single Jacobians are multiplied. That is an upper bound: the directions that two "
    "steps stretch most need not be the same.",
    _RADIUS,
)
def _(h: Array, W_hh: Array) -> Any:
    single = _norms(_jacobians(h, W_hh))
    return np.array([np.prod(single[t + 1 :]) for t in range(len(h))])


@_of("frobenius", "the Frobenius norm is taken, np.linalg.norm(P). The spectral norm has ord=2.", _RADIUS)
def _(h: Array, W_hh: Array) -> Any:
    return np.linalg.norm(_products(_jacobians(h, W_hh)), axis=(1, 2))


@_of(
    "spectral_radius",
    "the spectral radius of each product is taken. The norm asks how much a vector is stretched at most: "
    "the largest *singular* value.",
    _RADIUS,
)
def _(h: Array, W_hh: Array) -> Any:
    found = np.linalg.eigvals(_products(_jacobians(h, W_hh)))
    return np.abs(found).max(axis=1).astype(h.dtype)


@_of(
    "product_of_radii",
    "the spectral radii of the single Jacobians are multiplied. The radius of a product is not the product "
    "of radii, and not the norm either.",
    _RADIUS,
)
def _(h: Array, W_hh: Array) -> Any:
    radii = np.abs(np.linalg.eigvals(_jacobians(h, W_hh))).max(axis=1)
    return np.array([np.prod(radii[t + 1 :]) for t in range(len(h))]).astype(h.dtype)


@_of(
    "one_jacobian_too_many",
    "each product has one Jacobian too many: it reaches back to h_{t-1}. Between h_T and h_T there is none, "
    "so the last norm is 1.",
)
def _(h: Array, W_hh: Array) -> Any:
    products = _products(_jacobians(h, W_hh))
    return _norms(products @ _jacobians(h, W_hh))


@_of(
    "one_step_early",
    "each Jacobian has the slope of the state *before* the step. dh_t/dh_{t-1} is read off h_t.",
)
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(np.concatenate([0 * h[:1], h[:-1]]), W_hh)))


@_of(
    "not_cumulative",
    "each number is the norm of a single Jacobian. From T back to t there are T - t of them, multiplied.",
)
def _(h: Array, W_hh: Array) -> Any:
    single = _norms(_jacobians(h, W_hh))
    return np.append(single[1:], single[:1] * 0 + 1)


@_of(
    "from_the_first",
    "the products begin at the first state, dh_t/dh_1. Asked for is what of h_T reaches back to h_t, "
    "dh_T/dh_t: the last is 1.",
)
def _(h: Array, W_hh: Array) -> Any:
    rows, product = [], np.eye(len(W_hh), dtype=h.dtype)
    for jacobian in [*_jacobians(h, W_hh)[1:], product]:
        rows.append(np.linalg.norm(product, 2))
        product = jacobian @ product
    return np.array(rows)


@_of("reversed", "the norms stand in reverse order. norms[0] belongs to the first state, norms[-1] is 1.")
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(h, W_hh)))[::-1].copy()


@_of("slope_missing", "the slope of tanh is left out, so that powers of W_hh are measured.")
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(0 * h, W_hh)))


@_of("tanh_twice", "the slope is 1 - tanh(h)**2. h is a tanh already: 1 - h**2.", "One step's Jacobian")
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(np.tanh(h), W_hh)))


@_of(
    "slope_on_columns",
    "the slope multiplies the columns of W_hh. It belongs to the unit that reacts, so it multiplies rows.",
    "One step's Jacobian",
)
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products((1 - h**2)[:, None, :] * W_hh))


@_of(
    "W_hh_transposed",
    "each Jacobian is made with W_hh.T, the transpose of W_hh.",
    "One step's Jacobian",
)
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(h, W_hh.T)))


@_of("largest_entry", "the largest entry of each product is taken for its norm.", _RADIUS)
def _(h: Array, W_hh: Array) -> Any:
    return np.abs(_products(_jacobians(h, W_hh))).max(axis=(1, 2))


@_of("largest_column_sum", "the norm is the largest column sum, ord=1. The spectral norm has ord=2.", _RADIUS)
def _(h: Array, W_hh: Array) -> Any:
    return np.linalg.norm(_products(_jacobians(h, W_hh)), ord=1, axis=(1, 2))


@_of("largest_row_sum", "the norm is the largest row sum, ord=np.inf. The spectral norm has ord=2.", _RADIUS)
def _(h: Array, W_hh: Array) -> Any:
    return np.linalg.norm(_products(_jacobians(h, W_hh)), ord=np.inf, axis=(1, 2))


@_of(
    "smallest_singular_value",
    "the *smallest* singular value is taken. The spectral norm is the largest: the strongest stretching.",
    _RADIUS,
)
def _(h: Array, W_hh: Array) -> Any:
    return np.linalg.norm(_products(_jacobians(h, W_hh)), ord=-2, axis=(1, 2))


@_of("squared", "the norms are squared: the largest eigenvalue of P.T @ P without the root.", _RADIUS)
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(h, W_hh))) ** 2


@_of(
    "last_slope_everywhere",
    "one Jacobian, that of the last step, is taken to powers. Each step has its own state and its own slope.",
)
def _(h: Array, W_hh: Array) -> Any:
    return _norms(_products(_jacobians(0 * h + h[-1], W_hh)))


@_of("last_step_left_out", "the Jacobian of the last step is missing: the products end at h_{T-1}.")
def _(h: Array, W_hh: Array) -> Any:
    norms = _norms(_products(_jacobians(h[:-1], W_hh)))
    return np.append(norms, norms[:1] * 0 + 1)


@_of(
    "elementwise_product",
    "the Jacobians are multiplied number by number, with *. The chain rule needs the matrix product, @.",
)
def _(h: Array, W_hh: Array) -> Any:
    rows, product = [], np.eye(len(W_hh), dtype=h.dtype)
    for t, jacobian in enumerate(_jacobians(h, W_hh)[::-1]):
        rows.append(np.linalg.norm(product, 2))
        product = product * jacobian if t else jacobian
    return np.array(rows[::-1])
