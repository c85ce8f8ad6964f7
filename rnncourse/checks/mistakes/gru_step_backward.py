"""Mistakes made inside one step of the GRU on the way back: at the gates, before anything leaves the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru import gates

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_BACK = "Back through one step"


def slopes(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> tuple[Array, ...]:
    """Return the gradients of what stands inside r, z and n, and that of q, each ``(B, H)``."""
    da_n = dh_t * (1 - z) * (1 - n**2)
    return da_n * q * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z), da_n, da_n * r


def leave(
    inside: tuple[Array, ...], kept: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    """Return a step's six gradients, from what :func:`slopes` gives and what h_prev gets directly."""
    da_r, da_z, da_n, dq = inside
    by_input = np.concatenate([da_r, da_z, da_n], axis=1)
    by_state = np.concatenate([da_r, da_z, dq], axis=1)
    dh_prev = kept + by_state @ W_hh
    dW_xh, dW_hh = by_input.T @ x_t, by_state.T @ h_prev
    return by_input @ W_xh, dh_prev, dW_xh, dW_hh, by_input.sum(axis=0), dq.sum(axis=0)


def right(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, *biases: Array) -> Any:
    """Go back through a step as it should be."""
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, *biases)
    return leave(slopes(dh_t, h_prev, r, z, n, q), dh_t * z, x_t, h_prev, W_xh, W_hh)


def _of(name: str, when: str, heading: str = _BACK) -> Any:
    """File a mistake that is made between the gates and what leaves the step."""

    def file(function: Callable[..., Any]) -> Callable[..., Any]:
        def answer(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, *biases: Array) -> Any:
            r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, *biases)
            return leave(function(dh_t, h_prev, r, z, n, q), dh_t * z, x_t, h_prev, W_xh, W_hh)

        CATALOGUE.of("gru_step_backward", name, heading, when)(answer)
        return function

    return file


