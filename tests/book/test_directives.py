"""The book's own directives, on small pages of their own: what they write, and what they complain about."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from rnncourse.checks import exercises, stems
from rnncourse.checks.mistakes import catalogue
from rnncourse.checks.render import TO_COME

ROOT = Path(__file__).resolve().parents[2]
Built = tuple[BeautifulSoup, str]


@pytest.fixture
def build(tmp_path: Path) -> Callable[[str], Built]:
    """Build one page of Markdown with our extensions alone; return the page and Sphinx's complaints."""

    def run(markdown: str) -> Built:
        source = tmp_path / "source"
        (source / "scripts").mkdir(parents=True, exist_ok=True)
        (source / "scripts" / "two-cells.js").write_text("(() => {})();\n", "utf-8")
        (source / "scripts" / "a-module.js").write_text("import { x } from './x.js';\n", "utf-8")
        (source / "index.md").write_text("# Page\n\n" + markdown, "utf-8")
        if not (source / "node_modules").exists():
            (source / "node_modules").symlink_to(ROOT / "node_modules")
        complaints = io.StringIO()
        path = list(sys.path)
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                str(source),
                None,
                str(tmp_path / "html"),
                str(tmp_path / "doctrees"),
                "html",
                confoverrides={
                    "extensions": ["myst_parser", "katex", "selfcheck", "mistakes", "interactive"],
                    "html_theme": "basic",
                    "html_math_renderer": "katex",
                    "html_static_path": ["scripts"],
                    "myst_enable_extensions": ["dollarmath"],
                    "exclude_patterns": ["node_modules"],
                },
                status=None,
                warning=complaints,
                freshenv=True,
            )
            app.build()
        sys.path[:] = path
        html = (tmp_path / "html" / "index.html").read_text("utf-8")
        said = re.sub(r"\x1b\[[0-9;]*m", "", complaints.getvalue()).replace(str(source), "")
        return BeautifulSoup(html, "html.parser"), said

    return run


QUESTION = """```{selfcheck}
question: Which is *shared*, $W$ or $h$?
choices:
  - answer: $h_t$
    why: It is new at each step.
  - answer: $W_{hh}$
    right: true
    why: One matrix, so $H^2$ numbers.
```
"""


def test_a_question_is_made_of_native_controls(build: Callable[[str], Built]) -> None:
    page, said = build(QUESTION + QUESTION)
    assert not said
    forms = page.select("form.selfcheck")
    assert len(forms) == 2
    names = [{radio["name"] for radio in form.select("input[type=radio]")} for form in forms]
    assert all(len(name) == 1 for name in names)
    assert names[0] != names[1]
    form = forms[0]
    assert form.select_one("fieldset > legend em") is not None
    assert len(form.select("fieldset > legend .katex")) == 2
    assert len(form.select("label.choice .katex")) == 2
    assert [item["data-right"] for item in form.select("details li")] == ["false", "true"]
    assert [why.select_one(".katex") is not None for why in form.select("details .why")] == [False, True]
    assert form.select_one(".verdict[aria-live=polite]") is not None
    assert [script["src"].split("?")[0] for script in page.select("script[src*=selfcheck]")] == [
        "_static/selfcheck.js"
    ]


def test_a_page_without_questions_and_figures_loads_no_script_of_ours(build: Callable[[str], Built]) -> None:
    page, said = build("Some $x$.")
    assert not said
    assert not page.select("script[src*=selfcheck], script[src*=two-cells]")


def test_a_question_may_ask_for_a_number(build: Callable[[str], Built]) -> None:
    page, said = build(
        "```{selfcheck}\nquestion: $3 \\cdot 4$?\nnumber: 12\ntolerance: 0.5\nwhy: Count.\n```\n"
    )
    assert not said
    field = page.select_one("form.selfcheck input[type=number]")
    assert field is not None
    assert (field["data-number"], field["data-tolerance"]) == ("12", "0.5")
    assert page.select_one(f"label[for={field['id']}]") is not None


A, B = "question: Q\nchoices:\n  - {answer: a, why: w%s}\n", "  - {answer: b, why: w%s}"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("question: [", "is not YAML"),
        ("- a\n- b", "needs a `question:`"),
        ("question: Q\nnumber: 1\nwhy: w\nchoices: []", "either `choices:` or `number:`"),
        ("question: Q", "either `choices:` or `number:`"),
        ("question: Q\nnumber: many\nwhy: w", "a number for `number:`"),
        ("question: Q\nnumber: 1", "needs `why:`"),
        ("question: Q\nhint: no\nnumber: 1\nwhy: w", "does not know 'hint'"),
        (A % "", "at least two"),
        (A % "" + B % "", "has 0 right choices"),
        (A % ", right: true" + B % ", right: true", "has 2 right choices"),
        (A % ", right: false" + B % "", "true or absent"),
        (A % ", wy: w" + B % "", "has a choice that is not"),
        (A.replace(", why: w", "") % "" + B % ", right: true", "explains nothing"),
        (A.replace("answer: a", "answer: yes") % "" + B % "", "quote it?"),
    ],
)
def test_a_faulty_question_is_a_warning_with_its_place(
    build: Callable[[str], Built], body: str, complaint: str
) -> None:
    page, said = build(f"```{{selfcheck}}\n{body}\n```\n")
    assert "/index.md:3: WARNING: selfcheck" in said
    assert complaint in said
    assert not page.select("form.selfcheck")


def flat(sentence: str) -> str:
    """A sentence of the catalogue as the page's text has it: without the marks of code and stress."""
    return " ".join(re.sub(r"`|\*(?=\w)|(?<=\w)\*", "", sentence).split())


