"""``rnncourse data``: list, get, verify and cite the data sets."""

from __future__ import annotations

import argparse

from rnncourse.errors import CourseError


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    data = commands.add_parser("data", help="list, get, verify and cite the data sets")
    actions = data.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="names, sizes, licences, and whether they are here").set_defaults(
        run=_list
    )
    for action, run, text in (
        ("get", _get, "fetch into the user's cache, once"),
        ("verify", _verify, "compare what is in the cache with the recorded checksums"),
        ("cite", _cite, "print the BibTeX entry"),
    ):
        command = actions.add_parser(action, help=text)
        command.add_argument("names", nargs="*", metavar="NAME")
        command.add_argument("--all", action="store_true", help="every data set")
        command.set_defaults(run=run)


def _chosen(arguments: argparse.Namespace) -> list[str]:
    from rnncourse import data

    if arguments.all == bool(arguments.names):
        raise CourseError(f"name a data set, or say --all; there are: {', '.join(data.names())}")
    return list(data.names()) if arguments.all else arguments.names


def _list(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in data.names():
        entry = data.describe(name)
        here = "here" if entry.cached else "not fetched"
        print(f"{entry.name}  ({here}, {entry.size / 1e6:.1f} MB)")
        print(f"  {entry.title}\n  {entry.licence}\n  {entry.source}")


def _get(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in _chosen(arguments):
        print(f"{name}: {data.get(name)}")


def _verify(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in _chosen(arguments):
        data.verify(name)
        print(f"{name}: every file is as recorded")


def _cite(arguments: argparse.Namespace) -> None:
    from rnncourse import data

    for name in _chosen(arguments):
        print(data.cite(name))
