"""Mistakes made on the way back through time; those of a single step are found there as well."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array
from rnncourse.checks.mistakes.lstm_way_back import states_before, straight, through_time

CATALOGUE = Catalogue("lstm")


def _of(name: str, when: str, heading: str = "Back through time") -> Any:
    return CATALOGUE.of("lstm_backward", name, heading, when)


def right_gradients(*args: Array) -> tuple[Array, ...]:
    """Go back through time as it should be."""
    return through_time(straight, *args)


def walked(
    enter: Any, hand_on: Any, states: list[Any], dh: Array, dc_last: Array, x: Array, *weights: Array
) -> tuple[Array, ...]:
    """Go back through time with a loop that may be wrong.

    ``states`` are those that the steps start from. ``enter(t, dh[t], to_h, to_c)`` says with which two
    gradients step t begins, and ``hand_on(t, to_h, to_c, dh_prev, dc_prev)`` what it sends on.
    """
    rows, sums = [], [np.zeros_like(w) for w in weights]
    to_h, to_c = np.zeros_like(dc_last), dc_last
    for t in reversed(range(len(x))):
        above = enter(t, dh[t], to_h, to_c)
        dx_t, dh_prev, dc_prev, *shares = straight(*above, x[t], *states[t], *weights)
        to_h, to_c = hand_on(t, to_h, to_c, dh_prev, dc_prev)
        rows.append(dx_t)
        sums = [so_far + share for so_far, share in zip(sums, shares, strict=True)]
    return np.stack(rows[::-1]), to_h, to_c, *sums


def _enter(t: int, dh_t: Array, to_h: Array, to_c: Array) -> tuple[Array, Array]:
    return dh_t + to_h, to_c


def _hand_on(t: int, to_h: Array, to_c: Array, dh_prev: Array, dc_prev: Array) -> tuple[Array, Array]:
    return dh_prev, dc_prev


def entering(enter: Any, dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    """Go back with another beginning of each step."""
    return walked(enter, _hand_on, states_before(x, h0, c0, *weights), dh, dc_last, x, *weights)


def carrying(hand_on: Any, dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    """Go back with something else handed on."""
    return walked(_enter, hand_on, states_before(x, h0, c0, *weights), dh, dc_last, x, *weights)


# ---------------------------------------------------------------- what is carried back
@_of(
    "h_not_carried",
    "nothing is carried back to h[t] from step t + 1: h sees its own dh[t] alone, the direct derivative.",
)
def _(*args: Array) -> Any:
    return entering(lambda t, dh_t, to_h, to_c: (dh_t, to_c), *args)


@_of(
    "c_not_carried",
    "nothing is carried back along the cell: after the last step dc_next is zero. That way is "
    "what the LSTM is "
    "built for.",
)
def _(*args: Array) -> Any:
    return carrying(lambda t, to_h, to_c, dh_prev, dc_prev: (dh_prev, dc_prev if t == 0 else 0 * to_c), *args)


@_of("nothing_carried", "nothing is carried back, neither to h[t] nor to c[t]: every step stands alone.")
def _(*args: Array) -> Any:
    return carrying(
        lambda t, to_h, to_c, dh_prev, dc_prev: (dh_prev, dc_prev) if t == 0 else (0 * to_h, 0 * to_c), *args
    )


@_of(
    "own_dh_dropped",
    "a step's own dh[t] is dropped: only what is carried back counts, and dh[T - 1]. Both are added.",
)
def _(dh: Array, *rest: Array) -> Any:
    return right_gradients(np.concatenate([0 * dh[:-1], dh[-1:]]), *rest)


@_of(
    "carried_h_adds_up", "what is carried to h[t] is added up, `dh_next += ...`. It is replaced at each step."
)
def _(*args: Array) -> Any:
    return carrying(lambda t, to_h, to_c, dh_prev, dc_prev: (to_h + dh_prev, dc_prev), *args)


@_of(
    "carried_c_adds_up", "what is carried to c[t] is added up, `dc_next += ...`. It is replaced at each step."
)
def _(*args: Array) -> Any:
    return carrying(lambda t, to_h, to_c, dh_prev, dc_prev: (dh_prev, to_c + dc_prev), *args)


@_of(
    "carried_once",
    "what is carried back is set at the last step and never again: each step sends its own back.",
)
def _(dh: Array, *rest: Array) -> Any:
    last = len(dh) - 1
    return carrying(
        lambda t, to_h, to_c, dh_prev, dc_prev: (dh_prev, dc_prev) if t == last else (to_h, to_c), dh, *rest
    )


@_of("carried_exchanged", "what is carried to h[t] and what is carried to c[t] change places at every step.")
def _(*args: Array) -> Any:
    return carrying(lambda t, to_h, to_c, dh_prev, dc_prev: (dc_prev, dh_prev), *args)


# ---------------------------------------------------------------- the last cell state
@_of(
    "dc_last_dropped",
    "dc_last is not used: the gradient of the last cell state is dropped. It is what dc_next starts with.",
)
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    return right_gradients(dh, 0 * dc_last, *rest)


@_of("dc_last_at_every_step", "dc_last enters at every step. It belongs to the last cell state alone.")
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    return entering(lambda t, dh_t, to_h, to_c: (dh_t + to_h, to_c + dc_last), dh, 0 * dc_last, *rest)


@_of(
    "dc_last_in_place_of_carried",
    "every step is given dc_last in the place of what is carried back along the cell.",
)
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    return entering(lambda t, dh_t, to_h, to_c: (dh_t + to_h, dc_last), dh, dc_last, *rest)


@_of(
    "dc_last_at_the_first_step",
    "dc_last enters at step 0. It belongs to the last step, where the way back begins.",
)
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    return entering(
        lambda t, dh_t, to_h, to_c: (dh_t + to_h, to_c if t else to_c + dc_last), dh, 0 * dc_last, *rest
    )


@_of("dc_last_into_h", "dc_last enters at the last h. It is the gradient of the last *cell* state.")
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    return right_gradients(np.concatenate([dh[:-1], dh[-1:] + dc_last]), 0 * dc_last, *rest)


@_of(
    "dc_last_forgets_first",
    "dc_last has gone through the forget gate of the last step before it enters. It reaches "
    "c[T - 1] as it is.",
)
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = states_before(x, h0, c0, *weights)[-2]
    forgot = straight(0 * h0, dc_last, x[-1], h, c, *weights)[2]
    return right_gradients(dh, forgot, x, h0, c0, *weights)


@_of("dc_last_for_dc0", "dc0 is dc_last. It is what reaches c0 after all steps.")
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    dx, dh0, _, *weights = right_gradients(dh, dc_last, *rest)
    return dx, dh0, dc_last.copy(), *weights


# ---------------------------------------------------------------- time
def _with_states(
    pick: Any, dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array
) -> Any:
    """Go back, but as if the steps had started from the states that ``pick`` makes of the right ones."""
    states = pick(states_before(x, h0, c0, *weights))
    return walked(_enter, _hand_on, states, dh, dc_last, x, *weights)


@_of("loop_forwards", "the loop runs forwards in time. Gradients come from the end: t from T - 1 down to 0.")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    states = states_before(x, h0, c0, *weights)[-2::-1]
    dx, *others = walked(_enter, _hand_on, states, dh[::-1], dc_last, x[::-1], *weights)
    return dx[::-1].copy(), *others


@_of("dx_in_reverse", "dx is in the order of the way back, last step first. dx[t] belongs to x[t].")
def _(*args: Array) -> Any:
    dx, *others = right_gradients(*args)
    return dx[::-1].copy(), *others


@_of(
    "dh_in_reverse",
    "step t is given dh[T - 1 - t]: dh was turned round, and the loop runs backwards besides.",
)
def _(dh: Array, *rest: Array) -> Any:
    return right_gradients(dh[::-1], *rest)


@_of(
    "states_after",
    "step t is computed again from h[t] and c[t]. It started from the states before it: h[t - 1], c[t - 1].",
)
def _(*args: Array) -> Any:
    return _with_states(lambda s: s[1:], *args)


@_of("first_step_from_zero_c", "on the way back, step 0 starts from a cell of zeros. It started from c0.")
def _(*args: Array) -> Any:
    return _with_states(lambda s: [(s[0][0], 0 * s[0][1]), *s[1:]], *args)


@_of("first_step_from_zero_h", "on the way back, step 0 starts from an h of zeros. It started from h0.")
def _(*args: Array) -> Any:
    return _with_states(lambda s: [(0 * s[0][0], s[0][1]), *s[1:]], *args)


@_of(
    "first_step_from_last", "on the way back, step 0 starts from the last state: h[t - 1] at t = 0 is h[-1]."
)
def _(*args: Array) -> Any:
    return _with_states(lambda s: [s[-1], *s[1:]], *args)


@_of("starts_left_out", "h0 and c0 are taken for zeros, forwards and back.")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return right_gradients(dh, dc_last, x, 0 * h0, 0 * c0, *weights)


@_of("c0_is_h0", "h0 stands for both parts of the first state, forwards and back. The cell starts from c0.")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return right_gradients(dh, dc_last, x, h0, h0, *weights)


@_of("starts_exchanged", "h0 and c0 are exchanged, forwards and back.")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return right_gradients(dh, dc_last, x, c0, h0, *weights)
