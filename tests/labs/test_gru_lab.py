"""The lab that compares cells: equal sizes, right gradients, honest tasks, a complete record."""

import itertools
import json

import numpy as np
import pytest

from rnncourse.cli import main
from rnncourse.errors import CourseError
from rnncourse.labs import gru as lab
from rnncourse.labs.gru import models, tasks
from rnncourse.reference import gradcheck, losses

D, H, O = 3, 5, 4  # noqa: E741


def small(name, dtype=np.float64):
    model = models.start(name, np.random.default_rng(1), D, H, O)
    return model.replaced([array.astype(dtype) for array in model.arrays])


def some_batch(T=6, B=2):
    rng = np.random.default_rng(2)
    mask = rng.integers(2, size=(T, B))
    mask[0] = 1
    return models.Batch(rng.normal(size=(T, B, D)), rng.integers(O, size=(T, B)), mask)


@pytest.mark.parametrize("name", models.CELLS)
def test_parameters_counts_every_number_that_is_learned(name):
    assert sum(array.size for array in small(name).arrays) == models.parameters(name, D, H, O)


@pytest.mark.parametrize("name", models.CELLS)
@pytest.mark.parametrize("budget", [100, 1000, 1001])
def test_the_largest_size_fits_and_one_more_does_not(name, budget):
    size = models.largest_size(name, D, O, budget)
    assert models.parameters(name, D, size, O) <= budget < models.parameters(name, D, size + 1, O)


@pytest.mark.parametrize("name", models.CELLS)
def test_gradients_are_those_of_the_loss(name):
    model, batch = small(name), some_batch()

    def f(*arrays):
        return models.loss(model.replaced(list(arrays)), batch)

    error = gradcheck.projection_error(
        f, model.arrays, models.gradients(model, batch), np.random.default_rng(3)
    )
    assert error < 1e-7


@pytest.mark.parametrize("name", models.CELLS)
def test_the_loss_is_the_mean_over_what_counts(name):
    model, batch = small(name), some_batch()
    log_p = losses.log_softmax(models.logits(model, batch.x))
    nats = [
        -log_p[t, b, batch.targets[t, b]]
        for t, b in itertools.product(range(6), range(2))
        if batch.mask[t, b]
    ]
    assert models.loss(model, batch) == pytest.approx(np.mean(nats))


@pytest.mark.parametrize(("name", "block", "sign"), [("LSTM", 1, 1), ("GRU", 1, 1), ("minGRU", 0, -1)])
def test_the_gate_that_keeps_starts_higher(name, block, sign):
    model = models.start(name, np.random.default_rng(1), D, H, O)
    plain = models.CELLS[name].module.init(np.random.default_rng(1), D, H, np.float32)
    raised = np.zeros_like(plain.b_h)
    raised[block * H : (block + 1) * H] = sign
    np.testing.assert_allclose(model.cell.b_h - plain.b_h, raised, atol=1e-6)
    np.testing.assert_array_equal(model.cell.W_xh, plain.W_xh)


@pytest.mark.parametrize("name", models.CELLS)
def test_training_lowers_the_loss_in_float32(name):
    rng, held_out = np.random.default_rng(4), tasks.copying_batch(np.random.default_rng(5), 50, gap=1)
    model = models.start(name, rng, held_out.x.shape[2], 12, tasks.KINDS)
    trained = models.train(model, lambda: tasks.copying_batch(rng, 20, gap=1), 80, 0.02)
    assert models.loss(trained, held_out) < 0.9 * models.loss(model, held_out)
    assert {array.dtype for array in trained.arrays} == {np.dtype(np.float32)}


def test_a_word_of_the_counting_task():
    batch = tasks.counting_batch(np.array([1, 3]))
    symbols = batch.x.argmax(axis=2)
    assert symbols[:, 0].tolist() == [0, 1, 2, 2, 2, 2]  # a b end ...
    assert symbols[:, 1].tolist() == [0, 0, 0, 1, 1, 1]
    counted = [batch.targets[batch.mask[:, b] > 0, b].tolist() for b in (0, 1)]
    assert counted == [[2], [1, 1, 2]]  # after each b: another one, or the end
    assert symbols[batch.mask > 0].tolist() == [1] * 4


