"""The Torch modules that are written from scratch, against those of ``torch.nn``, on one thread."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.measure import Row, ratio, with_mean
from benchmarks.problems import SHAPES, Problem, Shape
from rnncourse import nn

LONG = (Shape(256, 32, 64, 128), Shape(512, 16, 64, 64), Shape(1024, 16, 128, 256))


def against_torch(rounds: int) -> Iterator[Row]:
    """Time forward and backward of each module, large shapes and small ones apart."""
    for cell in ("LSTM", "GRU", "RNN"):
        for size, goal in (("large", 1.5), ("small", 3.0)):
            rows = []
            for shape in SHAPES:
                if (shape.B >= 16 and shape.H >= 128) != (size == "large"):
                    continue
                problem = Problem(cell, shape, np.float32)
                ours, theirs = (
                    problem.torch(getattr(library, cell)(shape.D, shape.H)) for library in (nn, torch.nn)
                )
                work = f"rnncourse.nn.{cell}, float32, {size}"
                rows.append(Row(work, f"torch.nn.{cell}", str(shape), ratio(ours, theirs, rounds), goal))
            yield from with_mean(rows)


def scanned(rounds: int) -> Iterator[Row]:
    """Time a recurrence without matrix products, MinGRU, against ``torch.nn.GRU`` of the same size."""
    rows = []
    for shape in LONG:
        ours, theirs = (_both_ways(cls(shape.D, shape.H), shape) for cls in (nn.MinGRU, torch.nn.GRU))
        one = ratio(ours, theirs, rounds)
        rows.append(Row("rnncourse.nn.MinGRU, float32", "torch.nn.GRU", str(shape), one, 0.25))
    yield from with_mean(rows)


def _both_ways(module: torch.nn.Module, shape: Shape) -> Callable[[], object]:
    """Return a call that runs a module forward and back to input, state and parameters."""
    T, B, D, H = shape
    draw = torch.Generator().manual_seed(0)
    x, h0 = (torch.randn(size, generator=draw, requires_grad=True) for size in ((T, B, D), (1, B, H)))
    dh = torch.randn(T, B, H, generator=draw)
    leaves = [x, h0, *module.parameters()]
    return lambda: torch.autograd.grad(module(x, h0)[0], leaves, dh)
