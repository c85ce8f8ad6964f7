"""What is CoupledLSTM's own, three gates and what they add up to; the rest stands in test_variants.py."""

import pytest
import torch

from rnncourse.nn import CoupledLSTM
from tests.nn.test_recurrent import B, D, H, T, assert_close


@pytest.mark.parametrize("proj_size", [0, 2])
def test_it_is_torchs_lstm_with_opposed_gates(proj_size):
    """1 - sigmoid(a) = sigmoid(-a): the input gate's weights are the forget gate's, turned round."""
    options = {"num_layers": 2, "bidirectional": True, "proj_size": proj_size, "dtype": torch.float64}
    torch.manual_seed(0)
    ours, theirs = CoupledLSTM(D, H, **options), torch.nn.LSTM(D, H, **options)
    weights = {
        name: value if "weight_hr" in name else torch.cat([-value[:H], value])
        for name, value in ours.state_dict().items()
    }
    theirs.load_state_dict(weights)
    x = torch.randn(T, B, D, dtype=torch.float64)
    assert_close(ours(x), theirs(x))


def test_parameters_have_torchs_names_and_three_gates():
    shapes = {name: tuple(p.shape) for name, p in CoupledLSTM(D, H, proj_size=2).named_parameters()}
    assert shapes == {
        "weight_ih_l0": (3 * H, D),
        "weight_hh_l0": (3 * H, 2),
        "bias_ih_l0": (3 * H,),
        "bias_hh_l0": (3 * H,),
        "weight_hr_l0": (2, H),
    }
