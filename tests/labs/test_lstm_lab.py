"""The lab that keeps one bit: its task, its starts, its gradients, and the record that the chapter shows."""

import json

import numpy as np
import pytest

from rnncourse.cli import main
from rnncourse.labs import lstm as lab
from rnncourse.reference import gradcheck, lstm, rnn


def test_only_the_flag_tells_the_sign_that_counts():
    x, targets = lab.batch(np.random.default_rng(0), 7, 2000)
    assert x.shape == (7, 2000, 2) and set(np.unique(x[..., 0])) == {-1, 1}
    assert (x[0, :, 1] == 1).all() and not x[1:, :, 1].any()
    np.testing.assert_array_equal(targets, x[0, :, 0] == 1)
    others = x[1:, :, 0] * np.sign(targets - 0.5)
    assert abs(others.mean(axis=1)).max() < 0.1  # the other signs say nothing about it


def test_forget_biases_are_set_and_nothing_else():
    params = lstm.init(np.random.default_rng(1), 2, 3)
    start = lab.with_forget_bias(params, 4.0)
    np.testing.assert_array_equal(np.split(start.b_h, 4)[1], 4)
    for k in (0, 2, 3):
        np.testing.assert_array_equal(np.split(start.b_h, 4)[k], np.split(params.b_h, 4)[k])
    assert start.W_hh is params.W_hh and not (params.b_h == 4).any()


def test_chrono_spreads_the_lanes_over_all_lengths():
    H, longest = 2000, 500
    params = lab.chrono(np.random.default_rng(2), lstm.init(np.random.default_rng(3), 2, H), longest)
    i, f, *_ = np.split(params.b_h, 4)
    np.testing.assert_array_equal(i, -f)
    # a gate sigma(b) with b = log(u) forgets one part in u + 1: u is uniform in 1 ... longest - 1
    u = np.exp(f)
    assert u.min() >= 1 and u.max() <= longest - 1
    assert abs(np.mean(u) - longest / 2) < 10 and abs(np.std(u) - (longest - 2) / 12**0.5) < 5


@pytest.mark.parametrize("kind", ["RNN, orthogonal start", "LSTM, forget bias 1"])
def test_gradients_are_those_of_the_loss(kind):
    rng = np.random.default_rng(4)
    model, (x, targets) = lab.start(rng, kind, 5), lab.batch(rng, 5, 3)
    arrays = [*model.cell, model.W_hy, model.b_y]

    def loss(*arrays):
        return lab.Latch(type(model.cell)(*arrays[:-2]), *arrays[-2:]).gradients(x, targets)[0]

    value, gradients = model.gradients(x, targets)
    assert value == loss(*arrays)
    assert gradcheck.projection_error(loss, arrays, gradients, rng) < 1e-6


def test_every_kind_starts_as_its_name_says():
    rng = np.random.default_rng(5)
    for kind in lab.KINDS:
        cell = lab.start(rng, kind, 50).cell
        assert isinstance(cell, rnn.Params if kind.startswith("RNN") else lstm.Params)
        if "bias" in kind:
            assert (np.split(cell.b_h, 4)[1] == float(kind[-1])).all()
    H = lab.UNITS
    W = lab.start(rng, "RNN, orthogonal start", 50).cell.W_hh
    np.testing.assert_allclose(W @ W.T, np.eye(H), atol=1e-12)
    b_h = lab.start(rng, "LSTM, forget 5, input −5", 50).cell.b_h
    assert (b_h[:H] == -5).all() and (b_h[H : 2 * H] == 5).all()


def test_a_short_memory_is_learned_and_training_stops_then():
    model, history = lab.train("LSTM, forget bias 3", 6, seed=0)
    assert lab.solved(history) and not lab.solved(history[:-1])
    assert lab.accuracy(model, np.random.default_rng(6), 6) > 0.99
    assert lab.accuracy(lab.start(np.random.default_rng(7), "RNN", 6), np.random.default_rng(8), 6) < 0.9


def test_a_kind_that_fails_everywhere_is_not_tried_further():
    rows = lab.experiment(lengths=(3, 4), seeds=2, updates=5)  # too few to be steady
    assert [row["kind"] for row in rows] == list(lab.KINDS)
    assert all(row["steps"] == 3 and row["updates"] == [None, None] for row in rows)
    assert all(len(row["accuracy"]) == 2 for row in rows)


def test_the_command_writes_the_record(monkeypatch, tmp_path, capsys):
    rows = [{"kind": "RNN", "steps": 3, "updates": [7, None], "accuracy": [1.0, 0.5]}]
    monkeypatch.setattr(lab, "experiment", lambda: rows)
    monkeypatch.setattr(lab, "RECORD", tmp_path / "lstm.json")
    main(["train", "lstm"])
    assert "1 of 2 runs keep the bit" in capsys.readouterr().out
    assert not (tmp_path / "lstm.json").exists()
    main(["train", "lstm", "--record"])
    record = json.loads((tmp_path / "lstm.json").read_text("utf-8"))
    assert record["rows"] == rows
    assert {"command", "date", "versions", "device", "seeds"} <= set(record)


def test_the_record_in_the_book_is_one_of_this_lab():
    """Its sizes are the lab's, and its quickest row comes out again, to the update."""
    record = json.loads(lab.RECORD.read_text("utf-8"))
    assert record["updates_at_most"] == lab.UPDATES and record["units"] == lab.UNITS
    assert record["seeds"] == list(range(lab.SEEDS))
    assert list(dict.fromkeys(row["kind"] for row in record["rows"])) == list(lab.KINDS)
    row = next(row for row in record["rows"] if row["kind"] == "LSTM, forget bias 3")
    assert row["steps"] == lab.LENGTHS[0]
    _, history = lab.train(row["kind"], row["steps"], seed=0)
    # another library of matrix products rounds otherwise, and training magnifies that a little
    assert abs(len(history) - row["updates"][0]) <= 3
