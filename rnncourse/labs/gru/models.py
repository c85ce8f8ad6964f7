"""The cells of the comparison, as many units as fit into a budget, and how they are trained."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference import gru, losses, lstm, min_gru, optim, output_layer, rnn

Array = NDArray[np.floating]


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
    dy = losses.softmax_cross_entropy_backward(y, batch.targets, batch.mask).astype(h.dtype, copy=False)
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
