"""What RNN, LSTM and GRU share: parameters, layers, directions, dropout, states.

A cell is a subclass.  It says how many ``gates`` its weights stack and, in ``_scan``, what happens at one
step; everything around that is the same for all.  ``rnncourse.nn.scan`` is the loop over time itself, and
``rnncourse.nn.function`` a quicker one that computes the same.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.functional import dropout as drop
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.arguments import check_constructor, check_kernel, check_size, check_state_type
from rnncourse.nn.function import Gradients, Passed, Weights, can_run, recurrence
from rnncourse.nn.packing import as_rows
from rnncourse.nn.scan import State

_KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr", "weight_p")  # in the order of Weights


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
    kernel : {"auto", "function", "autograd"}
        Who goes back through time.  ``"autograd"`` records every step.  ``"function"`` takes a backward
        pass written by hand (``rnncourse.nn.function``): the same gradients, quicker; second derivatives go
        through the steps again; under autocast all is done in autocast's type, as cuDNN has it.
        ``torch.func``, ``torch.compile``, forward-mode derivatives and ``proj_size`` need ``"autograd"``;
        ``"auto"`` takes it for them, and else ``"function"``.

    Notes
    -----
    With G gates, parameters are named ``weight_ih_l0 (G H, D)``, ``weight_hh_l0 (G H, H)``,
    ``bias_ih_l0 (G H,)``, ``bias_hh_l0 (G H,)``, then ``..._l1`` and so on, with ``_reverse`` behind the
    second direction's, and drawn uniformly from ``+-1/sqrt(H)`` in that order: one seed gives the weights
    that Torch would draw.  Errors are those of ``torch.nn``, type and text; ``torch.nn.LSTM`` does not look
    at packed sequences and their state, and here they are checked as those of the others are.
    """

    gates: int  # how many times H rows the weights have
    _by_hand = True  # whether there is a backward pass written by hand
    _wrong_rank: str  # what torch.nn's module of the same name says, with its own wording
    _forward_steps: Callable[..., Passed]  # both as ``rnncourse.nn.function.Cell`` has them
    _backward_steps: Callable[..., Gradients]

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
        kernel: str = "auto",
    ) -> None:
        super().__init__()
        check_constructor(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        check_kernel(kernel, proj_size, None if self._by_hand else type(self).__name__)
        self.kernel = kernel
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

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction over packed rows: what makes the cell this cell.

        Parameters
        ----------
        rows : tensor (sum(sizes), width)
            The inputs of all steps.
        sizes : list of int
            How many of the rows belong to each step; never growing.
        state : tuple of tensors (B, H)
            Where every sequence starts.
        weights : Weights
            This layer's, in this direction.
        backwards : bool
            From the last step to the first.

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
        weight = next(self.parameters())
        rows, sizes, state, restore = as_rows(input, state, self.batch_first, weight, self._wrong_rank)
        return restore(*self._layers(rows, sizes, state))

    def _road(self) -> Callable[..., tuple[Tensor, State]]:
        """Return what runs one layer in one direction: ``_scan``, or what takes its place."""
        if self.kernel == "autograd" or self.proj_size or not self._by_hand:
            return self._scan
        if can_run():
            return partial(recurrence, self)
        if self.kernel == "function":
            raise RuntimeError(
                "kernel='function' serves neither torch.func, torch.compile nor forward-mode derivatives; "
                "use kernel='auto' or kernel='autograd'"
            )
        return self._scan

    def _layers(self, rows: Tensor, sizes: list[int], state: State | None) -> tuple[Tensor, State]:
        """Run all layers over packed rows ``(sum(sizes), D)``, ``sizes[t]`` of them for step t."""
        count = self.num_layers * len(self._directions)
        shapes = [(count, sizes[0], width) for width in self._state_sizes]
        if state is None:
            state = tuple(rows.new_zeros(shape) for shape in shapes)
        check_size(state, shapes)
        check_state_type(state, next(self.parameters()))
        starts = zip(*(part.unbind(0) for part in state))
        run, lasts = self._road(), []
        for layer in range(self.num_layers):
            if layer > 0:
                rows = drop(rows, self.dropout, self.training)
            outs = []
            for direction in self._directions:
                tensors: list[Any]
                tensors = [getattr(self, f"{kind}_l{layer}{direction}", None) for kind in _KINDS]
                out, last = run(rows, sizes, next(starts), Weights(*tensors), bool(direction))
                outs.append(out)
                lasts.append(last)
            rows = torch.cat(outs, dim=1) if self.bidirectional else outs[0]
        return rows, tuple(torch.stack(parts) for parts in zip(*lasts))

    def extra_repr(self) -> str:
        """Name the arguments that differ from their defaults, as ``torch.nn`` does."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0,
            "bidirectional": False, "kernel": "auto",
        }  # fmt: skip
        parts += [
            f"{name}={getattr(self, name)}"
            for name, value in defaults.items()
            if getattr(self, name) != value
        ]
        return ", ".join(parts)
