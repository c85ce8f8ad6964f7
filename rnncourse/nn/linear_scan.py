r"""A linear recurrence over time, one unit at a time, in few and large operations.

.. math::  h_t = k_t \odot h_{t-1} + w_t

Nothing but an element-wise product and a sum waits for the step before.  Cut the T steps into chunks of
K: all chunks can walk their K steps at the same time, each as if it began from zero, with the product of
its factors k kept alongside.  Since the recurrence is linear, what a chunk really began from is added
afterwards, times that product.  That makes K + T/K dependent operations in place of T, for about three
times the arithmetic: right where a step is small and its cost is that of starting an operation.

Everything happens in plain space, with products and sums.  Division by a running product, or logarithms
in its place, would save work and lose accuracy; here a product of factors below 1 can only become zero,
and then what it multiplies has rightly been forgotten.  Half precision is accumulated in float32.

Source: Martin and Cundy 2018, "Parallelizing linear recurrent neural nets over sequence length".
"""

import math
from typing import Any

import torch
from torch import Tensor


def linear_scan(keep: Tensor, write: Tensor, start: Tensor, reverse: bool = False) -> Tensor:
    """Return ``h_t = keep_t * h_{t-1} + write_t`` for all t, differentiable as often as wanted.

    Parameters
    ----------
    keep, write : tensors (T, B, H)
        A gate's ``keep`` lies in (0, 1); other factors will do, as long as their products stay finite.
    start : tensor (B, H)
        What the first step starts from.
    reverse : bool
        Go from the last step to the first: ``h_t = keep_t * h_{t+1} + write_t``.

    Returns
    -------
    tensor (T, B, H)
        In the dtype of ``write``.

    Raises
    ------
    ValueError
        ``"keep should have shape (7, 4, 5), got (7, 4, 1)"``.
    """
    expected = {"keep": tuple(write.shape), "start": tuple(write.shape[1:])}
    for name, tensor in (("keep", keep), ("start", start)):
        if tuple(tensor.shape) != expected[name]:
            raise ValueError(f"{name} should have shape {expected[name]}, got {tuple(tensor.shape)}")
    dtype = torch.promote_types(write.dtype, torch.float32)
    h: Tensor = _LinearScan.apply(keep.to(dtype), write.to(dtype), start.to(dtype), reverse)
    return h.to(write.dtype)


class _LinearScan(torch.autograd.Function):
    """The scan and its gradient, which is a scan too, in the other direction.

    With ``d_t`` for what enters at ``h_t`` and ``total_t`` for all that reaches it,
    ``total_t = d_t + keep_{t+1} * total_{t+1}``; ``write_t`` gets ``total_t``, ``keep_t`` gets
    ``total_t * h_{t-1}``, and ``start`` gets ``keep_1 * total_1``.
    """

    @staticmethod
    def forward(ctx: Any, keep: Tensor, write: Tensor, start: Tensor, reverse: bool) -> Tensor:
        h = torch.empty_like(write, memory_format=torch.contiguous_format)
        _walk_in_chunks(keep, write, start, h, reverse, length=max(1, math.isqrt(len(write))))
        ctx.save_for_backward(keep, start, h)
        ctx.reverse = reverse
        return h

    @staticmethod
    def backward(ctx: Any, dh: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        keep, start, h = ctx.saved_tensors
        if ctx.reverse:
            total = torch.cat([dh[:1], linear_scan(keep[:-1], dh[1:], dh[0])])
            before, first = torch.cat([h[1:], start[None]]), -1
        else:
            total = torch.cat([linear_scan(keep[1:], dh[:-1], dh[-1], reverse=True), dh[-1:]])
            before, first = torch.cat([start[None], h[:-1]]), 0
        return total * before, total, total[first] * keep[first], None


def _walk_in_chunks(
    keep: Tensor, write: Tensor, start: Tensor, h: Tensor, reverse: bool, length: int
) -> None:
    """Fill ``h`` in chunks of ``length`` steps that are all walked at the same time."""
    rest = len(write) % length  # steps that fill no chunk are walked one by one, at the end
    whole, last = slice(len(write) - rest), slice(len(write) - rest, None)
    if reverse:
        whole, last = slice(rest, None), slice(rest)
    in_chunks = [a[whole].unflatten(0, (-1, length)) for a in (keep, write, h)]  # (chunks, length, B, H)
    product = torch.empty_like(in_chunks[0], memory_format=torch.contiguous_format)
    steps = list(zip(*(a.unbind(1) for a in (*in_chunks, product))))
    before: tuple[Tensor, Tensor] | None = None
    for keep_k, write_k, h_k, product_k in reversed(steps) if reverse else steps:
        if before is None:  # every chunk as if it began from zero
            h_k.copy_(write_k)
            product_k.copy_(keep_k)
        else:
            torch.addcmul(write_k, keep_k, before[0], out=h_k)
            torch.mul(keep_k, before[1], out=product_k)
        before = h_k, product_k
    chunks = list(zip(in_chunks[2].unbind(0), product.unbind(0)))
    for h_c, product_c in reversed(chunks) if reverse else chunks:
        h_c.addcmul_(product_c, start)  # what the chunk really began from
        start = h_c[0 if reverse else -1]
    steps = list(zip(*(a[last].unbind(0) for a in (keep, write, h))))
    for keep_t, write_t, h_t in reversed(steps) if reverse else steps:
        start = torch.addcmul(write_t, keep_t, start, out=h_t)
