"""What a gradient check sees and what it misses, and what truncation costs: the runs of the chapter bptt.

A backward function is called as in the chapter's exercises, ``rnn_backward(dh, x, h0, h, W_xh, W_hh)``, and
returns ``dx, dh0, dW_xh, dW_hh, db_h``. Errors are relative: the largest difference between a gradient and
what was measured, divided by the largest entry of the two. Everything here takes seconds.
"""

import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnncourse.reference import buffers, checkpointing, gradcheck, optim, output_layer, rnn

Array = NDArray[np.floating]
Backward = Callable[..., Any]


class Problem(NamedTuple):
    """One network on one batch, and the gradient that enters at every state.

    ``x (T, B, D)``, ``h0 (B, H)``, ``W_xh (H, D)``, ``W_hh (H, H)``, ``b_h (H,)``, ``dh (T, B, H)``.
    """

    x: Array
    h0: Array
    W_xh: Array
    W_hh: Array
    b_h: Array
    dh: Array


def problem(rng: np.random.Generator, T: int = 5, B: int = 3, D: int = 2, H: int = 4) -> Problem:
    """Draw a problem that hides little: sizes all different, nothing zero, nothing symmetric."""
    return Problem(
        x=rng.normal(size=(T, B, D)),
        h0=rng.normal(size=(B, H)) / 2,
        W_xh=rng.normal(size=(H, D)) / 2,
        W_hh=rng.normal(size=(H, H)) / 2,
        b_h=rng.normal(size=H) / 2,
        dh=3 * rng.normal(size=(T, B, H)),  # large enough to show a clip
    )


# ------------------------------------------------------------------------------------ gradients and measures
def analytic(at: Problem, nonlinearity: str = "tanh") -> tuple[Array, ...]:
    """Return the reference's ``dx, dh0, dW_xh, dW_hh, db_h``."""
    _, cache = rnn.forward(rnn.Params(at.W_xh, at.W_hh, at.b_h), at.x, at.h0, nonlinearity=nonlinearity)
    dx, dh0, dparams = rnn.backward(at.dh, cache)
    return dx, dh0, *dparams


def loss(at: Problem, nonlinearity: str = "tanh") -> float:
    """Return ``sum(dh * h)``, the plainest loss whose direct derivatives are ``dh``."""
    h, _ = rnn.forward(rnn.Params(at.W_xh, at.W_hh, at.b_h), at.x, at.h0, nonlinearity=nonlinearity)
    return float((at.dh * h).sum())


def check_error(
    backward: Backward,
    at: Problem,
    eps: float = 1e-6,
    nonlinearity: str = "tanh",
    measured_loss: Callable[[Problem], float] | None = None,
) -> float:
    """Return the worst error of the five gradients that ``backward`` gives, measured by central differences.

    Parameters
    ----------
    backward : function
    at : Problem
        Copies are handed over, so that nothing a function does to its arguments can spoil the measurement.
    eps : float
    nonlinearity : {"tanh", "relu"}
    measured_loss : function of a Problem, optional
        What is measured instead of ``loss``.

    Returns
    -------
    error : float
        Infinite where the call fails, or a result is missing or has another shape.
    """
    h, _ = rnn.forward(rnn.Params(at.W_xh, at.W_hh, at.b_h), at.x, at.h0, nonlinearity=nonlinearity)
    arguments = [array.copy() for array in (at.dh, at.x, at.h0, h, at.W_xh, at.W_hh)]
    try:
        claimed = [np.asarray(gradient) for gradient in backward(*arguments)]
    except (ValueError, IndexError):  # shapes that do not fit
        return np.inf
    f = measured_loss or (lambda nudged: loss(nudged, nonlinearity))
    names = Problem._fields[:5]
    if [gradient.shape for gradient in claimed] != [getattr(at, name).shape for name in names]:
        return np.inf
    errors = []
    for name, gradient in zip(names, claimed):
        nudged = lambda value, name=name: f(at._replace(**{name: value.astype(at.x.dtype)}))  # noqa: E731
        measured = gradcheck.numerical_gradient(nudged, getattr(at, name).astype(np.float64), eps)
        largest = max(abs(gradient).max(), abs(measured).max(), np.finfo(float).tiny)
        errors.append(float(abs(gradient - measured).max() / largest))
    return float(np.max(errors))  # NaN if one of them is


