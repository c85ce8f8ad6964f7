"""What is no mask and no score is refused by name; what torch.nn has too says torch.nn's words elsewhere."""

import pytest
import torch

from rnncourse import nn
from rnncourse.nn.arguments import check_mask

T, B, K, H, S = 5, 3, 4, 6, 7


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)


tags = torch.randint(K, (T, B))
chain, dot = nn.CRF(K).double(), nn.DotAttention()
additive = nn.AdditiveAttention(H, H, 2).double()
source = (draw(T, B, H), draw(S, B, H), draw(S, B, K))
# what takes a mask, and how many places it has
MASKED = {
    "crf": (lambda mask: chain(draw(T, B, K), tags, mask), T),
    "crf.score": (lambda mask: chain.score(draw(T, B, K), tags, mask), T),
    "crf.log_partition": (lambda mask: chain.log_partition(draw(T, B, K), mask), T),
    "crf.decode": (lambda mask: chain.decode(draw(T, B, K), mask), T),
    "dot attention": (lambda mask: dot(*source, mask), S),
    "additive attention": (lambda mask: additive(*source, mask), S),
}


@pytest.mark.parametrize(("run", "places"), MASKED.values(), ids=MASKED)
def test_a_mask_says_yes_or_no(run, places):
    mask = torch.ones(places, B)
    run(mask)
    mask[0, 0] = torch.nan
    with pytest.raises(ValueError, match=r"^mask should not hold NaN$"):
        run(mask)
    for wrong in (torch.ones(places, B, dtype=torch.complex64), "yes", [[1] * B] * places):
        with pytest.raises(TypeError, match=r"^mask should be a tensor of real numbers, got "):
            run(wrong)
    with pytest.raises(ValueError, match=r"^mask should have shape "):
        run(mask[:, :1].nan_to_num())


def test_no_mask_is_no_mask():
    check_mask(None)
    check_mask(torch.tensor([0, 2]))


def test_scores_are_real():
    with pytest.raises(TypeError, match=r"^emissions should hold real numbers, got dtype torch\.complex128$"):
        chain(draw(T, B, K).to(torch.complex128), tags)
