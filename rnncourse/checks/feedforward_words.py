"""The exercises of "The limits of feedforward networks" on words and on counting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.compare import EQUAL
from rnncourse.checks.exercise import LAYOUTS, Case, Exercise, distinct
from rnncourse.checks.rules import kinds, sides, values
from rnncourse.reference import feedforward as reference

Rng = np.random.Generator
Args = dict[str, Any]


# ---------------------------------------------------------------- one_hot
def _ids(rng: Rng, V: int, *shape: int) -> Args:
    """Ids of which 0 always occurs and the largest never does: V cannot be guessed from them."""
    ids = rng.integers(0, max(V - 1, 1), shape)
    ids.flat[rng.integers(ids.size)] = 0
    return {"ids": ids, "vocab_size": V}


def _draw_one_hot(rng: Rng) -> list[Case]:
    size = distinct(rng, T=(4, 7), B=(2, 4), V=(5, 9), S=(2, 3))
    T, B, V = size["T"], size["B"], size["V"]
    low = {"ids": np.arange(T + 3) % 3, "vocab_size": V}  # the largest id does not occur, and ids repeat
    high = {"ids": np.array([V - 1, 0, *rng.integers(0, V, T), V - 1]), "vocab_size": V}
    wide = {"ids": rng.integers(0, V, (B, T)).astype(np.int32), "vocab_size": V}
    whole = rng.permutation([0, V, *rng.integers(0, V + 1, B * T - 2)]).reshape(B, T)  # 0 and the largest
    batches = [Case("batch", _ids(rng, V, T, B)), Case("batch", {"ids": whole, "vocab_size": V + 1})]
    cases = [Case("plain", low), Case("plain", high), *batches]
    cases += [Case("layout", _ids(rng, V, T, B), layout, note=LAYOUTS[layout]) for layout in LAYOUTS]
    cases += [
        Case("edge", {"ids": rng.integers(1, V, 1), "vocab_size": V}, note="one id"),
        Case("edge", _ids(rng, 1, T), note="a vocabulary of one word"),
        Case("edge", {**_ids(rng, 3, T), "vocab_size": V + 11}, note="a vocabulary with rare words"),
        Case("edge", _ids(rng, V, V, V), note="T = B = vocab_size"),
        Case("edge", _ids(rng, V, T, 1), note="B = 1"),
        Case("edge", _ids(rng, V, size["S"], T, B), note="ids with three axes"),
        Case("edge", wide, note="ids of dtype int32"),
    ]
    return [*cases, Case("again", low)]


ONE_HOT = Exercise(
    id="feedforward.one_hot",
    results=("vectors",),
    draw=_draw_one_hot,
    reference=reference.one_hot,
    rules=(
        values("a sequence of ids", 0.4),
        values("a batch of ids, (T, B)", 0.35, ("batch",)),
        *sides("other shapes and dtypes of ids", single_precision=False),
    ),
    heading="Words as vectors",
    hints=(
        "In the vector of word 3, which number is 1? Which axis of the result counts the words of "
        "the vocabulary?",
        "Start from zeros of shape ids.shape + (vocab_size,). Or ask: which rows of the identity "
        "matrix are these?",
        "Compare every id with 0, 1, ..., vocab_size - 1 at once: ids[..., None] == "
        "np.arange(vocab_size), as floats.",
    ),
)


# ---------------------------------------------------------------- counting parameters
def _draw_counts(*names: str) -> Callable[[Rng], list[Case]]:
    def draw(rng: Rng) -> list[Case]:
        sizes = [distinct(rng, **dict.fromkeys(names, (2, 40))) for _ in range(4)]
        large = distinct(rng, **dict.fromkeys(names, (30000, 60000)))  # past 32 bits
        return [
            *(Case("plain", size) for size in sizes),
            Case("edge", large),
            Case("edge", dict.fromkeys(names, 1)),
        ]

    return draw


_COUNT_RULES = (
    values("the number", 0.8),
    kinds("an int", 0.1),
    values("very large and very small networks", 0.1, ("edge",), core=False),
)

WINDOW_MLP_PARAMETERS = Exercise(
    id="feedforward.window_mlp_parameters",
    results=("count",),
    kind="int",
    draw=_draw_counts("width", "input_size", "hidden_size", "output_size"),
    reference=reference.window_mlp_parameters,
    tolerance=EQUAL,
    rules=_COUNT_RULES,
    heading="What the window costs",
    hints=(
        "How many numbers does the network see at once? What shape has W1 then?",
        "Count each array by its shape: W1, b1, W2, b2.",
        "W1 is (hidden_size, width * input_size). Biases: one for each hidden unit, one for each output.",
    ),
)

RNN_PARAMETERS = Exercise(
    id="feedforward.rnn_parameters",
    results=("count",),
    kind="int",
    draw=_draw_counts("input_size", "hidden_size", "output_size"),
    reference=reference.rnn_parameters,
    tolerance=EQUAL,
    rules=_COUNT_RULES,
    heading="What the window costs",
    hints=(
        "Which matrix does the loop need that a window has not? Does the length of the sequence matter?",
        "Count by shape: W_xh (H, D), W_hh (H, H), b_h (H,), W_hy (O, H), b_y (O,).",
        "It is window_mlp_parameters with width 1, plus one H by H matrix.",
    ),
)


# ---------------------------------------------------------------- bigram_probabilities
def _bigram_case(
    rng: Rng, tag: str, V: int, unseen: bool, layout: str = "plain", dtype: str = "int64"
) -> Case:
    """Draw a text in which pairs repeat; ``unseen``: two ids, the largest among them, never occur."""
    known = rng.permutation(V - 1)[: V - 2] if unseen else np.arange(V)
    start = [] if unseen else list(rng.permutation(V))  # every id occurs, so every row has a count
    counts = np.zeros((V, V))
    while (counts == counts.T).all():  # a text that reads the same backwards would hide the direction
        ids = np.array([*start, *known[[0, 1, 0, 1, 1]], *rng.choice(known, 3 * V)])
        ids = np.append(ids, ids[0])  # the last id counts as an end only; a row never begins there
        np.add.at(counts, (ids[:-1], ids[1:]), 1)
    args = {"ids": ids.astype(dtype), "vocab_size": V, "alpha": float(rng.uniform(0.2, 0.9))}
    return Case(tag, args, layout, note=LAYOUTS.get(layout, ""))


def _draw_bigram(rng: Rng) -> list[Case]:
    V, W = (int(v) for v in 5 + rng.permutation(4)[:2])
    first = _bigram_case(rng, "plain", V, unseen=False)
    pair = {"ids": rng.integers(0, V, 2), "vocab_size": V, "alpha": 0.5}
    whole = {**_bigram_case(rng, "edge", W, unseen=True).args, "alpha": 1}
    tiny = {**_bigram_case(rng, "edge", V, unseen=True).args, "alpha": 1e-4}
    return [
        first,
        _bigram_case(rng, "plain", W, unseen=False),
        _bigram_case(rng, "unseen", W, unseen=True),
        _bigram_case(rng, "layout", V, True, "strided"),
        _bigram_case(rng, "layout", V, False, "read-only"),
        Case("edge", pair, note="a text of two ids"),
        Case("edge", whole, note="alpha = 1, an int"),
        Case("edge", tiny, note="alpha = 0.0001"),
        Case(
            "edge", _bigram_case(rng, "edge", V, unseen=False, dtype="int32").args, note="ids of dtype int32"
        ),
        Case("again", first.args),
    ]


BIGRAM_PROBABILITIES = Exercise(
    id="feedforward.bigram_probabilities",
    results=("p",),
    draw=_draw_bigram,
    reference=reference.bigram_probabilities,
    rules=(
        values("ids that all occur", 0.5),
        values("ids that never occur", 0.25, ("unseen",)),
        *sides("short texts, other alphas, int32", single_precision=False),
    ),
    heading="Counting pairs: the bigram model",
    hints=(
        "Which axis of the table is the word that comes first? What must every row sum to?",
        "Count c[i, j], how often j follows i; the same pair can come many times. Then smooth with "
        "(F4) row by row.",
        "np.add.at(c, (ids[:-1], ids[1:]), 1); then (c + alpha) divided by the sum of each row "
        "plus alpha * V.",
    ),
)
