"""The command ``rnncourse``: one sub-command for each thing that a person does with the course.

Every sub-command imports what it needs when it runs, so that ``rnncourse --help`` is quick and
``rnncourse data`` works without the extras of the book, of Torch or of grading.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from rnncourse import __version__
from rnncourse.cli import assignments, bench, data, grading, labs, work
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
    for module in (work, data, labs, assignments, grading, bench):
        module.add(commands)
    return top
