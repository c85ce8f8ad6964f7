"""What RNN, LSTM and GRU share: layers, directions, dropout, packed sequences, states, and the loop.

A cell is a subclass.  It says how many ``gates`` its weights stack and, in ``_scan``, what happens at one
step; everything around that is here and is the same for all.  ``scan`` is the loop over time itself.
A state is a tuple of its parts throughout this module: ``(h,)``, or the LSTM's ``(h, c)``.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.functional import dropout as drop
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.arguments import check_constructor, check_input, check_rank, check_size

State = tuple[Tensor, ...]


class Recurrent(torch.nn.Module):
    """Layers and directions around a cell; not used by itself.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    num_layers : int
        Layers on top of each other; each reads the outputs of the one below.
    bias : bool
        Whether ``bias_ih`` and ``bias_hh`` exist.
    batch_first : bool
        Inputs and outputs are ``(B, T, ·)`` in place of ``(T, B, ·)``; states are not affected.
    dropout : float
        Share of a layer's outputs that the next layer does not see while training.
    bidirectional : bool
        A second set of weights reads the sequence from its end; both outputs stand side by side.
    proj_size : int
        P, where the state is projected to P units before anyone sees it (LSTM alone); 0 for not.
    device, dtype
        Of the parameters.

    Notes
    -----
    With G gates, parameters are named ``weight_ih_l0 (G H, D)``, ``weight_hh_l0 (G H, H)``,
    ``bias_ih_l0 (G H,)``, ``bias_hh_l0 (G H,)``, then ``..._l1`` and so on, with ``_reverse`` behind the
    second direction's, and drawn uniformly from ``+-1/sqrt(H)`` in that order: one seed gives the weights
    that Torch would draw.  Errors are those of ``torch.nn``, type and text; ``torch.nn.LSTM`` does not look
    at packed sequences and their state, and here they are checked as those of the others are.
    """

    gates: int  # how many times H rows the weights have
    _wrong_rank: str  # what torch.nn's module of the same name says, with its own wording

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
        proj_size: int = 0,
    ) -> None:
        super().__init__()
        check_constructor(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.proj_size = bias, batch_first, proj_size
        self.dropout, self.bidirectional = float(dropout), bidirectional

        for layer in range(num_layers):
            width = input_size if layer == 0 else self._state_sizes[0] * len(self._directions)
            for direction in self._directions:
                for name, shape in self._shapes(width).items():
                    values = torch.empty(shape, device=device, dtype=dtype)
                    self.register_parameter(f"{name}_l{layer}{direction}", Parameter(values))
        self.reset_parameters()

    @property
    def _directions(self) -> Sequence[str]:
        """The ending of the parameters' names in each direction."""
        return ("", "_reverse") if self.bidirectional else ("",)

    @property
    def _state_sizes(self) -> Sequence[int]:
        """The number of units in each part of the state."""
        return (self.hidden_size,)

    def _shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        """Name the parameters of one layer in one direction, in Torch's order, with their shapes.

        ``width`` is the number of features that the layer reads.
        """
        rows, seen = self.gates * self.hidden_size, self._state_sizes[0]
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, seen)}
        if self.bias:
            # two vectors where one would do, because cuDNN and therefore torch.nn has two
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes |= {"weight_hr": (self.proj_size, self.hidden_size)}
        return shapes

    def _scan(self, rows: Tensor, sizes: list[int], state: State, name: str) -> tuple[Tensor, State]:
        """Run one layer in one direction over packed rows: what makes the cell this cell.

        Parameters
        ----------
        rows : tensor (sum(sizes), width)
            The inputs of all steps.
        sizes : list of int
            How many of the rows belong to each step; never growing.
        state : tuple of tensors (B, H)
            Where every sequence starts.
        name : str
            The ending of the parameters' names.

        Returns
        -------
        outputs : tensor (sum(sizes), H)
        last : tuple of tensors (B, H)
            Every sequence's state after its own last step.
        """
        raise NotImplementedError

    def reset_parameters(self) -> None:
        """Draw all parameters afresh, uniformly from ``+-1/sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: there is no cuDNN buffer to fill; programs written for ``torch.nn`` call this."""

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Run all layers over a batch of sequences.

        Parameters
        ----------
        input : tensor (T, B, D), (B, T, D) with ``batch_first``, (T, D) for one sequence, or packed
            A ``PackedSequence`` holds sequences of different lengths without padding.
        hx : tensor (layers * directions, B, H), without B for one sequence, optional
            The state before the first step (before the last, in the second direction); zeros when
            left out.

        Returns
        -------
        output : tensor (T, B, directions * H), or laid out as ``input``
            The last layer's state after every step.
        h_n : tensor like ``hx``
            Every layer's state after its last step.
        """
        output, (h_n,) = self._run(input, None if hx is None else (hx,))
        return output, h_n

    def _run(
        self, input: Tensor | PackedSequence, state: State | None
    ) -> tuple[Tensor | PackedSequence, State]:
        """Bring any form of input to packed rows, run all layers, and bring the results back."""
        if isinstance(input, PackedSequence):
            rows, batch_sizes, sorted_indices, unsorted_indices = input
            check_input(rows, 2, self.input_size, next(self.parameters()).dtype)
            if state is not None and sorted_indices is not None:
                state = tuple(part.index_select(1, sorted_indices) for part in state)
            out, last = self._layers(rows, batch_sizes.tolist(), state)
            if unsorted_indices is not None:
                last = tuple(part.index_select(1, unsorted_indices) for part in last)
            return PackedSequence(out, batch_sizes, sorted_indices, unsorted_indices), last

        if input.dim() not in (2, 3):
            raise ValueError(self._wrong_rank.format(input.dim()))
        batched = input.dim() == 3
        if state is not None:
            check_rank(state, input.dim())
        if not batched:
            input = input.unsqueeze(1)
            state = None if state is None else tuple(part.unsqueeze(1) for part in state)
        elif self.batch_first:
            input = input.transpose(0, 1)
        check_input(input, 3, self.input_size, next(self.parameters()).dtype)
        T, B, D = input.shape
        if T == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")

        # A full batch is a packed one in which no sequence ends early, so one loop serves both.
        out, last = self._layers(input.reshape(T * B, D), [B] * T, state)
        out = out.reshape(T, B, out.shape[1])
        if not batched:
            return out.squeeze(1), tuple(part.squeeze(1) for part in last)
        return out.transpose(0, 1) if self.batch_first else out, last

    def _layers(self, rows: Tensor, sizes: list[int], state: State | None) -> tuple[Tensor, State]:
        """Run all layers over packed rows ``(sum(sizes), D)``, ``sizes[t]`` of them for step t."""
        count = self.num_layers * len(self._directions)
        shapes = [(count, sizes[0], width) for width in self._state_sizes]
        if state is None:
            state = tuple(rows.new_zeros(shape) for shape in shapes)
        check_size(state, shapes)
        starts = zip(*(part.unbind(0) for part in state))
        lasts = []
        for layer in range(self.num_layers):
            if layer > 0:
                rows = drop(rows, self.dropout, self.training)
            outs = []
            for direction in self._directions:
                out, last = self._scan(rows, sizes, next(starts), f"_l{layer}{direction}")
                outs.append(out)
                lasts.append(last)
            rows = torch.cat(outs, dim=1) if self.bidirectional else outs[0]
        return rows, tuple(torch.stack(parts) for parts in zip(*lasts))

    def extra_repr(self) -> str:
        """Name the arguments that differ from their defaults, as ``torch.nn`` does."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0,
            "bidirectional": False,
        }  # fmt: skip
        parts += [
            f"{name}={getattr(self, name)}"
            for name, value in defaults.items()
            if getattr(self, name) != value
        ]
        return ", ".join(parts)


