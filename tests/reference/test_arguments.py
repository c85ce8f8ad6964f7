"""What every function asks of its arguments, asked of every cell: numbers, sizes, masks, windows."""

import numpy as np
import pytest

from rnncourse.reference import arguments, gru, lstm, rnn

T, B, D, H = 7, 4, 3, 5
CELLS = pytest.mark.parametrize("cell", [rnn, lstm, gru], ids=["rnn", "lstm", "gru"])

NOT_NUMBERS = {
    "complex": (lambda a: a.astype(complex), "should hold real numbers, got dtype complex128"),
    "text": (lambda a: a.astype(str), "should hold real numbers, got dtype <U32"),
    "objects": (lambda a: a.astype(object), "should hold real numbers, got dtype object"),
    "dates": (lambda a: a.astype("datetime64[s]"), r"should hold real numbers, got dtype datetime64\[s\]"),
    "a list": (lambda a: a.tolist(), "should be a NumPy array, got list"),
    "nothing": (lambda a: None, "should be a NumPy array, got NoneType"),
}


def drawn(cell):
    rng = np.random.default_rng(0)
    params = cell.init(rng, D, H)
    states = [rng.standard_normal((B, H)) for _ in range(2 if cell is lstm else 1)]
    return params, rng.standard_normal((T, B, D)), states, rng.standard_normal((T, B, H))


@CELLS
@pytest.mark.parametrize("spoil, message", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_what_is_no_array_of_real_numbers_is_refused_by_name(cell, spoil, message):
    params, x, states, dh = drawn(cell)
    first, *others = states
    *_, cache = cell.forward(params, x, *states)
    result = [cell.step(params, x[0], *states)] if cell is rnn else []
    broken = params._replace(W_hh=spoil(params.W_hh))
    calls = {
        "x": lambda: cell.forward(params, spoil(x), *states),
        "h0": lambda: cell.forward(params, x, spoil(first), *others),
        "W_hh": lambda: cell.forward(broken, x, *states),
        "x_t": lambda: cell.step(params, spoil(x[0]), *states),
        "h_prev": lambda: cell.step(params, x[0], spoil(first), *others),
        "dh": lambda: cell.backward(spoil(dh), *others, cache),
        "dh_t": lambda: cell.step_backward(params, spoil(dh[0]), *others, x[0], *states, *result),
    }
    for name, call in calls.items():
        if name == "h0" and spoil(first) is None:
            continue  # no state at all is allowed there
        with pytest.raises(TypeError, match=rf"^{name} {message}$"):
            call()


@CELLS
@pytest.mark.parametrize(
    "sizes, error, message",
    [
        ((0, 5), ValueError, "input_size should be at least 1, got 0"),
        ((3, -1), ValueError, "hidden_size should be at least 1, got -1"),
        ((3, 2.0), TypeError, "hidden_size should be an integer, got 2.0"),
        (("3", 2), TypeError, "input_size should be an integer, got '3'"),
    ],
)
def test_sizes_are_whole_numbers_above_zero(cell, sizes, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        cell.init(np.random.default_rng(0), *sizes)
    assert cell.init(np.random.default_rng(0), np.int64(3), np.int32(2)).W_hh.shape[1] == 2


@CELLS
def test_a_mask_with_nan_says_neither_yes_nor_no(cell):
    params, x, states, _ = drawn(cell)
    mask = np.ones((T, B))
    mask[2, 1] = np.nan
    with pytest.raises(ValueError, match="mask should not hold NaN"):
        cell.forward(params, x, *states, mask=mask)


@CELLS
def test_a_mask_of_text_is_refused(cell):
    params, x, states, _ = drawn(cell)
    with pytest.raises(TypeError, match="mask should hold real numbers, got dtype <U1"):
        cell.forward(params, x, *states, mask=np.full((T, B), "1"))


@CELLS
def test_nan_in_the_inputs_shows(cell):
    """It is not refused, since it may stand where the mask is zero; but it never passes for a number."""
    params, x, states, _ = drawn(cell)
    x[2, 1, 0] = np.nan
    h, *_ = cell.forward(params, x, *states)
    assert np.isnan(h[2:, 1]).all() and np.isfinite(h[:2]).all() and np.isfinite(h[:, [0, 2, 3]]).all()


@CELLS
@pytest.mark.parametrize(
    "window, error", [(0, ValueError), (-3, ValueError), (2.5, TypeError), ("2", TypeError)]
)
def test_a_window_is_a_whole_number_of_steps(cell, window, error):
    params, x, states, dh = drawn(cell)
    *_, cache = cell.forward(params, x, *states)
    with pytest.raises(error, match="window should be "):
        cell.backward(dh, *states[1:], cache, window=window)


def test_a_one_behind_every_input_survives_the_mask():
    x = np.random.default_rng(1).standard_normal((T, B, D))
    mask = np.arange(T)[:, None] < [7, 2, 5, 3]
    copy, skipped = arguments.copy_unmasked(x, mask, np.float32, ones=True)
    assert copy.shape == (T, B, D + 1) and copy.dtype == np.float32
    assert (copy[:, :, D] == 1).all()
    assert (copy[:, :, :D] == np.where(mask[:, :, None], x, 0).astype(np.float32)).all()
    assert (skipped[:, :, 0] == ~mask).all()
