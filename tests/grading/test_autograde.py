"""Running it again, refusing, and what must survive."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import time
from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from rnncourse import checks
from rnncourse.errors import CourseError
from rnncourse.grading import engine, record, report
from rnncourse.grading.autograde import autograde
from rnncourse.grading.course import open_course
from rnncourse.grading.gradebook import marks

from .conftest import DOUBLE


def quiet(line):
    pass


@pytest.mark.parametrize("isolation", [None, "bubblewrap", ""])
def test_without_isolation_none_nothing_runs(classroom, isolation):
    classroom.hand_in("ada", classroom.right())
    with pytest.raises(CourseError, match=r"no sandbox yet and runs it as you.*--isolation none"):
        autograde(classroom.root, [], None, isolation, False)
    assert not (classroom.root / "autograded").exists()


@pytest.mark.parametrize(
    ("assignments", "students", "words"),
    [
        (["gamma"], None, "there is no assignment 'gamma' here; there are: alpha, beta"),
        ([], ["nobody"], "there is no student 'nobody' here; there are: ada"),
    ],
)
def test_unknown_names_are_answered_with_those_that_exist(classroom, assignments, students, words):
    classroom.hand_in("ada", classroom.right())
    with pytest.raises(CourseError, match=words):
        autograde(classroom.root, assignments, students, "none", False)


def test_a_folder_that_is_no_course_is_refused(tmp_path, source):
    with pytest.raises(CourseError, match="there is no course folder"):
        autograde(tmp_path / "nowhere", isolation="none")
    with pytest.raises(CourseError, match="has no folder submitted/"):
        autograde(tmp_path, isolation="none")
    (tmp_path / "submitted").mkdir()
    with pytest.raises(CourseError, match="names no instructor's notebooks"):
        autograde(tmp_path, isolation="none")
    with pytest.raises(CourseError, match="holds no assignment"):
        autograde(tmp_path, isolation="none", source=tmp_path)
    with pytest.raises(CourseError, match="nobody has handed anything in"):
        autograde(tmp_path, isolation="none", source=source)
    assert {path.name for path in tmp_path.iterdir()} == {"submitted"}


def test_source_of_the_course_itself_comes_before_the_configured_one(template, source, tmp_path):
    root = shutil.copytree(template, tmp_path / "course")
    assert open_course(root).source == source.resolve()
    shutil.copytree(source / "beta", root / "solutions" / "beta")
    assert open_course(root).source == root / "solutions"
    assert open_course(root).assignments() == ["beta"]


def test_two_runs_at_once_are_refused(classroom):
    classroom.hand_in("ada", classroom.right())
    (classroom.root / ".rnncourse").mkdir(exist_ok=True)
    with (classroom.root / ".rnncourse" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CourseError, match="another run is at work"):
            autograde(classroom.root, isolation="none", echo=quiet)


def everything(root):
    """Hashes of all files but those that say what happened, and the gradebook's marks."""
    course = open_course(root)
    files = {
        path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] in ("autograded", "submitted", "release")
    }
    return files, [marks(course, name) for name in course.assignments()]


def test_a_second_run_is_quick_and_changes_nothing(graded_once):
    before, outcomes = everything(graded_once.root), dict(graded_once.outcomes)
    lines = []
    start = time.monotonic()
    again = autograde(graded_once.root, isolation="none", echo=lines.append)
    assert time.monotonic() - start < 3
    assert {(one.student, one.assignment): one for one in again} == outcomes
    assert everything(graded_once.root) == before
    assert lines[1:] == ["28 of 28 were graded before and have not changed (--force grades them again)"]


