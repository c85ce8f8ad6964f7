"""Mistakes made where gradients leave a step: states, input, weights; and in the order of gates."""

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
Piece = Callable[[Array, Array, Values], Array]


# ---------------------------------------------------------------- one of the six
def _instead(at: int, piece: Piece) -> Callable[[Array, Array, Values], tuple[Array, ...]]:
    """Return ``leave`` with one of the six gradients exchanged."""

    def wrong(da: Array, dc: Array, v: Values) -> tuple[Array, ...]:
        six = leave(da, dc, v)
        return *six[:at], piece(da, dc, v), *six[at + 1 :]

    return wrong


def _per_gate(da: Array, W: Array) -> Array:
    """Multiply each gate's gradient with its block of the weights, transposed once too often."""
    products = [d @ w.T for d, w in zip(np.split(da, 4, axis=1), np.split(W, 4), strict=True)]
    return np.sum(products, axis=0, dtype=da.dtype)


SIX: dict[str, tuple[str, int, Piece]] = {
    "W_hh_transposed": (
        "dh_prev takes each gate's block of W_hh transposed. Forwards it was h_prev @ W_hh.T; "
        "going back it is "
        "da @ W_hh.",
        1,
        lambda da, dc, v: _per_gate(da, v.W_hh),
    ),
    "W_hh_reshaped": (
        "dh_prev takes a W_hh that was transposed and reshaped to fit. da is (B, 4H) and W_hh (4H, H): "
        "da @ W_hh fits as it is.",
        1,
        lambda da, dc, v: da @ v.W_hh.T.reshape(v.W_hh.shape),
    ),
    "W_xh_reshaped": (
        "dx_t takes a W_xh that was transposed and reshaped to fit. da is (B, 4H) and W_xh (4H, D): "
        "da @ W_xh fits as it is.",
        0,
        lambda da, dc, v: da @ v.W_xh.T.reshape(v.W_xh.shape),
    ),
    "dc_prev_without_f": (
        "dc_prev is dc itself. The forget gate stands between c_t and c_prev: dc * f.",
        2,
        lambda da, dc, v: dc.copy(),
    ),
    "dc_prev_times_i": (
        "dc_prev is dc * i. What stands between c_t and c_prev is the forget gate f.",
        2,
        lambda da, dc, v: dc * v.i,
    ),
    "dc_prev_times_slope": (
        "dc_prev is dc * f * (1 - f). c_prev is multiplied by f itself; the slope belongs inside the gate.",
        2,
        lambda da, dc, v: dc * v.f * (1 - v.f),
    ),
    "dc_prev_through_gates": (
        "dc_prev gets da @ W_hh as well. The gates have seen h_prev; of c_prev they know nothing.",
        2,
        lambda da, dc, v: dc * v.f + da @ v.W_hh,
    ),
    "dh_prev_gets_dc_prev": (
        "dh_prev gets dc * f as well. That goes to c_prev; h_prev is seen by the gates alone.",
        1,
        lambda da, dc, v: dc * v.f + da @ v.W_hh,
    ),
    "dW_hh_from_h_t": (
        "dW_hh is made with h_t. The gates of this step have seen h_prev.",
        4,
        lambda da, dc, v: da.T @ (v.o * v.shown),
    ),
    "dW_hh_from_c_prev": (
        "dW_hh is made with c_prev. The gates of this step have seen h_prev.",
        4,
        lambda da, dc, v: da.T @ v.c_prev,
    ),
    "bias_averaged": (
        "db_h is a mean over the batch. It is the sum: every example has used the bias once.",
        5,
        lambda da, dc, v: da.mean(axis=0),
    ),
    "bias_of_the_first_example": (
        "db_h is that of the first example alone. It is the sum over the batch.",
        5,
        lambda da, dc, v: da[0].copy(),
    ),
    "bias_per_example": (
        "db_h is not summed over the batch: (B, 4H). All examples share one bias, (4H,).",
        5,
        lambda da, dc, v: da.copy(),
    ),
    "bias_from_h": (
        "db_h is multiplied by the sum of h_prev. A bias has the factor 1: only sum da over the batch.",
        5,
        lambda da, dc, v: da.sum(axis=0) * v.h_prev.sum(),
    ),
    "dW_xh_averaged": (
        "dW_xh is a mean over the batch. It is the sum over the examples.",
        3,
        lambda da, dc, v: da.T @ v.x_t / np.asarray(len(da), da.dtype),
    ),
}
for name, (when, at, piece) in SIX.items():
    _pieces(name, when, leave=_instead(at, piece))
_pieces(
    "dW_xh_transposed",
    "dW_xh comes back transposed, (D, 4H). A gradient has the shape of what it belongs to.",
    loop=False,
    leave=_instead(3, lambda da, dc, v: v.x_t.T @ da),
)
_pieces(
    "dW_hh_transposed",
    "dW_hh comes back transposed, (H, 4H). A gradient has the shape of what it belongs to.",
    loop=False,
    leave=_instead(4, lambda da, dc, v: v.h_prev.T @ da),
)


def _over_batch(da: Array, dc: Array, v: Values) -> tuple[Array, ...]:
    dx_t, dh_prev, dc_prev, *weights = leave(da, dc, v)
    return dx_t, dh_prev, dc_prev, *(w / np.asarray(len(da), da.dtype) for w in weights)


_pieces(
    "weights_averaged",
    "dW_xh, dW_hh and db_h are divided by the number of examples. The loss has its mean "
    "already; here they are "
    "summed.",
    leave=_over_batch,
)


# ---------------------------------------------------------------- more of one arrow than there is
def _adds_dh(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    dx_t, dh_prev, *others = back(dh_t, dc_t, *step)
    return dx_t, dh_prev + dh_t, *others


def _adds_dc(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    dx_t, dh_prev, dc_prev, *others = back(dh_t, dc_t, *step)
    return dx_t, dh_prev, dc_prev + dc_t, *others


def _dc_prev_from_dc_t(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    dx_t, dh_prev, _, *others = back(dh_t, dc_t, *step)
    f = back(0 * dh_t, np.ones_like(dc_t), *step)[2]
    return dx_t, dh_prev, dc_t * f, *others


_file("dh_t_added", "dh_t is added to dh_prev. h_prev reaches h_t through the gates alone.", _adds_dh)
_file(
    "dc_t_added", "dc_t is added to dc_prev. All of it passes the forget gate: dc * f.", _adds_dc, loop=False
)
_file(
    "dc_prev_without_h",
    "dc_prev is dc_t * f: the way through h_t is missing in it. All of dc goes back, dc * f.",
    _dc_prev_from_dc_t,
)


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
