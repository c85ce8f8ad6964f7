"""The folder of a class, laid out as nbgrader lays it out, and what we remember beside it.

::

    course/
      nbgrader_config.py   where the instructor's notebooks are; plain nbgrader reads it, too
      gradebook.db         nbgrader's gradebook
      submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb      what was handed in; never changed
      release/  autograded/  feedback/                   built by nbgrader
      logs/                what nbgrader said
      .rnncourse/          what was graded, by hash, so that a second run is quick
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from rnncourse.errors import CourseError

PATTERN = set("*?[]")  # nbgrader takes a path that holds one of these for a pattern

CONFIG = """\
# The configuration of this class for nbgrader, written once; yours to change.
c = get_config()  # noqa: F821

# the instructor's notebooks, solutions included
c.CourseDirectory.source_directory = {source!r}
"""


@dataclass(frozen=True)
class Course:
    """A class on disk: `root` is its folder, `source` the folder of the instructor's notebooks."""

    root: Path
    source: Path

    @property
    def submitted(self) -> Path:
        """What students handed in: submitted/STUDENT/ASSIGNMENT/."""
        return self.root / "submitted"

    @property
    def gradebook(self) -> Path:
        """The gradebook's file."""
        return self.root / "gradebook.db"

    @property
    def database(self) -> str:
        """The gradebook's address, as nbgrader itself would choose it."""
        return f"sqlite:///{self.gradebook}"

    def assignments(self) -> list[str]:
        """Names of all assignments: the folders of `source` that hold a notebook."""
        return sorted({path.parent.name for path in self.source.glob("*/*.ipynb") if path.is_file()})

    def notebooks(self, assignment: str) -> list[Path]:
        """Return the instructor's notebooks of one assignment (as a rule one, named as the assignment)."""
        return sorted((self.source / assignment).glob("*.ipynb"))

    def students(self) -> list[str]:
        """Names of all students: the folders (and links, which are reported) in `submitted`."""
        return sorted(
            path.name
            for path in self.submitted.iterdir()
            if not path.name.startswith(".") and (path.is_dir() or path.is_symlink())
        )

    def strays(self) -> list[Path]:
        """Files that lie in `submitted` itself, where no student's folder is: nobody would look at them."""
        return sorted(
            path
            for path in self.submitted.iterdir()
            if not path.name.startswith(".") and not path.is_dir() and not path.is_symlink()
        )

    def submission(self, student: str, assignment: str) -> Path:
        """Return the folder that a student hands in."""
        return self.submitted / student / assignment

    def source_hash(self, assignment: str) -> str:
        """Hash of everything that decides a mark but the submission: the source and our checks."""
        files = [path for path in (self.source / assignment).rglob("*") if path.is_file()]
        return hashlib.sha256((_hash(files) + _checks()).encode()).hexdigest()

    def seed(self, student: str, assignment: str, submission: str) -> int:
        """Return what draws the checks' inputs: the same for the same work, and nobody can foresee it."""
        kept = self.recall("secret")
        if not isinstance(kept.get("secret"), str):
            kept = {"secret": secrets.token_hex(32)}
            self.remember("secret", kept)
        graded = json.dumps([student, assignment, submission]).encode()
        return int.from_bytes(hmac.digest(kept["secret"].encode(), graded, "sha256")[:4])

    # -- what we remember ---------------------------------------------------------------------------------
    def remember(self, name: str, value: Any) -> None:
        """Write `value` as JSON to .rnncourse/NAME.json, whole or not at all."""
        target = self.root / ".rnncourse" / f"{name}.json"
        target.parent.mkdir(exist_ok=True)
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(target)

    def recall(self, name: str) -> dict[str, Any]:
        """Return what was remembered; nothing where there is nothing, or nothing that can be read."""
        try:
            value = json.loads((self.root / ".rnncourse" / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the class for one run: two that create the same gradebook leave half of one."""
        folder = self.root / ".rnncourse"
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CourseError(
                    f"another run is at work on {self.root}; wait until it has ended, then try again"
                ) from None
            yield


@cache
def _checks() -> str:
    """Hash the checks and all that judges beside them: what was judged by another version is graded again."""
    grading = Path(__file__).parent
    judges = [grading / f"{name}.py" for name in ("engine", "execution", "notebook", "submission")]
    rooms = [grading.parent / name for name in ("checks", "reference")]
    return _hash([*judges, *(path for room in rooms for path in room.rglob("*.py"))])


def _hash(files: list[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def open_course(root: Path, source: Path | None = None) -> Course:
    """Open the class in `root`; raise CourseError where there is none.

    The instructor's notebooks are, in this order: `source` where it is given, `root`/solutions, what
    nbgrader_config.py names, `root`/source.
    """
    root = Path(root).absolute()
    if not root.is_dir():
        raise CourseError(f"there is no course folder {root}; `rnncourse sample-class {root}` makes one")
    if PATTERN & set(str(root)):
        raise CourseError(
            f"nbgrader cannot work in {root}, because the path holds one of * ? [ ]; rename that folder"
        )
    if not (root / "submitted").is_dir():
        raise CourseError(
            f"{root} has no folder submitted/; put the work there as submitted/STUDENT/ASSIGNMENT/*.ipynb"
        )
    named = configuration(root).CourseDirectory.get("source_directory")
    candidates = [source, root / "solutions", root / str(named) if named else None, root / "source"]
    for candidate in candidates:
        if candidate is not None and any(Path(candidate).glob("*/*.ipynb")):
            return Course(root, Path(candidate).resolve())
        if candidate is not None and candidate is source:
            raise CourseError(f"{source} holds no assignment (ASSIGNMENT/ASSIGNMENT.ipynb)")
    raise CourseError(
        f"{root} names no instructor's notebooks; write their folder into {root / 'nbgrader_config.py'} "
        "as c.CourseDirectory.source_directory"
    )


def configuration(root: Path) -> Config:
    """Read a class's nbgrader_config.py as nbgrader does; empty where there is none."""
    try:
        return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except ConfigFileNotFound:
        return Config()
    except Exception as error:  # it is a program, and a program can raise anything
        raise CourseError(
            f"{root / 'nbgrader_config.py'} cannot be read ({type(error).__name__}: {error}); mend it"
        ) from None


def is_text(name: str) -> bool:
    """Whether a file's name is text; a name that was unpacked in another encoding may be mere bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def choose(wanted: list[str] | None, existing: list[str], what: str) -> list[str]:
    """Return those of `existing` that are wanted (all where none is named), or say which there are."""
    unknown = [name for name in wanted or [] if name not in existing]
    if unknown:
        there = ", ".join(existing) or "none"
        raise CourseError(f"there is no {what} {unknown[0]!r} here; there are: {there}")
    return [name for name in existing if not wanted or name in wanted]
