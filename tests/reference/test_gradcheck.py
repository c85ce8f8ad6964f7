import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference.gradcheck import numerical_gradient, projection_error


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 3, 4)], ids=str)
def test_finds_the_gradient_that_is_known(shape):
    x = np.random.default_rng(0).uniform(0.5, 2, shape)
    before = x.copy()
    x.flags.writeable = False
    gradient = numerical_gradient(lambda a: np.sum(np.sin(a) * a), x)
    assert gradient.shape == shape and gradient.dtype == np.float64
    assert_allclose(gradient, np.sin(x) + x * np.cos(x), rtol=1e-8)
    assert_array_equal(x, before)


def test_differences_are_central():
    # for a cube, central differences err by eps**2 and one-sided ones by 3 x eps
    gradient = numerical_gradient(lambda a: float(np.sum(a**3)), np.array([2.0]), eps=1e-3)
    assert_allclose(gradient, [12 + 1e-6], rtol=1e-10)


def test_a_function_that_spoils_its_argument_does_no_harm():
    def spoil(a):
        total = float(np.sum(a**2))
        a[...] = np.nan
        return total

    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert_allclose(numerical_gradient(spoil, x.T), 2 * x.T, rtol=1e-8)


def test_integers_and_float32_are_nudged_in_float64():
    assert_allclose(numerical_gradient(lambda a: (a**2).sum(), np.arange(3)), [0, 2, 4], atol=1e-8)
    single = numerical_gradient(lambda a: (a**2).sum(), np.arange(3, dtype=np.float32))
    assert single.dtype == np.float32
    assert_allclose(single, [0, 2, 4], atol=1e-6)


@pytest.fixture
def product():
    """f(A, b) = sum(sin(A b)) and its gradients."""
    rng = np.random.default_rng(1)
    A, b = rng.standard_normal((4, 3)), rng.standard_normal(3)
    slope = np.cos(A @ b)
    return (lambda A, b: float(np.sum(np.sin(A @ b)))), [A, b], [np.outer(slope, b), A.T @ slope]


def test_a_random_direction_accepts_what_is_right(product):
    f, arguments, gradients = product
    for seed in range(20):
        assert projection_error(f, arguments, gradients, np.random.default_rng(seed)) < 1e-7


@pytest.mark.parametrize("which", [0, 1])
def test_a_random_direction_rejects_what_is_wrong(product, which):
    f, arguments, gradients = product
    gradients[which] = gradients[which] * 1.001
    for seed in range(20):
        assert projection_error(f, arguments, gradients, np.random.default_rng(seed)) > 1e-6


def test_a_constant_has_gradient_zero():
    x = np.ones(3)
    assert projection_error(lambda a: 1.0, [x], [np.zeros(3)], np.random.default_rng(0)) == 0
    assert projection_error(lambda a: 1.0, [x], [np.ones(3)], np.random.default_rng(0)) == 1


def test_errors_say_what_is_wrong():
    x, rng = np.ones(3), np.random.default_rng(0)
    with pytest.raises(ValueError, match="gradients should hold 1 arrays, got 2"):
        projection_error(np.sum, [x], [x, x], rng)
    with pytest.raises(ValueError, match=r"gradients\[0\] should have shape \(3,\), got \(2,\)"):
        projection_error(np.sum, [x], [x[1:]], rng)
