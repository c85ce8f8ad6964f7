"""Whatever a submission's code does, it ends in a mark or in a sentence, and the next one is graded."""

import json

import pytest
from nbgrader.api import Gradebook

from rnncourse.grading.course import open_course
from rnncourse.grading.gradebook import marks


def test_a_right_answer_has_all_points_and_its_prose_waits(graded_once):
    ada = graded_once.outcomes["ada", "alpha"]
    assert (ada.state, ada.score, ada.max_score, ada.manual_waiting) == ("graded", 4.25, 4.25, 3)


def test_part_marks_stand_exactly_in_the_gradebook(graded_once):
    with Gradebook(open_course(graded_once.root).database) as book:
        grade = book.find_grade("check_double", "alpha", "alpha", "bob")
        assert grade.auto_score == 1.25
        assert book.find_submission("alpha", "bob").score == 2.75
    assert graded_once.outcomes["bob", "alpha"].score == 2.75


def test_an_unsolved_release_has_nothing_and_nothing_waits(graded_once):
    cleo = graded_once.outcomes["cleo", "alpha"]
    assert (cleo.state, cleo.score, cleo.manual_waiting) == ("graded", 0, 0)


def test_a_right_answer_that_writes_to_stderr_is_right(graded_once):
    assert graded_once.outcomes["gina", "alpha"].score == 4.25


def test_an_answer_that_raises_loses_its_own_points_only(graded_once):
    hugo = graded_once.outcomes["hugo", "alpha"]
    assert (hugo.state, hugo.score) == ("graded", 1.5)
    assert hugo.sentence == (
        "Cell 2 stopped with an error (ValueError), the check 'check_double' could not run "
        "(NameError: name 'double' is not defined); everything else was graded."
    )


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("dan", "ended its own Python while cell 2 ran"),
        ("eve", "Cell 2 was still running after 3 seconds"),
        ("fritz", "Cell 2 tries to end Python (SystemExit)"),
        ("ines", "gave \"'many'\", which is no mark from 0 to 2.75"),
        ("jan", "gave 'nan', which is no mark from 0 to 2.75"),
    ],
)
def test_what_cannot_be_marked_needs_a_person(graded_once, student, words):
    outcome = graded_once.outcomes[student, "alpha"]
    assert (outcome.state, outcome.score, outcome.max_score) == ("needs a person", None, None)
    assert words in outcome.sentence
    assert not (graded_once.root / "autograded" / student / "alpha").exists()
    kept = marks(open_course(graded_once.root), "alpha")[student]
    assert (kept.score, kept.waiting) == (None, 7.25)


def test_nobody_is_stopped_by_those_before(graded_once):
    assert graded_once.outcomes["zoe", "alpha"].score == 4.25
    assert graded_once.outcomes["zoe", "beta"].score == 1


def test_one_line_for_each_with_a_count(graded_once):
    lines = graded_once.lines
    assert lines[0].startswith("isolation none")
    assert len(lines) == 1 + 2 * 14
    assert lines[1] == "[ 1/28] alpha  ada  graded, 4.25 of 4.25, 3 more wait for a person"
    assert lines[14] == "[14/28] alpha  zoe  graded, 4.25 of 4.25, 3 more wait for a person"


def test_what_was_handed_in_is_untouched(graded_once):
    now = {path: path.read_bytes() for path in (graded_once.root / "submitted").rglob("*") if path.is_file()}
    assert now == graded_once.before


def test_nbgrader_talks_to_the_log(graded_once):
    assert "Autograding" in (graded_once.root / "logs" / "nbgrader.log").read_text()


def test_a_tag_does_not_decide_whether_a_check_runs(classroom, grade_one):
    cheat = classroom.release()
    for cell in cheat["cells"]:
        cell["metadata"]["tags"] = ["skip-execution"]
    assert grade_one(classroom, cheat).score == 0


def test_code_that_changes_its_own_submission_is_seen_and_undone(classroom, grade_one):
    spoil = "from pathlib import Path\nPath('../../../submitted/ada/alpha/alpha.ipynb').write_text('{}')"
    made = classroom.answered(double=spoil)
    outcome = grade_one(classroom, made)
    assert outcome.state == "needs a person"
    assert "changed the submitted files" in outcome.sentence
    left = classroom.root / "submitted" / "ada" / "alpha" / "alpha.ipynb"
    assert json.loads(left.read_text()) == made


def test_a_check_that_fails_itself_costs_the_student_nothing(classroom, grade_one):
    broken = "def double(x):\n    return 2 * x\n\ndef round(*_):\n    from rnncourse.checks import check\n"
    outcome = grade_one(classroom, classroom.answered(double=broken + "    return check('no.such', len)"))
    assert outcome.state == "needs a person"
    assert "The check 'check_double' failed itself (ValueError: there is no exercise" in outcome.sentence
