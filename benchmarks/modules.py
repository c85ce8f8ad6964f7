"""The Torch modules that are written from scratch, against those of ``torch.nn``, on one thread."""

from collections.abc import Iterator

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
