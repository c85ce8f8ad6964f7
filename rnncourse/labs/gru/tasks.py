"""The three tasks: batches to learn from, data to choose the learning rate by, and what is scored."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.data import text_generation as plays
from rnncourse.labs.gru.models import Array, Batch, Model, logits, loss


def one_hot(ids: NDArray[np.integer], size: int) -> Array:
    """Return float32 vectors (..., size) with a single 1 each."""
    return np.eye(size, dtype=np.float32)[ids]


LONGEST = 30  # n of the longest word a^n b^n in training
TESTED = range(1, 301)


def counting_batch(lengths: NDArray[np.integer]) -> Batch:
    """Write out the words a^n b^n: read a symbol, tell the next. Ids: a 0, b 1, end 2.

    Only what n decides is counted: from the first b on, n - 1 times b and then the end.
    """
    t = np.arange(2 * int(lengths.max()))[:, None]  # (T, 1)
    ids = np.where(t < lengths, 0, np.where(t < 2 * lengths, 1, 2))  # (T, B)
    targets = np.where(t + 1 < 2 * lengths, 1, 2)
    mask = (t >= lengths) & (t < 2 * lengths)
    return Batch(one_hot(ids, 3), targets, mask.astype(np.float32))


def counted_right(model: Model, lengths: range = TESTED) -> NDArray[np.bool_]:
    """Say for every n whether all of the word's predictions are right, ``(len(lengths),)``."""
    batch = counting_batch(np.array(lengths))
    right = logits(model, batch.x).argmax(axis=2) == batch.targets
    return (right | (batch.mask == 0)).all(axis=0)


def reach(right: NDArray[np.bool_]) -> int:
    """Return the largest N such that every n from 1 to N is counted right."""
    return len(right) if right.all() else int(np.argmin(right))


KEPT, KINDS, GAP = 3, 4, 20


def copying_batch(rng: np.random.Generator, rows: int, gap: int = GAP) -> Batch:
    """Read some symbols, wait, repeat them: ids 0 ... KINDS - 1 are symbols, KINDS waits, KINDS + 1 asks."""
    symbols = rng.integers(KINDS, size=(KEPT, rows))
    waits, asks = np.full((gap, rows), KINDS), np.full((KEPT, rows), KINDS + 1)
    targets = np.concatenate([0 * symbols, 0 * waits, symbols])
    mask = np.concatenate([0 * symbols, 0 * waits, 1 + 0 * symbols]).astype(np.float32)
    return Batch(one_hot(np.concatenate([symbols, waits, asks]), KINDS + 2), targets, mask)


WINDOW = 48
WARM_UP = 16  # characters of a window that are read before any prediction is scored


def play_batch(ids: NDArray[np.integer], size: int, places: NDArray[np.integer]) -> Batch:
    """Cut windows out of a text: read a character, tell the next; each window starts from nothing."""
    windows = ids[places + np.arange(WINDOW + 1)[:, None]]  # (WINDOW + 1, B)
    mask = np.broadcast_to(np.arange(WINDOW)[:, None] >= WARM_UP, windows[1:].shape)
    return Batch(one_hot(windows[:-1], size), windows[1:], mask.astype(np.float32))


class Task(NamedTuple):
    """What the cells are compared on; a score is measured on data that chose nothing."""

    inputs: int  # D
    outputs: int
    budget: int  # learned numbers
    steps: int
    draw: Callable[[np.random.Generator], Batch]
    validation: Batch
    score: Callable[[Model], float]


def all_tasks() -> dict[str, Task]:
    """Return the three tasks; the plays are fetched if need be."""
    rng = np.random.default_rng(2014)
    train_text, validation_text, test_text = plays.load()
    alphabet = "".join(sorted(set(train_text + validation_text + test_text)))
    V = len(alphabet)
    read, chosen_on, tested_on = (plays.encode(t, alphabet) for t in (train_text, validation_text, test_text))
    held_out = copying_batch(rng, 1000)
    chosen, tested = (
        play_batch(ids, V, rng.integers(len(ids) - WINDOW, size=400)) for ids in (chosen_on, tested_on)
    )

    def copied(model: Model) -> float:
        right = logits(model, held_out.x).argmax(axis=2) == held_out.targets
        return float(right[held_out.mask > 0].mean())

    return {
        "counting": Task(
            3, 3, 500, 2500,
            lambda rng: counting_batch(rng.integers(1, LONGEST + 1, size=24)),
            counting_batch(np.arange(1, LONGEST + 1)),
            lambda model: reach(counted_right(model)),
        ),
        "copying": Task(
            KINDS + 2, KINDS, 2000, 2500, lambda rng: copying_batch(rng, 32), copying_batch(rng, 500), copied
        ),
        "play": Task(
            V, V, 20000, 1500,
            lambda rng: play_batch(read, V, rng.integers(len(read) - WINDOW, size=16)),
            chosen,
            lambda model: loss(model, tested) / np.log(2),
        ),
    }  # fmt: skip
