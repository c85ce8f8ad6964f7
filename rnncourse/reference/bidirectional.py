r"""Two directions: one set of weights reads the sequence from its start, a second one from its end.

.. math::

    \overrightarrow h_t = \operatorname{cell}(x_t, \overrightarrow h_{t-1}) , \qquad
    \overleftarrow h_t = \operatorname{cell}'(x_t, \overleftarrow h_{t+1}) , \qquad
    h_t = [\overrightarrow h_t ; \overleftarrow h_t]

so that ``h_t (2H)`` knows what came before step t and what comes after it.  The cell is any module with
the interface of ``rnn``, ``lstm``, ``gru`` and their variants.  The second direction is the same cell run
over the reversed sequence, and its results reversed again; going back, the same once more: the two
directions share nothing but x, so each goes back by itself, and only their ``dx`` add up.

Ragged batches need no care.  In a batch padded at the end, the reversed sequences are padded at the
*start*; masked steps carry the initial state over unchanged, so each sequence sets out from its own last
real step, wherever that is.

A state is a tuple of its parts, ``(h,)`` or ``(h, c)``, each part ``(2, B, H)``: first the one that reads
from the start, then the one that reads from the end, as Torch lays them out.

Source: Schuster and Paliwal 1997, "Bidirectional recurrent neural networks".
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_kind, check_shape

State = tuple[np.ndarray, ...]


class Params(NamedTuple):
    """The cell's ``Params`` for reading from the start and from the end; gradients use it too."""

    from_start: Any
    from_end: Any

    @classmethod
    def from_torch(cls, cell: ModuleType, source: Any, layer: str = "l0") -> "Params":
        """Copy both directions of one layer: a module with ``bidirectional=True``, or its state_dict."""
        return cls(*(cell.Params.from_torch(source, name) for name in (layer, f"{layer}_reverse")))

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under Torch's names, ``..._l0`` and ``..._l0_reverse``."""
        return self.from_start.to_torch(layer) | self.from_end.to_torch(f"{layer}_reverse")


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``."""

    from_start: "OneWayCache"
    from_end: "OneWayCache"


class OneWayCache(NamedTuple):
    """What ``one_way_backward`` needs from ``one_way``."""

    cell: ModuleType
    cache: Any  # the cell's own
    shape: tuple[int, int, int]  # (T, B, H), the shape of h
    parts: int  # of the cell's state


def init(
    cell: ModuleType,
    rng: np.random.Generator,
    input_size: int,
    hidden_size: int,
    dtype: DTypeLike = np.float64,
) -> Params:
    """Draw fresh weights for both directions, each as ``cell.init`` does, first from_start's."""
    return Params(*(cell.init(rng, input_size, hidden_size, dtype) for _ in range(2)))


def one_way(
    cell: ModuleType,
    params: Any,
    x: np.ndarray,
    state: State | None = None,
    mask: np.ndarray | None = None,
    **options: Any,
) -> tuple[np.ndarray, State, OneWayCache]:
    """Run a cell in one direction; whatever the number of parts of its state, it stands in one tuple.

    Parameters
    ----------
    cell : module
        With the interface of ``rnn``, ``lstm``, ``gru`` ...
    params : cell.Params
    x : array (T, B, D), T at least 1
    state : tuple of arrays (B, H), optional
        One for every part of the cell's state; zeros when left out.
    mask : array (T, B), optional
        Where it is 0, the step does not happen.
    options
        What else ``cell.forward`` takes: ``nonlinearity``, ``reset_before``.

    Returns
    -------
    h : array (T, B, H)
        The state's first part after every step.
    last : tuple of arrays (B, H)
        All parts after the last step.
    cache : OneWayCache

    Raises
    ------
    ValueError
        ``"state should have 2 parts, got 1"``, ``"x should have at least one step, got ..."``, and what
        the cell says.
    """
    check_shape("x", x, "T", "B", "D")
    if len(x) == 0:
        raise ValueError(f"x should have at least one step, got shape {x.shape}")
    if state is not None:
        # A run over no steps tells how many parts there are: one history for each, and the cache.
        parts = len(cell.forward(params, x[:0], **options)) - 1
        check_parts("state", state, x.shape[1], "H", parts=parts)
    *histories, cache = cell.forward(params, x, *(state or ()), mask=mask, **options)
    last = tuple(history[-1].copy() for history in histories)
    return histories[0], last, OneWayCache(cell, cache, histories[0].shape, len(histories))


