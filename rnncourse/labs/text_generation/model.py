"""The character model: embedding (F1), recurrence (R1, R2), read-out (R3), cross-entropy (R4, R5)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rnncourse.data import text_generation as data
from rnncourse.reference import embedding, losses, output_layer, rnn

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


class Params(NamedTuple):
    """The weights of the model: V characters, embedding size D, state size H."""

    E: Floats  # (V, D)
    W_xh: Floats  # (H, D)
    W_hh: Floats  # (H, H)
    b_h: Floats  # (H,)
    W_hy: Floats  # (V, H)
    b_y: Floats  # (V,)

    @property
    def recurrent(self) -> rnn.Params:
        """The three of them that make the recurrence."""
        return rnn.Params(self.W_xh, self.W_hh, self.b_h)


def init(
    rng: np.random.Generator,
    vocab_size: int,
    embedding_size: int,
    hidden_size: int,
    dtype: npt.DTypeLike = np.float32,
) -> Params:
    """Draw fresh weights in the ranges that Torch's modules use; float32 is faster, and exact enough."""
    E = rng.normal(size=(vocab_size, embedding_size)).astype(dtype)
    recurrent = rnn.init(rng, embedding_size, hidden_size, dtype)
    bound = 1 / math.sqrt(hidden_size)
    W_hy = rng.uniform(-bound, bound, (vocab_size, hidden_size)).astype(dtype)
    b_y = rng.uniform(-bound, bound, vocab_size).astype(dtype)
    return Params(E, *recurrent, W_hy, b_y)


def loss_and_gradients(params: Params, window: Ids, h0: Floats | None = None) -> tuple[float, Params, Floats]:
    """Predict each character of a window from those before it, and go back through all of it.

    Parameters
    ----------
    window : array (T + 1, B)
        Steps 0 ... T - 1 are read, steps 1 ... T are to be predicted.
    h0 : array (B, H), optional
        The state that the window before left behind; zeros when left out.

    Returns
    -------
    loss : float
        Nats per character, the mean over T * B characters.
    gradients : Params
    h_last : array (B, H)
        Where the next window goes on.
    """
    inputs, targets = window[:-1], window[1:]
    x = embedding.forward(inputs, params.E)  # (T, B, D)
    h, cache = rnn.forward(params.recurrent, x, h0)  # (T, B, H)
    logits = output_layer.forward(h, params.W_hy, params.b_y)  # (T, B, V)
    loss = losses.softmax_cross_entropy(logits, targets)

    dlogits = losses.softmax_cross_entropy_backward(logits, targets)
    dh, dW_hy, db_y = output_layer.backward(dlogits, h, params.W_hy)
    dx, _, recurrent = rnn.backward(dh, cache)  # what would reach h0 is dropped: the truncation
    dE = embedding.backward(inputs, dx, len(params.E))
    return loss, Params(dE, *recurrent, dW_hy, db_y), h[-1]


def evaluate(params: Params, ids: Ids, chunk: int = 4096) -> float:
    """Return the loss on a text in nats per character: read once, in one row, the state carried all along.

    Parameters
    ----------
    ids : array (N,)
        The characters 1 ... N - 1 are predicted.
    chunk : int
        Steps in memory at a time; does not change the result.
    """
    h, total = None, 0.0
    for start in range(0, len(ids) - 1, chunk):
        part = ids[start : start + chunk + 1, None]  # (steps + 1, 1)
        states, _ = rnn.forward(params.recurrent, embedding.forward(part[:-1], params.E), h)
        logits = output_layer.forward(states, params.W_hy, params.b_y)
        total += losses.softmax_cross_entropy(logits, part[1:]) * (len(part) - 1)
        h = states[-1]
    return total / (len(ids) - 1)


def sample(
    params: Params,
    alphabet: str,
    rng: np.random.Generator,
    length: int = 400,
    temperature: float = 0.7,
    prompt: str = "\n",
) -> str:
    """Let the model write: after the ``prompt``, each character is drawn, read, and the next one drawn.

    Parameters
    ----------
    length
        Characters to write, the prompt not counted.
    temperature
        Logits are divided by it before the softmax: 1 draws what the model believes, below 1 plays safe,
        above 1 plays wild; 0 always takes the most probable character.
    """
    if not temperature >= 0:
        raise ValueError(f"temperature should be at least 0, got {temperature}")
    if not prompt:
        raise ValueError("prompt should hold at least one character, got ''")
    h: Floats | None = None
    pending = data.encode(prompt, alphabet)  # what the model has yet to read
    written: list[int] = []
    while len(written) < length:
        states, _ = rnn.forward(params.recurrent, embedding.forward(pending[:, None], params.E), h)
        h = states[-1]
        logits = output_layer.forward(h, params.W_hy, params.b_y)[0].astype(np.float64)
        if temperature == 0:
            chosen = int(logits.argmax())
        else:
            chosen = int(rng.choice(len(logits), p=losses.softmax(logits / temperature)))
        written.append(chosen)
        pending = np.array([chosen])
    return data.decode(written, alphabet)
