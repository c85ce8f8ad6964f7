"""Gated recurrent units as a Torch module.

``GRU`` takes the place of ``torch.nn.GRU``: autograd goes back through the very steps that stand here.
The equations are those of ``rnncourse.reference.gru``, reset after the product, gates in the order
r, z, n; ``bias_ih_l0`` and ``bias_hh_l0`` add up in r and z, and the n part of ``bias_hh_l0`` is ``b_hn``.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnncourse.nn.arguments import refuse
from rnncourse.nn.recurrent import Recurrent, State, scan


class GRU(Recurrent):
    """Gated recurrent units in layers and directions: a drop-in for ``torch.nn.GRU``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
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
        **unsupported: Any,
    ) -> None:
        refuse(unsupported, "GRU")
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        )

    def _scan(self, rows: Tensor, sizes: list[int], state: State, name: str) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns the states after every step, packed as ``rows`` are, and every sequence's last state.
        """
        H = self.hidden_size
        bias_ih, bias_hh = (
            getattr(self, f"{bias}{name}") if self.bias else None for bias in ("bias_ih", "bias_hh")
        )
        W_hh = getattr(self, f"weight_hh{name}")
        # the inputs' share of all gates: for all steps in one product, before the loop
        from_inputs = linear(rows, getattr(self, f"weight_ih{name}"), bias_ih).split(sizes)

        def step(a_t: Tensor, h: Tensor) -> State:
            from_state = linear(h, W_hh, bias_hh)
            r, z = torch.sigmoid(a_t[:, : 2 * H] + from_state[:, : 2 * H]).chunk(2, dim=1)
            n = torch.tanh(a_t[:, 2 * H :] + r * from_state[:, 2 * H :])
            return ((1 - z) * n + z * h,)

        return scan(step, from_inputs, state, backwards=name.endswith("_reverse"))