def one_way_backward(
    dh: np.ndarray, dlast: State | None, cache: OneWayCache, window: int | None = None
) -> tuple[np.ndarray, State, Any]:
    """Go back through ``one_way``.

    Parameters
    ----------
    dh : array (T, B, H)
        The direct derivative of the loss with respect to every ``h[t]``.
    dlast : tuple of arrays (B, H), or None
        The derivatives with respect to the parts of ``last``; zeros when None.
    cache : OneWayCache
    window : int, optional
        Truncate, as the cell's ``backward`` documents it.

    Returns
    -------
    dx : array (T, B, D)
    dstate : tuple of arrays (B, H)
    dparams : cell.Params
    """
    check_kind("cache", cache, OneWayCache)
    check_shape("dh", dh, *cache.shape)
    dh = np.array(dh)
    if dlast is not None:
        check_parts("dlast", dlast, *cache.shape[1:], parts=cache.parts)
    else:
        dlast = (np.zeros(cache.shape[1:], dh.dtype),) * cache.parts
    dh[-1] += dlast[0]  # the last h is h[-1]: it is seen twice
    dx, *dstate, dparams = cache.cell.backward(dh, *dlast[1:], cache.cache, window=window)
    return dx, tuple(dstate), dparams


def forward(
    cell: ModuleType,
    params: Params,
    x: np.ndarray,
    state: State | None = None,
    mask: np.ndarray | None = None,
    **options: Any,
) -> tuple[np.ndarray, State, Cache]:
    """Run a cell in both directions.

    Parameters
    ----------
    cell : module
        With the interface of ``rnn``, ``lstm``, ``gru`` ...
    params : Params
        The cell's ``Params`` twice.
    x : array (T, B, D), T at least 1
        The inputs, time first.
    state : tuple of arrays (2, B, H), optional
        Where the two directions start, before the first step and behind the last; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen, in neither direction.  For sequences of given
        ``lengths``: ``np.arange(T)[:, None] < lengths``.
    options
        What else ``cell.forward`` takes: ``nonlinearity``, ``reset_before``.

    Returns
    -------
    h : array (T, B, 2H)
        The states of both directions side by side.  Where the mask is 0 each half is the state that is
        carried there: from_start's last one, from_end's initial one.
    last : tuple of arrays (2, B, H)
        Where the two directions end: from_start's after the last step, from_end's after the first.
    cache : Cache
        For ``backward``.

    Raises
    ------
    ValueError
        What ``one_way`` says, and ``"state[0] should have shape (2, B, H), got ..."``.
    """
    check_kind("params", params, Params)
    starts: Sequence[State | None] = (None, None)
    if state is not None:
        check_parts("state", state, 2, "B", "H")
        starts = [tuple(part[i] for part in state) for i in range(2)]
    h, last, cache = one_way(cell, params.from_start, x, starts[0], mask, **options)
    backwards = None if mask is None else np.asarray(mask)[::-1]
    h_end, last_end, cache_end = one_way(cell, params.from_end, x[::-1], starts[1], backwards, **options)
    both = tuple(np.stack(parts) for parts in zip(last, last_end))
    return np.concatenate([h, h_end[::-1]], axis=2), both, Cache(cache, cache_end)


def backward(
    dh: np.ndarray, dlast: State | None, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, State, Params]:
    """Backpropagate through both directions.

    Parameters
    ----------
    dh : array (T, B, 2H)
        The direct derivative of the loss with respect to every ``h[t]``.
    dlast : tuple of arrays (2, B, H), or None
        The derivatives with respect to the parts of ``last``; zeros when None.
    cache : Cache
        What ``forward`` returned.
    window : int, optional
        Truncate, as the cell's ``backward`` documents it; each direction counts in its own order.

    Returns
    -------
    dx : array (T, B, D)
    dstate : tuple of arrays (2, B, H)
    dparams : Params

    Raises
    ------
    ValueError
        When ``dh`` or a part of ``dlast`` has another shape than its state, or ``window`` is below 1.
    """
    check_kind("cache", cache, Cache)
    T, B, H = cache.from_start.shape
    check_shape("dh", dh, T, B, 2 * H)
    ends: Sequence[State | None] = (None, None)
    if dlast is not None:
        check_parts("dlast", dlast, 2, B, H, parts=cache.from_start.parts)
        ends = [tuple(part[i] for part in dlast) for i in range(2)]
    dx, dstate, dparams = one_way_backward(dh[:, :, :H], ends[0], cache.from_start, window)
    dx_end, dstate_end, dparams_end = one_way_backward(
        dh[::-1, :, H:], ends[1], cache.from_end, window
    )  # reversed, as x was
    both = tuple(np.stack(parts) for parts in zip(dstate, dstate_end))
    return dx + dx_end[::-1], both, Params(dparams, dparams_end)


def check_parts(name: str, state: State, *expected: int | str, parts: int | None = None) -> None:
    """Raise an error unless a state is a tuple and every part has the ``expected`` shape.

    Parameters
    ----------
    name : str
        The argument's name, as the caller knows it.
    state : tuple of arrays, any shape
    expected : int or str
        One entry per axis, as ``arguments.check_shape`` takes them: ``2, "B", "H"``.
    parts : int, optional
        How many there should be.
    """
    if not isinstance(state, tuple | list):
        raise TypeError(f"{name} should be a tuple of arrays, got {type(state).__name__}")
    if parts is not None and len(state) != parts:
        raise ValueError(f"{name} should have {parts} parts, got {len(state)}")
    for i, part in enumerate(state):
        check_shape(f"{name}[{i}]", part, *expected)
