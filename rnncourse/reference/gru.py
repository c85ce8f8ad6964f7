r"""Gated recurrent units (GRU), with the backward pass derived by hand, in both forms that are in use.

.. math::

    r_t &= \sigma(W_{xr} x_t + W_{hr} h_{t-1} + b_r) && \text{reset gate: how much of the past is seen} \\
    z_t &= \sigma(W_{xz} x_t + W_{hz} h_{t-1} + b_z) && \text{update gate: how much of the past is kept} \\
    q_t &= W_{hn} h_{t-1} + b_{hn}                   && \text{the past, as the candidate would see it} \\
    n_t &= \tanh(W_{xn} x_t + b_n + r_t \odot q_t)   && \text{candidate} \\
    h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}   && \text{state}

The weights are stacked in the order r, z, n, and ``b_hn`` stands apart because the reset gate acts on
it: this is ``torch.nn.GRU`` (and Keras with ``reset_after=True``), *reset after* the product.

With ``reset_before=True`` the reset gate acts on the state *before* the product, as in the paper:
``n_t = tanh(W_xn x_t + b_n + W_hn (r_t * h_{t-1}))``.  A second bias would only add to ``b_n`` there, so
``b_hn`` is ignored in that form and its gradient is zero.  z means the same in both forms; the paper of
Chung et al. and some libraries exchange z and 1 - z.

Going back: direct and total
----------------------------
The loss sees ``h_t`` *directly* (the caller's ``dh[t]``) and through step t + 1, where it is used four
times.  With ``da`` for the gradient of what stands inside the brackets, and ``dq = r * da_n``, the
*total* derivative is

.. math::

    \delta h_t = \underbrace{\partial L / \partial h_t}_{\text{direct}}
        + \underbrace{\delta h_{t+1} \odot z_{t+1}}_{\text{kept as it is}}
        + \underbrace{W_{hr}^\top da^r_{t+1} + W_{hz}^\top da^z_{t+1}}_{\text{through the gates}}
        + \underbrace{W_{hn}^\top dq_{t+1}}_{\text{through the candidate}} .

Inside a step everything is proportional to it:

.. math::

    da^n_t &= \delta h_t \odot (1 - z_t) \odot (1 - n_t^2)             && \text{through } 1 - z \\
    da^z_t &= \delta h_t \odot (h_{t-1} - n_t) \odot z_t \odot (1 - z_t) \\
    da^r_t &= da^n_t \odot q_t \odot r_t \odot (1 - r_t) .

In the other form the candidate sends ``dm = W_hn^T da_n`` back to ``m = r * h_{t-1}``, and from there it
reaches both factors: ``da_r = dm * h_{t-1} * r (1 - r)``, and ``dm * r`` goes on to ``h_{t-1}``.

Sources: Cho et al. 2014 [cho2014learning] for the unit (reset before); Chung et al. 2014 for the
comparison with the LSTM; Torch's layout (reset after) makes one product of three on a GPU.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_shape, check_window, copy_unmasked, float_dtype
from rnncourse.reference.gates import apart, chunks, prepared, rows, sigmoid, stacked_rows
from rnncourse.reference.torch_names import layer_arrays, read_layer


class Params(NamedTuple):
    """``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)``, ``b_hn (H,)``; gradients use it too."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    b_hn: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy one layer of ``torch.nn.GRU`` (or of ``rnncourse.nn.GRU``): a module or its state_dict.

        ``layer`` is the ending of the names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...  Raises a
        ``ValueError`` when the layer is not there.
        """
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer)
        H = W_hh.shape[1]
        b_h = bias_ih  # a copy already
        b_h[: 2 * H] += bias_hh[: 2 * H]  # of r and z only the sum can matter
        return cls(W_xh, W_hh, b_h, bias_hh[2 * H :].copy())

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under ``torch.nn.GRU``'s names; ``bias_hh`` holds zeros and ``b_hn``."""
        bias_hh = np.zeros_like(self.b_h)
        bias_hh[-len(self.b_hn) :] = self.b_hn
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, bias_hh)


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    params: Params
    x: np.ndarray  # (T, B, D), zero where the mask is zero
    gates: np.ndarray  # (T, 3, B, H): r, z, n after their functions; z is 1 where the mask is zero
    seen: np.ndarray  # (T, B, H): q; reset before the product, m = r * h_prev
    h: np.ndarray  # (T + 1, B, H): h0 first, so h[t] is what step t starts from
    reset_before: bool


