r"""One step of a gated recurrent unit (GRU), there and back, in both forms that are in use.

.. math::

    r_t &= \sigma(W_{xr} x_t + W_{hr} h_{t-1} + b_r) && \text{(U1) reset: how much of the past is seen} \\
    z_t &= \sigma(W_{xz} x_t + W_{hz} h_{t-1} + b_z) && \text{(U2) update: how much of it is kept} \\
    q_t &= W_{hn} h_{t-1} + b_{hn}                   && \text{(U3) the past, as the candidate would see it} \\
    n_t &= \tanh(W_{xn} x_t + b_n + r_t \odot q_t)   && \text{(U4) candidate} \\
    h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}   && \text{(U5) state}

The weights are stacked in the order r, z, n, and ``b_hn`` stands apart because the reset gate acts on
it: this is ``torch.nn.GRU`` (and Keras with ``reset_after=True``), *reset after* the product.

With ``reset_before=True`` the reset gate acts on the state *before* the product, as in the paper:
``n_t = tanh(W_xn x_t + b_n + W_hn (r_t * h_{t-1}))``, (U14).  A second bias would only add to ``b_n``
there, so ``b_hn`` is ignored in that form and its gradient is zero.  z means the same in both forms; the
paper of Chung et al. and some libraries exchange z and 1 - z.

Whole sequences, quickly, are the work of ``rnncourse.reference.gru``, which knows these names as well.

Sources: Cho et al. 2014 [cho2014learning] for the unit (reset before); Chung et al. 2014 for the
comparison with the LSTM; Torch's layout (reset after) makes one product of three on a GPU.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_draw, check_kind, check_shape
from rnncourse.reference.gates import apart, sigmoid
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
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer, gates=3)
        H = W_hh.shape[1]
        b_h = bias_ih  # a copy already
        b_h[: 2 * H] += bias_hh[: 2 * H]  # of r and z only the sum can matter
        return cls(W_xh, W_hh, b_h, bias_hh[2 * H :].copy())

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under ``torch.nn.GRU``'s names; ``bias_hh`` holds zeros and ``b_hn``."""
        bias_hh = np.zeros_like(self.b_h)
        bias_hh[-len(self.b_hn) :] = self.b_hn
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, bias_hh)


def check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_kind("params", params, Params)
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
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size)
    bound, H = 1 / np.sqrt(hidden_size), hidden_size
    shapes = [(3 * H, input_size), (3 * H, H), (3 * H,), (H,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, reset_before: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Check one step's arguments; return its r, z, n and what the candidate saw, q or m, all ``(B, H)``."""
    D, H = check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    W_hr, W_hz, W_hn = apart(params.W_hh, 3)
    from_x_r, from_x_z, from_x_n = np.split(x_t @ params.W_xh.T + params.b_h, 3, axis=1)
    r = sigmoid(from_x_r + h_prev @ W_hr.T)  # (U1)
    z = sigmoid(from_x_z + h_prev @ W_hz.T)  # (U2)
    if reset_before:
        m = r * h_prev
        return r, z, np.tanh(from_x_n + m @ W_hn.T), m  # (U14)
    q = h_prev @ W_hn.T + params.b_hn  # (U3)
    return r, z, np.tanh(from_x_n + r * q), q  # (U4)


def step(params: Params, x_t: np.ndarray, h_prev: np.ndarray, reset_before: bool = False) -> np.ndarray:
    """Take one step, (U1) to (U5): ``h_t = (1 - z) * n + z * h_prev``.

    Parameters
    ----------
    params : Params
        ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)`` in the order r, z, n, and ``b_hn (H,)``.
    x_t : array (B, D)
        The input of this step.
    h_prev : array (B, H)
        The state that the step before left behind.
    reset_before : bool
        The reset gate acts on the state before the product, (U14), and ``b_hn`` is ignored.

    Returns
    -------
    h_t : array (B, H)
    """
    _, z, n, _ = _gates(params, x_t, h_prev, reset_before)
    return (1 - z) * n + z * h_prev  # (U5)


def step_backward(
    params: Params, dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray, reset_before: bool = False
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Go back through one step, (U6) to (U11).

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
    da_n = dh_t * (1 - z) * (1 - n**2)  # (U6)
    da_z = dh_t * (h_prev - n) * z * (1 - z)  # (U7): more z, more of h_prev and less of n
    if reset_before:  # (U15): r and h_prev meet in m, and each gets dm times the other
        dm = da_n @ W_hn
        da_r = dm * h_prev * r * (1 - r)
        through_candidate, dW_hn, db_hn = dm * r, da_n.T @ seen, np.zeros_like(params.b_hn)
    else:
        da_r = da_n * seen * r * (1 - r)  # (U8)
        dq = da_n * r  # (U9): what came from the state met r on its way, what came from x_t did not
        through_candidate, dW_hn, db_hn = dq @ W_hn, dq.T @ h_prev, dq.sum(axis=0)
    da_t = np.concatenate([da_r, da_z, da_n], axis=1)  # (B, 3H)
    dh_prev = dh_t * z + da_r @ W_hr + da_z @ W_hz + through_candidate  # (U10): four uses, four terms
    dW_hh = np.concatenate([da_r.T @ h_prev, da_z.T @ h_prev, dW_hn])
    # (U11), then this step's terms of the sums (U13)
    return da_t @ params.W_xh, dh_prev, Params(da_t.T @ x_t, dW_hh, da_t.sum(axis=0), db_hn)


def slopes(
    gates: np.ndarray, seen: np.ndarray, h_prev: np.ndarray, reset_before: bool, out: np.ndarray
) -> np.ndarray:
    """Differentiate some steps at once, as far as that goes without knowing what comes back.

    Parameters
    ----------
    gates : array (steps, 3, B, H)
    seen, h_prev : arrays (steps, B, H)
    reset_before : bool
    out : array (5, steps, B, H)
        Memory for the results and for what is needed on the way.

    Returns
    -------
    slopes : array (4, steps, B, H)
        Of ``h_t`` by what stands inside n, r and z, and by q: n comes first so that n, r, z, which meet
        ``W_xh``, and r, z, q, which meet ``W_hh``, are neighbours.  With ``reset_before`` r's is the slope
        of m, and the last has no meaning.
    """
    r, z, n = gates.swapaxes(0, 1)
    by_n, by_r, by_z, by_q, product = out

    written = np.subtract(1, z, out=by_q)
    np.multiply(written, n, out=product)
    product *= n
    np.subtract(written, product, out=by_n)  # (1 - z) (1 - n**2)
    np.subtract(h_prev, n, out=by_z)
    by_z *= z
    by_z *= written  # (h_prev - n) z (1 - z)
    if reset_before:
        np.subtract(seen, np.multiply(seen, r, out=product), out=by_r)  # h_prev r (1 - r) = m - m r
    else:
        np.multiply(by_n, r, out=by_q)
        np.multiply(by_q, seen, out=by_r)
        by_r -= np.multiply(by_r, r, out=product)  # by_n q r (1 - r)
    return out[:4]
