"""The sample class on the course's own assignments: the gradebook says what the answers deserve."""

import contextlib
import io
import json
import shutil
from types import SimpleNamespace

import pytest

from rnncourse import checks
from rnncourse.checks import mistakes
from rnncourse.errors import CourseError
from rnncourse.grading import report, sample_class, submission
from rnncourse.grading.answers import exercises, text
from rnncourse.grading.autograde import autograde
from rnncourse.grading.course import open_course

CHECKED = [(student, stem) for stem in checks.stems() for student in sample_class.STUDENTS]


@pytest.fixture(scope="module")
def sample(root, tmp_path_factory):
    """The ten students, graded."""
    course = tmp_path_factory.mktemp("sample") / "class"
    sample_class.make(course, root / "solutions")
    outcomes = autograde(course, isolation="none", echo=lambda line: None)
    return SimpleNamespace(root=course, outcomes={(one.student, one.assignment): one for one in outcomes})


def asked(course, stem):
    path = course / "release" / stem / f"{stem}.ipynb"
    return exercises(json.loads(path.read_text(encoding="utf-8")))


def drawn(root, student, stem):
    """The seed from which the checks draw a student's inputs."""
    course = open_course(root)
    return course.seed(student, stem, submission.digest(submission.read(course, student, stem)))


def expected(root, student, stem):
    """What a student's work is worth, from the checks alone: without kernel, nbgrader or gradebook.

    Runs what was handed in, in this process, and asks about every function that comes out of it: a wrong
    step also spoils the loop that calls it.
    """
    path = root / "submitted" / student / stem / f"{stem}.ipynb"
    made = json.loads(path.read_text(encoding="utf-8"))
    names = {"__name__": "__main__"}
    for cell in made["cells"]:
        if cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader", {}).get("grade"):
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(text(cell), "<answer>", "exec"), names)
    seed = drawn(root, student, stem)
    total = sum(
        round(checks.check(exercise.id, names[exercise.name], seed).score * exercise.points, 2)
        for exercise in exercises(made)
        if exercise.name in names
    )
    return round(total, 2)


def test_there_are_ten_students_and_all_assignments(sample):
    assert len(sample_class.STUDENTS) == 10
    assert set(sample.outcomes) == set(CHECKED)


@pytest.mark.parametrize("stem", checks.stems())
def test_every_exercise_is_found_in_its_notebook_with_its_points(sample, stem):
    found = asked(sample.root, stem)
    assert [exercise.id for exercise in found] == list(checks.exercises(stem))
    assert sum(exercise.points for exercise in found) == sample.outcomes["ada_right", stem].max_score


@pytest.mark.parametrize(("student", "stem"), CHECKED)
def test_the_gradebook_agrees_with_the_checks(sample, student, stem):
    deserved = None if student == "jo_damaged" else expected(sample.root, student, stem)
    assert sample.outcomes[student, stem].score == deserved


@pytest.mark.parametrize("stem", checks.stems())
def test_facts_that_hold_whatever_the_checks_say(sample, stem):
    marks = {student: sample.outcomes[student, stem] for student in sample_class.STUDENTS}
    everything = marks["ada_right"].max_score
    found = asked(sample.root, stem)
    assert marks["ada_right"].score == marks["bela_otherwise"].score == everything > 0
    assert marks["ivo_empty"].score == 0
    assert marks["fay_half"].score == sum(exercise.points for exercise in found[: len(found) // 2])
    assert marks["hana_endless"].score == everything - found[-1].points
    for student in ("chen_one_mistake", "dora_first_mistakes", "emil_last_mistakes", "gus_raises"):
        assert marks[student].score < everything
    assert (marks["jo_damaged"].state, marks["jo_damaged"].score) == ("needs a person", None)
    assert "no JSON" in marks["jo_damaged"].sentence
    assert "(RuntimeError)" in marks["gus_raises"].sentence


@pytest.mark.parametrize(("student", "which"), [("dora_first_mistakes", 0), ("emil_last_mistakes", -1)])
@pytest.mark.parametrize("stem", checks.stems())
def test_a_mistake_costs_what_its_function_costs(sample, student, which, stem):
    """Every answer of these two stands alone, so that the catalogue's own functions must score the same."""
    seed = drawn(sample.root, student, stem)
    deserved = [
        round(
            checks.check(exercise.id, mistakes.of(exercise.id)[which].function, seed).score * exercise.points,
            2,
        )
        for exercise in asked(sample.root, stem)
    ]
    assert sample.outcomes[student, stem].score == pytest.approx(sum(deserved), abs=1e-9)


@pytest.mark.parametrize("stem", checks.stems())
def test_the_report_names_the_mistakes_that_were_made(sample, stem):
    """The first mistake of the first exercise was made by two."""
    first = mistakes.of(checks.exercises(stem)[0])[0]
    assert checks.check(first.exercise, first.function).mistake == first.id
    assert f"  2 x {first.id}: " in report.table(sample.root)


def test_nobody_hands_in_the_marks_around_a_solution(sample):
    for path in (sample.root / "submitted").rglob("*.ipynb"):
        assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8")


def test_making_it_again_changes_nothing_and_grades_nothing(sample, root):
    before = {path: path.stat().st_mtime_ns for path in (sample.root / "submitted").rglob("*")}
    sample_class.make(sample.root, root / "solutions")
    assert {path: path.stat().st_mtime_ns for path in (sample.root / "submitted").rglob("*")} == before
    lines = []
    autograde(sample.root, isolation="none", echo=lines.append)
    assert lines[1:] == [
        f"{len(CHECKED)} of {len(CHECKED)} were graded before and have not changed "
        "(--force grades them again)"
    ]


def test_a_folder_of_somebody_else_is_not_touched(tmp_path, source):
    (tmp_path / "thesis.txt").write_text("chapter 1")
    with pytest.raises(CourseError, match="is not a sample class; name a folder that does not exist yet"):
        sample_class.make(tmp_path, source)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(CourseError, match="is not a sample class"):
        sample_class.make(tmp_path / "thesis.txt", source)


def test_a_source_without_assignments_is_refused(tmp_path):
    with pytest.raises(CourseError, match="holds no assignment"):
        sample_class.make(tmp_path / "class", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_starts_afresh_where_the_assignments_cells_have_changed(tmp_path, source):
    """nbgrader refuses new cells once work is graded; of a class that is ours nothing is lost."""
    own = shutil.copytree(source, tmp_path / "solutions")
    sample_class.make(tmp_path / "class", own)
    autograde(tmp_path / "class", ["beta"], ["ada_right"], "none", echo=lambda line: None)
    changed = (own / "beta" / "beta.ipynb").read_text().replace("check_half", "check_the_half")
    (own / "beta" / "beta.ipynb").write_text(changed)
    with pytest.raises(
        CourseError, match=r"nbgrader cannot take assignment 'beta'.*start a new course folder"
    ):
        autograde(tmp_path / "class", ["beta"], isolation="none", echo=lambda line: None)
    sample_class.make(tmp_path / "class", own)
    [outcome] = autograde(tmp_path / "class", ["beta"], ["ada_right"], "none", echo=lambda line: None)
    assert outcome.state == "graded"
    assert open_course(tmp_path / "class").assignments() == ["alpha", "beta"]
