"""Every tagged equation of the chapter on gated recurrent units, against the code and against autograd.

The equations are written out once more here, unit by unit and without a batch, as the page has them; autograd
goes back through (U1) to (U5), so that it needs none of the formulas that it judges.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import gru, min_gru

T, B, D, H = 5, 3, 2, 4
PAGE = (Path(__file__).parents[2] / "book" / "gru.md").read_text("utf-8")
RNG = np.random.default_rng(17)
PARAMS = gru.Params(
    RNG.normal(size=(3 * H, D)), RNG.normal(size=(3 * H, H)), RNG.normal(size=3 * H), RNG.normal(size=H)
)
X, H0, DH = RNG.normal(size=(T, B, D)), RNG.normal(size=(B, H)), RNG.normal(size=(T, B, H))
CHECKED: dict[str, Callable[[], None]] = {}


def checks(*tags: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def note(function: Callable[[], None]) -> Callable[[], None]:
        CHECKED.update(dict.fromkeys(tags, function))
        return function

    return note


def blocks(rows: torch.Tensor | np.ndarray) -> list:
    return [rows[k * H : (k + 1) * H] for k in range(3)]


class Traced:
    """One step for one sequence in Torch, every quantity of the page with its gradient kept."""

    def __init__(self, x: np.ndarray, h: np.ndarray, upstream: np.ndarray, before: bool = False) -> None:
        self.W_x, self.W_h, self.b = (blocks(torch.tensor(p)) for p in PARAMS[:3])
        self.b_hn = torch.tensor(PARAMS.b_hn)
        self.x, self.h_prev = torch.tensor(x, requires_grad=True), torch.tensor(h, requires_grad=True)
        W_hr, W_hz, W_hn = self.W_h
        self.a_r = self.W_x[0] @ self.x + W_hr @ self.h_prev + self.b[0]
        self.r = torch.sigmoid(self.a_r)  # (U1)
        self.a_z = self.W_x[1] @ self.x + W_hz @ self.h_prev + self.b[1]
        self.z = torch.sigmoid(self.a_z)  # (U2)
        if before:
            self.m = self.r * self.h_prev
            self.a_n = self.W_x[2] @ self.x + self.b[2] + W_hn @ self.m  # (U14)
        else:
            self.q = W_hn @ self.h_prev + self.b_hn  # (U3)
            self.a_n = self.W_x[2] @ self.x + self.b[2] + self.r * self.q  # (U4)
        self.n = torch.tanh(self.a_n)
        self.h = (1 - self.z) * self.n + self.z * self.h_prev  # (U5)
        self.dh = torch.tensor(upstream)
        inner = [self.a_r, self.a_z, self.a_n, self.m if before else self.q]
        for node in inner:
            node.retain_grad()
        (self.h * self.dh).sum().backward()
        self.da_r, self.da_z, self.da_n, self.d_seen = (node.grad for node in inner)

    def forward(self) -> np.ndarray:
        return self.h.detach().numpy()


def traced(before: bool = False) -> list[Traced]:
    return [Traced(X[0, b], H0[b], DH[0, b], before) for b in range(B)]


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=1e-12, atol=1e-14)


@checks("U1", "U2", "U3", "U4", "U5")
def forward() -> None:
    expected = np.stack([step.forward() for step in traced()])
    assert_allclose(gru.step(PARAMS, X[0], H0), expected, rtol=1e-12)
    assert_allclose(gru.forward(PARAMS, X[:1], H0)[0][0], expected, rtol=1e-12)


@checks("U14")
def forward_reset_before() -> None:
    expected = np.stack([step.forward() for step in traced(before=True)])
    assert_allclose(gru.step(PARAMS, X[0], H0, reset_before=True), expected, rtol=1e-12)
    assert abs(expected - gru.step(PARAMS, X[0], H0)).max() > 1e-2


@checks("U6")
def candidate() -> None:
    for s in traced():
        close(s.da_n, s.dh * (1 - s.z) * (1 - s.n * s.n))


@checks("U7")
def update_gate() -> None:
    for s in traced():
        close(s.da_z, s.dh * (s.h_prev - s.n) * s.z * (1 - s.z))


@checks("U8")
def reset_gate() -> None:
    for s in traced():
        close(s.da_r, s.da_n * s.q * s.r * (1 - s.r))


@checks("U9")
def what_the_candidate_could_see() -> None:
    for s in traced():
        close(s.d_seen, s.da_n * s.r)


@checks("U10", "U11")
def out_of_the_step() -> None:
    steps = traced()
    for s in steps:
        gates = s.W_h[0].T @ s.da_r + s.W_h[1].T @ s.da_z
        close(s.h_prev.grad, s.z * s.dh + gates + s.W_h[2].T @ s.d_seen)
        close(s.x.grad, s.W_x[0].T @ s.da_r + s.W_x[1].T @ s.da_z + s.W_x[2].T @ s.da_n)
    dx, dh_prev, _ = gru.step_backward(PARAMS, DH[0], X[0], H0)
    assert_allclose(dx, np.stack([s.x.grad.numpy() for s in steps]), rtol=1e-11)
    assert_allclose(dh_prev, np.stack([s.h_prev.grad.numpy() for s in steps]), rtol=1e-11)


@checks("U15")
def back_through_reset_before() -> None:
    steps = traced(before=True)
    for s in steps:
        close(s.d_seen, s.W_h[2].T @ s.da_n)
        close(s.da_r, s.d_seen * s.h_prev * s.r * (1 - s.r))
        gates = s.W_h[0].T @ s.da_r + s.W_h[1].T @ s.da_z
        close(s.h_prev.grad, s.z * s.dh + gates + s.d_seen * s.r)
    _, dh_prev, shares = gru.step_backward(PARAMS, DH[0], X[0], H0, reset_before=True)
    assert_allclose(dh_prev, np.stack([s.h_prev.grad.numpy() for s in steps]), rtol=1e-11)
    dW_hn = sum(torch.outer(s.da_n, s.m).detach().numpy() for s in steps)
    assert_allclose(shares.W_hh[2 * H :], dW_hn, rtol=1e-11)


@checks("U12", "U13")
def through_time() -> None:
    h, cache = gru.forward(PARAMS, X, H0)
    before = np.concatenate([H0[None], h[:-1]])
    totals, carried = np.empty_like(DH), np.zeros((B, H))
    sums = [np.zeros_like(p) for p in PARAMS]
    for t in reversed(range(T)):
        totals[t] = DH[t] + carried  # (U12)
        for b in range(B):
            s = Traced(X[t, b], before[t, b], totals[t, b])
            carried[b] = s.h_prev.grad.numpy()
            da = torch.cat([s.da_r, s.da_z, s.da_n]).detach().numpy()
            ds = torch.cat([s.da_r, s.da_z, s.d_seen]).detach().numpy()
            terms = np.outer(da, X[t, b]), np.outer(ds, before[t, b]), da, ds[2 * H :]
            for total, term in zip(sums, terms):  # (U13)
                total += term
    _, dh0, dparams = gru.backward(DH, cache)
    assert_allclose(dh0, carried, rtol=1e-10)
    for ours, total in zip(dparams, sums, strict=True):
        assert_allclose(ours, total, rtol=1e-10, atol=1e-12)


@checks("U16", "U17", "U18")
def min_gru_step() -> None:
    W, b = RNG.normal(size=(2 * H, D)), RNG.normal(size=2 * H)
    expected = np.empty((B, H))
    for k in range(B):
        z = 1 / (1 + np.exp(-(W[:H] @ X[0, k] + b[:H])))
        n = W[H:] @ X[0, k] + b[H:]
        expected[k] = (1 - z) * H0[k] + z * n
    params = min_gru.Params(W, b)
    assert_allclose(min_gru.step(params, X[0], H0), expected, rtol=1e-12)
    assert_allclose(min_gru.forward(params, X[:1], H0)[0][0], expected, rtol=1e-12)


@pytest.mark.parametrize("tag", CHECKED)
def test_the_equation_holds(tag: str) -> None:
    CHECKED[tag]()


def test_every_tagged_equation_is_among_them() -> None:
    assert set(re.findall(r"^\$\$ \((U\d+)\)$", PAGE, re.MULTILINE)) == set(CHECKED)