def test_force_grades_again_with_the_same_marks_and_keeps_those_of_a_person(graded):
    course = open_course(graded.root)
    with Gradebook(course.database) as book:
        grade = book.find_grade("why", "alpha", "alpha", "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 2.5, 0.5, False
        book.db.commit()
    before = marks(course, "alpha")["ada"]
    assert (before.score, before.by_hand, before.waiting) == (4.25, 3.0, 0)
    lines = []
    [ada] = autograde(graded.root, ["alpha"], ["ada"], "none", True, echo=lines.append)
    assert lines[1].startswith("[1/1] alpha  ada  graded, 4.25 of 4.25")
    after = marks(course, "alpha")["ada"]
    assert (ada.score, after.score, after.by_hand) == (4.25, 4.25, 3.0)
    # nbgrader asks the person to look again, since the answer may have changed
    assert ada.manual_waiting == after.waiting == 3.0


def test_a_changed_submission_is_graded_again(graded):
    graded.hand_in("bob", graded.right())
    lines = []
    [bob] = autograde(graded.root, ["alpha"], ["bob"], "none", False, echo=lines.append)
    assert bob.score == 4.25
    assert lines[1].startswith("[1/1] alpha  bob  graded")


def test_a_submission_that_broke_loses_its_old_mark(graded):
    graded.hand_in("ada", "{")
    course = open_course(graded.root)
    now = {(one.student, one.assignment): one for one in record.outcomes(course)}["ada", "alpha"]
    assert (now.state, now.score) == ("not graded", None)
    assert now.sentence.startswith("Changed since it was graded")
    assert graded.grade(assignments=["alpha"])["ada", "alpha"].state == "needs a person"
    assert marks(course, "alpha")["ada"].score is None
    assert not (graded.root / "autograded" / "ada" / "alpha").exists()


def test_a_submission_that_vanished_is_noticed(graded):
    shutil.rmtree(graded.root / "submitted" / "ada" / "alpha")
    ada = graded.grade(assignments=["alpha"], students=["ada"])["ada", "alpha"]
    assert (ada.state, ada.score) == ("needs a person", None)
    assert "now its folder is gone" in ada.sentence


def test_a_run_that_was_broken_off_goes_on_where_it_was(graded, monkeypatch):
    people = ["ada", "bob", "zoe"]
    first = graded.grade(assignments=["alpha"], students=people)
    (graded.root / ".rnncourse" / "outcomes.json").unlink()
    original = engine.Engine.autograde

    def broken_off(self, student, assignment, seed):
        if student == "bob":
            raise KeyboardInterrupt
        return original(self, student, assignment, seed)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Engine, "autograde", broken_off)
        with pytest.raises(KeyboardInterrupt):
            graded.grade(assignments=["alpha"], students=people)
    between = marks(open_course(graded.root), "alpha")
    assert (between["ada"].score, between["bob"].score) == (4.25, None)
    assert graded.grade(assignments=["alpha"], students=people) == first
    assert [line[:17] for line in graded.lines[1:-1]] == ["[2/3] alpha  bob ", "[3/3] alpha  zoe "]


def test_an_error_inside_nbgrader_stays_with_its_submission(classroom, monkeypatch):
    for student in ("ada", "bob"):
        classroom.hand_in(student, classroom.right())
    original = engine.Judge.preprocess

    def fails_once(self, nb, resources):
        if resources["nbgrader"]["student"] == "ada":
            raise MemoryError("no room left")
        return original(self, nb, resources)

    monkeypatch.setattr(engine.Judge, "preprocess", fails_once)
    ada, bob = autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert (ada.state, ada.score) == ("needs a person", None)
    assert "nbgrader stopped with MemoryError: no room left" in ada.sentence
    assert bob.score == 4.25
    assert "no room left" in (classroom.root / "logs" / "nbgrader.log").read_text()


