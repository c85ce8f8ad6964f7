"""Mistakes made on the way back through one step: the cell state, the gates, and their slopes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, sigmoid
from rnncourse.checks.mistakes.lstm_way_back import (
    Four,
    Values,
    file_pieces,
    file_step,
    outer,
    slopes,
    straight,
)

CATALOGUE = Catalogue("lstm")
_pieces = partial(file_pieces, CATALOGUE)


# ---------------------------------------------------------------- the gradient of the cell state
def _only_through_h(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    return straight(dh_t, 0 * dc_t, *step)


file_step(
    CATALOGUE,
    "only_through_h",
    "dc_t is left out: the cell is seen through h_t alone. What later steps send to it is added, `dc +=`.",
    _only_through_h,
)
TOTALS: dict[str, tuple[str, Callable[[Array, Array, Values], Array]]] = {
    "only_later_steps": (
        "dc is dc_t alone: the way from c_t through h_t is left out. It lies inside this step; add it.",
        lambda dh, dc, v: dc,
    ),
    "no_slope_of_tanh_c": (
        "the slope 1 - tanh(c_t)**2 is missing on the way from h_t to c_t.",
        lambda dh, dc, v: dc + dh * v.o,
    ),
    "slope_from_bare_c": (
        "the slope of tanh at c_t is taken as 1 - c_t**2. It is 1 - tanh(c_t)**2.",
        lambda dh, dc, v: dc + dh * v.o * (1 - v.c_t**2),
    ),
    "slope_of_tanh_c_twice": (
        "the slope of tanh at c_t is 1 - tanh(tanh(c_t))**2: tanh was taken once too often.",
        lambda dh, dc, v: dc + dh * v.o * (1 - np.tanh(v.shown) ** 2),
    ),
    "slope_not_squared": (
        "the slope of tanh at c_t is taken as 1 - tanh(c_t). The square is missing.",
        lambda dh, dc, v: dc + dh * v.o * (1 - v.shown),
    ),
    "slope_from_h": (
        "the slope of tanh at c_t is taken as 1 - h_t**2. h_t is o * tanh(c_t); the slope asks for "
        "tanh(c_t) alone.",
        lambda dh, dc, v: dc + dh * v.o * (1 - (v.o * v.shown) ** 2),
    ),
    "slope_at_old_c": (
        "the slope of tanh is taken at c_prev. h_t shows the new cell state, c_t.",
        lambda dh, dc, v: dc + dh * v.o * (1 - np.tanh(v.c_prev) ** 2),
    ),
    "no_output_gate": (
        "the output gate is missing on the way from h_t to c_t: dh_t * o * (1 - tanh(c_t)**2).",
        lambda dh, dc, v: dc + dh * (1 - v.shown**2),
    ),
    "dh_added_to_dc": (
        "dh_t is added to dc_t as it is. On the way from h_t to c_t stand o and the slope of tanh.",
        lambda dh, dc, v: dc + dh,
    ),
    "dc_through_o_as_well": (
        "dc_t goes through o and tanh, too. It reaches c_t directly; only dh_t goes that way.",
        lambda dh, dc, v: (dc + dh) * v.o * (1 - v.shown**2),
    ),
    "slope_on_both": (
        "the slope of tanh multiplies dc_t, too. It belongs to the way through h_t alone.",
        lambda dh, dc, v: (dc + dh * v.o) * (1 - v.shown**2),
    ),
    "ways_subtracted": (
        "the two ways from c_t to the loss are subtracted. Gradients of all ways add up.",
        lambda dh, dc, v: dc - dh * v.o * (1 - v.shown**2),
    ),
    "dc_forgets_too_early": (
        "dc_t is multiplied by f before it is added. f stands between c_t and c_prev: it comes "
        "after the sum.",
        lambda dh, dc, v: dc * v.f + dh * v.o * (1 - v.shown**2),
    ),
}
for name, (when, piece) in TOTALS.items():
    _pieces(name, when, total=piece)

# ---------------------------------------------------------------- what reaches the gates
OUTERS: dict[str, tuple[str, Callable[[Array, Array, Values], Four]]] = {
    "do_from_bare_c": (
        "o's gradient has c_t as its factor. What o multiplies is tanh(c_t).",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.i, dh * v.c_t),
    ),
    "do_from_old_c": (
        "o's gradient has tanh(c_prev) as its factor. What o multiplies is tanh(c_t).",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.i, dh * np.tanh(v.c_prev)),
    ),
    "do_from_h": (
        "o's gradient has h_t as its factor. What o multiplies is tanh(c_t).",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.i, dh * v.o * v.shown),
    ),
    "do_without_factor": (
        "o's gradient is dh_t alone. What o multiplies, tanh(c_t), is its factor.",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.i, dh),
    ),
    "do_from_dc": (
        "o's gradient comes from dc. o does not touch the cell: its gradient comes from dh_t.",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.i, dc * v.shown),
    ),
    "df_from_new_c": (
        "f's gradient has c_t as its factor. What f multiplies is c_prev.",
        lambda dh, dc, v: (dc * v.g, dc * v.c_t, dc * v.i, dh * v.shown),
    ),
    "df_from_h": (
        "f's gradient has h_prev as its factor. What f multiplies is c_prev.",
        lambda dh, dc, v: (dc * v.g, dc * v.h_prev, dc * v.i, dh * v.shown),
    ),
    "df_from_tanh_c": (
        "f's gradient has tanh(c_prev) as its factor. What f multiplies is c_prev itself.",
        lambda dh, dc, v: (dc * v.g, dc * np.tanh(v.c_prev), dc * v.i, dh * v.shown),
    ),
    "df_without_factor": (
        "f's gradient is dc alone. What f multiplies, c_prev, is its factor.",
        lambda dh, dc, v: (dc * v.g, dc, dc * v.i, dh * v.shown),
    ),
    "di_and_dg_exchanged": (
        "i's gradient has i as its factor, and g's has g. In a product each gets the other one.",
        lambda dh, dc, v: (dc * v.i, dc * v.c_prev, dc * v.g, dh * v.shown),
    ),
    "di_and_df_exchanged": (
        "the factors of i and f are exchanged: i gets g, and f gets c_prev.",
        lambda dh, dc, v: (dc * v.c_prev, dc * v.g, dc * v.i, dh * v.shown),
    ),
    "di_from_old_c": (
        "i's gradient has c_prev as its factor. What i multiplies is g.",
        lambda dh, dc, v: (dc * v.c_prev, dc * v.c_prev, dc * v.i, dh * v.shown),
    ),
    "dg_from_f": (
        "g's gradient has f as its factor. What g is multiplied by is i.",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.f, dh * v.shown),
    ),
    "dg_without_factor": (
        "g's gradient is dc alone. The input gate i is its factor.",
        lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc, dh * v.shown),
    ),
}
for name, (when, way) in OUTERS.items():
    _pieces(name, when, outer=way)


def _cell_gates_see_only_later(dh: Array, dc: Array, v: Values) -> Four:
    later = dc - dh * v.o * (1 - v.shown**2)
    return outer(dh, later, v)


def _cell_gates_see_only_h(dh: Array, dc: Array, v: Values) -> Four:
    return outer(dh, dh * v.o * (1 - v.shown**2), v)


_pieces(
    "gates_from_dc_t",
    "i, f and g get their gradients from dc_t, before the way through h_t is added. First the "
    "sum, then they.",
    outer=_cell_gates_see_only_later,
)
_pieces(
    "gates_from_dh_t",
    "i, f and g get the way through h_t alone, without dc_t; dc_prev has both. First the sum, then they.",
    outer=_cell_gates_see_only_h,
)
for at, gate in enumerate("ifgo"):
    _pieces(
        f"way_through_{gate}_left_out",
        f"the way through the gate {gate} is left out: its block of the stack is zero.",
        outer=lambda dh, dc, v, at=at: tuple(
            d * (k != at)
            for k, d in enumerate(outer(dh, dc, v))  # one of the four is gone
        ),
    )


# ---------------------------------------------------------------- slopes of the gates' functions
def _slope(at: int, of: Callable[[Array], Array]) -> Callable[[Values], tuple[Array, ...]]:
    """Exchange the slope of one function, given by its value."""
    return lambda v: tuple(of(v[3 + k]) if k == at else slope for k, slope in enumerate(slopes(v)))


for at, gate in ((0, "i"), (1, "f"), (3, "o")):
    _pieces(
        f"no_slope_of_{gate}",
        f"the slope of the sigmoid is missing at the gate {gate}: {gate} * (1 - {gate}).",
        slopes=_slope(at, np.ones_like),
    )
    _pieces(
        f"sigmoid_of_{gate}_twice",
        f"the slope at {gate} takes the sigmoid of the gate again. {gate} is a sigmoid already: "
        f"{gate} * (1 - {gate}).",
        slopes=_slope(at, lambda s: sigmoid(s) * (1 - sigmoid(s))),
    )
    _pieces(
        f"tanh_slope_on_{gate}",
        f"the slope of tanh, 1 - {gate}**2, is used for the gate {gate}. It is a sigmoid: {gate} * "
        f"(1 - {gate}).",
        slopes=_slope(at, lambda s: 1 - s**2),
    )
_pieces("no_slope_of_g", "the slope of tanh is missing at g: 1 - g**2.", slopes=_slope(2, np.ones_like))
_pieces(
    "tanh_of_g_twice",
    "the slope at g is 1 - tanh(g)**2. g is a tanh already: 1 - g**2.",
    slopes=_slope(2, lambda g: 1 - np.tanh(g) ** 2),
)
_pieces(
    "sigmoid_slope_on_g",
    "the slope of a sigmoid, g * (1 - g), is used for g. It is a tanh: 1 - g**2.",
    slopes=_slope(2, lambda g: g * (1 - g)),
)
_pieces(
    "slope_of_g_not_squared",
    "the slope at g is taken as 1 - g. The square is missing: 1 - g**2.",
    slopes=_slope(2, lambda g: 1 - g),
)
_pieces(
    "no_slopes",
    "no gate has its slope: the gradients reach i, f, g, o themselves and not what stands inside them.",
    slopes=lambda v: tuple(np.ones_like(gate) for gate in slopes(v)),
)
_pieces(
    "no_sigmoid_slopes",
    "the slope of the sigmoid is missing at i, f and o alike: s * (1 - s).",
    slopes=lambda v: (np.ones_like(v.i), np.ones_like(v.i), 1 - v.g**2, np.ones_like(v.i)),
)
_pieces(
    "sigmoid_twice_everywhere",
    "the slopes at i, f and o take the sigmoid of the gates again. They are sigmoids already: s * (1 - s).",
    slopes=lambda v: tuple(
        1 - s**2 if k == 2 else sigmoid(s) * (1 - sigmoid(s)) for k, s in enumerate((v.i, v.f, v.g, v.o))
    ),
)
