"""Mistakes made with the twist where gradients leave the step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array
from rnncourse.checks.mistakes.lstm_twist_way_back import (
    BACK,
    COUPLED,
    PEEPHOLES,
    Inside,
    Values,
    leave,
    with_pieces,
)

CATALOGUE = Catalogue("lstm")
_of = CATALOGUE.of
_pieces = partial(with_pieces, CATALOGUE)


# ---------------------------------------------------------------- one of the eight
def _instead(
    at: int, piece: Callable[[Inside, Values], Array]
) -> Callable[[Inside, Values], tuple[Array, ...]]:
    """Return ``leave`` with one of the gradients exchanged."""

    def wrong(d: Inside, v: Values) -> tuple[Array, ...]:
        eight = leave(d, v)
        return *eight[:at], piece(d, v), *eight[at + 1 :]

    return wrong


def _per_gate(d: Inside, W: Array) -> Array:
    """Multiply each gate's gradient with its block of the weights, transposed once too often."""
    blocks = zip((d.f, d.g, d.o), np.split(W, 3), strict=True)
    return np.sum([da @ w.T for da, w in blocks], axis=0, dtype=W.dtype)


EIGHT: dict[str, tuple[str, int, str, Callable[[Inside, Values], Array]]] = {
    "f_hides_the_cell": (
        PEEPHOLES,
        2,
        "the way from c_prev through f's peephole is left out of dc_prev. f has seen c_prev: add da_f * p_f.",
        lambda d, v: d.dc * v.f,
    ),
    "dc_prev_through_peephole_alone": (
        BACK,
        2,
        "dc_prev is da_f * p_f alone: the way along the cell, dc * f, is left out.",
        lambda d, v: d.f * v.p_f,
    ),
    "dc_prev_without_f": (
        BACK,
        2,
        "dc_prev has dc itself. The forget gate stands between c_t and c_prev: dc * f.",
        lambda d, v: d.dc + d.f * v.p_f,
    ),
    "dc_prev_times_i": (
        COUPLED,
        2,
        "dc_prev has dc * (1 - f). That is g's share; c_prev's share is f.",
        lambda d, v: d.dc * (1 - v.f) + d.f * v.p_f,
    ),
    "p_f_forgotten": (
        PEEPHOLES,
        2,
        "da_f is added to dc_prev without p_f. The peephole multiplies on the way back as it did forwards.",
        lambda d, v: d.dc * v.f + d.f,
    ),
    "p_o_for_p_f": (
        PEEPHOLES,
        2,
        "da_f is added to dc_prev with p_o as its factor. f looks through p_f.",
        lambda d, v: d.dc * v.f + d.f * v.p_o,
    ),
    "o_sends_to_old_cell": (
        PEEPHOLES,
        2,
        "da_o * p_o is added to dc_prev. o has seen c_t, so it belongs to dc.",
        lambda d, v: d.dc * v.f + d.f * v.p_f + d.o * v.p_o,
    ),
    "f_subtracted": (
        PEEPHOLES,
        2,
        "what comes through f's peephole is subtracted from dc_prev. All ways to the loss add up.",
        lambda d, v: d.dc * v.f - d.f * v.p_f,
    ),
    "dp_f_from_new_cell": (
        PEEPHOLES,
        6,
        "dp_f is made with c_t. What f has seen is c_prev.",
        lambda d, v: (d.f * v.c_t).sum(axis=0),
    ),
    "dp_o_from_old_cell": (
        PEEPHOLES,
        7,
        "dp_o is made with c_prev. What o has seen is c_t.",
        lambda d, v: (d.o * v.c_prev).sum(axis=0),
    ),
    "dp_o_from_tanh": (
        PEEPHOLES,
        7,
        "dp_o is made with tanh(c_t). What o has seen is c_t itself.",
        lambda d, v: (d.o * v.shown).sum(axis=0),
    ),
    "dp_f_from_h": (
        PEEPHOLES,
        6,
        "dp_f is made with h_prev. What f has seen through its peephole is c_prev.",
        lambda d, v: (d.f * v.h_prev).sum(axis=0),
    ),
    "dp_f_without_cell": (
        PEEPHOLES,
        6,
        "dp_f is the sum of da_f, as for a bias. p_f multiplies c_prev: that is the factor.",
        lambda d, v: d.f.sum(axis=0),
    ),
    "dp_o_without_cell": (
        PEEPHOLES,
        7,
        "dp_o is the sum of da_o, as for a bias. p_o multiplies c_t: that is the factor.",
        lambda d, v: d.o.sum(axis=0),
    ),
    "dp_f_per_example": (
        BACK,
        6,
        "dp_f is not summed over the batch, (B, H). All examples share the peephole, (H,).",
        lambda d, v: d.f * v.c_prev,
    ),
    "dp_o_per_example": (
        BACK,
        7,
        "dp_o is not summed over the batch, (B, H). All examples share the peephole, (H,).",
        lambda d, v: d.o * v.c_t,
    ),
    "dp_f_summed_over_units": (
        BACK,
        6,
        "dp_f is one number for all units, da_f and c_prev multiplied as matrices. Each unit has "
        "its own p_f.",
        lambda d, v: np.full_like(v.p_f, (d.f * v.c_prev).sum()),
    ),
    "W_hh_transposed": (
        BACK,
        1,
        "dh_prev takes each gate's block of W_hh transposed. Going back it is da @ W_hh.",
        lambda d, v: _per_gate(d, v.W_hh),
    ),
    "dW_hh_from_h_t": (
        BACK,
        4,
        "dW_hh is made with h_t. The gates of this step have seen h_prev.",
        lambda d, v: d.stack.T @ (v.o * v.shown),
    ),
    "bias_averaged": (
        BACK,
        5,
        "db_h is a mean over the batch. It is the sum.",
        lambda d, v: d.stack.mean(axis=0),
    ),
    "bias_per_example": (
        BACK,
        5,
        "db_h is not summed over the batch, (B, 3H). All examples share one bias, (3H,).",
        lambda d, v: d.stack,
    ),
}
for name, (heading, at, when, piece) in EIGHT.items():
    _pieces(name, heading, when, leave=_instead(at, piece))


