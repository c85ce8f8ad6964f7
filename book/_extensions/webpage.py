"""What every page of the site gets, and what it is spared.

Scripts wait until the page is read, the icon font shrinks from 300 kB to the icons in use, the site opens at
``index.html``, and a build that warned once cannot pass the next time for want of changes. Execution is
cached, but only as long as the package's own code stays the same. Where the environment variable ``BOOK_URL``
names the site's public address, a sitemap and Open Graph tags are added; without it, none is needed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pydata_sphinx_theme
from docutils import nodes
from fontshrink import subset_font
from sphinx.builders.html._assets import _JavaScript

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"([^"]*)"\}')
UNUSED = (
    *("scripts/fontawesome.js*", "scripts/bootstrap.js*", "**/*.map", "images/logo_*", "locales"),
    *("vendor/fontawesome/webfonts/*.ttf", "vendor/fontawesome/webfonts/fa-[rb]*", "*webpack-macros.html"),
)
# What docutils and MyST-NB write, and what a screen reader understands in its place
REWRITTEN = {
    'role="doc-biblioentry"': 'role="listitem"',
    '<summary aria-label="Toggle hidden content">': "<summary>",
    '<th class="head"><p></p></th>': "<td></td>",  # the corner of a table heads nothing
}
LANDING = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{title}: the book starts on its first page.">
<meta http-equiv="refresh" content="0; url={page}">
<link rel="canonical" href="{page}">
</head>
<body><main><h1>{title}</h1><p><a href="{page}">Open the book</a></p></main></body>
</html>
"""


def configure(app: Sphinx, config: Config) -> None:
    """Set what depends on the package's code and on the public address."""
    package = Path(app.srcdir) / "rnncourse"
    code = hashlib.sha256()
    for module in sorted(package.rglob("*.py")):
        if not {"grading", "authoring", "cli"} & set(module.parts):  # no page runs these
            code.update(str(module.relative_to(package)).encode() + module.read_bytes())
    caches = Path(app.doctreedir).parent / ".jupyter_cache"
    current = caches / code.hexdigest()[:16]
    for other in caches.glob("*/"):
        if other != current:
            shutil.rmtree(other)
    config.nb_execution_cache_path = str(current)
    config.bibtex_default_style = "author_year"  # see citations.py

    address = os.environ.get("BOOK_URL", "").rstrip("/")
    config.notfound_urls_prefix = f"{urlsplit(address).path}/"
    if address:
        config.html_baseurl = config.ogp_site_url = f"{address}/"
        config.ogp_social_cards = {"enable": False}
        config.sitemap_url_scheme, config.sitemap_excludes = "{link}", ["404.html", "search.html"]


def keep_whole(app: Sphinx, doctree: nodes.document) -> None:
    """Mark short pieces of code, a shape such as (T, B, D) above all: they stay on one line."""
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= 18:
            code["classes"].append("whole")


def finish_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Describe the page in its head, offer it as a notebook, and let its scripts wait for the text."""
    if doctree is not None:
        paragraph = next((node.astext() for node in doctree.findall(nodes.paragraph)), "")
        text = " ".join(paragraph.split())
        if len(text) > 155:
            text = text[:155].rsplit(" ", 1)[0] + " ..."
        context["metatags"] += f'\n<meta name="description" content="{escape(text)}">'
    notebook = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    if notebook.is_file():
        context["ipynb_source"] = f"{pagename}.ipynb"
        copy = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, copy)
    for written, meant in REWRITTEN.items():
        context["body"] = context.get("body", "").replace(written, meant)
    if pagename == "search":  # its scripts call one another while they load
        return
    # the inline scripts serve a version switcher and a search while typing, which the book does not have
    context["script_files"] = [
        _JavaScript(asset.filename, priority=asset.priority, **{"defer": "defer", **asset.attributes})
        for asset in context["script_files"]
        if asset.filename
    ]


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Shrink the theme's files, write the landing page, and do not let warnings be forgotten."""
    if app._warncount:
        # the next build reads every page again, and so repeats its warnings instead of passing with none
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
    if exception is None and app.builder.format == "html":
        shrink_theme(Path(app.outdir))
        landing = LANDING.format(title=escape(app.config.html_title), page=f"{app.config.root_doc}.html")
        (Path(app.outdir) / "index.html").write_text(landing, "utf-8")


def shrink_theme(site: Path) -> None:
    """Keep the icons that pages and styles use, and drop the theme's files that no page loads."""
    html = "\n".join(page.read_text("utf-8") for page in site.rglob("*.html") if "_static" not in page.parts)
    used = set(re.findall(r"\bfa-[a-z0-9-]+", html))
    css = (THEME / "styles" / "pydata-sphinx-theme.css").read_text("utf-8")
    glyphs = {chr(int(code, 16)) for code in re.findall(r'--pst-icon-[\w-]+:"\\?u?([0-9a-f]{4})"', css)}
    glyphs |= {character for character in css if "\ue000" <= character <= "\uf8ff"}

    def keep(rule: re.Match[str]) -> str:
        code = rule[2].strip().lstrip("\\")
        if used.isdisjoint(re.findall(r"fa-[\w-]+", rule[1])) or not re.fullmatch("[0-9a-f]{2,5}", code):
            return ""
        glyphs.add(chr(int(code, 16)))
        return rule[0]

    css = ICON_RULE.sub(keep, css)
    css = re.sub(r"@font-face\{[^}]*fa-(?:regular-400|brands-400|v4compatibility)[^}]*\}", "", css)
    css = re.sub(r',url\([^)]*fa-solid-900\.ttf\) format\("truetype"\)', "", css)
    css = re.sub(r"/\*# sourceMappingURL.*?\*/", "", css)
    static = site / "_static"
    (static / "styles" / "pydata-sphinx-theme.css").write_text(css, "utf-8")
    search = static / "searchtools.js"  # the lines under a result need not hold every formula twice
    twice, once = '".headerlink", "script"', '".headerlink", ".katex-mathml", "script"'
    search.write_text(search.read_text("utf-8").replace(twice, once), "utf-8")
    solid = Path("vendor") / "fontawesome" / "webfonts" / "fa-solid-900.woff2"
    subset_font(THEME / solid, static / solid, "".join(sorted(glyphs)))
    for pattern in UNUSED:
        for path in list(static.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the build."""
    if os.environ.get("BOOK_URL"):
        app.setup_extension("sphinx_sitemap")
        app.setup_extension("sphinxext.opengraph")
    app.setup_extension("citations")
    app.add_js_file("paper.js", loading_method="defer")
    # Jupyter Book sets it whether or not the extension that it belongs to is there
    app.add_config_value("comments_config", {}, "html", dict)
    app.connect("config-inited", configure)
    app.connect("doctree-read", keep_whole)
    app.connect("html-page-context", finish_page, priority=900)
    app.connect("build-finished", finish, priority=400)  # before sphinx_external_toc writes a bare redirect
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
