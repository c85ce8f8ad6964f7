"""Mistakes made in testing a backward function: what each test does not look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray
Backward = Callable[..., Any]


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of(
        "catch_the_bug", name, "A test that finds the bug", f"Your test answers like one that {when}"
    )


def right_backward(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> list[Array]:
    """Go back rightly: what a test compares with."""
    da, carried = np.zeros_like(h), np.zeros_like(h0)
    for t in reversed(range(len(x))):
        da[t] = (dh[t] + carried) * (1 - h[t] ** 2)
        carried = da[t] @ W_hh
    before = np.concatenate([h0[None], h[:-1]])
    dW_xh, dW_hh = np.einsum("tbh,tbd->hd", da, x), np.einsum("tbh,tbk->hk", da, before)
    return [da @ W_xh, carried, dW_xh, dW_hh, da.sum(axis=(0, 1))]


def data(T: int = 6, B: int = 3, D: int = 2, H: int = 4) -> list[Array]:
    """Draw the arguments of a call: dh, x, h0, h, W_xh, W_hh."""
    rng = np.random.default_rng(3)
    x, h, W_xh = rng.normal(size=(T, B, D)), rng.uniform(-0.9, 0.9, (T, B, H)), rng.normal(size=(H, D))
    return [
        2 * rng.normal(size=(T, B, H)),
        x,
        rng.uniform(-0.9, 0.9, (B, H)),
        h,
        W_xh,
        rng.normal(size=(H, H)),
    ]


def same(one: Any, other: Array, close: float = 1e-7) -> bool:
    """Say whether two results agree in shape and, nearly, in value."""
    return np.shape(one) == other.shape and bool(np.max(np.abs(one - other)) <= close * np.max(np.abs(other)))


def judged(rnn_backward: Backward, args: list[Array], close: float = 1e-7) -> bool:
    """Judge as a good test does, on the given data: results, arguments, and a second call."""
    answers = right_backward(*args)
    for _ in range(2):
        given = [array.copy() for array in args]
        results = rnn_backward(*given)
        if len(results) != 5 or not all(same(*pair, close) for pair in zip(results, answers, strict=True)):
            return False
        if not all(np.array_equal(*pair) for pair in zip(given, args, strict=True)):
            return False
    return True


def results_of(rnn_backward: Backward, args: list[Array]) -> Any:
    """Call it once on copies, without a look at what it does to them."""
    return rnn_backward(*[array.copy() for array in args])


# ---------------------------------------------------------------- the data hide it
@_of("starts_from_zero", "uses no state but zeros for h0: what happens to the initial state is not seen.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    args[2] = 0 * args[2]
    return judged(rnn_backward, args)


@_of("one_step", "takes T = 1: nothing is carried from step to step, and nothing can go wrong in it.")
def _(rnn_backward: Backward) -> Any:
    return judged(rnn_backward, data(T=1))


@_of("two_steps", "takes T = 2. What goes wrong on the way to a step further back is not seen.")
def _(rnn_backward: Backward) -> Any:
    return judged(rnn_backward, data(T=2))


@_of("three_steps", "takes T = 3. Bugs that need a longer way are not seen; take more steps.")
def _(rnn_backward: Backward) -> Any:
    return judged(rnn_backward, data(T=3))


@_of("last_step_only", "lets a gradient enter at the last step only. Make dh random at every step.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    args[0][:-1] = 0
    return judged(rnn_backward, args)


@_of("batch_of_one", "takes B = 1: sums over the batch, means and leftovers of one example all look alike.")
def _(rnn_backward: Backward) -> Any:
    return judged(rnn_backward, data(B=1))


@_of("symmetric_weights", "takes a symmetric W_hh (an identity is one), so that a transpose is not seen.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    args[5] = args[5] + args[5].T
    return judged(rnn_backward, args)


@_of(
    "small_gradients",
    "lets in small gradients only. Numbers that are never above 1 do not show that they are clipped.",
)
def _(rnn_backward: Backward) -> Any:
    args = data()
    args[0] = args[0] * 1e-4
    return judged(rnn_backward, args)


# ---------------------------------------------------------------- the comparison hides it
@_of("shapes_only", "compares shapes and no values.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    results, answers = results_of(rnn_backward, args), right_backward(*args)
    return len(results) == 5 and all(np.shape(r) == a.shape for r, a in zip(results, answers, strict=True))


@_of("weights_only", "compares the weights' gradients and leaves out dx and dh0.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    results, answers = results_of(rnn_backward, args), right_backward(*args)
    return len(results) == 5 and all(same(results[i], answers[i]) for i in (2, 3, 4))


@_of("inputs_only", "compares dx and dh0 and leaves out the weights' gradients.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    results, answers = results_of(rnn_backward, args), right_backward(*args)
    return len(results) == 5 and all(same(results[i], answers[i]) for i in (0, 1))


@_of("dh0_left_out", "does not look at dh0.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    results, answers = results_of(rnn_backward, args), right_backward(*args)
    return len(results) == 5 and all(same(results[i], answers[i]) for i in (0, 2, 3, 4))


@_of("too_loose", "takes everything within one per cent for equal. A bug may be smaller than that.")
def _(rnn_backward: Backward) -> Any:
    return judged(rnn_backward, data(), close=1e-2)


@_of(
    "shape_not_compared",
    "compares numbers without their shapes, and breaks off with an error where they do not fit.",
)
def _(rnn_backward: Backward) -> Any:
    args = data()
    for _ in range(2):
        given = [array.copy() for array in args]
        pairs = zip(rnn_backward(*given), right_backward(*args), strict=False)
        if not all(np.allclose(*pair, rtol=1e-7) for pair in pairs):
            return False
        if not all(np.array_equal(*pair) for pair in zip(given, args, strict=True)):
            return False
    return True


# ---------------------------------------------------------------- what else it does not look at
@_of("called_once", "calls the function once. What it keeps for the next call is not seen.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    given = [array.copy() for array in args]
    results = rnn_backward(*given)
    fits = len(results) == 5 and all(map(same, results, right_backward(*args)))
    return fits and all(map(np.array_equal, given, args))


@_of("arguments_not_looked_at", "does not look whether its own arrays have been changed by the call.")
def _(rnn_backward: Backward) -> Any:
    args = data()
    for _ in range(2):
        results = results_of(rnn_backward, args)
        if len(results) != 5 or not all(map(same, results, right_backward(*args))):
            return False
    return True


@_of(
    "numbers_only", "calls once and compares the numbers: it sees neither changed arguments nor what is kept."
)
def _(rnn_backward: Backward) -> Any:
    args = data()
    results = results_of(rnn_backward, args)
    return len(results) == 5 and all(map(same, results, right_backward(*args)))


@_of("assert_for_an_answer", "breaks off with an AssertionError where it should answer False.")
def _(rnn_backward: Backward) -> Any:
    assert judged(rnn_backward, data())
    return True


@_of("the_other_way_round", "says True for broken functions and False for right ones.")
def _(rnn_backward: Backward) -> Any:
    return not judged(rnn_backward, data())


@_of("always_true", "says True whatever it is given.")
def _(rnn_backward: Backward) -> Any:
    return True


@_of(
    "always_false",
    "says False whatever it is given. A comparison to the last bit, ==, does that as well: right functions "
    "differ by rounding.",
)
def _(rnn_backward: Backward) -> Any:
    return False