def _no_way_back(d: Inside, v: Values) -> tuple[Array, ...]:
    dx_t, dh_prev, _, *weights = leave(d, v)
    return dx_t, dh_prev, d.dc * v.f, *weights


_pieces(
    "no_way_back_through_peepholes",
    PEEPHOLES,
    "both ways through the peepholes are left out: da_o * p_o belongs to dc, and da_f * p_f to dc_prev.",
    total=lambda dh, dc, da_o, v: dc + dh * v.slope_h,
    leave=_no_way_back,
)


def _peepholes_averaged(d: Inside, v: Values) -> tuple[Array, ...]:
    *six, dp_f, dp_o = leave(d, v)
    B = np.asarray(len(v.x_t), dp_f.dtype)
    return *six, dp_f / B, dp_o / B


def _exchanged(one: int, two: int) -> Callable[[Inside, Values], tuple[Array, ...]]:
    def wrong(d: Inside, v: Values) -> tuple[Array, ...]:
        eight = list(leave(d, v))
        eight[one], eight[two] = eight[two], eight[one]
        return tuple(eight)

    return wrong


_pieces(
    "peepholes_averaged",
    BACK,
    "dp_f and dp_o are means over the batch. They are sums.",
    leave=_peepholes_averaged,
)
for left, other, names in (
    (6, 7, ("dp_f", "dp_o")),
    (1, 2, ("dh_prev", "dc_prev")),
    (3, 4, ("dW_xh", "dW_hh")),
):
    _pieces(
        f"{names[0]}_and_{names[1]}_exchanged",
        BACK,
        f"{names[0]} and {names[1]} come back in each other's place. Gradients are in the order of "
        "the arguments.",
        leave=_exchanged(left, other),
    )