def catches(backward: Backward, at: Problem, tolerance: float = 1e-5, conduct: bool = False) -> bool:
    """Say whether a gradient check at this problem finds something wrong with ``backward``.

    Parameters
    ----------
    backward : function
    at : Problem
    tolerance : float
        The error from which on a gradient counts as wrong.
    conduct : bool
        Also call it twice, and look whether its arguments survived.
    """
    if not check_error(backward, at) <= tolerance:  # so that NaN is found as well
        return True
    if not conduct:
        return False
    h, _ = rnn.forward(rnn.Params(at.W_xh, at.W_hh, at.b_h), at.x, at.h0)
    arguments = [at.dh, at.x, at.h0, h, at.W_xh, at.W_hh]
    copies = [array.copy() for array in arguments]
    backward(*copies)
    changed = any(not np.array_equal(copy, array) for copy, array in zip(copies, arguments))
    return changed or not check_error(backward, at) <= tolerance


def errors_by_eps(
    at: Problem, epsilons: Iterable[float], sided: str = "central", dtype: DTypeLike = np.float64
) -> Array:
    """Measure right gradients with steps of many sizes.

    Parameters
    ----------
    at : Problem
    epsilons : iterable of N floats
    sided : {"central", "forward"}
        ``(f(x + e) - f(x - e)) / 2e`` or ``(f(x + e) - f(x)) / e``.
    dtype
        What the network computes in. The gradients that are measured are float64's in any case.

    Returns
    -------
    errors : array (N,)
        Median over 15 random directions of the relative error of the directional derivative.
    """
    gradients = analytic(at)
    points = at[:5]
    errors = []
    for eps in epsilons:
        rng, found = np.random.default_rng(0), []
        for _ in range(15):
            directions = [rng.standard_normal(point.shape) for point in points]
            claimed = sum(float((g * v).sum()) for g, v in zip(gradients, directions))
            ends = []
            for step in (eps, -eps if sided == "central" else 0.0):
                moved = [(p + step * v).astype(dtype) for p, v in zip(points, directions)]
                x, h0, W_xh, W_hh, b_h = moved
                ends.append(loss(Problem(x, h0, W_xh, W_hh, b_h, at.dh.astype(dtype))))
            measured = (ends[0] - ends[1]) / (2 * eps if sided == "central" else eps)
            found.append(abs(measured - claimed) / abs(claimed))
        errors.append(np.median(found))
    return np.array(errors)


# ---------------------------------------------------------------------------------------------- truncation
class Echo(NamedTuple):
    """A stream of signs, and the same signs some steps later: ``x, targets (T, B, 1)``, ``counts (T,)``."""

    x: Array
    targets: Array
    counts: Array


def echo(rng: np.random.Generator, T: int, B: int, delay: int) -> Echo:
    """Draw a stream; a step counts once there has been something to repeat."""
    x = rng.choice([-1.0, 1.0], size=(T, B, 1))
    return Echo(x, np.roll(x, delay, axis=0), (np.arange(T) >= delay).astype(float))


def echo_gradient(
    cell: rnn.Params, W_hy: Array, b_y: Array, data: Echo, window: int | None = None, h0: Array | None = None
) -> tuple[float, list[Array], Array]:
    """Return the mean squared error, its gradients (cell, then read-out) and the last state ``(B, H)``."""
    h, cache = rnn.forward(cell, data.x, h0)
    off = (output_layer.forward(h, W_hy, b_y) - data.targets) * data.counts[:, None, None]
    N = data.counts.sum() * data.x.shape[1]
    dh, dW_hy, db_y = output_layer.backward(2 * off / N, h, W_hy)
    _, _, dcell = rnn.backward(dh, cache, window=window)
    return float((off**2).sum() / N), [*dcell, dW_hy, db_y], h[-1]


