"""The simple recurrent network as a Torch module, (R1) and (R2).

``RNN`` takes the place of ``torch.nn.RNN``.  ``_scan`` is the recurrence as it is read, and autograd can go
back through it step by step; ``_forward_steps`` and ``_backward_steps`` do the same by hand, and faster.
The equations are those of ``rnncourse.reference.rnn``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0`` and ``b_h = bias_ih_l0 + bias_hh_l0``.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnncourse.nn.arguments import refuse
from rnncourse.nn.function import Gradients, Passed, Weights
from rnncourse.nn.recurrent import Recurrent
from rnncourse.nn.scan import State, carry, scan

tanh_backward = torch.ops.aten.tanh_backward.grad_input
threshold_backward = torch.ops.aten.threshold_backward.grad_input

_FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu}


class RNN(Recurrent):
    """Elman network, (R1) and (R2), in layers and directions: a drop-in for ``torch.nn.RNN``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype, kernel
        As ``Recurrent`` documents them, in ``torch.nn.RNN``'s order.
    nonlinearity : {"tanh", "relu"}
        The function in (R2).

    Notes
    -----
    Parameters are named ``weight_ih_l0 (H, D)``, ``weight_hh_l0 (H, H)``, ``bias_ih_l0 (H,)`` and
    ``bias_hh_l0 (H,)``, then ``..._l1`` and so on.

    Source: Elman 1990 [elman1990finding].
    """

    gates = 1
    _wrong_rank = "RNN: Expected input to be 2D or 3D, got {}D tensor instead"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
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
        refuse(unsupported, "RNN")
        if nonlinearity not in _FUNCTIONS:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            kernel=kernel,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns the states after every step, packed as ``rows`` are, and every sequence's last state.
        """
        function = _FUNCTIONS[self.nonlinearity]
        W_hh_T = weights.hh.t()
        # (R1), the terms without the state: for all steps in one product, before the loop
        from_inputs = linear(rows, weights.ih, weights.bias).split(sizes)

        def step(a_t: Tensor, h: Tensor) -> State:
            return (function(torch.addmm(a_t, h, W_hh_T)),)  # (R1), (R2)

        return scan(step, from_inputs, sizes, state, backwards)

    def _forward_steps(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> Passed:
        """Do what ``_scan`` does, in place: (R1) and (R2) of a step overwrite the input's share of it."""
        bend = torch.tanh_ if self.nonlinearity == "tanh" else torch.relu_
        W_hh_T = weights.hh.t().contiguous()
        h = linear(rows, weights.ih, weights.bias)

        def step(h_t: Tensor, h_prev: Tensor) -> State:
            return (bend(h_t.addmm_(h_prev, W_hh_T)),)

        last = carry(step, h.split(sizes), sizes, state, backwards)
        return Passed((h,), last, ())

    def _backward_steps(
        self, dout: Tensor, dlast: State, passed: Passed, sizes: list[int], state: State, weights: Weights,
        backwards: bool,
    ) -> Gradients:  # fmt: skip
        """Go back: the total gradient of h_t, times the slope of (R2), times W_hh.

        The slope can be read off the value: ``1 - h**2`` of tanh, 1 of ReLU where it is above 0.
        """
        (h,) = passed.history
        da = torch.empty_like(h)
        tanh = self.nonlinearity == "tanh"

        def step(views: State, dh: Tensor) -> State:
            da_t, h_t, dout_t = views
            dh = dh + dout_t  # total: by way of the step after, and directly
            if tanh:
                tanh_backward(dh, h_t, grad_input=da_t)
            else:
                threshold_backward(dh, h_t, 0, grad_input=da_t)
            return (da_t @ weights.hh,)

        views = list(zip(*(rows.split(sizes) for rows in (da, h, dout))))
        return Gradients(da, da, carry(step, views, sizes, dlast, not backwards))
