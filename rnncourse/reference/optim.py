"""From gradients to better parameters: SGD with momentum, Adam, and clipping by the global norm.

Plain functions: parameters and gradients go in as two sequences of arrays in the same order (lists, or
the ``Params`` of a cell), new arrays come out, and whatever has to be remembered between two calls is
returned and handed in again.  A ``NamedTuple`` comes back as the same kind, any other sequence as a list.

Sources: Kingma & Ba 2015 [kingma2015adam] for Adam, Pascanu et al. 2013 [pascanu2013difficulty] for
clipping.  Momentum and Adam agree with ``torch.optim.SGD`` and ``torch.optim.Adam``.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from rnncourse.reference.arguments import check_kind, check_number, check_shape

Arrays = TypeVar("Arrays", bound=Sequence[np.ndarray])


def sgd(
    parameters: Arrays,
    gradients: Sequence[np.ndarray],
    learning_rate: float,
    momentum: float = 0.0,
    velocity: Sequence[np.ndarray] | None = None,
) -> tuple[Arrays, list[np.ndarray]]:
    """Take one step of stochastic gradient descent.

    ``v <- momentum v + g``, then ``p <- p - learning_rate v``.  Without momentum v is the gradient.

    Parameters
    ----------
    parameters, gradients : sequences of arrays
        Of the same shapes, in the same order.
    learning_rate : float
    momentum : float
        Between 0 and 1; how much of the last velocity lives on.
    velocity : list of arrays, optional
        Of the same shapes: what the call before returned; left out in the first call.

    Returns
    -------
    parameters : like ``parameters``
    velocity : list of arrays
        Of the same shapes, for the next call.
    """
    check_number("learning_rate", learning_rate, low=0)
    check_number("momentum", momentum, low=0, high=1)
    _check(parameters, parameters=parameters, gradients=gradients)
    if velocity is None:
        velocity = [np.zeros_like(g) for g in gradients]
    _check(parameters, velocity=velocity)
    learning_rate, momentum = float(learning_rate), float(momentum)  # a float64 scalar would widen float32
    velocity = [momentum * v + g for v, g in zip(velocity, gradients)]
    return _like(parameters, [p - learning_rate * v for p, v in zip(parameters, velocity)]), velocity


class AdamState(NamedTuple):
    """What Adam remembers: the number of steps taken and two running means per parameter, of its shape."""

    steps: int
    mean: list[np.ndarray]  # of the gradient
    square: list[np.ndarray]  # of its square


def adam(
    parameters: Arrays,
    gradients: Sequence[np.ndarray],
    learning_rate: float = 1e-3,
    state: AdamState | None = None,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
) -> tuple[Arrays, AdamState]:
    """Take one step of Adam.

    ``m <- beta1 m + (1 - beta1) g`` and ``s <- beta2 s + (1 - beta2) g**2`` are running means that
    start at 0 and are therefore too small at first; dividing by ``1 - beta**steps`` makes up for it.
    Then ``p <- p - learning_rate * m_hat / (sqrt(s_hat) + epsilon)``.

    Parameters
    ----------
    parameters, gradients : sequences of arrays
        Of the same shapes, in the same order.
    learning_rate : float
        About the largest distance that a parameter moves in one step.
    state : AdamState, optional
        What the call before returned; left out in the first call.
    betas : (float, float)
        How much of each running mean lives on.
    epsilon : float
        Keeps the quotient finite.

    Returns
    -------
    parameters : like ``parameters``
    state : AdamState
        For the next call.
    """
    _check(parameters, parameters=parameters, gradients=gradients)
    if state is None:
        state = AdamState(0, [np.zeros_like(g) for g in gradients], [np.zeros_like(g) for g in gradients])
    check_kind("state", state, AdamState)
    _check(parameters, mean=state.mean, square=state.square)
    check_number("learning_rate", learning_rate, low=0)
    check_number("epsilon", epsilon, low=0)
    for beta in betas:
        check_number("betas", beta, low=0)
        if not beta < 1:
            raise ValueError(f"betas should lie in [0, 1), got {betas}")
    beta1, beta2 = betas
    learning_rate = float(learning_rate)  # a NumPy float64 scalar would widen float32 arrays
    steps = state.steps + 1
    mean = [beta1 * m + (1 - beta1) * g for m, g in zip(state.mean, gradients)]
    square = [beta2 * s + (1 - beta2) * g * g for s, g in zip(state.square, gradients)]
    correct1, correct2 = 1 - beta1**steps, 1 - beta2**steps
    moved = [
        p - learning_rate * (m / correct1) / (np.sqrt(s / correct2) + epsilon)
        for p, m, s in zip(parameters, mean, square)
    ]
    return _like(parameters, moved), AdamState(steps, mean, square)


def clip_by_global_norm(gradients: Iterable[np.ndarray], max_norm: float) -> tuple[Any, float]:
    """Shorten all gradients together so that their joint norm is at most ``max_norm``, (G5).

    The norm is taken over all entries of all arrays at once, and all are multiplied by the same
    number: the direction of the step stays, only its length is cut.

    Parameters
    ----------
    gradients : sequence of arrays, any shapes
    max_norm : float
        Above 0.

    Returns
    -------
    clipped : list of arrays (a ``NamedTuple`` comes back as the same kind)
        New arrays, also where nothing was changed.
    norm : float
        The joint norm *before* clipping; watch it, it tells when training explodes.
    """
    arrays = gradients if isinstance(gradients, tuple) else list(gradients)
    if not (isinstance(max_norm, float) and max_norm == np.inf):  # which is an honest wish: clip nothing
        check_number("max_norm", max_norm)
    _check(arrays, gradients=arrays)
    if not max_norm > 0:
        raise ValueError(f"max_norm should be above 0, got {max_norm}")
    norm = float(np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in arrays)))
    # (G5), and no epsilon: below the threshold not a bit changes.
    scale = float(max_norm) / norm if norm > max_norm else 1.0
    return _like(arrays, [g * scale for g in arrays]), norm


def _check(like: Sequence[np.ndarray], /, **sequences: Sequence[np.ndarray]) -> None:
    """Raise an error unless every one of the sequences holds real numbers in the shapes of the parameters."""
    for name, arrays in sequences.items():
        if not isinstance(arrays, list | tuple):
            raise TypeError(f"{name} should be a list or tuple of arrays, got {type(arrays).__name__}")
        if len(arrays) != len(like):
            raise ValueError(f"{name} should hold {len(like)} arrays, got {len(arrays)}")
        for i, (array, parameter) in enumerate(zip(arrays, like)):
            check_shape(f"{name}[{i}]", np.asarray(array), *np.shape(parameter))


def _like(container: Any, arrays: list[np.ndarray]) -> Any:
    """Return ``arrays`` in a container of the same kind if that is a NamedTuple, else as they are."""
    return container._make(arrays) if hasattr(container, "_make") else arrays
