"""What a verdict says, in plain text and in HTML, and the marks that it gives."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks import Verdict, check, hint
from rnncourse.reference import rnn as reference


def right(x_t, h_prev, *weights):
    return reference.step(reference.Params(*weights), x_t, h_prev)


def transposed(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh + b_h)


def test_seed_repeats_a_check():
    first, again, other = (check("rnn.rnn_step", transposed, seed) for seed in (7, 7, 8))
    assert first.message == again.message != other.message
    assert first.seed == 7
    assert "seed=7" in first.message


def test_without_a_seed_inputs_are_new_and_can_be_repeated(monkeypatch):
    monkeypatch.delenv("RNNCOURSE_SEED", raising=False)
    first, second = check("rnn.rnn_step", transposed), check("rnn.rnn_step", transposed)
    assert first.seed != second.seed
    assert check("rnn.rnn_step", transposed, first.seed).message == first.message


def test_a_graded_submission_has_its_seed_from_the_environment(monkeypatch):
    monkeypatch.setenv("RNNCOURSE_SEED", "4711")
    assert check("rnn.rnn_step", transposed).seed == 4711
    assert check("rnn.rnn_step", transposed, 7).seed == 7
    monkeypatch.setenv("RNNCOURSE_SEED", "a word")  # nothing that somebody set can break a check
    assert check("rnn.rnn_step", transposed).seed != check("rnn.rnn_step", transposed).seed


def test_message_tells_all():
    verdict = check("rnn.rnn_step", transposed, 7)
    asked = checks.find("rnn.rnn_step")
    case = asked.draw(np.random.default_rng(7))[0]
    error = np.abs(transposed(*case.exact()) - asked.expected(case)[0])
    place = np.unravel_index(error.argmax(), error.shape)
    message = " ".join(verdict.message.split())
    for shape in (case.args["x_t"].shape, case.args["W_hh"].shape):
        assert str(shape) in message
    assert f"h_t[{place[0]}, {place[1]}]: expected {asked.expected(case)[0][place]:.6g}, got" in message
    assert f"(off by {error.max():.3g})" in message
    assert "One step of the loop" in message
    assert "W_hh where its transpose is meant" in message
    assert 'hint("rnn.rnn_step")' in message
    assert "not yet" in message


def test_message_shows_the_call_that_failed():
    """Right but for T = 1: the shapes shown are of the call with T = 1."""

    def answer(x, h0, *weights):
        return reference.forward(reference.Params(*weights), x, h0)[0] * (len(x) > 1)

    verdict = check("rnn.rnn_forward", answer, 2)
    assert "x (1, " in verdict.called
    assert "With T = 1: " in verdict.message


def test_guarded_message_gives_no_value_away():
    verdict = check("rnn.rnn_step", transposed, 7)
    assert "expected" not in verdict.guarded_message
    assert "seed" not in verdict.guarded_message
    assert "numbers in h_t are off" in verdict.guarded_message
    assert "W_hh where its transpose" in " ".join(verdict.guarded_message.split())


def test_passing_is_short():
    verdict = check("rnn.rnn_step", right, 1)
    assert (verdict.passed, verdict.score, verdict.mistake) == (True, 1.0, None)
    assert verdict.message == "rnn.rnn_step: right. All 7 properties hold. Well done."


def test_details_have_one_entry_for_each_property():
    verdict = check("rnn.rnn_step", transposed, 1)
    assert [entry.name for entry in verdict.details] == [
        rule.name for rule in checks.find("rnn.rnn_step").rules
    ]
    assert sum(entry.weight for entry in verdict.details) == pytest.approx(1)
    assert verdict.details[0].message
    assert not verdict.details[0].passed


class Reader(HTMLParser):
    """Collects text and tags, and fails on tags that are not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_html_says_what_the_text_says_in_words():
    reader = read(check("rnn.rnn_step", transposed, 7)._repr_html_())
    for words in (
        "not yet:",
        "values",
        "expected",
        "W_hh where its transpose is meant",
        "One step of the loop",
    ):
        assert words in reader.text
    assert ("div", "Verdict on rnn.rnn_step") in [
        (tag, attrs.get("aria-label")) for tag, attrs in reader.tags
    ]


def test_html_takes_its_colours_from_the_page():
    styles = " ".join(re.findall(r'style="(.*?)"', check("rnn.rnn_step", transposed, 7)._repr_html_()))
    assert "currentColor" in styles
    assert not re.search(r"#|rgb|background:(?!transparent)", styles)
    assert "color:inherit" in check("rnn.rnn_step", lambda *args: print("x"), 7)._repr_html_()


def test_html_escapes_what_a_learner_says():
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>'

    def answer(*args):
        print(evil)
        raise ValueError(evil)

    class Evil:
        pass

    Evil.__name__ = evil
    for function in (answer, lambda *args: Evil()):
        reader = read(check("rnn.rnn_step", function, 1)._repr_html_())
        assert {tag for tag, _ in reader.tags} <= {
            "div",
            "p",
            "strong",
            "code",
            "ul",
            "li",
            "br",
            "span",
            "pre",
        }
        assert evil in reader.text


