"""The directive ``mistakes``: the mistakes that the checker knows, in the checker's own words.

``{mistakes} rnn`` lists what ``rnncourse.checks.mistakes.catalogue("rnn")`` holds, a fold for each exercise.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


class Mistakes(SphinxDirective):
    """One ``details`` element for each exercise, one list item for each mistake."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the list, or a warning that names the place."""
        from rnncourse.checks import exercises, stems
        from rnncourse.checks.mistakes import __file__ as package
        from rnncourse.checks.mistakes import catalogue

        stem, place = self.arguments[0], self.get_location()
        if stem not in stems():
            there = ", ".join(stems())
            logger.warning("mistakes: no exercises are called %r; there are %s", stem, there, location=place)
            return []
        # the last exercise is the twist, which stands nowhere in the book
        taught = exercises(stem)[:-1]
        known = {name: [m for m in catalogue(stem) if m.exercise == name] for name in taught}
        if not any(known.values()):
            logger.warning("mistakes: the catalogue of %r is empty", stem, location=place)
        for module in sorted(Path(package).parent.glob("*.py")):
            self.env.note_dependency(str(module))
        html = []
        for exercise, group in known.items():
            if group:
                name = escape(exercise.split(".")[-1])
                items = "\n".join(f"<li>{prose(m.sentence)} {self.link(m.section)}</li>" for m in group)
                html.append(
                    f'<details class="mistakes"><summary><code>{name}</code></summary>\n'
                    f"<ul>\n{items}\n</ul></details>"
                )
        return [nodes.raw("", "\n".join(html), format="html")]

    def link(self, section: tuple[str, str]) -> str:
        """Point at the section that the checker's message points at."""
        stem, heading = section
        page = "" if self.env.docname.endswith(f"/{stem}") else f"{stem}.html"
        link = f'<a href="{page}#{nodes.make_id(heading)}">{escape(heading)}</a>'
        return f'<span class="read">Read: {link}.</span>'


def prose(sentence: str) -> str:
    """Escape a sentence for HTML; set what stands in backticks as code, and a *word* in stars with stress."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence, quote=False))
    return re.sub(r"(?<=\s)\*(\w+)\*(?=[\s.,:;])", r"<em>\1</em>", html)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("mistakes", Mistakes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
