r"""One step of long short-term memory (LSTM), there and back: the equations as they are read.

.. math::

    a_t &= W_{xh} x_t + W_{hh} h_{t-1} + b_h && \text{(L1) four blocks: } a^i, a^f, a^g, a^o \\
    i_t &= \sigma(a^i_t)                     && \text{(L2) input gate: how much is written} \\
    f_t &= \sigma(a^f_t)                     && \text{forget gate: how much is kept} \\
    g_t &= \tanh(a^g_t)                      && \text{candidate: what could be written} \\
    o_t &= \sigma(a^o_t)                     && \text{output gate: how much is shown} \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t && \text{(L3) cell state} \\
    h_t &= o_t \odot \tanh(c_t)              && \text{(L4) what the rest of the network sees}

The four gates' weights are stacked in the order i, f, g, o, as in ``torch.nn.LSTM``, whose two biases
are one here.  Whole sequences, quickly, are the work of ``rnncourse.reference.lstm``, which knows these
names as well.

Sources: Hochreiter and Schmidhuber 1997 [hochreiter1997long]; the forget gate came with Gers et al.
2000; the equations are laid out as in Graves 2012 [graves2012supervised], without peepholes.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_draw, check_kind, check_shape
from rnncourse.reference.gates import sigmoid
from rnncourse.reference.torch_names import layer_arrays, read_layer


class Params(NamedTuple):
    """Weights of one layer: ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)``; gradients use it too."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy one layer of ``torch.nn.LSTM`` (or of ``rnncourse.nn.LSTM``): a module or its state_dict.

        ``layer`` is the ending of the names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...  Raises a
        ``ValueError`` when the layer is not there or has a projection (``proj_size``).
        """
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer, gates=4)
        return cls(W_xh, W_hh, bias_ih + bias_hh)  # only their sum can matter

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under ``torch.nn.LSTM``'s names; ``bias_hh`` is zero, ``bias_ih`` holds ``b_h``."""
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, np.zeros_like(self.b_h))


def check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_kind("params", params, Params)
    check_shape("W_hh", params.W_hh, "4H", "H")
    H = params.W_hh.shape[1]
    check_shape("W_hh", params.W_hh, 4 * H, H)
    check_shape("W_xh", params.W_xh, 4 * H, "D")
    check_shape("b_h", params.b_h, 4 * H)
    return params.W_xh.shape[1], H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(hidden_size)``, the range that ``torch.nn.LSTM`` uses.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size)
    bound = 1 / np.sqrt(hidden_size)
    shapes = [(4 * hidden_size, input_size), (4 * hidden_size, hidden_size), (4 * hidden_size,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray) -> list[np.ndarray]:
    """Check one step's arguments and return its i, f, g, o, each ``(B, H)``."""
    D, H = check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    check_shape("c_prev", c_prev, len(x_t), H)
    a_t = x_t @ params.W_xh.T + h_prev @ params.W_hh.T + params.b_h  # (B, 4H), (L1)
    i, f, g, o = np.split(a_t, 4, axis=1)  # (L2)
    return [sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)]


def step(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step, (L1) to (L4): ``c_t = f * c_prev + i * g`` and ``h_t = o * tanh(c_t)``.

    Parameters
    ----------
    params : Params
        ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)``, gates in the order i, f, g, o.
    x_t : array (B, D)
        The input of this step.
    h_prev, c_prev : arrays (B, H)
        Both parts of the state that the step before left behind.

    Returns
    -------
    h_t, c_t : arrays (B, H)
    """
    i, f, g, o = _gates(params, x_t, h_prev, c_prev)
    c_t = f * c_prev + i * g  # (L3)
    return o * np.tanh(c_t), c_t  # (L4)


def step_backward(
    params: Params,
    dh_t: np.ndarray,
    dc_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    """Go back through one step: (L6), (L7), and this step's share of (L8).

    Parameters
    ----------
    params, x_t, h_prev, c_prev
        What ``step`` was given.
    dh_t : array (B, H)
        The *total* derivative of the loss with respect to ``h_t``.
    dc_t : array (B, H)
        What reaches ``c_t`` from later steps, *without* the path through ``h_t``: that path lies
        inside this step and is added here.

    Returns
    -------
    dx_t : array (B, D)
    dh_prev, dc_prev : arrays (B, H)
        What reaches the state before by way of this step.
    dparams : Params
        This step's share of the weight gradients, summed over the batch.
    """
    i, f, g, o = _gates(params, x_t, h_prev, c_prev)
    check_shape("dh_t", dh_t, *h_prev.shape)
    check_shape("dc_t", dc_t, *h_prev.shape)
    tanh_c = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - tanh_c**2)  # (L6): through c_{t+1}, and through h_t
    da_t = np.concatenate(  # (L7)
        [
            dc * g * i * (1 - i),
            dc * c_prev * f * (1 - f),
            dc * i * (1 - g**2),
            dh_t * tanh_c * o * (1 - o),
        ],
        axis=1,
    )  # (B, 4H)
    dparams = Params(W_xh=da_t.T @ x_t, W_hh=da_t.T @ h_prev, b_h=da_t.sum(axis=0))
    return da_t @ params.W_xh, da_t @ params.W_hh, dc * f, dparams


def slopes(gates: np.ndarray, c: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differentiate some steps at once, as far as that goes without knowing what comes back.

    Every slope has the form "value minus value times gate".

    Parameters
    ----------
    gates : array (steps, 4, B, H)
    c : array (steps + 1, B, H)
        The cell states before and after each of them.
    out : array (6, steps, B, H)
        Memory for the results and for what is needed on the way.

    Returns
    -------
    slopes : array (4, steps, B, H)
        Of ``c_t`` by what stands inside i, f and g, and of ``h_t`` by what stands inside o.
    slope_h : array (steps, B, H)
        Of ``h_t`` by ``c_t``.
    """
    i, f, g, o = gates.swapaxes(0, 1)
    by_i, by_f, by_g, by_o, by_c, tanh_c = out
    product = by_c  # its memory is free until the last line

    np.multiply(i, g, out=by_i)
    np.subtract(i, np.multiply(by_i, g, out=product), out=by_g)  # i (1 - g**2) = i - (i g) g
    by_i -= np.multiply(by_i, i, out=product)  # g i (1 - i) = i g - (i g) i
    np.multiply(f, c[:-1], out=by_f)
    by_f -= np.multiply(by_f, f, out=product)  # c f (1 - f) = f c - (f c) f
    np.tanh(c[1:], out=tanh_c)  # again: quicker than fetching it from far away
    np.multiply(o, tanh_c, out=by_o)
    tanh_c *= by_o
    by_o -= np.multiply(by_o, o, out=product)  # tanh(c) o (1 - o) = h - h o
    np.subtract(o, tanh_c, out=by_c)  # o (1 - tanh(c)**2) = o - h tanh(c)
    return out[:4], by_c
