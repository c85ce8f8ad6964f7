"""The exercises on the GRU: the twist against Torch, a student's way, wrong answers of every other kind."""

import re

import numpy as np
import pytest
import torch

from rnncourse import checks
from rnncourse.checks import check
from rnncourse.checks.gru_minimal import minimal_step, minimal_step_backward
from rnncourse.reference import gru as reference

SEEDS = range(40, 44)


def cases(name, seed, tags=("plain",)):
    drawn = checks.find(f"gru.{name}").draw(np.random.default_rng(seed))
    return [case.args for case in drawn if case.tag in tags]


def forward(x, h0, *weights):
    return reference.forward(reference.Params(*weights), x, h0)[0]


def step_back(dh_t, x_t, h_prev, *weights):
    dx_t, dh_prev, dparams = reference.step_backward(reference.Params(*weights), dh_t, x_t, h_prev)
    return dx_t, dh_prev, *dparams


def back(dh, x, h0, *weights):
    dx, dh0, dparams = reference.backward(dh, reference.forward(reference.Params(*weights), x, h0)[1])
    return dx, dh0, *dparams


# -- the references that stand nowhere else ---------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_twist_agrees_with_torch(seed):
    for args in cases("minimal_gated_step_backward", seed):
        dh_t, *leaves = (torch.tensor(value, requires_grad=True) for value in args.values())
        x_t, h_prev, W_xh, W_hh, b_h = leaves
        (W_xf, W_xn), (W_hf, W_hn), (b_f, b_n) = W_xh.chunk(2), W_hh.chunk(2), b_h.chunk(2)
        f = torch.sigmoid(x_t @ W_xf.T + h_prev @ W_hf.T + b_f)
        n = torch.tanh(x_t @ W_xn.T + (f * h_prev) @ W_hn.T + b_n)
        h_t = (1 - f) * h_prev + f * n
        expected = torch.autograd.grad(h_t, leaves, dh_t)
        _, *step = args.values()
        np.testing.assert_allclose(minimal_step(*step)[0], h_t.detach(), rtol=0, atol=1e-12)
        for got, want in zip(minimal_step_backward(*args.values()), expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradients_asked_for_are_torchs(seed):
    """The wiring of the check: names, order of results, and the split of the two biases."""
    for args in cases("gru_backward", seed, ("plain", "last")):
        dh, x, h0, W_xh, W_hh, b_h, b_hn = args.values()
        (D, H), params = (x.shape[2], len(b_hn)), reference.Params(W_xh, W_hh, b_h, b_hn)
        cell = torch.nn.GRU(D, H, dtype=torch.float64)
        cell.load_state_dict({name: torch.from_numpy(value) for name, value in params.to_torch().items()})
        x, h0 = torch.tensor(x, requires_grad=True), torch.tensor(h0, requires_grad=True)
        cell(x, h0[None])[0].backward(torch.tensor(dh))
        weights = (cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0)
        expected = [x.grad, h0.grad, *(weight.grad for weight in weights), cell.bias_hh_l0.grad[2 * H :]]
        for got, want in zip(
            checks.find("gru.gru_backward").reference(*args.values()), expected, strict=True
        ):
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("cell", "biases"), [("rnn", 1), ("lstm", 4), ("gru", 2)])
def test_counts_are_those_of_torch_less_the_second_biases(cell, biases):
    """Of Torch's second bias, the GRU's candidate needs its part; r and z do not."""
    module = getattr(torch.nn, cell.upper())(5, 7)
    expected = sum(weight.numel() for weight in module.parameters()) - biases * 7
    assert checks.find("gru.parameter_count").reference(cell, 5, 7) == expected


# -- the inputs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_no_gate_is_saturated_and_r_matters(seed):
    for args in cases("gru_step", seed):
        x_t, h_prev, W_xh, W_hh, b_h, b_hn = args.values()
        x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
        h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)
        q = h_n + b_hn
        r = 1 / (1 + np.exp(-(x_r + h_r)))
        for inside in (x_r + h_r, x_z + h_z, 2 * (x_n + r * q)):  # a tanh is a sigmoid of twice as much
            gate = 1 / (1 + np.exp(-inside))
            assert np.median(gate * (1 - gate)) > 0.05  # 0.25 in the middle
            assert np.ptp(gate) > 0.1
        assert np.abs(q).max() > 0.1
        assert np.abs(b_hn).min() >= 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_enter_at_every_step_and_once_at_the_last_only(seed):
    for args in cases("gru_backward", seed):
        assert np.all(args["dh"] != 0)
        assert np.abs(back(*args.values())[0]).max() > 1  # a clipped one is another one
    late = cases("gru_backward", seed, ("last",))
    assert len(late) == 2
    for args in late:
        assert len(args["dh"]) > 2
        assert np.all(args["dh"][:-1] == 0)
        assert np.all(args["dh"][-1] != 0)


# -- a student's way --------------------------------------------------------------------------------------

FIRST_TRY = """
def gru_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn):
    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_hn))
    da_n = dh_t * (1 - z) * (1 - n**2)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    da_r = da_n * h_n * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dq = np.concatenate([da_r, da_z, da_n * r], axis=1)
    dh_prev = dh_t * z + dq @ W_hh
    return da @ W_xh, dh_prev, da.T @ x_t, dq.T @ h_prev, da.sum(axis=0), dq[:, 2 * len(b_hn):].sum(axis=0)
"""


def written(source):
    names = {"np": np, "sigmoid": lambda a: 1 / (1 + np.exp(-a))}
    exec(source, names)
    return names["gru_step_backward"]


