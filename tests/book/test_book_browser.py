"""Every page, as a reader's browser sees it: in light and dark colours, on a phone and on a desk."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ON_COLOURS = ["color-contrast", "link-in-text-block"]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [f"{entry}.html" for entry in [TOC["root"], *(chapter["file"] for chapter in TOC["chapters"])]]
PAGES = [*CHAPTERS, "search.html?q=hidden+state", "404.html"]
WIDTHS = (390, 1280)
SETTLED = """new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
    Promise.allSettled(document.getAnimations().map((it) => it.finished))
        .then(() => requestAnimationFrame(done)))))"""
BUDGET = 350 * 1024  # bytes a page may weigh, gzipped, everything it loads included


@dataclass
class Visit:
    """What the browser saw on one page in one state."""

    addresses: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    width: int = 0


class Tab:
    """A page of one width, first in light colours, then in dark ones."""

    def __init__(self, browser: Browser, url: str, width: int) -> None:
        self.seen = {"light": Visit(), "dark": Visit()}
        self.now = self.seen["light"]
        # colours fade into one another and are not audited half way: with less motion they change at once
        self.context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme="light", reduced_motion="reduce"
        )
        self.page = page = self.context.new_page()
        page.on("request", lambda request: self.now.addresses.append(request.url))
        page.on("requestfailed", lambda it: self.now.failures.append(f"{it.url}: {it.failure}"))
        page.on("pageerror", lambda error: self.now.errors.append(str(error)))
        page.on("console", lambda it: it.type in ("error", "warning") and self.now.errors.append(it.text))
        page.on("requestfinished", lambda request: self.answered(request.response()))
        page.goto(url, wait_until="load")
        unfold(page)
        page.evaluate(AXE.read_text("utf-8"))

    def answered(self, response: Any) -> None:
        if response.status >= 400:
            self.now.failures.append(f"{response.url}: {response.status}")
        else:
            self.now.bodies[response.url] = response.body()

    def darken(self) -> None:
        """Let the system turn dark."""
        self.now = self.seen["dark"]
        self.page.emulate_media(color_scheme="dark")
        self.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        self.page.evaluate(SETTLED)

    def start_audit(self, rules: dict[str, Any]) -> None:
        """Let the page audit itself, and do not wait: tabs of two contexts do so at the same time."""
        self.now.width = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.evaluate(
            """only => { window.audit = new Promise((done) => setTimeout(
                () => done(axe.run({runOnly: only, resultTypes: ['violations']})))); }""",
            rules,
        )

    def end_audit(self) -> None:
        """Wait for what the audit found."""
        self.now.violations = [
            f"{rule['id']} ({rule['help']}): {node['html'][:200]}"
            for rule in self.page.evaluate("window.audit")["violations"]
            for node in rule["nodes"]
        ]


def visit(browser: Browser, url: str) -> dict[tuple[str, int], Visit]:
    """Load a page in both widths and light colours, look at it, let the system turn dark, and look again."""
    tabs = {width: Tab(browser, url, width) for width in WIDTHS}
    # colours are all that the dark theme changes, so the rules on colours are all that is asked again
    for scheme, rules in [("light", ("tag", RULES)), ("dark", ("rule", ON_COLOURS))]:
        for tab in tabs.values():
            if scheme == "dark":
                tab.darken()
            tab.start_audit(dict(zip(("type", "values"), rules, strict=True)))
        for tab in tabs.values():
            tab.end_audit()
    for tab in tabs.values():
        tab.context.close()
    return {(scheme, width): seen for width, tab in tabs.items() for scheme, seen in tab.seen.items()}


def unfold(page: Page) -> None:
    """Open everything that is folded, so that it is looked at too, and let the page settle."""
    page.evaluate("document.querySelectorAll('article details').forEach((fold) => { fold.open = true; })")
    page.evaluate(
        "document.querySelectorAll('.selfcheck details').forEach((fold) => { fold.hidden = false; })"
    )
    page.evaluate(SETTLED)
    page.wait_for_timeout(200)  # the script on boxes that scroll takes its time


@pytest.fixture(scope="module")
def visits(browser: Browser, address: str) -> dict[tuple[str, str, int], Visit]:
    assert AXE.is_file(), "axe-core is missing: run `make course`"
    return {
        (page, scheme, width): seen
        for page in PAGES
        for (scheme, width), seen in visit(browser, f"{address}/{page}").items()
    }


def complaints(visits: dict[tuple[str, str, int], Visit], attribute: str) -> str:
    """One line for each thing that was seen, with the states that it was seen in."""
    places: dict[str, list[str]] = {}
    for (page, scheme, width), seen in visits.items():
        for complaint in getattr(seen, attribute):
            places.setdefault(complaint, []).append(f"{page} {scheme} {width}")
    return "\n".join(f"{complaint}\n    on {'; '.join(where)}" for complaint, where in places.items())


def test_no_request_leaves_the_host(visits: dict[tuple[str, str, int], Visit], address: str) -> None:
    outside = {
        url for seen in visits.values() for url in seen.addresses if not url.startswith((address, "data:"))
    }
    assert not outside
    assert all(seen.addresses for (_, scheme, _), seen in visits.items() if scheme == "light")


def test_no_request_fails(visits: dict[tuple[str, str, int], Visit]) -> None:
    assert not (said := complaints(visits, "failures")), f"\n{said}"


def test_the_console_stays_silent(visits: dict[tuple[str, str, int], Visit]) -> None:
    assert not (said := complaints(visits, "errors")), f"\n{said}"


def test_axe_finds_nothing(visits: dict[tuple[str, str, int], Visit]) -> None:
    assert not (said := complaints(visits, "violations")), f"\n{said}"


def test_nothing_scrolls_sideways_on_a_phone(visits: dict[tuple[str, str, int], Visit]) -> None:
    assert {key: seen.width for key, seen in visits.items() if seen.width > key[2]} == {}


def test_every_page_is_light(visits: dict[tuple[str, str, int], Visit]) -> None:
    weights = {
        key[0]: sum(len(gzip.compress(body)) for body in seen.bodies.values())
        for key, seen in visits.items()
        if key[1:] == ("light", 1280)
    }
    assert len(weights) == len(PAGES)
    assert all(weight > 20_000 for weight in weights.values()), f"the bodies were not seen: {weights}"
    assert {page: weight for page, weight in weights.items() if weight > BUDGET} == {}


def test_the_site_opens_at_its_first_page(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/")
    page.wait_for_url(f"{address}/{TOC['root']}.html")
    assert "The Machine That Remembers" in page.title()
    page.close()


def test_from_a_folder_pages_load_whole_and_links_lead_on(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    lost: list[str] = []
    page.on("requestfailed", lambda request: lost.append(request.url))
    page.on("pageerror", lambda error: lost.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file:", "data:")) else lost.append(request.url),
    )
    page.goto((site / "index.html").as_uri())
    page.wait_for_url("**/index.html")
    for chapter in CHAPTERS[1:]:
        page.click(".prev-next-area .right-next")
        page.wait_for_url(f"**/{chapter}")
        assert page.evaluate("document.fonts.ready.then(() => document.fonts.status)") == "loaded"
    assert not lost
    page.close()


@pytest.mark.parametrize("served", [True, False], ids=["served", "folder"])
def test_search_finds_a_chapter(browser: Browser, site: Path, address: str, served: bool) -> None:
    page = browser.new_page()
    page.goto(f"{address if served else site.as_uri()}/search.html?q=embedding")
    page.wait_for_selector("#search-results li a")
    links = page.eval_on_selector_all(
        "#search-results li a", "links => links.map((a) => a.getAttribute('href'))"
    )
    assert any(link.startswith("book/feedforward.html") for link in links)
    page.close()


@pytest.mark.parametrize("page", CHAPTERS[2:])
def test_boxes_that_scroll_take_the_focus_and_have_names(browser: Browser, address: str, page: str) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    tab.goto(f"{address}/{page}")
    tab.wait_for_timeout(500)
    unfold(tab)
    wide = tab.evaluate("""[...document.querySelectorAll(".formula, pre, .pst-scrollable-table-container")]
        .filter((box) => box.scrollWidth > box.clientWidth + 1)
        .map((box) => [box.tabIndex, box.getAttribute("role"), box.getAttribute("aria-label") || ""])""")
    assert wide, "no box is wider than a phone: this test sees nothing"
    assert all(index == 0 and role == "region" and name for index, role, name in wide), wide
    assert len({name for *_, name in wide}) == len(wide)
    tab.close()


def test_self_checks_answer_to_the_keyboard(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/book/rnn.html")
    forms = page.locator("form.selfcheck[data-kind=choice]")
    assert forms.count() >= 1
    form = forms.first
    choices, items = form.locator("input[type=radio]"), form.locator("details li")
    assert choices.count() == items.count() >= 2
    assert form.locator("details").is_hidden()
    right = [items.nth(n).get_attribute("data-right") for n in range(items.count())].index("true")

    choices.first.focus()
    page.keyboard.press("Space")
    for index in range(choices.count()):
        assert choices.nth(index).is_checked()
        form.locator("button").focus()
        page.keyboard.press("Enter")
        verdict = form.locator(".verdict")
        assert verdict.get_attribute("aria-live") == "polite"
        assert verdict.inner_text().startswith("Right." if index == right else "Not quite.")
        why = items.nth(index).locator(".why").text_content()
        assert why and why in (verdict.text_content() or "")
        choices.nth(index).focus()
        page.keyboard.press("ArrowDown")
    assert form.locator("details").is_visible()
    page.close()


def test_without_scripts_the_answers_are_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/rnn.html")
    form = page.locator("form.selfcheck").first
    assert form.locator("details summary").is_visible()
    assert form.locator("button").is_hidden()
    form.locator("details summary").click()
    assert form.locator("details li").first.is_visible()
    assert page.locator(".katex-html").first.is_visible()
    context.close()


def test_self_checks_know_a_right_number_from_a_wrong_one(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/book/rnn.html")
    form = page.locator("form.selfcheck[data-kind=number]").first
    field, verdict = form.locator("input"), form.locator(".verdict")
    number = float(field.get_attribute("data-number") or "")
    off = float(field.get_attribute("data-tolerance") or "")
    for typed, opening in [
        ("", "Not quite. Type a number"),
        (f"{number + 2 * off + 1}", "Not quite. Try again"),
        (f"{number + off}", "Right."),
    ]:
        field.fill(typed)
        field.press("Enter")
        assert verdict.inner_text().startswith(opening)
    assert form.locator("details .why").text_content() in (verdict.text_content() or "")
    page.close()


@pytest.mark.parametrize("served", [True, False], ids=["served", "folder"])
def test_one_choice_of_a_library_holds_for_the_whole_book(
    browser: Browser, site: Path, address: str, served: bool
) -> None:
    base = address if served else site.as_uri()
    page = browser.new_page()
    # the library of every tab set that shows code in NumPy and in Torch
    shown = """() => [...document.querySelectorAll(".sd-tab-label")]
        .filter((label) => ["NumPy", "Torch"].includes(label.innerText.trim()))
        .filter((label) => label.previousElementSibling.checked).map((label) => label.innerText.trim())"""
    page.goto(f"{base}/book/feedforward.html")
    before = page.evaluate(shown)
    assert len(before) > 1 and set(before) == {"NumPy"}
    page.locator(".sd-tab-label", has_text="Torch").last.click()
    assert set(page.evaluate(shown)) == {"Torch"}
    page.goto(f"{base}/book/rnn.html")
    after = page.evaluate(shown)
    assert len(after) > 1 and set(after) == {"Torch"}
    page.close()


def test_paper_is_white_and_shows_what_is_folded(browser: Browser, address: str) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{address}/book/rnn.html")
    state = """() => [document.documentElement.dataset.theme,
        [...document.querySelectorAll("article details")].map((fold) => [fold.open, fold.hidden])]"""
    theme, folds = page.evaluate(state)
    assert theme == "dark" and [False, True] in folds and [False, False] in folds
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate(state) == ["light", [[True, False]] * len(folds)]
    assert page.locator(".bd-header-article").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(state) == [theme, folds]
    page.close()


def test_no_line_begins_with_a_full_stop(browser: Browser, address: str) -> None:
    """A short formula and the mark behind it stay together, however narrow the page is."""
    page = browser.new_page()
    page.goto(f"{address}/book/feedforward.html")
    alone = """() => [...document.querySelectorAll("article .math.whole")].filter((formula) => {
        const mark = formula.lastChild;
        if (mark.nodeType !== Node.TEXT_NODE || formula.offsetParent === null) return false;
        window.marks = (window.marks ?? 0) + 1;
        const range = document.createRange();
        range.selectNodeContents(mark);
        return range.getBoundingClientRect().left < formula.getBoundingClientRect().left + 2;
    }).map((formula) => formula.innerText)"""
    for width in range(340, 470, 10):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(alone) == [], f"at {width} px"
    assert page.evaluate("window.marks") > 100
    page.close()
