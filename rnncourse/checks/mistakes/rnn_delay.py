"""Mistakes made with the delay line."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("delay_line_weights", name, "A delay line built by hand", when)


def _line(H: int, W_hh: Array, last: int, gain: float = 1.0) -> tuple[Array, Array, Array, Array, Array]:
    """Return a network with input into unit 0, the given loop, and output from unit ``last``."""
    W_xh, W_hy = np.zeros((H, 1)), np.zeros((1, H))
    W_xh[0, 0], W_hy[0, last] = gain, 1 / gain
    return W_xh, W_hh, np.zeros(H), W_hy, np.zeros(1)


@_of(
    "one_step_too_late",
    "the signal arrives one step too late. The first unit holds x_t at once, so `delay` steps need "
    "delay + 1 units.",
)
def _(delay: int) -> Any:
    return _line(delay + 2, np.eye(delay + 2, k=-1), delay + 1)


@_of(
    "one_step_too_early",
    "the signal arrives one step too early: H = delay units hold only delay - 1 steps of the past.",
)
def _(delay: int) -> Any:
    return _line(delay, np.eye(delay, k=-1), delay - 1)


@_of(
    "no_delay",
    "the signal comes out at once: the output reads the unit that the input goes into.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), 0)


@_of(
    "register_backwards",
    "nothing ever reaches the output. Look at the way that values are handed on: W_hh[i, j] leads from "
    "unit j to unit i.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=1), delay)


@_of(
    "ring",
    "the signal comes back again and again: the last unit hands its value to the first one, so the "
    "register is a ring.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.roll(np.eye(delay + 1), 1, axis=0), delay)


@_of(
    "units_keep_their_values",
    "units keep their own value and add what comes in: W_hh has ones on the diagonal too. A "
    "register lets go.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1) + np.eye(delay + 1), delay)


@_of(
    "running_sum",
    "all inputs so far are added up: W_hh is the identity, and the output reads the unit that the "
    "input goes into.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1), 0)


@_of(
    "saturated",
    "the signal is made a hundred times larger on its way in, where tanh bends it. tanh(a) is "
    "close to a for small a only.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), delay, gain=100.0)


@_of(
    "input_into_every_unit",
    "the input goes into every unit of the register, so that the output adds up the last delay + 1 inputs.",
)
def _(delay: int) -> Any:
    W_xh, *rest = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return np.ones_like(W_xh), *rest


@_of("sign_flipped", "the signal arrives in time, with the wrong sign.")
def _(delay: int) -> Any:
    W_xh, W_hh, b_h, W_hy, b_y = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return W_xh, W_hh, b_h, -W_hy, b_y


@_of(
    "bias_not_zero",
    "every unit has a bias of 1, which pushes tanh far from zero. The register works where tanh is straight.",
)
def _(delay: int) -> Any:
    W_xh, W_hh, b_h, W_hy, b_y = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return W_xh, W_hh, b_h + 1, W_hy, b_y


@_of(
    "never_more_than_ten",
    "the register has ten steps at most. It has to grow with the delay, whatever that is.",
)
def _(delay: int) -> Any:
    d = min(delay, 10)
    return _line(d + 1, np.eye(d + 1, k=-1), d)


@_of(
    "never_less_than_one",
    "a delay of 0 is treated like one of 1. With delay = 0 the input comes out at once: one unit is enough.",
)
def _(delay: int) -> Any:
    d = max(delay, 1)
    return _line(d + 1, np.eye(d + 1, k=-1), d)


@_of(
    "every_unit_read",
    "the output reads every unit of the register and adds them up. Only the last one holds the old input.",
)
def _(delay: int) -> Any:
    W_xh, W_hh, b_h, W_hy, b_y = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return W_xh, W_hh, b_h, np.ones_like(W_hy), b_y
