"""Mistakes made on the way back through the twist: what reaches the cell and its gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, sigmoid
from rnncourse.checks.mistakes.lstm_coupled import three
from rnncourse.checks.mistakes.lstm_twist_way_back import BACK, COUPLED, NAME, PEEPHOLES, Values, with_pieces

CATALOGUE = Catalogue("lstm")


@CATALOGUE.of(
    NAME,
    "o_hides_the_cell",
    PEEPHOLES,
    "the way from c_t through o's peephole is left out of dc. o has seen c_t: add da_o * p_o.",
)
def _(
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p_f: Array,
    p_o: Array,
) -> Any:
    a_f, a_g, a_o = three(x_t, h_prev, W_xh, W_hh, b_h)
    f, g = sigmoid(a_f + p_f * c_prev), np.tanh(a_g)
    c_t = f * c_prev + (1 - f) * g
    o = sigmoid(a_o + p_o * c_t)
    dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2)
    da_f = dc * (c_prev - g) * f * (1 - f)
    da_g = dc * (1 - f) * (1 - g**2)
    da_o = dh_t * np.tanh(c_t) * o * (1 - o)
    da = np.concatenate([da_f, da_g, da_o], axis=1)
    dp_f, dp_o = (da_f * c_prev).sum(axis=0), (da_o * c_t).sum(axis=0)
    dc_prev = dc * f + da_f * p_f
    return da @ W_xh, da @ W_hh, dc_prev, da.T @ x_t, da.T @ h_prev, da.sum(axis=0), dp_f, dp_o


# ---------------------------------------------------------------- what reaches the cell
TOTALS: dict[str, tuple[str, str, Callable[[Array, Array, Array, Values], Array]]] = {
    "only_through_h": (
        BACK,
        "dc_t is left out of dc: the cell is seen in later steps, too.",
        lambda dh, dc, da_o, v: dh * v.slope_h + da_o * v.p_o,
    ),
    "only_later_steps": (
        BACK,
        "the way from c_t through tanh to h_t is left out of dc.",
        lambda dh, dc, da_o, v: dc + da_o * v.p_o,
    ),
    "dc_t_alone": (
        BACK,
        "dc is dc_t alone: both ways from c_t to h_t are left out, through tanh and through o.",
        lambda dh, dc, da_o, v: dc + 0 * dh,
    ),
    "no_slope_of_tanh_c": (
        BACK,
        "the slope 1 - tanh(c_t)**2 is missing on the way from h_t to c_t.",
        lambda dh, dc, da_o, v: dc + dh * v.o + da_o * v.p_o,
    ),
    "no_output_gate": (
        BACK,
        "the output gate is missing on the way from h_t to c_t: dh_t * o * (1 - tanh(c_t)**2).",
        lambda dh, dc, da_o, v: dc + dh * (1 - v.shown**2) + da_o * v.p_o,
    ),
    "dc_through_o_as_well": (
        BACK,
        "dc_t goes through o and tanh, too. It reaches c_t directly; only dh_t goes that way.",
        lambda dh, dc, da_o, v: (dc + dh) * v.slope_h + da_o * v.p_o,
    ),
    "p_o_forgotten": (
        PEEPHOLES,
        "da_o is added to dc without p_o. The peephole multiplies on the way back as it did forwards.",
        lambda dh, dc, da_o, v: dc + dh * v.slope_h + da_o,
    ),
    "p_f_for_p_o": (
        PEEPHOLES,
        "da_o is added to dc with p_f as its factor. o looks through p_o.",
        lambda dh, dc, da_o, v: dc + dh * v.slope_h + da_o * v.p_f,
    ),
    "slope_of_o_missing_in_peephole": (
        PEEPHOLES,
        "on the way from o's peephole to c_t the slope o * (1 - o) is missing.",
        lambda dh, dc, da_o, v: dc + dh * v.slope_h + dh * v.shown * v.p_o,
    ),
    "peephole_slope_of_tanh": (
        PEEPHOLES,
        "what comes through o's peephole has the slope of tanh, too. The peephole sees c_t itself.",
        lambda dh, dc, da_o, v: dc + dh * v.slope_h + da_o * v.p_o * (1 - v.shown**2),
    ),
    "peephole_subtracted": (
        PEEPHOLES,
        "what comes through o's peephole is subtracted from dc. All ways to the loss add up.",
        lambda dh, dc, da_o, v: dc + dh * v.slope_h - da_o * v.p_o,
    ),
}
for name, (heading, when, piece) in TOTALS.items():
    with_pieces(CATALOGUE, name, heading, when, total=piece)

# ---------------------------------------------------------------- what reaches the gates
F_AND_G: dict[str, tuple[str, str, dict[str, Any]]] = {
    "candidates_share_forgotten": (
        COUPLED,
        "f's gradient has c_prev as its factor. f also takes away from g, 1 - f: the factor is c_prev - g.",
        {"inside_f": lambda dc, v: dc * v.c_prev * v.f * (1 - v.f)},
    ),
    "old_cells_share_forgotten": (
        COUPLED,
        "f's gradient has -g as its factor. f also keeps the old cell: the factor is c_prev - g.",
        {"inside_f": lambda dc, v: -dc * v.g * v.f * (1 - v.f)},
    ),
    "shares_added": (
        COUPLED,
        "f's gradient has c_prev + g as its factor. 1 - f falls as f grows: c_prev - g.",
        {"inside_f": lambda dc, v: dc * (v.c_prev + v.g) * v.f * (1 - v.f)},
    ),
    "shares_exchanged": (
        COUPLED,
        "f's gradient has g - c_prev as its factor: the wrong sign. f keeps c_prev, and takes away from g.",
        {"inside_f": lambda dc, v: dc * (v.g - v.c_prev) * v.f * (1 - v.f)},
    ),
    "f_at_new_cell": (
        COUPLED,
        "f's gradient has c_t - g as its factor. What f keeps is c_prev: c_prev - g.",
        {"inside_f": lambda dc, v: dc * (v.c_t - v.g) * v.f * (1 - v.f)},
    ),
    "no_slope_of_f": (
        BACK,
        "the slope f * (1 - f) is missing.",
        {"inside_f": lambda dc, v: dc * (v.c_prev - v.g)},
    ),
    "sigmoid_of_f_twice": (
        BACK,
        "the slope at f takes the sigmoid of f again. f is a sigmoid already: f * (1 - f).",
        {"inside_f": lambda dc, v: dc * (v.c_prev - v.g) * sigmoid(v.f) * (1 - sigmoid(v.f))},
    ),
    "g_from_f": (
        COUPLED,
        "g's gradient has f as its factor. What g is multiplied by is 1 - f.",
        {"inside_g": lambda dc, v: dc * v.f * (1 - v.g**2)},
    ),
    "g_whole": (
        COUPLED,
        "g's gradient has no factor. What g is multiplied by is 1 - f.",
        {"inside_g": lambda dc, v: dc * (1 - v.g**2)},
    ),
    "no_slope_of_g": (
        BACK,
        "the slope 1 - g**2 is missing.",
        {"inside_g": lambda dc, v: dc * (1 - v.f)},
    ),
    "sigmoid_slope_on_g": (
        BACK,
        "the slope of a sigmoid, g * (1 - g), is used for g. It is a tanh: 1 - g**2.",
        {"inside_g": lambda dc, v: dc * (1 - v.f) * v.g * (1 - v.g)},
    ),
    "tanh_of_g_twice": (
        BACK,
        "the slope at g is 1 - tanh(g)**2. g is a tanh already: 1 - g**2.",
        {"inside_g": lambda dc, v: dc * (1 - v.f) * (1 - np.tanh(v.g) ** 2)},
    ),
    "do_from_bare_c": (
        BACK,
        "o's gradient has c_t as its factor. What o multiplies is tanh(c_t).",
        {"inside_o": lambda dh, v: dh * v.c_t * v.o * (1 - v.o)},
    ),
    "no_slope_of_o": (
        BACK,
        "the slope o * (1 - o) is missing.",
        {"inside_o": lambda dh, v: dh * v.shown},
    ),
    "sigmoid_of_o_twice": (
        BACK,
        "the slope at o takes the sigmoid of o again. o is a sigmoid already: o * (1 - o).",
        {"inside_o": lambda dh, v: dh * v.shown * sigmoid(v.o) * (1 - sigmoid(v.o))},
    ),
}
for name, (heading, when, pieces) in F_AND_G.items():
    with_pieces(CATALOGUE, name, heading, when, **pieces)
