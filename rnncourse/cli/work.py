"""``rnncourse check``: for a student who wants to know how far an assignment is, from a terminal."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    check = commands.add_parser("check", help="run the checks of your own notebook; nothing is changed")
    check.add_argument(
        "assignments",
        nargs="*",
        metavar="ASSIGNMENT",
        help="a name such as rnn, or a notebook (default: all that are here)",
    )
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from rnncourse.grading import validate

    complete = True
    for path in validate.find(arguments.assignments, Path()):
        print(f"{path}\n")
        said = []
        for one in validate.run(path):
            said.append(one)
            print(f"{one.text}\n")
        for one in said:
            print(f"  {one.name:36}{one.marks:6g} of {one.points:g}")
        print(f"  {'in all':36}{sum(one.marks for one in said):6g} of {sum(one.points for one in said):g}\n")
        complete = complete and all(one.marks == one.points for one in said)
    return int(not complete)
