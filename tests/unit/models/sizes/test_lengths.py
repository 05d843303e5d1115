"""Tokens of examples are those that the model would read."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tests.doubles import language
from w2s.models.sizes import lengths_of
from w2s.models.sizes.lengths import ASSUMED
from w2s.tasks import AnswerExample, ChoiceExample

CHOICES = [
    ChoiceExample(f"c{n}", "Which letter is this?" * n, ("first", "second", "third"), ("A",))
    for n in (1, 2, 3)
]


def tokenizer_in(folder: Path) -> str:
    language.tokenizer(chat=True).save_pretrained(folder)
    return f"hf:{folder}"


def test_a_choice_is_as_long_as_its_prompt_and_its_letters(tmp_path: Path) -> None:
    from w2s.models.hf.asking import Asking
    from w2s.models.hf.settings import read_settings
    from w2s.models.hf.wording import Wording
    from w2s.models.named import read_reference

    reference = tokenizer_in(tmp_path)
    asking = Asking(
        reference, Wording(language.tokenizer(chat=True)), read_settings(read_reference(reference)), None, 0
    )
    read = [len(asking.question(one, ["A", "B", "C"], lambda _: 0).worded.prompt) for one in CHOICES]
    found = lengths_of(reference, "choice", CHOICES)
    assert found.prompt == sum(read) / 3
    assert found.options >= 3
    assert found.reply == round(found.options / 3)
    assert found.longest == max(read) + found.reply
    assert (found.assumed, found.source) == (False, "measured on 3 examples")


def test_an_answer_is_as_long_as_its_solution_and_never_longer_than_is_written(tmp_path: Path) -> None:
    reference = tokenizer_in(tmp_path)
    solved = [AnswerExample("a", "1 + 1?", ("2",), solution="It is two. " * 20)]
    plain = [AnswerExample("a", "1 + 1?", ("2",))]
    long = lengths_of(reference, "answer", solved).reply
    assert 60 < long <= 220
    assert lengths_of(f"{reference}?max_new_tokens=16", "answer", solved).reply == 16
    assert lengths_of(reference, "answer", plain).reply == ASSUMED["answer"].reply


def test_without_a_tokenizer_or_examples_lengths_are_assumed_and_say_so(tmp_path: Path) -> None:
    for reference, some in (("hf:Nobody/Never-1B", CHOICES), (tokenizer_in(tmp_path), [])):
        found = lengths_of(reference, "choice", some)
        assert found == ASSUMED["choice"]
        assert found.assumed
    assert lengths_of("openai:http://127.0.0.1:1/v1#small", "choice", CHOICES).assumed


def test_a_position_is_its_squares_to_a_net() -> None:
    assert lengths_of("policy:a", "move", [], squares=64).learned == 64
