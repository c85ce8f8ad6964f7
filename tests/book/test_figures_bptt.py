"""The figure <gradient-flow> in a browser: it shows the reference's gradients, and the keyboard drives it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnncourse.figures.bptt import pencil_flow
from rnncourse.figures.rnn import pencil_network
from rnncourse.reference import losses, output_layer, rnn

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "gradient-flow.js"
PAGE = f"""<!doctype html><html lang="en"><title>figure</title>
<gradient-flow role="group" aria-label="f"><table><tr><td>static fallback</td></tr></table></gradient-flow>
<script>{SCRIPT.read_text("utf-8")}</script></html>"""
T = 5


@pytest.fixture
def page(browser) -> Iterator:
    page = browser.new_page(viewport={"width": 390, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(PAGE)
    yield page
    page.close()
    assert errors == []


def numbers(texts: list[str]) -> np.ndarray:
    return np.array([float(text.replace("−", "-")) for text in texts])


def row(page, name: str) -> np.ndarray:
    return numbers(page.locator(f"gradient-flow [data-row={name}] td").all_text_contents())


def matrix(page, name: str) -> np.ndarray:
    return np.stack([row(page, f"{name}{i}") for i in (1, 2)])


def click(page, name: str) -> None:
    page.get_by_role("button", name=name).dispatch_event(
        "click"
    )  # a button without effect has to take it, too


def steps_back(page) -> int:
    caption = page.locator("gradient-flow caption").inner_text()
    return 0 if caption == "no step yet" else T + 1 - int(caption.removeprefix("at step "))


def test_the_weights_are_the_ones_of_the_chapter(page):
    model, net = page.evaluate("customElements.get('gradient-flow').model"), pencil_network()
    assert (tuple(model["words"]), tuple(model["sentence"])) == (net.vocabulary, net.sentence)
    names = ("E", "W_xh", "W_hh", "b_h", "W_hy", "b_y")
    for name, array in zip(names, (net.E, *net.cell, net.W_hy, net.b_y), strict=True):
        np.testing.assert_array_equal(np.array(model[name], float), array)


@pytest.mark.parametrize("last", ["cat", "mat"])
@pytest.mark.parametrize("window", [None, 3])
def test_every_step_shows_the_gradients_of_the_reference(page, last, window):
    flow, net = pencil_flow(last, window), pencil_network()
    h, _ = rnn.forward(net.cell, net.E[net.ids])
    p = losses.softmax(output_layer.forward(h, net.W_hy, net.b_y))[:, 0]
    click(page, f"“{last}”")
    click(page, "windows of 3 steps" if window else "everything")
    total = np.zeros((2, 2))
    for t in reversed(range(T)):
        click(page, "One step back")
        shown = {name: row(page, name) for name in ("direct", "carried", "total", "slope", "da")}
        ours = {
            "direct": flow.direct[t],
            "carried": flow.carried[t],
            "total": flow.total[t],
            "slope": 1 - h[t, 0] ** 2,
            "da": flow.da[t],
        }
        total += flow.shares[t]
        for name, values in ours.items():  # four decimals are displayed
            np.testing.assert_allclose(shown[name], values, rtol=0, atol=5.1e-5, err_msg=f"{name} at {t}")
        np.testing.assert_allclose(matrix(page, "share"), flow.shares[t], rtol=0, atol=5.1e-5)
        np.testing.assert_allclose(matrix(page, "sum"), total, rtol=0, atol=5.1e-5)
        box = page.locator(f"gradient-flow [data-step='{t + 1}'] text").all_text_contents()[:2]
        np.testing.assert_allclose(numbers(box), flow.total[t], rtol=0, atol=5.1e-4)
        word = ("cat", "sat", "on", "the", last)[t]
        odds = p[t, net.vocabulary.index(word)]
        said = page.locator("gradient-flow p").inner_text()
        assert f"“{word}” came, expected with {odds:.3f}" in said
        cut = window is not None and t > 0 and t % window == 0
        assert ("nothing goes back" in said) == cut
        assert page.locator("gradient-flow .cut").count() == (1 if window else 0)
    start = page.locator("gradient-flow [data-step='0'] text").all_text_contents()[:2]
    np.testing.assert_allclose(numbers(start), flow.dh0, rtol=0, atol=5.1e-4)
    click(page, "One step back")
    assert steps_back(page) == T  # and no further


def test_what_has_not_gone_back_yet_shows_no_numbers(page):
    assert page.locator("gradient-flow tr[data-row] td").all_text_contents() == ["–"] * 18
    click(page, "One step back")
    for t in range(5):
        assert page.locator(f"gradient-flow [data-step='{t}'] text").all_text_contents()[:2] == ["?", "?"]


def test_choices_are_pressed_and_keep_the_step(page):
    click(page, "One step back")
    click(page, "One step back")
    for name, other in (("“mat”", "“cat”"), ("windows of 3 steps", "everything")):
        click(page, name)
        assert page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
        assert page.get_by_role("button", name=other).get_attribute("aria-pressed") == "false"
        assert steps_back(page) == 2


def test_the_arrow_keys_go_back_and_undo(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "gradient-flow"
    for key, done in [
        ("ArrowLeft", 1),
        ("ArrowLeft", 2),
        ("ArrowRight", 1),
        ("Home", 5),
        ("ArrowLeft", 5),
        ("End", 0),
        ("ArrowRight", 0),
    ]:
        page.keyboard.press(key)
        assert steps_back(page) == done, key


def test_the_static_figure_gives_way_and_the_new_one_fits_a_phone(page):
    assert not page.get_by_text("static fallback").is_visible()
    assert page.locator("gradient-flow svg").is_visible()
    click(page, "All the way")
    assert steps_back(page) == T
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("gradient-flow p").get_attribute("aria-live") == "polite"
    moving = "document.querySelector('gradient-flow').shadowRoot.getAnimations().length"
    assert page.evaluate(moving) == 0
