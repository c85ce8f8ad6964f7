"""Feedback: a page for each graded submission, one that fails stops no other, what is unchanged stays."""

import shutil

import pytest
from nbgrader.api import Gradebook

from rnncourse.grading import engine, feedback
from rnncourse.grading.course import open_course

from .conftest import Graded

GRADED = {"ada", "bob", "cleo", "gina", "hugo", "zoe"}


@pytest.fixture(scope="module")
def written(graded_once, tmp_path_factory):
    root = tmp_path_factory.mktemp("feedback") / "course"
    shutil.copytree(graded_once.root, root)
    lines = []
    failures = feedback.write(root, echo=lines.append)
    return Graded(root, graded_once.source), failures, lines


def test_every_graded_submission_has_its_page(written):
    room, failures, lines = written
    pages = {path.relative_to(room.root / "feedback") for path in (room.root / "feedback").rglob("*.html")}
    assert {str(page) for page in pages} == {f"{name}/alpha/alpha.html" for name in GRADED} | {
        "zoe/beta/beta.html"
    }
    assert failures == []
    assert lines == [f"feedback: 7 written, 0 unchanged, in {room.root / 'feedback'}"]


def test_a_class_that_was_moved_has_its_pages_still(written, tmp_path):
    room, _, _ = written
    lines = []
    feedback.write(shutil.copytree(room.root, tmp_path / "elsewhere"), echo=lines.append)
    assert "0 written, 7 unchanged" in lines[-1]


def test_the_page_shows_the_marks(written):
    room, _, _ = written
    page = (room.root / "feedback" / "bob" / "alpha" / "alpha.html").read_text()
    assert "2.75" in page
    assert "7.25" in page


def test_a_second_run_writes_only_what_changed(graded):
    lines = []
    feedback.write(graded.root, echo=lines.append)
    feedback.write(graded.root, echo=lines.append)
    assert "0 written, 7 unchanged" in lines[-1]
    with Gradebook(open_course(graded.root).database) as book:
        book.find_comment("why", "alpha", "alpha", "ada").manual_comment = "Well said, and short."
        book.db.commit()
    feedback.write(graded.root, echo=lines.append)
    assert "1 written, 6 unchanged" in lines[-1]
    assert "Well said, and short." in (graded.root / "feedback" / "ada" / "alpha" / "alpha.html").read_text()


def test_a_page_that_fails_stops_no_other(graded, monkeypatch):
    monkeypatch.setattr(engine.Engine, "feedback", fails_for("bob", engine.Engine.feedback))
    lines = []
    failures = feedback.write(graded.root, echo=lines.append)
    assert [failure.split(";")[0] for failure in failures] == [
        "no feedback for bob on alpha: OSError: disk full"
    ]
    assert "6 written, 0 unchanged" in lines[-1]
    assert (graded.root / "feedback" / "zoe" / "alpha" / "alpha.html").is_file()


def fails_for(name, original):
    def run(self, student, assignment):
        return OSError("disk full") if student == name else original(self, student, assignment)

    return run


def test_an_old_page_goes_with_the_mark_that_it_showed(graded):
    feedback.write(graded.root, echo=lambda line: None)
    graded.hand_in("ada", "{")
    graded.grade(assignments=["alpha"], students=["ada"])
    assert not (graded.root / "feedback" / "ada" / "alpha").exists()
