"""The class table in its three forms: what cannot be marked shows as that, nowhere as 0."""

import csv
import json
from html.parser import HTMLParser

import pytest

from rnncourse.checks.mistakes import Mistake
from rnncourse.errors import CourseError
from rnncourse.grading import report


@pytest.fixture(scope="module")
def text(graded_once):
    return report.table(graded_once.root)


def rows(text):
    return {line.split("  ")[0]: line.split() for line in text.splitlines() if "  " in line}


def test_the_table_shows_marks_percent_and_what_waits(text):
    found = rows(text)
    assert found["ada"][1:7] == ["4.25", "/", "4.25", "100", "%", "+3"]
    assert found["bob"][1:6] == ["2.75", "/", "4.25", "65", "%"]
    assert found["cleo"][1:6] == ["0", "/", "4.25", "0", "%"]
    assert found["zoe"][-5:] == ["1", "/", "1", "100", "%"]


@pytest.mark.parametrize("student", ["dan", "eve", "fritz", "ines", "jan", "kim", "lea"])
def test_the_table_says_who_needs_a_person_and_why(text, graded_once, student):
    assert rows(text)[student][1:4] == ["needs", "a", "person"]
    sentence = graded_once.outcomes[student, "alpha"].sentence
    assert f"  alpha  {student} (needs a person): {sentence}" in text


def test_nothing_handed_in_is_no_zero(text):
    assert rows(text)["mia"][1:] == ["not", "submitted"] * 2


class Page(HTMLParser):
    """Collects the tags with their attributes and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.said = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.said.append(data)


def test_the_page_stands_alone_and_is_accessible(graded):
    path = report.write(graded.root)
    assert path == graded.root / "class.html"
    page = Page(path.read_text(encoding="utf-8"))
    assert ("html", {"lang": "en"}) in page.tags
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe"} & set(names)
    assert not [value for _, found in page.tags for key, value in found.items() if key in ("src", "href")]
    assert names.count("caption") == names.count("table") == 1
    scopes = [found["scope"] for tag, found in page.tags if tag == "th"]
    assert scopes == ["col"] * 3 + ["row"] * 14
    assert "needs a person" in page.said
    assert "2.75 of 4.25 (65 %)" in page.said


def test_the_csv_leaves_a_mark_empty_where_there_is_none(graded):
    report.write(graded.root)
    with (graded.root / "class.csv").open(newline="", encoding="utf-8") as file:
        found = {(row["student"], row["assignment"]): row for row in csv.DictReader(file)}
    assert len(found) == 28
    assert (found["bob", "alpha"]["score"], found["bob", "alpha"]["percent"]) == ("2.75", "64.71")
    for student, state in (("dan", "needs a person"), ("mia", "not submitted")):
        row = found[student, "alpha"]
        assert (row["state"], row["score"], row["max_score"], row["percent"]) == (state, "", "", "")


def test_names_are_text_and_not_markup_or_formulas(graded):
    (graded.root / "submitted" / "=<b>me").mkdir()
    assert "=&lt;b&gt;me" in report.write(graded.root).read_text(encoding="utf-8")
    assert "\n'=<b>me,alpha,not submitted" in (graded.root / "class.csv").read_text(encoding="utf-8")


def test_what_changed_after_grading_is_not_shown_as_graded(graded):
    graded.hand_in("ada", graded.release())
    assert rows(report.table(graded.root))["ada"][1:3] == ["not", "graded"]
    assert "Changed since it was graded. Run `rnncourse autograde`." in report.table(graded.root)


def test_named_mistakes_are_counted_from_what_the_checks_said(graded, monkeypatch):
    """The sentence is found whatever the line breaks, in checks' cells only, in graded work only."""
    sentence = "Your numbers are what comes out when the half-truth is told."
    mistake = Mistake("alpha.double:half", "alpha.double", sentence, ("alpha", "Doubling"), len)
    monkeypatch.setattr(report.checks, "stems", lambda: ("alpha",))
    monkeypatch.setattr(report.mistakes, "catalogue", lambda stem: [mistake])
    assert "Mistakes that" not in report.table(graded.root)
    said = sentence.replace("half-truth is", "half-\ntruth is")
    for student in ("ada", "bob"):
        path = graded.root / "autograded" / student / "alpha" / "alpha.ipynb"
        made = json.loads(path.read_text())
        for cell in made["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == (
                "check_double" if student == "bob" else "double"
            ):
                cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [said]}]
        path.chmod(0o644)
        path.write_text(json.dumps(made))
    assert f"  1 x alpha.double:half: {sentence}" in report.table(graded.root)
    assert "<td>bob</td>" in report.write(graded.root).read_text()


def test_a_class_that_was_never_graded_says_so(classroom):
    classroom.hand_in("ada", classroom.right())
    assert "Not graded yet. Run `rnncourse autograde`." in report.table(classroom.root)
    with pytest.raises(CourseError, match="there is no course folder"):
        report.table(classroom.root / "elsewhere")
