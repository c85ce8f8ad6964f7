"""Every tagged equation of the chapter on long short-term memory, (L1) to (L10), against independent numbers.

The oracle is a graph that Torch builds from the equations as the chapter writes them: one sequence, columns,
one weight matrix per gate. Its gradients are autograd's, so nothing here shares a line with the reference.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import coupled_lstm, lstm, peephole_lstm

T, B, D, H = 6, 3, 4, 5
EXACT = {"rtol": 1e-10, "atol": 1e-12}


def leaf(array) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def kept(tensor: torch.Tensor) -> torch.Tensor:
    tensor.retain_grad()
    return tensor


@pytest.fixture(scope="module")
def run() -> SimpleNamespace:
    """A loss that sees every h and the last c; all totals by autograd; arrays (T, B, ...) at the end."""
    rng = np.random.default_rng(0)
    params = lstm.init(rng, D, H)
    x, dh = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, H))
    h0, c0, dc_last = rng.standard_normal((3, B, H))
    blocks = {gate: [leaf(part[k * H : (k + 1) * H]) for part in params] for k, gate in enumerate("ifgo")}
    columns, loss = [], torch.zeros((), dtype=torch.float64)
    for b in range(B):
        h, c, steps = leaf(h0[b]), leaf(c0[b]), []
        first = h, c
        for t in range(T):
            x_t = leaf(x[t, b])
            a = {gate: kept(W_x @ x_t + W_h @ h + bias) for gate, (W_x, W_h, bias) in blocks.items()}
            i, f, o = (1 / (1 + torch.exp(-a[gate])) for gate in "ifo")
            g = torch.tanh(a["g"])
            c = kept(f * c + i * g)
            h = kept(o * torch.tanh(c))
            loss = loss + h @ torch.tensor(dh[t, b])
            steps.append(SimpleNamespace(x=x_t, a=a, gates=[i, f, g, o], c=c, h=h))
        loss = loss + c @ torch.tensor(dc_last[b])
        columns.append((first, steps))
    loss.backward()

    def all_of(pick) -> np.ndarray:
        values = [[pick(steps[t]).detach().numpy() for _, steps in columns] for t in range(T)]
        return np.array(values)

    h, c, cache = lstm.forward(params, x, h0, c0)
    dx, dh0, dc0, dparams = lstm.backward(dh, dc_last, cache)
    before = lambda states, first: np.concatenate([first[None], states[:-1]])  # noqa: E731
    return SimpleNamespace(
        params=params, x=x, dh=dh, dc_last=dc_last, h0=h0, c0=c0, cache=cache,
        ours=SimpleNamespace(h=h, c=c, dx=dx, dh0=dh0, dc0=dc0, dparams=dparams),
        a=np.concatenate([all_of(lambda s, k=k: s.a[k]) for k in "ifgo"], axis=-1),
        gates=[all_of(lambda s, k=k: s.gates[k]) for k in range(4)],
        h=(h_all := all_of(lambda s: s.h)), c=(c_all := all_of(lambda s: s.c)),
        h_prev=before(h_all, h0), c_prev=before(c_all, c0),
        total_h=all_of(lambda s: s.h.grad), total_c=all_of(lambda s: s.c.grad), dx=all_of(lambda s: s.x.grad),
        da=np.concatenate([all_of(lambda s, k=k: s.a[k].grad) for k in "ifgo"], axis=-1),
        dparams=[np.concatenate([blocks[k][n].grad.numpy() for k in "ifgo"]) for n in range(3)],
        dh0=np.array([first[0].grad.numpy() for first, _ in columns]),
        dc0=np.array([first[1].grad.numpy() for first, _ in columns]),
    )  # fmt: skip


def test_the_inside_of_the_gates_is_one_product_for_all_four(run):
    """(L1), and with it the order of the blocks."""
    a = run.x @ run.params.W_xh.T + run.h_prev @ run.params.W_hh.T + run.params.b_h
    assert_allclose(a, run.a, **EXACT)


def test_the_reference_has_the_gates_of_the_equations(run):
    """(L2)."""
    for ours, theirs in zip(run.cache.gates.swapaxes(0, 1), run.gates, strict=True):
        assert_allclose(ours, theirs, **EXACT)


def test_the_states_are_those_of_the_equations(run):
    """(L3), (L4), in one step and in the loop."""
    i, f, g, o = run.gates
    assert_allclose(run.ours.c, f * run.c_prev + i * g, **EXACT)
    assert_allclose(run.ours.h, o * np.tanh(run.c), **EXACT)
    for t in range(T):
        h_t, c_t = lstm.step(run.params, run.x[t], run.h_prev[t], run.c_prev[t])
        assert_allclose(c_t, run.c[t], **EXACT)
        assert_allclose(h_t, run.h[t], **EXACT)


def test_the_total_derivative_of_h_is_direct_and_through_the_gates(run):
    """(L5): autograd's total is the sum that the chapter writes."""
    for t in range(T):
        later = run.da[t + 1] @ run.params.W_hh if t + 1 < T else 0
        assert_allclose(run.dh[t] + later, run.total_h[t], **EXACT)


def test_the_total_derivative_of_c_is_through_h_and_along_the_belt(run):
    """(L6)."""
    _, f, _, o = run.gates
    for t in range(T):
        belt = run.total_c[t + 1] * f[t + 1] if t + 1 < T else run.dc_last
        total = run.total_h[t] * o[t] * (1 - np.tanh(run.c[t]) ** 2) + belt
        assert_allclose(total, run.total_c[t], **EXACT)


