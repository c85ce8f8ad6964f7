"""LSTM with peepholes as a Torch module, for which ``torch.nn`` has none.

The equations are those of ``rnncourse.reference.peephole_lstm``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0``, ``b_h = bias_ih_l0 + bias_hh_l0``, and ``p_i``, ``p_f``, ``p_o`` one behind the
other in ``weight_p_l0``.
"""

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnncourse.nn.function import Weights
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.scan import State, scan


class PeepholeLSTM(LSTM):
    """Long short-term memory whose gates see the cell state; used as ``torch.nn.LSTM`` is.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
    proj_size, device, dtype, kernel
        As ``LSTM`` documents them.

    Notes
    -----
    Parameters are named as ``LSTM``'s, and each layer and direction has one more, the last:
    ``weight_p_l0 (3H,)``, the peepholes of i, f and o.

    Sources: Gers and Schmidhuber 2000; with a projection it is the network of Sak et al. 2014.
    """

    _by_hand = False
    _wrong_rank = "PeepholeLSTM: Expected input to be 2D or 3D, got {}D instead"

    def _shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        return super()._shapes(width) | {"weight_p": (3 * self.hidden_size,)}

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns h after every step, packed as ``rows`` are, and every sequence's last h and c.
        """
        H = self.hidden_size
        W_hh_T = weights.hh.t()
        assert weights.p is not None  # _shapes has put it there
        p_before, p_after = weights.p.split([2 * H, H])
        # the inputs' share of all gates: for all steps in one product, before the loop
        from_inputs = linear(rows, weights.ih, weights.bias).split(sizes)

        def step(a_t: Tensor, h: Tensor, c: Tensor) -> State:
            before, g, o = torch.addmm(a_t, h, W_hh_T).split([2 * H, H, H], dim=1)
            i, f = torch.sigmoid(before + p_before * c.repeat(1, 2)).chunk(2, dim=1)
            c = f * c + i * torch.tanh(g)
            h = torch.sigmoid(o + p_after * c) * torch.tanh(c)  # o sees the new cell state
            return (h if weights.hr is None else h @ weights.hr.t()), c

        return scan(step, from_inputs, sizes, state, backwards)
