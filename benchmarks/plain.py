"""Two anchors in NumPy: the loop that a first reading of the equations gives, and the products alone."""

import numpy as np

from benchmarks.problems import Problem


def step_by_step(problem: Problem) -> object:
    """Run an LSTM forward and backward the way courses teach it: everything inside the loop, step by step.

    Every step multiplies its own input and adds its own outer products to the weights' gradients.
    """
    W_xh, W_hh, b_h = problem.params
    x, (h, c), H = problem.x, problem.initial, problem.shape.H
    steps = []
    for x_t in x:
        a = x_t @ W_xh.T + h @ W_hh.T + b_h
        i, f, o = (1 / (1 + np.exp(-a[:, k * H : (k + 1) * H])) for k in (0, 1, 3))
        g = np.tanh(a[:, 2 * H : 3 * H])
        h_prev, c_prev = h, c
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.append((x_t, h_prev, c_prev, i, f, g, o, c))
    dx = np.empty_like(x)
    dW_xh, dW_hh, db_h = (np.zeros_like(p) for p in problem.params)
    dh_next, dc = np.zeros_like(h), problem.dlast[0]
    for t in reversed(range(len(x))):
        x_t, h_prev, c_prev, i, f, g, o, c = steps[t]
        dh = problem.dh[t] + dh_next
        tanh_c = np.tanh(c)
        dc = dc + dh * o * (1 - tanh_c**2)
        da = np.hstack(
            [
                dc * g * i * (1 - i),
                dc * c_prev * f * (1 - f),
                dc * i * (1 - g**2),
                dh * tanh_c * o * (1 - o),
            ]
        )
        dW_xh += da.T @ x_t
        dW_hh += da.T @ h_prev
        db_h += da.sum(axis=0)
        dx[t] = da @ W_xh
        dh_next = da @ W_hh
        dc = dc * f
    return dx, dh_next, dc, dW_xh, dW_hh, db_h


def products(problem: Problem) -> None:
    """Multiply the matrices that forward and backward have to multiply, and nothing else.

    The inputs' products are one each for all steps; the states' are one per step and direction, since
    each waits for the step before it.
    """
    (T, B, D, H), G = problem.shape, problem.gates
    W_xh, W_hh = problem.params[:2]
    rows = problem.x.reshape(T * B, D)
    da = rows @ W_xh.T  # stands for what comes back, too: (T * B, G H)
    state = np.ascontiguousarray(problem.initial[0])
    W = np.ascontiguousarray(W_hh.T)
    ahead, back = np.empty((B, G * H), rows.dtype), np.empty((B, H), rows.dtype)
    for _ in range(T):
        np.matmul(state, W, out=ahead)
    for _ in range(T):
        np.matmul(ahead, W_hh, out=back)
    da.T @ rows
    da.T @ problem.dh.reshape(T * B, H)
    da @ W_xh
