"""Every tagged equation of the chapter on backpropagation through time, written out, against the code.

The maths speaks of single sequences and columns, so these tests do: loops over steps and sequences, no
batched product. What the equations are about, the loss, is differentiated by Torch.
"""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import embedding, gradcheck, losses, output_layer, rnn, rnn_cell

T, B, D, H, V = 6, 3, 2, 4, 5


@pytest.fixture
def net():
    """A masked next-word network, everything in it random, and Torch's gradients of all of it."""
    rng = np.random.default_rng(0)
    shapes = {
        "E": (V, D),
        "h0": (B, H),
        "W_xh": (H, D),
        "W_hh": (H, H),
        "b_h": (H,),
        "W_hy": (V, H),
        "b_y": (V,),
    }
    made = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
    ids, targets = rng.integers(V - 1, size=(T, B)), rng.integers(V, size=(T, B))
    mask = np.arange(T)[:, None] < np.array([6, 4, 3])
    mask[2, 0] = False  # a gap in the middle

    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in made.items()}
    states, logits, state, inputs, insides = [], [], leaves["h0"], [], []
    for t in range(T):
        inputs.append(leaves["E"][torch.tensor(ids[t])])
        insides.append(inputs[-1] @ leaves["W_xh"].T + state @ leaves["W_hh"].T + leaves["b_h"])
        state = torch.where(torch.tensor(mask[t])[:, None], torch.tanh(insides[-1]), state)
        # read out through a copy: what reaches the copy is the direct derivative alone
        states.append((state, state.clone()))
        logits.append(states[-1][1] @ leaves["W_hy"].T + leaves["b_y"])
    middle = [*inputs, *insides, *(tensor for pair in states for tensor in pair), *logits]
    for tensor in middle:
        tensor.retain_grad()
    log_p = torch.log_softmax(torch.stack(logits), dim=-1)
    nats = -log_p.gather(-1, torch.tensor(targets)[..., None])[..., 0]
    (nats * torch.tensor(mask)).sum().div(mask.sum()).backward()

    stacked = {
        "dx": inputs,
        "alpha": insides,
        "delta": [total for total, _ in states],
        "direct": [direct for _, direct in states],
        "dy": logits,
    }
    found = {name: np.stack([tensor.grad.numpy() for tensor in tensors]) for name, tensors in stacked.items()}
    found |= {f"d{name}": leaf.grad.numpy() for name, leaf in leaves.items()}
    found |= made | {"ids": ids, "targets": targets, "mask": mask}
    found["h"] = np.stack([total.detach().numpy() for total, _ in states])
    found["before"] = np.concatenate([found["h0"][None], found["h"][:-1]])
    found["y"], found["x"] = torch.stack(logits).detach().numpy(), found["E"][ids]
    return found


def carried(net, t):
    """(B13) and (B5): what step t carries to the state before it, for all sequences."""
    kappa = np.zeros((B, H))
    for b in range(B):
        m = float(net["mask"][t, b])
        kappa[b] = net["W_hh"].T @ net["alpha"][t, b] + (1 - m) * net["delta"][t, b]
    return kappa


def close(actual, expected):
    assert actual.shape == expected.shape
    assert_allclose(actual, expected, rtol=1e-10, atol=1e-13)


def test_b1_expected_minus_what_came(net):
    written = np.zeros((T, B, V))
    for t in range(T):
        for b in range(B):
            p = np.exp(net["y"][t, b]) / np.exp(net["y"][t, b]).sum()
            written[t, b] = net["mask"][t, b] / net["mask"].sum() * (p - np.eye(V)[net["targets"][t, b]])
    close(written, net["dy"])
    close(losses.softmax_cross_entropy_backward(net["y"], net["targets"], net["mask"]), written)


def test_b2_and_b3_the_output_layer(net):
    direct, dW_hy, db_y = np.zeros((T, B, H)), np.zeros((V, H)), np.zeros(V)
    for t in range(T):
        for b in range(B):
            direct[t, b] = net["W_hy"].T @ net["dy"][t, b]
            dW_hy += np.outer(net["dy"][t, b], net["h"][t, b])
            db_y += net["dy"][t, b]
    for written, torchs in ((direct, net["direct"]), (dW_hy, net["dW_hy"]), (db_y, net["db_y"])):
        close(written, torchs)
    for ours, written in zip(output_layer.backward(net["dy"], net["h"], net["W_hy"]), (direct, dW_hy, db_y)):
        close(ours, written)


def test_b8_total_is_direct_plus_carried(net):
    for t in range(T):
        close(net["direct"][t] + (carried(net, t + 1) if t + 1 < T else 0), net["delta"][t])


def test_b4_and_b13_the_slope_is_read_off_the_state(net):
    close(net["mask"][..., None] * net["delta"] * (1 - net["h"] ** 2), net["alpha"])


def test_b5_and_b13_what_leaves_the_first_step_is_dh0(net):
    close(carried(net, 0), net["dh0"])


