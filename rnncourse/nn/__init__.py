"""Torch modules written from scratch: the loop over time stands in the open, the weights are Torch's.

Every module takes the place of the one in ``torch.nn`` with the same name: the same arguments, outputs
and parameter names, so that a ``state_dict`` loads both ways.  Beyond Torch's arguments each has
``kernel``, which chooses who goes back through time: autograd, or a quicker pass written by hand.
"""

from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN"]
