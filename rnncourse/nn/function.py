"""The quick road: a recurrence as one node of autograd's graph, with its backward pass by hand.

Autograd would record every operation of every step.  Here a whole layer is one operation.  Three things
make it quick, as in ``rnncourse.reference``: the products that need no state are one product for all
steps, weight gradients included; what the backward loop needs is worked out for all steps at once; and
inside the loops results are written where they are to stay.

A cell brings its two loops, ``_forward_steps`` and ``_backward_steps``; all the rest is here.  The backward
loop is the forward one begun at the other end: where a sequence ended, its gradient begins.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.autograd import forward_ad

from rnncourse.nn.arguments import autocasts
from rnncourse.nn.scan import State, previous


class Weights(NamedTuple):
    """One layer's parameters in one direction, G gates; None for those that it has not."""

    ih: Tensor  # (G H, D)
    hh: Tensor  # (G H, H), or (G H, P) where the state is projected
    bias_ih: Tensor | None = None  # (G H,)
    bias_hh: Tensor | None = None  # (G H,)
    hr: Tensor | None = None  # (P, H)
    p: Tensor | None = None  # (3H,), the peepholes of i, f and o

    @property
    def bias(self) -> Tensor | None:
        """The sum of both biases ``(G H,)``, which is all that matters where they are only added."""
        return None if self.bias_ih is None or self.bias_hh is None else self.bias_ih + self.bias_hh


class Passed(NamedTuple):
    """What a cell's forward loop returns."""

    history: State  # each part of the state after every step, (sum(sizes), H)
    last: State  # each part of every sequence's state after its own last step, (B, H)
    kept: State  # whatever else its backward loop needs, of any shape


class Gradients(NamedTuple):
    """What a cell's backward loop returns."""

    from_inputs: Tensor  # (sum(sizes), G H): of W_ih x_t + b_ih
    from_state: (
        Tensor  # (sum(sizes), G H): of W_hh h_{t-1} + b_hh; the same tensor where the two are only added
    )
    start: State  # (B, H): of each part of the state where the sequences start


