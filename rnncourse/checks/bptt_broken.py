"""Backward functions for a learner's test to judge: right ones, and broken ones of every family.

Some are of the catalogue of mistakes, others stand here. Each is handed over in the same wrapping, so that
neither its name nor its source tells what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rnncourse.checks import mistakes, variants
from rnncourse.checks.bptt_inputs import backward
from rnncourse.checks.exercise import Case
from rnncourse.checks.given import Given, always
from rnncourse.checks.mistakes.bptt_time import collect, states_before, through

Array = np.ndarray
Function = Callable[..., Any]


class Sample(NamedTuple):
    """A function to be judged: the family that it belongs to, what is broken in it, how to get it."""

    family: str
    what: str
    make: Callable[[], Function]


def _known(name: str) -> Function:
    """Return a mistake of the catalogue; a new one each time where it keeps something between calls."""
    found = mistakes.of("bptt.rnn_backward")
    return next(mistake.function for mistake in found if mistake.id.endswith(f":{name}"))


# ---------------------------------------------------------------- broken ones that stand here alone
def _scaled(place: int | None, factor: float, *args: Any) -> Any:
    return [g * factor if place in (None, i) else g for i, g in enumerate(backward(*args))]


def _without_slope_in_dx(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, _ = through(dh, 1 - h**2, W_hh)
    return da / (1 - h**2) @ W_xh, *backward(dh, x, h0, h, W_xh, W_hh)[1:]


def _inputs_reversed(dh: Array, x: Array, *args: Any) -> Any:
    dx, dh0, _, *others = backward(dh, x, *args)
    return dx, dh0, backward(dh, x[::-1], *args)[2], *others


def _two_steps_back(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = np.zeros_like(h), np.zeros_like(h0)
    for s in range(len(x)):
        flowing = dh[s]
        for t in range(s, max(s - 2, -1), -1):
            flowing = flowing * (1 - h[t] ** 2)
            da[t] += flowing
            flowing = flowing @ W_hh
        dh0 += flowing if s < 2 else 0
    return collect(da, dh0, x, states_before(h0, h), W_xh)


def _cut_every_three(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    return backward(dh, x, h0, h, W_xh, W_hh, window=3)


def _first_gradient_dropped(dh: Array, *args: Any) -> Any:
    return backward(np.concatenate([0 * dh[:1], dh[1:]]), *args)


def _clipped(*args: Any) -> Any:
    return tuple(np.clip(gradient, -1, 1) for gradient in backward(*args))


def _first_slope_missing(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, _, *weights = backward(dh, x, h0, h, W_xh, W_hh)
    da, _ = through(dh, 1 - h**2, W_hh)
    return dx, da[0] / (1 - h[0] ** 2) @ W_hh, *weights


def _first_example_only(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, *_ = backward(dh, x, h0, h, W_xh, W_hh)
    one = slice(0, 1)
    return dx, dh0, *backward(dh[:, one], x[:, one], h0[one], h[:, one], W_xh, W_hh)[2:]


def _states_overwritten(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    results = backward(dh, x, h0, h, W_xh, W_hh)
    h[...] = 1 - h**2  # saves a buffer
    return results


def _four_results(*args: Any) -> Any:
    return backward(*args)[:4]


_CATALOGUE = {  # family: name in the catalogue -> what is broken
    "through": {
        "slope_missing": "the slope of tanh is missing",
        "tanh_of_a_tanh": "the slope is 1 - tanh(h)**2",
        "slope_before_the_sum": "the slope multiplies dh[t] before the carried gradient is added",
        "W_hh_transposed": "W_hh.T stands where W_hh is meant (a symmetric W_hh hides it)",
        "nothing_carried": "nothing is carried from step to step (T = 1 hides it)",
        "carried_accumulated": "what is carried grows with += (T = 1 hides it)",
    },
    "one": {
        "dW_hh_from_the_new_state": "dW_hh alone: made with h[t] for h[t - 1]",
        "dW_hh_transposed": "dW_hh alone: transposed (its shape does not tell)",
        "weights_overwritten": "the weights' gradients alone: those of the first step only",
        "direct_for_the_weights": "the weights' gradients alone: made from dh[t] without what is carried",
    },
    "start": {
        "initial_state_ignored": "dW_hh leaves h0 out (a zero h0 hides it)",
        "dh0_is_of_step_1": "dh0 alone: it is the gradient of h[0]",
        "dh0_zero": "dh0 alone: zero",
    },
    "long": {
        "carried_set_once": "what is carried is set at the last step and never again",
    },
    "upstream": {
        "own_gradient_dropped": "only the last step's dh enters (zeros before it hide that)",
    },
    "batch": {
        "divided_by_batch": "the weights' gradients are divided by B",
        "bias_averaged": "db_h alone: the mean over the batch",
    },
    "conduct": {
        "dh_changed": "it writes into dh, with right numbers (look at your arrays after the call)",
        "kept_from_an_earlier_call": "it adds to the gradients of an earlier call (call it twice)",
    },
    "shape": {
        "bias_per_example": "db_h has the shape (B, H)",
        "order_of_weights": "dW_hh comes before dW_xh",
    },
}

_OTHERS: tuple[tuple[str, str, Function], ...] = (
    ("one", "dx alone: it has another slope", _without_slope_in_dx),
    ("one", "dW_xh alone: the inputs are read in reverse", _inputs_reversed),
    ("start", "dh0 alone: the first step's slope is missing", _first_slope_missing),
    ("long", "a gradient goes back two steps and no further (T = 2 hides it)", _two_steps_back),
    ("long", "nothing crosses from step 3 to step 2, counted from 0 (T = 3 hides it)", _cut_every_three),
    ("upstream", "the first step's own dh is left out (a zero dh[0] hides it)", _first_gradient_dropped),
    ("upstream", "all gradients are clipped to -1 ... 1 (small ones hide it)", _clipped),
    ("batch", "the weights' gradients are those of the first sequence alone", _first_example_only),
    ("close", "all gradients are too large by a thousandth", partial(_scaled, None, 1.001)),
    ("close", "dW_hh alone is too large by a thousandth", partial(_scaled, 3, 1.001)),
    ("close", "dx alone is too small by a thousandth", partial(_scaled, 0, 0.999)),
    (
        "conduct",
        "it writes into h, with right numbers (look at your arrays after the call)",
        _states_overwritten,
    ),
    ("shape", "db_h is not among the results (zip stops at the shorter of two)", _four_results),
)


def samples() -> list[Sample]:
    """Return all functions to be judged; the first is the plainest of the right ones."""
    how = "written with loops, einsum, recursion or path by path"
    right = [Sample("right", how, always(function)) for function in variants.of("bptt.rnn_backward")]
    known = [
        Sample(family, what, partial(_known, name))
        for family, members in _CATALOGUE.items()
        for name, what in members.items()
    ]
    others = [Sample(family, what, always(function)) for family, what, function in _OTHERS]
    return [Sample("plain", "the ordinary loop", always(backward)), *right, *known, *others]


def _wrapped(make: Callable[[], Function]) -> Function:
    function = make()

    def rnn_backward(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
        return tuple(function(dh, x, h0, h, W_xh, W_hh))

    return rnn_backward


def cases(rng: np.random.Generator) -> list[Case]:
    """Wrap all functions and put them into an order that nobody knows."""
    drawn = samples()
    made = []
    for place in rng.permutation(len(drawn)):
        family, what, make = drawn[place]
        text = "a right function" if family in ("plain", "right") else "a broken function"
        made.append(Case(family, {"rnn_backward": Given(text, partial(_wrapped, make))}, note=what))
    return made