def scan(
    step: Callable[..., State], inputs: Sequence[Tensor], state: State, backwards: bool
) -> tuple[Tensor, State]:
    """Loop over time: ``state = step(inputs[t], *state)``, for sequences that may end at different steps.

    Parameters
    ----------
    step : function of ``a_t (N, ·)`` and the parts of the state, ``(N, H)`` each
        Returns the parts of the next state, the one that is put out first.
    inputs : sequence of tensors (N, ·)
        One per step.  Sequences are sorted by length, the longest first, so those that are still
        running are the first N, and N never grows.
    state : tuple of tensors (B, H)
        Where every sequence starts.
    backwards : bool
        Loop from the last step to the first.

    Returns
    -------
    outputs : tensor (sum of all N, H)
        The first part of the state after every step, in the order of ``inputs``.
    last : tuple of tensors (B, H)
        Every sequence's state after its own last step.
    """
    outputs: list[Tensor] = []
    if backwards:
        now = tuple(part[: len(inputs[-1])] for part in state)
        for a_t in reversed(inputs):
            if len(a_t) > len(now[0]):  # these sequences end here, so from behind they begin here
                late = slice(len(now[0]), len(a_t))
                now = tuple(torch.cat([part, start[late]]) for part, start in zip(now, state))
            now = step(a_t, *now)
            outputs.append(now[0])
        return torch.cat(outputs[::-1]), now

    now, ended = state, []
    for a_t in inputs:
        if len(a_t) < len(now[0]):  # the shortest sequences stand last, and are over
            ended.append(tuple(part[len(a_t) :] for part in now))
            now = tuple(part[: len(a_t)] for part in now)
        now = step(a_t, *now)
        outputs.append(now[0])
    return torch.cat(outputs), tuple(torch.cat(parts) for parts in zip(now, *ended[::-1]))