def _check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_shape("W_hh", params.W_hh, "3H", "H")
    H = params.W_hh.shape[1]
    check_shape("W_hh", params.W_hh, 3 * H, H)
    check_shape("W_xh", params.W_xh, 3 * H, "D")
    check_shape("b_h", params.b_h, 3 * H)
    check_shape("b_hn", params.b_hn, H)
    return params.W_xh.shape[1], H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(hidden_size)``, the range that ``torch.nn.GRU`` uses.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    bound, H = 1 / np.sqrt(hidden_size), hidden_size
    shapes = [(3 * H, input_size), (3 * H, H), (3 * H,), (H,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, reset_before: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Check one step's arguments; return its r, z, n and what the candidate saw, q or m, all ``(B, H)``."""
    D, H = _check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    W_hr, W_hz, W_hn = apart(params.W_hh, 3)
    from_x_r, from_x_z, from_x_n = np.split(x_t @ params.W_xh.T + params.b_h, 3, axis=1)
    r = sigmoid(from_x_r + h_prev @ W_hr.T)
    z = sigmoid(from_x_z + h_prev @ W_hz.T)
    if reset_before:
        m = r * h_prev
        return r, z, np.tanh(from_x_n + m @ W_hn.T), m
    q = h_prev @ W_hn.T + params.b_hn
    return r, z, np.tanh(from_x_n + r * q), q


def step(params: Params, x_t: np.ndarray, h_prev: np.ndarray, reset_before: bool = False) -> np.ndarray:
    """Take one step: ``h_t = (1 - z) * n + z * h_prev``.

    Parameters
    ----------
    params : Params
        ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)`` in the order r, z, n, and ``b_hn (H,)``.
    x_t : array (B, D)
        The input of this step.
    h_prev : array (B, H)
        The state that the step before left behind.
    reset_before : bool
        The reset gate acts on the state before the product, and ``b_hn`` is ignored.

    Returns
    -------
    h_t : array (B, H)
    """
    _, z, n, _ = _gates(params, x_t, h_prev, reset_before)
    return (1 - z) * n + z * h_prev


def step_backward(
    params: Params, dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, reset_before: bool = False
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Go back through one step.

    Parameters
    ----------
    params, x_t, h_prev, reset_before
        What ``step`` was given.
    dh_t : array (B, H)
        The *total* derivative of the loss with respect to ``h_t``.

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
        What reaches ``h_prev`` by way of this step.
    dparams : Params
        This step's share of the weight gradients, summed over the batch.
    """
    r, z, n, seen = _gates(params, x_t, h_prev, reset_before)
    check_shape("dh_t", dh_t, *h_prev.shape)
    W_hr, W_hz, W_hn = apart(params.W_hh, 3)
    da_n = dh_t * (1 - z) * (1 - n**2)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    if reset_before:
        dm = da_n @ W_hn
        da_r = dm * h_prev * r * (1 - r)
        through_candidate, dW_hn, db_hn = dm * r, da_n.T @ seen, np.zeros_like(params.b_hn)
    else:
        da_r = da_n * seen * r * (1 - r)
        dq = da_n * r
        through_candidate, dW_hn, db_hn = dq @ W_hn, dq.T @ h_prev, dq.sum(axis=0)
    da_t = np.concatenate([da_r, da_z, da_n], axis=1)  # (B, 3H)
    dh_prev = dh_t * z + da_r @ W_hr + da_z @ W_hz + through_candidate
    dW_hh = np.concatenate([da_r.T @ h_prev, da_z.T @ h_prev, dW_hn])
    return da_t @ params.W_xh, dh_prev, Params(da_t.T @ x_t, dW_hh, da_t.sum(axis=0), db_hn)


def forward(
    params: Params,
    x: np.ndarray,
    h0: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    reset_before: bool = False,
) -> tuple[np.ndarray, Cache]:
    """Run the recurrence over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)`` in the order r, z, n, and ``b_hn (H,)``.
    x : array (T, B, D)
        The inputs, time first.
    h0 : array (B, H), optional
        The state before the first step; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen: the state is carried over unchanged, and what stands
        in ``x`` (even NaN) does not matter.
    reset_before : bool
        The reset gate acts on the state before the product, and ``b_hn`` is ignored.

    Returns
    -------
    h : array (T, B, H)
        The state after every step.
    cache : Cache
        For ``backward``.

    Raises
    ------
    ValueError
        ``"x should have shape (T, B, 3), got ..."`` and the like.
    """
    D, H = _check_params(params)
    check_shape("x", x, "T", "B", D)
    T, B, _ = x.shape
    h0 = np.zeros((B, H), float_dtype(x, *params)) if h0 is None else h0
    check_shape("h0", h0, B, H)
    dtype = float_dtype(x, h0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(np.array(p, dtype, order="C") for p in params))
    x, skipped = copy_unmasked(x, mask, dtype)
    h = np.empty((T + 1, B, H), dtype)
    h[0] = h0

    # sigmoid(a) = 1/2 tanh(a/2) + 1/2: the inner half goes into the weights of r and z.
    halves = np.array([0.5, 0.5, 1], dtype)
    W_xh, W_hh = prepared(params.W_xh, halves), prepared(params.W_hh, halves)
    gates, seen = np.empty((T, 3, B, H), dtype), np.empty((T, B, H), dtype)
    # The inputs' share of all gates at all steps does not wait for any state.
    np.matmul(x[:, None], W_xh, out=gates)
    gates += (apart(params.b_h, 3) * halves[:, None])[:, None]
    from_state = np.empty((3, B, H), dtype)
    for_candidate = from_state[2]
    ready = 2 if reset_before else 3  # gates whose product with the state needs no other gate
    for t in range(T):
        r_and_z, n = gates[t, :2], gates[t, 2]
        np.matmul(h[t], W_hh[:ready], out=from_state[:ready])
        r_and_z += from_state[:2]
        np.tanh(r_and_z, out=r_and_z)
        r_and_z *= 0.5
        r_and_z += 0.5
        r, z = r_and_z
        if reset_before:
            np.multiply(r, h[t], out=seen[t])  # m
            n += np.matmul(seen[t], W_hh[2], out=for_candidate)
        else:
            np.add(for_candidate, params.b_hn, out=seen[t])  # q
            n += np.multiply(r, seen[t], out=for_candidate)
        np.tanh(n, out=n)
        h_t = np.subtract(h[t], n, out=h[t + 1])
        h_t *= z
        h_t += n  # n + z (h_prev - n) = (1 - z) n + z h_prev
        if skipped is not None:  # a step that does not happen keeps everything
            np.copyto(z, 1, where=skipped[t])
            np.copyto(h_t, h[t], where=skipped[t])
    return h[1:].copy(), Cache(params, x, gates, seen, h, reset_before)


def backward(
    dh: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Backpropagate through time.

    Parameters
    ----------
    dh : array (T, B, H)
        The *direct* derivative of the loss with respect to every ``h[t]``: what enters at step t from
        above, without what comes back from later steps.
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
        Gradients of ``W_xh``, ``W_hh``, ``b_h`` and ``b_hn``, summed over steps and batch.

    Raises
    ------
    ValueError
        When ``dh`` has another shape than ``h``, or ``window`` is below 1.
    """
    params, x, gates, seen, h, reset_before = cache
    (T, B, D), H, dtype = x.shape, h.shape[2], h.dtype
    check_shape("dh", dh, T, B, H)
    check_window(window)

    W_hh = apart(params.W_hh, 3)
    dparams = Params(*(np.zeros_like(p) for p in params))
    dx = np.empty((T, B, D), dtype)
    total, kept, dm = (np.empty((B, H), dtype) for _ in range(3))
    through_gates = np.empty((3, B, H), dtype)
    carried = np.zeros((B, H), dtype)  # what later steps send back to h_t
    for start, stop in chunks(T, gates[:1].nbytes):
        # What does not depend on later steps comes first, for all steps of the chunk at once.
        da = _slopes(gates[start:stop], seen[start:stop], h[start:stop], reset_before)
        for t in reversed(range(start, stop)):
            da_t = da[:, t - start]  # (4, B, H): n, r, z, q; without q when reset comes before
            np.add(dh[t], carried, out=total, casting="same_kind")  # direct + carried = total
            np.multiply(gates[t, 1], total, out=kept)
            if reset_before:
                da_t[::2] *= total  # n and z
                np.matmul(da_t[0], W_hh[2], out=dm)
                da_t[1] *= dm
                np.matmul(da_t[1:], W_hh[:2], out=through_gates[:2])
                np.multiply(dm, gates[t, 0], out=through_gates[2])
            else:
                da_t *= total
                np.matmul(da_t[1:], W_hh, out=through_gates)
            np.add.reduce(through_gates, axis=0, out=carried)
            carried += kept  # on its way to h_{t-1}
            if window is not None and t > 0 and t % window == 0:
                carried[...] = 0

        # The sums over time: every step's outer product, all in one matrix product per weight.
        da_rows = stacked_rows(da[[1, 2, 0]])  # (steps * B, 3H): r, z, n
        h_rows = rows(h[start:stop])  # the state that each step started from
        dparams.W_xh[...] += da_rows.T @ rows(x[start:stop])
        dparams.b_h[...] += da_rows.sum(axis=0)
        np.matmul(da_rows, params.W_xh, out=rows(dx[start:stop]))
        if reset_before:
            dparams.W_hh[: 2 * H] += da_rows[:, : 2 * H].T @ h_rows
            dparams.W_hh[2 * H :] += da_rows[:, 2 * H :].T @ rows(seen[start:stop])
        else:
            by_state = stacked_rows(da[1:])  # r, z, q
            dparams.W_hh[...] += by_state.T @ h_rows
            dparams.b_hn[...] += by_state[:, 2 * H :].sum(axis=0)
    return dx, carried, dparams


def _slopes(gates: np.ndarray, seen: np.ndarray, h_prev: np.ndarray, reset_before: bool) -> np.ndarray:
    """Differentiate some steps at once, as far as that goes without knowing what comes back.

    Parameters
    ----------
    gates : array (steps, 3, B, H)
    seen, h_prev : arrays (steps, B, H)
    reset_before : bool

    Returns
    -------
    slopes : array (4, steps, B, H)
        Of ``h_t`` by what stands inside n, r and z, and by q: n comes first so that r, z, q, which meet
        ``W_hh`` together, are neighbours.  With ``reset_before`` there is no q, ``(3, steps, B, H)``, and
        r's is the slope of m.
    """
    r, z, n = gates.swapaxes(0, 1)
    slopes = np.empty((3 if reset_before else 4, *r.shape), r.dtype)
    by_n, by_r, by_z = slopes[:3]
    np.multiply(1 - z, 1 - n * n, out=by_n)
    np.multiply(h_prev - n, z * (1 - z), out=by_z)
    np.multiply(r, 1 - r, out=by_r)
    if reset_before:
        by_r *= h_prev
    else:
        by_r *= seen
        by_r *= by_n
        np.multiply(by_n, r, out=slopes[3])
    return slopes
