"""Keeping one bit among distractors: for how many steps it can be learned, and what the biases do.

Everything is NumPy code of `rnncourse.reference`. ``rnncourse train lstm --record`` runs `experiment` and
writes what the chapter shows.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnncourse.labs.circumstances import circumstances
from rnncourse.reference import losses, lstm, optim, output_layer, rnn

LENGTHS = (10, 30, 100, 300, 1000)
UNITS, BATCH, RATE = 16, 32, 0.01
UPDATES = 600  # at most
SEEDS = 5
SOLVED = 0.05  # nats, as a mean over the last `STEADY` updates; a coin costs ln 2 = 0.69
STEADY = 20
RECORD = Path(__file__).resolve().parents[2] / "book" / "results" / "lstm.json"


def batch(rng: np.random.Generator, steps: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of random signs; the one at step 1 is the one to keep.

    Returns
    -------
    x : array (steps, size, 2)
        A sign, +1 or -1, at every step, and beside it a flag: 1 at the first step, 0 after it. Nothing but
        the flag tells the sign that counts from the others.
    targets : integers (size,)
        1 where the first sign was +1.
    """
    x = np.zeros((steps, size, 2))
    x[..., 0] = rng.choice([-1.0, 1.0], size=(steps, size))
    x[0, :, 1] = 1
    return x, (x[0, :, 0] > 0).astype(int)


def with_forget_bias(params: lstm.Params, forget: float | np.ndarray) -> lstm.Params:
    """Return the parameters with the forget gate's bias, rows H to 2H, set to a number or to ``(H,)``."""
    H, b_h = params.W_hh.shape[1], params.b_h.copy()
    b_h[H : 2 * H] = forget
    return params._replace(b_h=b_h)


def chrono(rng: np.random.Generator, params: lstm.Params, longest: int) -> lstm.Params:
    """Return the parameters with biases for memories of all lengths up to ``longest`` steps.

    ``b_f = log(u)`` with u uniform in 1 ... longest - 1, and ``b_i = -b_f`` (Tallec and Ollivier 2018).
    """
    H = params.W_hh.shape[1]
    forget = np.log(rng.uniform(1, longest - 1, H))
    spread = with_forget_bias(params, forget)
    spread.b_h[:H] = -forget
    return spread


class Latch(NamedTuple):
    """A recurrent layer, ``rnn`` or ``lstm``, that answers once, from its last state."""

    cell: Any  # rnn.Params or lstm.Params
    W_hy: np.ndarray  # (2, H)
    b_y: np.ndarray  # (2,)

    def run(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return scores ``(B, 2)``, all states h ``(T, B, H)`` and the cache."""
        cache: Any
        if isinstance(self.cell, lstm.Params):
            h, _, cache = lstm.forward(self.cell, x)
        else:
            h, cache = rnn.forward(self.cell, x)
        return output_layer.forward(h[-1], self.W_hy, self.b_y), h, cache

    def gradients(self, x: np.ndarray, targets: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """Return the mean loss (nats) and its gradients: the cell's, then those of W_hy and b_y."""
        y, h, cache = self.run(x)
        dh = np.zeros_like(h)  # the loss looks at the last state alone
        dy = losses.softmax_cross_entropy_backward(y, targets)
        dh[-1], dW_hy, db_y = output_layer.backward(dy, h[-1], self.W_hy)
        dcell: Any
        if isinstance(self.cell, lstm.Params):
            dcell = lstm.backward(dh, np.zeros_like(h[-1]), cache)[-1]
        else:
            dcell = rnn.backward(dh, cache)[-1]
        return losses.softmax_cross_entropy(y, targets), [*dcell, dW_hy, db_y]


def start(rng: np.random.Generator, kind: str, steps: int) -> Latch:
    """Draw an untrained network of a kind that `KINDS` names, for sequences of so many steps."""
    cell = KINDS[kind](rng, steps)
    bound = 1 / np.sqrt(UNITS)
    return Latch(cell, rng.uniform(-bound, bound, (2, UNITS)), np.zeros(2))


def _orthogonal(rng: np.random.Generator, steps: int) -> rnn.Params:
    return rnn.init(rng, 2, UNITS)._replace(W_hh=np.linalg.qr(rng.normal(size=(UNITS, UNITS)))[0])


def _forget(value: float) -> Callable[[np.random.Generator, int], lstm.Params]:
    return lambda rng, steps: with_forget_bias(lstm.init(rng, 2, UNITS), value)


def _almost_shut(rng: np.random.Generator, steps: int) -> lstm.Params:
    params = with_forget_bias(lstm.init(rng, 2, UNITS), 5)
    params.b_h[:UNITS] = -5
    return params


KINDS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "RNN": lambda rng, steps: rnn.init(rng, 2, UNITS),
    "RNN, orthogonal start": _orthogonal,
    "LSTM, forget bias 0": _forget(0),
    "LSTM, forget bias 1": _forget(1),
    "LSTM, forget bias 3": _forget(3),
    "LSTM, forget bias 5": _forget(5),
    "LSTM, forget 5, input −5": _almost_shut,
    "LSTM, chrono": lambda rng, steps: chrono(rng, lstm.init(rng, 2, UNITS), steps),
}


