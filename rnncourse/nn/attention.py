"""Attention as Torch modules; the equations are those of ``rnncourse.reference.attention``.

Time stands first, as everywhere here: keys ``(S, B, K)``, one query ``(B, H)`` or T of them ``(T, B, H)``,
mask ``(S, B)``.  Sources: Bahdanau et al. 2015 for the additive form, Vaswani et al. 2017 for the scaled dot
product.
"""

import math

import torch
from torch import Tensor, nn

from rnncourse.nn.arguments import check_mask


class DotAttention(nn.Module):
    """Scaled dot-product attention, ``e_s = q . k_s / sqrt(H)``; it has no parameters.

    ``torch.nn.functional.scaled_dot_product_attention`` computes the same context, batch first, and does
    not show its weights.
    """

    def forward(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend.

        Parameters
        ----------
        query : tensor (B, H) or (T, B, H)
        keys : tensor (S, B, H)
        values : tensor (S, B, E)
        mask : tensor (S, B) of numbers or booleans, optional
            0 where a place does not count.  What stands there (even NaN) does not matter, and its weight
            is exactly 0.

        Returns
        -------
        context : tensor (B, E) or (T, B, E)
        weights : tensor (S, B) or (T, S, B)
            Sum to 1 over the S places.

        Raises
        ------
        ValueError
            On shapes that do not agree, and on a sequence without a place that counts, by its number.
        """
        _check_shapes(query, keys, values, mask, key_size=query.shape[-1])
        keys, values = _clear(keys, mask), _clear(values, mask)
        q = query.reshape(-1, *query.shape[-2:]).transpose(0, 1)  # (B, T, H)
        scores = q @ keys.permute(1, 2, 0) / math.sqrt(query.shape[-1])  # (B, T, S)
        return _attend(scores, query, values, mask)


class AdditiveAttention(nn.Module):
    """Additive attention, ``e_s = v . tanh(W_q q + W_k k_s)``.

    Parameters
    ----------
    query_size, key_size : int
        H and K.
    attention_size : int
        A, the hidden units.
    device, dtype
        Of the parameters.

    Notes
    -----
    Parameters are named as in the maths, ``W_q (A, H)``, ``W_k (A, K)`` and ``v (A,)``, since ``torch.nn``
    has no such module; ``reference.attention.Params`` holds the same three.
    """

    def __init__(
        self,
        query_size: int,
        key_size: int,
        attention_size: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        for name, size in (
            ("query_size", query_size), ("key_size", key_size), ("attention_size", attention_size),
        ):  # fmt: skip
            if size < 1:
                raise ValueError(f"{name} should be at least 1, got {size}")
        super().__init__()
        self.W_q = nn.Parameter(torch.empty(attention_size, query_size, device=device, dtype=dtype))
        self.W_k = nn.Parameter(torch.empty(attention_size, key_size, device=device, dtype=dtype))
        self.v = nn.Parameter(torch.empty(attention_size, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw fresh weights, each uniform in ``+-1/sqrt(number of its inputs)``."""
        for weight in self.parameters():
            bound = 1 / math.sqrt(weight.shape[-1])
            nn.init.uniform_(weight, -bound, bound)

    def forward(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend.

        Parameters
        ----------
        query : tensor (B, H) or (T, B, H)
        keys : tensor (S, B, K)
        values : tensor (S, B, E)
        mask : tensor (S, B), optional
            As for ``DotAttention``.

        Returns
        -------
        context : tensor (B, E) or (T, B, E)
        weights : tensor (S, B) or (T, S, B)
        """
        _check_shapes(query, keys, values, mask, key_size=self.W_k.shape[1])
        if query.shape[-1] != self.W_q.shape[1]:
            raise ValueError(f"query should have {self.W_q.shape[1]} features, got {query.shape[-1]}")
        keys, values = _clear(keys, mask), _clear(values, mask)
        q = query.reshape(-1, *query.shape[-2:]).transpose(0, 1) @ self.W_q.t()  # (B, T, A)
        k = keys.transpose(0, 1) @ self.W_k.t()  # (B, S, A)
        scores = torch.tanh(q[:, :, None] + k[:, None]) @ self.v  # (B, T, S)
        return _attend(scores, query, values, mask)

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"{self.W_q.shape[1]}, {self.W_k.shape[1]}, {len(self.v)}"


def _check_shapes(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, key_size: int) -> None:
    if query.dim() not in (2, 3):
        raise ValueError(f"query should have shape (B, H) or (T, B, H), got {tuple(query.shape)}")
    B, S = query.shape[-2], len(keys)
    if keys.shape != (S, B, key_size):
        raise ValueError(f"keys should have shape (S, {B}, {key_size}), got {tuple(keys.shape)}")
    if values.dim() != 3 or values.shape[:2] != (S, B):
        raise ValueError(f"values should have shape ({S}, {B}, E), got {tuple(values.shape)}")
    check_mask(mask)
    if mask is not None and mask.shape != (S, B):
        raise ValueError(f"mask should have shape ({S}, {B}), got {tuple(mask.shape)}")
    if S == 0 or (mask is not None and not (mask != 0).any(dim=0).all()):
        empty = 0 if mask is None or S == 0 else int((mask != 0).any(dim=0).int().argmin())
        raise ValueError(
            f"mask should let at least one place of every sequence count, got none for sequence {empty}"
        )


def _clear(source: Tensor, mask: Tensor | None) -> Tensor:
    """Put zeros on masked places ``(S, B, N)``: a weight of 0 times NaN would be NaN."""
    return source if mask is None else source.masked_fill((mask == 0)[:, :, None], 0)


def _attend(scores: Tensor, query: Tensor, values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """From scores ``(B, T, S)`` to context and weights, laid out as the query came."""
    if mask is not None:
        scores = scores.masked_fill((mask == 0).t()[:, None], -math.inf)
    weights = torch.softmax(scores, dim=2)  # its largest score becomes 0 before exp: nothing overflows
    context = (weights @ values.transpose(0, 1)).transpose(0, 1)  # (T, B, E)
    weights = weights.permute(1, 2, 0)  # (T, S, B)
    return (context, weights) if query.dim() == 3 else (context[0], weights[0])
