"""Looking at what a student handed in, before any of it runs, for what no machine can grade.

Every way in which it cannot has a sentence for the teacher: what was found, and what to do. Nothing is
followed, nothing is changed; a link in a submission could point at anything of the instructor's.
"""

from __future__ import annotations

import hashlib
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.utils import parse_utc

from rnncourse.grading.course import PATTERN, Course, is_text
from rnncourse.grading.execution import NeedsAPerson
from rnncourse.grading.notebook import load, settings

LARGEST = 20_000_000  # bytes in one submission
SCHEMA = 3  # nbgrader's metadata format, since nbgrader 0.6
FRESH_COPY = "Ask for a copy made from the released notebook, or mark by hand."


@dataclass(frozen=True)
class Submission:
    """What was handed in, as bytes: `files` by path, `notes` for the teacher on what is odd but harmless."""

    files: dict[Path, bytes]
    notes: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Hash of all names and contents."""
        return digest(self.files)


def digest(files: dict[Path, bytes]) -> str:
    """Hash names and contents, whatever the order."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(str(path).encode("utf-8", "surrogateescape") + b"\0")
        total.update(hashlib.sha256(files[path]).digest())
    return total.hexdigest()


def read(course: Course, student: str, assignment: str) -> dict[Path, bytes] | None:
    """Return all files of a submission, None where there is no folder; raise `NeedsAPerson` if unreadable."""
    folder = course.submission(student, assignment)
    for part in (folder.parent, folder):
        if part.is_symlink():
            raise NeedsAPerson(
                f"submitted/{part.relative_to(course.submitted)} is a link to somewhere else, and links "
                "are not followed. Put the files themselves there."
            )
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise NeedsAPerson(
            f"submitted/{student}/{assignment} is a file where a folder is expected. "
            "Make a folder of that name, put the notebook into it, then grade again."
        )
    if not is_text(student):
        raise NeedsAPerson(
            f"The folder's name {student!r} is not UTF-8, as when an archive was unpacked in another "
            "encoding. Rename the folder."
        )
    if student != student.strip() or PATTERN & set(student):
        raise NeedsAPerson(
            f"The folder's name {student!r} begins or ends with a space or holds one of * ? [ ], which "
            "nbgrader takes for something else. Rename the folder."
        )
    return _contents(folder)


def _contents(folder: Path) -> dict[Path, bytes]:
    files, total = {}, 0
    try:
        for path, kind in _walk(folder):
            name = path.relative_to(folder)
            if stat.S_ISLNK(kind.st_mode):
                raise NeedsAPerson(f"{name} is a link, and links are not followed. Ask for the file itself.")
            if not stat.S_ISREG(kind.st_mode):
                raise NeedsAPerson(
                    f"{name} is not a plain file (perhaps a pipe or a device). Remove it, then grade again."
                )
            total += kind.st_size
            if total > LARGEST:
                raise NeedsAPerson(
                    f"The submission is larger than {LARGEST // 1_000_000} MB ({name} alone has "
                    f"{kind.st_size / 1e6:.1f} MB). Ask for a notebook with its outputs cleared."
                )
            files[name] = path.read_bytes()
    except OSError as error:
        raise NeedsAPerson(
            f"{Path(error.filename or folder).name} cannot be read ({error.strerror}). "
            "Mend its permissions, then grade again."
        ) from None
    return files


def _walk(folder: Path) -> Iterator[tuple[Path, Any]]:
    for path in sorted(folder.iterdir()):
        kind = path.lstat()
        if path.name in (".ipynb_checkpoints", "__MACOSX") or path.name.startswith("._"):
            continue  # left by Jupyter, and by archives that were packed on a Mac
        if stat.S_ISDIR(kind.st_mode):
            yield from _walk(path)
        else:
            yield path, kind


