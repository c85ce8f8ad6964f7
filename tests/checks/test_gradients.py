"""Vanishing and exploding gradients: inputs that expose, answers wrong in one corner, a student's way."""

import ast
import math

import nbformat
import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks import check
from rnncourse.reference import optim

SEEDS = range(30, 36)


def draw(name, seed):
    return checks.find(f"gradients.{name}").draw(np.random.default_rng(seed))


def arguments(name, seed, *tags):
    return [tuple(case.args.values()) for case in draw(name, seed) if case.tag in tags]


# -- what is drawn -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_radius_is_of_the_kind_that_the_property_names(seed):
    for tag in ("plain", "negative", "complex"):
        for (W,) in arguments("spectral_radius", seed, tag):
            found = np.linalg.eigvals(W)
            largest = found[np.abs(found).argmax()]
            assert (abs(largest.imag) > 0.1 * abs(largest)) == (tag == "complex")
            assert (largest.real > 0) == (tag == "plain")
            assert sorted(np.abs(found))[-2 - (tag == "complex")] < 0.9 * abs(largest)  # no two compete
            assert np.linalg.norm(W, 2) > 1.1 * abs(largest)
            assert abs(abs(largest) - 1) > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_norm_is_far_above_the_radius_and_the_list_of_eigenvalues_begins_anywhere(seed):
    plain = [W for (W,) in arguments("spectral_radius", seed, "plain")]
    assert max(np.linalg.norm(W, 2) / np.abs(np.linalg.eigvals(W)).max() for W in plain) > 4
    for tag in ("plain", "negative", "complex"):
        lists = [np.abs(np.linalg.eigvals(W)) for (W,) in arguments("spectral_radius", seed, tag)]
        assert any(max(sizes[0], sizes[-1]) < 0.9 * sizes.max() for sizes in lists)


@pytest.mark.parametrize("seed", SEEDS)
def test_sequences_have_more_than_one_length_of_everything(seed):
    for h, W_hh in arguments("jacobian_norms", seed, "plain"):
        assert len({*h.shape, 1}) == 3
        assert np.all(np.abs(h) < 1)
        norms = checks.find("gradients.jacobian_norms").reference(h, W_hh)
        assert 1e-3 < norms.min() < norms.max() < 1e3  # every step is large enough to be compared


@pytest.mark.parametrize("seed", SEEDS)
def test_leaky_states_are_those_of_a_leaky_network(seed):
    for h, h0, _W_hh, leak, mask in arguments("leaky_jacobian_norms", seed, "plain", "full"):
        before = np.concatenate([h0[None], h[:-1]])
        candidates = (h - (1 - leak) * before) / leak
        assert np.all(np.abs(candidates[mask != 0]) < 1)
        assert np.array_equal(h[mask == 0], before[mask == 0])
        assert np.ptp(leak) > 0.01
    masks = [args[-1] for args in arguments("leaky_jacobian_norms", seed, "plain")]
    assert all(mask[1:-1].min() == 0 for mask in masks)
    assert {(mask[0], mask[-1]) for mask in masks} == {(1, 1), (0, 1), (1, 0)}


@pytest.mark.parametrize("seed", SEEDS)
def test_horizons_do_not_hang_on_rounding(seed):
    for rate, threshold in arguments("vanishing_horizon", seed, "plain", "edge"):
        part = math.log(threshold) / math.log(rate) % 1
        assert 0.05 < part < 0.95
    sides = {math.log(t) / math.log(r) % 1 > 0.5 for r, t in arguments("vanishing_horizon", seed, "plain")}
    assert sides == {False, True}
    for rate, threshold in arguments("vanishing_horizon", seed, "exact"):
        steps = round(math.log(threshold) / math.log(rate))
        looped = math.prod([rate] * steps)
        assert looped == rate**steps == threshold
        for log in (math.log, math.log2, math.log10, np.log, np.log2, np.log10):
            # so that floor + 1 is right however it is computed
            assert log(threshold) / log(rate) == log(threshold) // log(rate) == steps


