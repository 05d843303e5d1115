"""Bodies of replies, checked by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles.chat import completion, token
from w2s.models.endpoint.chat_completions import Completion, parse_completion
from w2s.models.endpoint.http_connection import NoReplyError


def read(body: bytes) -> Completion:
    return parse_completion(body, lambda text: text)


def test_text_is_content_of_first_choice() -> None:
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
        (completion(None).body, "no text (finish_reason: 'stop')"),
        (completion([{"type": "text", "text": "B"}]).body, "no text"),
        (completion(7).body, "no text"),
    ],
)
def test_invalid_completion_is_refused_with_one_line(body: bytes, why: str) -> None:
    with pytest.raises(NoReplyError) as caught:
        read(body)
    assert (caught.value.failure, caught.value.retryable) == ("reply", False)
    assert why in caught.value.reason
    assert "\n" not in caught.value.reason


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
def test_any_json_is_parsed_or_refused(found: Any) -> None:
    for body in (found, {"choices": [{"message": {"content": "B"}, "logprobs": found}]}):
        try:
            reply = read(json.dumps(body).encode())
        except NoReplyError:
            assert body is found
            continue
        assert reply.log_prob is None or (math.isfinite(reply.log_prob) and reply.log_prob <= 0)
        assert Completion.from_json(json.loads(json.dumps(reply.to_json()))) == reply


def test_log_prob_is_mean_over_tokens() -> None:
    reply = read(completion("\nB.", [token("\n", -0.5), token("B", -0.1, A=-3.0), token(".", -0.3)]).body)
    assert reply.log_prob == pytest.approx(-0.3)
    assert reply.top == (("B", -0.1), ("A", -3.0))


@pytest.mark.parametrize(
    "odd", [{}, {"token": "B"}, {"token": "B", "logprob": "x"}, {"token": "B", "logprob": math.nan}, 7]
)
def test_malformed_log_probs_are_none_and_text_is_kept(odd: Any) -> None:
    assert read(completion("B", [token("B", -0.1), odd]).body) == Completion("B")
