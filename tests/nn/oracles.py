"""A judge for the gradients of every module of ``rnncourse.nn``: central differences, taken by Torch."""

import torch

from rnncourse import nn
from rnncourse.nn.linear_scan import linear_scan

T, B, D, H, S, E, V = 3, 2, 4, 3, 5, 2, 4


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def recurrent(kind, parts, **options):
    """A module of two directions, and everything it can be differentiated by."""
    module = kind(D, H, bidirectional=True, dtype=torch.float64, **options)
    state = [draw(2, B, H) for _ in range(parts)]
    run = lambda x, *h: module(x, h if parts > 1 else h[0])  # noqa: E731
    return module, run, [draw(T, B, D), *state]


def other(module, *inputs, **fixed):
    module = module.double()
    return module, lambda *given: module(*given, **fixed), list(inputs)


def function(call, *inputs):
    return torch.nn.Module(), call, list(inputs)


TAGS, LABELS = torch.tensor([[0, 3], [2, 1], [3, 3]]), torch.tensor([[1], [2]])
LENGTHS = {"input_lengths": [3, 2], "target_lengths": [1, 1]}
# public name -> how to make a problem of it
PROBLEMS = {
    "nn.rnn.RNN": lambda: recurrent(nn.RNN, 1, kernel="autograd"),
    "nn.lstm.LSTM": lambda: recurrent(nn.LSTM, 2, kernel="autograd"),
    "nn.gru.GRU": lambda: recurrent(nn.GRU, 1, kernel="autograd"),
    "nn.function.Recurrence": lambda: recurrent(nn.LSTM, 2, kernel="function"),
    "nn.function.Recurrence of GRU": lambda: recurrent(nn.GRU, 1, kernel="function"),
    "nn.function.Recurrence of RNN": lambda: recurrent(nn.RNN, 1, kernel="function"),
    "nn.peephole_lstm.PeepholeLSTM": lambda: recurrent(nn.PeepholeLSTM, 2),
    "nn.coupled_lstm.CoupledLSTM": lambda: recurrent(nn.CoupledLSTM, 2),
    "nn.min_gru.MinGRU": lambda: recurrent(nn.MinGRU, 1),
    "nn.linear_scan.linear_scan": lambda: function(linear_scan, draw(T, B, H), draw(T, B, H), draw(B, H)),
    "nn.attention.DotAttention": lambda: other(
        nn.DotAttention(), draw(T, B, H), draw(S, B, H), draw(S, B, E)
    ),
    "nn.attention.AdditiveAttention": lambda: other(
        nn.AdditiveAttention(H, D, E), draw(T, B, H), draw(S, B, D), draw(S, B, E)
    ),
    "nn.crf.CRF": lambda: other(nn.CRF(V), draw(T, B, V), tags=TAGS),
    "nn.ctc.CTCLoss": lambda: function(
        lambda logits: nn.CTCLoss()(logits.log_softmax(2), LABELS, **LENGTHS), draw(T, B, V)
    ),
}


def check(name):
    """Hold every gradient of a module against central differences; an error where they differ."""
    torch.manual_seed(0)
    module, run, inputs = PROBLEMS[name]()
    names, weights = zip(*module.named_parameters()) if list(module.parameters()) else ((), ())

    def call(*arguments):
        given, changed = arguments[: len(inputs)], arguments[len(inputs) :]
        if not names:
            return flat(run(*given))
        with torch.nn.utils.stateless._reparametrize_module(module, dict(zip(names, changed))):
            return flat(run(*given))

    leaves = tuple(w.detach().clone().requires_grad_() for w in weights)
    assert torch.autograd.gradcheck(call, (*inputs, *leaves))


def flat(value):
    return tuple(t for entry in value for t in flat(entry)) if isinstance(value, tuple) else (value,)
