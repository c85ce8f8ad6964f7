"""Gates in another order than asked for: seen whatever the cell, and only where that explains everything."""

from itertools import permutations

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks import check
from rnncourse.checks.gate_order import STACKED, block_facts
from rnncourse.reference import gru, lstm

SEEDS = range(50, 53)
GATES = ("i", "f", "g", "o")
OTHERS = [order for order in permutations(range(4)) if order != (0, 1, 2, 3)]
CYCLES = [order for order in OTHERS if sum(k != at for at, k in enumerate(order)) > 2]  # pairs have a name


def moved(stack, order):
    blocks = np.split(stack, len(order))
    return np.concatenate([blocks[k] for k in order])


def in_order(exercise, order):
    """A right answer that takes gate k from block order[k] of every stack, and puts gradients there, too."""
    asked = checks.find(exercise)
    names = list(asked.draw(np.random.default_rng(0))[0].args)
    inverse = np.argsort(order)

    def answer(*args):
        own = [moved(arg, order) if name in STACKED else arg for name, arg in zip(names, args, strict=True)]
        results = asked.reference(*own)
        results = results if isinstance(results, tuple) else (results,)
        back = tuple(
            moved(result, inverse) if name.removeprefix("d") in STACKED else result
            for name, result in zip(asked.results, results, strict=True)
        )
        return back if len(back) > 1 else back[0]

    return answer


def stacked_as(order):
    """Say how whoever takes gate k from block order[k] has stacked them."""
    return ", ".join(GATES[order.index(block)] for block in range(4))


@pytest.mark.parametrize("exercise", ["lstm_step", "lstm_forward", "lstm_step_backward", "lstm_backward"])
@pytest.mark.parametrize("order", CYCLES)
def test_any_order_is_told(exercise, order):
    verdict = check(f"lstm.{exercise}", in_order(f"lstm.{exercise}", order), 50)
    assert verdict.mistake is None
    assert verdict.findings == (
        f"These are the numbers of a cell whose gates are stacked in the order {stacked_as(order)}. Here the "
        "order is i, f, g, o.",
    )


def test_the_order_told_is_the_one_the_weights_would_need():
    """An answer written for stacks o, i, f, g is told so."""

    def answer(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
        o, i, f, g = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
        c_t = f * c_prev + i * np.tanh(g)
        return o * np.tanh(c_t), c_t

    for seed in SEEDS:
        (finding,) = check("lstm.lstm_step", answer, seed).findings
        assert "stacked in the order o, i, f, g. Here the order is i, f, g, o." in finding


@pytest.mark.parametrize("exercise", ["coupled_lstm_step", "coupled_peephole_lstm_step_backward"])
def test_three_gates_have_their_own_names(exercise):
    for order in ((1, 2, 0), (2, 0, 1)):
        (finding,) = check(f"lstm.{exercise}", in_order(f"lstm.{exercise}", order), 50).findings
        assert finding.endswith("Here the order is f, g, o.")


def test_a_gru_is_seen_by_the_names_of_its_own_gates(monkeypatch):
    """Order z, n, r; ``b_hn`` stands apart and stays with n. The catalogue would know it first."""
    monkeypatch.setattr(checks, "name_mistake", lambda *arguments: None)
    for exercise in ("gru.gru_step", "gru.gru_backward"):
        verdict = check(exercise, in_order(exercise, (2, 0, 1)), 50)
        assert verdict.findings == (
            "These are the numbers of a cell whose gates are stacked in the order z, n, r. Here the order is "
            "r, z, n.",
        )


def test_every_exercise_with_stacks_declares_its_gates():
    for stem in ("lstm", "gru"):
        for name in checks.exercises(stem):
            asked = checks.find(name)
            args = asked.draw(np.random.default_rng(1))[0].args
            if "W_hh" in args:
                assert len(args["W_hh"]) == len(asked.gates) * args["W_hh"].shape[1]


# -- gradients whose blocks stand in another order -----------------------------------------------------------


def step_back(dh_t, dc_t, x_t, h_prev, c_prev, *weights):
    *three, dparams = lstm.step_backward(lstm.Params(*weights), dh_t, dc_t, x_t, h_prev, c_prev)
    return *three, *dparams


@pytest.mark.parametrize("order", OTHERS)
def test_blocks_of_a_gradient_in_another_order(order):
    def answer(*args):
        *others, dW_xh, dW_hh, db_h = step_back(*args)
        return *others, dW_xh, moved(dW_hh, order), db_h

    for seed in SEEDS:
        (finding,) = check("lstm.lstm_step_backward", answer, seed).findings
        stands = ", ".join(GATES[k] for k in order)
        assert finding == f"Every gate's part of dW_hh is right, but they stand in the order {stands}."


@pytest.mark.parametrize("gate", range(4))
def test_one_gates_part_is_wrong(gate):
    def answer(*args):
        *others, db_h = step_back(*args)
        np.split(db_h, 4)[gate][...] **= 3
        return *others, db_h

    for seed in SEEDS:
        (finding,) = check("lstm.lstm_step_backward", answer, seed).findings
        assert finding == f"Of db_h, only the part of the gate {GATES[gate]} is wrong."


def test_the_parts_of_a_gru_too():
    def answer(dh_t, x_t, h_prev, *weights):
        dx_t, dh_prev, dparams = gru.step_backward(gru.Params(*weights), dh_t, x_t, h_prev)
        return dx_t, dh_prev, dparams.W_xh, moved(dparams.W_hh, (1, 2, 0)), dparams.b_h, dparams.b_hn

    (finding,) = check("gru.gru_step_backward", answer, 50).findings
    assert finding == "Every gate's part of dW_hh is right, but they stand in the order z, n, r."


# -- and nothing where it is something else ------------------------------------------------------------------

RIGHT = np.random.default_rng(3).normal(size=(12, 5))


@pytest.mark.parametrize(
    "got",
    [
        RIGHT,
        RIGHT**2,
        RIGHT[::-1],
        -moved(RIGHT, (1, 0, 2, 3)),
        np.full_like(RIGHT, np.nan),
        RIGHT[:8],
        moved(RIGHT, (0, 0, 2, 3)) + moved(RIGHT, (1, 1, 1, 1)),
    ],
)
def test_no_order_where_there_is_none(got):
    assert block_facts("dW_xh", got, RIGHT, GATES) == {}


def test_only_stacks_have_gates():
    got = moved(RIGHT, (1, 0, 2, 3))
    assert set(block_facts("dW_xh", got, RIGHT, GATES)) == {"gates"}
    assert block_facts("dx_t", got, RIGHT, GATES) == {}
    assert block_facts("dW_xh", got, RIGHT, ()) == {}


def test_gates_that_are_alike_have_no_order():
    alike = np.tile(RIGHT[:3], (4, 1))
    assert block_facts("dW_xh", alike + 1, alike, GATES) == {}


def test_another_order_and_something_besides_is_not_told():
    def answer(*args):
        h_t, c_t = in_order("lstm.lstm_step", (1, 2, 3, 0))(*args)
        return h_t, 1.01 * c_t

    assert check("lstm.lstm_step", answer, 50).findings == ()


def test_cells_without_gates_are_left_alone():
    verdict = check("rnn.rnn_step", lambda x_t, h_prev, W_xh, W_hh, b_h: np.sin(x_t @ W_xh.T + b_h), 50)
    assert verdict.findings == ()
