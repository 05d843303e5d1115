"""Multiple choice: letters, what is judged right, and what makes two questions one."""

from __future__ import annotations

import doctest
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.errors import DataError
from w2s.tasks import ChoiceExample, grade, judge, task_of
from w2s.tasks import choice as module
from w2s.tasks.choice import check_options
from w2s.tasks.choice_rows import shuffled

EXAMPLE = ChoiceExample("a", "Which is blue?", ("red", "the sky", "A", "grass"), ("B",))


@pytest.mark.parametrize(
    ("label", "right"),
    [
        ("B", True),
        ("b", True),
        (" (B) ", True),
        ("B.", True),
        ("The  Sky", True),
        ("A", False),
        ("E", False),
        ("the", False),
        ("", False),
        (None, False),
    ],
)
def test_a_label_is_judged_by_its_letter_or_its_text(label: str | None, right: bool) -> None:
    assert judge(EXAMPLE, label) is right
    assert grade(EXAMPLE, label) == float(right)


def test_without_gold_nothing_is_known() -> None:
    assert judge(ChoiceExample("a", "Which?", ("x", "y")), "A") is None
    assert grade(ChoiceExample("a", "Which?", ("x", "y")), "A") is None


def test_several_options_can_be_right() -> None:
    example = ChoiceExample("a", "Which?", ("x", "y", "z"), ("A", "C"))
    assert [judge(example, letter) for letter in "ABC"] == [True, False, True]


def test_a_letter_is_its_option_also_where_the_text_of_another_reads_so() -> None:
    example = ChoiceExample("a", "Which?", ("O", "A", "B", "AB"), ("B",))
    canonical = task_of(example).canonical
    assert [canonical(example, label) for label in ("A", "B", "C", "D", "ab")] == ["A", "B", "C", "D", "D"]
    assert [canonical(example, label) for label in ("AB", "BC", "ABCD")] == ["D", None, None]
    assert judge(example, "B")
    assert not judge(example, "A")


def test_two_labels_mean_one_option_or_nothing() -> None:
    same = task_of(EXAMPLE).same
    assert same(EXAMPLE, "b", "the sky")
    assert not same(EXAMPLE, "B", "D")
    assert not same(EXAMPLE, "nonsense", "nonsense")


def test_the_key_is_the_question_with_its_options_in_any_order() -> None:
    key = task_of(EXAMPLE).key
    moved = ChoiceExample("b", " which is BLUE? ", ("grass", "A", "red", "the  sky"))
    assert key(moved) == key(EXAMPLE)
    assert key(ChoiceExample("b", "Which is blue?", ("red", "the sky", "A", "leaves"))) != key(EXAMPLE)
    assert key(ChoiceExample("b", "Which is red?", EXAMPLE.options)) != key(EXAMPLE)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "there are no options"),
        (tuple(map(str, range(27))), "27 options are more than 26"),
        (("x", "y", "x"), "the options A and C are equal: 'x'"),
        (("x  y", "x y"), "the options A and B are equal"),
    ],
)
def test_options_that_cannot_be_chosen_from_are_refused(options: tuple[str, ...], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        check_options(options)
    check_options(list(string.ascii_lowercase))


@given(st.text(min_size=1, max_size=8), st.integers(1, 26), st.data())
def test_shuffling_keeps_what_is_right_and_depends_on_the_id_only(
    name: str, count: int, data: st.DataObject
) -> None:
    options = tuple(f"option {number}" for number in range(count))
    right = data.draw(st.sampled_from(string.ascii_uppercase[:count]))
    example = ChoiceExample(name, "Which?", options, (right,), 2.0, "g")
    found = shuffled(example)
    assert sorted(found.options) == sorted(options)
    assert (
        found.options[string.ascii_uppercase.index(found.gold[0])]
        == options[string.ascii_uppercase.index(right)]
    )
    assert (found.id, found.question, found.difficulty, found.group) == (name, "Which?", 2.0, "g")
    assert shuffled(example) == found


def test_shuffling_puts_the_right_option_in_every_place() -> None:
    places = [
        shuffled(ChoiceExample(f"q{number}", "?", ("x", "y", "z", "w"), ("D",))).gold[0]
        for number in range(400)
    ]
    assert all(70 <= places.count(letter) <= 130 for letter in "ABCD")


def test_the_examples_run() -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
