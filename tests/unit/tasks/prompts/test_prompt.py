"""Prompts: what each template says, that a template sees text only, and what is said of a bad one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tasks import AnswerExample, ChoiceExample, Example, MoveExample
from w2s.tasks.prompts import Prompt, parse_reply, prompt_names, read_prompt, template

FEN = "6k1/5ppp/8/8/8/8/8/R3K3 b - - 3 7"
CHOICE = ChoiceExample("a", "Which is blue?", ("red", "the sky"), ("B",))
ANSWER = AnswerExample("a", "How many?", ("72",), "24 + 48 = 72.")
MOVES: dict[str, MoveExample] = {
    "chess": MoveExample("a", w2s.game("chess").state(moves=["e2e4", "e7e5"]), ("g1f3",), rejected=("e9",)),
    "chess from a position": MoveExample("b", w2s.game("chess").state(FEN, ["g8f8", "a1a8"])),
    "connect_four": MoveExample("c", w2s.game("connect_four").state(moves=["4", "4"])),
    "othello": MoveExample("d", w2s.game("othello").state()),
}


def kinds(name: str) -> list[Example]:
    """The examples that a template is for."""
    if name.startswith("move"):
        return list(MOVES.values())
    return [CHOICE] if name.startswith("choice") else [ANSWER]


def test_bundled_prompts_cover_all_tasks_and_forms() -> None:
    moves = {
        f"move{game}{legal}{san}"
        for game in ("", "-game")
        for legal in ("", "-legal")
        for san in ("", "-san")
    }
    assert set(prompt_names()) == {"choice", "choice-text", "answer", *moves}


@pytest.mark.parametrize("name", prompt_names())
def test_rendered_reply_is_parsed_back_as_its_label(name: str) -> None:
    prompt = read_prompt(name)
    for example in kinds(name):
        labels = [example.gold[0]] if example.gold else example.state.legal_moves()
        for label in labels:
            assert parse_reply(example, prompt.answer(example, label)) == label


@pytest.mark.parametrize("name", prompt_names())
def test_rendered_question_has_no_gap_and_no_template_syntax(name: str) -> None:
    prompt = read_prompt(name)
    for example in kinds(name):
        asked = prompt.ask(example)
        assert asked == asked.strip()
        assert "\n\n\n" not in asked
        assert not any(mark in asked for mark in ("{{", "}}", "{%", "None", "---"))


def test_choice_prompts_list_options_by_letter_or_as_text() -> None:
    asked = read_prompt("choice").ask(CHOICE)
    assert asked.startswith("Which is blue?\n\nA. red\nB. the sky\n\n")
    assert read_prompt("choice").answer(CHOICE, "(b)") == "B"
    whole = read_prompt("choice-text")
    assert "- red\n- the sky" in whole.ask(CHOICE)
    assert whole.answer(CHOICE, "B") == "the sky"


def test_worked_solution_precedes_only_a_right_label() -> None:
    prompt = read_prompt("answer")
    assert prompt.answer(ANSWER, "72.0") == "24 + 48 = 72.\n\n\\boxed{72.0}"
    assert prompt.answer(ANSWER, "71") == "\\boxed{71}"
    assert "24" not in prompt.ask(ANSWER)


def test_move_prompts_show_the_position_or_the_game_so_far() -> None:
    chess, later = MOVES["chess"], MOVES["chess from a position"]
    assert chess.state.position in read_prompt("move").ask(chess)
    assert "not legal: e9" in read_prompt("move").ask(chess)
    so_far = read_prompt("move-game-san").ask(chess)
    assert "The moves so far: 1. e4 e5" in so_far
    assert chess.state.position not in so_far
    assert "1. e2e4 e7e5" in read_prompt("move-game").ask(chess)
    assert f"begins in this position:\n{FEN}\nThe moves so far: 7... Kf8 8. Ra8" in read_prompt(
        "move-game-san"
    ).ask(later)
    assert "No move has been played" in read_prompt("move-game").ask(MOVES["othello"])
    assert "The moves so far: 4 4" in read_prompt("move-game").ask(MOVES["connect_four"])


def test_legal_moves_are_listed_in_the_notation_of_the_reply() -> None:
    example = MOVES["chess"]
    for name, notation, reply in (("move-legal", "canonical", "g1f3"), ("move-game-legal-san", "san", "Nf3")):
        prompt = read_prompt(name)
        line = next(line for line in prompt.ask(example).splitlines() if line.startswith("Legal moves: "))
        assert sorted(line.removeprefix("Legal moves: ").split(", ")) == sorted(
            example.state.legal_moves(notation)
        )
        assert prompt.answer(example, "Nf3") == reply


def test_example_with_label_is_two_messages() -> None:
    prompt = read_prompt("choice")
    (asked,) = prompt.messages(CHOICE)
    assert asked == {"role": "user", "content": prompt.ask(CHOICE)}
    assert prompt.messages(CHOICE, "B") == [asked, {"role": "assistant", "content": "B"}]


@pytest.mark.parametrize(
    "words", ["{{ 7*7 }}", "{% raw %}", "{# gone #}", "<b>&</b>", "\\boxed{}", "---\nB", "{{"]
)
def test_template_syntax_in_a_question_is_not_evaluated(words: str) -> None:
    choice = ChoiceExample("a", f"Q {words} end", (words, "other"))
    asked = read_prompt("choice").ask(choice)
    assert f"Q {words} end" in asked
    assert f"A. {words}" in asked
    assert read_prompt("choice-text").answer(choice, "A") == words
    assert words in read_prompt("answer").ask(AnswerExample("a", words))
    assert read_prompt("answer").answer(ANSWER, words).endswith(f"\\boxed{{{words}}}")


@pytest.mark.parametrize(
    "reach",
    [
        "{{ question.__class__ }}",
        "{{ question.upper() }}",
        "{{ question['__class__'] }}",
        "{{ question | attr('__class__') }}",
        "{{ question | attr('upper') }}",
        "{{ options | map(attribute='__class__') | list }}",
        "{{ options | sort(attribute='__class__') }}",
        "{{ option.keys() }}",
        "{{ option.items }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ '%s' | format(question.__class__) }}",
        "{% set x = options.append(1) %}",
        "{{ [].append }}",
        "{% include 'choice.jinja' %}",
        "{% import 'os' as os %}",
        "{% for o in options %}{{ loop.__init__ }}{% endfor %}",
    ],
)
def test_template_cannot_reach_attributes_or_files(reach: str) -> None:
    with pytest.raises(UsageError) as raised:
        Prompt("mine", reach, "{{ label }}").ask(CHOICE)
    assert raised.value.code in ("prompt-render-failed", "prompt-invalid-template")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["range", "lipsum", "cycler", "namespace", "dict", "joiner", "config", "gold", "label"]
)
def test_template_has_only_the_variables_of_its_example(name: str) -> None:
    with raises_code("prompt-unknown-variable", UsageError) as raised:
        Prompt("mine", f"{{{{ {name} }}}}", "{{ label }}").ask(CHOICE)
    assert f"'mine' names {name}; an example of choice has question, options, option" in str(raised.value)


def test_loops_and_filters_work() -> None:
    loop = "{% for letter, text in options %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}"
    assert Prompt("mine", loop + " {{ question | upper }}", "").ask(CHOICE) == "1, 2 WHICH IS BLUE?"


def test_prompt_of_another_task_names_missing_variables() -> None:
    with raises_code("prompt-unknown-variable", UsageError) as raised:
        read_prompt("move").ask(CHOICE)
    assert "prompt 'move' names game, " in str(raised.value)
    assert "choice has question, options" in str(raised.value)
    with raises_code("prompt-unknown-variable", UsageError) as raised:
        read_prompt("choice").ask(ANSWER)
    assert "prompt 'choice' names options; an example of answer has question" in str(raised.value)


def test_label_that_is_not_an_option_is_refused() -> None:
    with raises_code("task-label-not-option", DataError) as raised:
        read_prompt("choice").answer(CHOICE, "C")
    assert "example 'a' has no option 'C'; it has AB" in str(raised.value)


def test_illegal_move_label_is_rendered_unchanged() -> None:
    assert read_prompt("move-san").answer(MOVES["chess"], "castle") == "castle"


def test_prompt_file_is_compiled_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_bytes(b"{{ question }}?\r\n---\r\n<{{ label }}>\r\n")
    prompt = read_prompt(str(path))
    assert (prompt.ask(CHOICE), prompt.answer(CHOICE, "A")) == ("Which is blue??", "<A>")
    before = template.compile_template.cache_info().misses
    for _ in range(50):
        read_prompt(str(path)).ask(CHOICE)
    assert template.compile_template.cache_info().misses == before


@pytest.mark.parametrize(
    ("words", "code", "fact"),
    [
        ("{{ question }}", "prompt-no-separator", "mine.jinja"),
        (
            "{{ question }\n---\n{{ label }}",
            "prompt-invalid-template",
            "line 1 of the template: unexpected '}'",
        ),
        ("a\nb\n{% if %}\n---\n{{ label }}", "prompt-invalid-template", "mine.jinja: line 3 of the template"),
    ],
)
def test_invalid_prompt_file_is_refused_with_its_name(
    tmp_path: Path, words: str, code: str, fact: str
) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(words, encoding="utf-8")
    with raises_code(code, UsageError) as raised:
        read_prompt(str(path))
    assert fact in str(raised.value)


@pytest.mark.parametrize("name", ["nonsense", "", "../prompt", "x\0", "x" * 5000, "choice.jinja"])
def test_unknown_prompt_error_lists_prompts(name: str) -> None:
    with raises_code("prompt-unknown", UsageError) as raised:
        read_prompt(name)
    assert "answer, choice, choice-text, move" in str(raised.value)


def test_missing_jinja_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    template._environment.cache_clear()
    template.compile_template.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install 'w2s\[models\]'"):
        read_prompt("choice")
    monkeypatch.undo()
    template._environment.cache_clear()
    assert read_prompt("choice").ask(CHOICE)
