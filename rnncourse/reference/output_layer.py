"""The read-out (R3): one linear layer from state to logits, the same at every step.

Source: Goodfellow et al. 2016, section 10.2 [goodfellow2016deep]; laid out as ``torch.nn.Linear``.
"""

import numpy as np

from rnncourse.reference.arguments import check_shape


def forward(h: np.ndarray, W_hy: np.ndarray, b_y: np.ndarray) -> np.ndarray:
    """Read out every state, (R3): ``y_t = W_hy h_t + b_y``.

    Parameters
    ----------
    h : array (..., H)
        States, usually ``(T, B, H)``.
    W_hy : array (V, H)
    b_y : array (V,)

    Returns
    -------
    y : array (..., V)
        Logits (or predicted values), usually ``(T, B, V)``.
    """
    check_shape("W_hy", W_hy, "V", "H")
    V, H = W_hy.shape
    check_shape("b_y", b_y, V)
    check_shape("h", h, *np.shape(h)[:-1], H)
    # One step does not depend on another here, so all of them are rows of one matrix product.
    y = h.reshape(-1, H) @ W_hy.T + b_y  # (R3)
    return y.reshape(*h.shape[:-1], V)


def backward(dy: np.ndarray, h: np.ndarray, W_hy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Go back through the read-out, (B2) and (B3): ``W_hy.T dy``, and ``dy h.T`` and ``dy``, summed.

    Parameters
    ----------
    dy : array (..., V)
        Gradient of the loss with respect to the logits.
    h : array (..., H)
        The states that ``forward`` read.
    W_hy : array (V, H)

    Returns
    -------
    dh : array (..., H)
        The *direct* derivative of the loss with respect to the states: what ``rnn.backward`` takes.
    dW_hy : array (V, H)
    db_y : array (V,)
        Both summed over all steps and the batch.
    """
    check_shape("W_hy", W_hy, "V", "H")
    V, H = W_hy.shape
    check_shape("h", h, *np.shape(h)[:-1], H)
    check_shape("dy", dy, *h.shape[:-1], V)
    dy_rows = dy.reshape(-1, V)
    dW_hy = dy_rows.T @ h.reshape(-1, H)  # (B3): the product of all rows sums over them
    return (dy_rows @ W_hy).reshape(h.shape), dW_hy, dy_rows.sum(axis=0)  # (B2), (B3)