def long_memory(rng: np.random.Generator, H: int, gain: float = 0.97, drive: float = 0.3) -> rnn.Params:
    """Return weights that keep what came: an orthogonal matrix times ``gain``, and small inputs."""
    W_hh = gain * np.linalg.qr(rng.normal(size=(H, H)))[0]
    return rnn.Params(rng.uniform(-drive, drive, (H, 1)), W_hh, np.zeros(H))


def learn_echo(window: int | None, delay: int, seed: int, updates: int = 600, H: int = 16) -> float:
    """Train on one endless stream, its state carried on from chunk to chunk, with a truncated gradient.

    Parameters
    ----------
    window : int or None
        Steps per window of the backward pass; None goes back through the whole chunk. All else is equal.
    delay : int
        How many steps later the sign is asked for.
    seed : int
    updates : int
        Of Adam, each on a chunk of 24 steps and 16 streams.

    Returns
    -------
    error : float
        Mean squared error over the last tenth of the updates, each before it was learned from. Always saying
        0 has the error 1.
    """
    rng, memory, state = np.random.default_rng(seed), None, None
    T, B = 24, 16
    parameters: list[Array] = [*rnn.init(rng, 1, H), rng.uniform(-0.25, 0.25, (1, H)), np.zeros(1)]
    stream = rng.choice([-1.0, 1.0], size=(updates * T + delay, B, 1))
    ended = []
    for update in range(updates):
        start = update * T + delay
        data = Echo(stream[start : start + T], stream[start - delay : start - delay + T], np.ones(T))
        W_xh, W_hh, b_h, W_hy, b_y = parameters
        cell = rnn.Params(W_xh, W_hh, b_h)
        error, gradients, state = echo_gradient(cell, W_hy, b_y, data, window, state)
        parameters, memory = optim.adam(parameters, gradients, 0.01, memory)
        ended.append(error)
    return float(np.mean(ended[-updates // 10 :]))


def peak_memory(
    way: str, lengths: Sequence[int], B: int = 16, D: int = 8, H: int = 64, window: int = 20
) -> Array:
    """Measure the largest memory that is held at once on the way there and back, in bytes.

    Parameters
    ----------
    way : {"whole", "checkpointed", "truncated"}
        Backpropagation through everything; with square-root checkpointing; window by window.
    lengths : sequence of N ints
        Steps of the sequence.

    Returns
    -------
    peaks : array (N,)
        Without what the caller hands in and gets: inputs, weights, ``dh``; the states ``h``, and ``dx``.
    """
    rng = np.random.default_rng(0)
    params = rnn.init(rng, D, H)
    return np.array([_peak(way, params, rng.normal(size=(T, B, D)), window) for T in lengths])


def _peak(way: str, params: rnn.Params, x: Array, window: int) -> int:
    (T, B, _), H = x.shape, len(params.W_hh)
    dh = np.ones((T, B, H))
    handed_out = 0 if way == "truncated" else dh.nbytes + x.nbytes  # h and dx, of one window at a time there
    buffers.release()  # memory that waits for its next use would not be seen
    tracemalloc.start()
    try:
        if way == "whole":
            h, cache = rnn.forward(params, x)
            rnn.backward(dh, cache)
        elif way == "checkpointed":
            h, kept = checkpointing.forward(rnn, params, x)
            checkpointing.backward(kept, dh)
        else:
            state = None
            for start in range(0, T, window):
                h, cache = rnn.forward(params, x[start : start + window], state)
                rnn.backward(dh[start : start + window], cache)
                state = h[-1].copy()
        return tracemalloc.get_traced_memory()[1] - handed_out
    finally:
        tracemalloc.stop()
