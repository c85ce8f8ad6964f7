"""The class table: as text for the terminal, as a page that stands alone, as CSV for a spreadsheet.

A submission that needs a person shows as that and is counted nowhere; no failure becomes a 0.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from nbformat import reads

from rnncourse import checks
from rnncourse.checks import mistakes
from rnncourse.grading import record
from rnncourse.grading.course import Course, open_course
from rnncourse.grading.outcome import GRADED, NOT_SUBMITTED, Outcome, points

SHOWN = 8  # mistakes in the terminal; the page has all
COLUMNS = (
    "student",
    "assignment",
    "state",
    "score",
    "max_score",
    "percent",
    "waiting",
    "by_hand",
    "late",
    "total",
    "sentence",
)


@dataclass(frozen=True)
class Made:
    """A named mistake, and who made it in which assignment."""

    assignment: str
    id: str
    sentence: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All that the three forms show."""

    assignments: list[str]
    students: list[str]
    outcomes: dict[tuple[str, str], Outcome]
    made: list[Made]

    @property
    def troubled(self) -> list[Outcome]:
        """Outcomes that have something to say, those that need a person first."""
        told = [outcome for outcome in self.outcomes.values() if outcome.sentence]
        return sorted(told, key=lambda outcome: outcome.state == GRADED)


def gather(course: Path) -> Report:
    """Collect the present state of a class; raise CourseError where there is none."""
    here = open_course(course)
    outcomes = {(outcome.student, outcome.assignment): outcome for outcome in record.outcomes(here)}
    made = [found for assignment in here.assignments() for found in _made(here, assignment, outcomes)]
    return Report(here.assignments(), here.students(), outcomes, made)


def _made(course: Course, assignment: str, outcomes: dict[tuple[str, str], Outcome]) -> list[Made]:
    """Find the sentences of named mistakes in what the checks said to each student."""
    if assignment not in checks.stems():
        return []
    catalogue = mistakes.catalogue(assignment)
    who: dict[str, list[str]] = {}
    for student, name in outcomes:
        if name == assignment and outcomes[student, name].state == GRADED:
            said = _said(course, student, assignment)
            for mistake in catalogue:
                if _bare(mistake.sentence) in said:
                    who.setdefault(mistake.id, []).append(student)
    sentences = {mistake.id: mistake.sentence for mistake in catalogue}
    counted = Counter({id: len(students) for id, students in who.items()}).most_common()
    return [Made(assignment, id, sentences[id], tuple(who[id])) for id, _ in counted]


def _said(course: Course, student: str, assignment: str) -> str:
    """Return all that the checks wrote into a student's graded notebook, without white space."""
    said = []
    for path in sorted((course.root / "autograded" / student / assignment).glob("*.ipynb")):
        for cell in reads(path.read_text(encoding="utf-8"), as_version=4).cells:
            for output in cell.get("outputs", []) if cell.metadata.get("nbgrader", {}).get("grade") else []:
                said.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return _bare(" ".join(said))


def _bare(text: str) -> str:
    """Drop all white space: the checks break their lines, also after hyphens."""
    return re.sub(r"\s+", "", text)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


