"""Tokenized prompts: chat templates, start tokens, and replies after a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import tokenizer
from tests.unit.models.hf.doubles import CHOICE, copied, refusal
from w2s.errors import DataError, ModelError
from w2s.models import Want, load_model
from w2s.tasks import AnswerExample, ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")


def test_failing_chat_template_is_named_in_one_line(folder: Any, tmp_path: Path) -> None:
    place = copied(folder(chat=True), tmp_path / "model")
    words = transformers.AutoTokenizer.from_pretrained(place)
    words.chat_template = "{{ raise_exception('only the system may speak') }}"
    words.save_pretrained(place)
    model = load_model(f"hf:{place}")
    said = refusal("hf-chat-template-failed", ModelError, lambda: model.answer([CHOICE], Want()))
    assert f"the chat template of {place} fails on a conversation: only the system may speak" in said


@pytest.mark.parametrize("template", ["{{ raise_exception('no') }}", "{{ messages[0].content + 1 }}"])
def test_failing_chat_template_is_refused_wherever_it_is_used(template: str) -> None:
    from w2s.models.hf.tokenization import PromptTokenizer

    words = tokenizer(chat=True)
    words.chat_template = template
    with raises_code("hf-chat-template-failed", ModelError):
        str(PromptTokenizer(words).ending)
    with raises_code("hf-chat-template-failed", ModelError):
        PromptTokenizer(words).text([], "?")


def test_lone_surrogates_are_replaced(open_hf: Any) -> None:
    (judged,) = open_hf().judge([AnswerExample("q", "Why \udc80?")], ["\ud800"])
    assert judged.log_prob is not None


def test_start_token_occurs_once(folder: Any, open_hf: Any) -> None:
    model = open_hf("llama", bos=True)
    start = transformers.AutoTokenizer.from_pretrained(folder(bos=True)).bos_token_id
    tokenized_prompt = model.prompts.scoring_request(CHOICE, ["A", "B"], np.argmax).tokens
    assert tokenized_prompt.prompt.count(start) == 1
    assert tokenized_prompt.prompt[0] == start
    assert all(start not in reply for reply in tokenized_prompt.replies)
    assert len(model.answer([CHOICE], Want(evidence=True))) == 1


def test_tokens_that_span_prompt_and_reply_belong_to_the_reply() -> None:
    from w2s.models.hf.tokenization import PromptTokenizer

    words = PromptTokenizer(tokenizer(chat=True))
    tokenized_prompt = words.tokenized_prompt("say t", ["he", "hese", "x"])
    assert words.decode(tokenized_prompt.prompt) == "say"
    assert [words.decode(reply) for reply in tokenized_prompt.replies] == [" the", " these", " tx"]


def test_tokenizing_many_texts_equals_tokenizing_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from w2s.models.hf import tokenization

    monkeypatch.setattr(tokenization, "TEXTS_PER_CALL", 4)
    words = tokenization.PromptTokenizer(tokenizer(chat=True))
    asked = [(f"say {number}", ["he", "hese"]) for number in range(5)]  # 15 texts, no multiple of four
    assert words.tokenized_prompts(asked) == [
        words.tokenized_prompt(text, replies) for text, replies in asked
    ]
    assert words.tokenized_prompts([]) == []


def test_two_letters_are_not_an_option(open_hf: Any) -> None:
    with pytest.raises(DataError, match="has no option 'BC'"):
        open_hf("llama", "score=option").prompts.reply(ChoiceExample("x", "?", ("a", "b", "c")), "BC")
