"""What is PeepholeLSTM's own, its names and a projection; the rest stands in test_variants.py."""

import torch

from rnncourse.nn import LSTM, PeepholeLSTM
from tests.nn.test_recurrent import B, D, H, T, assert_close

P = 2


def test_parameters_have_torchs_names_and_one_more():
    for options in ({}, {"bias": False}, {"proj_size": P, "bidirectional": True}):
        names = dict(PeepholeLSTM(D, H, 2, **options).named_parameters())
        peepholes = {name: tuple(p.shape) for name, p in names.items() if name.startswith("weight_p_")}
        assert peepholes == {
            f"weight_p_{layer}{direction}": (3 * H,)
            for layer in ("l0", "l1")
            for direction in ("", "_reverse")[: 1 + options.get("bidirectional", False)]
        }
        assert set(names) - set(peepholes) == set(dict(LSTM(D, H, 2, **options).named_parameters()))


def test_without_peepholes_it_is_torchs_lstm():
    options = {"num_layers": 2, "bidirectional": True, "dtype": torch.float64}
    for proj_size in (0, P):
        torch.manual_seed(0)
        ours = PeepholeLSTM(D, H, proj_size=proj_size, **options)
        theirs = torch.nn.LSTM(D, H, proj_size=proj_size, **options)
        weights = {name: value for name, value in ours.state_dict().items() if "weight_p_" not in name}
        theirs.load_state_dict(weights)
        x = torch.randn(T, B, D, dtype=torch.float64)
        assert not torch.allclose(ours(x)[0], theirs(x)[0])
        for name, parameter in ours.named_parameters():
            if "weight_p_" in name:
                torch.nn.init.zeros_(parameter)
        assert_close(ours(x), theirs(x))


def test_with_a_projection_the_peepholes_see_the_whole_cell_state():
    """Sak et al. 2014: c has H units, the projected state P."""
    torch.manual_seed(1)
    module = PeepholeLSTM(D, H, proj_size=P, dtype=torch.float64)
    x, h, c = (torch.randn(shape, dtype=torch.float64) for shape in ((T, B, D), (1, B, P), (1, B, H)))
    output, _ = module(x, (h, c))
    h, c = h[0], c[0]
    p_i, p_f, p_o = module.weight_p_l0.chunk(3)
    bias = module.bias_ih_l0 + module.bias_hh_l0
    for x_t, expected in zip(x, output):
        i, f, g, o = (x_t @ module.weight_ih_l0.T + h @ module.weight_hh_l0.T + bias).chunk(4, dim=1)
        c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
        h = (torch.sigmoid(o + p_o * c) * torch.tanh(c)) @ module.weight_hr_l0.T
        assert_close(h, expected)
