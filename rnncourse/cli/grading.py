"""``rnncourse autograde``, ``feedback``, ``report``, ``sample-class``: for those who grade a class."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser."""
    sample = commands.add_parser("sample-class", help="make a sample class of ten students")
    sample.add_argument("course", type=Path)
    sample.add_argument("--source", type=Path, default=Path("solutions"), help="instructor's notebooks")
    sample.set_defaults(run=_sample_class)

    autograde = commands.add_parser("autograde", help="grade a class; no submission stops another")
    autograde.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    autograde.add_argument("--student", action="append", metavar="S", help="only this one (may be repeated)")
    autograde.add_argument(
        "--isolation",
        metavar="HOW",
        help="how students' code is kept apart from yours; this version offers only 'none'",
    )
    autograde.add_argument("--force", action="store_true", help="grade again what has not changed")
    autograde.set_defaults(run=_autograde)

    feedback = commands.add_parser("feedback", help="write every student's feedback pages")
    feedback.set_defaults(run=_feedback)
    report = commands.add_parser("report", help="print the class table and write it as a page and as CSV")
    report.set_defaults(run=_report)
    for command in (autograde, feedback, report):
        command.add_argument("--course", type=Path, default=Path(), help="the course folder (default: here)")


def _sample_class(arguments: argparse.Namespace) -> None:
    from rnncourse.grading import sample_class

    sample_class.make(arguments.course, arguments.source)
    count = len(sample_class.STUDENTS)
    print(f"sample class: {count} students have handed in their work, in {arguments.course}")


def _autograde(arguments: argparse.Namespace) -> int:
    from rnncourse.grading import autograde

    outcomes = autograde.autograde(
        arguments.course, arguments.assignments, arguments.student, arguments.isolation, arguments.force
    )
    return int(any(outcome.state == "needs a person" for outcome in outcomes))


def _feedback(arguments: argparse.Namespace) -> int:
    from rnncourse.grading import feedback

    failures = feedback.write(arguments.course)
    return int(bool(failures))


def _report(arguments: argparse.Namespace) -> None:
    from rnncourse.grading import report

    report.write(arguments.course)
    print(report.table(arguments.course))
