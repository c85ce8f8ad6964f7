"""The lab of the chapter on gradients, in its quick form, and the Torch tabs of its page."""

import ast
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from rnncourse.cli import main
from rnncourse.labs import gradients as lab
from rnncourse.reference import gradcheck, gradients, rnn

torch = pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "gradients.md").read_text("utf-8")


def test_echo_gradient_agrees_with_central_differences():
    rng = np.random.default_rng(0)
    T, B, H = 7, 3, 4
    parameters = [rng.normal(0, 0.6, shape) for shape in ((H, 1), (H, H), (H,), (1, H), (1,))]
    x = rng.uniform(-1, 1, (T, B, 1))
    loss, found = lab._echo_gradient(parameters, x, 2)
    h, _ = rnn.forward(rnn.Params(*parameters[:3]), x, nonlinearity="relu")
    said = h @ parameters[3].T + parameters[4]
    assert loss == pytest.approx(np.mean((said[2:] - x[:-2]) ** 2))
    for k, gradient in enumerate(found):

        def loss_at(value, k=k):
            return lab._echo_gradient([*parameters[:k], value, *parameters[k + 1 :]], x, 2)[0]

        np.testing.assert_allclose(gradient, gradcheck.numerical_gradient(loss_at, parameters[k]), atol=1e-7)


def test_clipping_is_all_that_differs_and_the_run_stops_where_numbers_end():
    plain, clipped = lab.explosion(1, train_steps=15), lab.explosion(1, 1e9, train_steps=15)
    assert plain == clipped  # a bound that is never reached changes nothing
    assert len(plain.losses) == len(plain.norms) == 15
    tight = lab.explosion(1, 1e-3, train_steps=15)
    assert tight.losses[0] == plain.losses[0] and tight.losses[-1] != plain.losses[-1]
    broken = [lab.explosion(seed, train_steps=6) for seed in (4, 6, 13)]  # these burst at once
    for run in broken:
        assert len(run.losses) < 6
        assert not (math.isfinite(run.losses[-1]) and math.isfinite(run.norms[-1]))
        assert all(map(math.isfinite, run.losses[:-1]))
    assert all(len(lab.explosion(seed, 1.0, train_steps=6).losses) == 6 for seed in (4, 6, 13))


def test_a_gru_learns_a_short_adding_problem_and_nobody_learns_without_steps():
    curve = lab.adding("GRU", seed=0, train_steps=300, steps=8, every=100)
    assert curve.steps == [0, 100, 200, 300]
    assert curve.scores[0] > 0.16 and curve.scores[-1] < 0.03


def test_an_lstm_begins_to_copy_over_a_short_pause(monkeypatch):
    monkeypatch.setattr(lab, "LENGTH", 2)
    curve = lab.copying("LSTM", seed=0, train_steps=300, delay=2, every=300)
    assert curve.scores[0] < 0.3 < 0.5 < curve.scores[-1]


def test_the_experiment_has_the_form_that_the_page_reads(capsys):
    results = lab.experiment(seed=3, adding_steps=1, copying_steps=1, runs=1, seeds=2)
    record = json.loads((ROOT / "book" / "results" / "gradients.json").read_text("utf-8"))
    assert results.keys() <= record.keys()
    assert json.loads(json.dumps(results, allow_nan=False)) == results
    assert results["explosion"][0].keys() == record["explosion"][0].keys()
    for task in ("adding", "copying"):
        assert results[task].keys() == record[task].keys() == set(lab.CELLS)
        assert [len(results[task]["LSTM"]["scores"]), len(record[task]["LSTM"]["scores"])] == [2, 3]
    assert "adding GRU ends at" in capsys.readouterr().out


def test_the_record_says_how_it_was_made():
    record = json.loads((ROOT / "book" / "results" / "gradients.json").read_text("utf-8"))
    assert record["command"] == "rnncourse train gradients --record"
    assert record["seed"] == 0 and {"python", "numpy", "torch"} <= record["versions"].keys()
    assert record["date"] and record["device"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["gradients", "--seconds", "5"], "leave out --seconds"),
        (["text_generation", "--record"], "leave out --record"),
    ],
)
def test_options_that_a_lab_does_not_have_are_refused(capsys, options, words):
    assert main(["train", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_command_writes_the_record(monkeypatch, tmp_path, capsys):
    from rnncourse.cli import labs

    monkeypatch.setattr(lab, "experiment", lambda seed: {"adding": seed})
    monkeypatch.setattr(labs, "_place", lambda name: tmp_path / f"{name}.json")
    threads = torch.get_num_threads()
    try:
        assert main(["train", "gradients", "--seed", "7", "--record"]) == 0
    finally:
        torch.set_num_threads(threads)
    written = json.loads((tmp_path / "gradients.json").read_text("utf-8"))
    assert written["adding"] == 7 and written["command"] == "rnncourse train gradients --seed 7 --record"
    assert "gradients.json" in capsys.readouterr().out


# ------------------------------------------------------------------------------------- the page's Torch tabs
def torch_tab(word: str) -> str:
    (block,) = [b for b in re.findall(r"```python\n(import torch\n.*?)```", PAGE, re.S) if word in b]
    return block


def test_there_are_three_torch_tabs():
    assert len(re.findall(r"```python\nimport torch\n", PAGE)) == 3


def test_the_tab_on_the_jacobian_computes_g1():
    D, H = 3, 4
    names = {"D": D, "H": H, "x_t": torch.randn(D).double(), "h_prev": torch.randn(H).double()}
    exec(compile(ast.parse(torch_tab("functional.jacobian")), "tab", "exec"), names)
    h_t = names["cell"](names["x_t"], names["h_prev"]).detach().numpy()
    W_hh = names["cell"].weight_hh.detach().numpy()
    np.testing.assert_allclose(names["J"], gradients.step_jacobian(h_t, W_hh), rtol=0, atol=1e-12)


def test_the_tab_on_clipping_computes_g5():
    model = torch.nn.Linear(3, 2)
    names = {"model": model, "optimizer": torch.optim.SGD(model.parameters(), 1.0), "max_norm": 0.5}
    names["loss"] = (model(torch.randn(7, 3)) * 30).square().mean()
    before = [p.detach().clone() for p in model.parameters()]
    exec(compile(ast.parse(torch_tab("clip_grad_norm_")), "tab", "exec"), names)
    step = torch.cat([(old - new).flatten() for old, new in zip(before, model.parameters())])
    assert names["norm"] > 0.5
    assert float(step.detach().norm()) == pytest.approx(0.5, rel=1e-4)


def test_the_tab_on_starting_draws_an_orthogonal_matrix():
    names = {"D": 3, "H": 5}
    exec(compile(ast.parse(torch_tab("orthogonal_")), "tab", "exec"), names)
    W = names["net"].weight_hh_l0.detach().numpy()
    np.testing.assert_allclose(W @ W.T, np.eye(5), atol=1e-6)
