"""Tokens of examples are those that the model would read."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tests.doubles import language
from w2s.models.model_size import measure_lengths
from w2s.models.model_size.lengths import ASSUMED_LENGTHS
from w2s.tasks import AnswerExample, ChoiceExample

CHOICES = [
    ChoiceExample(f"c{n}", "Which letter is this?" * n, ("first", "second", "third"), ("A",))
    for n in (1, 2, 3)
]


def tokenizer_in(folder: Path) -> str:
    language.tokenizer(chat=True).save_pretrained(folder)
    return f"hf:{folder}"


def test_lengths_of_choices_count_prompt_and_letters(tmp_path: Path) -> None:
    from w2s.models.hf.prompting import PromptBuilder
    from w2s.models.hf.settings import read_settings
    from w2s.models.hf.tokenization import PromptTokenizer
    from w2s.models.reference import resolve_reference

    reference = tokenizer_in(tmp_path)
    prompts = PromptBuilder(
        reference,
        PromptTokenizer(language.tokenizer(chat=True)),
        read_settings(resolve_reference(reference)),
        None,
        0,
    )
    read = [len(prompts.scoring_request(one, ["A", "B", "C"], lambda _: 0).tokens.prompt) for one in CHOICES]
    found = measure_lengths(reference, "choice", CHOICES)
    assert found.prompt == sum(read) / 3
    assert found.options >= 3
    assert found.reply == round(found.options / 3)
    assert found.longest == max(read) + found.reply
    assert (found.assumed, found.source) == (False, "measured on 3 examples")


def test_lengths_of_answers_count_the_solution_up_to_the_limit(tmp_path: Path) -> None:
    reference = tokenizer_in(tmp_path)
    solved = [AnswerExample("a", "1 + 1?", ("2",), solution="It is two. " * 20)]
    plain = [AnswerExample("a", "1 + 1?", ("2",))]
    long = measure_lengths(reference, "answer", solved).reply
    assert 60 < long <= 220
    assert measure_lengths(f"{reference}?max_new_tokens=16", "answer", solved).reply == 16
    assert measure_lengths(reference, "answer", plain).reply == ASSUMED_LENGTHS["answer"].reply


def test_lengths_are_assumed_without_tokenizer_or_examples(tmp_path: Path) -> None:
    for reference, some in (("hf:Nobody/Never-1B", CHOICES), (tokenizer_in(tmp_path), [])):
        found = measure_lengths(reference, "choice", some)
        assert found == ASSUMED_LENGTHS["choice"]
        assert found.assumed
    assert measure_lengths("openai:http://127.0.0.1:1/v1#small", "choice", CHOICES).assumed


def test_position_has_one_token_per_square_for_a_net() -> None:
    assert measure_lengths("policy:a", "move", [], squares=64).learned == 64
