"""Replies as free text: which option or move they name, and that they name none where they do not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2s
from w2s.tasks import AnswerExample, ChoiceExample, MoveExample
from w2s.tasks.prompts import parse_reply

CHOICE = ChoiceExample("a", "Which?", ("a dog", "a cat", "the red ball", "ball"))
NUMBERS = ChoiceExample("b", "How many?", ("2", "3", "12", "none"))
START = w2s.game("chess").state()
CASTLING = w2s.game("chess").state("r3k2r/1P6/8/8/8/8/8/R3K2R w KQkq - 0 1")
FOUR = w2s.game("connect_four").state()
OTHELLO = w2s.game("othello").state()


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("B", "B"),
        ("b", "B"),
        (" B \n", "B"),
        (r"The answer is \boxed{B}", "B"),
        (r"Final answer: $\boxed{\text{B}}$.", "B"),
        (r"The answer is \(B\)", "B"),
        ("B\n\nExplanation: option A is wrong, since it is not so", "B"),
        ("Correct option: B. Option A is wrong.", "B"),
        ("(B)", "B"),
        ("B.", "B"),
        ("B)", "B"),
        ("**B**", "B"),
        ("[B]", "B"),
        ('"B"', "B"),
        ("B. a cat", "B"),
        ("B: because it purrs", "B"),
        ("C) the red ball", "C"),
        ("answer: B", "B"),
        ("Answer: (b)", "B"),
        ("**Answer:** C", "C"),
        ("Answer: **D. ball**", "D"),
        ("The answer is B.", "B"),
        ("The answer is B because cats purr.", "B"),
        ("The answer is A because dogs bark.", "A"),
        ("the answer is a", "A"),
        ("The correct option is (c).", "C"),
        ("The correct answer is option D", "D"),
        ("The correct answer is answer3", "C"),
        ("Option B is wrong, so the answer is A", "A"),
        ("The answer is A. No: the answer is D.", "D"),
        ("A dog is not a cat. Answer: (A)", "A"),
        (r"\boxed{C}", "C"),
        (r"So it is $\boxed{\text{D}}$.", "D"),
        ("The answer is a cat.", "B"),
        ("The answer is the red ball", "C"),
        ("A cat", "B"),
        ("  the  RED ball. ", "C"),
        ("I think it is the red ball", "C"),
        ("ball", "D"),
        ("It must be (C), surely", "C"),
        ("<think>The answer is A.</think>\nB", "B"),
        ("<think>The answer is A.</think>", None),
        ("", None),
        ("E", None),
        ("Answer: E", None),
        ("I am not sure.", None),
        ("A or B", None),
        ("(A) or (B)", None),
        ("Answer: A and B", None),
        ("Answer: A, C", None),
        ("The answer is (A) or (C).", None),
        ("The answer is A/B", None),
        ("The answer is A, B is wrong", "A"),
        ("The answer is B, and A is wrong.", "B"),
        ("The answer is (B), and (C) is incorrect", "B"),
        ("The answer is A and not B", "A"),
        ("dog", None),
        ("a cat and a dog", None),
        ("Because", None),
        ("Absolutely!", None),
    ],
)
def test_option_is_found_in_reply(reply: str, letter: str | None) -> None:
    assert parse_reply(CHOICE, reply) == letter


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("3", "B"),
        ("12", "C"),
        ("The answer is 12.", "C"),
        ("The answer is 2", "A"),
        ("D", "D"),
        ("2 or 12", None),
        ("I count 12", "C"),
    ],
)
def test_numeric_options_are_found_by_text(reply: str, letter: str | None) -> None:
    assert parse_reply(NUMBERS, reply) == letter


@given(
    st.sampled_from("ABCD"),
    st.sampled_from(["{}", "({})", "{}.", "answer: {}", "The answer is ({}).", "**{}**"]),
)
def test_every_letter_is_found_in_every_form(letter: str, form: str) -> None:
    assert parse_reply(CHOICE, form.format(letter)) == letter


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("e4", "e2e4"),
        ("e2e4", "e2e4"),
        ("E2E4", "e2e4"),
        ("e2-e4", "e2e4"),
        ("e2 to e4", "e2e4"),
        ("e2 → e4", "e2e4"),
        ("1. e4", "e2e4"),
        ("1.e4", "e2e4"),
        ("1. e4 e5 2. Nf3 Nc6", "e2e4"),
        ("The best move is: e2e4.", "e2e4"),
        ("Knight to f3", "g1f3"),
        ("I would play **Nf3** because it develops a knight.", "g1f3"),
        ("I'd play 1.d4, not e4", "d2d4"),
        ("`e2e4`", "e2e4"),
        ('"Nf3"', "g1f3"),
        ("Nf3!", "g1f3"),
        ("[e2e4]", "e2e4"),
        (r"\boxed{d4}", "d2d4"),
        (r"After d4 the answer is $\boxed{\text{c4}}$", "c2c4"),
        ("Best move: Nf3. After that e4 is possible.", "g1f3"),
        ("Answer: c4. The alternative was to play e4.", "c2c4"),
        ("Answer: e4? No. Answer: d4", "d2d4"),
        ("Both e4 and d4 are good. I prefer d4.", "d2d4"),
        ("e4 controls the centre.", "e2e4"),
        ("I like e4 but not d5 or e9; so: e4", "e2e4"),
        ("<think>e4 or d4?</think>c4", "c2c4"),
        ("<think>e4 or d4?</think>", None),
        ("e5", None),
        ("O-O", None),
        ("[e2e2]", None),
        ("I resign.", None),
        ("", None),
        ("\0", None),
        ("9" * 5000, None),
    ],
)
def test_move_is_found_in_reply(reply: str, move: str | None) -> None:
    assert parse_reply(MoveExample("a", START), reply) == move


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("O-O", "e1g1"),
        ("0-0-0", "e1c1"),
        ("I castle: **O-O-O**!", "e1c1"),
        ("b8=Q+", "b7b8q"),
        ("bxa8=N", "b7a8n"),
        ("My answer is b7b8q.", "b7b8q"),
        ("The best move is Rxh8+, winning a rook.", "h1h8"),
    ],
)
def test_castling_promotions_and_captures_are_found(reply: str, move: str) -> None:
    assert parse_reply(MoveExample("a", CASTLING), reply) == move


@pytest.mark.parametrize(
    ("state", "reply", "move"),
    [
        (FOUR, "4", "4"),
        (FOUR, "4.", "4"),
        (FOUR, "Column 4.", "4"),
        (FOUR, "I would play column 4 because 3 in a row wins", "4"),
        (FOUR, "The fifth column, 5, gives me 4 in a row", "5"),
        (FOUR, "This is Connect 4, so I aim for 4-in-a-row", None),
        (FOUR, "The answer is 5", "5"),
        (FOUR, "8", None),
        (OTHELLO, "d3", "d3"),
        (OTHELLO, "D3", "d3"),
        (OTHELLO, "I play **D3**, which flips d4.", "d3"),
        (OTHELLO, "f5 is best; c4 is worse", "f5"),
        (OTHELLO, "a1", None),
    ],
)
def test_moves_of_other_games_are_found_in_their_notation(
    state: w2s.games.State, reply: str, move: str | None
) -> None:
    assert parse_reply(MoveExample("a", state), reply) == move


@pytest.mark.parametrize("state", [START, CASTLING, FOUR, OTHELLO])
@pytest.mark.parametrize(
    "form", ["{}", "**{}**", "The best move is {}.", "I would play {} here.", "Answer: `{}`"]
)
def test_every_legal_move_is_found_in_every_notation(state: w2s.games.State, form: str) -> None:
    for notation in ("canonical", "san", "long"):
        for move, text in zip(state.legal_moves(), state.legal_moves(notation), strict=True):
            assert parse_reply(MoveExample("a", state), form.format(text)) == move


@pytest.mark.slow
@given(st.text(max_size=200))
def test_any_reply_gives_a_valid_label_or_none(text: str) -> None:
    assert parse_reply(CHOICE, text) in ("A", "B", "C", "D", None)
    move = parse_reply(MoveExample("a", START), text)
    assert move is None or move in START.legal_moves()


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["answer is ", "**", "e4 ", "(A) ", "a cat ", "1.", "\\boxed{", "x", "-", "move "]
)
@pytest.mark.parametrize("example", [CHOICE, MoveExample("a", START), AnswerExample("a", "?")])
def test_megabytes_of_reply_are_parsed_quickly(piece: str, example: ChoiceExample) -> None:
    began = time.process_time()
    parse_reply(example, piece * (4_000_000 // len(piece)))
    assert time.process_time() - began < 3
