"""The command ``rnncourse``: one sub-command for each thing that a person does with the course.

Every sub-command imports what it needs when it runs, so that ``rnncourse --help`` is quick and
``rnncourse data`` works without the extras of the book, of Torch or of grading.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rnncourse import __version__
from rnncourse.errors import CourseError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status.

    0: done; 1: done, but something needs attention; 2: refused, nothing was changed or what was finished is
    kept; 130: interrupted; 141: whoever read the output has gone.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a name that the terminal cannot show must not stop the work
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    try:
        status = int(arguments.run(arguments) or 0)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except CourseError as error:
        print(f"rnncourse: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # as with `| head`: nobody listens
        _discard_output()
        return 141
    except OSError as error:
        path = error.filename2 or error.filename
        where = f" {path}" if path else ""
        print(
            f"rnncourse: a file cannot be read or written:{where} ({error.strerror or error}); put that "
            "right, then run the same command again; what was finished is kept",
            file=sys.stderr,
        )
        _discard_output()
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("rnncourse"):
            raise
        print(
            f"rnncourse: the Python package {error.name!r} is missing in this environment; "
            "`make course` installs everything, or: pip install -c constraints.txt -e '.[torch,book,grade]'",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("rnncourse: interrupted; what was finished is kept, the same command goes on", file=sys.stderr)
        return 130


def _discard_output() -> None:
    """Send what cannot be printed nowhere, so that it does not fail again while Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """Build the parser, sub-commands in the order in which a person meets them."""
    top = argparse.ArgumentParser(prog="rnncourse", description="The Machine That Remembers: its tools.")
    top.add_argument("--version", action="version", version=f"rnncourse {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="list, get, verify and cite the data sets")
    actions = data.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="names, sizes, licences, and whether they are here").set_defaults(
        run=_data_list
    )
    for action, run, text in (
        ("get", _data_get, "fetch into the user's cache, once"),
        ("verify", _data_verify, "compare what is in the cache with the recorded checksums"),
        ("cite", _data_cite, "print the BibTeX entry"),
    ):
        command = actions.add_parser(action, help=text)
        command.add_argument("names", nargs="*", metavar="NAME")
        command.add_argument("--all", action="store_true", help="every data set")
        command.set_defaults(run=run)

    train = commands.add_parser("train", help="train a lab's model and compare it with its baselines")
    train.add_argument("lab", metavar="LAB")
    train.add_argument("--seconds", type=_positive, default=60.0, help="time to train (default 60)")
    train.add_argument("--seed", type=int, default=0)
    train.set_defaults(run=_train)

    exercises = commands.add_parser("exercises", help="build the assignments' notebooks, or check them")
    exercises.add_argument("action", choices=("build", "check"))
    exercises.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    exercises.set_defaults(run=_exercises)

    mistakes = commands.add_parser("mistakes", help="the named mistakes that the checker knows")
    mistakes.add_argument("stem", nargs="?", help="of one chapter only")
    mistakes.add_argument("--score", action="store_true", help="how many the checks catch and name")
    mistakes.add_argument("--json", type=Path, metavar="FILE", help="with --score: write the figures there")
    mistakes.set_defaults(run=_mistakes)

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
    return top


def _positive(text: str) -> float:
    """Read a number of seconds above zero, or say what is wrong with it."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


# -- data -------------------------------------------------------------------------------------------------
def _chosen(arguments: argparse.Namespace) -> list[str]:
    from rnncourse import data

    if arguments.all == bool(arguments.names):
        raise CourseError(f"name a data set, or say --all; there are: {', '.join(data.names())}")
    return list(data.names()) if arguments.all else arguments.names


def _data_list(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in data.names():
        entry = data.describe(name)
        here = "here" if entry.cached else "not fetched"
        print(f"{entry.name}  ({here}, {entry.size / 1e6:.1f} MB)")
        print(f"  {entry.title}\n  {entry.licence}\n  {entry.source}")


def _data_get(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in _chosen(arguments):
        print(f"{name}: {data.get(name)}")


def _data_verify(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in _chosen(arguments):
        data.verify(name)
        print(f"{name}: every file is as recorded")


def _data_cite(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in _chosen(arguments):
        print(data.cite(name))


# -- labs -------------------------------------------------------------------------------------------------
def _train(arguments: argparse.Namespace) -> None:
    labs = ("text_generation",)
    if arguments.lab not in labs:
        raise CourseError(f"there is no lab {arguments.lab!r}; there are: {', '.join(labs)}")
    from rnncourse.labs import text_generation

    text_generation.run(seconds=arguments.seconds, seed=arguments.seed)


# -- assignments ------------------------------------------------------------------------------------------
def _exercises(arguments: argparse.Namespace) -> int:
    from rnncourse import authoring

    if arguments.action == "build":
        for line in authoring.build(arguments.root):
            print(line)
        return 0
    problems = authoring.check(arguments.root)
    for line in problems:
        print(line, file=sys.stderr)
    if not problems:
        print("assignments: every built notebook equals its source; no solution stands in a release")
    return 1 if problems else 0


def _mistakes(arguments: argparse.Namespace) -> None:
    from rnncourse import checks
    from rnncourse.checks import mistakes

    if arguments.stem is not None and arguments.stem not in checks.stems():
        raise CourseError(
            f"no chapter {arguments.stem!r} has exercises; there are: {', '.join(checks.stems())}"
        )
    if arguments.json is not None and not arguments.score:
        raise CourseError("--json goes with --score")
    if arguments.score:
        _mistakes_score(mistakes.score(), arguments.stem, arguments.json)
        return
    for stem in [arguments.stem] if arguments.stem else checks.stems():
        for mistake in mistakes.catalogue(stem):
            print(f"{mistake.id}\n  {mistake.sentence}\n  see: {': '.join(mistake.section)}")


def _mistakes_score(score: dict, stem: str | None, target: Path | None) -> None:
    rows = [row for row in score["exercises"] if stem is None or row["exercise"].startswith(f"{stem}.")]
    print(f"{'exercise':44}{'mistakes':>9}{'caught':>8}{'named':>7}{'variants':>10}{'accepted':>10}")
    for row in rows:
        print(
            f"{row['exercise']:44}{row['mistakes']:>9}{row['caught']:>8}{row['named']:>7}"
            f"{row['variants']:>10}{row['accepted']:>10}"
        )
    if target is not None:
        target.write_text(json.dumps({"exercises": rows}, indent=2) + "\n", encoding="utf-8")


# -- grading ----------------------------------------------------------------------------------------------
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


if __name__ == "__main__":
    sys.exit(main())
