"""LSTM or GRU? Four cells of equal size on three small tasks, all of it with the NumPy references.

Every task is one of predicting symbols: inputs are one-hot, the loss is the masked mean cross-entropy in nats
per symbol, and whoever reads the states is one linear layer. The cells get as many units as fit into the same
number of learned numbers, read-out included. Everything else is the same for all: Adam, clipping, batches.

The comparison takes minutes, so the book shows a record of it: ``rnncourse train gru --record``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from rnncourse.errors import CourseError
from rnncourse.labs.circumstances import circumstances
from rnncourse.labs.gru.models import CELLS, largest_size, loss, parameters, start, train
from rnncourse.labs.gru.tasks import GAP, KEPT, KINDS, LONGEST, TESTED, WARM_UP, all_tasks

__all__ = [
    "GAP",
    "KEPT",
    "KINDS",
    "LONGEST",
    "RATES",
    "RECORD",
    "SEEDS",
    "TESTED",
    "WARM_UP",
    "chosen",
    "compare",
    "run",
]

RECORD = Path(__file__).parents[3] / "book" / "results" / "gru.json"
RATES = (0.003, 0.01)  # learning rates that each cell may choose from, by its loss on validation data
SEEDS = 5


def run(label: str, name: str, rate: float, seed: int) -> dict[str, Any]:
    """Train one model on a task and measure it."""
    task = all_tasks()[label]
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


def compare(target: Path | None = None) -> None:
    """Run everything and print it line by line; some twenty minutes of two processors.

    Parameters
    ----------
    target : path, optional
        Where to write it down, with command, date, versions and machine.

    Raises
    ------
    CourseError
        The target's folder does not exist; said before anything is run.
    """
    if target is not None and not target.parent.is_dir():
        raise CourseError(f"there is no folder {target.parent}: run this from a clone of the repository")
    plan = list(product(all_tasks(), CELLS, RATES, range(SEEDS)))
    runs = []
    # one thread for each process: the matrices are small; the processes below read this when they start
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for result in pool.map(run, *zip(*plan)):
            runs.append(result)
            print(*result.values(), flush=True)
    if target is None:
        return
    report = circumstances("rnncourse train gru --record", "numpy") | {"runs": runs}
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