def test_marks_prints_and_returns_a_float(capfd):
    verdict = check("rnn.rnn_step", right, 1)
    assert verdict.marks(5) == 5.0
    assert type(verdict.marks(5)) is float
    out, err = capfd.readouterr()
    assert out == f"{verdict.message.replace('right.', 'right (5 of 5 marks).')}\n" * 2
    assert err == ""


def test_marks_of_a_part(capsys):
    verdict = Verdict("rnn.rnn_step", False, 0.4567, None, ())
    assert verdict.marks(10) == 4.57
    assert capsys.readouterr().out.startswith("rnn.rnn_step: partly right, 46% (4.57 of 10 marks).")


def test_no_marks_are_counted_out(capsys):
    check("rnn.rnn_step", lambda *args: None, 1).marks(6)
    assert capsys.readouterr().out.startswith("rnn.rnn_step: not yet (0 of 6 marks).")


def test_named_mistake_comes_first():
    verdict = check("rnn.rnn_step", transposed, 7)
    assert verdict.message.splitlines()[1].startswith("Your numbers are what comes out when the state is")
    text = read(verdict._repr_html_()).text
    assert text.index("Your numbers are") < text.index("Called:") < text.index("values")


def test_a_flood_of_printing_is_cut():
    def answer(*args):
        for number in range(10_000):
            print("step", number)
        return right(*args)

    message = check("rnn.rnn_step", answer, 1).message
    assert message.splitlines()[-2:] == ["    step 7", "    ..."]


def test_short_printing_is_kept_whole():
    message = check("rnn.rnn_step", lambda *args: print("a\nb"), 1).message
    assert message.endswith("Your function printed:\n    a\n    b")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x_t, h_prev, W_xh, W_hh, b_h: x_t @ W_xh, "the last axis of a must be as long as"),
        (lambda x_t, h_prev, W_xh, W_hh, b_h: np.dot(x_t, W_xh), "the last axis of the left must be as long"),
        (lambda x_t, h_prev, W_xh, W_hh, b_h: x_t + h_prev, "Shapes are compared from the right"),
        (lambda x_t, h_prev, W_xh, W_hh, b_h: x_t[x_t], "compare first: mask != 0"),
        (lambda x_t, h_prev, W_xh, W_hh, b_h: x_t[[0, 1], [0, 1, 2]], "used together as indices"),
        (lambda x_t, h_prev, W_xh, W_hh, b_h: not_there, "has it been run?"),  # noqa: F821
        (lambda x_t, h_prev: x_t, "Keep the names, the order and the number"),
    ],
)
def test_errors_of_numpy_are_put_into_a_learners_words(answer, words):
    said = check("rnn.rnn_step", answer, 3).details[0].message.splitlines()
    assert words in said[-1]
    assert "lambda" not in said[-1]  # it is our sentence, not the learner's own line


def test_an_argument_written_to_is_put_into_words():
    def answer(x_t, *rest):
        x_t *= 1
        return right(x_t, *rest)

    message = " ".join(check("rnn.rnn_step", answer, 3).message.split())
    assert "With arguments that must not be written to: It raised ValueError" in message
    assert "An argument is written to here." in message


def test_a_tuple_where_one_array_is_asked_for():
    def answer(x, h0, *weights):
        h = reference.forward(reference.Params(*weights), x, h0)[0]
        return h, h[-1]

    message = " ".join(check("rnn.rnn_forward", answer, 3).message.split())
    assert "h is a tuple of length 2; one array of shape (" in message


def test_marks_prints_where_few_letters_are_known(monkeypatch):
    code = (
        "from rnncourse.checks import check\n"
        "def answer(*args): raise ValueError('\\u2713')\n"
        "check('rnn.rnn_step', answer, 1).marks(1)\n"
    )
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u2713" in done.stdout


def test_marks_in_ipython_is_a_rich_display_and_a_number():
    code = """
import json
import re
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
cell = "from rnncourse.checks import check\\ncheck('rnn.rnn_step', lambda *args: None, 1).marks(5)"
with capture_output() as captured:
    result = shell.run_cell(cell)
print(json.dumps([result.result, [sorted(output.data) for output in captured.outputs], captured.stderr]))
"""
    pytest.importorskip("IPython")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    value, shown, err = json.loads(done.stdout.splitlines()[-1])
    assert value == 0.0
    assert ["text/html", "text/plain"] in shown
    assert err == ""


@pytest.mark.parametrize("exercise", [name for stem in checks.stems() for name in checks.exercises(stem)])
def test_hints_open_one_by_one(exercise, capsys, monkeypatch):
    monkeypatch.setattr(checks, "_hints_given", {})
    shown = []
    for _ in range(4):
        assert hint(exercise) is None
        shown.append(capsys.readouterr().out)
    hints = checks.find(exercise).hints
    assert len(hints) == len(set(hints)) == 3
    assert all(text in out for text, out in zip(hints, shown, strict=False))
    assert shown[2] == shown[3]
    assert hints[0].endswith("?")


def test_unknown_exercise_is_the_authors_error():
    for call in (lambda: check("rnn.rnn_stop", right), lambda: hint("lisp.cons")):
        with pytest.raises(ValueError, match=r"there is no exercise '.*'; there are: feedforward.one_hot, "):
            call()
    with pytest.raises(ValueError, match="there are no exercises for 'lisp'"):
        checks.exercises("lisp")