@CATALOGUE.of(
    "gru_step_backward",
    "z_exchanged",
    _BACK,
    "z and 1 - z are exchanged: the gradient of the candidate is multiplied by z, and h_prev gets 1 - z.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, 1 - z, n, q)
    return leave((da_r, da_z, da_n, dq), dh_t * (1 - z), x_t, h_prev, W_xh, W_hh)


@CATALOGUE.of(
    "gru_step_backward",
    "z_exchanged_throughout",
    _BACK,
    "the whole step is h = z * n + (1 - z) * h_prev, forward and back. Here z is how much of h_prev is kept.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, 1 - z, n, q)
    return leave((da_r, -da_z, da_n, dq), dh_t * (1 - z), x_t, h_prev, W_xh, W_hh)


# ---------------------------------------------------------------- the update gate
@_of("dz_sign", "da_z has the wrong sign. h_t grows with z where h_prev is the larger one: h_prev - n.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, -da_z, da_n, dq


@_of("dz_without_n", "z's gradient has h_prev alone. z stands twice in the mix, so it is h_prev - n.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, _, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, dh_t * h_prev * z * (1 - z), da_n, dq


@_of(
    "path_through_1_minus_z_sign",
    "z's gradient is h_prev + n: the minus of 1 - z is lost. It should be h_prev - n.",
)
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, _, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, dh_t * (h_prev + n) * z * (1 - z), da_n, dq


@_of("dz_without_h_prev", "z's gradient has -n alone. z also multiplies h_prev, so it is h_prev - n.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, _, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, -dh_t * n * z * (1 - z), da_n, dq


@_of("dz_missing", "nothing goes back through z: da_z is zero.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, 0 * da_z, da_n, dq


@_of("sigmoid_slope_of_z_missing", "the slope of the sigmoid, z * (1 - z), is missing in da_z.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, _, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, dh_t * (h_prev - n), da_n, dq


@_of("sigmoid_slope_of_z_twice", "the slope of the sigmoid, z * (1 - z), is taken twice in da_z.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, da_z * z * (1 - z), da_n, dq


@_of("tanh_slope_of_z", "z's slope is 1 - z**2, a tanh's. z is a sigmoid: z * (1 - z).")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, _, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, dh_t * (h_prev - n) * (1 - z**2), da_n, dq


# ---------------------------------------------------------------- the candidate
@_of(
    "dn_without_1_minus_z",
    "the candidate gets all of dh_t. Its share in h_t is 1 - z, and so in the gradient.",
)
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_n = dh_t * (1 - n**2)
    return da_n * q * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z), da_n, da_n * r


@_of("dn_with_z", "the candidate's gradient is multiplied by z. Its share in h_t is 1 - z.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_n = dh_t * z * (1 - n**2)
    return da_n * q * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z), da_n, da_n * r


@_of(
    "path_through_1_minus_z_missing",
    "nothing goes back through the candidate: the path through 1 - z is missing. Only z * "
    "h_prev is followed.",
)
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return 0 * da_r, da_z, 0 * da_n, 0 * dq


@_of("tanh_slope_missing", "the slope of the tanh, 1 - n**2, is missing in da_n.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_n = dh_t * (1 - z)
    return da_n * q * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z), da_n, da_n * r


@_of("tanh_slope_of_tanh", "the slope is 1 - tanh(n)**2. n is a tanh already: 1 - n**2.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_n = dh_t * (1 - z) * (1 - np.tanh(n) ** 2)
    return da_n * q * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z), da_n, da_n * r


@_of("sigmoid_slope_of_n", "the candidate's slope is n * (1 - n), a sigmoid's. n is a tanh: 1 - n**2.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_n = dh_t * (1 - z) * n * (1 - n)
    return da_n * q * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z), da_n, da_n * r


@_of("dq_without_r", "q gets da_n whole. q enters the candidate as r * q, so its gradient is da_n * r.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, _ = slopes(dh_t, h_prev, r, z, n, q)
    return da_r, da_z, da_n, da_n


# ---------------------------------------------------------------- the reset gate
@_of("dr_missing", "nothing goes back through r: da_r is zero, and with it r's share in every gradient.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return 0 * da_r, da_z, da_n, dq


@_of("dr_from_h_prev", "r's gradient is da_n * h_prev. What r multiplies is q = W_hn h_prev + b_hn.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_n * h_prev * r * (1 - r), da_z, da_n, dq


@_of(
    "dr_without_tanh_slope",
    "r's gradient does without the tanh's slope. r stands inside it: start from da_n.",
)
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return dh_t * (1 - z) * q * r * (1 - r), da_z, da_n, dq


@_of("dr_without_q", "the factor q is missing in r's gradient.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_n * r * (1 - r), da_z, da_n, dq


@_of(
    "dr_with_r",
    "r's gradient is taken from dq = da_n * r, so that r is in it once too often. Start from da_n.",
)
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r * r, da_z, da_n, dq


@_of("sigmoid_slope_of_r_missing", "the slope of the sigmoid, r * (1 - r), is missing in da_r.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_n * q, da_z, da_n, dq


@_of("sigmoid_slope_of_r_twice", "the slope of the sigmoid, r * (1 - r), is taken twice in da_r.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_r * r * (1 - r), da_z, da_n, dq


@_of("sigmoid_slopes_missing", "the slope of the sigmoid, s * (1 - s), is missing in both da_r and da_z.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, _, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_n * q, dh_t * (h_prev - n), da_n, dq


@_of("tanh_slope_of_r", "r's slope is 1 - r**2, a tanh's. r is a sigmoid: r * (1 - r).")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return da_n * q * (1 - r**2), da_z, da_n, dq


@_of("dr_before_dn", "r's gradient starts from dh_t alone. r acts through the candidate: start from da_n.")
def _(dh_t: Array, h_prev: Array, r: Array, z: Array, n: Array, q: Array) -> Any:
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    return dh_t * q * r * (1 - r), da_z, da_n, dq
