"""Mistakes made in the GRU's loop over time; those of a single step are found in the loop as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue, gru, gru_gates
from rnncourse.checks.mistakes.gru import gates, right

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_UNROLLED = "Unrolled in time"


def _of(name: str, when: str, heading: str = _UNROLLED) -> Any:
    return CATALOGUE.of("gru_forward", name, heading, when)


def _unroll(x: Array, h: Array, *weights: Array) -> Array:
    rows = []
    for x_t in x:
        h = right(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


@_of(
    "initial_state_ignored",
    "the state before the first step is zero. Either h0 is not used, or h[t - 1] at t = 0 reads "
    "the last row of a buffer that is still zero.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, np.zeros_like(h0), *weights)


@_of(
    "state_reset", "every step starts from h0 again. Each should start from what the step before left behind."
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([right(x_t, h0, *weights) for x_t in x])


@_of("no_memory", "every step starts from zero: nothing is handed on.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([right(x_t, np.zeros_like(h0), *weights) for x_t in x])


@_of("time_reversed", "time runs backwards: the last input is read first, and its state comes first.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x[::-1], h0, *weights)


@_of(
    "backward_direction",
    "the last input is read first, though the states are then stored in the right order.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x[::-1], h0, *weights)[::-1].copy()


@_of("state_before", "h[t] holds the state *before* step t: h0 comes first and the last state is missing.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.concatenate([h0[None], _unroll(x, h0, *weights)[:-1]])


@_of("initial_state_in_front", "h0 stands in front of the states, T + 1 in all. h has one row for each step.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.concatenate([h0[None], _unroll(x, h0, *weights)])


@_of(
    "last_state_everywhere",
    "every row holds the last state. The same array was stored at each step and then "
    "changed; store a new one.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_unroll(x, h0, *weights)[-1]] * len(x))


@_of("last_state_only", "only the last state comes back. All of them are asked for, (T, B, H).")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights)[-1]


@_of("input_of_step_before", "step t reads x[t - 1], and step 0 reads the last input.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.roll(x, 1, axis=0), h0, *weights)


@_of("first_input_always", "every step reads x[0].")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.broadcast_to(x[:1], x.shape), h0, *weights)


@_of(
    "states_add_up", "the new state is added to the old one, `h += ...`. It should take its place, `h = ...`."
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        h = h + right(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


@_of(
    "h0_kept_in_every_step",
    "z * h0 is mixed in at every step. The old state is the one that the step before left behind.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        _, z, n, _ = gates(x_t, h, *weights)
        h = (1 - z) * n + z * h0
        rows.append(h)
    return np.stack(rows)


@_of("batch_first", "the batch is the first axis of h. Time comes first here: (T, B, H).")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).transpose(1, 0, 2).copy()


# A wrong step makes a wrong loop: whoever calls one, or writes it into the loop, hears the same sentence.
def _in_a_loop(step: Callable[..., Any]) -> Callable[..., Any]:
    def answer(x: Array, h0: Array, *weights: Array) -> Any:
        rows, h = [], h0
        for x_t in x:
            h = step(x_t, h, *weights)
            rows.append(h)
        return np.stack(rows)

    return answer


for _mistake in [*gru.CATALOGUE.mistakes, *gru_gates.CATALOGUE.mistakes]:
    if not _mistake.sentence.startswith("Your numbers are right"):
        _of(_mistake.id.split(":")[1], _mistake.sentence, _mistake.section[1])(_in_a_loop(_mistake.function))


@_of("initial_state_overwritten", "Your numbers are right, but h0 is written to: the caller's array changes.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    h = _unroll(x, h0, *weights)
    h0[...] = h[-1]
    return h


@_of(
    "float32_buffer",
    "the states are kept in a float32 array, which rounds float64 numbers to seven digits.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).astype(np.float32)


@_of(
    "always_float64",
    "Your numbers are right, but float32 inputs give float64 states: np.zeros without a dtype makes float64.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).astype(np.float64)
