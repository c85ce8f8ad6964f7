"""Every check rejects every known mistake by its name, and accepts every right answer in every writing."""

import dataclasses
import re

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks import mistakes, variants
from rnncourse.checks.compare import Tolerance
from rnncourse.checks.render import TO_COME
from rnncourse.checks.rules import values

EXERCISES = [name for stem in checks.stems() for name in checks.exercises(stem)]
MISTAKES = [mistake for stem in checks.stems() for mistake in mistakes.catalogue(stem)]
VARIANTS = [(name, index) for name in EXERCISES for index in range(len(variants.of(name)))]
SEEDS = (11, 12, 13)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake_is_rejected_and_named(mistake):
    scores = set()
    for seed in SEEDS:
        verdict = checks.check(mistake.exercise, mistake.function, seed)
        assert not verdict.passed
        assert verdict.score < 1
        assert verdict.mistake == mistake.id
        assert re.sub(r"\s+", " ", mistake.sentence) in re.sub(r"\s+", " ", verdict.message)
        assert (mistake.section[1] in verdict.message) == (mistake.section[0] not in TO_COME)
        scores.add(verdict.score)
    assert len(scores) == 1, "the draw decides the marks"


@pytest.mark.parametrize(("exercise", "index"), VARIANTS)
def test_variant_is_accepted(exercise, index):
    answer = variants.of(exercise)[index]
    for seed in range(20, 24):
        verdict = checks.check(exercise, answer, seed)
        assert verdict.passed, verdict
        assert verdict.score == 1.0
        assert verdict.mistake is None


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_passes_its_own_check(exercise):
    assert checks.check(exercise, checks.find(exercise).reference, 5).score == 1.0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_enough_of_both(exercise):
    assert len(mistakes.of(exercise)) >= 6
    assert len(variants.of(exercise)) >= 3


def test_ids_and_sentences_are_unique():
    assert len({mistake.id for mistake in MISTAKES}) == len(MISTAKES)
    assert len({(mistake.exercise, mistake.sentence) for mistake in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_sentence_is_one_for_a_learner(mistake):
    assert mistake.sentence.startswith(
        (
            "Your numbers are what comes out when ",
            "Your numbers are right, but ",
            "Your test answers like one that ",
        )
    )
    assert mistake.sentence.endswith(".")
    assert "  " not in mistake.sentence
    assert 40 < len(mistake.sentence) < 260


def headings(root, stem):
    text = (root / "book" / f"{stem}.md").read_text()
    return {line.removeprefix("## ").strip() for line in text.splitlines() if line.startswith("## ")}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_section_of_a_mistake_stands_in_the_book(root, mistake):
    stem, heading = mistake.section
    assert heading and (stem in TO_COME or heading in headings(root, stem))


@pytest.mark.parametrize("exercise", EXERCISES)
def test_section_of_an_exercise_stands_in_the_book(root, exercise):
    asked = checks.find(exercise)
    assert asked.heading and (asked.stem in TO_COME or asked.heading in headings(root, asked.stem))


def test_the_chapters_to_come_are_those_that_are_not_written(root):
    """Their messages name no section yet; the day a chapter is written its stem leaves ``TO_COME``."""
    assert {stem for stem in checks.stems() if not (root / "book" / f"{stem}.md").is_file()} == set(TO_COME)


@pytest.mark.parametrize("stem", checks.stems())
def test_catalogue_follows_the_assignment(stem):
    order = [checks.exercises(stem).index(mistake.exercise) for mistake in mistakes.catalogue(stem)]
    assert order == sorted(order)


def test_catalogue_of_an_unknown_stem():
    with pytest.raises(ValueError, match="no catalogue of mistakes for 'lisp'; there are: feedforward, rnn"):
        mistakes.catalogue("lisp")


def test_score_counts_what_the_tests_prove():
    rows = mistakes.score(seeds=(3,))["exercises"]
    assert [row["exercise"] for row in rows] == EXERCISES
    for row in rows:
        assert row["caught"] == row["named"] == row["mistakes"] == len(mistakes.of(row["exercise"]))
        assert row["accepted"] == row["variants"] == len(variants.of(row["exercise"]))


def test_score_sees_a_check_that_lets_everything_pass(monkeypatch):
    asked = checks.find("rnn.rnn_step")
    blind = dataclasses.replace(asked, rules=(values("values", 1.0),), tolerance=Tolerance(1e9))
    monkeypatch.setattr(
        checks, "find", lambda name, find=checks.find: blind if name == asked.id else find(name)
    )
    monkeypatch.setattr(checks, "exercises", lambda stem: [asked.id] if stem == "rnn" else [])
    wrong, right = len(mistakes.of(asked.id)), len(variants.of(asked.id))
    assert mistakes.score(seeds=(3,))["exercises"] == [
        {
            "exercise": asked.id,
            "mistakes": wrong,
            "caught": 0,
            "named": 0,
            "variants": right,
            "accepted": right,
        }
    ]


def test_a_mistake_and_something_besides_is_still_named():
    """The numbers decide where the dtype is wrong as well."""

    def answer(x_t, h_prev, W_xh, W_hh, b_h):
        return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T).astype(np.longdouble)

    verdict = checks.check("rnn.rnn_step", answer, 4)
    assert verdict.mistake == "rnn.rnn_step:bias_dropped"


def test_another_error_is_not_given_a_name():
    def answer(x_t, h_prev, W_xh, W_hh, b_h):
        return np.sin(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)

    verdict = checks.check("rnn.rnn_step", answer, 4)
    assert (verdict.mistake, verdict.score) == (None, 0)
