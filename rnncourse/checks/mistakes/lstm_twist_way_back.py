"""The way back through the twist in pieces that can be exchanged: what its mistakes are made of.

The pieces are, in their order: ``forwards`` (the step computed again), ``inside_o``, ``total`` (all of what
reaches c_t), ``inside_f``, ``inside_g``, and ``leave`` (products with the weights, and sums).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, sigmoid
from rnncourse.checks.mistakes.lstm_coupled import three

NAME = "coupled_peephole_lstm_step_backward"
PEEPHOLES, COUPLED, BACK = "Peepholes", "Coupled gates", "Back through one step"


class Values(NamedTuple):
    """What one step computed, and what it was given."""

    x_t: Array
    h_prev: Array
    c_prev: Array
    f: Array
    g: Array
    o: Array
    c_t: Array
    W_xh: Array
    W_hh: Array
    p_f: Array
    p_o: Array

    @property
    def shown(self) -> Array:
        """Tanh of the cell state."""
        return np.tanh(self.c_t)

    @property
    def slope_h(self) -> Array:
        """The slope of h_t by c_t, with o held fixed."""
        return self.o * (1 - self.shown**2)


Seen = Callable[[Array, Array], Array]


def forwards(
    *step: Array,
    at_f: Seen = lambda p_f, c_prev: p_f * c_prev,
    at_o: Callable[[Array, Array, Array], Array] = lambda p_o, c_prev, c_t: p_o * c_t,
) -> Values:
    """Take the step, as it should be or with other things seen through the peepholes."""
    x_t, h_prev, c_prev, W_xh, W_hh, b_h, p_f, p_o = step
    a_f, a_g, a_o = three(x_t, h_prev, W_xh, W_hh, b_h)
    f, g = sigmoid(a_f + at_f(p_f, c_prev)), np.tanh(a_g)
    c_t = f * c_prev + (1 - f) * g
    o = sigmoid(a_o + at_o(p_o, c_prev, c_t))
    return Values(x_t, h_prev, c_prev, f, g, o, c_t, W_xh, W_hh, p_f, p_o)


def inside_o(dh: Array, v: Values) -> Array:
    """Return what reaches the inside of o."""
    return dh * v.shown * v.o * (1 - v.o)


def total(dh: Array, dc: Array, da_o: Array, v: Values) -> Array:
    """Add the three ways from c_t to the loss."""
    return dc + dh * v.slope_h + da_o * v.p_o


def inside_f(dc: Array, v: Values) -> Array:
    """Return what reaches the inside of f."""
    return dc * (v.c_prev - v.g) * v.f * (1 - v.f)


def inside_g(dc: Array, v: Values) -> Array:
    """Return what reaches the inside of g."""
    return dc * (1 - v.f) * (1 - v.g**2)


class Inside(NamedTuple):
    """What reaches the insides of the gates, and the cell state."""

    f: Array
    g: Array
    o: Array
    dc: Array

    @property
    def stack(self) -> Array:
        """The three, side by side."""
        return np.concatenate([self.f, self.g, self.o], axis=1)


def leave(d: Inside, v: Values) -> tuple[Array, ...]:
    """Return the eight gradients."""
    da = d.stack
    dc_prev = d.dc * v.f + d.f * v.p_f
    weights = da.T @ v.x_t, da.T @ v.h_prev, da.sum(axis=0)
    return da @ v.W_xh, da @ v.W_hh, dc_prev, *weights, (d.f * v.c_prev).sum(0), (d.o * v.c_t).sum(0)


def way_back(
    dh_t: Array,
    dc_t: Array,
    *step: Array,
    forwards: Callable[..., Values] = forwards,
    inside_o: Callable[[Array, Values], Array] = inside_o,
    total: Callable[[Array, Array, Array, Values], Array] = total,
    inside_f: Callable[[Array, Values], Array] = inside_f,
    inside_g: Callable[[Array, Values], Array] = inside_g,
    leave: Callable[[Inside, Values], tuple[Array, ...]] = leave,
) -> tuple[Array, ...]:
    """Go back through the step, as it should be or with a piece exchanged."""
    v = forwards(*step)
    da_o = inside_o(dh_t, v)
    dc = total(dh_t, dc_t, da_o, v)
    return leave(Inside(inside_f(dc, v), inside_g(dc, v), da_o, dc), v)


def with_pieces(catalogue: Catalogue, name: str, heading: str, when: str, **pieces: Any) -> None:
    """File the way back with some pieces exchanged."""
    catalogue.of(NAME, name, heading, when)(lambda *args: way_back(*args, **pieces))
