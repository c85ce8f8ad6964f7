"""The book's sources: equations and code carry the same tags, and code reaches a page only by inclusion."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "rnncourse" / "reference"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
PAGES = [ROOT / f"{entry}.md" for entry in [TOC["root"], *(chapter["file"] for chapter in TOC["chapters"])]]
LETTERS = {  # the letter of a chapter's tags, and the chapter
    "B": "bptt",
    "F": "feedforward",
    "G": "gradients",
    "L": "lstm",
    "R": "rnn",
    "U": "gru",
}

LABEL = re.compile(r"^\s*\$\$\s*\(([^)]+)\)\s*$", re.MULTILINE)
TAG = re.compile(r"\(([A-Z]+[0-9]+[a-z]?(?:, [A-Z]+[0-9]+[a-z]?)*)\)")


def tags(text: str) -> set[str]:
    """Return the tags that a text names: "(R1)" and "(R1, R2)"."""
    return {tag for group in TAG.findall(text) for tag in group.split(", ")}


def of(letter: str, found: set[str]) -> set[str]:
    return {tag for tag in found if re.fullmatch(rf"{letter}[0-9]+[a-z]?", tag)}


def directives(text: str, name: str) -> list[tuple[str, str]]:
    """Return argument and body of every directive of one name, those inside other directives too."""
    fence = rf"^(`{{3,}}|:{{3,}})\{{{name}\}}[ \t]*(.*?)\n(.*?)^\1[ \t]*$"
    found = [(match[2].strip(), match[3]) for match in re.finditer(fence, text, re.MULTILINE | re.DOTALL)]
    assert len(found) == text.count(f"{{{name}}}"), f"not every {name} was understood"
    return found


def docstrings(path: Path) -> str:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds)]
    return "\n".join(ast.get_docstring(node) or "" for node in nodes)


def comments(path: Path) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return "\n".join(token.string for token in tokens if token.type == tokenize.COMMENT)


@pytest.mark.parametrize("letter", LETTERS)
def test_chapter_docstrings_and_comments_carry_the_same_tags(letter: str) -> None:
    chapter = (ROOT / "book" / f"{LETTERS[letter]}.md").read_text("utf-8")
    modules = sorted(REFERENCE.glob("*.py"))
    in_chapter = of(letter, set(LABEL.findall(chapter)))
    in_docstrings = of(letter, set().union(*(tags(docstrings(module)) for module in modules)))
    in_comments = of(letter, set().union(*(tags(comments(module)) for module in modules)))
    assert in_chapter, f"no equation of {LETTERS[letter]}.md carries a tag such as ({letter}1)"
    assert in_chapter == in_docstrings == in_comments


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_equations_are_labelled_with_tags_of_their_own_chapter(page: Path) -> None:
    labels = LABEL.findall(page.read_text("utf-8"))
    assert len(labels) == len(set(labels))
    for label in labels:
        letter = re.fullmatch(r"([A-Z]+)[0-9]+[a-z]?", label)
        assert letter is not None, f"{label} is no tag"
        assert LETTERS.get(letter[1]) == page.stem


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_cell_defines_a_function(page: Path) -> None:
    cells = directives(page.read_text("utf-8"), "code-cell")
    for _, body in cells:
        assert not re.search(r"^\s*(async )?def ", body, re.MULTILINE), body
    if page.stem in LETTERS.values():
        assert cells, "a chapter runs code"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_is_included_by_name_never_by_line(page: Path) -> None:
    included = directives(page.read_text("utf-8"), "literalinclude")
    for path, options in included:
        assert ":pyobject:" in options, path
        assert ":lines:" not in options, path
        assert (ROOT / path.lstrip("/")).is_file(), path
    if page.stem in LETTERS.values():
        assert included, "a chapter shows the reference's code"


def test_the_toc_and_the_folder_hold_the_same_pages() -> None:
    assert {page.name for page in PAGES} == {page.name for page in (ROOT / "book").glob("*.md")}


def test_scripts_are_plain_ones() -> None:
    scripts = sorted((ROOT / "book" / "_static").glob("*.js"))
    assert len(scripts) >= 2
    for script in scripts:
        text = script.read_text("utf-8")
        assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE), (
            f"{script.name} does not load from a folder"
        )
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), f"{script.name} names another host"


def test_styles_ask_no_other_host() -> None:
    for sheet in (ROOT / "book" / "_static").glob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", sheet.read_text("utf-8"))