def train(kind: str, steps: int, seed: int, updates: int = UPDATES) -> tuple[Latch, list[float]]:
    """Train until the bit is kept, or until the updates are used up.

    Returns
    -------
    model : Latch
    history : list of float
        The loss (nats) of every update; shorter than ``updates`` if it was solved before.
    """
    rng = np.random.default_rng(seed)
    model, memory = start(rng, kind, steps), None
    history: list[float] = []
    while len(history) < updates and not solved(history):
        loss, gradients = model.gradients(*batch(rng, steps, BATCH))
        clipped, _ = optim.clip_by_global_norm(gradients, 1.0)
        arrays, memory = optim.adam([*model.cell, model.W_hy, model.b_y], clipped, RATE, memory)
        model = Latch(type(model.cell)(*arrays[:-2]), *arrays[-2:])
        history.append(loss)
    return model, history


def solved(history: Sequence[float]) -> bool:
    """Say whether the loss has stayed low enough for long enough."""
    return len(history) >= STEADY and float(np.mean(history[-STEADY:])) < SOLVED


def accuracy(model: Latch, rng: np.random.Generator, steps: int, size: int = 1000) -> float:
    """Return the share of right answers on fresh sequences."""
    x, targets = batch(rng, steps, size)
    return float((model.run(x)[0].argmax(axis=1) == targets).mean())


def experiment(
    lengths: Sequence[int] = LENGTHS, seeds: int = SEEDS, updates: int = UPDATES
) -> list[dict[str, Any]]:
    """Train every kind at every length, several times, shortest first.

    A kind that no seed could train at one length is not tried at the longer ones.

    Returns
    -------
    rows : list of dict
        ``kind``, ``steps`` and, one entry for each seed, ``updates`` (how many until solved, or None) and
        ``accuracy`` (on 1000 fresh sequences).
    """
    rows = []
    for kind in KINDS:
        for steps in lengths:
            runs = [train(kind, steps, seed, updates) for seed in range(seeds)]
            needed = [len(history) if solved(history) else None for _, history in runs]
            fresh = np.random.default_rng(steps)
            right = [accuracy(model, fresh, steps) for model, _ in runs]
            rows.append({"kind": kind, "steps": steps, "updates": needed, "accuracy": right})
            if not any(needed):
                break
    return rows


def run(record: bool = False) -> None:
    """Train every kind at every length, print how it went, and with ``record`` write it for the book."""
    rows = experiment()
    for row in rows:
        done, runs = sum(n is not None for n in row["updates"]), len(row["updates"])
        print(f"{row['kind']:26} {row['steps']:5} steps: {done} of {runs} runs keep the bit")
    if record:
        RECORD.write_text(json.dumps({**_circumstances(), "rows": rows}, indent=1) + "\n", encoding="utf-8")


def _circumstances() -> dict[str, Any]:
    """Say by what, when and where the rows were made."""
    return circumstances("rnncourse train lstm --record", "numpy") | {
        "seeds": list(range(SEEDS)),
        "units": UNITS,
        "batch": BATCH,
        "learning_rate": RATE,
        "updates_at_most": UPDATES,
        "solved_below_nats": SOLVED,
    }
