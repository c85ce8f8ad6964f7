"""Long short-term memory as a Torch module.

``LSTM`` takes the place of ``torch.nn.LSTM``.  ``_scan`` is the recurrence as it is read, and autograd can go
back through it step by step; ``_forward_steps`` and ``_backward_steps`` do the same by hand, and faster.
The equations are those of ``rnncourse.reference.lstm``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0`` and ``b_h = bias_ih_l0 + bias_hh_l0``, gates in the order i, f, g, o.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.function import Gradients, Passed, Weights
from rnncourse.nn.recurrent import Recurrent
from rnncourse.nn.scan import State, carry, previous, scan

# a gradient times the slope of the function, which is read off the function's value
sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward


class LSTM(Recurrent):
    """Long short-term memory in layers and directions: a drop-in for ``torch.nn.LSTM``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype, kernel
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
        *,
        kernel: str = "auto",
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            proj_size, kernel,
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
            i, f, g, o = torch.addmm(a_t, h, W_hh_T).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            return (h if weights.hr is None else h @ weights.hr.t()), c

        return scan(step, from_inputs, sizes, state, backwards)

    def _forward_steps(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> Passed:
        """Do what ``_scan`` does, in place: a step's gates overwrite the inputs' share of them."""
        H = self.hidden_size
        W_hh_T = weights.hh.t().contiguous()
        gates = linear(rows, weights.ih, weights.bias)
        h, c = (gates.new_empty(len(gates), H) for _ in range(2))

        def step(views: State, h_prev: Tensor, c_prev: Tensor) -> State:
            gates_t, i_f, i, f, g, o, c_t, h_t = views
            gates_t.addmm_(h_prev, W_hh_T)
            i_f.sigmoid_()
            g.tanh_()
            o.sigmoid_()
            torch.mul(f, c_prev, out=c_t).addcmul_(i, g)
            return torch.mul(o, torch.tanh(c_t), out=h_t), c_t

        columns = (gates, gates[:, : 2 * H], *gates.chunk(4, dim=1), c, h)
        views = list(zip(*(part.split(sizes) for part in columns)))
        return Passed((h, c), carry(step, views, sizes, state, backwards), (gates,))

    def _backward_steps(
        self, dout: Tensor, dlast: State, passed: Passed, sizes: list[int], state: State, weights: Weights,
        backwards: bool,
    ) -> Gradients:  # fmt: skip
        """Go back: what stands beside the total gradients of h_t and c_t is known before the loop."""
        H = self.hidden_size
        (gates,), (_, c) = passed.kept, passed.history
        i, f, g, o = gates.chunk(4, dim=1)
        tanh_c, c_prev = torch.tanh(c), previous(c, state[1], sizes, backwards)
        to_c = tanh_backward(o, tanh_c)  # from h_t to c_t: o (1 - tanh(c)**2)
        factors = gates.new_empty(len(gates), 5 * H)
        to_c_prev, to_i, to_f, to_g, to_o = factors.chunk(
            5, dim=1
        )  # all but the last from c_t, that from h_t
        to_c_prev.copy_(f)
        sigmoid_backward(g, i, grad_input=to_i)  # g i (1 - i)
        sigmoid_backward(c_prev, f, grad_input=to_f)
        tanh_backward(i, g, grad_input=to_g)
        sigmoid_backward(tanh_c, o, grad_input=to_o)
        da = factors[:, H:]  # in the loop every factor becomes a gradient

        def step(views: State, dh: Tensor, dc: Tensor) -> State:
            by_c, dc_prev, by_h, da_t, to_c_t, dout_t = views
            dh = dh + dout_t  # total: by way of the step after, and directly
            dc = torch.addcmul(dc, dh, to_c_t)  # by way of c_{t+1}, and of h_t
            by_c.mul_(dc.unsqueeze(1))
            by_h.mul_(dh)
            return da_t @ weights.hh, dc_prev

        columns = (
            factors[:, : 4 * H].unflatten(1, (4, H)), to_c_prev, to_o, da, to_c, dout
        )  # fmt: skip
        views = list(zip(*(part.split(sizes) for part in columns)))
        return Gradients(da, da, carry(step, views, sizes, dlast, not backwards))
