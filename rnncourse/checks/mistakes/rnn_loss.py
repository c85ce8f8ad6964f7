"""Mistakes made with the loss; those with its mask are in ``rnn_mask``."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("softmax_cross_entropy", name, "What the loss measures", when)


def log_softmax(logits: Array, axis: int = -1) -> Array:
    """Return log-probabilities, (R4), along ``axis``."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def picked(log_p: Array, targets: Array) -> Array:
    """Return the target's number at each position, (T, B)."""
    return np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


def mean(values: Array, mask: Array | None) -> float:
    """Average over the positions that count."""
    return float(values.mean()) if mask is None else float((values * mask).sum() / np.sum(mask))


@_of(
    "sum_for_mean",
    "the losses are added up. The mean is asked for, so that long and short sequences can be compared.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    return float(nats.sum() if mask is None else (nats * mask).sum())


@_of(
    "mean_over_batch_only",
    "the sum is divided by the batch size alone. It is a mean over positions: T * B of them where "
    "nothing is masked.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).sum() / targets.shape[1])


@_of(
    "mean_over_time_only",
    "the sum is divided by the number of steps alone. It is a mean over positions: T * B of them "
    "where nothing is masked.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).sum() / targets.shape[0])


@_of(
    "minus_missing",
    "the minus is missing. Log-probabilities are negative; a loss is minus their mean.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(picked(log_softmax(logits), targets), mask)


@_of(
    "bits",
    "the logarithm has base 2. Nats are asked for: the natural logarithm.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits), targets) / np.log(2), mask)


@_of(
    "softmax_over_time",
    "the softmax runs over time (axis 0). At each position the V classes share the probability: "
    "the last axis.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits, 0), targets), mask)


@_of(
    "softmax_over_batch",
    "the softmax runs over the batch (axis 1). At each position the V classes share the "
    "probability: the last axis.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits, 1), targets), mask)


@_of(
    "no_shift",
    "exp is taken of the logits as they are: exp(1000) is infinite. Subtract each position's "
    "largest logit first (R4).",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return mean(-np.log(picked(p, targets)), mask)


@_of(
    "log_of_rounded_softmax",
    "the shift is there, but the logarithm is taken of the finished softmax: a probability that "
    "was rounded to 0 has "
    "no logarithm. Stay in logarithms all the way (R4).",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return mean(-np.log(picked(e / e.sum(axis=-1, keepdims=True), targets)), mask)


@_of(
    "epsilon_in_log",
    "a small number is added inside the logarithm, log(p + 1e-8). That caps the loss and bends it; "
    "(R4) needs no such help.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-np.log(np.exp(picked(log_softmax(logits), targets)) + 1e-8), mask)


@_of(
    "one_shift_for_all",
    "all positions are shifted by the one largest logit of the whole array. Each position needs its own.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    shifted = logits - logits.max()
    return mean(-picked(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), targets), mask)


@_of(
    "softmax_twice",
    "the softmax is applied twice: probabilities go into it as if they were logits.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(np.exp(log_softmax(logits))), targets), mask)


@_of(
    "probability_for_log",
    "the mean of the probabilities themselves is taken, without a logarithm.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(np.exp(picked(log_softmax(logits), targets)), mask)


@_of(
    "perplexity",
    "the loss is exponentiated: this is the perplexity. Nats are asked for.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return float(np.exp(mean(-picked(log_softmax(logits), targets), mask)))


@_of(
    "targets_shifted",
    "position t is scored against targets[t + 1]. The targets are shifted already: logits[t] "
    "belongs to targets[t].",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits[:-1]), targets[1:]), None if mask is None else mask[1:])


@_of("entropy", "the entropy of the prediction is taken, -sum p log p. It does not look at the targets.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    log_p = log_softmax(logits)
    return mean(-(np.exp(log_p) * log_p).sum(axis=-1), mask)


@_of("best_class", "the most probable class is scored in place of the target.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-log_softmax(logits).max(axis=-1), mask)


@_of(
    "divided_by_classes",
    "the mean runs over the classes too: the loss is divided by V. One number per position is averaged.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits), targets), mask) / logits.shape[-1]


@_of("float32_loss", "the loss is computed in float32, which rounds float64 numbers to seven digits.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return np.float32(mean(-picked(log_softmax(logits), targets), mask))
