"""Mistakes made on the way back through one step: order of gates, the step computed again, the results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import STEP, Array, right
from rnncourse.checks.mistakes.lstm_gates import NAMES, exchange, exchanged_in_words, reordered
from rnncourse.checks.mistakes.lstm_way_back import BACK, Step, Values, back, file_pieces, file_step, leave

CATALOGUE = Catalogue("lstm")
_pieces, _file = partial(file_pieces, CATALOGUE), partial(file_step, CATALOGUE)


# ---------------------------------------------------------------- the order of the gates
def _with_stacks(order: tuple[int, ...]) -> Step:
    """Go back through a step that takes its gates from the stacks in another order."""
    inverse = tuple(int(k) for k in np.argsort(order))

    def wrong(*args: Array) -> Any:
        *before, W_xh, W_hh, b_h = args
        *three, dW_xh, dW_hh, db_h = back(*before, *(reordered(stack, order) for stack in (W_xh, W_hh, b_h)))
        return *three, *(reordered(stack, inverse) for stack in (dW_xh, dW_hh, db_h))

    return wrong


def _with_gradients(order: tuple[int, ...]) -> Callable[[Array, Array, Values], tuple[Array, ...]]:
    """Stack the gates' gradients in another order."""
    return lambda da, dc, v: leave(np.ascontiguousarray(reordered(da.T, order).T), dc, v)


for one, two in combinations(NAMES, 2):
    order = exchange(one, two)
    _file(
        f"{one}_and_{two}_exchanged",
        exchanged_in_words(one, two),
        _with_stacks(order),
        STEP,
        loop=False,
    )
    _pieces(
        f"d{one}_and_d{two}_exchanged",
        f"the gradients of {one} and {two} are exchanged where the four are stacked. Forwards and back the "
        "order is i, f, g, o.",
        leave=_with_gradients(order),
    )
_pieces(
    "gradients_interleaved",
    "the gates' gradients are stacked unit by unit, i f g o i f g o ... All of i comes first, then all of f.",
    leave=lambda da, dc, v: leave(np.stack(np.split(da, 4, axis=1), axis=2).reshape(da.shape), dc, v),
)


# ---------------------------------------------------------------- what was computed on the way there
def _bias_forgotten(*args: Array) -> Any:
    return back(*args[:-1], 0 * args[-1])


def _h_for_c(dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> Any:
    return back(dh_t, dc_t, x_t, h_prev, h_prev, *weights)


def _new_state(dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> Any:
    return back(dh_t, dc_t, x_t, *right(x_t, h_prev, c_prev, *weights), *weights)


_file("bias_forgotten", "b_h is left out where the gates are computed again.", _bias_forgotten, STEP)
_file("h_for_c", "h_prev stands in the place of c_prev.", _h_for_c, BACK, loop=False)
_file(
    "gates_from_new_state",
    "the gates are computed again from h_t and c_t. They have seen the states before the step.",
    _new_state,
    loop=False,
)
_pieces(
    "no_tanh_of_c",
    "h_t is taken for o * c_t, going back too: no tanh in o's gradient, no slope on the way to c_t.",
    total=lambda dh, dc, v: dc + dh * v.o,
    outer=lambda dh, dc, v: (dc * v.g, dc * v.c_prev, dc * v.i, dh * v.c_t),
)


# ---------------------------------------------------------------- what comes back
def _exchanged(one: int, two: int) -> Step:
    def wrong(*args: Array) -> Any:
        six = list(back(*args))
        six[one], six[two] = six[two], six[one]
        return tuple(six)

    return wrong


for left, other, names in (
    (0, 1, ("dx_t", "dh_prev")),
    (1, 2, ("dh_prev", "dc_prev")),
    (3, 4, ("dW_xh", "dW_hh")),
):
    _file(
        f"{names[0]}_and_{names[1]}_exchanged",
        f"{names[0]} and {names[1]} come back in each other's place. Gradients are in the order of "
        "the arguments.",
        _exchanged(left, other),
        loop=False,
    )


def _dc_first(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    return back(dc_t, dh_t, *step)


_file("dh_and_dc_exchanged", "dh_t and dc_t are taken for each other.", _dc_first, loop=False)


def _no_upstream_cell(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    return back(dh_t + dc_t, 0 * dc_t, *step)


_file(
    "dc_added_to_dh",
    "dc_t is added to dh_t and goes the same way. It reaches c_t directly: no o and no tanh in between.",
    _no_upstream_cell,
    loop=False,
)
