"""Mistakes made with the mask of the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.rnn_loss import Array, log_softmax, mean, picked

CATALOGUE = Catalogue("rnn")


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("softmax_cross_entropy", name, "What the loss measures", when)


@_of(
    "padding_in_the_mean",
    "masked losses are set to zero but still counted: divide by the number of positions that "
    "count, not by all.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).mean())


@_of("mask_ignored", "the mask is not used: padding adds to the loss.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits), targets), None)


@_of(
    "mask_inverted",
    "the mask is read the wrong way round. 1 means that the position counts.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return mean(-picked(log_softmax(logits), targets), None if mask is None else mask == 0)


@_of(
    "mask_on_logits",
    "the mask multiplies the logits, before the softmax. Zero logits are a guess like any other; "
    "mask the losses.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    masked = logits if mask is None else logits * mask[..., None]
    return mean(-picked(log_softmax(masked), targets), None)


@_of(
    "mean_of_means",
    "each sequence is averaged first and then the averages: short sequences weigh too much. Every "
    "position counts alike.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    weights = np.ones(targets.shape) if mask is None else np.asarray(mask, float)
    return float(((nats * weights).sum(axis=0) / weights.sum(axis=0)).mean())


@_of(
    "mean_of_steps",
    "each step is averaged over its batch first and then the averages: every position should count alike.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    weights = np.ones(targets.shape) if mask is None else np.asarray(mask, float)
    some = weights.any(axis=1)
    return float(((nats * weights).sum(axis=1)[some] / weights.sum(axis=1)[some]).mean())


@_of(
    "holes_counted",
    "a sequence counts up to its last 1 in the mask. A 0 before that is not read; the mask may have holes.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counts = np.ones(targets.shape) if mask is None else np.asarray(mask) != 0
    return mean(-picked(log_softmax(logits), targets), np.cumsum(counts[::-1], axis=0)[::-1] > 0)


@_of(
    "lengths_for_mask",
    "the mask is read as lengths: as many steps from the start as it has ones. It says which steps count.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    lengths = len(targets) if mask is None else (np.asarray(mask) != 0).sum(axis=0)
    steps = np.arange(len(targets))[:, None] < np.broadcast_to(lengths, targets.shape[1])
    return mean(-picked(log_softmax(logits), targets), steps)


@_of(
    "mask_as_indices",
    "the mask's numbers are taken for indices: losses[mask] picks rows 0 and 1. Compare first, mask != 0.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -picked(log_softmax(logits), targets)
    if mask is None:
        return float(nats.mean())
    return float(nats[mask if mask.dtype == bool else mask.astype(int)].mean())


@_of(
    "id_0_is_padding",
    "positions whose target is 0 are left out. Id 0 is a word too; the mask alone says what counts.",
)
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counts = (np.ones(targets.shape) if mask is None else np.asarray(mask)) * (targets != 0)
    return mean(-picked(log_softmax(logits), targets), counts) if counts.any() else 0.0
