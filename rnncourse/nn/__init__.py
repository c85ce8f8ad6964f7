"""Torch modules written from scratch: the loop over time stands in the open, the weights are Torch's.

Every module takes the place of the one in ``torch.nn`` with the same name: the same arguments, outputs
and parameter names, so that a ``state_dict`` loads both ways.  ``AdditiveAttention``, ``DotAttention`` and
``CRF`` have no such twin.
"""

from rnncourse.nn.attention import AdditiveAttention, DotAttention
from rnncourse.nn.crf import CRF
from rnncourse.nn.ctc import CTCLoss
from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.rnn import RNN

__all__ = ["CRF", "GRU", "LSTM", "RNN", "AdditiveAttention", "CTCLoss", "DotAttention"]
