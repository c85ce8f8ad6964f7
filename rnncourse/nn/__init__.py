"""Torch modules written from scratch: the loop over time stands in the open, the weights are Torch's.

``RNN``, ``LSTM`` and ``GRU`` take the place of those in ``torch.nn``: the same arguments, outputs and
parameter names, so that a ``state_dict`` loads both ways.  ``PeepholeLSTM``, ``CoupledLSTM`` and ``MinGRU``,
which ``torch.nn`` lacks, are used in the same way.
"""

from rnncourse.nn.coupled_lstm import CoupledLSTM
from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.min_gru import MinGRU
from rnncourse.nn.peephole_lstm import PeepholeLSTM
from rnncourse.nn.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN", "CoupledLSTM", "MinGRU", "PeepholeLSTM"]
