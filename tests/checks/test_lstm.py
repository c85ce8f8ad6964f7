"""The exercises on the LSTM: wired to Torch, inputs that expose, wrong answers of every other kind."""

import numpy as np
import pytest
import torch

from rnncourse import checks
from rnncourse.checks import check
from rnncourse.checks.lstm_inputs import batch, never_twice
from rnncourse.checks.lstm_relatives import coupled_peephole_step_backward
from rnncourse.reference import lstm as reference

SEEDS = range(40, 44)


def cases(name, seed, tags=("plain",)):
    drawn = checks.find(f"lstm.{name}").draw(np.random.default_rng(seed))
    return [case.args for case in drawn if case.tag in tags]


def step_back(dh_t, dc_t, x_t, h_prev, c_prev, *weights):
    *three, dparams = reference.step_backward(reference.Params(*weights), dh_t, dc_t, x_t, h_prev, c_prev)
    return *three, *dparams


def back(dh, dc_last, x, h0, c0, *weights):
    cache = reference.forward(reference.Params(*weights), x, h0, c0)[2]
    *three, dparams = reference.backward(dh, dc_last, cache)
    return *three, *dparams


def forward(x, h0, c0, *weights):
    return reference.forward(reference.Params(*weights), x, h0, c0)[:2]


# -- against Torch -----------------------------------------------------------------------------------------


