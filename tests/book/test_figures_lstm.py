"""The figure <gate-explorer> in a browser: it shows the reference's numbers, and the keyboard drives it."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnncourse.figures.lstm import explorer_params, explorer_start
from rnncourse.reference import lstm

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "gate-explorer.js"
PAGE = f"""<!doctype html><html lang="en"><title>figure</title>
<gate-explorer role="group" aria-label="figure"><table><tr><td>static fallback</td></tr></table>
</gate-explorer><script>{SCRIPT.read_text("utf-8")}</script></html>"""
NUMBER = r"−?\d+\.\d+(?:e[+−]\d+)?"
T = 10
ELEMENT = "document.querySelector('gate-explorer')"


@pytest.fixture
def page(browser) -> Iterator:
    page = browser.new_page(viewport={"width": 390, "height": 1100})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(PAGE)
    yield page
    page.close()
    assert errors == []


def slide(page, name, value) -> None:
    page.locator(f"gate-explorer input[name={name}]").fill(str(value))


def numbers(page) -> list[float]:
    """What the text says of the chosen step: i, f, g, o, c, h and the two gradients."""
    text = page.locator("gate-explorer p").inner_text()
    said = re.sub(r"for a loss L = h at step \d+", "", text).split(":", 1)[1]
    return [float(n.replace("−", "-")) for n in re.findall(NUMBER, said)]


def settings(page) -> tuple[np.ndarray, float]:
    """Inputs (T, 1, 4) and the weight that the element computes with at this moment."""
    now = page.evaluate(f"{ELEMENT}.now")
    return np.array([now[gate] for gate in "ifgo"], float).T[:, None], float(now["w"])


def by_the_reference(inside: np.ndarray, weight: float) -> np.ndarray:
    """Return a row for each step: i, f, g, o, c, h, dL/dc along the belt, and along all paths, L = h_T.

    Each total is what the reference's ``backward`` says of the rest of the sequence: a nudge of the cell
    after step t moves the steps after it, and h_t with it.
    """
    params = explorer_params(weight)
    h, c, cache = lstm.forward(params, inside)
    gates = cache.gates[:, :, 0, 0]
    totals = []
    for t in range(T):
        o, slope = gates[t, 3], 1 - np.tanh(c[t, 0, 0]) ** 2
        if t == T - 1:
            totals.append(o * slope)
            continue
        _, _, rest = lstm.forward(params, inside[t + 1 :], h[t], c[t])
        dh = np.zeros((T - 1 - t, 1, 1))
        dh[-1] = 1
        _, dh0, dc0, _ = lstm.backward(dh, np.zeros((1, 1)), rest)
        totals.append(dc0[0, 0] + dh0[0, 0] * o * slope)
    belt = [totals[-1] * np.prod(gates[t + 1 :, 1]) for t in range(T)]
    return np.column_stack([gates, c[:, 0], h[:, 0], belt, totals])


def assert_equal_at_every_step(page) -> None:
    expected = by_the_reference(*settings(page))
    for t in range(T):
        slide(page, "step", t + 1)
        # six decimals are displayed, or six digits after the first for large numbers
        np.testing.assert_allclose(numbers(page), expected[t], rtol=6e-7, atol=5.1e-7)
        for row, value in zip(["i", "f", "g", "o", "c", "h", "direct", "total"], expected[t], strict=True):
            texts = page.locator(f"gate-explorer [data-row={row}] text:not(.label)").all_text_contents()
            assert float(texts[t].replace("−", "-")) == pytest.approx(value, abs=5.1e-3, rel=0.5)


def test_it_starts_with_what_the_page_shows_without_scripts(page):
    inside, weight = settings(page)
    ours, w = explorer_start()
    np.testing.assert_array_equal(inside, ours)
    assert weight == w
    assert not page.get_by_text("static fallback").is_visible()


@pytest.mark.parametrize("preset", range(6))
def test_every_setting_shows_the_numbers_of_the_reference(page, preset):
    page.locator("gate-explorer button").nth(preset).click()
    assert_equal_at_every_step(page)


@pytest.mark.parametrize("weight", [-8, -2.5, 3, 8])
def test_the_path_through_h_is_in_the_total_and_not_on_the_belt(page, weight):
    page.get_by_role("button", name="Half open, no input").click()
    slide(page, "w", weight)
    assert_equal_at_every_step(page)
    slide(page, "step", 1)
    belt, total = numbers(page)[-2:]
    assert abs(belt - total) > 1e-6


def test_what_the_chapter_says_about_the_weight(page):
    """Gone after one step at -2, whole at 2, growing on its way back above 2, and below -6 with signs."""
    page.get_by_role("button", name="Half open, no input").click()
    totals = {}
    for weight in (-8, -2, 2, 4):
        slide(page, "w", weight)
        totals[weight] = []
        for step in range(1, 11):
            slide(page, "step", step)
            belt, total = numbers(page)[-2:]
            totals[weight].append(total)
            assert belt == pytest.approx(0.5 ** (11 - step), abs=1e-6)
    assert totals[-2] == pytest.approx([0] * 9 + [0.5], abs=1e-6)
    assert totals[2] == pytest.approx([0.5] * 10, abs=1e-6)
    assert totals[4] == pytest.approx([0.5 * 1.5 ** (10 - step) for step in range(1, 11)], abs=1e-4)
    assert totals[-8] == pytest.approx([0.5 * (-1.5) ** (10 - step) for step in range(1, 11)], abs=1e-4)


def test_sliders_change_one_step_or_all_but_the_first(page):
    before, _ = settings(page)
    slide(page, "step", 4)
    slide(page, "f", -1.5)
    after, _ = settings(page)
    changed = before.copy()
    changed[3, 0, 1] = -1.5
    np.testing.assert_array_equal(after, changed)
    page.locator("input[name=every]").check()
    slide(page, "o", 0.5)
    changed[1:, 0, 3] = 0.5
    np.testing.assert_array_equal(settings(page)[0], changed)
    assert_equal_at_every_step(page)
    assert page.locator("gate-explorer [aria-pressed=true]").count() == 0  # no longer one of the settings


def test_bars_can_be_dragged(page):
    frame = page.locator("gate-explorer [data-row=f] .frame").nth(5)
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + 30)
    page.mouse.up()
    inside, _ = settings(page)
    assert inside[5, 0, 1] == -6  # dragged below the bottom: shut
    assert page.locator("gate-explorer p").inner_text().startswith("step 6 of 10")
    assert abs(numbers(page)[4]) < 0.01  # erased
    page.mouse.move(box["x"], box["y"])  # let go: nothing follows the pointer any more
    np.testing.assert_array_equal(settings(page)[0], inside)


def test_the_keyboard_does_it_all(page):
    names = []
    for _ in range(6 + 7):  # six settings, the step, the tick, four gates, the weight
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(f"{ELEMENT}.shadowRoot.activeElement.closest('label, button').textContent.trim()")
        )
    assert names[0] == "Write once, keep" and names[-1].startswith("Weight from the old h")
    page.keyboard.press("ArrowRight")
    assert settings(page)[1] == 0.5
    page.locator("input[name=step]").focus()
    page.keyboard.press("Home")
    assert page.locator("gate-explorer p").inner_text().startswith("step 1 of 10")


def test_it_fits_a_phone_names_its_controls_and_moves_nothing_by_itself(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("gate-explorer p").get_attribute("role") == "status"
    for name in ("Step: 10", "Inside i", "Inside f", "Inside o", "Inside g", "Weight from the old h"):
        assert page.get_by_role("slider", name=name).count() == 1
    assert page.get_by_role("checkbox", name="change every step").count() == 1
    source = SCRIPT.read_text("utf-8")
    assert not re.search(r"transition|animat|setInterval|setTimeout", source)


def test_without_scripts_the_table_stands(browser):
    page = browser.new_page(java_script_enabled=False)
    page.set_content(PAGE)
    assert page.get_by_text("static fallback").is_visible()
    page.close()
