"""Small changes of the solutions: each falls, or somebody has said why it is none."""

import ast

import pytest

from rnncourse import checks
from rnncourse.authoring.equivalent import REASONS
from rnncourse.authoring.mutants import mutants, report
from rnncourse.cli import main

SOURCE = '''
def moved(x, W, b):
    """Move.

    Parameters
    ----------
    x : array (B, D)
    W : array (H, D)
    b : array (H,)
    """
    rows = []
    for t in range(len(x)):
        rows.append(x[t] @ W.T + b)
    return rows, 0.5
'''


def test_every_kind_of_change_is_made():
    labels = {mutant.label for mutant in mutants(SOURCE)}
    line = "rows.append(x[t] @ W.T + b)"
    for changed in (
        "rows.append(x[t] @ W.T - b)",  # another operator
        "rows.append(x[t] @ W.T)",  # a term dropped
        "rows.append(W.T @ x[t] + b)",  # factors swapped
        "rows.append(x[t] @ W + b)",  # a transpose left out
        "rows.append(x.T[t] @ W.T + b)",  # and one put in
        "rows.append(x[t - 1] @ W.T + b)",  # another step
        "rows.append(x[t] @ (-W).T + b)",  # a sign
        "pass",  # nothing at all
    ):
        assert f"{line}  ->  {changed}" in labels
    assert "return (rows, 0.5)  ->  return (0.5, rows)" in labels
    assert "return (rows, 0.5)  ->  return (rows, 1.5)" in labels


def test_what_changes_nothing_is_not_made():
    made = [mutant.source for mutant in mutants(SOURCE)]
    assert len(set(made)) == len(made) == len({mutant.label for mutant in mutants(SOURCE)})
    assert ast.unparse(ast.parse(SOURCE)) not in made
    assert not any("b.T" in source for source in made)  # b is a vector
    assert not any("len(x.T)" in source or "len(-x)" in source for source in made)


@pytest.mark.parametrize("stem", checks.stems())
def test_every_mutant_of_a_solution_falls_or_is_judged(root, stem):
    """A quick form of `rnncourse mistakes --mutants`, which `make mutants` runs in full."""
    rows = list(report(root / "solutions" / f"{stem}.py", seeds=(1,), every=8))
    assert [row.exercise for row in rows] == list(checks.exercises(stem))
    for row in rows:
        assert row.mutants > 1
        assert row.holes == []
        stale = set(REASONS.get(row.exercise, {})) - {survivor.label for survivor in row.survivors}
        assert stale == set(), "these do not survive any more: take them off the list"


def test_a_blind_check_is_seen(tmp_path, monkeypatch, capsys):
    source = tmp_path / "solutions" / "rnn.py"
    source.parent.mkdir()
    source.write_text(
        "# %% setup id=imports\nimport numpy as np\n# %% solution id=rnn_step\n"
        "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n    'Step.'\n    ### BEGIN SOLUTION\n"
        "    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)\n    ### END SOLUTION\n"
    )
    command = ["mistakes", "--mutants", "rnn", "--root", str(tmp_path)]
    assert main(command) == 1  # no docstring says that b_h is a vector, so its transpose survives
    assert capsys.readouterr().out.count("nobody has said why") == 1
    right = checks.check("rnn.rnn_step", checks.find("rnn.rnn_step").reference, 1)
    monkeypatch.setattr(checks, "check", lambda *arguments: right)
    assert main(command) == 1
    assert capsys.readouterr().out.count("nobody has said why: return np.tanh(") > 30


def test_there_must_be_a_solution(tmp_path, capsys):
    assert main(["mistakes", "--mutants", "rnn", "--root", str(tmp_path)]) == 2
    assert "--root" in capsys.readouterr().err