def inspect(course: Course, assignment: str, files: dict[Path, bytes]) -> Submission:
    """Look at every notebook that is asked for; raise `NeedsAPerson` where one cannot be graded."""
    expected = {path.name: _wanted(path) for path in course.notebooks(assignment)}
    found = [str(path) for path in files if path.suffix.lower() == ".ipynb"]
    if not found:
        there = ", ".join(str(path) for path in files) or "nothing"
        raise NeedsAPerson(
            f"There is no notebook in the folder (found: {there}). Ask for {' and '.join(expected)}."
        )
    missing = [name for name in expected if name not in found]
    if missing:
        raise NeedsAPerson(
            f"The notebook has the wrong name: expected {' and '.join(missing)}, found {', '.join(found)}. "
            "If it is the right one, rename it, then grade again."
        )
    notes = []
    for name, cells in expected.items():
        notes += _compare(course, assignment, name, cells, load(files[Path(name)], name))
    _check_timestamp(files)
    extra = [name for name in found if name not in expected]
    if extra:
        notes.append(f"Not graded, since nobody asked for it: {', '.join(extra)}.")
    return Submission(files, tuple(notes))


def _wanted(path: Path) -> dict[str, dict[str, Any]]:
    """Return the settings of the instructor's cells that a mark can depend on, by grade id, in order."""
    notebook = load(path.read_bytes(), path.name)
    return {
        grade_id: setting
        for number, (grade_id, setting) in settings(notebook).items()
        if notebook["cells"][number - 1]["cell_type"] == "code"
        or any(setting.get(key) for key in ("grade", "solution", "task"))
    }


def _compare(
    course: Course, assignment: str, name: str, wanted: dict[str, dict[str, Any]], notebook: dict[str, Any]
) -> list[str]:
    """Hold the cells of a submitted notebook against the instructor's; return what is odd but harmless."""
    cells = settings(notebook)
    ids = Counter(grade_id for grade_id, _ in cells.values())
    if wanted and not ids.keys() & wanted.keys():
        raise NeedsAPerson(f"{name} holds none of this assignment's cells{_other(course, assignment, ids)}")
    for number, (_, setting) in cells.items():
        version = setting.get("schema_version")
        if version != SCHEMA:
            raise NeedsAPerson(
                f"Cell {number} of {name} says nbgrader schema {version!r} where {SCHEMA} is expected: its "
                f"hidden settings were changed. {FRESH_COPY}"
            )
    twice = [grade_id for grade_id, count in ids.items() if count > 1 and grade_id in wanted]
    if twice:
        raise NeedsAPerson(
            f"{name} holds the cell {twice[0]!r} twice, so it is not clear which counts: it was copied and "
            "pasted. Delete one of the two, then grade again."
        )
    gone = [grade_id for grade_id in wanted if grade_id not in ids]
    if gone:
        what = f"the cell{'s' if len(gone) > 1 else ''} {', '.join(map(repr, gone))}"
        raise NeedsAPerson(
            f"{name} lacks {what}: deleted, or replaced by new ones. "
            "Copy the answers into a fresh released notebook, then grade again."
        )
    for number, (grade_id, setting) in cells.items():
        for key in ("grade", "solution", "task"):
            if setting.get(key, False) != wanted.get(grade_id, setting).get(key, False):
                raise NeedsAPerson(
                    f"Cell {number} of {name} ({grade_id!r}) had its hidden setting {key!r} changed to "
                    f"{setting.get(key)!r}. {FRESH_COPY}"
                )
    if [grade_id for grade_id in ids if grade_id in wanted] != list(wanted):
        return [f"The cells of {name} were moved, so a check may have run before its answer."]
    return []


def _other(course: Course, assignment: str, ids: Counter[str]) -> str:
    """Say whose cells these are, if another assignment's."""
    for other in course.assignments():
        if other != assignment and any(ids.keys() & _wanted(path).keys() for path in course.notebooks(other)):
            return f"; it is the notebook of {other!r}. Ask for the right one."
    return ": perhaps it was written anew, or is another course's. Ask for the right one."


def _check_timestamp(files: dict[Path, bytes]) -> None:
    """Refuse a timestamp.txt that nbgrader could not read."""
    content = files.get(Path("timestamp.txt"), b"").strip()
    try:
        if content:
            parse_utc(content.decode("utf-8"))
    except (ValueError, OverflowError):
        raise NeedsAPerson(
            f"timestamp.txt holds no date ({content[:40]!r}), so lateness cannot be told. "
            "Mend or remove it, then grade again."
        ) from None
