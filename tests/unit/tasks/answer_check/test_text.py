"""Where a reply says its final answer."""

from __future__ import annotations

import time

import pytest

from w2s.tasks.answer_check import final_answer
from w2s.tasks.answer_check.text import normalize


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (r"So the answer is \boxed{72}.", "72"),
        (r"\boxed{1} no wait, \boxed{2}", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, \frac{2}{3}\}}", r"\{1, \frac{2}{3}\}"),
        (r"\fbox{3} and \boxed {4}", "4"),
        (r"\boxed 5$", "5"),
        (r"\boxed{6} and then \boxed{7", "6"),
        (r"\boxed{} but the answer is 8", "8"),
        ("2 + 2 = 4\n#### 4", "4"),
        ("#### 1\nwrong\n#### 1,234 ", "1,234"),
        (r"#### 9 and \boxed{10}", "10"),
        ("The answer is 12.", "12"),
        ("#### 72\r\n", "72"),
        ("so −5 degrees", "−5"),
        ("The answer should be 4. Check 5", "4"),
        ("The answer is 3.5.", "3.5"),
        ("The answer is approximately 3.5.", "3.5"),
        ("The answer is about 12 apples.", "12 apples"),
        (r"The answer is \approx 4", "4"),
        ("The answer is just", None),
        ("The answer is approximately equal to 5", "5"),
        ("The answer is about $3.", "$3"),
        ("The answer is About a Boy.", "About a Boy"),
        ("The answer is Just Mercy", "Just Mercy"),
        ("the final answer is: $\\frac{1}{3}$. I hope it is correct.", r"\frac{1}{3}"),
        ("**Final Answer:** 15", "15"),
        ("Answer: 5 apples", "5 apples"),
        ("The answer is 4 because 2 + 2 = 4.", "4"),
        ("The answer is 3. No, the answer is 4.", "4"),
        ("The result is x = 5", "x = 5"),
        ("She has 3 apples and then 7 more, so 10", "10"),
        ("It costs $1,250.50 in all.", "$1,250.50"),
        ("That makes -5 degrees.", "-5"),
        ("About 3/4 of them", "3/4"),
        ("Around 50% agree", "50%"),
        ("a value of .5", ".5"),
        ("<think>the answer is 1</think>The answer is 2", "2"),
        ("<think>the answer is 1</think>I do not know", None),
        ("I do not know.", None),
        ("", None),
        (r"\boxed{", None),
        ("####", None),
        ("version v2a", None),
    ],
)
def test_final_answer_is_extracted(reply: str, answer: str | None) -> None:
    assert final_answer(reply) == answer


@pytest.mark.parametrize(
    "piece",
    [r"\boxed{", "{", "answer is ", "#### ", "1,", "9", "answer: :", "\\boxed ", "</think>", "$", "-", " "],
)
def test_long_reply_is_read_quickly(piece: str) -> None:
    reply = piece * (2_000_000 // len(piece))
    began = time.monotonic()
    final_answer(reply)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "reply", ["#### 5" + " " * 99_000 + "x", "\\boxed{" + "{" * 49_000 + "}" * 49_000 + "}"]
)
def test_hostile_reply_is_read_and_normalized_quickly(reply: str) -> None:
    began = time.monotonic()
    normalize(final_answer(reply) or reply)
    assert time.monotonic() - began < 5
