"""The five shapes that everything is measured on, and one problem of each kind of cell."""

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch

from rnncourse.reference import gru, lstm, rnn


class Shape(NamedTuple):
    """Steps, batch, input size, hidden size."""

    T: int
    B: int
    D: int
    H: int

    def __str__(self) -> str:
        return f"T={self.T} B={self.B} D={self.D} H={self.H}"


SHAPES = (
    Shape(64, 32, 64, 128),
    Shape(128, 64, 128, 256),
    Shape(35, 20, 200, 200),
    Shape(100, 1, 64, 128),
    Shape(512, 16, 64, 64),
)
CELLS: dict[str, tuple[ModuleType, int, int]] = {  # module, gates, parts of the state
    "LSTM": (lstm, 4, 2),
    "GRU": (gru, 3, 1),
    "RNN": (rnn, 1, 1),
}


class Problem:
    """Weights, inputs, states that are not zero, and a gradient that enters at every step."""

    def __init__(self, cell: str, shape: Shape, dtype: Any, seed: int = 0) -> None:
        T, B, D, H = shape
        rng = np.random.default_rng(seed)
        self.cell, self.shape = cell, shape
        self.module, self.gates, self.parts = CELLS[cell]
        self.params = self.module.init(rng, D, H, dtype)
        self.x = rng.standard_normal((T, B, D)).astype(dtype)
        self.initial = [rng.standard_normal((B, H)).astype(dtype) for _ in range(self.parts)]
        self.dh = rng.standard_normal((T, B, H)).astype(dtype)
        self.dlast = [rng.standard_normal((B, H)).astype(dtype) for _ in range(self.parts - 1)]

    def numpy(self, **options: Any) -> list[np.ndarray]:
        """Run forward and backward in NumPy; return all gradients."""
        *_, cache = self.module.forward(self.params, self.x, *self.initial, **options)
        dx, *dinitial, dparams = self.module.backward(self.dh, *self.dlast, cache)
        return [dx, *dinitial, *dparams]

    def torch(self, module: torch.nn.Module) -> "TorchProblem":
        """Give a module these weights and return its side of the comparison."""
        return TorchProblem(self, module)


class TorchProblem:
    """The same problem for a Torch module; calling it runs forward and backward."""

    def __init__(self, problem: Problem, module: torch.nn.Module) -> None:
        dtype = torch.from_numpy(problem.x).dtype
        self.module = module.to(dtype)
        weights = {name: torch.from_numpy(value) for name, value in problem.params.to_torch().items()}
        self.module.load_state_dict(weights)
        self.x = torch.from_numpy(problem.x).requires_grad_()
        self.initial = [torch.from_numpy(part[None]).requires_grad_() for part in problem.initial]
        self.upstream = [torch.from_numpy(a) for a in (problem.dh, *(part[None] for part in problem.dlast))]
        self.leaves = [self.x, *self.initial, *self.module.parameters()]

    def __call__(self) -> tuple[torch.Tensor, ...]:
        """Return the gradients of input, states and parameters."""
        state = tuple(self.initial)
        output, last = self.module(self.x, state if len(state) > 1 else state[0])
        ends = [output] if len(state) == 1 else [output, last[1]]
        return torch.autograd.grad(ends, self.leaves, self.upstream)
