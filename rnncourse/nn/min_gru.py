r"""minGRU as a Torch module: a recurrent layer without a loop over matrix products.

The equations are those of ``rnncourse.reference.min_gru``, the paper's plain form, with
``W_xh = weight_ih_l0`` and ``b_h = bias_ih_l0``, gate and candidate in the order z, n.  Neither of them
looks at the state, so both are computed for all steps at once.  What remains, one unit at a time,

.. math::  h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t ,

is linear in the state.  ``linear_scan`` does it in few operations, which is what counts on a GPU and where
a step is small.  On a CPU a large step costs what it moves through memory: there ``_Walk`` goes step by
step, touches every number once, and goes back in the same way.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from rnncourse.nn.arguments import refuse
from rnncourse.nn.function import Weights
from rnncourse.nn.linear_scan import linear_scan
from rnncourse.nn.recurrent import Recurrent
from rnncourse.nn.scan import State

# On a CPU, steps of this many numbers and more take longer to compute than to start.
LARGE_STEP = 2048


class MinGRU(Recurrent):
    """minGRU in layers and directions; used as ``torch.nn.GRU`` is.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As ``Recurrent`` documents them, in ``torch.nn.GRU``'s order.

    Notes
    -----
    Parameters are named ``weight_ih_l0 (2H, D)`` and ``bias_ih_l0 (2H,)``, then ``..._l1`` and so on; there
    is no ``weight_hh``.  In half precision gate and scan are computed in float32.  On a CPU, gradients of
    gradients exist only where a step, B times H, is smaller than ``LARGE_STEP``.

    Source: Feng et al. 2024, "Were RNNs all we needed?".
    """

    gates = 2
    _by_hand = False  # but for the part that has no matrix product: _Walk
    _wrong_rank = "MinGRU: Expected input to be 2D or 3D, got {}D instead"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **unsupported: Any,
    ) -> None:
        refuse(unsupported, "MinGRU")
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        )

    def _shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        return {name: shape for name, shape in super()._shapes(width).items() if name.endswith("_ih")}

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns the states after every step, packed as ``rows`` are, and every sequence's last state.
        """
        T, B, H = len(sizes), sizes[0], self.hidden_size
        a = linear(rows, weights.ih, weights.bias_ih)
        out_dtype, a = a.dtype, a.to(torch.promote_types(a.dtype, torch.float32))
        ragged = sizes[-1] < B
        if ragged:
            lengths = torch.tensor(sizes, device=a.device)
            has_step = torch.arange(B, device=a.device) < lengths[:, None]  # (T, B)
            # a step that a sequence does not have brings nothing new: z = sigmoid(-inf) = 0
            nothing = torch.cat([a.new_full((H,), -torch.inf), a.new_zeros(H)])
            a = nothing.repeat(T, B, 1).masked_scatter(has_step[:, :, None], a)

        start = state[0].to(a.dtype)
        if a.device.type == "cpu" and B * H >= LARGE_STEP:
            _, h = _Walk.apply(a, start, backwards)
        else:
            z, n = a.view(T, B, 2 * H).chunk(2, dim=2)
            z = torch.sigmoid(z)
            h = linear_scan(1 - z, z * n, start, backwards)
        h = h.to(out_dtype)
        return h[has_step] if ragged else h.view(T * B, H), (h[0 if backwards else -1],)


class _Walk(torch.autograd.Function):
    """The gate's sigmoid and the recurrence, step by step, and the same backwards.

    With ``d_t`` for what enters at ``h_t`` and ``total_t`` for all that reaches it,
    ``total_t = d_t + (1 - z_{t+1}) * total_{t+1}``; n_t gets ``z_t * total_t``, and what stands inside z_t
    gets ``(n_t - h_{t-1}) * total_t * z_t (1 - z_t)``.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, start: Tensor, reverse: bool) -> tuple[Tensor, Tensor]:
        """Turn the first half of ``a (T * B, 2H)`` into z, in its place; return it and h ``(T, B, H)``."""
        zs, ns = _halves(a, start)
        h = a.new_empty(len(zs), *start.shape)
        hs, before = h.unbind(0), start
        for t in _order(h, reverse):
            before = torch.lerp(before, ns[t], zs[t].sigmoid_(), out=hs[t])  # h + z (n - h)
        ctx.mark_dirty(a)
        ctx.set_materialize_grads(False)  # z is not for anyone outside
        ctx.save_for_backward(a, start, h)
        ctx.reverse = reverse
        return a, h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: None, dh: Tensor | None) -> tuple[Tensor | None, Tensor | None, None]:
        if dh is None:
            return None, None, None
        a, start, h = ctx.saved_tensors
        da = torch.empty_like(a)
        (zs, ns), (da_zs, da_ns) = _halves(a, start), _halves(da, start)
        order = _order(h, ctx.reverse)
        befores = dict(zip(order, (start, *(h[t] for t in order[:-1]))))
        total, slope = torch.zeros_like(start), torch.empty_like(start)
        for t in order[::-1]:
            total += dh[t]
            torch.mul(total, zs[t], out=da_ns[t])
            total -= da_ns[t]  # (1 - z) total: on its way to the step before
            torch.sub(ns[t], befores[t], out=slope).mul_(total)
            torch.mul(slope, zs[t], out=da_zs[t])
        return da, total, None


def _halves(a: Tensor, start: Tensor) -> list[tuple[Tensor, ...]]:
    """View ``a``, 2H numbers for every step and sequence, as two lists of T tensors ``(B, H)``."""
    B, H = start.shape
    return [half.unbind(0) for half in a.view(-1, B, 2 * H).split(H, dim=2)]


def _order(h: Tensor, reverse: bool) -> range:
    """Return the steps in the order in which they happen."""
    return range(len(h))[:: -1 if reverse else 1]
