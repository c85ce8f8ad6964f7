"""The twist of "Gated recurrent units": back through a step of the minimal gated unit (Zhou et al. 2016)."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.exercise import Exercise, standard_cases
from rnncourse.checks.gru_inputs import Args, Rng, batch, upstream, weights
from rnncourse.checks.rules import sides, values
from rnncourse.reference.gates import sigmoid

Array = np.ndarray
_EDGES = ({"B": 1}, {"D": 1}, {"H": 1}, dict.fromkeys("BDH", 3), {"D": 6, "H": 3})  # last: W_xh (2H, D)


def _draw_step(rng: Rng, B: int, D: int, H: int) -> Args:
    dh_t, x_t, h_prev = upstream(rng, B, H), rng.normal(size=(B, D)), rng.uniform(-0.9, 0.9, (B, H))
    return {"dh_t": dh_t, "x_t": x_t, "h_prev": h_prev, **weights(rng, D, H, gates=2)}


def minimal_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[Array, ...]:
    """Take one step of the minimal gated unit.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    W_xh, W_hh, b_h : arrays (2H, D), (2H, H), (2H,)
        In the order f, n.

    Returns
    -------
    h_t, f, n : arrays (B, H)
        The new state, the forget gate and the candidate.
    """
    (W_hf, W_hn), (x_f, x_n) = np.split(W_hh, 2), np.split(x_t @ W_xh.T + b_h, 2, axis=1)
    f = sigmoid(x_f + h_prev @ W_hf.T)
    n = np.tanh(x_n + (f * h_prev) @ W_hn.T)
    return (1 - f) * h_prev + f * n, f, n


def minimal_step_backward(
    dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> tuple[Array, ...]:
    """Go back through :func:`minimal_step`; ``dh_t (B, H)`` is the total derivative by ``h_t``.

    Returns
    -------
    dx_t, dh_prev, dW_xh, dW_hh, db_h : arrays
        Each of the shape of what it belongs to; those of the weights are summed over the batch.
    """
    W_hf, W_hn = np.split(W_hh, 2)
    _, f, n = minimal_step(x_t, h_prev, W_xh, W_hh, b_h)
    da_n = dh_t * f * (1 - n**2)
    dm = da_n @ W_hn  # of m = f * h_prev, which the candidate sees
    da_f = (dh_t * (n - h_prev) + dm * h_prev) * f * (1 - f)  # f mixes the state, and it makes m
    da_t = np.concatenate([da_f, da_n], axis=1)  # (B, 2H)
    dh_prev = dh_t * (1 - f) + dm * f + da_f @ W_hf
    dW_hh = np.concatenate([da_f.T @ h_prev, da_n.T @ (f * h_prev)])
    return da_t @ W_xh, dh_prev, da_t.T @ x_t, dW_hh, da_t.sum(axis=0)


MINIMAL_GATED_STEP_BACKWARD = Exercise(
    id="gru.minimal_gated_step_backward",
    results=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h"),
    draw=lambda rng: standard_cases(rng, batch, _draw_step, edges=_EDGES),
    reference=minimal_step_backward,
    rules=(
        values("dx_t", 0.13, result=0),
        values("dh_prev", 0.22, result=1),
        values("dW_xh", 0.12, result=2),
        values("dW_hh", 0.18, result=3),
        values("db_h", 0.1, result=4),
        *sides("B = 1, D = 1, H = 1, all sizes equal, a square W_xh"),
    ),
    heading="Back through one step",
    gates=("f", "n"),
    hints=(
        "In how many places does f stand? And h_prev? So how many arrows lead back to each?",
        "Name what the candidate sees: m = f * h_prev. From n you get da_n, from da_n you get dm "
        "= da_n @ W_hn, "
        "and dm goes on to both factors of m.",
        "df = dh_t * (n - h_prev) + dm * h_prev, and da_f = df * f * (1 - f). For dh_prev there "
        "are three terms: "
        "dh_t * (1 - f), dm * f, and what da_f sends through W_hf.",
    ),
)
