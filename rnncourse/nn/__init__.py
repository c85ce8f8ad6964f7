"""Torch modules written from scratch: the loop over time stands in the open, the weights are Torch's.

``RNN``, ``LSTM``, ``GRU`` and ``CTCLoss`` take the place of those in ``torch.nn``: the same arguments,
outputs and parameter names, so that a ``state_dict`` loads both ways.  What ``torch.nn`` lacks is used in
the same way: ``PeepholeLSTM``, ``CoupledLSTM``, ``MinGRU``; ``DotAttention``, ``AdditiveAttention``, ``CRF``.
``RNN``, ``LSTM`` and ``GRU`` take one argument more, ``kernel``, which chooses who goes back through time:
autograd, or a quicker pass written by hand.
"""

from rnncourse.nn.attention import AdditiveAttention, DotAttention
from rnncourse.nn.coupled_lstm import CoupledLSTM
from rnncourse.nn.crf import CRF
from rnncourse.nn.ctc import CTCLoss
from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.min_gru import MinGRU
from rnncourse.nn.peephole_lstm import PeepholeLSTM
from rnncourse.nn.rnn import RNN

__all__ = [
    "CRF",
    "GRU",
    "LSTM",
    "RNN",
    "AdditiveAttention",
    "CTCLoss",
    "CoupledLSTM",
    "DotAttention",
    "MinGRU",
    "PeepholeLSTM",
]