def test_b6_to_the_inputs(net):
    close(np.einsum("hd,tbh->tbd", net["W_xh"], net["alpha"]), net["dx"])


def test_b7_every_use_adds_its_share(net):
    dW_hh, dW_xh, db_h = np.zeros((H, H)), np.zeros((H, D)), np.zeros(H)
    for t in range(T):
        for b in range(B):
            dW_hh += np.outer(net["alpha"][t, b], net["before"][t, b])
            dW_xh += np.outer(net["alpha"][t, b], net["x"][t, b])
            db_h += net["alpha"][t, b]
    for written, torchs in ((dW_hh, net["dW_hh"]), (dW_xh, net["dW_xh"]), (db_h, net["db_h"])):
        close(written, torchs)


def test_the_loop_computes_b4_to_b8_and_b13(net):
    params = rnn.Params(net["W_xh"], net["W_hh"], net["b_h"])
    _, cache = rnn.forward(params, net["x"], net["h0"], net["mask"])
    dx, dh0, dparams = rnn.backward(net["direct"], cache)
    for ours, name in zip((dx, dh0, *dparams), ("dx", "dh0", "dW_xh", "dW_hh", "db_h"), strict=True):
        close(ours, net[name])


def test_one_step_computes_b4_to_b7(net):
    params, t = rnn.Params(net["W_xh"], net["W_hh"], net["b_h"]), 1
    assert net["mask"][t].all()
    dx, dh_prev, share = rnn_cell.step_backward(
        params, net["delta"][t], net["x"][t], net["before"][t], net["h"][t]
    )
    close(dx, net["dx"][t])
    close(dh_prev, carried(net, t))
    close(share.W_hh, sum(np.outer(net["alpha"][t, b], net["before"][t, b]) for b in range(B)))
    close(share.W_xh, sum(np.outer(net["alpha"][t, b], net["x"][t, b]) for b in range(B)))
    close(share.b_h, net["alpha"][t].sum(axis=0))


def test_b9_every_occurrence_of_a_word_adds_to_its_row(net):
    dE = np.zeros((V, D))
    for t in range(T):
        for b in range(B):
            dE[net["ids"][t, b]] += net["dx"][t, b]
    assert np.bincount(net["ids"].ravel()).max() > 2 and not dE[V - 1].any()
    close(dE, net["dE"])
    close(embedding.backward(net["ids"], net["dx"], V), dE)


def test_b10_central_differences():
    rng = np.random.default_rng(1)
    A, x, eps = rng.normal(size=(3, 3)), rng.normal(size=3), 1e-2
    f = lambda v: float(np.sum(np.exp(A @ v)))  # noqa: E731
    written = [(f(x + eps * e) - f(x - eps * e)) / (2 * eps) for e in np.eye(3)]
    assert_allclose(gradcheck.numerical_gradient(f, x, eps), written, rtol=1e-10)


def test_b11_one_direction_for_all():
    rng = np.random.default_rng(2)
    A, b, eps = rng.normal(size=(2, 3)), rng.normal(size=3), 1e-2
    gradients = rng.normal(size=A.shape), rng.normal(size=b.shape)  # wrong ones: the error is no rounding
    f = lambda A, b: float(np.sum(np.exp(A @ b)))  # noqa: E731
    error = gradcheck.projection_error(f, [A, b], gradients, np.random.default_rng(3), eps)
    draw = np.random.default_rng(3)
    v, w = draw.standard_normal(A.shape), draw.standard_normal(b.shape)
    measured = (f(A + eps * v, b + eps * w) - f(A - eps * v, b - eps * w)) / (2 * eps)
    claimed = np.vdot(gradients[0], v) + np.vdot(gradients[1], w)
    assert error == pytest.approx(abs(measured - claimed) / max(abs(measured), abs(claimed)), rel=1e-9)


@pytest.mark.parametrize("window", [1, 2, 4])
def test_b12_nothing_is_carried_out_of_a_window(net, window):
    params = rnn.Params(net["W_xh"], net["W_hh"], net["b_h"])
    h, cache = rnn.forward(params, net["x"], net["h0"])
    ours = rnn.backward(net["direct"], cache, window=window)
    kappa, dh0, alpha = np.zeros((B, H)), None, np.zeros((T, B, H))
    for step in range(T, 0, -1):  # the maths counts from 1
        t = step - 1
        alpha[t] = (net["direct"][t] + kappa) * (1 - h[t] ** 2)
        first_of_a_window = step in range(1, T + 1, window)
        kappa = alpha[t] @ net["W_hh"]
        dh0 = kappa
        if first_of_a_window and step > 1:
            kappa = np.zeros((B, H))
    before = np.concatenate([net["h0"][None], h[:-1]])
    close(ours[0], alpha @ net["W_xh"])
    close(ours[1], dh0)
    close(ours[2].W_hh, np.einsum("tbi,tbj->ij", alpha, before))
    whole = rnn.backward(net["direct"], cache)
    assert not np.allclose(ours[2].W_hh, whole[2].W_hh)
