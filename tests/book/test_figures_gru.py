"""<lstm-beside-gru> in a browser: the references' numbers, moved by the keyboard and by the pointer."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnncourse.figures import gru as pictures
from rnncourse.reference import gru, lstm

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "lstm-beside-gru.js"
PAGE = f"""<!doctype html><html lang="en"><title>figure</title>
<lstm-beside-gru role="group" aria-label="figure"><div>static fallback</div></lstm-beside-gru>
<script>{SCRIPT.read_text("utf-8")}</script></html>"""
BIASES = ("b_i", "b_f", "b_o", "b_r", "b_z")
GATES = {"lstm": ("i", "f", "o", "g", "c", "h"), "gru": ("r", "z", "n", "h")}


@pytest.fixture
def page(browser) -> Iterator:
    page = browser.new_page(viewport={"width": 390, "height": 1100})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(PAGE)
    yield page
    page.close()
    assert errors == []


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def expected(x, of_lstm, of_gru) -> dict[str, dict[str, np.ndarray]]:
    """Every number that the figure can show, (T,) each, by the references and one line for each gate."""
    h, c, _ = lstm.forward(of_lstm, x)
    s, cache = gru.forward(of_gru, x)
    h_before = np.concatenate([np.zeros((1, 1, 1)), h[:-1]])
    i, f, g, o = np.split(x @ of_lstm.W_xh.T + h_before @ of_lstm.W_hh.T + of_lstm.b_h, 4, axis=-1)
    gates = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o), "c": c, "h": h}
    r, z, n = cache.gates.swapaxes(0, 1)
    shown = {"lstm": gates, "gru": {"r": r, "z": z, "n": n, "h": s}}
    return {cell: {k: v[:, 0, 0] for k, v in numbers.items()} for cell, numbers in shown.items()}


def shown(page, cell: str) -> dict[str, float]:
    text = page.locator(f"lstm-beside-gru [data-cell={cell}]").inner_text()
    return {name: float(v.replace("−", "-")) for name, v in re.findall(r"(\w) ([−-]?\d+\.\d+)", text)}


def move(page, slider: str, value: float) -> None:
    page.locator(f"lstm-beside-gru #{slider}").fill(f"{value:g}")


def assert_all_steps_shown(page, numbers) -> None:
    for t in range(pictures.STEPS):
        move(page, "step", t + 1)
        for cell, names in GATES.items():
            found = shown(page, cell)
            assert set(found) == set(names)
            for name, value in found.items():  # six decimals are displayed
                assert value == pytest.approx(numbers[cell][name][t], abs=5.1e-7), (cell, name, t)


@pytest.mark.parametrize("name", pictures.SETTINGS)
def test_a_button_sets_what_it_names_and_shows_the_numbers_of_the_references(page, name):
    button = page.get_by_role("button", name=name)
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    setting = pictures.SETTINGS[name]
    for slider in (*BIASES, "mark"):
        assert float(page.locator(f"lstm-beside-gru #{slider}").input_value()) == getattr(setting, slider)
    assert_all_steps_shown(page, expected(*pictures.two_cells(setting)))


def test_whatever_the_reader_sets_the_numbers_stay_the_references(page):
    rng = np.random.default_rng(0)
    setting = pictures.SETTINGS["Fresh"]
    for slider in BIASES:
        setting = setting._replace(**{slider: float(rng.integers(-8, 9)) / 2})
        move(page, slider, getattr(setting, slider))
    setting = setting._replace(mark=3.5, x=np.round(rng.uniform(-1.5, 1.5, pictures.STEPS), 1))
    setting.x[5] = 0
    move(page, "mark", 3.5)
    for t, value in enumerate(setting.x):
        move(page, "step", t + 1)
        move(page, "value", value)
    assert page.locator("lstm-beside-gru [aria-pressed=true]").count() == 0  # it is no longer a preset
    assert_all_steps_shown(page, expected(*pictures.two_cells(setting)))


def test_the_step_of_each_cell_is_the_whole_step(page):
    """With weights that the chapter leaves at zero, too: the figure computes all of both cells."""
    rng = np.random.default_rng(1)
    entry = {"mark": 2.0, "-mark": -2.0, **dict.fromkeys(BIASES, 0.5)}
    model = page.evaluate("customElements.get('lstm-beside-gru').model")
    for cell in model.values():
        cell["W_hh"] = rng.normal(size=len(cell["W_hh"])).tolist()
    model["gru"]["b_hn"] = 0.7
    page.evaluate("model => { customElements.get('lstm-beside-gru').model = model; }", model)
    page.get_by_role("button", name="Add two values").click()
    for slider in BIASES:
        move(page, slider, 0.5)
    move(page, "mark", 2)

    def number(rows):
        return np.array(
            [[entry.get(v, v) for v in np.atleast_1d(row)] for row in np.array(rows, object)], float
        )

    x = pictures.two_cells(pictures.SETTINGS["Add two values"])[0]
    of_lstm = lstm.Params(*(number(model["lstm"][k]) for k in ("W_xh", "W_hh", "b_h")))
    of_gru = gru.Params(*(number(model["gru"][k]) for k in ("W_xh", "W_hh", "b_h")), np.array([0.7]))
    assert_all_steps_shown(
        page, expected(x, of_lstm._replace(b_h=of_lstm.b_h[:, 0]), of_gru._replace(b_h=of_gru.b_h[:, 0]))
    )


def test_the_curves_follow_the_numbers_and_are_told_apart_by_dashes(page):
    page.get_by_role("button", name="Count up and down").click()
    numbers = expected(*pictures.two_cells(pictures.SETTINGS["Count up and down"]))
    top = abs(numbers["lstm"]["c"]).max()
    for cell, names in {"lstm": ("c", "h", "i", "f", "o"), "gru": ("h", "r", "z")}.items():
        for name in names:
            line = page.locator(f"lstm-beside-gru #{cell} [data-line={name}]")
            drawn = np.array([point.split(",") for point in line.get_attribute("points").split()], float)[
                :, 1
            ]
            values = numbers[cell][name]
            y = 52 - 44 * values / top if name in "ch" else 168 - 56 * values
            np.testing.assert_allclose(drawn, y, atol=0.051)
    dashes = page.locator("lstm-beside-gru #lstm polyline").evaluate_all(
        "lines => lines.slice(2).map(line => getComputedStyle(line).strokeDasharray)"
    )
    assert len(set(dashes)) == 3


def test_the_keyboard_steps_and_sets(page):
    page.locator("lstm-beside-gru #step").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "Step 2 of 24, input 0.0." in page.locator("lstm-beside-gru p").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert "Step 2 of 24, input 0.1." in page.locator("lstm-beside-gru p").inner_text()
    before = shown(page, "gru")
    page.locator("lstm-beside-gru #b_z").focus()
    page.keyboard.press("ArrowLeft")
    assert shown(page, "gru")["z"] < before["z"]


def test_a_bar_can_be_dragged(page):
    box = page.locator("lstm-beside-gru svg.input").bounding_box()
    place = box["x"] + box["width"] * (12 + 7 * 260 / 23) / 300  # the eighth step
    page.mouse.move(place, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(place, box["y"] + box["height"] * 12 / 56)  # 28 - 16 * 1
    page.mouse.up()
    assert "Step 8 of 24, input 1.0." in page.locator("lstm-beside-gru p").inner_text()
    page.mouse.move(place, box["y"] + box["height"])  # the button is up: nothing follows
    assert "Step 8 of 24, input 1.0." in page.locator("lstm-beside-gru p").inner_text()


def test_every_control_has_a_name_the_text_is_announced_and_it_fits_a_phone(page):
    sliders = page.locator("lstm-beside-gru input")
    assert sliders.count() == 8
    names = sliders.evaluate_all("all => all.map(one => one.labels[0].innerText.trim())")
    assert len(set(names)) == 8 and all(names)
    assert page.locator("lstm-beside-gru p").get_attribute("aria-live") == "polite"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.get_by_text("static fallback").is_visible()


def test_without_the_script_the_fallback_stands(browser):
    page = browser.new_page(java_script_enabled=False)
    page.set_content(PAGE)
    assert page.get_by_text("static fallback").is_visible()
    page.close()


def test_nothing_moves_by_itself():
    source = SCRIPT.read_text("utf-8")
    assert not re.search(r"transition|animation|setInterval|setTimeout|requestAnimationFrame", source)
