"""Mistakes made with words: one-hot vectors and counted pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("feedforward")
_of = CATALOGUE.of

_WORDS = "Words as vectors"
_PAIRS = "Counting pairs: the bigram model"


# ---------------------------------------------------------------- one_hot
@_of(
    "one_hot",
    "count_from_one",
    _WORDS,
    "ids are counted from 1: the 1 stands one place too far to the left. Id 0 is the first word.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size)[ids - 1]


@_of(
    "one_hot",
    "one_place_late",
    _WORDS,
    "the 1 stands one place too far to the right. Id 0 has its 1 in place 0.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size)[(ids + 1) % vocab_size]


@_of(
    "one_hot",
    "size_from_largest",
    _WORDS,
    "the vocabulary ends at the largest id that happens to occur. vocab_size says how long a vector is.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(int(ids.max()) + 1)[ids]


@_of(
    "one_hot",
    "vocabulary_first",
    _WORDS,
    "the vocabulary is the first axis. It should be the last: ids.shape + (vocab_size,).",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.moveaxis(np.eye(vocab_size)[ids], -1, 0).copy()


@_of(
    "one_hot",
    "flattened",
    _WORDS,
    "a batch of ids is flattened to one long list of vectors. The axes of ids stay, and one is added.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size)[ids.ravel()]


@_of(
    "one_hot",
    "every_id_in_every_row",
    _WORDS,
    "every vector has a 1 for every id of the text. `v[..., ids] = 1` sets these places in all rows at once.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    vectors = np.zeros((*ids.shape, vocab_size))
    vectors[..., ids.ravel()] = 1
    return vectors


@_of(
    "one_hot",
    "rows_of_ones",
    _WORDS,
    "whole vectors are filled with ones: `v[ids] = 1` chooses rows, not one place in each row.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    vectors = np.zeros((*ids.shape, vocab_size))
    vectors[ids] = 1
    return vectors


@_of(
    "one_hot",
    "bag_of_words",
    _WORDS,
    "the vectors are added up to counts of words. Every id keeps a vector of its own.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.bincount(ids.ravel(), minlength=vocab_size).astype(np.float64)


@_of("one_hot", "zeros_and_ones_exchanged", _WORDS, "zeros and ones are exchanged.")
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return 1 - np.eye(vocab_size)[ids]


@_of(
    "one_hot",
    "integers",
    _WORDS,
    "Your numbers are right, but they are integers. They go into matrix products: float64 is asked for.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size, dtype=int)[ids]


@_of(
    "one_hot",
    "booleans",
    _WORDS,
    "Your numbers are right, but they are True and False. They go into matrix products: float64 is "
    "asked for.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return ids[..., None] == np.arange(vocab_size)


# ---------------------------------------------------------------- bigram_probabilities
def _pairs(ids: np.ndarray, V: int) -> np.ndarray:
    counts = np.zeros((V, V))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def _smoothed(counts: np.ndarray, alpha: float) -> np.ndarray:
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * len(counts))


@_of(
    "bigram_probabilities",
    "counted_backwards",
    _PAIRS,
    "the table says which word came *before*: c[j, i] is counted where i is followed by j. The row "
    "is the first word.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size).T, alpha)


@_of(
    "bigram_probabilities",
    "columns_sum_to_one",
    _PAIRS,
    "each column is made to sum to 1. p(j | i) sums to 1 over j, along the row.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size).T, alpha).T.copy()


@_of(
    "bigram_probabilities",
    "transposed",
    _PAIRS,
    "the whole table is transposed: row and column are exchanged. Row i holds what follows i.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size), alpha).T.copy()


@_of(
    "bigram_probabilities",
    "repeated_pairs_lost",
    _PAIRS,
    "a pair that comes twice is counted once. `c[ids[:-1], ids[1:]] += 1` adds to each place only once.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = np.zeros((vocab_size, vocab_size))
    counts[ids[:-1], ids[1:]] += 1
    return _smoothed(counts, alpha)


@_of(
    "bigram_probabilities",
    "smoothing_in_numerator_only",
    _PAIRS,
    "alpha is added to every count but not to the sum below, so rows sum to more than 1.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return (counts + alpha) / counts.sum(axis=1, keepdims=True)


@_of(
    "bigram_probabilities",
    "alpha_once_below",
    _PAIRS,
    "alpha is added once to the sum below. It was added to V counts above, so the sum grows by alpha * V.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha)


@_of(
    "bigram_probabilities",
    "smoothing_in_denominator_only",
    _PAIRS,
    "alpha * V is added to the sum below but alpha is not added to the counts: pairs never seen "
    "keep probability 0.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return counts / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)


@_of(
    "bigram_probabilities",
    "no_smoothing",
    _PAIRS,
    "there is no smoothing: alpha is not used, and a word that never occurs gives 0 / 0.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = _pairs(ids, vocab_size)
    return counts / counts.sum(axis=1, keepdims=True)


@_of("bigram_probabilities", "always_add_one", _PAIRS, "1 is added to every count whatever alpha is.")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(ids, vocab_size), 1)


@_of(
    "bigram_probabilities",
    "divided_by_occurrences",
    _PAIRS,
    "a row is divided by how often its word occurs. The last word of the text has nothing after "
    "it: sum the row.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    occurrences = np.bincount(ids, minlength=vocab_size)[:, None]
    return (_pairs(ids, vocab_size) + alpha) / (occurrences + alpha * vocab_size)


@_of(
    "bigram_probabilities",
    "whole_table_sums_to_one",
    _PAIRS,
    "the whole table sums to 1. That is the probability of the pair, p(i, j); p(j | i) sums to 1 "
    "in every row.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    smoothed = _pairs(ids, vocab_size) + alpha
    return smoothed / smoothed.sum()


@_of(
    "bigram_probabilities",
    "text_in_a_circle",
    _PAIRS,
    "the first word is taken to follow the last one (np.roll does that).",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    return _smoothed(_pairs(np.append(ids, ids[:1]), vocab_size), alpha)


@_of(
    "bigram_probabilities",
    "pairs_side_by_side",
    _PAIRS,
    "the text is cut into pairs that do not overlap. Every word but the last begins a pair.",
)
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1:2], ids[1::2]), 1)
    return _smoothed(counts, alpha)
