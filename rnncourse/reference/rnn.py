r"""The simple (Elman) recurrent network over whole sequences, with its backward pass derived by hand.

``step`` (in ``rnn_cell``, with the equations) is the network as it is read; ``forward`` computes the same
numbers faster.  Two things make it fast: the product with the inputs does not depend on the state, so it
is one large matrix product before the loop; and the weight gradients are sums over time, so each is one
matrix product for many steps at once.

Going back: direct and total
----------------------------
The loss sees ``h_t`` along two paths: directly, through what is read out at step t, and through
``h_{t+1}`` and all that follows.  Call the first part the *direct* derivative; it is what the caller
hands in as ``dh[t]``.  The *total* derivative is the sum of both.  The second part is what step t + 1
carries back, and it is why the loop runs backwards; at the last step there is none:

.. math::

    \delta_t = \frac{dL}{dh_t} &= \underbrace{\partial^{+} L / \partial h_t}_{\text{direct}}
        + \underbrace{\kappa_t}_{\text{carried}} , \qquad \kappa_T = 0 && (B8) \\
    \alpha_t = \frac{dL}{da_t} &= \delta_t \odot (1 - h_t \odot h_t)   && (B4) \\
    \kappa_{t-1} &= W_{hh}^\top \alpha_t                              && (B5) \\
    dL/dx_t &= W_{xh}^\top \alpha_t                                   && (B6) \\
    dL/dW_{hh} &= \sum_t \alpha_t h_{t-1}^\top , \quad
    dL/dW_{xh} = \sum_t \alpha_t x_t^\top , \quad
    dL/db_h = \sum_t \alpha_t                                       && (B7)

and ``dL/dh_0`` is what step 1 carries back.  tanh is cheap to differentiate because its derivative can be
read off its value, ``tanh'(a) = 1 - tanh(a)**2 = 1 - h**2``.  Every parameter is used once per step, so its
gradient is the sum of what the steps (and the sequences of a batch) contribute, (B7).

A step that a mask skips made ``h_t`` of ``h_{t-1}`` by copying.  Its inside got no gradient, and all of the
total passes on, (B13): ``alpha_t = 0`` and ``kappa_{t-1} = delta_t``.  Truncation, (B12), sets
``kappa_{t-1}`` to zero where step t is the first of a window.

Sources: Werbos 1990 [werbos1990backpropagation] and Goodfellow et al. 2016, section 10.2
[goodfellow2016deep].
"""

from typing import NamedTuple

import numpy as np

from rnncourse.reference.arguments import check_kind, check_shape, check_window, copy_unmasked, float_dtype
from rnncourse.reference.buffers import copied, empty, zeros
from rnncourse.reference.delay_line import delay_line
from rnncourse.reference.gates import chunks, prepared, rows
from rnncourse.reference.rnn_cell import Params, check_params, init, nonlinear, step, step_backward