# -- text -------------------------------------------------------------------------------------------------
def table(course: Path) -> str:
    """Return the class table as plain text: mistakes, then what to look at, and the marks at the very end."""
    report = gather(course)
    rows = [["student", *report.assignments]]
    for student in report.students:
        rows.append([student, *(_short(report.outcomes[student, name]) for name in report.assignments)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    marks = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    marks.insert(1, "  ".join("-" * width for width in widths))
    lines = []
    if report.made:
        often = sorted(report.made, key=lambda one: -len(one.students))
        lines += ["Mistakes that the checks named, and how many made them:"]
        lines += [f"  {len(one.students)} x {one.id}: {_flat(one.sentence)}" for one in often[:SHOWN]]
        lines += [f"  and {len(often) - SHOWN} more, in class.html"] * (len(often) > SHOWN) + [""]
    if report.troubled:
        lines += ["What to look at:"]
        lines += [
            f"  {one.assignment}  {one.student} ({one.state}): {one.sentence}" for one in report.troubled
        ]
        lines += [""]
    waiting = "Marks of the automatic checks; +N are points that wait for a person:"
    return "\n".join([*lines, waiting, "", *marks])


def _short(outcome: Outcome) -> str:
    percent = _percent(outcome)
    if outcome.score is None or outcome.max_score is None or percent is None:
        return outcome.state
    waiting = f"  +{points(outcome.manual_waiting)}" if outcome.manual_waiting else ""
    besides = "".join(f"  {words}" for words in _besides(outcome))
    return f"{points(outcome.score):>5} / {points(outcome.max_score)}  {percent:>3.0f} %{waiting}{besides}"


def _besides(outcome: Outcome) -> list[str]:
    """Say what counts besides the marks of the checks."""
    found = []
    if outcome.by_hand:
        found.append(f"{points(outcome.by_hand)} by hand")
    if outcome.late:
        found.append(f"{points(outcome.late)} off for lateness")
    if found and outcome.total is not None:
        found.append(f"in all {points(outcome.total)}")
    return found


def _percent(outcome: Outcome) -> float | None:
    if outcome.score is None or not outcome.max_score:
        return None
    return 100 * outcome.score / outcome.max_score


# -- files ------------------------------------------------------------------------------------------------
def write(course: Path) -> Path:
    """Write class.html and class.csv into the course folder; return the page's path."""
    report = gather(course)
    target = Path(course).absolute() / "class.html"
    for path, text in ((target, _page(report)), (target.with_suffix(".csv"), _csv(report))):
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
        draft.replace(path)
    return target


def _csv(report: Report) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for (student, assignment), one in report.outcomes.items():
        percent = _percent(one)
        numbers = [one.score, one.max_score, percent, one.manual_waiting]
        numbers += [one.by_hand, one.late, one.total] if one.state == GRADED else [None] * 3
        written = ["" if number is None else points(number) for number in numbers]
        rows.writerow([*map(_inert, (student, assignment, one.state)), *written, _inert(one.sentence)])
    return text.getvalue()


def _inert(text: str) -> str:
    """Keep a spreadsheet from taking a student's text for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .5rem; }
th, td { text-align: left; padding: .4rem .9rem; border-bottom: 1px solid; }
th, td { border-color: color-mix(in srgb, currentColor 25%, transparent); }
td { font-variant-numeric: tabular-nums; }
.person { font-weight: 600; }
.person::before { content: "\\26A0\\FE0E\\A0"; }
.said { min-width: 16rem; }
.marks { white-space: nowrap; }
small { display: block; }
@media print { tr, li { break-inside: avoid; } .wide { overflow: visible; } }
"""


def _page(report: Report) -> str:
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in ["Student", *report.assignments])
    rows = "".join(_row(report, student) for student in report.students)
    parts = [
        "<h1>The class</h1>",
        f'<div class="wide" role="region" aria-label="Marks" tabindex="0"><table>'
        "<caption>Marks of the automatic checks, and points that wait for a person</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
    ]
    if report.troubled:
        items = "".join(
            f"<li><b>{html.escape(one.student)}</b>, {html.escape(one.assignment)} ({one.state}): "
            f"{html.escape(one.sentence)}</li>"
            for one in report.troubled
        )
        parts.append(f"<h2>What to look at</h2><ul>{items}</ul>")
    if report.made:
        items = "".join(
            f"<tr><td>{len(one.students)}</td><td>{html.escape(one.id.partition(':')[0])}</td>"
            f'<td class="said">{html.escape(_flat(one.sentence))}</td>'
            f"<td>{html.escape(', '.join(one.students))}</td></tr>"
            for one in report.made
        )
        parts.append(
            '<h2>Mistakes that the checks named</h2><div class="wide" role="region" aria-label="Mistakes" '
            'tabindex="0"><table><caption>The most frequent first in each assignment</caption><thead><tr>'
            '<th scope="col">How many</th><th scope="col">Exercise</th><th scope="col">Mistake</th>'
            f'<th scope="col">Who</th></tr></thead><tbody>{items}</tbody></table></div>'
        )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>The class</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head>\n<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _row(report: Report, student: str) -> str:
    cells = [f'<th scope="row">{html.escape(student)}</th>']
    for assignment in report.assignments:
        one = report.outcomes[student, assignment]
        percent = _percent(one)
        if one.score is None or one.max_score is None or percent is None:
            kind = "marks" if one.state == NOT_SUBMITTED else "marks person"
            cells.append(f'<td class="{kind}">{one.state}</td>')
            continue
        besides = [f"{points(one.manual_waiting)} points wait"] if one.manual_waiting else []
        small = "".join(f"<small>{words}</small>" for words in [*besides, *_besides(one)])
        marks = f"{points(one.score)} of {points(one.max_score)} ({percent:.0f} %)"
        cells.append(f'<td class="marks">{marks}{small}</td>')
    return f"<tr>{''.join(cells)}</tr>"