def test_each_gate_takes_its_share(run):
    """(L7): the equations against autograd, and ``step_backward`` against both."""
    i, f, g, o = run.gates
    shares = [
        run.total_c * g * i * (1 - i),
        run.total_c * run.c_prev * f * (1 - f),
        run.total_c * i * (1 - g**2),
        run.total_h * np.tanh(run.c) * o * (1 - o),
    ]
    assert_allclose(np.concatenate(shares, axis=-1), run.da, **EXACT)
    for t in range(T):
        belt = run.total_c[t] - run.total_h[t] * o[t] * (1 - np.tanh(run.c[t]) ** 2)
        before = run.x[t], run.h_prev[t], run.c_prev[t]
        dx, dh_prev, dc_prev, dparams = lstm.step_backward(run.params, run.total_h[t], belt, *before)
        assert_allclose(dparams.b_h, run.da[t].sum(axis=0), **EXACT)
        assert_allclose(dx, run.dx[t], **EXACT)
        assert_allclose(dh_prev, run.da[t] @ run.params.W_hh, **EXACT)
        assert_allclose(dc_prev, run.total_c[t] * f[t], **EXACT)


def test_weights_get_sums_over_time_and_batch(run):
    """(L8), and what the whole way back returns."""
    sums = [
        sum(np.outer(run.da[t, b], run.x[t, b]) for t in range(T) for b in range(B)),
        sum(np.outer(run.da[t, b], run.h_prev[t, b]) for t in range(T) for b in range(B)),
        run.da.sum(axis=(0, 1)),
    ]
    for written, theirs, ours in zip(sums, run.dparams, run.ours.dparams, strict=True):
        assert_allclose(written, theirs, **EXACT)
        assert_allclose(ours, theirs, **EXACT)
    assert_allclose(run.da @ run.params.W_xh, run.dx, **EXACT)
    for name in ("dx", "dh0", "dc0"):
        assert_allclose(getattr(run.ours, name), getattr(run, name), **EXACT)


def test_the_total_derivative_of_one_cell_state_by_the_one_before(run):
    """The displayed matrix of the section "A conveyor belt": h moves along, by central differences."""
    t, b, H_rows = 3, 1, slice(1, 2)
    i, f, g, o = (gate[:, b] for gate in run.gates)
    W_i, W_f, W_g, _ = np.split(run.params.W_hh, 4)
    c_prev, o_prev = run.c[t - 1, b], o[t - 1]
    inner = (
        np.diag(g[t] * i[t] * (1 - i[t])) @ W_i
        + np.diag(c_prev * f[t] * (1 - f[t])) @ W_f
        + np.diag(i[t] * (1 - g[t] ** 2)) @ W_g
    )
    written = np.diag(f[t]) + inner @ np.diag(o_prev * (1 - np.tanh(c_prev) ** 2))
    measured, eps = np.empty((H, H)), 1e-6
    for k in range(H):
        ends = []
        for sign in (1, -1):
            moved = c_prev.copy()
            moved[k] += sign * eps
            h_moved = o_prev * np.tanh(moved)
            ends.append(lstm.step(run.params, run.x[t, H_rows], h_moved[None], moved[None])[1][0])
        measured[:, k] = (ends[0] - ends[1]) / (2 * eps)
    assert_allclose(written, measured, atol=1e-9)
    assert abs(written - np.diag(f[t])).max() > 1e-3  # the belt alone is not it


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def test_peepholes_see_the_old_cell_and_the_output_gate_the_new_one():
    """(L9), entry by entry."""
    rng = np.random.default_rng(1)
    params = peephole_lstm.init(rng, D, H)
    x_t, (h_prev, c_prev) = rng.standard_normal((B, D)), rng.standard_normal((2, B, H))
    h_t, c_t = peephole_lstm.step(params, x_t, h_prev, c_prev)
    for b in range(B):
        for k in range(H):
            a = [
                params.W_xh[n * H + k] @ x_t[b] + params.W_hh[n * H + k] @ h_prev[b] + params.b_h[n * H + k]
                for n in range(4)
            ]
            i = sigmoid(a[0] + params.p_i[k] * c_prev[b, k])
            f = sigmoid(a[1] + params.p_f[k] * c_prev[b, k])
            c = f * c_prev[b, k] + i * np.tanh(a[2])
            o = sigmoid(a[3] + params.p_o[k] * c)
            assert_allclose([c_t[b, k], h_t[b, k]], [c, o * np.tanh(c)], **EXACT)


def test_a_coupled_cell_lies_between_the_old_one_and_the_candidate():
    """(L10), entry by entry."""
    rng = np.random.default_rng(2)
    params = coupled_lstm.init(rng, D, H)
    x_t, (h_prev, c_prev) = rng.standard_normal((B, D)), rng.standard_normal((2, B, H))
    h_t, c_t = coupled_lstm.step(params, x_t, h_prev, c_prev)
    for b in range(B):
        for k in range(H):
            f, g, o = (
                params.W_xh[n * H + k] @ x_t[b] + params.W_hh[n * H + k] @ h_prev[b] + params.b_h[n * H + k]
                for n in range(3)
            )
            c = sigmoid(f) * c_prev[b, k] + (1 - sigmoid(f)) * np.tanh(g)
            assert_allclose([c_t[b, k], h_t[b, k]], [c, sigmoid(o) * np.tanh(c)], **EXACT)
            assert min(c_prev[b, k], np.tanh(g)) <= c_t[b, k] <= max(c_prev[b, k], np.tanh(g))
