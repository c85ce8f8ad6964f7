"""The gradebook: damaged, half made or absent, it is never overwritten, and no command shows a traceback."""

import shutil

import nbgrader.api
import pytest

from rnncourse.errors import CourseError
from rnncourse.grading import feedback, report, sample_class
from rnncourse.grading.autograde import autograde
from rnncourse.grading.course import open_course
from rnncourse.grading.gradebook import marks


def quiet(line):
    pass


COMMANDS = {
    "autograde": lambda room: autograde(room.root, isolation="none", echo=quiet),
    "feedback": lambda room: feedback.write(room.root, echo=quiet),
    "report": lambda room: report.write(room.root),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_gradebook_is_named_and_left_as_it_is(graded, command):
    book = graded.root / "gradebook.db"
    book.write_bytes(b"no database at all\n" * 400)
    graded.hand_in("new", graded.right())
    with pytest.raises(CourseError, match=r"gradebook\.db cannot be used \(file is not a database\)"):
        COMMANDS[command](graded)
    assert book.read_bytes() == b"no database at all\n" * 400


def test_a_sample_class_does_not_throw_away_a_gradebook_that_it_cannot_read(tmp_path, source):
    sample_class.make(tmp_path / "class", source)
    book = tmp_path / "class" / "gradebook.db"
    book.write_bytes(b"no database at all\n" * 400)
    with pytest.raises(CourseError, match="cannot be used"):
        sample_class.make(tmp_path / "class", source)
    assert book.read_bytes() == b"no database at all\n" * 400


def test_a_report_before_any_grading_makes_no_gradebook(classroom):
    (classroom.root / "gradebook.db").unlink()
    classroom.hand_in("ada", classroom.right())
    assert "Not graded yet" in report.table(classroom.root)
    feedback.write(classroom.root, echo=quiet)
    assert marks(open_course(classroom.root), "alpha") == {}
    assert not (classroom.root / "gradebook.db").exists()


def test_a_gradebook_is_made_whole_or_not_at_all(classroom, monkeypatch):
    """nbgrader makes the tables first and asks another program for their version afterwards."""
    book = classroom.root / "gradebook.db"
    book.unlink()
    classroom.hand_in("ada", classroom.right())
    with monkeypatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert not book.exists()
    [ada] = autograde(classroom.root, ["alpha"], isolation="none", echo=quiet)
    assert ada.score == 4.25


def test_a_gradebook_that_is_gone_is_made_anew_with_the_same_marks(graded):
    course = open_course(graded.root)
    before = {name: marks(course, name) for name in course.assignments()}
    (graded.root / "gradebook.db").unlink()
    shutil.rmtree(graded.root / "autograded")
    graded.grade(students=["ada", "bob", "zoe"])
    after = {name: marks(course, name) for name in course.assignments()}
    for student in ("ada", "bob", "zoe"):
        assert after["alpha"][student].score == before["alpha"][student].score
