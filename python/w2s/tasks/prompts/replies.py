"""Labels out of free-text replies: the option or the legal move that a reply names, or its final answer.

Final answers are found by :mod:`w2s.tasks.answer_check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from w2s.games import State
from w2s.tasks.answer import AnswerExample
from w2s.tasks.answer_check.text import MAX_REPLY_LETTERS, final_answer, strip_thinking
from w2s.tasks.choice import LETTERS, ChoiceExample, canonical_choice
from w2s.tasks.task import Example


def parse_reply(example: Example, text: str) -> str | None:
    """The label in a reply: a letter, a final answer, or a move in canonical form; None if there is none.

    Text before ``</think>`` is ignored.

    Example:
        >>> import w2s
        >>> from w2s.tasks import ChoiceExample, MoveExample
        >>> parse_reply(ChoiceExample("a", "Which?", ("red", "blue")), "I think the answer is (B).")
        'B'
        >>> parse_reply(MoveExample("b", w2s.game("chess").state()), "I would play **Nf3**, as it ...")
        'g1f3'
    """
    if isinstance(example, AnswerExample):
        return final_answer(text)
    text = strip_thinking(text)[-MAX_REPLY_LETTERS:]
    if isinstance(example, ChoiceExample):
        return _find_choice(example, text)
    return _find_move(example.state, text)


# Options --------------------------------------------------------------------------------------------------


_GAP = r"(?:[^\w\\]|\\(?![a-zA-Z]))"
"""Characters between words, except the backslash of a LaTeX command."""
_OPTION_MARK = re.compile(
    rf"\\boxed\{{|\b(?:answer|option|choice|solution)\b{_GAP}{{0,4}}(?:is|are|was|would be|should be)?\b"
    rf"{_GAP}{{0,12}}(?:(?:option|choice|answer|letter)\b{_GAP}{{0,4}})?",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\W{0,3}\w+\W{1,3}(?:(?:is|was)\s+(?:not|wrong|incorrect|false)|isn['’]t|fails)\b", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?:answer|option|choice|solution|ending)\s?(\d{1,2})\b", re.IGNORECASE)
_LETTER = re.compile(r"(?:\\(?:text|math)\w*\{)?\(?([A-Za-z])(?![\w'’])(?:[ \t]+([A-Za-z]+))?")
_SEVERAL = re.compile(
    r"\W{0,3}(?:(?:and|or|&|/)\W{0,3}([A-Z])(?![\w'’])"
    r"(?!\W{1,3}(?:is|was|are|has|does|can|would|could|fails)\b)|,\W{0,3}([A-Z])\W*(?:$|\n|,|and\b|or\b))"
)
_CONNECTIVES = "because since as for and but which so that it is was this the not rather"
_AFTER_A = frozenset(_CONNECTIVES.split())
_FIRST = re.compile(r"\W{0,6}([A-Z])(?:\s?[.):\]*]|[ \t]*\n)(?!\W*(?:or|and)\b)")
_BRACKETED = re.compile(r"\(([A-Z])\)|\*\*([A-Z])[.:)]?\*\*")


def _find_choice(example: ChoiceExample, text: str) -> str | None:
    """The letter of the option that a reply names; None if it names none or several.

    The first rule that applies decides: the whole reply is a letter or an option; the last option marked as
    the answer; a letter at the beginning, ``B. blue``; the text of exactly one option; exactly one letter in
    brackets.
    """
    text = text.strip()
    for find in (_whole_reply, _marked_option, _leading_letter, _quoted_option, _bracketed_letter):
        if (letter := find(example, text)) is not None:
            return letter
    return None


def _whole_reply(example: ChoiceExample, text: str) -> str | None:
    if len(text) > 1000:
        return None
    return canonical_choice(example, text) or canonical_choice(example, text.strip(" .*\"'"))


def _marked_option(example: ChoiceExample, text: str) -> str | None:
    found = [letter for letter in _after_marks(example, text) if letter is not None]
    return found[-1] if found else _numbered_option(example, text)


def _after_marks(example: ChoiceExample, text: str) -> Iterator[str | None]:
    for mark in _OPTION_MARK.finditer(text):
        rest = text[mark.end() : mark.end() + 400]
        if not _DENIED.match(rest):
            yield _option_at(example, rest) or _letter_at(example, rest)


def _numbered_option(example: ChoiceExample, text: str) -> str | None:
    """``answer3`` is the third option."""
    places = [int(found[1]) for found in _NUMBERED.finditer(text)]
    known = [place for place in places if 1 <= place <= len(example.options)]
    return LETTERS[known[-1] - 1] if known else None


def _letter_at(example: ChoiceExample, rest: str) -> str | None:
    """The letter that the text begins with, unless it is an article: ``a dog``, ``A dog``."""
    found = _LETTER.match(rest)
    if found is None or found[1].upper() not in example.letters:
        return None
    letter, after = found[1], found[2]
    another = _SEVERAL.match(rest, found.end(1))
    if another and (another[1] or another[2]) in set(example.letters) - {letter.upper()}:
        return None
    if after and (letter.islower() or letter == "A") and after not in _AFTER_A:
        return None
    return letter.upper()


def _option_at(example: ChoiceExample, rest: str) -> str | None:
    """The longest option that the text begins with."""
    words = _words(rest)
    fits = [
        (len(option), letter)
        for letter, option in zip(example.letters, map(_words, example.options), strict=True)
        if _is_distinctive(option)
        and words[: len(option)] == option
        and not words[len(option) :][:1].isalnum()
    ]
    return max(fits)[1] if fits else None


def _leading_letter(example: ChoiceExample, text: str) -> str | None:
    found = None if _DENIED.match(text) else _FIRST.match(text)
    return found[1] if found and found[1] in example.letters else None


def _quoted_option(example: ChoiceExample, text: str) -> str | None:
    """The one option whose text the reply contains, apart from options that are part of that text."""
    words = _words(text)
    options = list(zip(example.letters, map(_words, example.options), strict=True))
    held = [pair for pair in options if _is_distinctive(pair[1]) and _contains(words, pair[1])]
    longest = max(held, key=lambda pair: len(pair[1]), default=None)
    if longest is None or not all(_contains(longest[1], option) for _, option in held):
        return None
    return longest[0]


def _is_distinctive(option: str) -> bool:
    """Whether the text of an option is more than a letter, which could be the letter of another option."""
    return len(option) > 1 or not option.isalpha()


def _contains(words: str, option: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(option)}(?!\w)", words) is not None


def _bracketed_letter(example: ChoiceExample, text: str) -> str | None:
    letters = {one or two for one, two in _BRACKETED.findall(text)} & set(example.letters)
    return letters.pop() if len(letters) == 1 else None


def _words(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .\"'*")


# Moves ----------------------------------------------------------------------------------------------------


_STRONG = re.compile(
    r"\\boxed\{|\b(?:answer|best move|best reply|best choice|my move|final move|i choose)\b", re.IGNORECASE
)
_WEAK = re.compile(
    r"\b(?:play|plays|playing|move|choose|column|square|go with|recommend)\b|\*\*|`|<move>|\"", re.IGNORECASE
)
_LEADING = "is are was would be should will to with the a in on at move column square play for me"
_FILLER = frozenset(_LEADING.split())
_TWO_SQUARES = re.compile(r"\b([a-h][1-8])\s*(?:to|-|–|—|→|->)\s*([a-h][1-8])\b", re.IGNORECASE)
_PIECE = re.compile(
    r"\b(king|queen|rook|bishop|knight)\s+(?:(?:to|on|takes|captures|moves)\s+){0,2}([a-h][1-8])\b",
    re.IGNORECASE,
)
_PIECES = {"king": "K", "queen": "Q", "rook": "R", "bishop": "B", "knight": "N"}
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d+\s?\.+\s*(?=\S)")
_IN_A_ROW = re.compile(r"\b[2-4][ -]in[ -]a[ -]row\b|\bconnect[ -]?4\b", re.IGNORECASE)
"""Phrases of Connect Four whose digits are not columns."""
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9=+#/\-]*")
_SQUARES = re.compile(r"(?:[A-H][1-8]){1,2}[QRBN]?")
_NEAR = 120
_LAST_MARKS = 100


def _find_move(state: State, text: str) -> str | None:
    """The canonical text of the move that a reply names, in any notation; None if it names no legal move.

    The first rule that applies decides: the whole reply is a move; the last move after a mark such as
    "answer", "best move" or a box; the last move after a weaker mark such as "play", bold or quotes; the
    first word, because a line of play begins with the requested move; the last legal move anywhere.
    """
    whole = state.read(text.strip())[0] if len(text) < _NEAR else None
    if whole is not None:
        return whole
    text = _IN_A_ROW.sub(" ", text)
    text = _TWO_SQUARES.sub(r"\1\2", text)
    text = _PIECE.sub(lambda found: _PIECES[found[1].lower()] + found[2].lower(), text)
    for candidates in (_marked_moves(state, text, _STRONG), _marked_moves(state, text, _WEAK)):
        if (last := _last_of(candidates)) is not None:
            return last
    return _leading_move(state, text) or _last_of(_legal_moves(state, text))


def _marked_moves(state: State, text: str, mark: re.Pattern[str]) -> Iterator[str]:
    """The move directly after each mark; filler words are skipped."""
    for found in list(mark.finditer(text))[-_LAST_MARKS:]:
        for token in _tokens(text[found.end() : found.end() + _NEAR]):
            if (move := _read_move(state, token)) is not None:
                yield move
                break
            if token.lower() not in _FILLER:
                break


def _leading_move(state: State, text: str) -> str | None:
    first = next(_tokens(text[:_NEAR]), None)
    return None if first is None else _read_move(state, first)


def _legal_moves(state: State, text: str) -> Iterator[str]:
    for token in _tokens(text):
        if (move := _read_move(state, token)) is not None:
            yield move


def _tokens(text: str) -> Iterator[str]:
    """Words that could be moves, without move numbers."""
    for found in _TOKEN.finditer(_NUMBER.sub("", text)):
        yield found[0].rstrip("-/")


def _read_move(state: State, token: str) -> str | None:
    move = state.read(token)[0]
    return state.read(token.lower())[0] if move is None and _SQUARES.fullmatch(token) else move


def _last_of(moves: Iterator[str]) -> str | None:
    last = None
    for last in moves:  # noqa: B007 - only the last one is used
        pass
    return last
