"""Reading a notebook file as far as is needed to say whether it is one, with a sentence where it is not."""

from __future__ import annotations

import json
from typing import Any

from rnncourse.grading.execution import NeedsAPerson


def load(content: bytes, name: str) -> dict[str, Any]:
    """Parse a notebook as far as is needed to judge it; raise `NeedsAPerson` with what is wrong."""
    if not content.strip():
        raise NeedsAPerson(f"{name} is empty. Ask for it again.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NeedsAPerson(
            f"{name} is written in UTF-16, and a notebook is UTF-8: an editor has saved it, not Jupyter. "
            "Open it, save it as UTF-8 without a mark, then grade again."
        )
    if content.startswith(b"\xef\xbb\xbf"):
        raise NeedsAPerson(
            f"{name} begins with a byte order mark: an editor has saved it, not Jupyter. "
            "Save it as UTF-8 without a mark (BOM), then grade again."
        )
    try:
        notebook = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NeedsAPerson(
            f"{name} is not UTF-8 (byte 0x{content[error.start]:02x} in line {line}, perhaps Latin-1). "
            "Save it as UTF-8, then grade again."
        ) from None
    except json.JSONDecodeError as error:
        raise NeedsAPerson(
            f"{name} is no JSON, so it is damaged or cut short: line {error.lineno}, column {error.colno}: "
            f"{error.msg}. Ask for it again."
        ) from None
    except (RecursionError, ValueError) as error:
        raise NeedsAPerson(f"{name} cannot be read as JSON ({error}). Ask for it again.") from None
    return _shaped(notebook, name)


def _shaped(notebook: Any, name: str) -> dict[str, Any]:
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise NeedsAPerson(f"{name} is JSON, but no notebook. Ask for the notebook itself.")
    version = notebook["nbformat"]
    if version != 4:
        age = "newer than" if isinstance(version, int) and version > 4 else "older than"
        raise NeedsAPerson(
            f"{name} is in notebook format {version!r}, {age} the 4 that is graded. "
            "Open and save it in a current Jupyter, then grade again."
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        raise NeedsAPerson(f"{name} has no cells. Ask for it again.")
    for number, cell in enumerate(cells, 1):
        sound = (
            isinstance(cell, dict)
            and cell.get("cell_type") in ("code", "markdown", "raw")
            and isinstance(cell.get("metadata"), dict)
            and isinstance(cell["metadata"].get("nbgrader", {}), dict)
            and isinstance(cell.get("source"), str | list)
            and all(isinstance(line, str) for line in cell["source"])
        )
        if not sound:
            raise NeedsAPerson(
                f"Cell {number} of {name} is not built as a notebook's cell is. Open the notebook in "
                "Jupyter, save it, then grade again; or ask for it again."
            )
    return notebook


def settings(notebook: dict[str, Any]) -> dict[int, tuple[str, dict[str, Any]]]:
    """Return grade id and nbgrader's settings of each cell that has any, by its number, counted from 1."""
    found = {
        number: cell["metadata"]["nbgrader"]
        for number, cell in enumerate(notebook["cells"], 1)
        if cell["metadata"].get("nbgrader")
    }
    return {number: (str(setting.get("grade_id")), setting) for number, setting in found.items()}
