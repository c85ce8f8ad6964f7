"""Damaged submissions: each ends in its own sentence, none stops the next, none becomes a 0."""

import copy
import json
import os

import nbformat
import pytest

from rnncourse.grading import submission
from rnncourse.grading.autograde import autograde

NAME = "alpha.ipynb"
BYTES = os.fsdecode(b"M\xfcller")  # as an archive from another system leaves it


def changed(made, change):
    other = copy.deepcopy(made)
    content = change(other)
    return other if content is None else content


def cell(made, grade_id):
    return next(c for c in made["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def without(made, grade_id):
    made["cells"].remove(cell(made, grade_id))


def doubled(made, grade_id):
    made["cells"].append(copy.deepcopy(cell(made, grade_id)))


def set_hidden(made, grade_id, **settings):
    cell(made, grade_id)["metadata"]["nbgrader"].update(settings)


# what is handed in as alpha.ipynb, made from the right notebook, and words of the sentence that must come
CONTENTS = {
    "empty file": (lambda made: b"", "alpha.ipynb is empty"),
    "white space": (lambda made: b" \n\n", "alpha.ipynb is empty"),
    "cut short": (
        lambda made: json.dumps(made, indent=1).encode()[:700],
        "is no JSON, so it is damaged or cut",
    ),
    "no JSON": (lambda made: b"{\n 'cells': []}", "line 2, column 2"),
    "too deep": (lambda made: b"[" * 100_000, "cannot be read as JSON"),
    "a list": (lambda made: b"[]", "is JSON, but no notebook"),
    "other JSON": (lambda made: b'{"a": 1}', "is JSON, but no notebook"),
    "UTF-16": (lambda made: json.dumps(made).encode("utf-16"), "written in UTF-16"),
    "byte order mark": (lambda made: json.dumps(made).encode("utf-8-sig"), "begins with a byte order mark"),
    "Latin-1": (lambda made: b'{\n"a": "gr\xfc\xdfe"}', "is not UTF-8 (byte 0xfc in line 2"),
    "format 3": (lambda made: made.update(nbformat=3), "format 3, older than"),
    "format 5": (lambda made: made.update(nbformat=5), "format 5, newer than"),
    "format None": (lambda made: made.update(nbformat=None), "notebook format None"),
    "no cells": (lambda made: made.update(cells=[]), "has no cells"),
    "cells missing": (lambda made: made.pop("cells") and None, "has no cells"),
    "a cell that is text": (lambda made: made["cells"].append("x"), "is not built as a notebook's cell is"),
    "a cell without source": (
        lambda made: made["cells"][1].pop("source") and None,
        "Cell 2 of alpha.ipynb is",
    ),
    "source of numbers": (lambda made: made["cells"][1].update(source=[1]), "Cell 2 of alpha.ipynb is not"),
    "metadata a list": (lambda made: made["cells"][0].update(metadata=[]), "Cell 1 of alpha.ipynb is not"),
    "nbgrader a text": (lambda made: made["cells"][0].update(metadata={"nbgrader": "x"}), "Cell 1 of alpha"),
    "check deleted": (lambda made: without(made, "check_double"), "lacks the cell 'check_double'"),
    "answer deleted": (lambda made: without(made, "square"), "lacks the cell 'square'"),
    "answer twice": (lambda made: doubled(made, "double"), "holds the cell 'double' twice"),
    "check twice": (lambda made: doubled(made, "check_square"), "holds the cell 'check_square' twice"),
    "schema 99": (
        lambda made: set_hidden(made, "double", schema_version=99),
        "says nbgrader schema 99 where 3",
    ),
    "schema 2": (lambda made: set_hidden(made, "double", schema_version=2), "says nbgrader schema 2 where 3"),
    "schema a text": (
        lambda made: set_hidden(made, "double", schema_version="3"),
        "says nbgrader schema '3'",
    ),
    "no schema": (
        lambda made: cell(made, "why")["metadata"]["nbgrader"].pop("schema_version") and None,
        "says nbgrader schema None",
    ),
    "not graded any more": (
        lambda made: set_hidden(made, "check_square", grade=False),
        "'grade' changed to False",
    ),
    "check as answer": (
        lambda made: set_hidden(made, "check_square", solution=True),
        "'solution' changed to True",
    ),
    "all hidden settings gone": (
        lambda made: [c["metadata"].clear() for c in made["cells"]] and None,
        "holds none of this assignment's cells: perhaps it was written anew",
    ),
}


@pytest.fixture(scope="module")
def damaged(new_classroom):
    """One class with every kind of damage, and a sound submission after all of them, graded in one run."""
    room = new_classroom()
    made = room.right()
    for student, (change, _) in CONTENTS.items():
        content = changed(made, change)
        room.hand_in(student, content if isinstance(content, bytes) else json.dumps(content))
    folder = room.root / "submitted"
    room.hand_in("another assignment's", room.release("beta"))
    room.hand_in("another name", made, name="alpha-final.ipynb")
    room.hand_in("no notebook", "hello", name="notes.txt")
    (folder / "an empty folder" / "alpha").mkdir(parents=True)
    (folder / "no folder").mkdir()
    (folder / "a file").mkdir()
    (folder / "a file" / "alpha").write_text("x")
    (folder / "a folder of that name" / "alpha" / NAME).mkdir(parents=True)
    secret = room.root / "secret.ipynb"
    secret.write_text(json.dumps(made))
    for student in ("link to a file", "link beside"):
        (folder / student / "alpha").mkdir(parents=True)
    (folder / "link to a file" / "alpha" / NAME).symlink_to(secret)
    room.hand_in("link beside", made)
    (folder / "link beside" / "alpha" / "passwd").symlink_to("/etc/passwd")
    (folder / "link to a folder").mkdir()
    (folder / "link to a folder" / "alpha").symlink_to(folder / "another name" / "alpha")
    (folder / "link to a student").symlink_to(folder / "another name")
    room.hand_in("a pipe", made)
    os.mkfifo(folder / "a pipe" / "alpha" / "pipe")
    room.hand_in("too large", json.dumps(made) + " " * submission.LARGEST)
    room.hand_in("no date", made)
    room.hand_in("no date", "soon", name="timestamp.txt")
    room.hand_in("space at the end ", made)
    room.hand_in("a[1]*", made)
    room.hand_in(BYTES, made)
    room.hand_in("zoe", made)
    (folder / "stray.zip").write_bytes(b"PK")
    room.lines = []
    outcomes = autograde(room.root, ["alpha"], isolation="none", echo=room.lines.append)
    room.outcomes = {outcome.student: outcome for outcome in outcomes}
    return room


PLACES = {
    "another assignment's": "it is the notebook of 'beta'",
    "another name": "expected alpha.ipynb, found alpha-final.ipynb",
    "no notebook": "There is no notebook in the folder (found: notes.txt)",
    "an empty folder": "There is no notebook in the folder (found: nothing)",
    "a file": "is a file where a folder is expected",
    "a folder of that name": "There is no notebook in the folder",
    "link to a file": "alpha.ipynb is a link, and links are not followed",
    "link beside": "passwd is a link, and links are not followed",
    "link to a folder": "submitted/link to a folder/alpha is a link to somewhere else",
    "link to a student": "submitted/link to a student is a link to somewhere else",
    "a pipe": "pipe is not a plain file",
    "too large": "larger than 20 MB",
    "no date": "timestamp.txt holds no date",
    "space at the end ": "begins or ends with a space",
    "a[1]*": "holds one of * ? [ ]",
    BYTES: r"The folder's name 'M\udcfcller' is not UTF-8",
}


@pytest.mark.parametrize("student", [*CONTENTS, *PLACES])
def test_damaged_submission_has_its_own_sentence(damaged, student):
    outcome = damaged.outcomes[student]
    assert (outcome.state, outcome.score, outcome.max_score) == ("needs a person", None, None)
    assert (PLACES.get(student) or CONTENTS[student][1]) in outcome.sentence
    assert not (damaged.root / "autograded" / student / "alpha").exists()


def test_damaged_sentences_say_what_to_do(damaged):
    advice = ("Ask for", "grade again", "Rename", "Put the files", "Open and save", "Save it as UTF-8")
    for student in [*CONTENTS, *PLACES]:
        assert any(words in damaged.outcomes[student].sentence for words in advice), student


def test_damaged_work_is_not_a_missing_folder(damaged):
    assert (damaged.outcomes["no folder"].state, damaged.outcomes["no folder"].score) == (
        "not submitted",
        None,
    )


def test_sound_work_after_damaged_work_is_graded(damaged):
    assert list(damaged.outcomes)[-1] == "zoe"
    assert damaged.outcomes["zoe"].score == 4.25


def test_damaged_class_names_a_file_that_lies_astray(damaged):
    assert "not looked at: submitted/stray.zip lies outside of every student's folder" in damaged.lines


def test_damaged_by_permissions(classroom, grade_one, monkeypatch):
    original = submission.Path.read_bytes

    def read_bytes(path):
        if path.name == NAME and "submitted" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr(submission.Path, "read_bytes", read_bytes)
    outcome = grade_one(classroom, classroom.right())
    assert outcome.state == "needs a person"
    assert outcome.sentence.startswith("alpha.ipynb cannot be read (Permission denied)")


def test_what_is_odd_but_harmless_is_graded(classroom, grade_one):
    made = classroom.right()
    made["cells"].insert(
        0,
        json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell("x")])))["cells"][
            0
        ],
    )
    classroom.hand_in("ada", made, name="copy.ipynb")
    classroom.hand_in("ada", "2030-01-01 12:00:00 UTC\n", name="timestamp.txt")
    crlf = json.dumps(made, indent=1).replace("\n", "\r\n")
    outcome = grade_one(classroom, crlf)
    assert outcome.score == 4.25
    assert outcome.sentence == "Not graded, since nobody asked for it: copy.ipynb."
