"""A recurrent network reads Shakespeare letter by letter, trained by our own NumPy code, and then writes.

Every loss is in nats per character; divide by ln 2 for bits. Every model is scored on the same characters:
all of the held-out text but its first, which has no predecessor, each of them once.

Sources: Karpathy 2015, "The Unreasonable Effectiveness of Recurrent Neural Networks", for the experiment;
Mikolov et al. 2010, "Recurrent neural network based language model", for the training scheme.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rnncourse.data import text_generation as data
from rnncourse.labs.text_generation.model import Ids, Params, evaluate, init, loss_and_gradients, sample
from rnncourse.labs.text_generation.training import DEFAULT, Point, Settings, train, windows
from rnncourse.reference import feedforward

__all__ = [
    "Params",
    "Point",
    "Result",
    "Settings",
    "baselines",
    "evaluate",
    "experiment",
    "init",
    "loss_and_gradients",
    "run",
    "sample",
    "table_loss",
    "train",
    "windows",
]

# Candidates for the smoothing of the bigram model (F4), in counts
ALPHAS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

# Characters of the validation text that a learning curve is measured on: enough to see it fall, soon read
EXCERPT = 20_000


class Result(NamedTuple):
    """What came out, for a table, a plot, a page."""

    losses: dict[str, float]  # "unigram", "bigram", "RNN" -> nats per character on the test text
    characters: int  # of the test text that were scored, the same for every model
    curve: list[Point]
    curve_bigram: float  # the bigram model's loss on the excerpt that the curve is measured on
    params: Params
    alphabet: str
    text: str  # a sample


def baselines(ids: Ids, validation: Ids, vocab_size: int) -> dict[str, npt.NDArray[np.float64]]:
    """Return tables p[i, j], the probability of j after i, of the models without a memory.

    The unigram model knows how frequent each character is; the bigram model (F4) sees one character back, its
    smoothing alpha chosen on the validation text.
    """
    frequency = np.bincount(ids, minlength=vocab_size) / len(ids)
    grid = [feedforward.bigram_probabilities(ids, vocab_size, alpha) for alpha in ALPHAS]
    bigram = min(grid, key=lambda p: table_loss(p, validation))
    return {"unigram": np.tile(frequency, (vocab_size, 1)), "bigram": bigram}


def table_loss(p: npt.NDArray[np.float64], ids: Ids) -> float:
    """Return the loss of a table p[i, j] on a text, in nats per character, over characters 1 ... N - 1."""
    return -float(np.log(p[ids[:-1], ids[1:]]).mean())


def experiment(
    *,
    seconds: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    settings: Settings = DEFAULT,
    progress: bool = False,
) -> Result:
    """Train on eight plays, then measure the model and the baselines on Macbeth, and let the model write.

    Parameters as in `train`. With ``steps``, one seed gives one result; with ``seconds``, a quicker machine
    gets further.
    """
    splits = data.load()
    alphabet = splits.alphabet
    learn, validation, test = (data.encode(text, alphabet) for text in splits)
    params, curve = train(
        learn,
        validation[:EXCERPT],
        len(alphabet),
        seconds=seconds,
        steps=steps,
        seed=seed,
        settings=settings,
        progress=progress,
    )
    tables = baselines(learn, validation, len(alphabet))
    return Result(
        losses={name: table_loss(p, test) for name, p in tables.items()} | {"RNN": evaluate(params, test)},
        characters=len(test) - 1,
        curve=curve,
        curve_bigram=table_loss(tables["bigram"], validation[:EXCERPT]),
        params=params,
        alphabet=alphabet,
        text=sample(params, alphabet, np.random.default_rng(seed)),
    )


def run(seconds: float = 30.0, seed: int = 0) -> None:
    """Train for so many seconds and print the losses beside the baselines', then a sample.

    Raises
    ------
    CourseError
        The plays cannot be had, or ``seconds`` is not above zero.
    """
    result = experiment(seconds=seconds, seed=seed, progress=True)
    last = result.curve[-1]
    print(f"Held out: Macbeth, {result.characters:,} characters, each predicted from what stands before it.")
    print(f"The RNN learned for {last.seconds:.1f} seconds, {last.step:,} steps, from eight other plays.\n")
    print("loss per character     nats    bits")
    for name, loss in result.losses.items():
        print(f"{name:<20} {loss:6.3f}  {loss / math.log(2):6.3f}")
    print(f"\nWhat it writes (temperature 0.7):\n{result.text}")
