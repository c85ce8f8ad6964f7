"""The simple recurrent network as a Torch module, (R1) and (R2), with the loop over time in the open.

``RNN`` takes the place of ``torch.nn.RNN``: autograd goes back through the very loop that stands here.
The equations are those of ``rnncourse.reference.rnn``, with ``W_xh = weight_ih_l0``,
``W_hh = weight_hh_l0`` and ``b_h = bias_ih_l0 + bias_hh_l0``.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.functional import dropout as drop
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence

_FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu}


class RNN(torch.nn.Module):
    """Elman network, (R1) and (R2), in layers and directions: a drop-in for ``torch.nn.RNN``.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    num_layers : int
        Layers on top of each other; each reads the outputs of the one below.
    nonlinearity : {"tanh", "relu"}
        The function in (R2).
    bias : bool
        Whether ``bias_ih`` and ``bias_hh`` exist.
    batch_first : bool
        Inputs and outputs are ``(B, T, ·)`` in place of ``(T, B, ·)``; states are not affected.
    dropout : float
        Share of a layer's outputs that the next layer does not see while training.
    bidirectional : bool
        A second set of weights reads the sequence from its end; both outputs stand side by side.
    device, dtype
        Of the parameters.

    Notes
    -----
    Parameters are named ``weight_ih_l0 (H, D)``, ``weight_hh_l0 (H, H)``, ``bias_ih_l0 (H,)``,
    ``bias_hh_l0 (H,)``, then ``..._l1`` and so on, with ``_reverse`` behind the second direction's, and
    drawn uniformly from ``+-1/sqrt(H)`` in that order: one seed gives the weights that Torch would draw.
    Errors are those of ``torch.nn.RNN``, type and text.

    Source: Elman 1990 [elman1990finding].
    """

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
        super().__init__()
        if "proj_size" in unsupported:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if unsupported:
            raise TypeError(f"RNN got an unexpected keyword argument {next(iter(unsupported))!r}")
        if nonlinearity not in _FUNCTIONS:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        _check_arguments(input_size, hidden_size, num_layers, bias, batch_first, dropout)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.nonlinearity, self.bias, self.batch_first = nonlinearity, bias, batch_first
        self.dropout, self.bidirectional = float(dropout), bidirectional

        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * len(self._directions)
            for direction in self._directions:
                shapes: dict[str, tuple[int, ...]]
                shapes = {"weight_ih": (hidden_size, width), "weight_hh": (hidden_size, hidden_size)}
                if bias:
                    # two vectors where one would do, because cuDNN and therefore torch.nn has two
                    shapes |= {"bias_ih": (hidden_size,), "bias_hh": (hidden_size,)}
                for name, shape in shapes.items():
                    values = torch.empty(shape, device=device, dtype=dtype)
                    self.register_parameter(f"{name}_l{layer}{direction}", Parameter(values))
        self.reset_parameters()

    @property
    def _directions(self) -> Sequence[str]:
        """The ending of the parameters' names in each direction."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def reset_parameters(self) -> None:
        """Draw all parameters afresh, uniformly from ``+-1/sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: there is no cuDNN buffer to fill; programs written for ``torch.nn.RNN`` call this."""

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
        if isinstance(input, PackedSequence):
            rows, batch_sizes, sorted_indices, unsorted_indices = input
            self._check_input(rows, expected_dim=2)
            if hx is not None and sorted_indices is not None:
                hx = hx.index_select(1, sorted_indices)
            out, h_n = self._run(rows, batch_sizes.tolist(), hx)
            if unsorted_indices is not None:
                h_n = h_n.index_select(1, unsorted_indices)
            return PackedSequence(out, batch_sizes, sorted_indices, unsorted_indices), h_n

        if input.dim() not in (2, 3):
            raise ValueError(f"RNN: Expected input to be 2D or 3D, got {input.dim()}D tensor instead")
        batched = input.dim() == 3
        if hx is not None and hx.dim() != input.dim():
            kind = "batched 3-D" if batched else "unbatched 2-D"
            dim = input.dim()
            raise RuntimeError(f"For {kind} input, hx should also be {dim}-D but got {hx.dim()}-D tensor")
        if not batched:
            input, hx = input.unsqueeze(1), hx if hx is None else hx.unsqueeze(1)
        elif self.batch_first:
            input = input.transpose(0, 1)
        self._check_input(input, expected_dim=3)
        T, B, D = input.shape
        if T == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")

        # A full batch is a packed one in which no sequence ends early, so one loop serves both.
        out, h_n = self._run(input.reshape(T * B, D), [B] * T, hx)
        out = out.reshape(T, B, out.shape[1])
        if not batched:
            return out.squeeze(1), h_n.squeeze(1)
        return out.transpose(0, 1) if self.batch_first else out, h_n

    def _run(self, rows: Tensor, sizes: list[int], hx: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run all layers over packed rows ``(sum(sizes), D)``, ``sizes[t]`` of them for step t."""
        shape = (self.num_layers * len(self._directions), sizes[0], self.hidden_size)
        if hx is None:
            hx = rows.new_zeros(shape)
        elif hx.shape != shape:
            raise RuntimeError(f"Expected hidden size {shape}, got {list(hx.shape)}")
        starts = iter(hx.unbind(0))
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
        return rows, torch.stack(lasts)

    def _scan(self, rows: Tensor, sizes: list[int], h0: Tensor, name: str) -> tuple[Tensor, Tensor]:
        """Run one layer in one direction: the recurrence itself.

        Returns the states after every step, packed as ``rows`` are, and every sequence's last state.
        """
        function = _FUNCTIONS[self.nonlinearity]
        bias = getattr(self, f"bias_ih{name}") + getattr(self, f"bias_hh{name}") if self.bias else None
        W_hh_T = getattr(self, f"weight_hh{name}").t()
        # (R1), the terms without the state: for all steps in one product, before the loop
        from_inputs = linear(rows, getattr(self, f"weight_ih{name}"), bias).split(sizes)

        states: list[Tensor] = []
        if name.endswith("_reverse"):
            h = h0[: sizes[-1]]
            for a_t in reversed(from_inputs):
                if len(a_t) > len(h):  # these sequences end here, so from behind they begin here
                    h = torch.cat([h, h0[len(h) : len(a_t)]])
                h = function(torch.addmm(a_t, h, W_hh_T))  # (R1), (R2)
                states.append(h)
            return torch.cat(states[::-1]), h

        h, ended = h0, []
        for a_t in from_inputs:
            if len(a_t) < len(h):  # the shortest sequences stand last, and are over
                ended.append(h[len(a_t) :])
                h = h[: len(a_t)]
            h = function(torch.addmm(a_t, h, W_hh_T))  # (R1), (R2)
            states.append(h)
        return torch.cat(states), torch.cat([h, *ended[::-1]])

    def _check_input(self, input: Tensor, expected_dim: int) -> None:
        """Raise what ``torch.nn.RNN`` raises when dtype, axes or features do not fit."""
        weight_dtype = self.weight_ih_l0.dtype
        if input.dtype != weight_dtype and not torch.is_autocast_enabled(input.device.type):
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight_dtype}). "
                f"Convert input: input.to({weight_dtype}), or convert model: model.to({input.dtype})"
            )
        if input.dim() != expected_dim:
            raise RuntimeError(f"input must have {expected_dim} dimensions, got {input.dim()}")
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {input.size(-1)}"
            )

    def extra_repr(self) -> str:
        """Name the arguments that differ from their defaults, as ``torch.nn.RNN`` does."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        parts += [
            f"{name}={getattr(self, name)}"
            for name, value in defaults.items()
            if getattr(self, name) != value
        ]
        return ", ".join(parts)


def _check_arguments(
    input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool, dropout: float
) -> None:
    """Raise (or warn) as the constructor of ``torch.nn.RNN`` does."""
    if not isinstance(dropout, int | float) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            "being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=3,
        )
    expected: tuple[tuple[str, Any, type], ...] = (
        ("bias", bias, bool), ("batch_first", batch_first, bool),
        ("input_size", input_size, int), ("hidden_size", hidden_size, int),
    )  # fmt: skip
    for name, value, kind in expected:
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