def test_mistakes_are_the_checkers_own_words(build: Callable[[str], Built]) -> None:
    page, said = build("```{mistakes} rnn\n```\n")
    assert not said
    folds = page.select("details.mistakes")
    taught = exercises("rnn")[:-1]
    known = [mistake for mistake in catalogue("rnn") if mistake.exercise in taught]
    with_mistakes = [name for name in taught if any(m.exercise == name for m in known)]
    assert [f"rnn.{fold.select_one('summary code').get_text()}" for fold in folds] == with_mistakes  # type: ignore[union-attr]
    text = " ".join(page.get_text().split())
    assert len(page.select("details.mistakes li")) == len(known) >= 6
    assert all(flat(mistake.sentence) in text for mistake in known)


@pytest.mark.parametrize("stem", stems())
def test_the_twists_mistakes_stay_out_of_the_book(
    build: Callable[[str], Built], site: Path, stem: str
) -> None:
    """The last exercise stands nowhere in the book, so what goes wrong there does not either."""
    twist = exercises(stem)[-1]
    sentences = {flat(mistake.sentence) for mistake in catalogue(stem) if mistake.exercise == twist}
    # "Your numbers are right, but ..." is true of several exercises in the same words
    sentences -= {flat(mistake.sentence) for mistake in catalogue(stem) if mistake.exercise != twist}
    assert len(sentences) > 3, f"little is known about {twist} alone: this test sees nothing"
    page, _ = build(f"```{{mistakes}} {stem}\n```\n")
    pages = [page]
    if stem not in TO_COME:
        pages.append(BeautifulSoup((site / "book" / f"{stem}.html").read_text("utf-8"), "html.parser"))
    for where in pages:
        folds = where.select("details.mistakes")
        assert folds
        assert twist.split(".")[1] not in [fold.summary.get_text() for fold in folds if fold.summary]
        items = {" ".join(item.get_text().split()) for item in where.select("details.mistakes li")}
        assert not {item.partition(" Read: ")[0] for item in items} & sentences


def test_an_unknown_stem_is_a_warning_with_its_place(build: Callable[[str], Built]) -> None:
    _, said = build("Text.\n\n```{mistakes} grammar\n```\n")
    assert (
        f"/index.md:5: WARNING: mistakes: no exercises are called 'grammar'; there are {', '.join(stems())}"
        in said
    )


FIGURE = "```{{interactive}} {}\n:alt: {}\n:height: 120\n\n{}\n```\n"


def test_a_figure_holds_its_static_picture(build: Callable[[str], Built]) -> None:
    page, said = build(FIGURE.format("two-cells", 'Two "cells" & a loop', "**still**"))
    assert not said
    figure = page.select_one("two-cells")
    assert figure is not None
    assert (figure["role"], figure["aria-label"]) == ("group", 'Two "cells" & a loop')
    assert figure["style"] == "min-height: 120px"
    assert figure.select_one("strong") is not None
    scripts = page.select("script[src*=two-cells]")
    assert len(scripts) == 1
    assert scripts[0].has_attr("defer")
    assert scripts[0].get("type") != "module"  # modules do not load from a folder


@pytest.mark.parametrize(
    ("name", "alt", "body", "complaint"),
    [
        ("cells", "alt", "still", "with a hyphen"),
        ("two-cells", "", "still", "say what to see"),
        ("two-cells", "alt", "", "static figure"),
        ("no-such", "alt", "still", "there is no script no-such.js in scripts"),
        ("a-module", "alt", "still", "imports or exports"),
    ],
)
def test_a_faulty_figure_is_a_warning_with_its_place(
    build: Callable[[str], Built], name: str, alt: str, body: str, complaint: str
) -> None:
    page, said = build(FIGURE.format(name, alt, body))
    assert "/index.md:3: WARNING: interactive" in said
    assert complaint in said
    assert page.select_one(name) is None


def test_the_mark_behind_a_formula_belongs_to_it(build: Callable[[str], Built]) -> None:
    long = "a + b + c + d + e + f + g + h + i"
    page, said = build(f"Is $x$, in (say $y$), more than ${long}$? $z$ is.")
    assert not said
    formulas = page.select("span.math")
    marks = [str(formula.contents[-1]) if len(formula.contents) > 1 else "" for formula in formulas]
    assert marks == [",", "),", "?", ""]
    assert ["whole" in formula["class"] for formula in formulas] == [True, True, False, True]
    article = page.get_text()
    assert " in (say " in article and " more than " in article and " is." in article


def test_the_label_of_an_equation_is_its_tag(build: Callable[[str], Built]) -> None:
    page, said = build("$$ a $$ (R7)\n\n$$ b $$ (R2)\n\nSee {eq}`R7` and {eq}`R2`.\n")
    assert not said
    assert [tag.get_text() for tag in page.select(".eqno")] == ["(R7)", "(R2)"]
    links = {link.get_text(): link["href"] for link in page.select("a[href^='#equation-']")}
    assert links == {"(R7)": "#equation-r7", "(R2)": "#equation-r2"}
    assert page.find(id="equation-r7") is not None


@pytest.mark.parametrize(
    ("markdown", "complaint"),
    [
        ("$$ a $$ (loop)", "equation label 'loop' is no tag"),
        ("$$ a $$ (R1)\n\n$$ b $$ (R1)", "duplicate label of equation R1"),
        ("Text.\n\nInline $\\frac{1}{$ here.", "/index.md:5: WARNING: formula"),
        ("$$ \\nosuch $$", "Undefined control sequence"),
    ],
)
def test_faulty_maths_is_a_warning(build: Callable[[str], Built], markdown: str, complaint: str) -> None:
    _, said = build(markdown)
    assert complaint in said
