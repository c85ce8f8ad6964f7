"""What students do to a notebook: it costs them nothing, and it gains them nothing."""

import copy
import json

import pytest
from nbgrader.api import Gradebook

from rnncourse.grading import report
from rnncourse.grading.autograde import autograde
from rnncourse.grading.course import open_course

from .conftest import DOUBLE, SQUARE


def cell(made, grade_id):
    return next(
        one for one in made["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def checks(made):
    return [cell(made, "check_double"), cell(made, "check_square")]


def extra(source, kind="code"):
    made = {"cell_type": kind, "id": f"own{abs(hash(source)) % 1000}", "metadata": {}, "source": source}
    return made | ({"outputs": [], "execution_count": 3} if kind == "code" else {})


def more_cells(made):
    made["cells"].insert(2, extra("double(5)"))
    made["cells"].insert(0, extra("My name", "markdown"))


def outputs_kept(made):
    for one in made["cells"]:
        if one["cell_type"] == "code":
            one["execution_count"] = 41
            one["outputs"] = [{"output_type": "error", "ename": "E", "evalue": "", "traceback": ["old"]}]


def vscode(made):
    made["metadata"] = {
        "kernelspec": {"display_name": "ml (3.13.1)", "language": "python", "name": "conda-ml"}
    }
    made["nbformat_minor"] = 2
    for one in made["cells"]:
        del one["id"]
        one["metadata"]["vscode"] = {"languageId": "python"}


def colab(made):
    made["metadata"] = {
        "colab": {"provenance": []},
        "accelerator": "GPU",
        "language_info": {"name": "python"},
    }
    made["nbformat_minor"] = 0
    for one in made["cells"]:
        one["metadata"] |= {
            "id": one.pop("id"),
            "outputId": "x",
            "colab": {"base_uri": "https://example.org"},
        }


def windows_lines(made):
    for one in made["cells"]:
        one["source"] = "".join(one["source"]).replace("\n", "\r\n")


def text_deleted(made):
    made["cells"].remove(cell(made, "task"))


def magics(made):
    cell(made, "double")["source"] = f"%%time\n{DOUBLE}"


def pasted_below(made):
    copied = copy.deepcopy(cell(made, "square"))
    copied["metadata"] = {}
    made["cells"].append(copied)  # same id of the cell as well


HARMLESS = [
    more_cells, outputs_kept, vscode, colab, windows_lines, text_deleted, magics, pasted_below
]  # fmt: skip


def marks_changed(made):
    for one in checks(made):
        one["source"] = "1000"


def unlocked(made):
    for one in checks(made):
        one["source"] = "2.75"
        one["metadata"]["nbgrader"] |= {"locked": False, "points": 1000, "checksum": "0"}


def checks_as_text(made):
    for one, kind in zip(checks(made), ("markdown", "raw")):
        del one["outputs"], one["execution_count"]
        one |= {"cell_type": kind, "source": "full marks"}


def tagged(made):
    for one in made["cells"]:
        one["metadata"]["tags"] = ["skip-execution", "raises-exception"]


USELESS = [marks_changed, unlocked, checks_as_text, tagged]

# what is answered, and what a teacher reads about it
TOLD = {
    "renamed": (
        lambda made: cell(made, "double").update(source=DOUBLE.replace("double", "twice")),
        1.5,
        "The check 'check_double' could not run (NameError: name 'double' is not defined); everything else",
    ),
    "moved": (
        lambda made: made["cells"].append(made["cells"].pop(made["cells"].index(cell(made, "double")))),
        1.5,
        "The cells of alpha.ipynb were moved, so a check may have run before its answer.",
    ),
    "overwritten": (
        lambda made: made["cells"].append(extra("")) or cell(made, "square").update(source="square = 9"),
        2.75,
        "The check 'check_square' could not run (TypeError: 'int' object is not callable); everything else",
    ),
}


@pytest.fixture(scope="module")
def room(new_classroom):
    """One class, graded in one run."""
    found = new_classroom()
    for change in HARMLESS:
        made = found.right()
        change(made)
        found.hand_in(change.__name__, made)
    for change in USELESS:
        made = found.release()
        change(made)
        found.hand_in(change.__name__, made)
    for student, (change, _, _) in TOLD.items():
        made = found.right()
        change(made)
        found.hand_in(student, made)
    for name, content in {"my data.csv": "1,2\n", ".DS_Store": "\0", "__MACOSX/._alpha.ipynb": "\0"}.items():
        path = found.root / "submitted" / "more_cells" / "alpha" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    outcomes = autograde(found.root, ["alpha"], isolation="none", echo=lambda line: None)
    found.outcomes = {outcome.student: outcome for outcome in outcomes}
    return found


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.__name__)
def test_what_editors_and_habits_leave_behind_costs_nothing(room, change):
    outcome = room.outcomes[change.__name__]
    assert (outcome.state, outcome.score, outcome.manual_waiting) == ("graded", 4.25, 3)
    assert outcome.sentence == ""


@pytest.mark.parametrize("change", USELESS, ids=lambda change: change.__name__)
def test_a_check_that_a_student_changed_gives_what_the_released_one_gives(room, change):
    outcome = room.outcomes[change.__name__]
    assert (outcome.state, outcome.score, outcome.max_score) == ("graded", 0, 4.25)


@pytest.mark.parametrize("student", TOLD)
def test_what_costs_points_without_being_wrong_is_told(room, student):
    outcome = room.outcomes[student]
    assert (outcome.state, outcome.score) == ("graded", TOLD[student][1])
    assert TOLD[student][2] in outcome.sentence


def test_marks_of_a_person_count_and_stay(room):
    course = open_course(room.root)
    with Gradebook(course.database) as book:
        grade = book.find_grade("why", "alpha", "alpha", "renamed")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.db.commit()
    row = next(line for line in report.table(room.root).splitlines() if line.startswith("renamed"))
    assert " ".join(row.split()[1:]) == "1.5 / 4.25 35 % 2.5 by hand in all 4 not submitted"
    assert "<small>2.5 by hand</small><small>in all 4</small>" in report.write(room.root).read_text()
    made = room.answered(double=DOUBLE, square=SQUARE, why="Better said.")
    room.hand_in("renamed", json.dumps(made))
    [again] = autograde(room.root, ["alpha"], ["renamed"], "none", echo=lambda line: None)
    assert (again.score, again.by_hand, again.total) == (4.25, 2.5, 6.75)
    assert again.manual_waiting == 3  # to be looked at again, since the answer has changed
