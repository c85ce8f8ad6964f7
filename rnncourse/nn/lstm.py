"""Long short-term memory as a Torch module.

``LSTM`` takes the place of ``torch.nn.LSTM``: autograd goes back through the very steps that stand here.
The equations are those of ``rnncourse.reference.lstm``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0`` and ``b_h = bias_ih_l0 + bias_hh_l0``, gates in the order i, f, g, o.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.recurrent import Recurrent, State, scan


class LSTM(Recurrent):
    """Long short-term memory in layers and directions: a drop-in for ``torch.nn.LSTM``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As ``Recurrent`` documents them, in ``torch.nn.LSTM``'s order.
    proj_size : int
        P: what is put out, and handed on to the next step, is ``W_hr h_t`` with P units in place of
        ``h_t`` with H.  0 leaves ``h_t`` as it is.

    Notes
    -----
    Parameters are named ``weight_ih_l0 (4H, D)``, ``weight_hh_l0 (4H, H)``, ``bias_ih_l0 (4H,)`` and
    ``bias_hh_l0 (4H,)``, then ``..._l1`` and so on; with P also ``weight_hr_l0 (P, H)``, and then
    ``weight_hh_l0`` is ``(4H, P)``.

    Sources: Hochreiter and Schmidhuber 1997 [hochreiter1997long]; the projection is Sak et al. 2014's.
    """

    gates = 4
    _wrong_rank = "LSTM: Expected input to be 2D or 3D, got {}D instead"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            proj_size,
        )  # fmt: skip

    @property
    def _state_sizes(self) -> Sequence[int]:
        return (self.proj_size or self.hidden_size, self.hidden_size)

    def forward(  # type: ignore[override]  # its state has two parts
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """Run all layers over a batch of sequences.

        Parameters
        ----------
        input : tensor (T, B, D), (B, T, D) with ``batch_first``, (T, D) for one sequence, or packed
            A ``PackedSequence`` holds sequences of different lengths without padding.
        hx : pair (h_0, c_0) of tensors (layers * directions, B, H), without B for one sequence, optional
            Both parts of the state before the first step (before the last, in the second direction);
            zeros when left out.  With ``proj_size``, ``h_0`` has P units.

        Returns
        -------
        output : tensor (T, B, directions * H), or laid out as ``input``
            The last layer's h after every step.
        (h_n, c_n) : pair of tensors like ``hx``
            Every layer's state after its last step.
        """
        if hx is not None and len(hx) != 2:
            raise ValueError(f"hx should be a pair (h_0, c_0), got {len(hx)} parts")
        output, (h_n, c_n) = self._run(input, None if hx is None else (hx[0], hx[1]))
        return output, (h_n, c_n)

    def _scan(self, rows: Tensor, sizes: list[int], state: State, name: str) -> tuple[Tensor, State]:
        """Run one layer in one direction: the recurrence itself.

        Returns h after every step, packed as ``rows`` are, and every sequence's last h and c.
        """
        bias = getattr(self, f"bias_ih{name}") + getattr(self, f"bias_hh{name}") if self.bias else None
        W_hh_T = getattr(self, f"weight_hh{name}").t()
        W_hr_T = getattr(self, f"weight_hr{name}").t() if self.proj_size else None
        # the inputs' share of all gates: for all steps in one product, before the loop
        from_inputs = linear(rows, getattr(self, f"weight_ih{name}"), bias).split(sizes)

        def step(a_t: Tensor, h: Tensor, c: Tensor) -> State:
            i, f, g, o = torch.addmm(a_t, h, W_hh_T).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            return (h if W_hr_T is None else h @ W_hr_T), c

        return scan(step, from_inputs, state, backwards=name.endswith("_reverse"))
