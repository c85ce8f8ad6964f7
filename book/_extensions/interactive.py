"""The directive ``interactive``: a figure that answers to the reader, and a picture where scripts do not run.

The argument names a custom element, and book/_static/<name>.js defines it; the body, any Markdown, stands
inside the element until the script takes over, so it is what readers see without JavaScript. The script is an
ordinary one, loaded with ``defer`` on this page alone: modules do not load from a folder (``file://``).
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
MODULE = re.compile(r"^\s*(import|export)\b", re.MULTILINE)


class interactive(nodes.General, nodes.Element):
    """A custom element; its children are the static figure."""


class Interactive(SphinxDirective):
    """Check name, script, description and fallback, and say which one is missing."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged, "height": directives.length_or_unitless}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the element, or a warning that names the place."""
        name, alt = self.arguments[0], " ".join(self.options.get("alt", "").split())
        if fault := self.fault(name, alt):
            logger.warning("interactive %s: %s", name, fault, location=self.get_location())
            return []
        figure = interactive(name=name, alt=alt, height=self.options.get("height"))
        self.set_source_info(figure)
        self.state.nested_parse(self.content, self.content_offset, figure)
        return [figure]

    def fault(self, name: str, alt: str) -> str | None:
        """Say what is wrong with the figure, or return None."""
        if not ELEMENT.fullmatch(name):
            return "the name of a custom element is lower case with a hyphen, such as unrolled-rnn"
        if not alt:
            return "say what to see with `:alt:`"
        if not "".join(self.content).strip():
            return "give a static figure as the body, for readers without scripts"
        scripts = [Path(self.env.srcdir) / folder / f"{name}.js" for folder in self.config.html_static_path]
        found = next((script for script in scripts if script.is_file()), None)
        if found is None:
            return f"there is no script {name}.js in {' or '.join(self.config.html_static_path)}"
        self.env.note_dependency(str(found))
        if MODULE.search(found.read_text("utf-8")):
            return (
                f"{name}.js imports or exports, which does not work from a folder; make it one plain script"
            )
        return None


def visit(translator: HTML5Translator, node: interactive) -> None:
    """Open the custom element as a named group."""
    style = f' style="min-height: {length(node["height"])}"' if node["height"] else ""
    translator.body.append(
        f'<{node["name"]} class="interactive" role="group" aria-label="{escape(node["alt"])}"{style}>\n'
    )


def depart(translator: HTML5Translator, node: interactive) -> None:
    """Close the custom element."""
    translator.body.append(f"</{node['name']}>\n")


def length(value: str) -> str:
    """Take a bare number as pixels."""
    return f"{value}px" if re.fullmatch(r"[0-9.]+", value) else value


def script(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Load the scripts of this page's figures, and no others."""
    if doctree is not None:
        for name in sorted({node["name"] for node in doctree.findall(interactive)}):
            app.add_js_file(f"{name}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(interactive, html=(visit, depart))
    app.add_directive("interactive", Interactive)
    app.connect("html-page-context", script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
