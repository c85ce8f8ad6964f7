"""Mistakes made with the twist in the step that is computed again, and in the order of the gates."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array
from rnncourse.checks.mistakes.lstm_gates import exchange, exchanged_in_words, reordered
from rnncourse.checks.mistakes.lstm_twist_way_back import (
    BACK,
    COUPLED,
    NAME,
    PEEPHOLES,
    Inside,
    Values,
    forwards,
    leave,
    way_back,
    with_pieces,
)

CATALOGUE = Catalogue("lstm")
_of = CATALOGUE.of
_pieces = partial(with_pieces, CATALOGUE)


# ---------------------------------------------------------------- the step that is computed again
STEPS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "no_peepholes": (
        PEEPHOLES,
        "the gates are computed again without their peepholes.",
        {"at_f": lambda p_f, c_prev: 0 * c_prev, "at_o": lambda p_o, c_prev, c_t: 0 * c_t},
    ),
    "f_is_blind": (
        PEEPHOLES,
        "f is computed again without its peephole.",
        {"at_f": lambda p_f, c_prev: 0 * c_prev},
    ),
    "o_is_blind": (
        PEEPHOLES,
        "o is computed again without its peephole.",
        {"at_o": lambda p_o, c_prev, c_t: 0 * c_t},
    ),
    "o_sees_old_cell": (
        PEEPHOLES,
        "o is computed again with p_o * c_prev. It sees the new cell, c_t; first c_t, then o.",
        {"at_o": lambda p_o, c_prev, c_t: p_o * c_prev},
    ),
    "o_sees_tanh": (
        PEEPHOLES,
        "o is computed again with p_o * tanh(c_t). It sees c_t itself.",
        {"at_o": lambda p_o, c_prev, c_t: p_o * np.tanh(c_t)},
    ),
}
for name, (heading, when, seen) in STEPS.items():
    _pieces(name, heading, when, forwards=partial(forwards, **seen))


def _o_sees_old_cell_throughout(d: Inside, v: Values) -> tuple[Array, ...]:
    dx_t, dh_prev, dc_prev, *weights, dp_f, _ = leave(d, v)
    return dx_t, dh_prev, dc_prev + d.o * v.p_o, *weights, dp_f, (d.o * v.c_prev).sum(axis=0)


_pieces(
    "o_sees_old_cell_throughout",
    PEEPHOLES,
    "o sees c_prev, forwards and back. When o opens, c_t is known: p_o sees c_t.",
    forwards=partial(forwards, at_o=lambda p_o, c_prev, c_t: p_o * c_prev),
    total=lambda dh, dc, da_o, v: dc + dh * v.slope_h,
    leave=_o_sees_old_cell_throughout,
)


def _exchanged_rest(*step: Array) -> Values:
    v = forwards(*step)
    c_t = (1 - v.f) * v.c_prev + v.f * v.g
    a_o = np.log(v.o / (1 - v.o)) - v.p_o * v.c_t
    return v._replace(c_t=c_t, o=1 / (1 + np.exp(-a_o - v.p_o * c_t)))


_pieces(
    "f_exchanged",
    COUPLED,
    "c_t is computed again as (1 - f) * c_prev + f * g. f says how much of the old cell is *kept*.",
    forwards=_exchanged_rest,
)


# ---------------------------------------------------------------- the order of the gates
def _file_exchanged(one: str, two: str) -> None:
    order = exchange(one, two, "fgo")

    @_of(NAME, f"{one}_and_{two}_exchanged", COUPLED, exchanged_in_words(one, two, "fgo"))
    def wrong(*args: Array) -> Any:
        *states, dW_xh, dW_hh, db_h, dp_f, dp_o = way_back(
            *args[:5], *(reordered(w, order) for w in args[5:8]), *args[8:]
        )
        return *states, *(reordered(w, order) for w in (dW_xh, dW_hh, db_h)), dp_f, dp_o

    def stacked(d: Inside, v: Values) -> tuple[Array, ...]:
        moved = np.split(reordered(d.stack.T, order).T, 3, axis=1)
        *six, _, _ = leave(Inside(moved[0], moved[1], moved[2], d.dc), v)
        _, _, dc_prev, *_, dp_f, dp_o = leave(d, v)
        return *six[:2], dc_prev, *six[3:], dp_f, dp_o

    _pieces(
        f"d{one}_and_d{two}_exchanged",
        COUPLED,
        f"the gradients of {one} and {two} are exchanged where the three are stacked: the order is f, g, o.",
        leave=stacked,
    )


for first, second in ("fg", "fo", "go"):
    _file_exchanged(first, second)


def _nothing(dc: Array, v: Values) -> Array:
    return np.zeros_like(dc)


_pieces(
    "way_through_f_left_out",
    BACK,
    "the way through the gate f is left out: its gradient is zero.",
    inside_f=_nothing,
)
_pieces(
    "way_through_g_left_out",
    BACK,
    "the way through the candidate g is left out: its gradient is zero.",
    inside_g=_nothing,
)
_pieces(
    "way_through_o_left_out",
    BACK,
    "the way through the gate o is left out: its gradient is zero.",
    inside_o=_nothing,
)
