r"""Why gradients vanish and explode, in numbers: Jacobians, their products, and two tasks that need memory.

The gradient that reaches step t from step T has passed through every step between them, so it is
multiplied by the product of their Jacobians,

.. math::

    J_t &= \frac{\partial h_t}{\partial h_{t-1}}
        = \operatorname{diag}\bigl(\varphi'(a_t)\bigr)\, W_{hh}                  && (G1) \\
    \frac{\partial h_T}{\partial h_t} &= J_T\, J_{T-1} \cdots J_{t+1}            && (G2)

Two numbers describe such a product.  Its *spectral norm* is the largest factor by which it stretches
any vector.  If the product is the power of one matrix, its growth in the long run is set by the
*spectral radius* of that matrix, however large the norm.  ``|tanh'| <= 1``, so a spectral norm of
``W_hh`` below 1 is sufficient for vanishing, and a norm above 1 is necessary, not sufficient, for
exploding.

Sources: Bengio et al. 1994 [bengio1994learning] and Pascanu et al. 2013 [pascanu2013difficulty] for the
product and its bounds, Saxe et al. 2014 [saxe2014exact] for orthogonal initialisation, Hochreiter &
Schmidhuber 1997 [hochreiter1997long] for the adding problem, Arjovsky et al. 2016 [arjovsky2016unitary]
for both tasks in the form used here.  Clipping is in ``optim``.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_draw, check_number, check_shape, check_sizes
from rnncourse.reference.rnn_cell import slope


def spectral_radius(W: np.ndarray) -> float:
    """Return the largest absolute value among the eigenvalues of ``W (H, H)``, (G3).

    The eigenvalues of a matrix that is not symmetric may be complex; a complex pair turns and
    stretches, and its absolute value is the stretching.
    """
    check_shape("W", W, "H", "H")
    check_shape("W", W, len(W), len(W))
    return float(np.abs(np.linalg.eigvals(W)).max())  # (G3)


def step_jacobian(h_t: np.ndarray, W_hh: np.ndarray, nonlinearity: str = "tanh") -> np.ndarray:
    """Return ``dh_t/dh_prev`` of one step of an RNN, (G1): ``diag(phi'(a_t)) @ W_hh``.

    Entry ``[..., i, j]`` says how unit i reacts to unit j one step earlier.  The slope belongs to the unit
    that reacts, so it multiplies *rows*.

    Parameters
    ----------
    h_t : array (H,) or (..., H)
        The state after the step; the slope can be read off it.
    W_hh : array (H, H)
    nonlinearity : str
        ``"tanh"`` or ``"relu"``.

    Returns
    -------
    jacobian : array (H, H) or (..., H, H)
    """
    check_shape("h_t", h_t, *np.shape(h_t)[:-1], "H")
    check_shape("W_hh", W_hh, h_t.shape[-1], h_t.shape[-1])
    return slope(h_t, nonlinearity)[..., :, None] * W_hh  # (G1)


def jacobian_norms(h: np.ndarray, W_hh: np.ndarray, nonlinearity: str = "tanh") -> np.ndarray:
    """Return the spectral norm of ``dh_T/dh_t`` for t = 1 ... T, (G2): how far back a gradient reaches.

    The product grows by one factor on its right at each step back; the last norm is that of the
    identity, 1.

    Parameters
    ----------
    h : array (T, B, H)
        The states after the steps.
    W_hh : array (H, H)
    nonlinearity : str
        ``"tanh"`` or ``"relu"``.

    Returns
    -------
    norms : array (T, B)
        ``norms[t - 1, b]`` is the largest factor by which a gradient of ``h_T`` in sequence b is
        stretched on its way back to ``h_t``.
    """
    check_shape("h", h, "T", "B", "H")
    T, B, H = h.shape
    jacobians = step_jacobian(h, W_hh, nonlinearity)  # (T, B, H, H)
    norms = np.empty((T, B), jacobians.dtype)
    product = np.broadcast_to(np.eye(H, dtype=jacobians.dtype), (B, H, H))
    for t in reversed(range(T)):
        norms[t] = np.linalg.norm(product, ord=2, axis=(1, 2))
        product = product @ jacobians[t]  # (G2): dh_T/dh_{t-1} = dh_T/dh_t times dh_t/dh_{t-1}
    return norms


def vanishing_horizon(rate: float, threshold: float) -> int:
    """Return the smallest number of steps k with ``rate**k < threshold``, (G4).

    A logarithm says where to look, ``k > log(threshold) / log(rate)``.  It rounds, and next to an exact
    power it may land on the wrong side; so the inequality itself has the last word.

    Parameters
    ----------
    rate : float
        Between 0 and 1: by how much a gradient shrinks per step.
    threshold : float
        Between 0 and 1.

    Returns
    -------
    steps : int
    """
    for name, value in (("rate", rate), ("threshold", threshold)):
        check_number(name, value)
        if not 0 < value < 1:
            raise ValueError(f"{name} should lie between 0 and 1, got {value}")
    steps = max(1, int(math.log(threshold) / math.log(rate)))
    while rate**steps >= threshold:  # (G4)
        steps += 1
    while steps > 1 and rate ** (steps - 1) < threshold:
        steps -= 1
    return steps


def orthogonal(
    rng: np.random.Generator, size: int, gain: float = 1.0, dtype: DTypeLike = np.float64
) -> np.ndarray:
    """Draw a random orthogonal matrix, (G6): it turns, and stretches nothing.

    Every singular value and the absolute value of every eigenvalue is ``gain``.  QR makes the columns of
    a random matrix orthogonal, one after the other; the signs of R's diagonal make the result unique,
    and evenly spread over all orthogonal matrices.  ``torch.nn.init.orthogonal_`` does the same.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws; they are made in float64 and rounded at the end.
    size : int
        H.
    gain : float
        What the result is multiplied by.

    Returns
    -------
    Q : array (H, H)
    """
    check_draw(rng, dtype, size=size)
    check_number("gain", gain)
    Q, R = np.linalg.qr(rng.standard_normal((size, size)))
    return (gain * Q * np.where(np.diag(R) < 0, -1.0, 1.0)).astype(dtype)  # (G6): one sign a column


class Adding(NamedTuple):
    """A batch of the adding problem: ``x (T, B, 2)``, values and marks; ``targets (B,)``."""

    x: np.ndarray
    targets: np.ndarray


def adding_problem(
    rng: np.random.Generator, steps: int, batch_size: int, dtype: DTypeLike = np.float64
) -> Adding:
    """Draw sequences in which two values are marked; the target is their sum, (G7).

    Values are uniform in [0, 1).  One mark stands in the first half of the steps and one in the second,
    so that one number has to be kept for up to ``steps - 1`` steps.  Whoever always answers 1, the mean,
    has a mean squared error of 1/6: the variance of two uniform numbers, and the line to beat.

    Parameters
    ----------
    rng : numpy.random.Generator
    steps : int
        T, at least 2.
    batch_size : int
        B.

    Returns
    -------
    x : array (T, B, 2)
        ``x[..., 0]`` holds the values, ``x[..., 1]`` is 1 where one is marked and 0 elsewhere.
    targets : array (B,)
    """
    check_draw(rng, dtype, steps=steps, batch_size=batch_size)
    check_sizes(least=2, steps=steps)  # one for each mark
    x = np.zeros((steps, batch_size, 2), dtype)
    x[..., 0] = rng.random((steps, batch_size))
    every = np.arange(batch_size)
    first, second = (rng.integers(*half, batch_size) for half in ((0, steps // 2), (steps // 2, steps)))
    x[first, every, 1] = x[second, every, 1] = 1
    return Adding(x, x[first, every, 0] + x[second, every, 0])  # (G7)


class Copying(NamedTuple):
    """A batch of the copying problem: ``ids`` and ``targets``, both ``(T, B)``."""

    ids: np.ndarray
    targets: np.ndarray


def copying_problem(
    rng: np.random.Generator, delay: int, batch_size: int, symbols: int = 8, length: int = 10
) -> Copying:
    """Draw sequences that have to be repeated after a pause, (G8).

    ``length`` random symbols come in, then nothing for ``delay - 1`` steps, then the signal to begin, then
    nothing again; the target is nothing until the signal and the symbols after it.  Whoever waits in the
    right place and guesses has a loss of ``length * log(symbols) / (delay + 2 * length)`` nats per step.

    Parameters
    ----------
    rng : numpy.random.Generator
    delay : int
        Steps from the last symbol to the signal, at least 1.
    batch_size : int
        B.
    symbols : int
        How many there are: ids 0 ... symbols - 1; the id ``symbols`` is nothing, ``symbols + 1`` the signal.
    length : int
        How many have to be remembered.

    Returns
    -------
    ids, targets : integer arrays (T, B)
        ``T = delay + 2 * length``.
    """
    check_draw(rng, np.float64, delay=delay, batch_size=batch_size, symbols=symbols, length=length)
    steps = delay + 2 * length
    ids = np.full((steps, batch_size), symbols)
    ids[:length] = rng.integers(0, symbols, (length, batch_size))
    ids[length + delay - 1] = symbols + 1
    targets = np.full_like(ids, symbols)
    targets[-length:] = ids[:length]  # (G8)
    return Copying(ids, targets)