def test_a_student_is_told_what_is_wrong_and_gets_full_marks_once_it_is_mended(capsys):
    verdict = check("gru.gru_step_backward", written(FIRST_TRY), 3)
    assert verdict.mistake == "gru.gru_step_backward:dr_without_b_hn"
    message = " ".join(verdict.message.split())
    assert "What r multiplies is q = W_hn h_prev + b_hn: the bias, too." in message
    passed = {entry.name: entry.passed for entry in verdict.details}
    assert passed["db_hn"]  # it does not depend on da_r, and it counts
    assert not any(passed[name] for name in ("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h"))
    assert 0 < verdict.marks(12) < 6

    mended = FIRST_TRY.replace("da_n * h_n * r", "da_n * (h_n + b_hn) * r")
    again = check("gru.gru_step_backward", written(mended), 3)
    assert (again.passed, again.mistake, again.marks(12)) == (True, None, 12.0)
    capsys.readouterr()


def test_one_wrong_gradient_costs_its_own_mark_only():
    def answer(*args):
        dx_t, _, *shares = step_back(*args)
        return dx_t, np.zeros_like(args[2]), *shares

    for seed in SEEDS:
        verdict = check("gru.gru_step_backward", answer, seed)
        core = [entry.name for entry in verdict.details[:6] if not entry.passed]
        assert core == ["dh_prev"]


# -- wrong in a way that has no name ----------------------------------------------------------------------


def kept_between_calls():
    kept = {}

    def answer(dh, x, h0, *weights):
        dx, dh0, *shares = back(dh, x, h0, *weights)
        sums = kept.setdefault((x.shape, x.dtype), [np.zeros_like(weight) for weight in weights])
        for gradient, share in zip(sums, shares, strict=True):
            gradient += share
        return dx, dh0, *(gradient.copy() for gradient in sums)

    return answer


def test_gradients_kept_from_an_earlier_call():
    for seed in SEEDS:
        verdict = check("gru.gru_backward", kept_between_calls(), seed)
        passed = {entry.name: entry.passed for entry in verdict.details}
        assert passed["dx"] and passed["dh0"]
        assert not any(passed[name] for name in ("dW_xh", "dW_hh", "db_h", "db_hn", "results are new"))
        assert "something is kept between calls" in " ".join(verdict.message.split())


def truncated(dh, x, h0, *weights):
    params = reference.Params(*weights)
    dx, dh0, dparams = reference.backward(dh, reference.forward(params, x, h0)[1], window=3)
    return dx, dh0, *dparams


def clipped(*args, limit=1):
    return tuple(np.clip(gradient, -limit, limit) for gradient in back(*args))


def tries_both(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn):
    """Give dW_xh transposed wherever the shape allows it."""
    dx_t, dh_prev, dW_xh, *rest = step_back(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    return dx_t, dh_prev, dW_xh.T if W_xh.shape[0] == W_xh.shape[1] else dW_xh, *rest


def last_gradient_only(dh, x, h0, *weights):
    late = np.zeros_like(dh)
    late[-1] = dh[-1]
    return back(late, x, h0, *weights)


SUBTLE = [
    ("gru_backward", truncated, "dx"),
    ("gru_backward", clipped, "dW_xh"),
    ("gru_backward", lambda *args: clipped(*args, limit=3), "dW_hh"),
    ("gru_backward", lambda *args: [g.astype(np.float32).astype(g.dtype) for g in back(*args)], "dx"),
    ("gru_backward", last_gradient_only, "dx"),
    ("gru_step_backward", tries_both, "B = 1, D = 1, H = 1, all sizes equal, a square W_xh"),
    ("gru_step_backward", lambda *args: tuple(g + 1e-7 for g in step_back(*args)), "dW_xh"),
    ("gru_forward", lambda x, h0, *w: forward(x, h0, *w)[: min(len(x), 5)], "every step"),
    ("gru_forward", lambda x, h0, *w: forward(x, np.clip(h0, -0.5, 0.5), *w), "the first step, h[0]"),
    ("parameter_count", lambda cell, D, H: 3 * H * (D + H + 1) + H, '"lstm"'),
]


@pytest.mark.parametrize(("exercise", "answer", "name"), SUBTLE)
def test_wrong_in_a_way_of_its_own(exercise, answer, name):
    for seed in SEEDS:
        verdict = check(f"gru.{exercise}", answer, seed)
        assert not verdict.passed
        assert name in [entry.name for entry in verdict.details if not entry.passed]


def test_a_count_must_hold_past_32_bits():
    def answer(cell, input_size, hidden_size):
        right = checks.find("gru.parameter_count").reference(cell, input_size, hidden_size)
        return int(np.int64(right).astype(np.int32))

    verdict = check("gru.parameter_count", answer, 1)
    assert [entry.name for entry in verdict.details if not entry.passed] == [
        "very large, very small and equal sizes"
    ]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_count_that_is_a_float_is_seen_whatever_the_cell(cell):
    def answer(name, *sizes):
        right = checks.find("gru.parameter_count").reference(name, *sizes)
        return float(right) if name == cell else right

    verdict = check("gru.parameter_count", answer, 1)
    assert [entry.name for entry in verdict.details if not entry.passed] == ["an int"]


# -- the question in prose --------------------------------------------------------------------------------


def test_the_numbers_in_the_model_answer_are_right(root):
    told = " ".join((root / "solutions" / "gru.py").read_text("utf-8").split("A model answer")[1].split())
    z = 1 / (1 + np.exp(-5))
    assert f"\\approx {z:.4f}$" in told
    assert f"0.9933^{{200}} \\approx {z**200:.2f}$" in told
    mantissa, exponent = re.search(r"0\.5\^\{200\} \\approx (\d) \\cdot 10\^\{(-\d+)\}", told).groups()
    assert f"{0.5**200:.0e}" == f"{mantissa}e{exponent}"
    assert f"1 - z \\approx {1 - z:.3f}$" in told
