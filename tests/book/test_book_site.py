"""The built pages as files: links, anchors, pictures, headings, downloads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [f"{entry}.html" for entry in [TOC["root"], *(chapter["file"] for chapter in TOC["chapters"])]]
SOURCES = {"a": "href", "link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    files = [page for page in site.rglob("*.html") if "_static" not in page.parts]
    return {
        str(page.relative_to(site)): BeautifulSoup(page.read_text("utf-8"), "html.parser") for page in files
    }


def attributes(page: BeautifulSoup) -> list[tuple[str, str]]:
    found = []
    for name, attribute in SOURCES.items():
        found += [(name, str(tag[attribute])) for tag in page.find_all(name, attrs={attribute: True})]
    return found


def test_the_chapters_of_the_toc_are_built(pages: dict[str, BeautifulSoup]) -> None:
    assert {*CHAPTERS, "index.html", "search.html", "404.html"} <= set(pages)


def test_links_and_anchors_inside_resolve(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    anchors = {
        name: {str(tag["id"]) for tag in page.find_all(id=True)} | {"", "top"} for name, page in pages.items()
    }
    broken, checked = [], 0
    for name, page in pages.items():
        for _, url in attributes(page):
            parts = urlsplit(url)
            if parts.scheme in ("http", "https", "mailto", "data") or parts.netloc:
                continue
            checked += 1
            base = site if parts.path.startswith("/") else (site / name).parent
            target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else site / name
            if not target.is_file():
                broken.append(f"{name}: {url} leads nowhere")
                continue
            key = str(target.relative_to(site.resolve())) if parts.path else name
            if key in anchors and unquote(parts.fragment) not in anchors[key]:
                broken.append(f"{name}: {url} has no such anchor")
    assert checked > 50
    assert not broken


def test_only_links_that_a_reader_clicks_lead_outside(pages: dict[str, BeautifulSoup]) -> None:
    outside = {
        (name, url)
        for name, page in pages.items()
        for tag, url in attributes(page)
        if tag != "a" and (urlsplit(url).scheme in ("http", "https") or urlsplit(url).netloc)
    }
    assert not outside


def test_every_picture_says_what_to_see(pages: dict[str, BeautifulSoup]) -> None:
    missing = []
    for name, page in pages.items():
        for picture in page.find_all("img"):
            # the book's title stands beside its logo, so there the alt text is there, and empty
            decorative = "logo__image" in (picture.get("class") or []) and picture.has_attr("alt")
            if not picture.get("alt") and not decorative:
                missing.append(f"{name}: {picture.get('src')}")
    assert not missing


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_headings_go_down_one_step_at_a_time(pages: dict[str, BeautifulSoup], chapter: str) -> None:
    article = pages[chapter].find("article")
    assert isinstance(article, Tag)
    levels = [int(heading.name[1]) for heading in article.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels)), levels


def test_no_maths_script_and_no_icon_script(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    scripts = {url for page in pages.values() for tag, url in attributes(page) if tag == "script"}
    assert scripts
    assert not [url for url in scripts if "mathjax" in url.lower() or "fontawesome" in url or "thebe" in url]
    assert not (site / "_static" / "scripts" / "fontawesome.js").exists()
    fonts = [font for font in site.rglob("*") if font.suffix in {".ttf", ".woff", ".eot"}]
    assert not fonts


def test_formulas_are_rendered_for_eyes_and_ears(pages: dict[str, BeautifulSoup]) -> None:
    for chapter in CHAPTERS[2:]:
        formulas = pages[chapter].select("article .katex")
        assert formulas
        assert all(formula.find("math") is not None for formula in formulas)
        assert not pages[chapter].select(".math-error")


def test_a_chapter_can_be_taken_home_as_a_notebook(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    for chapter in CHAPTERS[2:]:
        links = [str(link["href"]) for link in pages[chapter].select("details.download a")]
        assert any(link.endswith(".ipynb") for link in links), chapter
        assert all((site / chapter).parent.joinpath(link).resolve().is_file() for link in links)


WITH_SOURCES = [
    chapter
    for chapter in CHAPTERS
    if "{bibliography}" in (ROOT / chapter).with_suffix(".md").read_text("utf-8")
]


@pytest.mark.parametrize("chapter", WITH_SOURCES)
def test_the_list_of_sources_has_the_labels_of_the_text(
    pages: dict[str, BeautifulSoup], chapter: str
) -> None:
    labels = {
        str(entry["id"]): " ".join(label.get_text().strip("[] ").split())
        for entry in pages[chapter].select("div.citation")
        if (label := entry.select_one(".label"))
    }
    cited = pages[chapter].select("article a.reference.internal[title]")
    assert labels and cited
    for link in cited:
        label = labels[str(link["href"]).lstrip("#")]
        shown = " ".join(link.get_text().split())
        assert shown in (label, label.rsplit(", ", 1)[1]), f"{shown} leads to {label}"


@pytest.mark.parametrize("chapter", CHAPTERS[1:])
def test_a_notebook_taken_home_ran_without_a_fault(site: Path, chapter: str) -> None:
    """Hidden cells come along: the notebook has all the code that made the page."""
    notebook = nbformat.read((site / "_sources" / chapter).with_suffix(".ipynb"), as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(cells) == (ROOT / chapter).with_suffix(".md").read_text("utf-8").count("{code-cell}")
    assert all(cell.execution_count for cell in cells)
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]


def test_a_notebook_taken_home_runs_anywhere_in_the_environment(site: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(site / "_sources" / "book" / "notation.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert "largest difference after the round trip" in str(notebook.cells)
    assert not list(tmp_path.iterdir())