def test_an_interrupt_that_python_drops_is_heard_all_the_same(classroom, monkeypatch):
    """Python drops what a signal raises in a weak reference's callback, for instance."""
    for student in ("ada", "bob"):
        classroom.hand_in(student, classroom.right())
    asked = []

    def dropped(self, student, assignment, seed):
        asked.append(student)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(engine.Engine, "autograde", dropped)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert asked == ["ada"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_full_disk_stops_the_run_and_is_nobodys_fault(classroom, monkeypatch):
    classroom.hand_in("ada", classroom.right())

    def full(self, nb, resources):
        raise OSError(errno.ENOSPC, "No space left on device", "autograded/ada")

    with monkeypatch.context() as patch:
        patch.setattr(engine.Judge, "preprocess", full)
        with pytest.raises(OSError, match="No space left"):
            autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert "RNNCOURSE_SEED" not in os.environ
    [ada] = record.outcomes(open_course(classroom.root))[:1]
    assert (ada.state, ada.score) == ("not graded", None)
    [ada] = autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert (ada.state, ada.score) == ("graded", 4.25)


def seen(room, student):
    """What the first answer cell of a graded notebook printed."""
    path = room.root / "autograded" / student / "alpha" / "alpha.ipynb"
    return json.loads(path.read_text())["cells"][1]["outputs"][0]["text"]


def test_the_same_work_meets_the_same_inputs_and_no_other_work_does(classroom, monkeypatch):
    tell = f"{DOUBLE}\nimport os\nprint(os.environ['RNNCOURSE_SEED'])"
    for student in ("ada", "bob"):
        classroom.hand_in(student, classroom.answered(double=tell))
    first = []
    for _ in range(2):
        autograde(classroom.root, ["alpha"], isolation="none", force=True, echo=quiet)
        first.append([seen(classroom, student) for student in ("ada", "bob")])
    assert first[0] == first[1]
    assert first[0][0] != first[0][1]
    monkeypatch.setenv("RNNCOURSE_SEED", "".join(first[0][0]).strip())
    exercise = checks.exercises(checks.stems()[0])[0]
    assert checks.check(exercise, len).seed == int("".join(first[0][0]))


def test_a_broken_notebook_of_the_instructor_is_named_before_anything_is_graded(classroom, source, tmp_path):
    own = shutil.copytree(source, tmp_path / "solutions")
    (own / "beta" / "beta.ipynb").write_text("{ no json")
    classroom.hand_in("ada", classroom.right())
    lines = []
    with pytest.raises(CourseError, match=r"beta\.ipynb cannot be used: beta\.ipynb is no JSON.*line 1"):
        autograde(classroom.root, isolation="none", source=own, echo=lines.append)
    assert len(lines) == 1 and lines[0].startswith("isolation none")
    [ada] = autograde(classroom.root, ["alpha"], isolation="none", source=own, echo=quiet)
    assert ada.score == 4.25


def test_the_configuration_of_the_class_counts_lateness_too(classroom):
    config = classroom.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    course = open_course(classroom.root)
    with Gradebook(course.database) as book:
        book.find_assignment("alpha").duedate = datetime(2030, 1, 1)
        book.db.commit()
    for student, day in (("ada", "2029-12-31"), ("bob", "2030-01-02")):
        classroom.hand_in(student, classroom.right())
        classroom.hand_in(student, f"{day} 12:00:00 UTC", name="timestamp.txt")
    ada, bob = autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert (ada.score, ada.late, ada.total) == (4.25, 0, 4.25)
    assert (bob.score, bob.late, bob.total) == (4.25, 4.25, 0)
    assert "4.25 off for lateness" in str(bob)
    assert "4.25 off for lateness  in all 0" in report.table(classroom.root)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os\nc.CourseDirectory.source_directory = os.sep.join(['..', 'teacher'])", None),
        (
            "c.CourseDirectory.source_directory = 1 / 0",
            r"cannot be read \(ZeroDivisionError: division",
        ),
        ("c.CourseDirectory.source_directory =", r"cannot be read \(SyntaxError"),
    ],
)
def test_the_configuration_is_a_program(source, tmp_path, text, words):
    shutil.copytree(source, tmp_path / "teacher")
    root = tmp_path / "course"
    (root / "submitted").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{text}\n")
    if words is None:
        assert open_course(root).source == tmp_path / "teacher"
    else:
        with pytest.raises(CourseError, match=words):
            open_course(root)


def test_a_course_in_a_path_that_nbgrader_takes_for_a_pattern_is_refused(tmp_path, source):
    (tmp_path / "class [1]" / "submitted").mkdir(parents=True)
    with pytest.raises(CourseError, match="nbgrader cannot work in"):
        autograde(tmp_path / "class [1]", isolation="none", source=source)
