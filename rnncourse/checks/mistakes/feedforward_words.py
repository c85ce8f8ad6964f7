"""Mistakes made with words as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("feedforward")
_of = CATALOGUE.of

_WORDS = "Words as vectors"


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


@_of(
    "one_hot",
    "id_0_is_padding",
    _WORDS,
    "id 0 has no 1 at all, as if it were padding. Id 0 is a word like any other here.",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size)[ids] * (ids != 0)[..., None]


@_of(
    "one_hot",
    "batch_transposed",
    _WORDS,
    "the first two axes of a batch are exchanged. The axes of ids stay as they are: (T, B) gives (T, B, V).",
)
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size)[ids.T]
