import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import embedding, feedforward

T, B, D, V = 7, 4, 3, 6


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    # 28 ids below 5: every word many times over, and word 5 never
    return rng.integers(0, V - 1, (T, B)), rng.standard_normal((V, D)), rng.standard_normal((T, B, D))


@pytest.mark.parametrize("part", [slice(None), slice(0, 1), (2, slice(None)), (0, 0)], ids=str)
def test_agrees_with_torch(arrays, part):
    ids, E, dvectors = arrays[0][part], arrays[1], arrays[2][part]
    table = torch.tensor(E, requires_grad=True)
    vectors = torch.nn.functional.embedding(torch.tensor(ids), table)
    vectors.backward(torch.tensor(dvectors))
    assert_array_equal(embedding.forward(ids, E), vectors.detach())
    assert_allclose(embedding.backward(ids, dvectors, V), table.grad, rtol=1e-12, atol=1e-12)


def test_a_look_up_is_a_product_with_one_hot_vectors(arrays):
    ids, E, dvectors = arrays
    one_hot = feedforward.one_hot(ids, V)
    assert_allclose(embedding.forward(ids, E), one_hot @ E, rtol=1e-14)
    expected = one_hot.reshape(-1, V).T @ dvectors.reshape(-1, D)
    assert_allclose(embedding.backward(ids, dvectors, V), expected, rtol=1e-12, atol=1e-14)


def test_words_that_do_not_occur_get_zero(arrays):
    ids, _, dvectors = arrays
    dE = embedding.backward(ids, dvectors, V)
    assert not dE[V - 1].any()
    assert (dE[np.unique(ids)] != 0).all()
    empty = embedding.backward(ids[:0], dvectors[:0], V)
    assert empty.shape == (V, D) and not empty.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layout_dtype_and_aliasing(arrays, dtype):
    ids, E, dvectors = arrays[0], arrays[1].astype(dtype), arrays[2].astype(dtype)
    turned = [np.asfortranarray(a) for a in (ids, E, dvectors)]
    for array in turned:
        array.flags.writeable = False
    vectors, dE = embedding.forward(*turned[:2]), embedding.backward(turned[0], turned[2], V)
    assert vectors.dtype == dE.dtype == dtype
    assert_array_equal(vectors, embedding.forward(ids, E))
    assert_array_equal(dE, embedding.backward(ids, dvectors, V))
    assert not np.shares_memory(embedding.forward(np.array(2), E), E)


def test_wrong_ids_and_shapes_are_named(arrays):
    ids, E, dvectors = arrays
    with pytest.raises(ValueError, match=r"ids should lie in 0 \.\.\. 5, got values from 0 to 6"):
        embedding.forward(np.array([0, 6]), E)
    with pytest.raises(ValueError, match=r"ids should lie in 0 \.\.\. 5, got values from -1 to 2"):
        embedding.backward(np.array([2, -1]), np.zeros((2, D)), V)
    with pytest.raises(ValueError, match="ids should hold integers, got dtype float64"):
        embedding.forward(ids / 2, E)
    with pytest.raises(ValueError, match=r"dvectors should have shape \(7, 4, D\), got \(4, 7, 3\)"):
        embedding.backward(ids, dvectors.transpose(1, 0, 2), V)
