"""What every recurrent module asks of its arguments, in the words that ``torch.nn`` uses."""

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def refuse(unsupported: dict[str, Any], name: str) -> None:
    """Raise where a constructor was given an argument that is not its own; ``name`` is the class's."""
    if "proj_size" in unsupported:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if unsupported:
        raise TypeError(f"{name} got an unexpected keyword argument {next(iter(unsupported))!r}")


def check_constructor(
    input_size: int,
    hidden_size: int,
    num_layers: int,
    bias: bool,
    batch_first: bool,
    dropout: float,
    proj_size: int,
) -> None:
    """Raise (or warn) as the constructors of ``torch.nn`` do."""
    if not isinstance(dropout, int | float) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            "being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,  # the line that says RNN(...), LSTM(...) or GRU(...)
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
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


def check_kernel(kernel: str, proj_size: int, without: str | None) -> None:
    """Raise unless there is a kernel of this name, and it can do what is asked of it.

    ``without`` is the name of a module that has no backward pass written by hand, None where there is one.
    """
    if kernel not in ("auto", "function", "autograd"):
        raise ValueError(f"kernel should be 'auto', 'function' or 'autograd', got {kernel!r}")
    if kernel == "function" and proj_size:
        raise ValueError(
            f"kernel='function' cannot project the state (proj_size={proj_size}); "
            "use kernel='auto' or kernel='autograd'"
        )
    if kernel == "function" and without:
        raise ValueError(
            f"kernel='function' is not there for {without}, which has no backward pass written by hand; "
            "use kernel='auto' or kernel='autograd'"
        )


def autocasts(device: str) -> bool:
    """Return whether autocast is on for a kind of device."""
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def check_input(input: Tensor, expected_dim: int, weight: Tensor) -> None:
    """Raise unless type, device, number of axes and number of features of the input fit ``weight (·, D)``."""
    if input.dtype != weight.dtype and not autocasts(input.device.type):
        raise ValueError(
            f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
        )
    if input.device != weight.device:
        raise RuntimeError(
            "Input and parameter tensors are not at the same device, "
            f"found input tensor at {input.device} and parameter tensor at {weight.device}"
        )
    input_size = weight.shape[1]
    if input.dim() != expected_dim:
        raise RuntimeError(f"input must have {expected_dim} dimensions, got {input.dim()}")
    if input.size(-1) != input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {input_size}, got {input.size(-1)}"
        )


def check_mask(mask: Tensor | None) -> None:
    """Raise unless a mask, any shape, holds real numbers or booleans: NaN says neither yes nor no."""
    if mask is None:
        return
    if not isinstance(mask, Tensor) or mask.is_complex():
        raise TypeError(f"mask should be a tensor of real numbers, got {getattr(mask, 'dtype', type(mask))}")
    if mask.is_floating_point() and mask.isnan().any():
        raise ValueError("mask should not hold NaN")


def check_rank(state: Sequence[Tensor], dim: int) -> None:
    """Raise unless every part of the state has as many axes as the input, ``dim``."""
    if all(part.dim() == dim for part in state):
        return
    kind = "batched 3-D" if dim == 3 else "unbatched 2-D"
    got = [f"{part.dim()}-D" for part in state]
    if len(state) == 1:
        raise RuntimeError(f"For {kind} input, hx should also be {dim}-D but got {got[0]} tensor")
    both = ", ".join(got)
    raise RuntimeError(f"For {kind} input, hx and cx should also be {dim}-D but got ({both}) tensors")


def check_size(state: Sequence[Tensor], shapes: Sequence[tuple[int, ...]]) -> None:
    """Raise unless every part of the state has its shape, ``(layers * directions, B, units)``."""
    for i, (part, shape) in enumerate(zip(state, shapes)):
        if part.shape != shape:
            which = f"hidden[{i}]" if len(shapes) > 1 else "hidden"
            raise RuntimeError(f"Expected {which} size {shape}, got {list(part.shape)}")


def check_state_type(state: Sequence[Tensor], weight: Tensor) -> None:
    """Raise unless type and device of every part of the state, any shape, are those of the weights."""
    for part in state:
        if part.dtype != weight.dtype and not autocasts(part.device.type):
            raise ValueError(
                f"RNN hidden state dtype ({part.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert hidden state: hx.to({weight.dtype}), or convert model: model.to({part.dtype})"
            )
        if part.device != weight.device:
            raise RuntimeError(
                "Input and hidden tensors are not at the same device, "
                f"found input tensor at {weight.device} and hidden tensor at {part.device}"
            )
