"""``rnncourse exercises`` and ``rnncourse mistakes``: for those who write and judge assignments."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rnncourse.errors import CourseError


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser."""
    exercises = commands.add_parser("exercises", help="build the assignments' notebooks, or check them")
    exercises.add_argument("action", choices=("build", "check"))
    exercises.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    exercises.set_defaults(run=_exercises)

    mistakes = commands.add_parser("mistakes", help="the named mistakes that the checker knows")
    mistakes.add_argument("stem", nargs="?", help="of one chapter only")
    mistakes.add_argument("--score", action="store_true", help="how many the checks catch and name")
    mistakes.add_argument(
        "--mutants", action="store_true", help="try small changes of the solutions; list those that pass"
    )
    mistakes.add_argument("--root", type=Path, default=Path(), help="--mutants: the repository")
    mistakes.add_argument("--json", type=Path, metavar="FILE", help="with --score: write the figures there")
    mistakes.set_defaults(run=_mistakes)


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


def _mistakes(arguments: argparse.Namespace) -> int:
    from rnncourse import checks
    from rnncourse.checks import mistakes

    if arguments.stem is not None and arguments.stem not in checks.stems():
        raise CourseError(
            f"no chapter {arguments.stem!r} has exercises; there are: {', '.join(checks.stems())}"
        )
    if arguments.json is not None and not arguments.score:
        raise CourseError("--json goes with --score")
    if arguments.score:
        _score(mistakes.score(), arguments.stem, arguments.json)
        return 0
    stems = [arguments.stem] if arguments.stem else checks.stems()
    if arguments.mutants:
        return _mutants(arguments.root, stems)
    for stem in stems:
        for mistake in mistakes.catalogue(stem):
            print(f"{mistake.id}\n  {mistake.sentence}\n  see: {': '.join(mistake.section)}")
    return 0


def _mutants(root: Path, stems: Sequence[str]) -> int:
    from rnncourse.authoring.mutants import report

    sources = [root / "solutions" / f"{stem}.py" for stem in stems]
    missing = [str(source) for source in sources if not source.is_file()]
    if missing:
        raise CourseError(f"there is no {missing[0]}; run this in the repository, or name it with --root")
    print(f"{'exercise':44}{'mutants':>8}{'survive':>9}{'equivalent':>12}{'holes':>7}")
    tried = passed = holes = 0
    for source in sources:
        for row in report(source):
            equivalent = len(row.survivors) - len(row.holes)
            print(
                f"{row.exercise:44}{row.mutants:>8}{len(row.survivors):>9}{equivalent:>12}{len(row.holes):>7}"
            )
            for hole in row.holes:
                print(f"    passes, and nobody has said why: {hole}")
            tried, passed, holes = tried + row.mutants, passed + len(row.survivors), holes + len(row.holes)
    print(f"{'in all':44}{tried:>8}{passed:>9}{passed - holes:>12}{holes:>7}")
    return int(holes > 0)


def _score(score: dict, stem: str | None, target: Path | None) -> None:
    rows = [row for row in score["exercises"] if stem is None or row["exercise"].startswith(f"{stem}.")]
    print(f"{'exercise':44}{'mistakes':>9}{'caught':>8}{'named':>7}{'variants':>10}{'accepted':>10}")
    for row in rows:
        print(
            f"{row['exercise']:44}{row['mistakes']:>9}{row['caught']:>8}{row['named']:>7}"
            f"{row['variants']:>10}{row['accepted']:>10}"
        )
    if target is not None:
        target.write_text(json.dumps({"exercises": rows}, indent=2) + "\n", encoding="utf-8")
