"""The cells, and a problem to put to each of them.

A new cell joins by a line in ``CELLS``.  A cell whose state has two parts (the LSTM's h and c) returns
both histories from ``forward`` and takes, beside ``dh``, the gradient of its last second part.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import coupled_lstm, gru, lstm, min_gru, peephole_lstm, rnn
from tests.architectures import formulas

T, B, D, H = 7, 4, 3, 5  # all different, all above 1


@dataclass(frozen=True)
class Cell:
    name: str
    module: ModuleType
    torch_class: type
    states: int = 1  # parts of the state: 1, or 2 for h and c
    options: dict[str, Any] = field(default_factory=dict)
    takes_result: bool = False  # step_backward wants h_t too; a gated cell computes its gates again
    bounded: bool = True  # the state cannot grow without limit

    def forward(self, params, x, *initial, mask=None):
        """Histories and the cache."""
        *histories, cache = self.module.forward(params, x, *initial, mask=mask, **self.options)
        return histories, cache


CELLS = [
    Cell("rnn-tanh", rnn, torch.nn.RNN, options={"nonlinearity": "tanh"}, takes_result=True),
    Cell("rnn-relu", rnn, torch.nn.RNN, options={"nonlinearity": "relu"}, takes_result=True, bounded=False),
    Cell("lstm", lstm, torch.nn.LSTM, states=2),
    Cell("gru", gru, torch.nn.GRU),
    Cell("gru-reset-before", gru, formulas.ResetBeforeGRU, options={"reset_before": True}),
    Cell("peephole-lstm", peephole_lstm, formulas.PeepholeLSTM, states=2),
    Cell("coupled-lstm", coupled_lstm, formulas.CoupledLSTM, states=2),
    Cell("min-gru", min_gru, formulas.MinGRU, bounded=False),
]


class Problem:
    """Random weights, inputs, non-zero states and an upstream gradient at every step."""

    def __init__(self, cell, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
        rng = np.random.default_rng(seed)
        draw = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
        self.cell = cell
        self.params = cell.module.init(rng, D, H, dtype)
        self.x = draw(T, B, D)
        self.initial = [draw(B, H) for _ in range(cell.states)]
        self.upstream = [draw(T, B, H)] + [draw(B, H) for _ in range(cell.states - 1)]

    def run(self, mask=None):
        """Histories, then dx, the initial states' gradients and the weights' gradients in one list."""
        histories, cache = self.cell.forward(self.params, self.x, *self.initial, mask=mask)
        dx, *dinitial, dparams = self.cell.module.backward(*self.upstream, cache)
        return histories, [dx, *dinitial, *dparams]

    def loss(self, x, *rest, mask=None):
        """A scalar whose gradients are what ``run`` returns."""
        initial, weights = rest[: self.cell.states], rest[self.cell.states :]
        params = self.cell.module.Params(*weights)
        histories, _ = self.cell.forward(params, x, *initial, mask=mask)
        ends = (history[-1] for history in histories[1:])
        return sum(float(np.sum(a * b)) for a, b in zip([histories[0], *ends], self.upstream))

    @property
    def arguments(self):
        return [self.x, *self.initial, *self.params]


def ragged(T, B, rng):
    """A mask with gaps at the start, in the middle and at the end, never empty."""
    mask = rng.random((T, B)) < 0.6
    mask[rng.integers(T), :] = True
    return mask


def assert_all_close(actual, expected, tolerance):
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected):
        assert a.shape == b.shape
        assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def parts(result):
    """A state as a list of its parts, however many."""
    return list(result) if isinstance(result, tuple) else [result]
