"""The benchmarks measure what they say: both sides compute the same, a ratio is a ratio. Nothing is timed."""

import json
import time

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from benchmarks import measure, plain
from benchmarks.__main__ import PARTS
from benchmarks.problems import CELLS, Problem, Shape
from rnncourse import nn
from rnncourse.cli import main

SHAPE = Shape(T=6, B=3, D=4, H=5)


@pytest.mark.parametrize("library", [torch.nn, nn], ids=["torch.nn", "rnncourse.nn"])
@pytest.mark.parametrize("cell", CELLS)
def test_both_sides_compute_the_same_gradients(cell, library):
    problem = Problem(cell, SHAPE, np.float64)
    ours = problem.numpy()
    dx, *rest = problem.torch(getattr(library, cell)(4, 5))()
    dinitial, (dW_ih, dW_hh, db_ih, db_hh) = rest[:-4], rest[-4:]
    assert_allclose(ours[0], dx, rtol=1e-10, atol=1e-10)
    for one, other in zip(ours[1:], dinitial):
        assert_allclose(one, other[0], rtol=1e-10, atol=1e-10)
    weights = ours[1 + len(dinitial) :]
    for one, other in zip(weights, [dW_ih, dW_hh, db_ih, db_hh[-5:]]):  # a GRU has b_hn beside b_h
        assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def test_the_plain_loop_computes_the_same_gradients():
    problem = Problem("LSTM", SHAPE, np.float64)
    for one, other in zip(problem.numpy(), plain.step_by_step(problem), strict=True):
        assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def test_a_ratio_is_ours_over_the_anchors(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def takes(seconds):
        def work():
            now[0] += seconds

        return work

    assert measure.ratio(takes(3.0), takes(2.0), rounds=3) == pytest.approx(1.5)


def test_peak_memory_counts_what_a_call_holds_at_its_worst_moment():
    def work():
        first = np.ones(300_000)
        del first
        return np.ones(100_000)

    assert measure.peak_bytes(work) == pytest.approx(2_400_000, rel=0.01)


def test_the_mean_is_geometric():
    rows = [measure.Row("w", "a", shape, ratio, 1.2) for shape, ratio in (("s", 0.5), ("t", 8.0))]
    *same, mean = measure.with_mean(rows, goal=1.0)
    assert same == rows
    assert mean == measure.Row("w", "a", "geometric mean", pytest.approx(2.0), 1.0)


def test_the_command_writes_its_figures(tmp_path, capfd):
    target = tmp_path / "figures.json"
    assert main(["bench", "import", "--rounds", "1", "--json", str(target)]) == 0
    (row,) = json.loads(target.read_text())["rows"]
    assert set(row) == {"work", "anchor", "shape", "ratio", "goal"}
    assert (row["work"], row["anchor"], row["goal"]) == ("import rnncourse.reference", "import numpy", 1.2)
    assert row["ratio"] > 0
    report = json.loads(target.read_text())
    assert report["device"] and set(report["versions"]) == {"python", "numpy", "blas", "torch"}
    assert f"{row['ratio']:.2f}" in capfd.readouterr().out


def test_an_unknown_part_lists_what_exists(capfd):
    assert main(["bench", "speed"]) == 2
    error = capfd.readouterr().err
    assert all(part in error for part in PARTS)
