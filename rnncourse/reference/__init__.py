"""NumPy references: an explicit loop over time forward, a hand-derived loop backward, and nothing hidden.

Read the modules in this order: ``feedforward``, ``rnn``, ``output_layer``, ``embedding``, ``losses``,
``gradcheck``, ``optim``, ``gradients``, ``lstm``, ``gru``, ``checkpointing``.  One step of a cell and its
equations stand in ``rnn_cell``, ``lstm_cell`` and ``gru_cell``; ``rnn``, ``lstm`` and ``gru`` know those
names too.  Then come the variants ``peephole_lstm``, ``coupled_lstm`` and ``min_gru``; what is built of any
cell, ``bidirectional`` and ``stacked``; and what the applications stand on: ``attention``, ``sampling``,
``decoding``, ``crf``, ``ctc``, ``ctc_decoding``.  Importing this package loads NumPy and nothing else.

Conventions that hold everywhere here:

- Arrays are time-major: inputs ``(T, B, D)``, states ``(T, B, H)``, logits ``(T, B, V)``.
- A weight matrix has one row per output, as in the maths: ``W_xh`` is ``(H, D)``, and a batch of row
  vectors is multiplied as ``x_t @ W_xh.T``.
- The dtype that comes in goes out.  Arguments are never changed, and nothing that is returned shares
  memory with an argument or with the result of another call.
- A wrong shape is a ``ValueError`` that names the argument, the shape expected and the shape that came.
"""

from rnncourse.reference import (
    attention,
    bidirectional,
    checkpointing,
    coupled_lstm,
    crf,
    ctc,
    ctc_decoding,
    decoding,
    embedding,
    feedforward,
    gradcheck,
    gradients,
    gru,
    losses,
    lstm,
    min_gru,
    optim,
    output_layer,
    peephole_lstm,
    rnn,
    sampling,
    stacked,
)

__all__ = [
    "attention",
    "bidirectional",
    "checkpointing",
    "coupled_lstm",
    "crf",
    "ctc",
    "ctc_decoding",
    "decoding",
    "embedding",
    "feedforward",
    "gradcheck",
    "gradients",
    "gru",
    "losses",
    "lstm",
    "min_gru",
    "optim",
    "output_layer",
    "peephole_lstm",
    "rnn",
    "sampling",
    "stacked",
]
