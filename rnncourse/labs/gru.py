"""LSTM or GRU? Four cells of equal size on three small tasks, all of it with the NumPy references.

Every task is one of predicting symbols: inputs are one-hot, the loss is the masked mean cross-entropy in nats
per symbol, and whoever reads the states is one linear layer. The cells get as many units as fit into the same
number of learned numbers, read-out included. Everything else is the same for all: Adam, clipping, batches.

The comparison takes minutes, so the book shows a record of it: ``rnncourse train gru --record``.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.data import text_generation as plays
from rnncourse.reference import gru, losses, lstm, min_gru, optim, output_layer, rnn

Array = NDArray[np.floating]
RECORD = Path(__file__).parents[2] / "book" / "results" / "gru.json"
RATES = (0.003, 0.01)  # learning rates that each cell may choose from, by its loss on validation data
SEEDS = 5


# ------------------------------------------------------------------------------------------------- the cells
class Cell(NamedTuple):
    """A recurrent layer of the comparison."""

    module: ModuleType  # of rnncourse.reference
    blocks: int  # of H rows in W_xh
    keep: int | None  # which block's bias decides at the start how much is kept
    sign: int = 1  # -1 where a large bias means that little is kept


CELLS = {
    "RNN": Cell(rnn, 1, None),
    "LSTM": Cell(lstm, 4, 1),
    "GRU": Cell(gru, 3, 1),
    "minGRU": Cell(min_gru, 2, 0, -1),
}


def parameters(name: str, D: int, H: int, O: int) -> int:  # noqa: E741
    """Count the learned numbers of a cell with H units between D inputs and O outputs, read-out included."""
    state = 0 if name == "minGRU" else H
    return CELLS[name].blocks * H * (D + state + 1) + (H if name == "GRU" else 0) + O * (H + 1)


def largest_size(name: str, D: int, O: int, budget: int) -> int:  # noqa: E741
    """Return the largest H whose cell and read-out together stay within the budget."""
    H = 1
    while parameters(name, D, H + 1, O) <= budget:
        H += 1
    return H


class Model(NamedTuple):
    """A cell and its read-out: ``cell`` is what the reference calls Params, ``W_hy (O, H)``, ``b_y (O,)``."""

    name: str
    cell: Any
    W_hy: Array
    b_y: Array

    @property
    def arrays(self) -> list[Array]:
        """All learned arrays, the read-out last."""
        return [*self.cell, self.W_hy, self.b_y]

    def replaced(self, arrays: list[Array]) -> Model:
        """Return the same model with other numbers."""
        return Model(self.name, type(self.cell)(*arrays[:-2]), *arrays[-2:])


def start(name: str, rng: np.random.Generator, D: int, H: int, O: int) -> Model:  # noqa: E741
    """Draw a model in float32; the gate that keeps, where there is one, starts with a bias higher by 1.

    For the LSTM this is what Gers et al. (2000) and Jozefowicz et al. (2015) advise. The others get the same,
    so that no cell wins by its first guess.
    """
    cell = CELLS[name]
    params = cell.module.init(rng, D, H, np.float32)
    if cell.keep is not None:
        params.b_h[cell.keep * H : (cell.keep + 1) * H] += cell.sign
    bound = 1 / np.sqrt(H)
    W_hy = rng.uniform(-bound, bound, (O, H)).astype(np.float32)
    return Model(name, params, W_hy, np.zeros(O, np.float32))


def logits(model: Model, x: Array) -> Array:
    """Return the scores (T, B, O) after every step of x (T, B, D), from a state of zeros."""
    h = CELLS[model.name].module.forward(model.cell, x)[0]
    return output_layer.forward(h, model.W_hy, model.b_y)


class Batch(NamedTuple):
    """``x (T, B, D)`` one-hot float32, ``targets (T, B)`` integers, ``mask (T, B)``: 1 where one counts."""

    x: Array
    targets: NDArray[np.integer]
    mask: Array


def gradients(model: Model, batch: Batch) -> list[Array]:
    """Return the gradients of the mean loss, in the order of ``model.arrays``."""
    module = CELLS[model.name].module
    *outputs, cache = module.forward(model.cell, batch.x)
    h = outputs[0]
    y = output_layer.forward(h, model.W_hy, model.b_y)
    dy = losses.softmax_cross_entropy_backward(y, batch.targets, batch.mask).astype(np.float32)
    dh, dW_hy, db_y = output_layer.backward(dy, h, model.W_hy)
    upstream = (dh, np.zeros_like(h[0])) if model.name == "LSTM" else (dh,)  # nothing reads the last c
    return [*module.backward(*upstream, cache)[-1], dW_hy, db_y]


def loss(model: Model, batch: Batch) -> float:
    """Return the mean loss in nats per symbol that counts."""
    return float(losses.softmax_cross_entropy(logits(model, batch.x), batch.targets, batch.mask))


def train(model: Model, draw: Callable[[], Batch], steps: int, rate: float) -> Model:
    """Return the model after so many Adam steps, clipped at 1; the rate falls in a line to a tenth."""
    state = None
    for step in range(steps):
        clipped, _ = optim.clip_by_global_norm(gradients(model, draw()), 1.0)
        arrays, state = optim.adam(model.arrays, clipped, rate * (1 - 0.9 * step / steps), state)
        model = model.replaced(arrays)
    return model


# ------------------------------------------------------------------------------------------------- the tasks
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


def tasks() -> dict[str, Task]:
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


# ------------------------------------------------------------------------------------------------ the record
def run(label: str, name: str, rate: float, seed: int) -> dict[str, Any]:
    """Train one model on a task and measure it."""
    task = tasks()[label]
    rng = np.random.default_rng(seed)
    H = largest_size(name, task.inputs, task.outputs, task.budget)
    model = start(name, rng, task.inputs, H, task.outputs)
    model = train(model, lambda: task.draw(rng), task.steps, rate)
    return {
        "task": label,
        "cell": name,
        "H": H,
        "parameters": parameters(name, task.inputs, H, task.outputs),
        "steps": task.steps,
        "rate": rate,
        "seed": seed,
        "validation": round(loss(model, task.validation), 5),
        "score": round(float(task.score(model)), 5),
    }


def record(target: Path = RECORD) -> None:
    """Run everything, print it line by line, and write it down with command, date, versions and machine."""
    plan = list(product(tasks(), CELLS, RATES, range(SEEDS)))
    runs = []
    # one thread for each process: the matrices are small; the processes below read this when they start
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for result in pool.map(run, *zip(*plan)):
            runs.append(result)
            print(*result.values(), flush=True)
    report = {
        "command": "rnncourse train gru --record",
        "date": datetime.date.today().isoformat(),
        "device": platform.processor() or platform.machine(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "runs": runs,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def chosen(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
    """Return task -> cell -> its runs at the learning rate with the lowest median loss on validation data."""
    best: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for task, cell in dict.fromkeys((run["task"], run["cell"]) for run in runs):
        own = [run for run in runs if (run["task"], run["cell"]) == (task, cell)]
        by_rate = [[run for run in own if run["rate"] == rate] for rate in {run["rate"] for run in own}]
        best.setdefault(task, {})[cell] = min(
            by_rate, key=lambda group: float(np.median([run["validation"] for run in group]))
        )
    return best
