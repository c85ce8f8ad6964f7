"""The exercises of "Gated recurrent units" on the way back: through one step, and through time."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, standard_cases
from rnncourse.checks.gru_inputs import (
    EDGES,
    EDGES_IN_TIME,
    Args,
    Rng,
    batch,
    sequence,
    sizes,
    step,
    upstream,
)
from rnncourse.checks.rules import sides, values
from rnncourse.reference import gru as reference

Gradients = tuple[np.ndarray, ...]


# ---------------------------------------------------------------- one step
def _step(rng: Rng, B: int, D: int, H: int) -> Args:
    return {"dh_t": upstream(rng, B, H), **step(rng, B, D, H)}


def _step_back(dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, *weights: np.ndarray) -> Gradients:
    dx_t, dh_prev, dparams = reference.step_backward(reference.Params(*weights), dh_t, x_t, h_prev)
    return dx_t, dh_prev, *dparams


GRU_STEP_BACKWARD = Exercise(
    id="gru.gru_step_backward",
    results=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h", "db_hn"),
    draw=lambda rng: standard_cases(rng, batch, _step, edges=EDGES),
    reference=_step_back,
    rules=(
        values("dx_t", 0.1, result=0),
        values("dh_prev", 0.2, result=1),
        values("dW_xh", 0.1, result=2),
        values("dW_hh", 0.15, result=3),
        values("db_h", 0.1, result=4),
        values("db_hn", 0.1, result=5),
        *sides("B = 1, D = 1, H = 1, all sizes equal, a square W_xh"),
    ),
    heading="Back through one step",
    gates=("r", "z", "n"),
    hints=(
        "In how many places of the step does h_prev stand? Does dh_prev have a term for each of them?",
        "Compute r, z, n and q = h_prev @ W_hn.T + b_hn again. Then the gradients of what stands inside n, z "
        "and r, in that order. q gets r times what n gets.",
        "da_n = dh_t * (1 - z) * (1 - n**2); da_z = dh_t * (h_prev - n) * z * (1 - z); da_r = da_n * q * r * "
        "(1 - r); dq = da_n * r. From x_t's side the stack is [da_r, da_z, da_n], from h_prev's "
        "[da_r, da_z, dq].",
    ),
)


# ---------------------------------------------------------------- through time
def _sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    return {"dh": upstream(rng, T, B, H), **sequence(rng, T, B, D, H)}


def _draw(rng: Rng) -> list[Case]:
    cases = standard_cases(rng, sizes, _sequence, edges=EDGES_IN_TIME)
    late = [_sequence(rng, **sizes(rng)) for _ in range(2)]
    for args in late:
        args["dh"][:-1] = 0
    last = [Case("last", args, note="a gradient that enters at the last step only") for args in late]
    return [*cases[:3], *last, *cases[3:]]


def _back(dh: np.ndarray, x: np.ndarray, h0: np.ndarray, *weights: np.ndarray) -> Gradients:
    _, cache = reference.forward(reference.Params(*weights), x, h0)
    dx, dh0, dparams = reference.backward(dh, cache)
    return dx, dh0, *dparams


GRU_BACKWARD = Exercise(
    id="gru.gru_backward",
    results=("dx", "dh0", "dW_xh", "dW_hh", "db_h", "db_hn"),
    draw=_draw,
    reference=_back,
    rules=(
        values("dx", 0.12, result=0),
        values("dh0", 0.12, result=1),
        values("dW_xh", 0.1, result=2),
        values("dW_hh", 0.13, result=3),
        values("db_h", 0.08, result=4),
        values("db_hn", 0.08, result=5),
        values("a gradient that enters at the last step only", 0.12, ("last",)),
        *sides("T = 1, B = 1, all sizes equal, a square W_xh"),
    ),
    heading="Back through time",
    gates=("r", "z", "n"),
    hints=(
        "Which two gradients arrive at h[t]? Which of them is missing at the last step?",
        "First the states: forward once, with h0 in front. Then t from T - 1 down to 0: the "
        "total gradient of "
        "h[t] is dh[t] plus what step t + 1 sent back. Weight gradients add up over the steps.",
        "dx[t], carried, *shares = gru_step_backward(dh[t] + carried, x[t], h_prev, W_xh, W_hh, b_h, b_hn), "
        "with h_prev = h[t - 1] if t > 0 else h0; carried starts as zeros and ends as dh0.",
    ),
)
