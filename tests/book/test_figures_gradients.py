"""<gradient-decay> in a browser: the reference's norms, in every choice, moved by the keyboard."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnncourse.figures.gradients import LAGS, NONLINEARITIES, slider_matrix, slider_norms

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "gradient-decay.js"


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_content("<gradient-decay><p id='fallback'>without scripts</p></gradient-decay>")
    page.add_script_tag(path=SCRIPT)
    yield page
    page.close()
    assert faults == []


def status(page):
    return page.locator("[role=status]").inner_text()


def number(text):
    """Read "0.250", "1.20·10⁻⁷" or "exactly 0"."""
    if text == "exactly 0":
        return 0.0
    digits = text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")).replace("·10", "e")
    return float(digits)


@pytest.mark.parametrize("normal", [True, False])
@pytest.mark.parametrize("kind", NONLINEARITIES)
def test_every_norm_is_the_references(page, kind, normal):
    for radius in (0.5, 0.83, 1.0, 1.17, 1.5):
        shown = page.evaluate(
            "([r, k, n]) => customElements.get('gradient-decay').norms(r, k, n)", [radius, kind, normal]
        )
        ours = slider_norms(radius, kind, normal)
        assert len(shown) == LAGS + 1
        np.testing.assert_allclose(shown, ours, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("normal", [True, False])
def test_the_text_and_the_curve_say_what_was_chosen(page, normal):
    for kind in NONLINEARITIES:
        page.locator(f"[value={kind}]").check()
        page.locator(f"[value={'normal' if normal else 'coupled'}]").check()
        for radius in (0.8, 1.2):
            page.locator("#radius").fill(str(radius))
            assert page.locator("output").inner_text() == f"{radius:.2f}"
            ours, said = slider_norms(radius, kind, normal), status(page)
            words = r"W_hh: (.+?)\. A gradient is multiplied by at most (.+?) over 10 steps, (.+?) over 60\."
            norm, ten, all_lags = (number(text) for text in re.search(words, said).groups())
            expected = [np.linalg.norm(slider_matrix(radius, normal), 2), ours[10], ours[LAGS]]
            np.testing.assert_allclose([norm, ten, all_lags], expected, rtol=5.1e-3)
            hump = 0 < ours.argmax() < LAGS and ours.max() > 1 + 1e-9
            assert ("It is largest" in said) == hump
            if hump:
                assert f"It is largest {ours.argmax()} steps back" in said
            # the curve: 200 pixels for 24 powers of ten, cut at the edges
            path = page.locator(".norm").get_attribute("d")
            heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
            with np.errstate(divide="ignore"):
                powers = np.clip(np.log10(ours), -12, 12)
            np.testing.assert_allclose(heights, 12 + 200 * (12 - powers) / 24, atol=0.051)


def test_the_keyboard_reaches_and_moves_everything(page):
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("output").inner_text() == "0.91"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("[value=linear]").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("[value=coupled]").is_checked()
    assert number(re.search(r", (\S+) over 60", status(page))[1]) == pytest.approx(
        slider_norms(0.91, "linear", False)[LAGS], rel=5.1e-3
    )


def test_every_control_has_a_name_and_the_fallback_gives_way(page):
    for name in ("Spectral radius of W_hh", "tanh", "linear", "ReLU", "non-normal"):
        assert page.get_by_label(name).count() == 1
    for group in ("Nonlinearity", "Matrix"):
        assert page.get_by_role("group", name=group).count() == 1
    assert not page.locator("#fallback").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_the_script_the_fallback_stands(browser):
    page = browser.new_page(java_script_enabled=False)
    page.set_content("<gradient-decay><p id='fallback'>without scripts</p></gradient-decay>")
    assert page.locator("#fallback").is_visible()
    page.close()


def test_nothing_moves_by_itself():
    source = SCRIPT.read_text(encoding="utf-8")
    assert not re.search(r"transition|animation|setInterval|requestAnimationFrame", source)
