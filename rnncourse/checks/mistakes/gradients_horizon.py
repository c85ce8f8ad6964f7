"""Mistakes made with the horizon of a vanishing gradient."""

from __future__ import annotations

import math
from typing import Any

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("vanishing_horizon", name, "How far back a gradient reaches", when)


def _quotient(rate: float, threshold: float) -> float:
    return math.log(threshold) / math.log(rate)


@_of(
    "not_strictly",
    "counting stops at rate**k <= threshold. Below is asked for: at an exact power one more step is needed.",
)
def _(rate: float, threshold: float) -> Any:
    k = 1
    while rate**k > threshold:
        k += 1
    return k


@_of(
    "last_above",
    "the last step is given at which rate**k is not yet below threshold. The first one below is asked for.",
)
def _(rate: float, threshold: float) -> Any:
    k = 0
    while rate ** (k + 1) >= threshold:
        k += 1
    return k


@_of("one_too_many", "one step too many is counted.")
def _(rate: float, threshold: float) -> Any:
    k = 1
    while rate ** (k - 1) >= threshold:
        k += 1
    return k


@_of(
    "rounded",
    "log(threshold) / log(rate) is rounded to the nearest number. Half a step does not exist: the next whole "
    "number above is the answer.",
)
def _(rate: float, threshold: float) -> Any:
    return max(1, round(_quotient(rate, threshold)))


@_of(
    "not_a_whole_number",
    "the quotient of the logarithms is given as it is. Steps are whole: the first one *above* that number.",
)
def _(rate: float, threshold: float) -> Any:
    return _quotient(rate, threshold)


@_of(
    "arguments_exchanged",
    "rate and threshold are exchanged: the threshold is taken to powers.",
)
def _(rate: float, threshold: float) -> Any:
    k = 1
    while threshold**k >= rate:
        k += 1
    return k


@_of(
    "linear_decay",
    "the same amount is taken away at each step, 1 - k * (1 - rate). It is the same *factor* at each step: "
    "rate**k.",
)
def _(rate: float, threshold: float) -> Any:
    k = 1
    while 1 - k * (1 - rate) >= threshold:
        k += 1
    return k


@_of(
    "slow_decay_formula",
    "log(rate) is replaced by rate - 1. The two are close only while rate is close to 1.",
)
def _(rate: float, threshold: float) -> Any:
    return math.floor(math.log(threshold) / (rate - 1)) + 1


@_of(
    "two_bases",
    "the logarithm of the threshold has base 10 and that of the rate base e. Both need the same base.",
)
def _(rate: float, threshold: float) -> Any:
    return math.floor(math.log10(threshold) / math.log(rate)) + 1


@_of(
    "time_constant",
    "the steps are counted until 1/e is left, whatever the threshold is.",
)
def _(rate: float, threshold: float) -> Any:
    return math.floor(-1 / math.log(rate)) + 1


@_of(
    "until_zero",
    "the steps are counted until the computer's numbers end and rate**k is 0. The threshold is not used.",
)
def _(rate: float, threshold: float) -> Any:
    return math.floor(_quotient(rate, 5e-324)) + 1


@_of(
    "thousand_at_most",
    "counting ends after 1000 steps. With a rate close to 1 a gradient reaches further.",
)
def _(rate: float, threshold: float) -> Any:
    k = 1
    while rate**k >= threshold and k < 1000:
        k += 1
    return k


@_of(
    "a_float",
    "Your numbers are right, but they come as floats. A number of steps is an int: int(...) makes one.",
)
def _(rate: float, threshold: float) -> Any:
    k = 1.0
    while rate**k >= threshold:
        k += 1
    return k