class Cell(Protocol):
    """What ``Recurrence`` asks of a cell; ``Recurrent._scan`` tells what the arguments are."""

    def _scan(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> tuple[Tensor, State]:
        """Loop over the steps, recorded by autograd."""

    def _forward_steps(
        self, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
    ) -> Passed:
        """Loop over the steps; nothing is recorded."""

    def _backward_steps(
        self, dout: Tensor, dlast: State, passed: Passed, sizes: list[int], state: State, weights: Weights,
        backwards: bool,
    ) -> Gradients:  # fmt: skip
        """Loop the other way with the gradients of the outputs ``(sum(sizes), H)`` and last states."""


def can_run() -> bool:
    """Return whether nobody looks into single operations: the quick road is closed to those who do."""
    transformed = torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    return not transformed and forward_ad._current_level < 0


def recurrence(
    cell: Cell, rows: Tensor, sizes: list[int], state: State, weights: Weights, backwards: bool
) -> tuple[Tensor, State]:
    """Run one layer in one direction by the quick road; arguments and results are those of ``_scan``.

    Under autocast everything is done in autocast's type, and the results have it, as with cuDNN.
    """
    tensors: tuple[Tensor | None, ...] = (rows, *weights[:4], *state)
    device = rows.device.type
    if autocasts(device):
        dtype = torch.get_autocast_dtype(device)
        # doubles are left alone, as autocast does everywhere
        tensors = tuple(t if t is None or t.dtype == torch.float64 else t.to(dtype) for t in tensors)
    out, *last = Recurrence.apply(cell, sizes, backwards, *tensors)
    return out, tuple(last)


class Recurrence(torch.autograd.Function):
    """One layer in one direction over packed rows.

    When a second derivative is asked for (``create_graph=True``), the backward pass takes the cell's
    ``_scan`` again and lets autograd record it: right, and as slow as ``_scan``.  So it does where many
    gradients go back at once (``is_grads_batched=True``).
    """

    @staticmethod
    def forward(
        ctx: Any, cell: Cell, sizes: list[int], backwards: bool, rows: Tensor, *tensors: Any
    ) -> tuple[Tensor, ...]:
        """Return the outputs ``(sum(sizes), H)`` and each part of the last state ``(B, H)``."""
        weights, state = Weights(*tensors[:4]), tensors[4:]
        history, last, kept = cell._forward_steps(rows, sizes, state, weights, backwards)
        ctx.cell, ctx.sizes, ctx.backwards, ctx.parts = cell, sizes, backwards, len(state)
        ctx.save_for_backward(rows, *tensors, *history, *kept)
        # copies, for who gets them may write into them
        return tuple(part.clone() for part in (history[0], *last))

    @staticmethod
    def backward(ctx: Any, dout: Tensor, *dlast: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of all tensors that want one, given those of the results of ``forward``.

        ``dout`` is ``(sum(sizes), H)``, and every part of ``dlast`` ``(B, H)``.
        """
        with _no_autocast(dout.device.type):  # the forward pass has settled the type
            # create_graph=True turns recording on in here; is_grads_batched=True puts us under vmap
            again = torch.is_grad_enabled() or any(map(_is_batched, (dout, *dlast)))
            gradients = (_by_autograd if again else _by_hand)(ctx, dout, dlast)
        return None, None, None, *gradients


def _by_hand(ctx: Any, dout: Tensor, dlast: State) -> tuple[Tensor | None, ...]:
    """Return the gradients of rows, weights and state, without a graph of their own."""
    saved = ctx.saved_tensors  # to be asked for once: checkpointing has it so
    inputs, saved = saved[: 5 + ctx.parts], saved[5 + ctx.parts :]
    rows, weights, state = inputs[0], Weights(*inputs[1:5]), inputs[5:]
    passed = Passed(saved[: ctx.parts], (), saved[ctx.parts :])
    da, ds, dstart = ctx.cell._backward_steps(dout, dlast, passed, ctx.sizes, state, weights, ctx.backwards)
    wants_x, wants_W_ih, wants_W_hh, wants_b_ih, wants_b_hh = ctx.needs_input_grad[3:8]
    # one product each for all steps, after the loop; none for what is frozen
    return (
        da @ weights.ih if wants_x else None,
        da.t() @ rows if wants_W_ih else None,
        ds.t() @ previous(passed.history[0], state[0], ctx.sizes, ctx.backwards) if wants_W_hh else None,
        da.sum(0) if wants_b_ih else None,
        ds.sum(0) if wants_b_hh else None,
        *dstart,
    )


def _by_autograd(ctx: Any, dout: Tensor, dlast: State) -> tuple[Tensor | None, ...]:
    """Return the same gradients as ``_by_hand`` by way of ``_scan``, with a graph if one is wanted."""
    create_graph, wants = torch.is_grad_enabled(), ctx.needs_input_grad[3:]
    with torch.enable_grad():
        # a view of each, so that what one input owes to another is not counted here
        inputs: list[Any] = [t if t is None else t.view_as(t) for t in ctx.saved_tensors[: 5 + ctx.parts]]
        rows, weights, state = inputs[0], Weights(*inputs[1:5]), tuple(inputs[5:])
        out, last = ctx.cell._scan(rows, ctx.sizes, state, weights, ctx.backwards)
    wanted = [t for t, wants_it in zip(inputs, wants) if wants_it]
    gradients = iter(torch.autograd.grad((out, *last), wanted, (dout, *dlast), create_graph=create_graph))
    return tuple(next(gradients) if wants_it else None for wants_it in wants)


def _is_batched(t: Tensor) -> bool:
    """Return whether vmap is at work: ``torch.func``'s, or the older one behind ``is_grads_batched``."""
    return torch._C._functorch.is_batchedtensor(t) or torch._C._functorch.is_legacy_batchedtensor(t)


def _no_autocast(device: str) -> AbstractContextManager[Any]:
    return torch.autocast(device, enabled=False) if autocasts(device) else nullcontext()
