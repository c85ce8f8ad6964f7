"""<recall-window> in a browser: the reference's counts, the clue where it says, moved by the keyboard."""

from pathlib import Path

import pytest

from rnncourse.reference.feedforward import rnn_parameters, window_mlp_parameters

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "recall-window.js"
SIZES = (64, 128, 1000)  # D, H, O, as in the chapter's table


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_content("<recall-window><p id='fallback'>without scripts</p></recall-window>")
    page.add_script_tag(path=SCRIPT)
    yield page
    page.close()
    assert faults == []


def move(page, name, value):
    page.locator(f"#{name}").fill(str(value))


def number(page, name):
    return int(page.locator(f"#{name}-count").inner_text().replace(",", ""))


def test_counts_equal_the_reference(page):
    for width in range(1, 13):
        move(page, "width", width)
        assert number(page, "mlp") == window_mlp_parameters(width, *SIZES)
        assert number(page, "rnn") == rnn_parameters(*SIZES)


@pytest.mark.parametrize("aside", range(9))
def test_the_clue_is_inside_exactly_when_the_window_reaches_it(page, aside):
    move(page, "aside", aside)
    for width in range(1, 13):
        move(page, "width", width)
        words = page.locator("li").all_inner_texts()
        distance = len(words) - 1 - words.index("cat")
        assert distance == 4 + aside
        seen = page.locator("li.in").all_inner_texts()
        assert seen == words[max(0, len(words) - 1 - width) : -1]
        verdict = "it is inside" if "cat" in seen else "it is outside"
        status = page.locator("[role=status]").inner_text()
        assert f"distance {distance}: {verdict}" in status


def test_the_keyboard_widens_and_slides_the_window(page):
    page.locator("#width").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#width-now").inner_text() == "3"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert page.locator("li.in").all_inner_texts() == ["cat", "sat", "on"]
    assert "To guess: “the”" in page.locator("[role=status]").inner_text()


def test_every_control_has_a_name_and_the_fallback_gives_way(page):
    for name in ("Words in the window", "Words between", "Slide the window"):
        assert page.get_by_label(name).count() == 1
    assert not page.locator("#fallback").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_the_script_the_fallback_stands(browser):
    page = browser.new_page(java_script_enabled=False)
    page.set_content("<recall-window><p id='fallback'>without scripts</p></recall-window>")
    assert page.locator("#fallback").is_visible()
    page.close()


def test_motion_only_where_it_is_welcome():
    source = SCRIPT.read_text(encoding="utf-8")
    assert source.count("transition") == 1
    assert "@media (prefers-reduced-motion: no-preference) { .bar { transition" in source
