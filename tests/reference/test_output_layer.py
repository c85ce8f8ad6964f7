import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import output_layer
from rnncourse.reference.gradcheck import projection_error

T, B, H, V = 7, 4, 5, 6


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) for shape in [(T, B, H), (V, H), (V,), (T, B, V)]]


def test_agrees_with_torch(arrays):
    h, W_hy, b_y, dy = arrays
    th, tW, tb = (torch.tensor(a, requires_grad=True) for a in (h, W_hy, b_y))
    ty = torch.nn.functional.linear(th, tW, tb)
    ty.backward(torch.tensor(dy))
    assert_allclose(output_layer.forward(h, W_hy, b_y), ty.detach(), rtol=1e-10, atol=1e-10)
    for ours, theirs in zip(output_layer.backward(dy, h, W_hy), (th, tW, tb)):
        assert_allclose(ours, theirs.grad, rtol=1e-10, atol=1e-10)


def test_gradients_agree_with_central_differences(arrays):
    h, W_hy, b_y, dy = arrays
    gradients = output_layer.backward(dy, h, W_hy)
    loss = lambda *a: float(np.sum(output_layer.forward(*a) * dy))  # noqa: E731
    assert projection_error(loss, [h, W_hy, b_y], gradients, np.random.default_rng(1)) < 1e-7


@pytest.mark.parametrize("leading", [(), (B,), (1, 1), (2, 3, 4)], ids=str)
def test_any_leading_axes(arrays, leading):
    _, W_hy, b_y, _ = arrays
    rng = np.random.default_rng(2)
    h, dy = rng.standard_normal((*leading, H)), rng.standard_normal((*leading, V))
    y = output_layer.forward(h, W_hy, b_y)
    dh, dW_hy, db_y = output_layer.backward(dy, h, W_hy)
    assert (y.shape, dh.shape, dW_hy.shape, db_y.shape) == (dy.shape, h.shape, W_hy.shape, b_y.shape)
    assert_allclose(y, np.einsum("...h,vh->...v", h, W_hy) + b_y, rtol=1e-12)
    assert_allclose(dW_hy, np.einsum("nv,nh->vh", dy.reshape(-1, V), h.reshape(-1, H)), rtol=1e-12)


def test_layout_dtype_and_aliasing(arrays):
    h, W_hy, b_y, dy = (a.astype(np.float32) for a in arrays)
    strided = h.transpose(1, 0, 2).copy().transpose(1, 0, 2)
    for array in (strided, W_hy, b_y, dy):
        array.flags.writeable = False
    results = [output_layer.forward(strided, W_hy, b_y), *output_layer.backward(dy, strided, W_hy)]
    expected = [output_layer.forward(h, W_hy, b_y), *output_layer.backward(dy, h, W_hy)]
    for result, want in zip(results, expected):
        assert result.dtype == np.float32
        assert_allclose(result, want, rtol=1e-6)
        assert not any(np.shares_memory(result, a) for a in (strided, W_hy, b_y, dy))


def test_wrong_shapes_are_named(arrays):
    h, W_hy, b_y, dy = arrays
    with pytest.raises(ValueError, match=r"h should have shape \(7, 4, 5\), got \(7, 4, 6\)"):
        output_layer.forward(dy, W_hy, b_y)
    with pytest.raises(ValueError, match=r"b_y should have shape \(6,\), got \(5,\)"):
        output_layer.forward(h, W_hy, b_y[1:])
    with pytest.raises(ValueError, match=r"dy should have shape \(7, 4, 6\), got \(7, 3, 6\)"):
        output_layer.backward(dy[:, 1:], h, W_hy)
    with pytest.raises(ValueError, match=r"W_hy should have shape \(V, H\), got \(5,\)"):
        output_layer.backward(dy, h, W_hy[0])
