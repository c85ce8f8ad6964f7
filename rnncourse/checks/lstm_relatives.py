"""The exercises on the LSTM's relatives: peepholes, coupled gates, and the twist, which has both.

The twist is written down here, for the checks alone; it stands nowhere else.
"""

from __future__ import annotations

import numpy as np

from rnncourse.checks.exercise import Exercise, standard_cases
from rnncourse.checks.lstm_inputs import (
    EDGES,
    EDGES_TOLD,
    Args,
    Rng,
    batch,
    never_twice,
    peepholes,
    step,
    upstream,
)
from rnncourse.checks.rules import sides, values
from rnncourse.reference import coupled_lstm, peephole_lstm
from rnncourse.reference.gates import sigmoid

Array = np.ndarray
_COUPLED = ("f", "g", "o")


States = tuple[Array, Array]


# ---------------------------------------------------------------- peepholes
def _peephole_step(x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> States:
    return peephole_lstm.step(peephole_lstm.Params(*weights), x_t, h_prev, c_prev)


def _peephole(rng: Rng, B: int, D: int, H: int) -> Args:
    return {**step(rng, B, D, H), **peepholes(rng, H, "p_i", "p_f", "p_o")}


PEEPHOLE_LSTM_STEP = Exercise(
    id="lstm.peephole_lstm_step",
    results=("h_t", "c_t"),
    draw=lambda rng: standard_cases(rng, never_twice(batch), _peephole, edges=EDGES),
    reference=_peephole_step,
    rules=(values("h_t", 0.35, result=0), values("c_t", 0.4, result=1), *sides(EDGES_TOLD)),
    heading="Peepholes",
    gates=("i", "f", "g", "o"),
    hints=(
        "In which order do i, f, g, c_t and o become known? Which cell state can each gate see?",
        "Add p_i * c_prev and p_f * c_prev inside the sigmoids of i and f. Then c_t. Only then o, with "
        "p_o * c_t inside.",
        "o = sigmoid(a_o + p_o * c_t), after c_t = f * c_prev + i * g; each p is (H,), number by number.",
    ),
)


# ---------------------------------------------------------------- coupled gates
def _coupled_step(x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> States:
    return coupled_lstm.step(coupled_lstm.Params(*weights), x_t, h_prev, c_prev)


def _coupled(rng: Rng, B: int, D: int, H: int) -> Args:
    return step(rng, B, D, H, gates=3)


COUPLED_LSTM_STEP = Exercise(
    id="lstm.coupled_lstm_step",
    results=("h_t", "c_t"),
    draw=lambda rng: standard_cases(rng, never_twice(batch), _coupled, edges=EDGES),
    reference=_coupled_step,
    rules=(values("h_t", 0.35, result=0), values("c_t", 0.4, result=1), *sides(EDGES_TOLD)),
    heading="Coupled gates",
    gates=_COUPLED,
    hints=(
        "If a unit keeps 0.7 of its old note, how much room is there for the new one?",
        "The stack holds three blocks now: f, g, o, each H long. The input gate is not computed; it is what "
        "f leaves.",
        "c_t = f * c_prev + (1 - f) * g, and h_t = o * np.tanh(c_t).",
    ),
)


# ---------------------------------------------------------------- the twist
def coupled_peephole_step_backward(
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p_f: Array,
    p_o: Array,
) -> tuple[Array, ...]:
    """Go back through a step with coupled gates and two peepholes."""
    a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 3, axis=1)
    f, g = sigmoid(a_f + p_f * c_prev), np.tanh(a_g)
    c_t = f * c_prev + (1 - f) * g
    o, tanh_c = sigmoid(a_o + p_o * c_t), np.tanh(c_t)
    da_o = dh_t * tanh_c * o * (1 - o)
    dc = dc_t + dh_t * o * (1 - tanh_c**2) + da_o * p_o  # o sees c_t: a third way to the loss
    da_f = dc * (c_prev - g) * f * (1 - f)
    da_g = dc * (1 - f) * (1 - g**2)
    da = np.concatenate([da_f, da_g, da_o], axis=1)
    weights = da.T @ x_t, da.T @ h_prev, da.sum(axis=0), (da_f * c_prev).sum(axis=0), (da_o * c_t).sum(axis=0)
    return da @ W_xh, da @ W_hh, dc * f + da_f * p_f, *weights


def _twist(rng: Rng, B: int, D: int, H: int) -> Args:
    above = {"dh_t": upstream(rng, B, H), "dc_t": upstream(rng, B, H)}
    return {**above, **step(rng, B, D, H, gates=3), **peepholes(rng, H, "p_f", "p_o")}


COUPLED_PEEPHOLE_LSTM_STEP_BACKWARD = Exercise(
    id="lstm.coupled_peephole_lstm_step_backward",
    results=("dx_t", "dh_prev", "dc_prev", "dW_xh", "dW_hh", "db_h", "dp_f", "dp_o"),
    draw=lambda rng: standard_cases(rng, never_twice(batch), _twist, edges=EDGES),
    reference=coupled_peephole_step_backward,
    rules=(
        values("dx_t", 0.09, result=0),
        values("dh_prev", 0.1, result=1),
        values("dc_prev", 0.14, result=2),
        values("dW_xh", 0.08, result=3),
        values("dW_hh", 0.08, result=4),
        values("db_h", 0.06, result=5),
        values("dp_f", 0.1, result=6),
        values("dp_o", 0.1, result=7),
        *sides(EDGES_TOLD),
    ),
    heading="Back through one step",
    gates=_COUPLED,
    hints=(
        "Draw the step: along how many arrows does something leave c_t? And c_prev? Each is a term of its "
        "gradient. In how many places does f stand?",
        "Begin with o: it hangs on dh_t alone. What stands inside o then sends p_o times its gradient to "
        "c_t. With all of dc known, go on to f and g; and c_prev gets a term through f's peephole.",
        "dc = dc_t + dh_t * o * (1 - np.tanh(c_t)**2) + da_o * p_o; the factor of f in c_t is c_prev - g; "
        "dc_prev = dc * f + da_f * p_f; dp_f sums da_f * c_prev over the batch, and dp_o sums da_o * c_t.",
    ),
)
