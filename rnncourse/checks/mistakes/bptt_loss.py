"""Mistakes made in going back from the loss to the scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("softmax_cross_entropy_backward", name, "From the loss to the scores", when)


def softmax(logits: Array, axis: int = -1) -> Array:
    """Take the softmax, shifted so that it is stable."""
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def hot(logits: Array, targets: Array) -> Array:
    """Return 1 at each target and 0 elsewhere, (T, B, V)."""
    return np.eye(logits.shape[-1], dtype=logits.dtype)[targets]


def counts(targets: Array, mask: Array | None) -> Array:
    """Return the mask as booleans; all true where there is none."""
    return np.ones(targets.shape, bool) if mask is None else np.asarray(mask) != 0


def mean(gradient: Array, counting: Array) -> Array:
    """Keep what counts and divide by how many that are."""
    kept = np.where(counting[..., None], gradient, np.zeros((), gradient.dtype))
    return kept / gradient.dtype.type(counting.sum())


# ---------------------------------------------------------------- the gradient of one position
@_of(
    "target_forgotten", "nothing is taken off at the target: this is p / N. It is (p - one_hot(target)) / N."
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(logits), counts(targets, mask))


@_of(
    "sign",
    "the sign is the other way round, one_hot - p. That is where the *loss* goes down; a gradient points up.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(hot(logits, targets) - softmax(logits), counts(targets, mask))


@_of("log_probabilities", "log p stands where p is meant. The gradient is p - one_hot.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    log_p = logits - logits.max(axis=-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=-1, keepdims=True))
    return mean(log_p - hot(logits, targets), counts(targets, mask))


@_of("softmax_missing", "the scores themselves stand where their softmax is meant.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(logits - hot(logits, targets), counts(targets, mask))


@_of("softmax_twice", "softmax is applied twice.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(softmax(logits)) - hot(logits, targets), counts(targets, mask))


@_of("wrong_axis", "softmax runs over the steps. It runs over the V scores of one position, the last axis.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(logits, 0) - hot(logits, targets), counts(targets, mask))


@_of(
    "no_shift",
    "the scores are not shifted before exp. exp(1000) is infinite; subtract each position's largest score.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    e = np.exp(logits)
    return mean(e / e.sum(axis=-1, keepdims=True) - hot(logits, targets), counts(targets, mask))


@_of(
    "one_shift_for_all",
    "one number, the largest of all, is subtracted everywhere. Each position has its own.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    e = np.exp(logits - logits.max())
    return mean(e / e.sum(axis=-1, keepdims=True) - hot(logits, targets), counts(targets, mask))


@_of(
    "slope_of_the_softmax",
    "p - one_hot is multiplied by p * (1 - p) as well. The slope of the softmax is in p - one_hot already.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    p = softmax(logits)
    return mean((p - hot(logits, targets)) * p * (1 - p), counts(targets, mask))


@_of("target_only", "only the target's score has a gradient. All the others share in the sum: theirs is p.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    one = hot(logits, targets)
    return mean((softmax(logits) - 1) * one, counts(targets, mask))


@_of("best_for_target", "1 is taken off at the largest score. It belongs at the target.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(logits) - hot(logits, logits.argmax(axis=-1)), counts(targets, mask))


@_of(
    "divided_before_the_target",
    "p is divided by the number of positions, and the 1 at the target is not: p / N - one_hot.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    number = logits.dtype.type(counting.sum())
    return mean((softmax(logits) / number - hot(logits, targets)) * number, counting)


# ---------------------------------------------------------------- the mean
@_of("sum_for_mean", "nothing is divided: this is the gradient of the *sum*. The loss is a mean.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    return mean(softmax(logits) - hot(logits, targets), counting) * logits.dtype.type(counting.sum())


@_of("mean_over_batch", "it is divided by B alone. The mean runs over steps and batch, all that counts.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    ratio = logits.dtype.type(counting.sum() / targets.shape[1])
    return mean(softmax(logits) - hot(logits, targets), counting) * ratio


@_of("mean_over_steps", "it is divided by T alone. The mean runs over steps and batch, all that counts.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    ratio = logits.dtype.type(counting.sum() / targets.shape[0])
    return mean(softmax(logits) - hot(logits, targets), counting) * ratio


@_of("divided_by_classes", "it is divided by V as well. The mean runs over positions, not over their scores.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(logits) - hot(logits, targets), counts(targets, mask)) / logits.shape[-1]


@_of("divided_twice", "it is divided by the number of positions twice.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    return mean(softmax(logits) - hot(logits, targets), counting) / logits.dtype.type(counting.sum())


# ---------------------------------------------------------------- the mask
@_of("mask_ignored", "the mask is not used: padding has a gradient and is counted.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(logits) - hot(logits, targets), counts(targets, None))


@_of(
    "padding_counted",
    "padding has no gradient, but is counted: divide by the number of positions that count.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    gradient = mean(softmax(logits) - hot(logits, targets), counts(targets, mask))
    return gradient * logits.dtype.type(counts(targets, mask).sum() / targets.size)


@_of(
    "padding_has_a_gradient",
    "the number to divide by is right, but masked positions have a gradient. Nothing there changes the loss.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    number = logits.dtype.type(counts(targets, mask).sum())
    return (softmax(logits) - hot(logits, targets)) / number


@_of(
    "target_only_masked",
    "the mask is applied to the 1 at the target alone, so that p is left at masked positions.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    kept = hot(logits, targets) * counting[..., None].astype(logits.dtype)
    return (softmax(logits) - kept) / logits.dtype.type(counting.sum())


@_of("mask_inverted", "the mask is read the wrong way round. 1 means that the position counts.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask) if mask is None else ~counts(targets, mask)
    return mean(softmax(logits) - hot(logits, targets), counting)


@_of(
    "id_0_is_padding",
    "positions whose target is 0 are left out. Id 0 is a word too; the mask alone says what counts.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(softmax(logits) - hot(logits, targets), counts(targets, mask) & (targets != 0))


@_of(
    "mean_of_means",
    "every sequence is averaged by itself, and the averages then: each position of a short one weighs more.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counting = counts(targets, mask)
    each = counting.sum(axis=0)[None, :, None] * counting.shape[1]
    kept = np.where(counting[..., None], softmax(logits) - hot(logits, targets), np.zeros((), logits.dtype))
    return kept / each.astype(logits.dtype)


@_of(
    "logits_overwritten",
    "Your numbers are right, but they are written into logits: the caller's scores are gone. Work on a copy.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    logits[...] = mean(softmax(logits) - hot(logits, targets), counts(targets, mask))
    return logits
