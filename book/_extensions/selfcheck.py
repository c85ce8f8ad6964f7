"""The directive ``selfcheck``: a question that answers back.

Its body is YAML: ``question`` and either ``choices`` (``answer``, ``why``, and one has ``right: true``)
or ``number`` with ``why`` and, if it may be off, ``tolerance``. All texts are inline Markdown with maths.
Native form controls carry it, so the keyboard and a screen reader work; the script `selfcheck.js` shows the
explanation of the answer that was given. Without the script every answer stands in a ``details`` element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


class selfcheck(nodes.General, nodes.Element):
    """One question with all its answers."""


def problem(data: Any) -> str | None:
    """Say what is wrong with the body of a question, or return None."""
    if not isinstance(data, dict) or not isinstance(data.get("question"), str):
        return "needs a `question:` that is text"
    if unknown := set(data) - {"question", "choices", "number", "tolerance", "why"}:
        return f"does not know {', '.join(sorted(map(repr, unknown)))}"
    if ("choices" in data) == ("number" in data):
        return "needs either `choices:` or `number:`"
    if "number" in data:
        for key in ("number", "tolerance"):
            value = data.get(key, 0)
            if isinstance(value, bool) or not isinstance(value, int | float):
                return f"needs a number for `{key}:`, not {value!r}"
        return None if isinstance(data.get("why"), str) else "needs `why:`, the explanation of the number"
    choices = data["choices"]
    if not isinstance(choices, list) or len(choices) < 2:
        return "needs at least two `choices:`"
    for choice in choices:
        if not isinstance(choice, dict) or not set(choice) <= {"answer", "right", "why"}:
            return f"has a choice that is not `answer:`, `why:` and perhaps `right: true`: {choice!r}"
        if isinstance(choice.get("answer"), bool) or not isinstance(choice.get("answer"), str | int | float):
            return f"has a choice without a text as `answer:` (quote it?): {choice!r}"
        if not isinstance(choice.get("why"), str):
            return f"explains nothing for the choice {choice['answer']!r}: add `why:`"
        if choice.get("right", True) is not True:
            return f"`right:` is true or absent, at {choice['answer']!r}"
    rights = sum(choice.get("right", False) for choice in choices)
    return None if rights == 1 else f"has {rights} right choices, and needs exactly one"


class SelfCheck(SphinxDirective):
    """Parse the YAML of one question into HTML whose texts are still Markdown's nodes."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question, or a warning that names the place."""
        try:
            data = yaml.safe_load("\n".join(self.content))
            fault = problem(data)
        except yaml.YAMLError as error:
            fault = f"is not YAML: {' '.join(str(error).split())}"
        if fault:
            logger.warning("selfcheck %s", fault, location=self.get_location())
            return []
        self.question = selfcheck()
        self.set_source_info(self.question)
        name = f"selfcheck-{self.env.new_serialno('selfcheck') + 1}"
        kind = "choice" if "choices" in data else "number"
        self.html(f'<form class="selfcheck" id="{name}" data-kind="{kind}" novalidate><fieldset><legend>')
        self.text(data["question"])
        self.html("</legend>")
        if kind == "choice":
            self.choices(data["choices"], name)
        else:
            self.number(data, name)
        self.html("</form>")
        return [self.question]

    def choices(self, choices: list[dict[str, Any]], name: str) -> None:
        """Write one radio button for each choice, then all the explanations."""
        for index, choice in enumerate(choices):
            self.html(f'<label class="choice"><input type="radio" name="{name}" value="{index}">')
            self.html(f'<span class="letter">{chr(ord("A") + index)}</span>')
            self.text(choice["answer"])
            self.html("</label>")
        self.ending()
        for index, choice in enumerate(choices):
            right = choice.get("right", False)
            verdict = f"{chr(ord('A') + index)}{' is right' if right else ''}: "
            self.html(f'<li data-right="{str(right).lower()}"><strong>{verdict}')
            self.text(choice["answer"])
            self.html("</strong> ")
            self.text(choice["why"], "why")
            self.html("</li>")
        self.html("</ul></details>")

    def number(self, data: dict[str, Any], name: str) -> None:
        """Write a number field, then the answer and its explanation."""
        self.html(
            f'<label class="number" for="{name}-number">Your number</label>'
            f'<input type="number" step="any" inputmode="decimal" autocomplete="off" id="{name}-number" '
            f'data-number="{data["number"]}" data-tolerance="{data.get("tolerance", 0)}">'
        )
        self.ending()
        self.html(f'<li data-right="true"><strong>The number is {data["number"]}:</strong> ')
        self.text(data["why"], "why")
        self.html("</li></ul></details>")

    def ending(self) -> None:
        """Write the button, the place where the verdict is announced, and the head of the answers."""
        self.html(
            '<button type="submit" class="pst-js-only">Check my answer</button></fieldset>'
            '<div class="verdict" role="status" aria-live="polite"></div>'
            "<details><summary>All answers, explained</summary><ul>"
        )

    def html(self, text: str) -> None:
        """Append HTML as it stands."""
        self.question += nodes.raw("", text, format="html")

    def text(self, markdown: str | int | float, *classes: str) -> None:
        """Append inline Markdown, maths included, as one ``span``."""
        parsed, messages = self.state.inline_text(" ".join(str(markdown).split()), self.lineno)
        self.question += nodes.inline("", "", *parsed, *messages, classes=list(classes))


def script(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Load the script on pages that ask something, and only there."""
    if doctree is not None and next(doctree.findall(selfcheck), None) is not None:
        app.add_js_file("selfcheck.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(selfcheck, html=(lambda translator, node: None, lambda translator, node: None))
    app.add_directive("selfcheck", SelfCheck)
    app.connect("html-page-context", script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
