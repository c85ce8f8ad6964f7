"""Gated recurrent units as a Torch module.

``GRU`` takes the place of ``torch.nn.GRU``.  ``_scan`` is the recurrence as it is read, and autograd can go
back through it step by step; ``_forward_steps`` and ``_backward_steps`` do the same by hand, and faster.
The equations are those of ``rnncourse.reference.gru``, reset after the product, gates in the order
r, z, n; ``bias_ih_l0`` and ``bias_hh_l0`` add up in r and z, and the n part of ``bias_hh_l0`` is ``b_hn``.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnncourse.nn.arguments import refuse
from rnncourse.nn.function import Gradients, Passed, Weights
from rnncourse.nn.recurrent import Recurrent
from rnncourse.nn.scan import State, carry, previous, scan

# a gradient times the slope of the function, which is read off the function's value
sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward


class GRU(Recurrent):
    """Gated recurrent units in layers and directions: a drop-in for ``torch.nn.GRU``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype, kernel
        As ``Recurrent`` documents them, in ``torch.nn.GRU``'s order.

    Notes
    -----
    Parameters are named ``weight_ih_l0 (3H, D)``, ``weight_hh_l0 (3H, H)``, ``bias_ih_l0 (3H,)`` and
    ``bias_hh_l0 (3H,)``, then ``..._l1`` and so on.

    Source: Cho et al. 2014 [cho2014learning], with the reset gate after the product, as Torch has it.
    """

    gates = 3
    _wrong_rank = "GRU: Expected input to be 2D or 3D, got {}D instead"

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
        *,
        kernel: str = "auto",
        **unsupported: Any,
    ) -> None:
        refuse(unsupported, "GRU")
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            kernel=kernel,
        )  # fmt: skip

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns the states after every step, packed as ``rows`` are, and every sequence's last state.
        """
        H = self.hidden_size
        # the inputs' share of all gates: for all steps in one product, before the loop
        from_inputs = linear(rows, weights.ih, weights.bias_ih).split(sizes)

        def step(a_t: Tensor, h: Tensor) -> State:
            from_state = linear(h, weights.hh, weights.bias_hh)
            r, z = torch.sigmoid(a_t[:, : 2 * H] + from_state[:, : 2 * H]).chunk(2, dim=1)
            n = torch.tanh(a_t[:, 2 * H :] + r * from_state[:, 2 * H :])
            return ((1 - z) * n + z * h,)

        return scan(step, from_inputs, sizes, state, backwards)

    def _forward_steps(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> Passed:
        """Do what ``_scan`` does, in place: a step's gates overwrite the inputs' share of them."""
        H = self.hidden_size
        W_rz_T, W_n_T = (W.t().contiguous() for W in weights.hh.split((2 * H, H)))
        # both biases of r and z can enter before the loop; the candidate's second one cannot
        b_rz, b_n = rows.new_zeros(3 * H).split((2 * H, H))
        if weights.bias_hh is not None:
            b_rz, b_n = weights.bias_hh.split((2 * H, H))
        gates = linear(rows, weights.ih, weights.bias_ih)
        gates[:, : 2 * H] += b_rz
        s_n, h = (gates.new_empty(len(gates), H) for _ in range(2))  # s_n = W_hn h_{t-1} + b_hn

        def step(views: State, h_prev: Tensor) -> State:
            r_z, r, z, n, s_n_t, h_t = views
            r_z.addmm_(h_prev, W_rz_T).sigmoid_()
            n.addcmul_(r, torch.addmm(b_n, h_prev, W_n_T, out=s_n_t)).tanh_()
            return (torch.lerp(n, h_prev, z, out=h_t),)  # (1 - z) n + z h_{t-1}

        columns = (gates[:, : 2 * H], *gates.chunk(3, dim=1), s_n, h)
        views = list(zip(*(part.split(sizes) for part in columns)))
        return Passed((h,), carry(step, views, sizes, state, backwards), (gates, s_n))

    def _backward_steps(
        self, dout: Tensor, dlast: State, passed: Passed, sizes: list[int], state: State, weights: Weights,
        backwards: bool,
    ) -> Gradients:  # fmt: skip
        """Go back: what stands beside the total gradient of h_t is known before the loop."""
        H = self.hidden_size
        gates, s_n = passed.kept
        r, z, n = gates.chunk(3, dim=1)
        h_prev = previous(passed.history[0], state[0], sizes, backwards)
        factors = gates.new_empty(len(gates), 5 * H)
        to_h_prev, to_r, to_z, to_s, to_n = factors.chunk(5, dim=1)  # all from h_t
        to_h_prev.copy_(z)
        tanh_backward(1 - z, n, grad_input=to_n)  # (1 - z)(1 - n**2)
        torch.mul(to_n, r, out=to_s)
        sigmoid_backward(h_prev - n, z, grad_input=to_z)
        sigmoid_backward(to_n * s_n, r, grad_input=to_r)
        ds = factors[:, H : 4 * H]  # in the loop every factor becomes a gradient

        def step(views: State, dh: Tensor) -> State:
            all_t, dh_prev, ds_t, dout_t = views
            dh = dh + dout_t  # total: by way of the step after, and directly
            all_t.mul_(dh.unsqueeze(1))
            return (torch.addmm(dh_prev, ds_t, weights.hh),)

        columns = (factors.unflatten(1, (5, H)), to_h_prev, ds, dout)
        views = list(zip(*(part.split(sizes) for part in columns)))
        dstart = carry(step, views, sizes, dlast, not backwards)
        return Gradients(torch.cat([to_r, to_z, to_n], dim=1), ds, dstart)
