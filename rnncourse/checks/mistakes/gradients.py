"""Mistakes made with one step's Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("step_jacobian", name, "One step's Jacobian", when)


@_of(
    "transposed",
    "the Jacobian is transposed. Row i belongs to unit i of h_t, column j to unit j of h_prev. Gradients "
    "go back through the transpose; that is another matrix.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return ((1 - h_t**2)[:, None] * W_hh).T


@_of(
    "slope_on_columns",
    "the slope of tanh multiplies columns. It belongs to the unit that reacts, so it multiplies rows: "
    "[:, None] makes a column of it.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - h_t**2) * W_hh


@_of(
    "W_hh_transposed",
    "the rows of W_hh.T are multiplied by the slope. Those of W_hh are meant: h_t depends on W_hh @ h_prev.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - h_t**2)[:, None] * W_hh.T


@_of(
    "tanh_twice",
    "the slope is 1 - tanh(h_t)**2. h_t is a tanh already: its slope is 1 - h_t**2.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - np.tanh(h_t) ** 2)[:, None] * W_hh


@_of("slope_missing", "the slope of tanh is left out: this is W_hh itself.")
def _(h_t: Array, W_hh: Array) -> Any:
    return W_hh.copy()


@_of("square_missing", "the slope is 1 - h_t. It is 1 - h_t**2.")
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - h_t)[:, None] * W_hh


@_of(
    "sign_in_slope",
    "the slope is 1 + h_t**2. tanh is flatter far from 0: 1 - h_t**2.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 + h_t**2)[:, None] * W_hh


@_of("square_only", "the slope is h_t**2. At h_t = 0 tanh is steepest: 1 - h_t**2.")
def _(h_t: Array, W_hh: Array) -> Any:
    return (h_t**2)[:, None] * W_hh


@_of(
    "slope_of_sigmoid",
    "the slope is h_t * (1 - h_t). That is the slope of a sigmoid; tanh has 1 - h_t**2.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (h_t * (1 - h_t))[:, None] * W_hh


@_of("divided", "the slope divides W_hh. The chain rule multiplies.")
def _(h_t: Array, W_hh: Array) -> Any:
    return W_hh / (1 - h_t**2)[:, None]


@_of(
    "diagonal_only",
    "only the diagonal is left: two matrices are multiplied number by number. np.diag(...) @ W_hh is the "
    "matrix product.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return np.diag(1 - h_t**2) * W_hh


@_of(
    "slope_on_both_sides",
    "rows and columns are multiplied by the slope. Only the unit that reacts goes through its tanh here.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - h_t**2)[:, None] * W_hh * (1 - h_t**2)


@_of(
    "one_slope_for_all",
    "one slope serves all units, 1 minus the *sum* of the squares. Each unit has its own.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - h_t @ h_t) * W_hh


@_of(
    "gradient_of_the_sum",
    "the rows are added up, to a vector (H,). That is the gradient of the *sum* of h_t; the Jacobian keeps "
    "a row for each unit.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return W_hh.T @ (1 - h_t**2)


@_of(
    "applied_to_the_state",
    "the Jacobian is multiplied by h_t, to a vector (H,). The matrix itself is asked for.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return ((1 - h_t**2)[:, None] * W_hh) @ h_t


@_of(
    "slope_at_W_h",
    "the slope is taken at W_hh @ h_t, one step later. Read it off h_t itself: 1 - h_t**2.",
)
def _(h_t: Array, W_hh: Array) -> Any:
    return (1 - np.tanh(W_hh @ h_t) ** 2)[:, None] * W_hh
