"""Bodies of replies, and evidence from their log-probabilities, by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles.chat import completion, token
from w2s.games import game
from w2s.models.endpoint.completion import Completion, read_completion
from w2s.models.endpoint.evidence import add_evidence, option_probs
from w2s.models.endpoint.trouble import NoReplyError
from w2s.models.model import Answer
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

CHOICE = ChoiceExample("c", "What?", ("one", "two", "three"))


def read(body: bytes) -> Completion:
    return read_completion(body, lambda text: text)


def test_the_text_is_the_content_of_the_first_choice() -> None:
    assert read(completion("hello").body) == Completion("hello")
    assert read(completion("").body).text == ""
    assert read(completion("\ud800x").body).text == "?x"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"choices": [{"mess', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"data: {}\n\n", "not JSON"),
        (b"null", "no choices"),
        (b"[]", "no choices"),
        (b"{}", "no choices"),
        (b'{"choices": {}}', "no choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": [7]}', "no choices"),
        (b'{"choices": [{}]}', "no text"),
        (b'{"choices": [{"message": "B"}]}', "no text"),
        (completion(None).body, "no text (it ended by 'stop')"),
        (completion([{"type": "text", "text": "B"}]).body, "no text"),
        (completion(7).body, "no text"),
    ],
)
def test_what_is_no_completion_is_said_in_one_line(body: bytes, why: str) -> None:
    with pytest.raises(NoReplyError) as caught:
        read(body)
    assert (caught.value.failure, caught.value.again) == ("reply", False)
    assert why in caught.value.why
    assert "\n" not in caught.value.why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "logprobs", "token", "logprob", "top_logprobs"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=50)
@given(JSON)
def test_any_json_is_read_or_refused(found: Any) -> None:
    for body in (found, {"choices": [{"message": {"content": "B"}, "logprobs": found}]}):
        try:
            reply = read(json.dumps(body).encode())
        except NoReplyError:
            assert body is found
            continue
        assert reply.log_prob is None or (math.isfinite(reply.log_prob) and reply.log_prob <= 0)
        assert Completion.from_json(json.loads(json.dumps(reply.to_json()))) == reply


def test_the_log_probability_is_the_mean_over_the_tokens() -> None:
    reply = read(completion("\nB.", [token("\n", -0.5), token("B", -0.1, A=-3.0), token(".", -0.3)]).body)
    assert reply.log_prob == pytest.approx(-0.3)
    assert reply.top == (("B", -0.1), ("A", -3.0))


@pytest.mark.parametrize(
    "odd", [{}, {"token": "B"}, {"token": "B", "logprob": "x"}, {"token": "B", "logprob": math.nan}, 7]
)
def test_odd_log_probabilities_are_none_and_the_text_stands(odd: Any) -> None:
    assert read(completion("B", [token("B", -0.1), odd]).body) == Completion("B")


def evidence(example: Any, label: str, top: tuple[tuple[str, float], ...] | None) -> Answer:
    answer = Answer(label)
    add_evidence(answer, example, Completion("…", None if top is None else -0.25, top))
    return answer


def log(**chances: float) -> tuple[tuple[str, float], ...]:
    return tuple((token, math.log(chance)) for token, chance in chances.items())


def test_options_have_the_chances_of_their_letters_scaled_to_one() -> None:
    top = (*log(B=0.4, A=0.1), (" B", math.log(0.2)), ("(C)", math.log(0.1)), ("The", math.log(0.2)))
    assert option_probs(top, "ABC") == pytest.approx({"B": 0.75, "A": 0.125, "C": 0.125})
    assert option_probs(top, "XYZ") == {}


def test_a_choice_has_the_margin_and_entropy_of_its_options() -> None:
    answer = evidence(CHOICE, "B", log(B=0.6, A=0.2, The=0.2))
    assert (answer.log_prob, answer.n_options) == (-0.25, 3)
    assert answer.margin == pytest.approx(0.75 - 0.25)
    assert answer.entropy == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


def test_a_choice_whose_reply_begins_otherwise_has_neither() -> None:
    for top in (log(The=0.9, B=0.1), log(A=0.9, B=0.1)):
        answer = evidence(CHOICE, "B", top)
        assert (answer.log_prob, answer.margin, answer.entropy) == (-0.25, None, None)


def test_other_answers_have_those_of_their_first_token() -> None:
    state = game("chess").state()
    for example, options in ((MoveExample("m", state), 20), (AnswerExample("a", "?"), None)):
        answer = evidence(example, "e2e4", log(e=0.5, d=0.3))
        assert (answer.log_prob, answer.n_options) == (-0.25, options)
        assert answer.margin == pytest.approx(0.2)
        assert answer.entropy == pytest.approx(-(0.625 * math.log(0.625) + 0.375 * math.log(0.375)))
        bare = evidence(example, "e2e4", None)
        assert (bare.log_prob, bare.margin, bare.entropy) == (None, None, None)
