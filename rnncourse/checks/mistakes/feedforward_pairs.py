"""Mistakes made in counting pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("feedforward")
_PAIRS = "Counting pairs: the bigram model"


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("bigram_probabilities", name, _PAIRS, when)


def _pairs(ids: np.ndarray, V: int) -> np.ndarray:
    counts = np.zeros((V, V))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def _smoothed(counts: np.ndarray, alpha: float) -> np.ndarray:
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * len(counts))


@_of(
    "counted_backwards",
    "the table says which word came *before*: c[j, i] is counted where i is followed by j. The row "
    "is the first word.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size).T, alpha)


@_of(
    "columns_sum_to_one",
    "each column is made to sum to 1. p(j | i) sums to 1 over j, along the row.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size).T, alpha).T.copy()


@_of(
    "transposed",
    "the whole table is transposed: row and column are exchanged. Row i holds what follows i.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size), alpha).T.copy()


@_of(
    "repeated_pairs_lost",
    "a pair that comes twice is counted once. `c[ids[:-1], ids[1:]] += 1` adds to each place only once.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = np.zeros((vocab_size, vocab_size))
    counts[ids[:-1], ids[1:]] += 1
    return _smoothed(counts, alpha)


@_of(
    "smoothing_in_numerator_only",
    "alpha is added to every count but not to the sum below, so rows sum to more than 1.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return (counts + alpha) / counts.sum(axis=1, keepdims=True)


@_of(
    "alpha_once_below",
    "alpha is added once to the sum below. It was added to V counts above, so the sum grows by alpha * V.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha)


@_of(
    "smoothing_in_denominator_only",
    "alpha * V is added to the sum below but alpha is not added to the counts: pairs never seen "
    "keep probability 0.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return counts / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)


@_of(
    "no_smoothing",
    "there is no smoothing: alpha is not used, and a word that never occurs gives 0 / 0.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return counts / counts.sum(axis=1, keepdims=True)


@_of("always_add_one", "1 is added to every count whatever alpha is.")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size), 1)


@_of(
    "divided_by_occurrences",
    "a row is divided by how often its word occurs. The last word of the text has nothing after "
    "it: sum the row.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    occurrences = np.bincount(ids, minlength=vocab_size)[:, None]
    return (_pairs(ids, vocab_size) + alpha) / (occurrences + alpha * vocab_size)


@_of(
    "whole_table_sums_to_one",
    "the whole table sums to 1. That is the probability of the pair, p(i, j); p(j | i) sums to 1 "
    "in every row.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    smoothed = _pairs(ids, vocab_size) + alpha
    return smoothed / smoothed.sum()


@_of(
    "text_in_a_circle",
    "the first word is taken to follow the last one (np.roll does that).",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(np.append(ids, ids[:1]), vocab_size), alpha)


@_of(
    "pairs_side_by_side",
    "the text is cut into pairs that do not overlap. Every word but the last begins a pair.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1:2], ids[1::2]), 1)
    return _smoothed(counts, alpha)


@_of(
    "only_unseen_smoothed",
    "alpha goes only where a count is 0. It is added to *every* count, seen or not.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    counts[counts == 0] = alpha
    return counts / counts.sum(axis=1, keepdims=True)


@_of("alpha_shared_out", "alpha is shared out, alpha / V to each count. Every count gets a whole alpha.")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size), alpha / vocab_size)


@_of("not_divided", "the counts are smoothed and not divided: a row should sum to 1.")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _pairs(ids, vocab_size) + alpha


@_of("logarithms", "the logarithm of the table comes back. The probabilities themselves are asked for.")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return np.log(_smoothed(_pairs(ids, vocab_size), alpha))


@_of("last_pair_lost", "the last pair of the text is not counted: L words make L - 1 pairs.")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids[:-1], vocab_size), alpha)


@_of(
    "vocabulary_of_the_text",
    "the sum below grows by one alpha for each word of the text. It grows by alpha * V, unseen ones too.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * len(np.unique(ids)))


@_of(
    "unseen_rows_zero",
    "the row of a word that nothing ever follows is left at zero. Smoothing makes it 1 / V everywhere.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return _smoothed(counts, alpha) * (counts.sum(axis=1, keepdims=True) > 0)
