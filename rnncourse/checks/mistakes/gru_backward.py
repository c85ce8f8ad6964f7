"""Mistakes made with the GRU on the way back through time; those of a single step are found there as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue, gru_step_again, gru_step_backward, gru_step_gradients
from rnncourse.checks.mistakes.gru import right as step
from rnncourse.checks.mistakes.gru_step_backward import right

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_BACK = "Back through time"


def _of(name: str, when: str, heading: str = _BACK) -> Any:
    return CATALOGUE.of("gru_backward", name, heading, when)


def states(x: Array, h0: Array, *weights: Array) -> list[Array]:
    """Return the state that each step starts from, and the last one: T + 1 in all."""
    states = [h0]
    for x_t in x:
        states.append(step(x_t, states[-1], *weights))
    return states


def steps_back(
    dh: Array, x: Array, before: list[Array], *weights: Array, carry: float = 1
) -> tuple[list[Any], Array]:
    """Return every step's six gradients, first step first, and what reaches h0."""
    steps, carried = [], np.zeros_like(dh[0])
    for dh_t, x_t, h_prev in zip(dh[::-1], x[::-1], before[::-1], strict=True):
        steps.append(right(dh_t + carry * carried, x_t, h_prev, *weights))
        carried = steps[-1][1]
    return steps[::-1], carried


def collect(steps: list[Any], dh0: Array) -> tuple[Array, ...]:
    """Stack what is kept for each step, add up what belongs to the weights."""
    dx, _, *shares = zip(*steps, strict=True)
    return np.stack(dx), dh0, *(np.sum(share, axis=0, dtype=dh0.dtype) for share in shares)


def way_back(dh: Array, x: Array, h0: Array, *weights: Array) -> tuple[Array, ...]:
    """Go back through time as it should be."""
    return collect(*steps_back(dh, x, states(x, h0, *weights)[:-1], *weights))


# ---------------------------------------------------------------- what is carried
@_of(
    "nothing_carried",
    "nothing is carried back from step t + 1: each step sees its own dh[t] alone. That is the direct "
    "derivative, not the total one.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return collect(*steps_back(dh, x, states(x, h0, *weights)[:-1], *weights, carry=0))


@_of("own_gradient_dropped", "dh enters at the last step only; the dh[t] of all steps before are dropped.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    late = np.zeros_like(dh)
    late[-1] = dh[-1]
    return way_back(late, x, h0, *weights)


@_of(
    "carried_once",
    "the carried gradient is set at the last step and never again. Every step sends its own dh_prev on.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    before = states(x, h0, *weights)[:-1]
    last = right(dh[-1], x[-1], before[-1], *weights)
    steps = [
        right(dh_t + last[1], x_t, h, *weights)
        for dh_t, x_t, h in zip(dh[:-1], x[:-1], before[:-1], strict=True)
    ]
    return collect([*steps, last], steps[0][1] if steps else last[1])


@_of(
    "carried_adds_up",
    "the carried gradient adds up, `carried += dh_prev`. dh_prev holds all that comes from "
    "later steps already.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, carried = [], np.zeros_like(h0)
    for dh_t, x_t, h_prev in zip(dh[::-1], x[::-1], states(x, h0, *weights)[-2::-1], strict=True):
        steps.append(right(dh_t + carried, x_t, h_prev, *weights))
        carried = carried + steps[-1][1]
    return collect(steps[::-1], carried)


@_of(
    "clipped",
    "the carried gradient is clipped to -1 ... 1 at every step. Clip after the backward pass, if at all.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, carried = [], np.zeros_like(h0)
    for dh_t, x_t, h_prev in zip(dh[::-1], x[::-1], states(x, h0, *weights)[-2::-1], strict=True):
        steps.append(right(dh_t + carried, x_t, h_prev, *weights))
        carried = np.clip(steps[-1][1], -1, 1)
    return collect(steps[::-1], carried)


@_of(
    "forwards", "the loop runs forwards, from step 0 on. Gradients come from the last step back to the first."
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, carried = [], np.zeros_like(h0)
    for dh_t, x_t, h_prev in zip(dh, x, states(x, h0, *weights)[:-1], strict=True):
        steps.append(right(dh_t + carried, x_t, h_prev, *weights))
        carried = steps[-1][1]
    return collect(steps, carried)


# ---------------------------------------------------------------- which state, which step
@_of("state_after_the_step", "step t goes back from h[t]. It started from h[t - 1], and step 0 from h0.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return collect(*steps_back(dh, x, states(x, h0, *weights)[1:], *weights))


@_of(
    "last_state_for_h0",
    "step 0 reads h[-1], the last state: that is what h[t - 1] means at t = 0. It needs h0.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    _, *h = states(x, h0, *weights)
    return collect(*steps_back(dh, x, [h[-1], *h[:-1]], *weights))


@_of("zeros_for_h0_at_the_end", "step 0 goes back from zeros. Forward it started from h0.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return collect(*steps_back(dh, x, [0 * h0, *states(x, h0, *weights)[1:-1]], *weights))


@_of("initial_state_ignored", "the states are computed again from zeros. The first step starts from h0.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return way_back(dh, x, 0 * h0, *weights)


@_of("h0_at_every_step", "every step goes back from h0. Step t started from h[t - 1].")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return collect(*steps_back(dh, x, [h0] * len(x), *weights))


@_of("dh0_of_the_first_state", "dh0 is the total gradient of h[0]. It has one step more to go, back to h0.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, _ = steps_back(dh, x, states(x, h0, *weights)[:-1], *weights)
    return collect(steps, dh[0] + steps[1][1] if len(steps) > 1 else dh[0].copy())


@_of("dh0_zero", "dh0 is zero. What step 0 sends back is the gradient of h0.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, dh0 = steps_back(dh, x, states(x, h0, *weights)[:-1], *weights)
    return collect(steps, np.zeros_like(dh0))


@_of("dh0_of_every_step", "dh0 adds up what every step sends back. Only what step 0 sends reaches h0.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, _ = steps_back(dh, x, states(x, h0, *weights)[:-1], *weights)
    return collect(steps, np.sum([one[1] for one in steps], axis=0, dtype=h0.dtype))


@_of("dx_reversed", "the rows of dx come in the order of the loop, last step first. dx[t] belongs to x[t].")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    dx, *rest = way_back(dh, x, h0, *weights)
    return dx[::-1].copy(), *rest


# A wrong step makes a wrong way back: whoever calls one, or writes it into the loop, hears the same sentence.
def _in_a_loop(step_back: Callable[..., Any]) -> Callable[..., Any]:
    def answer(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
        steps, carried = [], np.zeros_like(h0)
        for dh_t, x_t, h_prev in zip(dh[::-1], x[::-1], states(x, h0, *weights)[-2::-1], strict=True):
            steps.append(step_back(dh_t + carried, x_t, h_prev, *weights))
            carried = steps[-1][1]
        return collect(steps[::-1], carried)

    return answer


_ONLY_IN_A_STEP = {"swapped_x_and_h", "swapped_weights", "swapped_biases", "biases_per_example"}
_OF_A_STEP = (gru_step_backward, gru_step_again, gru_step_gradients)
for _mistake in [mistake for module in _OF_A_STEP for mistake in module.CATALOGUE.mistakes]:
    _name = _mistake.id.split(":")[1]
    if _name not in _ONLY_IN_A_STEP and not _mistake.sentence.startswith("Your numbers are right"):
        _of(_name, _mistake.sentence, _mistake.section[1])(_in_a_loop(_mistake.function))
