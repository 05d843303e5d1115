"""One chess position, ours beside python-chess: moves, texts, states, keys, outcome.

Knows nothing about where the position comes from.

Conventions that are not python-chess's own ``outcome(claim_draw=…)``, and why:

* A draw is *claimed* when the position on the board has occurred three times or its clock stands at fifty
  moves. python-chess also counts a claim that the next move would allow; a match runner has no player who
  announces a move, so a game ends one ply later, by what the board shows (``is_repetition(3)``,
  ``is_fifty_moves()``).
* Fifty and seventy-five moves are one reason, as are threefold and fivefold repetition: how many were needed
  follows from whether draws are claimed. Where both hold, the reason is the move count.
* Chess960 positions are printed as Shredder-FEN (python-chess's ``fen(shredder=True)``).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import NamedTuple

import chess

from tests.parity.fen_text import fen_text
from tests.parity.spellings import mutated, other_spellings, uci_spellings
from w2s import kernels

NOTATIONS = ("canonical", "san", "long")
# Plain seeds of rarer checks: one position in so many.
EXTRA_EVERY = 8
# One child in so many has its outcome compared although ours says that the game goes on.
CHILD_OUTCOME_EVERY = 16

REASONS = {
    chess.Termination.CHECKMATE: "mate",
    chess.Termination.STALEMATE: "stalemate",
    chess.Termination.INSUFFICIENT_MATERIAL: "insufficient material",
    chess.Termination.SEVENTYFIVE_MOVES: "fifty-move",
    chess.Termination.FIVEFOLD_REPETITION: "repetition",
}


class Disagreement(NamedTuple):
    """What ours says and what theirs says about one thing in one position."""

    start: str
    moves: str
    position: str
    what: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        line = f" after {self.moves} from {self.start}" if self.moves else ""
        return f"{self.position}{line}\n  {self.what}: ours {self.ours}, theirs {self.theirs}"


class Keys:
    """Keys seen so far: ours and theirs have to be the same partition of positions."""

    def __init__(self) -> None:
        self._ours: dict[Hashable, int] = {}
        self._theirs: dict[int, Hashable] = {}
        self.again = 0

    def agree(self, theirs: Hashable, ours: int) -> bool:
        """Whether both call this position new, or both the same earlier one."""
        known = self._ours.get(theirs)
        if known is None:
            self._ours[theirs] = ours
            return self._theirs.setdefault(ours, theirs) == theirs
        self.again += 1
        return known == ours


class Pair:
    """A game in both worlds: a python-chess board and a state of the core, moved together."""

    def __init__(self, fen: str, chess960: bool, keys: Keys, seen: Counter[str]) -> None:
        self.start = fen
        self.board = chess.Board(fen, chess960=chess960)
        self.state = kernels.start("chess", fen)
        self.keys = keys
        self.seen = seen

    def play(self, move: chess.Move) -> None:
        """A legal move, on both sides."""
        number, _ = self.state.parse_move(self.board.uci(move))
        assert number is not None, f"{self.state.position} refuses {move}"
        self.state = self.state.play(number)
        self.board.push(move)

    def check(self, moves: list[chess.Move], draw: random.Random) -> Iterator[Disagreement]:
        """Everything about this position, given python-chess's legal moves of it."""
        yield from self._position()
        yield from self._outcome(self.state, ("automatic", "claimed"))
        yield from self._moves(moves, draw)
        if moves and draw.randrange(EXTRA_EVERY) == 0:
            self.seen["positions with rarer checks"] += 1
            yield from self._spellings()
            yield from self._ambiguous(moves)
            yield from self._any_two_squares(moves, draw)
            yield from self._any_text(moves, draw)
            yield from self._transposed(moves, draw)

    def differ(self, what: str, ours: object, theirs: object) -> Iterator[Disagreement]:
        """A disagreement where the two are not equal."""
        if ours != theirs:
            line = " ".join(map(self.board.uci, self.board.move_stack))
            yield Disagreement(self.start, line, self.state.position, what, repr(ours), repr(theirs))

    def _fen(self) -> str:
        return self.board.fen(shredder=self.board.chess960)

    def _position(self) -> Iterator[Disagreement]:
        fen = self._fen()
        key = self.board._transposition_key()
        yield from self.differ("position", self.state.position, fen)
        yield from self.differ("fast text of their position", fen_text(key, self.board), fen)
        yield from self.differ("to move", self.state.to_move, int(self.board.turn == chess.BLACK))
        yield from self.differ("key agrees", self.keys.agree(key, self.state.key), True)

    def _outcome(self, state: kernels.CoreState, kinds: tuple[str, ...]) -> Iterator[Disagreement]:
        for kind in kinds:
            ended = their_outcome(self.board, claimed=kind == "claimed")
            self.seen[f"{kind}: {ended[1]}" if ended else f"{kind}: goes on"] += 1
            yield from self.differ(f"outcome, {kind}", state.outcome(kind == "claimed"), ended)

    def _moves(self, moves: list[chess.Move], draw: random.Random) -> Iterator[Disagreement]:
        state, board = self.state, self.board
        ours = {
            texts[0]: (number, *texts)
            for number, *texts in zip(state.legal_moves(), *map(state.legal_texts, NOTATIONS), strict=True)
        }
        yield from self.differ("legal moves", sorted(ours), sorted(map(board.uci, moves)))
        self.seen["moves"] += len(moves)
        asked = draw.randrange(len(moves)) if moves else -1
        for index, move in enumerate(moves):
            number, uci, san, long = ours.get(board.uci(move), (None, "", "", ""))
            if number is None:
                continue
            short, whole = (
                board._algebraic_without_suffix(move),
                board._algebraic_without_suffix(move, long=True),
            )
            if index == asked:
                yield from self.differ("SAN, asked whole", san, board.san(move))
                yield from self.differ("long form, asked whole", long, board.lan(move))
            yield from self._read_back(move, number, (uci, san, long))
            suffix = yield from self._child(move, number, draw)
            if (san, long) != (short + suffix, whole + suffix):
                yield from self.differ(
                    f"SAN and long form of {uci}", (san, long), (short + suffix, whole + suffix)
                )

    def _child(self, move: chess.Move, number: int, draw: random.Random) -> Iterator[Disagreement]:
        """The state after a legal move; returns the mark of check or mate."""
        board, child = self.board, self.state.play(number)
        board.push(move)
        suffix = ""
        if board.is_check():
            suffix = "+" if any(board.generate_legal_moves()) else "#"
        key = board._transposition_key()
        if key[-1] is not None:
            self.seen["legal en passant"] += 1
        text = fen_text(key, board)
        if child.position != text:
            yield from self.differ(f"position after {move}", child.position, text)
        if not self.keys.agree(key, child.key):
            yield from self.differ(f"key agrees after {move}", False, True)
        if child.outcome(False) is not None or draw.randrange(CHILD_OUTCOME_EVERY) == 0:
            yield from self._outcome(child, ("automatic", "claimed"))
        board.pop()
        return suffix

    def _read_back(
        self, move: chess.Move, number: int, texts: tuple[str, str, str]
    ) -> Iterator[Disagreement]:
        read, right = self.state.parse_move, (number, "")
        for text in (*texts, *other_spellings(self.board, move, texts)):
            if read(text) != right:
                yield from self.differ(f"reading {text!r}", read(text), right)

    def _spellings(self) -> Iterator[Disagreement]:
        """The position read from every text that python-chess has for it, and from its own."""
        board, state = self.board, self.state
        # What "legal" prints never holds more than what is told apart, so all are one position.
        for en_passant in ("legal", "xfen", "fen"):
            for shredder in (True, False):
                text = board.fen(shredder=shredder, en_passant=en_passant)
                yield from self.differ(f"key of {text}", kernels.start("chess", text).key, state.key)
        again = kernels.start("chess", state.position)
        yield from self.differ("position read and printed", again.position, state.position)
        yield from self.differ("moves read and printed", again.legal_texts(), state.legal_texts())

    def _ambiguous(self, moves: list[chess.Move]) -> Iterator[Disagreement]:
        """SAN without its disambiguation: ambiguous for both."""
        for san in map(self.board.san, moves):
            short = san.rstrip("+#").replace("x", "")
            if san[0] in "NBRQ" and len(short) > 3:
                self.seen["ambiguous SAN"] += 1
                text = short[0] + short[-2:]
                yield from self.differ(f"reading {text!r}", self.state.parse_move(text)[1], "ambiguous")

    def _any_two_squares(self, moves: list[chess.Move], draw: random.Random) -> Iterator[Disagreement]:
        """Random UCI texts: legal exactly where they spell one of the legal moves."""
        spelled = {text for move in moves for text in uci_spellings(self.board, move)}
        own = list(chess.scan_forward(self.board.occupied_co[self.board.turn]))
        for _ in range(8):
            text = chess.square_name(draw.choice(own)) + chess.square_name(draw.randrange(64))
            text += draw.choice(["", "", "", "q", "n"])
            why = "" if text in spelled else "illegal"
            yield from self.differ(f"reading {text!r}", self.state.parse_move(text)[1], why)

    def _any_text(self, moves: list[chess.Move], draw: random.Random) -> Iterator[Disagreement]:
        """SAN with one character changed: what python-chess reads, ours reads as the same move."""
        for _ in range(8):
            text = mutated(self.board.san(draw.choice(moves)), draw)
            try:
                theirs = self.board.parse_san(text)
            except chess.AmbiguousMoveError:
                yield from self.differ(f"reading {text!r}", self.state.parse_move(text)[1], "ambiguous")
                continue
            except ValueError:
                continue
            number, _ = self.state.parse_move(text)
            ours = None if number is None else self.state.print_move(number)
            yield from self.differ(f"reading {text!r}", ours, self.board.uci(theirs))

    def _transposed(self, moves: list[chess.Move], draw: random.Random) -> Iterator[Disagreement]:
        """Two moves of the player with a reply between them, in both orders: one position or not."""
        first, second = draw.choice(moves), draw.choice(moves)
        self.board.push(first)
        replies = list(self.board.legal_moves)
        self.board.pop()
        if first == second or not replies:
            return
        reply = draw.choice(replies)
        ends = [self._after(line) for line in ([first, reply, second], [second, reply, first])]
        if ends[0] and ends[1]:
            (theirs, ours), (their_other, our_other) = ends
            self.seen["transpositions" if theirs == their_other else "orders that differ"] += 1
            what = f"equal keys of {first} {reply} {second} and {second} {reply} {first}"
            yield from self.differ(what, ours == our_other, theirs == their_other)

    def _after(self, line: list[chess.Move]) -> tuple[Hashable, int] | None:
        """Their key and ours after a line, where it is legal."""
        board, state = self.board.copy(stack=False), self.state
        for move in line:
            if not board.is_legal(move):
                return None
            number, _ = state.parse_move(board.uci(move))
            assert number is not None
            state = state.play(number)
            board.push(move)
        return board._transposition_key(), state.key


def their_outcome(board: chess.Board, *, claimed: bool) -> tuple[int | None, str] | None:
    """python-chess's outcome in our words and conventions (see the top of this file)."""
    ended = board.outcome(claim_draw=False)
    by_board = ended and ended.termination.value <= chess.Termination.INSUFFICIENT_MATERIAL.value
    if claimed and not by_board:
        if board.is_fifty_moves():
            return None, "fifty-move"
        return (None, "repetition") if board.is_repetition(3) else None
    if ended is None:
        return None
    winner = None if ended.winner is None else int(ended.winner == chess.BLACK)
    return winner, REASONS[ended.termination]
