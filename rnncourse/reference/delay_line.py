"""Weights that nobody trained: a simple network that repeats its input some steps later, (R6)."""

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_floating, check_number, check_sizes


def delay_line(
    delay: int, scale: float = 2.0**-10, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Build a network that repeats its input ``delay`` steps later, (R6).

    No training: the ``H = delay + 1`` units form a shift register.  Unit 0 takes the input in, and at
    every step unit i hands its value on to unit i + 1, which makes ``W_hh`` zero except for ones just
    below the diagonal,

    .. math::  W_{hh}[i + 1, i] = 1 , \qquad (R6)

    and the output reads the last unit.  What went in at step t stands in unit ``delay`` at step
    ``t + delay``.

    Every hand-over passes through tanh, which would bend the value; but near zero
    :math:`\tanh(a) = a - a^3/3 + \dots`, so a small value a loses only about :math:`a^3/3`.  The input
    is therefore scaled down on its way in and up again on its way out: over ``delay + 1`` steps the
    error is about :math:`(delay + 1)\,scale^2\,|x|^3/3`.  For \|x\| <= 0.01 that is 3e-7 per step with
    ``scale=1``, and 3e-13 with the default.  A power of two scales without any rounding.

    Parameters
    ----------
    delay : int
        Steps to wait; 0 puts out what comes in.
    scale : float
        What the input is multiplied by on its way in.
    dtype : dtype
        Of the weights.

    Returns
    -------
    W_xh (H, 1), W_hh (H, H), b_h (H,), W_hy (1, H), b_y (1,)
        For a zero initial state and the nonlinearity tanh.

    Raises
    ------
    ValueError
        ``"delay should be at least 0, got -1"``.
    """
    check_sizes(least=0, delay=delay)
    check_floating(dtype)
    check_number("scale", scale)
    if scale == 0:
        raise ValueError("scale should not be 0: nothing would come in")
    H = delay + 1
    W_xh = np.zeros((H, 1), dtype)
    W_xh[0, 0] = scale
    W_hh = np.eye(H, k=-1, dtype=dtype)  # (R6): ones just below the diagonal
    W_hy = np.zeros((1, H), dtype)
    W_hy[0, delay] = 1 / scale
    return W_xh, W_hh, np.zeros(H, dtype), W_hy, np.zeros(1, dtype)
