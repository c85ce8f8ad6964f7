"""Mistakes made with the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_LOSS = "What the loss measures"


# ---------------------------------------------------------------- softmax_cross_entropy
def _log_softmax(logits: Array, axis: int = -1) -> Array:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _picked(log_p: Array, targets: Array) -> Array:
    return np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


def _mean(values: Array, mask: Array | None) -> float:
    return float(values.mean()) if mask is None else float((values * mask).sum() / np.sum(mask))


@_of(
    "softmax_cross_entropy",
    "sum_for_mean",
    _LOSS,
    "the losses are added up. The mean is asked for, so that long and short sequences can be compared.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float(nats.sum() if mask is None else (nats * mask).sum())


@_of(
    "softmax_cross_entropy",
    "mean_over_batch_only",
    _LOSS,
    "the sum is divided by the batch size alone. It is a mean over positions: T * B of them where "
    "nothing is masked.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).sum() / targets.shape[1])


@_of(
    "softmax_cross_entropy",
    "mean_over_time_only",
    _LOSS,
    "the sum is divided by the number of steps alone. It is a mean over positions: T * B of them "
    "where nothing is masked.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).sum() / targets.shape[0])


@_of(
    "softmax_cross_entropy",
    "padding_in_the_mean",
    _LOSS,
    "masked losses are set to zero but still counted: divide by the number of positions that "
    "count, not by all.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).mean())


@_of("softmax_cross_entropy", "mask_ignored", _LOSS, "the mask is not used: padding adds to the loss.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits), targets), None)


@_of(
    "softmax_cross_entropy",
    "mask_inverted",
    _LOSS,
    "the mask is read the wrong way round. 1 means that the position counts.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits), targets), None if mask is None else mask == 0)


@_of(
    "softmax_cross_entropy",
    "mask_on_logits",
    _LOSS,
    "the mask multiplies the logits, before the softmax. Zero logits are a guess like any other; "
    "mask the losses.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    masked = logits if mask is None else logits * mask[..., None]
    return _mean(-_picked(_log_softmax(masked), targets), None)


@_of(
    "softmax_cross_entropy",
    "mean_of_means",
    _LOSS,
    "each sequence is averaged first and then the averages: short sequences weigh too much. Every "
    "position counts alike.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    weights = np.ones(targets.shape) if mask is None else np.asarray(mask, float)
    return float(((nats * weights).sum(axis=0) / weights.sum(axis=0)).mean())


@_of(
    "softmax_cross_entropy",
    "minus_missing",
    _LOSS,
    "the minus is missing. Log-probabilities are negative; a loss is minus their mean.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(_picked(_log_softmax(logits), targets), mask)


@_of(
    "softmax_cross_entropy",
    "bits",
    _LOSS,
    "the logarithm has base 2. Nats are asked for: the natural logarithm.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits), targets) / np.log(2), mask)


@_of(
    "softmax_cross_entropy",
    "softmax_over_time",
    _LOSS,
    "the softmax runs over time (axis 0). At each position the V classes share the probability: "
    "the last axis.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits, 0), targets), mask)


@_of(
    "softmax_cross_entropy",
    "softmax_over_batch",
    _LOSS,
    "the softmax runs over the batch (axis 1). At each position the V classes share the "
    "probability: the last axis.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits, 1), targets), mask)


@_of(
    "softmax_cross_entropy",
    "no_shift",
    _LOSS,
    "exp is taken of the logits as they are: exp(1000) is infinite. Subtract each position's "
    "largest logit first (R4).",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return _mean(-np.log(_picked(p, targets)), mask)


@_of(
    "softmax_cross_entropy",
    "log_of_rounded_softmax",
    _LOSS,
    "the shift is there, but the logarithm is taken of the finished softmax: a probability that "
    "was rounded to 0 has "
    "no logarithm. Stay in logarithms all the way (R4).",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return _mean(-np.log(_picked(e / e.sum(axis=-1, keepdims=True), targets)), mask)


@_of(
    "softmax_cross_entropy",
    "epsilon_in_log",
    _LOSS,
    "a small number is added inside the logarithm, log(p + 1e-8). That caps the loss and bends it; "
    "(R4) needs no such help.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-np.log(np.exp(_picked(_log_softmax(logits), targets)) + 1e-8), mask)


@_of(
    "softmax_cross_entropy",
    "one_shift_for_all",
    _LOSS,
    "all positions are shifted by the one largest logit of the whole array. Each position needs its own.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    shifted = logits - logits.max()
    return _mean(-_picked(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), targets), mask)


@_of(
    "softmax_cross_entropy",
    "softmax_twice",
    _LOSS,
    "the softmax is applied twice: probabilities go into it as if they were logits.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(np.exp(_log_softmax(logits))), targets), mask)


@_of(
    "softmax_cross_entropy",
    "probability_for_log",
    _LOSS,
    "the mean of the probabilities themselves is taken, without a logarithm.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(np.exp(_picked(_log_softmax(logits), targets)), mask)


@_of(
    "softmax_cross_entropy",
    "perplexity",
    _LOSS,
    "the loss is exponentiated: this is the perplexity. Nats are asked for.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return float(np.exp(_mean(-_picked(_log_softmax(logits), targets), mask)))


@_of(
    "softmax_cross_entropy",
    "targets_shifted",
    _LOSS,
    "position t is scored against targets[t + 1]. The targets are shifted already: logits[t] "
    "belongs to targets[t].",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits[:-1]), targets[1:]), None if mask is None else mask[1:])
