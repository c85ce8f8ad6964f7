"""One step of the LSTM backwards, in pieces that can be exchanged: what the mistakes are made of.

The pieces are, in their order: ``total`` (all of what reaches c_t), ``outer`` (what reaches the values of
i, f, g, o), ``slopes`` (of their functions), and ``leave`` (products with the weights, and sums).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, gates, right

BACK = "Back through one step"
Four = tuple[Array, Array, Array, Array]


class Values(NamedTuple):
    """What one step computed."""

    x_t: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    c_t: Array
    W_xh: Array
    W_hh: Array

    @property
    def shown(self) -> Array:
        """Tanh of the cell state."""
        return np.tanh(self.c_t)


def total(dh: Array, dc: Array, v: Values) -> Array:
    """Add the two ways from c_t to the loss."""
    return dc + dh * v.o * (1 - v.shown**2)


def outer(dh: Array, dc: Array, v: Values) -> Four:
    """Return what reaches i, f, g, o."""
    return dc * v.g, dc * v.c_prev, dc * v.i, dh * v.shown


def slopes(v: Values) -> Four:
    """Return the slopes of the gates' functions, read off their values."""
    return v.i * (1 - v.i), v.f * (1 - v.f), 1 - v.g**2, v.o * (1 - v.o)


def leave(da: Array, dc: Array, v: Values) -> tuple[Array, ...]:
    """Return the six gradients."""
    return da @ v.W_xh, da @ v.W_hh, dc * v.f, da.T @ v.x_t, da.T @ v.h_prev, da.sum(axis=0)


def back(
    dh_t: Array,
    dc_t: Array,
    *step: Array,
    total: Callable[[Array, Array, Values], Array] = total,
    outer: Callable[[Array, Array, Values], tuple[Array, ...]] = outer,
    slopes: Callable[[Values], tuple[Array, ...]] = slopes,
    leave: Callable[[Array, Array, Values], tuple[Array, ...]] = leave,
) -> tuple[Array, ...]:
    """Go back through one step, as it should be or with a piece exchanged."""
    x_t, h_prev, c_prev, W_xh, W_hh, b_h = step
    i, f, g, o = gates(x_t, h_prev, W_xh, W_hh, b_h)
    v = Values(x_t, h_prev, c_prev, i, f, g, o, f * c_prev + i * g, W_xh, W_hh)
    dc = total(dh_t, dc_t, v)
    pairs = zip(outer(dh_t, dc, v), slopes(v), strict=True)
    return leave(np.concatenate([above * slope for above, slope in pairs], axis=1), dc, v)


def straight(dh_t: Array, dc_t: Array, *step: Array) -> tuple[Array, ...]:
    """Go back through one step as it should be, written down without pieces: so it can be handed in, too."""
    x_t, h_prev, c_prev, W_xh, W_hh, b_h = step
    i, f, g, o = gates(x_t, h_prev, W_xh, W_hh, b_h)
    shown = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - shown**2)
    da = np.concatenate(
        [
            dc * g * i * (1 - i),
            dc * c_prev * f * (1 - f),
            dc * i * (1 - g**2),
            dh_t * shown * o * (1 - o),
        ],
        axis=1,
    )
    return da @ W_xh, da @ W_hh, dc * f, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


def states_before(x: Array, h: Array, c: Array, *weights: Array) -> list[tuple[Array, Array]]:
    """Return both parts of the state that each step starts from, and those after the last step."""
    states = [(h, c)]
    for x_t in x:
        states.append(right(x_t, *states[-1], *weights))
    return states


Step = Callable[..., tuple[Array, ...]]


def through_time(
    step: Step, dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array
) -> tuple[Array, ...]:
    """Go back through a sequence with a step that may be wrong; the loop is right."""
    before = states_before(x, h0, c0, *weights)
    rows, sums = [], [np.zeros_like(w) for w in weights]
    to_h, to_c = np.zeros_like(h0), dc_last
    for t in reversed(range(len(x))):
        dx_t, to_h, to_c, *shares = step(dh[t] + to_h, to_c, x[t], *before[t], *weights)
        rows.append(dx_t)
        sums = [so_far + share for so_far, share in zip(sums, shares, strict=True)]
    return np.stack(rows[::-1]), to_h, to_c, *sums


def file_step(
    catalogue: Catalogue, name: str, when: str, step: Step, heading: str = BACK, loop: bool = True
) -> None:
    """File a wrong step under ``lstm_step_backward``, and inside the right loop under ``lstm_backward``."""
    catalogue.of("lstm_step_backward", name, heading, when)(step)
    if loop:
        catalogue.of("lstm_backward", name, heading, when)(lambda *args: through_time(step, *args))


def file_pieces(
    catalogue: Catalogue, name: str, when: str, heading: str = BACK, loop: bool = True, **pieces: Any
) -> None:
    """File a step with some pieces exchanged."""
    file_step(catalogue, name, when, lambda *args: back(*args, **pieces), heading, loop)