@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_tells_arrays_and_entries_apart(seed):
    for gradients, max_norm in arguments("clip_by_global_norm", seed, "plain"):
        norms = [np.linalg.norm(array) for array in gradients]
        assert min(norms) < max_norm < max(norms)
        assert max(np.abs(array).max() for array in gradients) > max_norm
        assert len({array.ndim for array in gradients}) == 3
    below = arguments("clip_by_global_norm", seed, "below")
    assert all(optim.clip_by_global_norm(gradients, 1.0)[1] < max_norm for gradients, max_norm in below)
    assert {max_norm > 1 for _, max_norm in below} == {False, True}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_rule_of_thumb_gives_the_right_signs(seed):
    for (A,) in arguments("orthogonal_from", seed, "plain"):
        Q, R = np.linalg.qr(A)
        right = Q * np.sign(np.diag(R))
        for signs in (np.diag(R), np.diag(right)):
            assert np.ptp(np.sign(signs)) == 2  # some are positive, some negative
        assert np.linalg.det(right) < 0
        assert np.linalg.cond(A) < 13


@pytest.mark.parametrize("seed", SEEDS)
def test_marks_stand_far_apart_and_side_by_side(seed):
    for _values, marks in arguments("adding_problem", seed, "plain", "edge", "layout", "float32"):
        assert np.all((marks != 0).sum(axis=0) == 2)
    for _values, marks in arguments("adding_problem", seed, "plain"):
        places = [np.flatnonzero(column) for column in marks.T]
        assert [0, len(marks) - 1] in [place.tolist() for place in places]
        assert any(np.ptp(place) == 1 and place[0] > len(marks) // 2 - 1 for place in places)


# -- wrong in one corner -----------------------------------------------------------------------------------


def radius(W):
    return float(np.abs(np.linalg.eigvals(W)).max())


def halves(values, marks):
    """Look for one mark in each half."""
    middle = len(values) // 2
    first, second = marks[:middle] != 0, marks[middle:] != 0
    every = np.arange(values.shape[1])
    return values[first.argmax(0), every] + values[middle + second.argmax(0), every]


def minus_unmarked(values, marks):
    return (values - values * (1 - marks)).sum(axis=0) - 0 * (-marks)[0]  # NumPy's booleans know no minus


def clip(gradients, max_norm):
    norm = float(np.sqrt(sum(np.sum(g**2, dtype=np.float64) for g in gradients)))
    return [g * (max_norm / norm if norm > max_norm else 1.0) for g in gradients], norm


def clip_with_epsilon(gradients, max_norm):
    norm = clip(gradients, max_norm)[1]
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients], norm


def ceil(rate, threshold):
    return math.ceil(math.log(threshold) / math.log(rate))


def leaky(h, h0, W_hh, leak, mask):
    return checks.find("gradients.leaky_jacobian_norms").reference(h, h0, W_hh, leak, mask)


CORNERS = [
    ("spectral_radius", lambda W: radius(W) if len(W) > 1 else float(W[0, 0]), "H = 1, H = 2"),
    ("spectral_radius", lambda W: np.abs(np.linalg.eigvals(W)).max(keepdims=True), "a complex pair"),
    ("spectral_radius", lambda W: complex(radius(W)), "a positive eigenvalue"),
    ("vanishing_horizon", ceil, "strictly below"),
    ("vanishing_horizon", lambda rate, threshold: max(2, ceil(rate, threshold)), "one step, many steps"),
    ("clip_by_global_norm", clip_with_epsilon, "zeros, one array, a norm of exactly max_norm"),
    ("clip_by_global_norm", lambda g, m: (np.concatenate([a.ravel() for a in g]), clip(g, m)[1]), "above"),
    ("clip_by_global_norm", lambda g, m: clip(g, m)[0], "the norm before clipping"),
    ("clip_by_global_norm", lambda g, m: clip(g, m)[::-1], "the norm before clipping"),
    ("clip_by_global_norm", lambda g, m: ([a.tolist() for a in clip(g, m)[0]], clip(g, m)[1]), "a list of"),
    ("clip_by_global_norm", lambda g, m: (clip(g, m)[0], np.array([clip(g, m)[1]])), "a list of arrays and"),
    ("adding_problem", halves, "values"),
    ("adding_problem", minus_unmarked, "other marks"),
    ("leaky_jacobian_norms", lambda *args: leaky(*args[:-1], np.ones(len(args[0]))), "masked steps change"),
]


