"""LSTM with coupled gates as a Torch module, for which ``torch.nn`` has none.

The equations are those of ``rnncourse.reference.coupled_lstm``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0`` and ``b_h = bias_ih_l0 + bias_hh_l0``, gates in the order f, g, o.
"""

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnncourse.nn.function import Weights
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.scan import State, scan


class CoupledLSTM(LSTM):
    """Long short-term memory that writes what it forgets, ``i = 1 - f``; used as ``torch.nn.LSTM`` is.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
    proj_size, device, dtype, kernel
        As ``LSTM`` documents them.

    Notes
    -----
    Parameters are named as ``LSTM``'s, with three gates in place of four: ``weight_ih_l0 (3H, D)``,
    ``weight_hh_l0 (3H, H)``, ``bias_ih_l0 (3H,)`` and ``bias_hh_l0 (3H,)``, then ``..._l1`` and so on.

    Source: Greff et al. 2017, who call it CIFG.
    """

    gates = 3
    _by_hand = False
    _wrong_rank = "CoupledLSTM: Expected input to be 2D or 3D, got {}D instead"

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns h after every step, packed as ``rows`` are, and every sequence's last h and c.
        """
        W_hh_T = weights.hh.t()
        # the inputs' share of all gates: for all steps in one product, before the loop
        from_inputs = linear(rows, weights.ih, weights.bias).split(sizes)

        def step(a_t: Tensor, h: Tensor, c: Tensor) -> State:
            f, g, o = torch.addmm(a_t, h, W_hh_T).chunk(3, dim=1)
            g = torch.tanh(g)
            c = g + torch.sigmoid(f) * (c - g)  # f c + (1 - f) g
            h = torch.sigmoid(o) * torch.tanh(c)
            return (h if weights.hr is None else h @ weights.hr.t()), c

        return scan(step, from_inputs, sizes, state, backwards)
