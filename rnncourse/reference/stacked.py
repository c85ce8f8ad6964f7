"""Layers on top of each other, in one direction or two: what ``torch.nn.LSTM(num_layers=...)`` is.

Each layer reads the states of the layer below, step by step; the loss sees the topmost.  The cell is any
module with the interface of ``rnn``, ``lstm``, ``gru`` and their variants.  Going back, a layer's ``dx``
is the ``dh`` of the layer below: direct, as if the loss had been read out there.

The weights are a tuple with one entry per layer, the lowest first: the cell's ``Params``, or
``bidirectional.Params`` where the layer reads in both directions.  A state is a tuple of its parts,
``(h,)`` or ``(h, c)``, each part ``(layers * directions, B, H)`` in Torch's order: the lowest layer first,
within a layer the direction that reads from the start first.

Dropout between layers (Zaremba et al. 2014, "Recurrent neural network regularization") is a product with
masks that the caller draws and hands in: nothing here is left to chance.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference import bidirectional
from rnncourse.reference.arguments import check_kind, check_shape, check_sizes
from rnncourse.reference.bidirectional import State, check_parts, one_way, one_way_backward
from rnncourse.reference.torch_names import state_of

Params = tuple[Any, ...]


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    layers: tuple[Any, ...]  # every layer's cache, the lowest first
    dropout: tuple[np.ndarray, ...] | None  # (T, B, directions * H); one less than there are layers
    shape: tuple[int, ...]  # of h
    state_shape: tuple[int, int, int]  # of each part of the state
    parts: int  # of the state


def init(
    cell: ModuleType,
    rng: np.random.Generator,
    input_size: int,
    hidden_size: int,
    num_layers: int,
    both_directions: bool = False,
    dtype: DTypeLike = np.float64,
) -> Params:
    """Draw fresh weights, layer by layer, each as ``cell.init`` does.

    Raises
    ------
    ValueError
        ``"num_layers should be at least 1, got 0"``.
    """
    check_sizes(num_layers=num_layers)
    layers: list[Any] = []
    for layer in range(num_layers):
        width = input_size if layer == 0 else hidden_size * (1 + both_directions)
        if both_directions:
            layers.append(bidirectional.init(cell, rng, width, hidden_size, dtype))
        else:
            layers.append(cell.init(rng, width, hidden_size, dtype))
    return tuple(layers)


def from_torch(cell: ModuleType, source: Any) -> Params:
    """Copy all layers of a module of ``torch.nn`` or ``rnncourse.nn``, or of its state_dict.

    Raises
    ------
    ValueError
        ``"no weight_ih_l0 among ..."`` when there is not even a first layer.
    """
    names = state_of(source)
    layers: list[Any] = []
    while not layers or f"weight_ih_l{len(layers)}" in names:
        layer = f"l{len(layers)}"
        if f"weight_ih_{layer}_reverse" in names:
            layers.append(bidirectional.Params.from_torch(cell, source, layer))
        else:
            layers.append(cell.Params.from_torch(source, layer))
    return tuple(layers)


def to_torch(params: Params) -> dict[str, np.ndarray]:
    """Return copies of all layers' weights under Torch's names."""
    check_kind("params", params, tuple)
    arrays: dict[str, np.ndarray] = {}
    for i, layer in enumerate(params):
        if not hasattr(layer, "to_torch"):
            raise TypeError(f"params[{i}] should be the Params of a cell, got {type(layer).__name__}")
        arrays |= layer.to_torch(f"l{i}")
    return arrays


def forward(
    cell: ModuleType,
    params: Params,
    x: np.ndarray,
    state: State | None = None,
    mask: np.ndarray | None = None,
    dropout: Sequence[np.ndarray] | None = None,
    **options: Any,
) -> tuple[np.ndarray, State, Cache]:
    """Run all layers over a batch of sequences.

    Parameters
    ----------
    cell : module
        With the interface of ``rnn``, ``lstm``, ``gru`` ...
    params : tuple
        One entry per layer: ``cell.Params`` or ``bidirectional.Params``.
    x : array (T, B, D), T at least 1
        The inputs, time first.
    state : tuple of arrays (layers * directions, B, H), optional
        Where every layer and direction starts; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen, in no layer and no direction.  For sequences of given
        ``lengths``: ``np.arange(T)[:, None] < lengths``.
    dropout : sequence of arrays (T, B, directions * H), optional
        What the outputs of every layer but the last are multiplied by before the next layer sees them:
        0 where a unit is dropped, ``1 / (1 - p)`` elsewhere.
    options
        What else ``cell.forward`` takes: ``nonlinearity``, ``reset_before``.

    Returns
    -------
    h : array (T, B, directions * H)
        The last layer's states.  Where the mask is 0 it is the state that is carried there.
    last : tuple of arrays (layers * directions, B, H)
        Where every layer and direction ends.
    cache : Cache
        For ``backward``.

    Raises
    ------
    ValueError
        ``"state[0] should have shape (4, B, H), got ..."``, ``"dropout should hold 1 mask(s), got 2"``,
        and what the cell says.
    """
    check_kind("params", params, tuple)
    counts = [_directions(layer) for layer in params]
    if not counts:
        raise ValueError("params should hold at least one layer, got none")
    if dropout is not None and len(dropout) != len(params) - 1:
        raise ValueError(f"dropout should hold {len(params) - 1} mask(s), got {len(dropout)}")
    if state is not None:
        check_parts("state", state, sum(counts), "B", "H")
    h, lasts, masks, first = x, [], [], 0
    caches: list[Any] = []
    for i, (layer, count) in enumerate(zip(params, counts)):
        if dropout is not None and i > 0:
            check_shape(f"dropout[{i - 1}]", dropout[i - 1], *h.shape)
            masks.append(np.array(dropout[i - 1], h.dtype))
            h = h * masks[-1]
        start = None if state is None else tuple(part[first : first + count] for part in state)
        first += count
        if count == 2:
            h, last, pair = bidirectional.forward(cell, layer, h, start, mask, **options)
            caches.append(pair)
        else:
            one = None if start is None else tuple(part[0] for part in start)
            h, last, single = one_way(cell, layer, h, one, mask, **options)
            last = tuple(part[None] for part in last)
            caches.append(single)
        lasts.append(last)
    whole = tuple(np.concatenate(parts) for parts in zip(*lasts))
    kept = None if dropout is None else tuple(masks)
    return h, whole, Cache(tuple(caches), kept, h.shape, whole[0].shape, len(whole))


def backward(
    dh: np.ndarray, dlast: State | None, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, State, Params]:
    """Backpropagate through all layers, the topmost first.

    Parameters
    ----------
    dh : array (T, B, directions * H)
        The direct derivative of the loss with respect to every ``h[t]`` of the last layer.
    dlast : tuple of arrays (layers * directions, B, H), or None
        The derivatives with respect to the parts of ``last``; zeros when None.
    cache : Cache
        What ``forward`` returned.
    window : int, optional
        Truncate, as the cell's ``backward`` documents it, in every layer and direction.

    Returns
    -------
    dx : array (T, B, D)
    dstate : tuple of arrays (layers * directions, B, H)
    dparams : tuple
        Laid out as ``params``.

    Raises
    ------
    ValueError
        When ``dh`` or a part of ``dlast`` has another shape than its state, or ``window`` is below 1.
    """
    check_kind("cache", cache, Cache)
    check_shape("dh", dh, *cache.shape)
    if dlast is not None:
        check_parts("dlast", dlast, *cache.state_shape, parts=cache.parts)
    dstates: list[State] = []
    dparams: list[Any] = []
    stop = cache.state_shape[0]
    for i, layer in reversed(list(enumerate(cache.layers))):
        count = _directions(layer)
        end = None if dlast is None else tuple(part[stop - count : stop] for part in dlast)
        stop -= count
        if count == 2:
            dh, dstate, share = bidirectional.backward(dh, end, layer, window)
        else:
            one = None if end is None else tuple(part[0] for part in end)
            dh, dstate, share = one_way_backward(dh, one, layer, window)
            dstate = tuple(part[None] for part in dstate)
        if cache.dropout is not None and i > 0:
            dh = dh * cache.dropout[i - 1]  # what was dropped gets no gradient
        dstates.append(dstate)
        dparams.append(share)
    whole = tuple(np.concatenate(parts) for parts in zip(*reversed(dstates)))
    return dh, whole, tuple(reversed(dparams))


def _directions(layer: Any) -> int:
    """Return 2 for the parameters or the cache of a layer that reads in both directions, else 1."""
    return 2 if isinstance(layer, bidirectional.Params | bidirectional.Cache) else 1