@pytest.mark.parametrize(("name", "answer", "corner"), CORNERS)
def test_wrong_in_one_corner(name, answer, corner):
    for seed in SEEDS:
        verdict = check(f"gradients.{name}", answer, seed)
        failed = [entry.name for entry in verdict.details if not entry.passed]
        assert any(corner in entry for entry in failed), verdict


def test_marked_values_may_be_chosen_column_by_column():
    def answer(values, marks):
        return values.T[marks.T != 0].reshape(-1, 2).sum(axis=1)

    assert check("gradients.adding_problem", answer, 1).score == 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_signs_left_as_they_come_earn_the_part_for_the_columns(seed):
    verdict = check("gradients.orthogonal_from", lambda A: np.linalg.qr(A)[0], seed)
    passed = {entry.name: entry.passed for entry in verdict.details}
    assert passed["every column, up to its sign"]
    assert not passed["the signs too"]
    assert verdict.score == pytest.approx(0.49)


def test_an_identity_is_orthogonal_and_earns_nothing():
    assert check("gradients.orthogonal_from", lambda A: np.eye(len(A)), 1).score == 0


def test_gradients_that_come_back_as_they_were_earn_nothing_for_being_unchanged():
    assert check("gradients.clip_by_global_norm", lambda g, m: ([a.copy() for a in g], m), 1).score == 0


# -- a student's way ---------------------------------------------------------------------------------------


def test_a_students_way_through_one_exercise(root, capsys, monkeypatch):
    """Wrong, and told so by name; a hint; fixed, and full marks: in the cells of the released notebook."""
    monkeypatch.setattr(checks, "_hints_given", {})
    book = nbformat.read(root / "exercises" / "gradients" / "gradients.ipynb", as_version=4)
    cells = {cell.id: cell.source for cell in book.cells}
    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()"
    names = {}

    def run(id, body=stub):
        *before, last = ast.parse(cells[id].replace(stub, body)).body
        exec(compile(ast.Module(before, []), id, "exec"), names)
        if isinstance(last, ast.Expr):
            return eval(compile(ast.Expression(last.value), id, "eval"), names)
        exec(compile(ast.Module([last], []), id, "exec"), names)
        return None

    def told():
        return " ".join(capsys.readouterr().out.split())

    run("imports")
    run("jacobian_norms")
    assert run("jacobian_norms-tests") == 0
    assert "It is not written yet" in told()

    loop = """
    norms, product = np.ones(len(h), h.dtype), np.eye(len(W_hh), dtype=h.dtype)
    for t in range(len(h) - 1, 0, -1):
        product = {}
        norms[t - 1] = np.linalg.norm(product, 2)
    return norms
"""
    jacobian = "((1 - h[t] ** 2)[:, None] * W_hh)"
    run("jacobian_norms", loop.format(f"{jacobian} @ product"))
    assert run("jacobian_norms-tests") == pytest.approx(0.34 * 9)
    said = told()
    assert "partly right, 34% (3.06 of 9 marks)" in said
    assert "the Jacobians are multiplied in the wrong order" in said
    assert "ok the last two, norms[-2:]" in said
    assert "not yet every step" in said

    names["hint"]("gradients.jacobian_norms")
    names["hint"]("gradients.jacobian_norms")
    assert "On which side does the next Jacobian join" in told()

    run("jacobian_norms", loop.format(f"product @ {jacobian}"))
    assert run("jacobian_norms-tests") == 9
    assert "right (9 of 9 marks)" in told()