__all__ = ["Cache", "Params", "backward", "delay_line", "forward", "init", "step", "step_backward"]


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own, and stay as they are."""

    params: Params
    x: np.ndarray  # (T, B, D + 1): zero where the mask is zero, and a one behind every input
    states: np.ndarray  # (T + 1, B, H): h0 first, so states[t] is what step t starts from
    skipped: np.ndarray | None  # (T, B, 1), True where the state was carried over
    nonlinearity: str


def forward(
    params: Params,
    x: np.ndarray,
    h0: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    nonlinearity: str = "tanh",
) -> tuple[np.ndarray, Cache]:
    """Run the recurrence (R1), (R2) over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (H, D)``, ``W_hh (H, H)``, ``b_h (H,)``.
    x : array (T, B, D)
        The inputs, time first.
    h0 : array (B, H), optional
        The state before the first step; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen: the state is carried over unchanged, and what stands
        in ``x`` (even NaN) does not matter.
    nonlinearity : {"tanh", "relu"}
        The function in (R2).

    Returns
    -------
    h : array (T, B, H)
        The state after every step; ``h[-1]`` is the last state, padding or not.
    cache : Cache
        For ``backward``.

    Raises
    ------
    ValueError
        ``"x should have shape (T, B, 3), got ..."`` and the like.
    """
    D, H = check_params(params)
    check_shape("x", x, "T", "B", D)
    T, B, _ = x.shape
    function, _ = nonlinear(nonlinearity)
    if h0 is None:
        h0 = np.zeros((B, H), float_dtype(x, *params))
    check_shape("h0", h0, B, H)
    dtype = float_dtype(x, h0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(copied(p, dtype) for p in params))
    x, skipped = copy_unmasked(x, mask, dtype, ones=True)  # (T, B, D + 1): a one behind every input

    states = empty((T + 1, B, H), dtype)
    states[0] = h0
    # (R1), first and last term, for all steps in one product: they do not wait for any state.  They
    # are put where the states will stand, which saves a buffer as large as all states together.
    whole = np.ones(1, dtype)  # no factor: weights are only laid out for h @ W, once and not at every step
    W_xh, W_hh = prepared(params.W_xh, whole, params.b_h)[0], prepared(params.W_hh, whole)[0]
    np.matmul(rows(x), W_xh, out=rows(states[1:]))
    from_state = empty((B, H), dtype)
    skips = [None] * T if skipped is None else skipped
    for h_prev, h_t, skip in zip(states, states[1:], skips):
        h_t += np.matmul(h_prev, W_hh, out=from_state)  # (R1) is complete
        function(h_t, out=h_t)  # (R2)
        if skip is not None:
            np.copyto(h_t, h_prev, where=skip)
    return copied(states[1:], dtype), Cache(params, x, states, skipped, nonlinearity)


def backward(
    dh: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Backpropagate through time, (B4) to (B8); with a mask (B13), with a window (B12).

    Parameters
    ----------
    dh : array (T, B, H)
        The *direct* derivative of the loss with respect to every ``h[t]``: what enters at step t from
        above, without what comes back from later steps.  The loop below adds that.
    cache : Cache
        What ``forward`` returned.
    window : int, optional
        Truncate: no gradient crosses from step t to t - 1 where ``t > 0`` and ``t % window == 0``
        (t counts from 0), as if the state had been detached between windows.

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
        With ``window``, what reaches ``h0`` inside the first window.
    dparams : Params
        Gradients of ``W_xh``, ``W_hh`` and ``b_h``, summed over steps and batch.

    Raises
    ------
    ValueError
        When ``dh`` has another shape than ``h``, or ``window`` is below 1.
    """
    check_kind("cache", cache, Cache)
    params, x, states, skipped, nonlinearity = cache
    T, B, H = states.shape[0] - 1, *states.shape[1:]
    D, dtype = x.shape[2] - 1, states.dtype
    check_shape("dh", dh, T, B, H)
    check_window(window)
    _, derivative = nonlinear(nonlinearity)

    dW_xh, dW_hh = zeros((H, D + 1), dtype), zeros((H, H), dtype)
    dx = empty((T, B, D), dtype)
    total = empty((B, H), dtype)
    carried = zeros((B, H), dtype)  # what later steps send back to h_t
    for start, stop in chunks(T, states[:1].nbytes):
        # da starts as the derivative of (R2), for some steps at once, and becomes the gradient with
        # respect to a_t, (B4).
        da = derivative(states[start + 1 : stop + 1])  # (steps, B, H)
        if skipped is not None:
            np.copyto(da, 0, where=skipped[start:stop])  # (B13): a step that did not happen has no slope
        for t in reversed(range(start, stop)):
            da_t = da[t - start]
            np.add(dh[t], carried, out=total, casting="same_kind")  # (B8): direct + carried = total
            da_t *= total  # (B4)
            np.matmul(da_t, params.W_hh, out=carried)  # (B5): on its way to h_{t-1}
            if skipped is not None:
                carried += np.where(skipped[t], total, 0)  # (B13): h_t was h_{t-1}, all of it passes
            if window is not None and t > 0 and t % window == 0:
                carried[...] = 0  # (B12)

        # The sums over time, (B7): every step's outer product, all in one matrix product per weight.
        dW_xh += rows(da).T @ rows(x[start:stop])
        dW_hh += rows(da).T @ rows(states[start:stop])  # the state that each step *started* from
        np.matmul(rows(da), params.W_xh, out=rows(dx[start:stop]))  # (B6)
    return dx, carried, Params(dW_xh[:, :D].copy(), dW_hh, dW_xh[:, D].copy())
