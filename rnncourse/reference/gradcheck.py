"""Is the gradient right?  Ask the function itself, by nudging its input and watching the output.

Central differences, (B10), ``(f(x + e) - f(x - e)) / 2e``: the error of one-sided differences shrinks with
e, that of central ones with e squared.  Too small an e drowns in rounding; 1e-6 is a good place in float64.
Source: Goodfellow et al. 2016, section 11.5.2 [goodfellow2016deep].
"""

from collections.abc import Callable, Sequence

import numpy as np

from rnncourse.reference.arguments import check_draw, check_number, check_shape, floats


def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Approximate the gradient of ``f`` at ``x``, one entry at a time, (B10).

    Sure and slow: two calls of ``f`` per entry of ``x``.

    Parameters
    ----------
    f : function of one array
        Returns a single number.
    x : array, any shape
        Left as it is; ``f`` is called with float64 copies.
    eps : float
        How far to nudge.

    Returns
    -------
    gradient : array like ``x``
    """
    x = floats("x", x)
    _check_eps(eps)
    gradient = np.empty(x.shape, np.float64)
    for index in np.ndindex(x.shape):
        above, below = x.astype(np.float64), x.astype(np.float64)
        above[index] += eps
        below[index] -= eps
        # (B10)
        gradient[index] = (np.asarray(f(above)).item() - np.asarray(f(below)).item()) / (2 * eps)
    return gradient.astype(x.dtype)


def projection_error(
    f: Callable[..., float],
    arguments: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
    rng: np.random.Generator,
    eps: float = 1e-6,
) -> float:
    """Check all gradients of ``f(*arguments)`` at once, along one random direction, (B11).

    Quick and nearly as sure: if the gradients are right, moving all arguments a little along random
    directions v changes ``f`` by ``eps * sum(gradient * v)``; a wrong gradient agrees only by an accident
    of the draw.  Two calls of ``f`` whatever the sizes.

    Parameters
    ----------
    f : function of ``len(arguments)`` arrays
        Returns a single number.
    arguments, gradients : sequences of float64 arrays, any shapes
        Where to check, and the gradients claimed there.
    rng : numpy.random.Generator
        Draws the direction.
    eps : float
        How far to move along it.

    Returns
    -------
    error : float
        Relative difference of the claimed and the measured change: about 1e-8 where the gradients are
        right, about 1 where they are wrong.
    """
    if len(arguments) != len(gradients):
        raise ValueError(f"gradients should hold {len(arguments)} arrays, got {len(gradients)}")
    _check_eps(eps)
    check_draw(rng, np.float64)
    for i, (argument, gradient) in enumerate(zip(arguments, gradients)):
        check_shape(f"arguments[{i}]", argument, *np.shape(argument))
        check_shape(f"gradients[{i}]", gradient, *argument.shape)
    directions = [rng.standard_normal(argument.shape) for argument in arguments]
    # (B11): the slope along a direction, claimed and measured
    claimed = sum(float(np.sum(g * v)) for g, v in zip(gradients, directions))
    above = f(*(a + eps * v for a, v in zip(arguments, directions)))
    below = f(*(a - eps * v for a, v in zip(arguments, directions)))
    measured = (float(above) - float(below)) / (2 * eps)
    # the smallest float keeps 0 against 0 from dividing by zero
    return abs(claimed - measured) / max(abs(claimed), abs(measured), np.finfo(float).tiny)


def _check_eps(eps: float) -> None:
    check_number("eps", eps)
    if not eps > 0:
        raise ValueError(f"eps should be above 0, got {eps}")
