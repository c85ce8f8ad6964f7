"""Cells that ``torch.nn`` lacks, written down for autograd as their papers have them: a second opinion.

They share nothing with our code but the names of the parameters.  Layers and directions exist only as
parameters: ``forward`` runs the first layer in the first direction.
"""

import torch
from torch.nn import Parameter


class ResetBeforeGRU(torch.nn.GRU):
    """Cho et al. 2014: the reset gate acts on the state before the product."""

    def __init__(self, *args, reset_before, **options):
        assert reset_before
        super().__init__(*args, **options)

    def forward(self, x, h=None):
        h = x.new_zeros(x.shape[1], self.hidden_size) if h is None else h[0]
        W_xr, W_xz, W_xn = self.weight_ih_l0.chunk(3)
        W_hr, W_hz, W_hn = self.weight_hh_l0.chunk(3)
        b_r, b_z, b_n = (self.bias_ih_l0 if self.bias else x.new_zeros(3 * self.hidden_size)).chunk(3)
        if self.bias:  # the n part of bias_hh is b_hn, which this form does without
            b_r, b_z = b_r + self.bias_hh_l0.chunk(3)[0], b_z + self.bias_hh_l0.chunk(3)[1]
        outputs = []
        for x_t in x:
            r = torch.sigmoid(x_t @ W_xr.T + h @ W_hr.T + b_r)
            z = torch.sigmoid(x_t @ W_xz.T + h @ W_hz.T + b_z)
            n = torch.tanh(x_t @ W_xn.T + (r * h) @ W_hn.T + b_n)
            h = (1 - z) * n + z * h
            outputs.append(h)
        return torch.stack(outputs), h[None]


def both_biases(module, gates):
    if not module.bias:
        return [module.weight_ih_l0.new_zeros(module.hidden_size)] * gates
    return (module.bias_ih_l0 + module.bias_hh_l0).chunk(gates)


def start(module, x, state):
    zeros = x.new_zeros(x.shape[1], module.hidden_size)
    return (zeros, zeros) if state is None else (state[0][0], state[1][0])


class PeepholeLSTM(torch.nn.LSTM):
    """Gers and Schmidhuber 2000, as equations (7) to (11) of Graves 2013 have it."""

    def __init__(self, input_size, hidden_size, *args, dtype=None, **options):
        super().__init__(input_size, hidden_size, *args, dtype=dtype, **options)
        for name in [name for name, _ in self.named_parameters() if name.startswith("weight_ih")]:
            peepholes = torch.rand(3 * hidden_size, dtype=dtype) - 0.5
            self.register_parameter(name.replace("weight_ih", "weight_p"), Parameter(peepholes))

    def forward(self, x, state=None):
        h, c = start(self, x, state)
        W_xi, W_xf, W_xc, W_xo = self.weight_ih_l0.chunk(4)
        W_hi, W_hf, W_hc, W_ho = self.weight_hh_l0.chunk(4)
        w_ci, w_cf, w_co = self.weight_p_l0.chunk(3)
        b_i, b_f, b_c, b_o = both_biases(self, 4)
        outputs = []
        for x_t in x:
            i = torch.sigmoid(x_t @ W_xi.T + h @ W_hi.T + w_ci * c + b_i)
            f = torch.sigmoid(x_t @ W_xf.T + h @ W_hf.T + w_cf * c + b_f)
            c = f * c + i * torch.tanh(x_t @ W_xc.T + h @ W_hc.T + b_c)
            o = torch.sigmoid(x_t @ W_xo.T + h @ W_ho.T + w_co * c + b_o)
            h = o * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs), (h[None], c[None])


class CoupledLSTM(torch.nn.GRU):
    """Greff et al. 2017, without peepholes and with the gate named for what it keeps; a GRU's shapes."""

    def forward(self, x, state=None):
        h, c = start(self, x, state)
        W_xf, W_xg, W_xo = self.weight_ih_l0.chunk(3)
        W_hf, W_hg, W_ho = self.weight_hh_l0.chunk(3)
        b_f, b_g, b_o = both_biases(self, 3)
        outputs = []
        for x_t in x:
            f = torch.sigmoid(x_t @ W_xf.T + h @ W_hf.T + b_f)
            i = 1 - f
            c = f * c + i * torch.tanh(x_t @ W_xg.T + h @ W_hg.T + b_g)
            h = torch.sigmoid(x_t @ W_xo.T + h @ W_ho.T + b_o) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs), (h[None], c[None])


class MinGRU(torch.nn.Module):
    """Feng et al. 2024, section 3.1: not even a state in the gate."""

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, bidirectional=False, dtype=None):
        super().__init__()
        self.hidden_size = hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for direction in ("", "_reverse")[: 1 + bidirectional]:
                shapes = {"weight_ih": (2 * hidden_size, width), "bias_ih": (2 * hidden_size,)}
                for name, shape in list(shapes.items())[: 1 + bias]:
                    values = torch.rand(shape, dtype=dtype) - 0.5
                    self.register_parameter(f"{name}_l{layer}{direction}", Parameter(values))

    def forward(self, x, h=None):
        h = x.new_zeros(x.shape[1], self.hidden_size) if h is None else h[0]
        W_z, W_h = self.weight_ih_l0.chunk(2)
        b_z, b_h = self.bias_ih_l0.chunk(2) if hasattr(self, "bias_ih_l0") else (0, 0)
        outputs = []
        for x_t in x:
            z = torch.sigmoid(x_t @ W_z.T + b_z)
            h = (1 - z) * h + z * (x_t @ W_h.T + b_h)
            outputs.append(h)
        return torch.stack(outputs), h[None]
