"""The NumPy cells: against Torch, against a plain loop, against the matrix products alone, and against T."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from benchmarks.measure import Row, peak_bytes, ratio, seconds, with_mean
from benchmarks.plain import products, step_by_step
from benchmarks.problems import SHAPES, Problem, Shape
from rnncourse.reference import checkpointing

GOALS = {("LSTM", np.float32): 1.0, ("GRU", np.float32): 0.45, ("RNN", np.float32): 0.45}


def against_torch(rounds: int) -> Iterator[Row]:
    """Time forward and backward of each cell and dtype."""
    for dtype in (np.float32, np.float64):
        for cell in ("LSTM", "GRU", "RNN"):
            goal, rows = GOALS.get((cell, dtype), 0.5), []
            for shape in SHAPES:
                problem = Problem(cell, shape, dtype)
                theirs = problem.torch(getattr(torch.nn, cell)(shape.D, shape.H))
                work, anchor = f"NumPy {cell}, {np.dtype(dtype)}", f"torch.nn.{cell}"
                one = ratio(problem.numpy, theirs, rounds)
                # the worst of an LSTM's shapes has a goal of its own
                rows.append(Row(work, anchor, str(shape), one, 1.2 if goal == 1.0 else goal))
            yield from with_mean(rows, goal)


def against_numpy(rounds: int) -> Iterator[Row]:
    """Time the LSTM against the loop that a first reading gives, and against its matrix products."""
    plain, floor = [], []
    for shape in SHAPES:
        problem = Problem("LSTM", shape, np.float32)
        ours, loop, bare = seconds(
            problem.numpy, partial(step_by_step, problem), partial(products, problem), rounds=rounds
        )
        work = "NumPy LSTM, float32"
        plain.append(Row(work, "NumPy, step by step", str(shape), ours / loop, 1 / 3))
        floor.append(Row(work, "the matrix products alone", str(shape), ours / bare, 1.4))
    yield from with_mean(plain)
    yield from with_mean(floor)


def growth(rounds: int) -> Iterator[Row]:
    """Time a step of a long sequence against a step of a short one."""
    for cell in ("LSTM", "GRU", "RNN"):
        long, short = (Problem(cell, Shape(T, 16, 64, 64), np.float32) for T in (4096, 256))
        one = ratio(long.numpy, short.numpy, rounds) * 256 / 4096
        yield Row(f"NumPy {cell}, float32, a step of T=4096", "a step of T=256", "B=16 D=64 H=64", one, 1.15)


def memory(rounds: int) -> Iterator[Row]:
    """Compare the LSTM's peak memory with what one copy of everything that is needed takes."""
    rows = []
    for shape in SHAPES:
        T, B, D, H = shape
        needed = 4 * T * B * (7 * H + 2 * D + 1)
        peak = peak_bytes(Problem("LSTM", shape, np.float32).numpy)
        rows.append(Row("NumPy LSTM, float32, memory", "4TB(7H+2D+1) bytes", str(shape), peak / needed, 1.1))
    yield from with_mean(rows)


def checkpointed(rounds: int) -> Iterator[Row]:
    """Time backpropagation that keeps one state in every square root of T, and computes the rest again."""
    shape = Shape(4096, 16, 64, 64)
    for cell in ("LSTM", "GRU", "RNN"):
        problem = Problem(cell, shape, np.float32)

        def recomputed(problem: Problem = problem) -> object:
            start = (problem.module, problem.params, problem.x, *problem.initial)
            *_, kept = checkpointing.forward(*start)
            return checkpointing.backward(kept, problem.dh, *problem.dlast)

        one = ratio(recomputed, problem.numpy, rounds)
        yield Row(f"NumPy {cell}, float32, checkpointed", "plain BPTT", str(shape), one, 1.35)
