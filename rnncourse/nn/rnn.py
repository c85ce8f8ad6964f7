"""The simple recurrent network as a Torch module, (R1) and (R2).

``RNN`` takes the place of ``torch.nn.RNN``: autograd goes back through the very steps that stand here.
The equations are those of ``rnncourse.reference.rnn``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0`` and ``b_h = bias_ih_l0 + bias_hh_l0``.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnncourse.nn.arguments import refuse
from rnncourse.nn.recurrent import Recurrent, State, scan

_FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu}


class RNN(Recurrent):
    """Elman network, (R1) and (R2), in layers and directions: a drop-in for ``torch.nn.RNN``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
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
        **unsupported: Any,
    ) -> None:
        refuse(unsupported, "RNN")
        if nonlinearity not in _FUNCTIONS:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        )
        self.nonlinearity = nonlinearity

    def _scan(self, rows: Tensor, sizes: list[int], state: State, name: str) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns the states after every step, packed as ``rows`` are, and every sequence's last state.
        """
        function = _FUNCTIONS[self.nonlinearity]
        bias = getattr(self, f"bias_ih{name}") + getattr(self, f"bias_hh{name}") if self.bias else None
        W_hh_T = getattr(self, f"weight_hh{name}").t()
        # (R1), the terms without the state: for all steps in one product, before the loop
        from_inputs = linear(rows, getattr(self, f"weight_ih{name}"), bias).split(sizes)

        def step(a_t: Tensor, h: Tensor) -> State:
            return (function(torch.addmm(a_t, h, W_hh_T)),)  # (R1), (R2)

        return scan(step, from_inputs, state, backwards=name.endswith("_reverse"))
