"""The figure <unrolled-rnn> in a browser: it shows the reference's numbers, and the keyboard drives it."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnncourse.figures.rnn import Pencil, pencil_network
from rnncourse.reference import losses, output_layer, rnn

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "unrolled-rnn.js"
PAGE = f"""<!doctype html><html lang="en"><title>figure</title>
<unrolled-rnn role="group" aria-label="figure"><table><tr><td>static fallback</td></tr></table></unrolled-rnn>
<script>{SCRIPT.read_text("utf-8")}</script></html>"""
NUMBER = r"[−-]?\d+\.\d+"


@pytest.fixture
def page(browser) -> Iterator:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(PAGE)
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def calm_page(browser) -> Iterator:
    page = browser.new_page(reduced_motion="reduce")
    page.set_content(PAGE)
    yield page
    page.close()


def network_in(page) -> Pencil:
    """Read the weights that the element computes with."""
    model = page.evaluate("customElements.get('unrolled-rnn').model")
    array = {name: np.array(model[name], float) for name in ("E", "W_xh", "W_hh", "b_h", "W_hy", "b_y")}
    cell = rnn.Params(array["W_xh"], array["W_hh"], array["b_h"])
    return Pencil(
        tuple(model["words"]), tuple(model["sentence"]), array["E"], cell, array["W_hy"], array["b_y"]
    )


def answers(network: Pencil) -> tuple[np.ndarray, np.ndarray]:
    """States (T + 1, H), the initial one first, and probabilities (T, V), by the reference."""
    h, _ = rnn.forward(network.cell, network.E[network.ids])
    p = losses.softmax(output_layer.forward(h, network.W_hy, network.b_y))
    return np.concatenate([np.zeros((1, h.shape[2])), h[:, 0]]), p[:, 0]


def status(page) -> str:
    return page.locator("unrolled-rnn p").first.inner_text()


def step_shown(page) -> int:
    return int(re.match(r"step (\d) of 5", status(page))[1])


def test_the_weights_are_the_ones_of_the_chapter(page):
    shown, ours = network_in(page), pencil_network()
    assert (shown.vocabulary, shown.sentence) == (ours.vocabulary, ours.sentence)
    for ours_array, shown_array in zip(
        [ours.E, *ours.cell, ours.W_hy, ours.b_y], [shown.E, *shown.cell, shown.W_hy, shown.b_y], strict=True
    ):
        np.testing.assert_array_equal(shown_array, ours_array)


def test_every_step_shows_the_numbers_of_the_reference(page):
    network = network_in(page)
    states, probabilities = answers(network)
    for t in range(len(network.sentence) + 1):
        assert step_shown(page) == t
        shown = [float(n.replace("−", "-")) for n in re.findall(NUMBER, status(page))]
        # six decimals are displayed, so half a unit of the sixth is all that may be missing
        np.testing.assert_allclose(shown[:2], states[t], rtol=0, atol=5.1e-7)
        if t > 0:
            assert f"read “{network.sentence[t - 1]}”" in status(page)
            assert abs(shown[2] - probabilities[t - 1].max()) < 5.1e-7
            best = network.vocabulary[int(probabilities[t - 1].argmax())]
            assert f"most likely next word: {best} " in status(page)
            nodes = page.locator("unrolled-rnn [data-step]").nth(t).locator("text").all_text_contents()
            assert [float(n.replace("−", "-")) for n in nodes[:2]] == pytest.approx(
                list(states[t]), abs=5.1e-3
            )
            assert nodes[2] == best
        page.locator("unrolled-rnn [data-do=forward]").dispatch_event("click")
    assert step_shown(page) == 5  # and no further


def test_steps_ahead_show_no_numbers(page):
    page.get_by_role("button", name="Forward").click()
    for t in range(2, 6):
        assert page.locator("unrolled-rnn [data-step]").nth(t).locator("text").all_text_contents()[:2] == [
            "?",
            "?",
        ]


def test_the_static_figure_gives_way_to_the_element(page):
    assert not page.get_by_text("static fallback").is_visible()
    assert page.locator("unrolled-rnn svg").is_visible()


def test_the_arrow_keys_step(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "unrolled-rnn"
    for key, step in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 5),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        page.keyboard.press(key)
        assert step_shown(page) == step, key


def test_a_focused_weight_shows_all_its_uses_by_width_and_label(page):
    page.evaluate("document.querySelector('unrolled-rnn').shadowRoot.querySelector('button').focus()")
    for _ in range(3):  # past the three buttons of the steps, to the first weight
        page.keyboard.press("Tab")
    for weight in ("W_xh", "W_hh", "W_hy"):
        hot = page.locator("unrolled-rnn .use.hot")
        assert hot.count() == 5
        assert set(hot.evaluate_all("uses => uses.map(use => use.dataset.weight)")) == {weight}
        assert hot.locator("text").first.is_visible()
        wide = hot.locator(".line").first.evaluate("line => parseFloat(getComputedStyle(line).strokeWidth)")
        cold = page.locator("unrolled-rnn .use:not(.hot) .line").first
        assert wide > 2 * cold.evaluate("line => parseFloat(getComputedStyle(line).strokeWidth)")
        assert f"{weight} takes" in page.locator("unrolled-rnn p").nth(1).inner_text()
        page.keyboard.press("Tab")


def test_a_pointer_over_an_arrow_shows_its_weight_and_a_click_keeps_it(page):
    box = page.locator("unrolled-rnn .use[data-weight=W_hh] .reach").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)  # beside the thin line, not on it
    assert page.locator("unrolled-rnn .use.hot").count() == 5
    page.mouse.move(5, 700)
    assert page.locator("unrolled-rnn .use.hot").count() == 0
    button = page.get_by_role("button", name="W_hh")
    button.click()
    page.mouse.move(5, 700)
    page.evaluate("document.querySelector('unrolled-rnn').shadowRoot.activeElement?.blur()")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("unrolled-rnn .use.hot").count() == 5


def test_playing_moves_on_by_itself_and_pauses(page):
    play = page.get_by_role("button", name="Play")
    play.click()
    assert step_shown(page) == 1
    page.get_by_text("step 2 of 5").wait_for(timeout=5000)
    page.get_by_role("button", name="Pause").click()
    stopped = step_shown(page)
    page.wait_for_timeout(1500)
    assert step_shown(page) == stopped
    assert play.is_visible()


def test_nothing_moves_for_those_who_ask_for_less_motion(calm_page):
    assert calm_page.get_by_role("button", name="Play").count() == 0
    calm_page.get_by_role("button", name="Show all").click()
    assert step_shown(calm_page) == 5  # at once
    moving = "document.querySelector('unrolled-rnn').shadowRoot.getAnimations().length"
    assert calm_page.evaluate(moving) == 0


def test_it_fits_a_phone_and_announces_its_steps(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("unrolled-rnn p").first.get_attribute("aria-live") == "polite"