def relative(x_t, h_prev, c_prev, W_xh, W_hh, b_h, p_i, p_f, p_o):
    """Take a step on tensors: with four gates or three, with peepholes where they are not None."""
    a = list((x_t @ W_xh.T + h_prev @ W_hh.T + b_h).chunk(len(b_h) // h_prev.shape[1], dim=1))
    a_i = a.pop(0) if len(a) == 4 else None
    f = torch.sigmoid(a[0] + (0 if p_f is None else p_f * c_prev))
    i = 1 - f if a_i is None else torch.sigmoid(a_i + (0 if p_i is None else p_i * c_prev))
    c_t = f * c_prev + i * torch.tanh(a[1])
    o = torch.sigmoid(a[2] + (0 if p_o is None else p_o * c_t))
    return o * torch.tanh(c_t), c_t


@pytest.mark.parametrize("seed", SEEDS)
def test_the_twist_agrees_with_torch(seed):
    for args in cases("coupled_peephole_lstm_step_backward", seed):
        dh_t, dc_t, *leaves = (torch.tensor(value, requires_grad=True) for value in args.values())
        p_f, p_o = leaves[-2:]
        h_t, c_t = relative(*leaves[:-2], None, p_f, p_o)
        # dc_t enters at c_t as one more use of it; Torch adds the ways through h_t by itself
        expected = torch.autograd.grad((h_t, c_t), leaves, (dh_t, dc_t))
        for got, want in zip(coupled_peephole_step_backward(*args.values()), expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_relatives_steps_agree_with_torch(seed):
    for name in ("peephole_lstm_step", "coupled_lstm_step"):
        for args in cases(name, seed):
            tensors = [torch.tensor(value) for value in args.values()]
            expected = relative(*(tensors + [None] * 3)[:9])
            for got, want in zip(
                checks.find(f"lstm.{name}").reference(*args.values()), expected, strict=True
            ):
                np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradients_asked_for_are_torchs(seed):
    """The wiring of the check: names, order of results, where ``dc_last`` enters."""
    for args in cases("lstm_backward", seed, ("plain", "last")):
        dh, dc_last, x, h0, c0, *weights = args.values()
        cell = torch.nn.LSTM(x.shape[2], h0.shape[1], dtype=torch.float64)
        params = reference.Params(*weights)
        cell.load_state_dict({name: torch.from_numpy(value) for name, value in params.to_torch().items()})
        x, h0, c0 = (torch.tensor(value, requires_grad=True) for value in (x, h0, c0))
        h, (_, c_last) = cell(x, (h0[None], c0[None]))
        torch.autograd.backward((h, c_last[0]), (torch.tensor(dh), torch.tensor(dc_last)))
        expected = [x, h0, c0, cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0]
        for got, want in zip(
            checks.find("lstm.lstm_backward").reference(*args.values()), expected, strict=True
        ):
            np.testing.assert_allclose(got, want.grad, rtol=0, atol=1e-10)


# -- the inputs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_no_gate_is_saturated_and_the_cell_leaves_the_straight_part_of_tanh(seed):
    for args in cases("lstm_step", seed):
        x_t, h_prev, c_prev, W_xh, W_hh, b_h = args.values()
        i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
        for inside in (i, f, 2 * g, o):  # a tanh is a sigmoid of twice as much, from -1 to 1
            gate = 1 / (1 + np.exp(-inside))
            assert np.median(gate * (1 - gate)) > 0.05  # 0.25 in the middle
            assert np.ptp(gate) > 0.1
        assert np.abs(c_prev).max() > 1 > np.abs(h_prev).max()
        assert np.abs(c_prev).min() > 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_enter_everywhere_and_once_at_the_last_step_only(seed):
    for args in cases("lstm_backward", seed):
        assert len(args["dh"]) > 4
        assert np.abs(args["dh"]).min() >= 5 and np.abs(args["dc_last"]).min() >= 5
        assert np.abs(back(*args.values())[3]).max() > 5  # a clipped one is another one
    late = cases("lstm_backward", seed, ("last",))
    assert len(late) == 2
    for args in late:
        assert np.all(args["dh"][:-1] == 0) and np.all(args["dc_last"] == 0)
        assert np.all(args["dh"][-1] != 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_sizes_are_drawn_twice(seed):
    rng, draw = np.random.default_rng(seed), never_twice(batch)
    drawn = [tuple(draw(rng).values()) for _ in range(20)]
    assert len(set(drawn)) == 20


# -- marks by property -------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize(("exercise", "right"), [("lstm_step_backward", step_back), ("lstm_backward", back)])
def test_one_wrong_gradient_costs_its_own_mark_only(exercise, right, place):
    def answer(*args):
        six = list(right(*args))
        six[place] = np.zeros_like(six[place])
        return tuple(six)

    for seed in SEEDS:
        verdict = check(f"lstm.{exercise}", answer, seed)
        assert [entry.name for entry in verdict.details[:6] if not entry.passed] == [
            checks.find(f"lstm.{exercise}").results[place]
        ]
        assert verdict.score > 0.4


def test_who_drops_dc_last_is_right_where_it_is_zero():
    verdict = check("lstm.lstm_backward", lambda dh, dc_last, *rest: back(dh, 0 * dc_last, *rest), 3)
    assert verdict.mistake == "lstm.lstm_backward:dc_last_dropped"
    passed = {entry.name: entry.passed for entry in verdict.details}
    assert passed["a loss that sees the last h only"] and not passed["dc0"]
    assert 0 < verdict.score < 0.4


# -- wrong in a way that has no name -----------------------------------------------------------------------


def truncated(dh, dc_last, x, h0, c0, *weights):
    cache = reference.forward(reference.Params(*weights), x, h0, c0)[2]
    *three, dparams = reference.backward(dh, dc_last, cache, window=4)
    return *three, *dparams


def tries_both(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    """Give dW_xh transposed wherever the shape allows it."""
    *three, dW_xh, dW_hh, db_h = step_back(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h)
    return *three, dW_xh.T if W_xh.shape[0] == W_xh.shape[1] else dW_xh, dW_hh, db_h


def clipped(*args, limit=1):
    return tuple(np.clip(gradient, -limit, limit) for gradient in back(*args))


def clipped_on_the_way(dh, dc_last, x, h0, c0, *weights):
    hs, cs = forward(x, h0, c0, *weights)
    hs, cs = np.concatenate([h0[None], hs]), np.concatenate([c0[None], cs])
    to_h, to_c, rows, sums = 0 * h0, dc_last, [], [0 * w for w in weights]
    for t in reversed(range(len(x))):
        dx_t, to_h, to_c, *shares = step_back(dh[t] + to_h, to_c, x[t], hs[t], cs[t], *weights)
        to_h = np.clip(to_h, -5, 5)
        rows.append(dx_t)
        sums = [a + b for a, b in zip(sums, shares, strict=True)]
    return np.stack(rows[::-1]), to_h, to_c, *sums


def cell_clipped(x_t, h_prev, c_prev, *weights):
    """Keep the cell inside a range, as some systems for speech do."""
    h_t, c_t = reference.step(reference.Params(*weights), x_t, h_prev, c_prev)
    return h_t, np.clip(c_t, -1, 1)


def hard_sigmoid(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, o = (np.clip(0.2 * a + 0.5, 0, 1) for a in (i, f, o))
    c_t = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c_t), c_t


def three_decimals(*args):
    return tuple(np.round(gradient, 3) for gradient in step_back(*args))


SUBTLE = [
    ("lstm_backward", truncated, "dx"),
    ("lstm_backward", clipped, "dW_xh"),
    ("lstm_backward", clipped_on_the_way, "dW_hh"),
    ("lstm_backward", lambda *args: [g.astype(np.float32).astype(g.dtype) for g in back(*args)], "dx"),
    ("lstm_backward", lambda dh, *rest: back(np.concatenate([0 * dh[:1], dh[1:]]), *rest), "dh0"),
    ("lstm_backward", lambda dh, dc, *rest: back(dh, dc * (len(dh) > 1), *rest), "T = 1, B = 1, H = 1"),
    ("lstm_backward", lambda dh, dc, *rest: back(dh, dc if dh.any() else 0 * dc, *rest), "T = 1, B = 1"),
    ("lstm_step_backward", tries_both, "B = 1, D = 1, H = 1, all sizes equal, a square W_xh"),
    ("lstm_step_backward", three_decimals, "dW_xh"),
    ("lstm_step_backward", lambda *args: tuple(g + 1e-6 for g in step_back(*args)), "dx_t"),
    ("lstm_step_backward", lambda *args: step_back(*args)[:5], "dx_t"),
    ("lstm_step", cell_clipped, "c_t"),
    ("lstm_step", hard_sigmoid, "h_t"),
    ("lstm_forward", lambda x, h0, c0, *w: forward(x, h0, np.tanh(c0), *w), "the first step, h[0] and c[0]"),
    ("lstm_forward", lambda x, h0, *rest: forward(x, np.clip(h0, -0.5, 0.5), *rest), "h at every step"),
    ("lstm_forward", lambda *args: forward(*args)[0], "h at every step"),
    ("forget_bias", lambda b_h, value: np.where(np.arange(len(b_h)) // 5 == 1, value, b_h), "values"),
    ("forget_bias", lambda b_h, value: fill(b_h, value or 1.0), "H = 1, other values"),
    ("forget_bias", lambda b_h, value: fill(b_h, abs(value)), "H = 1, other values"),
    ("forget_bias", lambda b_h, value: fill(b_h.astype(np.float64), value), "float32 in, float32 out"),
]


def fill(b_h, value):
    b_h = b_h.copy()
    b_h[len(b_h) // 4 : len(b_h) // 2] = value
    return b_h


@pytest.mark.parametrize(("exercise", "answer", "name"), SUBTLE)
def test_wrong_in_a_way_of_its_own(exercise, answer, name):
    for seed in SEEDS:
        verdict = check(f"lstm.{exercise}", answer, seed)
        assert not verdict.passed
        assert any(entry.name.startswith(name) for entry in verdict.details if not entry.passed)


# -- right in an unusual form ------------------------------------------------------------------------------


def einsum_steps(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    a = np.einsum("bd,gd->bg", x_t, W_xh) + np.einsum("bh,gh->bg", h_prev, W_hh) + b_h
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
    shown = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - shown**2)
    da = np.hstack(
        [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * shown * o * (1 - o)]
    )
    return [
        np.einsum("bg,gd->bd", da, W_xh),
        np.einsum("bg,gh->bh", da, W_hh),
        dc * f,
        np.einsum("bg,bd->gd", da, x_t),
        np.einsum("bg,bh->gh", da, h_prev),
        np.einsum("bg->g", da),
    ]


def one_at_a_time(*args):
    """Loop over the batch, with vectors where the batch was."""
    dh_t, dc_t, x_t, h_prev, c_prev, *weights = args
    rows = [
        einsum_steps(*(a[b : b + 1] for a in (dh_t, dc_t, x_t, h_prev, c_prev)), *weights)
        for b in range(len(x_t))
    ]
    parts = list(zip(*rows, strict=True))
    return *(np.concatenate(part) for part in parts[:3]), *(sum(part[1:], part[0]) for part in parts[3:])


def in_fortran_order(*args):
    return tuple(np.asfortranarray(gradient) for gradient in step_back(*args))


def in_long_double(*args):
    """Compute with more digits than were asked for."""
    wide = [np.asarray(arg, np.longdouble) for arg in args]
    return tuple(np.asarray(gradient, args[0].dtype) for gradient in step_back(*wide))


@pytest.mark.parametrize("answer", [einsum_steps, one_at_a_time, in_fortran_order, in_long_double])
def test_right_in_another_form(answer):
    for seed in SEEDS:
        verdict = check("lstm.lstm_step_backward", answer, seed)
        assert verdict.passed, verdict


@pytest.mark.parametrize("answer", [step_back, einsum_steps, one_at_a_time])
def test_float32_gives_float32_and_is_near_enough(answer):
    """The check's own tolerance must hold for sums in any order, with much to spare."""
    for seed in range(100, 160):
        (args,) = cases("lstm_step_backward", seed, ("float32",))
        exact = step_back(*(value.astype(np.float64) for value in args.values()))
        for got, want in zip(answer(*args.values()), exact, strict=True):
            assert got.dtype == np.float32
            assert np.abs(got - want).max() < 0.25 * 2e-5 * np.abs(want).max()


def test_float32_through_time_is_near_enough():
    for seed in range(100, 160):
        (args,) = cases("lstm_backward", seed, ("float32",))
        exact = back(*(value.astype(np.float64) for value in args.values()))
        for got, want in zip(back(*args.values()), exact, strict=True):
            assert got.dtype == np.float32
            assert np.abs(got - want).max() < 0.5 * 2e-5 * np.abs(want).max()
