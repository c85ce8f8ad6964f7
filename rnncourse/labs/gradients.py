"""The lab of the chapter on gradients: a run that explodes, and two tasks that need a long memory.

``explosion`` trains in NumPy, with and without clipping.  ``adding`` and ``copying`` train the Torch modules
of ``rnncourse.nn``.  ``experiment`` runs everything that the book shows; it takes minutes, so the book shows
a record of it, which ``rnncourse train gradients --record`` writes.

Sources: Hochreiter & Schmidhuber 1997 [hochreiter1997long] for the adding problem, Arjovsky et al. 2016
[arjovsky2016unitary] for both tasks in this form, Pascanu et al. 2013 [pascanu2013difficulty] for clipping.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference import gradients, optim, output_layer, rnn

CELLS = ("RNN", "LSTM", "GRU")
HIDDEN, BATCH = 32, 32
LEARNING_RATE, MAX_NORM = 1e-2, 1.0
# The adding problem: steps to read. The copying problem: the pause, and what has to be kept through it.
ADDING_STEPS = 100
DELAY, SYMBOLS, LENGTH = 20, 8, 5

Gradient = list[np.ndarray]


class Run(NamedTuple):
    """Loss and joint gradient norm before clipping at every step; the last may be infinite or NaN."""

    losses: list[float]
    norms: list[float]


class Curve(NamedTuple):
    """What a model does on fresh batches while it trains: ``scores[k]`` after ``steps[k]`` steps."""

    steps: list[int]
    scores: list[float]


# ---------------------------------------------------------------------------------------- a run that explodes
def explosion(
    seed: int, max_norm: float | None = None, train_steps: int = 400, length: int = 120, delay: int = 5
) -> Run:
    """Train a ReLU network to repeat its input some steps later, in float32, until it ends or breaks.

    W_hh starts as 1.2 times a random orthogonal matrix; plain gradient descent with momentum 0.9 and a
    learning rate of 0.1 does the rest.  Everything but the clipping is the same for the same seed.

    Parameters
    ----------
    max_norm : float, optional
        Clip the joint gradient to this norm; None leaves it as it is.
    length, delay : int
        Steps of a sequence, and how many steps later the input has to come out again.

    Returns
    -------
    run : Run
        The loss is a mean squared error; inputs are uniform in [-1, 1), so always answering 0 has 1/3.
        The run stops at the first loss or norm that is not finite.
    """
    rng, dtype = np.random.default_rng(seed), np.float32
    hidden, batch = 16, 8
    parameters = [
        rng.normal(0, 0.3, (hidden, 1)).astype(dtype),
        gradients.orthogonal(rng, hidden, 1.2, dtype),
        np.zeros(hidden, dtype),
        rng.normal(0, 0.3, (1, hidden)).astype(dtype),
        np.zeros(1, dtype),
    ]
    run, velocity = Run([], []), None
    with np.errstate(over="ignore", invalid="ignore"):  # to overflow is what it may do here
        for _ in range(train_steps):
            x = rng.uniform(-1, 1, (length, batch, 1)).astype(dtype)
            loss, gradient = _echo_gradient(parameters, x, delay)
            norm = optim.clip_by_global_norm(gradient, 1.0)[1]
            run.losses.append(loss)
            run.norms.append(norm)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                break
            if max_norm is not None:
                gradient, _ = optim.clip_by_global_norm(gradient, max_norm)
            parameters, velocity = optim.sgd(parameters, gradient, 0.1, 0.9, velocity)
    return run


def _echo_gradient(parameters: list[np.ndarray], x: np.ndarray, delay: int) -> tuple[float, Gradient]:
    """Return the mean squared error of repeating ``x (T, B, 1)`` ``delay`` steps later, and its gradient."""
    W_xh, W_hh, b_h, W_hy, b_y = parameters
    h, cache = rnn.forward(rnn.Params(W_xh, W_hh, b_h), x, nonlinearity="relu")
    error = output_layer.forward(h, W_hy, b_y)  # (T, B, 1)
    error[delay:] -= x[:-delay]
    error[:delay] = 0  # nothing is due yet
    count = error[delay:].size
    dh, dW_hy, db_y = output_layer.backward(2 * error / count, h, W_hy)
    return float(np.sum(error**2) / count), [*rnn.backward(dh, cache)[2], dW_hy, db_y]


# -------------------------------------------------------------------------- two tasks that need a long memory
def adding(cell: str, seed: int, train_steps: int, steps: int = ADDING_STEPS, every: int = 50) -> Curve:
    """Train a network on the adding problem; score: mean squared error on 1000 fresh sequences.

    The line to beat is 1/6, what always answering 1 gives.
    """
    import torch

    rng, fresh = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    model, read_out = _model(cell, 2, 1, seed)
    x_new, target_new = map(torch.from_numpy, gradients.adding_problem(fresh, steps, 1000, np.float32))

    def loss() -> Any:
        x, targets = map(torch.from_numpy, gradients.adding_problem(rng, steps, BATCH, np.float32))
        return ((read_out(model(x)[0][-1])[:, 0] - targets) ** 2).mean()

    def score() -> float:
        return float(((read_out(model(x_new)[0][-1])[:, 0] - target_new) ** 2).mean())

    return _train([*model.parameters(), *read_out.parameters()], loss, score, train_steps, every)


def copying(cell: str, seed: int, train_steps: int, delay: int = DELAY, every: int = 100) -> Curve:
    """Train a network on the copying problem; score: share of right symbols in 200 fresh sequences.

    Only the places where a symbol is due are scored: guessing is right once in ``SYMBOLS`` cases.
    """
    import torch
    from torch.nn.functional import cross_entropy, one_hot

    rng, fresh = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    model, read_out = _model(cell, SYMBOLS + 2, SYMBOLS + 1, seed)
    new = gradients.copying_problem(fresh, delay, 200, SYMBOLS, LENGTH)

    def logits(ids: np.ndarray) -> Any:
        return read_out(model(one_hot(torch.from_numpy(ids), SYMBOLS + 2).float())[0])

    def loss() -> Any:
        batch = gradients.copying_problem(rng, delay, BATCH, SYMBOLS, LENGTH)
        return cross_entropy(
            logits(batch.ids).reshape(-1, SYMBOLS + 1), torch.from_numpy(batch.targets).reshape(-1)
        )

    def score() -> float:
        said = logits(new.ids)[-LENGTH:].argmax(-1).numpy()
        return float((said == new.targets[-LENGTH:]).mean())

    return _train([*model.parameters(), *read_out.parameters()], loss, score, train_steps, every)


def _model(cell: str, inputs: int, outputs: int, seed: int) -> tuple[Any, Any]:
    """Return a recurrent module of ``rnncourse.nn`` and a linear read-out, fresh and float32."""
    import torch

    from rnncourse import nn

    torch.manual_seed(seed)
    return getattr(nn, cell)(inputs, HIDDEN), torch.nn.Linear(HIDDEN, outputs)


def _train(
    parameters: Iterable[Any],
    loss: Callable[[], Any],
    score: Callable[[], float],
    train_steps: int,
    every: int,
) -> Curve:
    """Take clipped Adam steps and write down the score now and then."""
    import torch

    parameters = list(parameters)
    optimizer, curve = torch.optim.Adam(parameters, LEARNING_RATE), Curve([], [])
    for step in range(train_steps + 1):
        if step % every == 0:
            with torch.no_grad():
                curve.steps.append(step)
                curve.scores.append(score())
        optimizer.zero_grad()
        loss().backward()
        torch.nn.utils.clip_grad_norm_(parameters, MAX_NORM)
        optimizer.step()
    return curve


# ---------------------------------------------------------------------------------------- what the book shows
def experiment(
    seed: int = 0, adding_steps: int = 1500, copying_steps: int = 3000, runs: int = 20, seeds: int = 3
) -> dict[str, Any]:
    """Run everything that the chapter shows; print a line for each run.  Minutes on one core.

    Returns
    -------
    results : dict
        ``"explosion"``: for each of ``runs`` seeds how many steps were taken without and with clipping, and
        the mean loss of the last twenty; ``"shown"``: one of them in full; ``"adding"``, ``"copying"``: for
        each cell the steps and, for each of ``seeds`` seeds, the scores.  What is not finite is None.
    """
    pairs = {k: (explosion(k), explosion(k, MAX_NORM)) for k in range(seed, seed + runs)}
    results: dict[str, Any] = {"explosion": []}
    for k, (plain, clipped) in pairs.items():
        row: dict[str, Any] = {"seed": k}
        for name, run in (("plain", plain), ("clipped", clipped)):
            last = float(np.mean(run.losses[-20:]))
            row |= {f"{name}_steps": len(run.losses), f"{name}_loss": _finite([last])[0]}
        results["explosion"].append(row)
        print(row, flush=True)
    # the first that learned for a while before it broke, or just the first
    shown = next((k for k, (plain, _) in pairs.items() if 50 < len(plain.losses) < 200), seed)
    results["shown"] = {"seed": shown} | {
        name: {"losses": _finite(run.losses), "norms": _finite(run.norms)}
        for name, run in zip(("plain", "clipped"), pairs[shown])
    }
    for task, train, train_steps in (("adding", adding, adding_steps), ("copying", copying, copying_steps)):
        results[task] = {}
        for cell in CELLS:
            curves = [train(cell, k, train_steps) for k in range(seed, seed + seeds)]
            results[task][cell] = {"steps": curves[0].steps, "scores": [curve.scores for curve in curves]}
            print(task, cell, "ends at", *(f"{curve.scores[-1]:.4f}" for curve in curves), flush=True)
    return results


def _finite(values: list[float]) -> list[float | None]:
    """Write what JSON has no word for as None."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]
