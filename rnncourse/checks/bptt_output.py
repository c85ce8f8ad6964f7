"""The exercises of "Backpropagation through time" at both ends of the network: loss, output, words."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, distinct, standard_cases
from rnncourse.checks.rnn_output import draw_loss
from rnncourse.checks.rules import sides, values
from rnncourse.reference import embedding, losses, output_layer

Rng = np.random.Generator
Args = dict[str, Any]

SOFTMAX_CROSS_ENTROPY_BACKWARD = Exercise(
    id="bptt.softmax_cross_entropy_backward",
    results=("dlogits",),
    draw=draw_loss,
    reference=losses.softmax_cross_entropy_backward,
    rules=(
        values("without a mask", 0.35),
        values("with a mask", 0.25, ("masked",)),
        values("stable for logits of 1e3", 0.15, ("large",)),
        *sides("T = 1, B = 1, all sizes equal, other masks"),
    ),
    heading="From the loss to the scores",
    hints=(
        "The network gave the word that came a probability of 0.9: is its score pushed much or little?",
        "For one position: the probabilities, minus 1 at the target. The loss is a mean; what does that do "
        "to its gradient?",
        "p = softmax(logits), shifted by the maximum; take 1 off at the targets; divide by the number of "
        "positions that count; zero where the mask is 0.",
    ),
)


# ---------------------------------------------------------------- output_layer_backward
def _output(rng: Rng, T: int, B: int, H: int, V: int) -> Args:
    return {
        "dy": rng.normal(size=(T, B, V)),
        "h": rng.uniform(-0.9, 0.9, (T, B, H)),
        "W_hy": rng.normal(size=(V, H)),
    }


OUTPUT_LAYER_BACKWARD = Exercise(
    id="bptt.output_layer_backward",
    results=("dh", "dW_hy", "db_y"),
    draw=lambda rng: standard_cases(
        rng,
        lambda r: distinct(r, T=(3, 7), B=(2, 6), H=(2, 6), V=(2, 7)),
        _output,
        edges=({"T": 1}, {"B": 1}, {"V": 1}, dict.fromkeys("TBHV", 3)),
    ),
    reference=output_layer.backward,
    rules=(
        values("dh", 0.25, result=0),
        values("dW_hy", 0.28, result=1),
        values("db_y", 0.22, result=2),
        *sides("T = 1, B = 1, V = 1, all sizes equal"),
    ),
    heading="Back through the output layer",
    hints=(
        "Write down the shapes of dh, dW_hy and db_y. Which axes of dy must go, and how does an axis go?",
        "The same W_hy worked at every step and for every sequence, so its gradient is a sum over both. "
        "Forward multiplied by W_hy.T; the way back multiplies by W_hy.",
        "dh = dy @ W_hy. As rows (T * B, ...): dW_hy = dy_rows.T @ h_rows and db_y = dy_rows.sum(axis=0).",
    ),
)


# ---------------------------------------------------------------- embedding_backward
def _words(rng: Rng, T: int, B: int, D: int, V: int) -> Args:
    """Draw ids of which some come often, also in one step; a word in the middle and the last one never do."""
    present = np.setdiff1d(np.arange(V - 1), [V // 2])
    ids = rng.choice(present, (T, B))
    if T > 3 and B > 1:
        ids[0, 0] = ids[1, 0] = ids[1, 1] = ids[-1, -1] = 0  # id 0 is a word like any other
        ids[2, 0] = ids[2, 1] = ids[3, 0] = present[-1]
    return {"ids": ids, "dvectors": rng.normal(size=(T, B, D)), "vocab_size": V}


def _draw_words(rng: Rng) -> list[Case]:
    def sizes(r: Rng) -> dict[str, int]:
        return distinct(r, T=(4, 8), B=(2, 5), D=(2, 6), V=(5, 9))

    cases = standard_cases(rng, sizes, _words, edges=({"T": 1}, {"B": 1}, dict.fromkeys("TBDV", 4)))
    for case in cases[1:3]:
        case.args["ids"][0, 1] = case.args["vocab_size"] - 1  # the last word may come, too
    once = _words(rng, T=4, B=2, D=3, V=11)
    once["ids"] = rng.permutation(11)[:8].reshape(4, 2)
    small, same = _words(rng, **sizes(rng)), _words(rng, **sizes(rng))
    small["ids"] = small["ids"].astype(np.uint8)
    same["ids"] = np.full_like(same["ids"], 1)
    extra = [
        Case("edge", once, note="words that come once each"),
        Case("edge", small, note="ids of dtype uint8"),
        Case("edge", same, note="one and the same word at every place"),
    ]
    return [*cases[:-1], *extra, cases[-1]]


EMBEDDING_BACKWARD = Exercise(
    id="bptt.embedding_backward",
    results=("dE",),
    draw=_draw_words,
    reference=embedding.backward,
    rules=(
        values("values", 0.75),
        *sides("T = 1, B = 1, all sizes equal, other ids"),
    ),
    heading="Words go out the way they came in",
    hints=(
        "The word with id 3 stands at two places of the text. What should row 3 of dE be?",
        "`dE[ids] += dvectors` reads, adds and writes back all rows at once: of a word that comes twice, "
        "one gradient is lost. Which function of NumPy adds one after the other?",
        "dE = np.zeros((vocab_size, D), dvectors.dtype), then np.add.at(dE, ids, dvectors).",
    ),
)