def test_who_counts_by_hand_is_right_and_who_guesses_is_not(monkeypatch):
    lengths = range(1, 8)

    def count(_, x):
        left = np.cumsum(x[:, :, 0] - x[:, :, 1], axis=0)
        return np.stack([0 * left, left > 0, left <= 0], axis=-1)

    monkeypatch.setattr(tasks, "logits", count)
    assert tasks.counted_right(None, lengths).all()
    monkeypatch.setattr(
        tasks, "logits", lambda _, x: np.stack([0 * x[..., 0], 0 * x[..., 0] + 1, x[..., 0]], -1)
    )
    assert not tasks.counted_right(None, lengths).any()


@pytest.mark.parametrize(
    ("right", "reach"), [([1, 1, 0, 1], 2), ([0, 1, 1, 1], 0), ([1, 1, 1, 1], 4), ([1, 0, 1, 0], 1)]
)
def test_reach_ends_before_the_first_failure(right, reach):
    assert tasks.reach(np.array(right, bool)) == reach


def test_copying_asks_for_what_was_read_and_nothing_else():
    batch = tasks.copying_batch(np.random.default_rng(6), 7, gap=5)
    symbols = batch.x.argmax(axis=2)
    K = tasks.KEPT
    assert (symbols[:K] < tasks.KINDS).all() and len(symbols) == 2 * K + 5
    assert (symbols[K:-K] == tasks.KINDS).all() and (symbols[-K:] == tasks.KINDS + 1).all()
    np.testing.assert_array_equal(batch.targets[-K:], symbols[:K])
    assert batch.mask[-K:].all() and not batch.mask[:-K].any()
    assert len(set(map(tuple, symbols[:K].T))) > 1


def test_a_window_of_the_play_is_read_and_told_one_character_ahead():
    ids = np.random.default_rng(7).integers(5, size=400)
    batch = tasks.play_batch(ids, 5, np.array([0, 100]))
    assert batch.x.shape == (tasks.WINDOW, 2, 5)
    np.testing.assert_array_equal(batch.x.argmax(axis=2)[:, 1], ids[100 : 100 + tasks.WINDOW])
    np.testing.assert_array_equal(batch.targets[:, 1], ids[101 : 101 + tasks.WINDOW])
    assert batch.mask[:, 0].tolist() == [t >= tasks.WARM_UP for t in range(tasks.WINDOW)]


def test_the_rate_is_chosen_by_validation_and_not_by_the_score():
    runs = [
        {"task": "t", "cell": "c", "rate": rate, "seed": seed, "validation": validation, "score": score}
        for rate, seed, validation, score in [
            (0.1, 0, 1.0, 9.0), (0.1, 1, 5.0, 9.0), (0.1, 2, 5.0, 9.0),
            (0.2, 0, 2.0, 1.0), (0.2, 1, 2.0, 1.0), (0.2, 2, 9.0, 1.0),
        ]
    ]  # fmt: skip
    assert {run["rate"] for run in lab.chosen(runs)["t"]["c"]} == {0.2}
    assert len(lab.chosen(runs)["t"]["c"]) == 3


def test_the_book_shows_a_complete_record():
    record = json.loads(lab.RECORD.read_text("utf-8"))
    assert record["command"] == "rnncourse train gru --record"
    assert {"date", "device", "versions"} <= set(record)
    known = tasks.all_tasks()
    planned = set(itertools.product(known, models.CELLS, lab.RATES, range(lab.SEEDS)))
    assert len(record["runs"]) == len(planned)
    assert {(run["task"], run["cell"], run["rate"], run["seed"]) for run in record["runs"]} == planned
    for run in record["runs"]:
        task = known[run["task"]]
        assert run["steps"] == task.steps
        assert run["H"] == models.largest_size(run["cell"], task.inputs, task.outputs, task.budget)
        assert run["parameters"] == models.parameters(run["cell"], task.inputs, run["H"], task.outputs)


def test_it_says_where_it_cannot_write(tmp_path):
    with pytest.raises(CourseError, match="clone of the repository"):
        lab.compare(tmp_path / "nowhere" / "gru.json")


def test_the_command_knows_which_lab_has_a_record(monkeypatch, capsys):
    called = []
    monkeypatch.setattr(lab, "compare", called.append)
    assert not main(["train", "gru", "--record"]) and not main(["train", "gru"])
    assert called == [lab.RECORD, None]
    assert main(["train", "text_generation", "--record"])
    assert "no record of the lab text_generation" in capsys.readouterr().err
