"""Archives: what other tools read of a run's games. python-chess is the oracle for PGN."""

from __future__ import annotations

import io
import json
import random
import re
from pathlib import Path

import chess.pgn
import pytest

from tests.unit.arena.doubles import FOOLS_MATE, record
from w2s.arena.games_export import write_games
from w2s.arena.record import Ending, MatchRecord
from w2s.games import game
from w2s.games.records import read_games

MODELS = {"ann": "search:depth=1", "bob": "uci:stockfish?nodes=1&Skill Level=3"}
CHESS960 = "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9"
STARTS = [
    "startpos",
    CHESS960,
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R b KQkq - 0 1",
    "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 b - - 0 37",
    "r3k2r/8/8/8/8/8/8/1R2K1R1 w GBha - 0 1",
]


def written(tmp_path: Path, *records: MatchRecord, models: dict[str, str] | None = None) -> str:
    path = tmp_path / ("games.pgn" if records[0].game == "chess" else "games.jsonl")
    write_games(path, records, models or MODELS)
    return path.read_bytes().decode("utf-8")


def parsed(text: str) -> list[chess.pgn.Game]:
    handle, games = io.StringIO(text), []
    while (found := chess.pgn.read_game(handle)) is not None:
        games.append(found)
    return games


def random_record(number: int, start: str, plies: int) -> MatchRecord:
    draw = random.Random(number)
    state = game("chess").state(start)
    while state.ply < plies and state.outcome() is None:
        state = state.play(draw.choice(state.legal_moves()))
    return record(
        number=number,
        pair=number // 2,
        start=state.start_position,
        moves=tuple(state.moves()),
        opening_plies=draw.randint(0, 6),
        winner=draw.choice([0, 1, None]),
        ending=draw.choice([ending for ending in Ending if ending.scored]),
        values_cp=tuple(draw.choice([None, 0, -37, 99_700, -99_900]) for _ in state.moves()),
        seconds=tuple(draw.choice([None, 0.12345]) for _ in state.moves()),
    )


RANDOM = [random_record(number, STARTS[number % len(STARTS)], 30 * (number % 7)) for number in range(60)]


def test_python_chess_reads_same_moves_and_results(tmp_path: Path) -> None:
    games = parsed(written(tmp_path, *RANDOM))
    assert len(games) == len(RANDOM)
    for found, match in zip(games, RANDOM, strict=True):
        assert found.errors == []
        assert found.headers["Result"] == match.result
        board = found.board()
        assert board.chess960 == ("Variant" in found.headers)
        moves = []
        for move in found.mainline_moves():
            moves.append(board.uci(move))
            board.push(move)
        ours = game("chess").state(match.start, match.moves)
        assert board.fen(en_passant="legal", shredder=board.chess960) == ours.position
        assert game("chess").state(match.start, moves).moves() == list(match.moves)


def test_random_games_cover_chess960_castling_and_all_results() -> None:
    castled = [match for match in RANDOM if match.start == game("chess").state(CHESS960).position]
    texts = [game("chess").state(match.start, match.moves).moves("san") for match in castled]
    assert any(move.startswith("O-O") for moves in texts for move in moves)
    assert {match.result for match in RANDOM} == {"1-0", "0-1", "1/2-1/2"}
    assert any(match.moves == () for match in RANDOM)


def test_read_games_returns_what_was_written(tmp_path: Path) -> None:
    written(tmp_path, *RANDOM)
    for found, match in zip(read_games(tmp_path / "games.pgn"), RANDOM, strict=True):
        assert (found.start, found.moves, found.result) == (match.start, match.moves, match.result)
        assert found.headers["Match"] == str(match.number)


def test_game_from_start_has_exact_text(tmp_path: Path) -> None:
    match = record(
        opening="Barnes",
        opening_plies=1,
        values_cp=(None, 35, -210, 99_900),
        seconds=(None, 0.25, 12.0, None),
        time_control="60+0.6",
    )
    assert written(tmp_path, match) == (
        '[Event "w2s arena"]\n'
        '[Site "?"]\n'
        '[Date "????.??.??"]\n'
        '[Round "3.2"]\n'
        '[White "ann"]\n'
        '[Black "bob"]\n'
        '[Result "0-1"]\n'
        '[TimeControl "60+0.6"]\n'
        '[Opening "Barnes"]\n'
        '[PlyCount "4"]\n'
        '[Termination "mate"]\n'
        '[WhiteModel "search:depth=1"]\n'
        '[BlackModel "uci:stockfish?nodes=1&Skill Level=3"]\n'
        '[Match "5"]\n'
        "\n"
        "1. f3 {book} 1... e5 {+0.35 0.250s} 2. g4 {-2.10 12.000s} 2... Qh4# {+M1} 0-1\n"
        "\n"
    )


def test_moves_without_comments_number_white_only(tmp_path: Path) -> None:
    assert "\n1. f3 e5 2. g4 Qh4# 0-1\n" in written(tmp_path, record())


def test_move_numbers_continue_those_of_the_start_position(tmp_path: Path) -> None:
    start = "4k3/8/8/8/8/8/4P3/4K3 b - - 3 41"
    text = written(tmp_path, record(start=start, moves=("e8e7", "e2e4"), winner=None))
    assert f'[SetUp "1"]\n[FEN "{start}"]\n' in text
    assert "\n41... Ke7 42. e4 1/2-1/2\n" in text
    assert "Variant" not in text


def test_variant_header_appears_only_for_chess960_starts(tmp_path: Path) -> None:
    assert '[Variant "Chess960"]' in written(tmp_path, record(start=CHESS960, moves=()))


def test_forfeit_comment_names_player_and_reason(tmp_path: Path) -> None:
    match = record(
        moves=("e2e4",),
        ending=Ending.FORFEIT_UNPARSABLE,
        winner=0,
        by="bob",
        detail="'{[e2e2]}\x00' is unparsable in\nrnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1",
    )
    text = written(tmp_path, match)
    (found,) = parsed(text)
    assert (found.errors, found.headers["Termination"]) == ([], "forfeit: unparsable")
    assert found.headers["Result"] == "1-0"
    comment = " ".join(found.end().comment.split())
    assert comment.startswith("bob: '([e2e2]) ' is unparsable in rnbqkbnr/pppppppp/8/8/4P3")


def test_movetext_has_at_most_80_columns(tmp_path: Path) -> None:
    stubborn = record(detail="x" * 500, ending=Ending.FORFEIT_CRASH, by="ann")
    text = written(tmp_path, *RANDOM, stubborn)
    lines = [line for line in text.splitlines() if not line.startswith("[")]
    assert max(map(len, lines)) == 80
    assert parsed(text)[-1].errors == []


def test_comment_keeps_value_and_time_on_one_line(tmp_path: Path) -> None:
    text = written(tmp_path, *RANDOM)
    assert re.search(r"\{[+-]\S+ [\d.]+s\}", text)
    assert not re.search(r"\{[+-]\S+\n[\d.]+s\}", text)


def test_names_are_escaped_on_one_line(tmp_path: Path) -> None:
    first, second = 'Ann "the\\hammer"', "Bøb\n[Result ½]"
    match = record(first=first, second=second)
    text = written(tmp_path, match, models={first: 'uci:"a b"?x=1', second: "random"})
    (found,) = parsed(text)
    assert found.errors == []
    assert [move.uci() for move in found.mainline_moves()] == list(FOOLS_MATE)
    (ours,) = read_games(tmp_path / "games.pgn")
    assert ours.headers["White"] == first
    assert ours.headers["Black"] == "Bøb [Result ½]"
    assert ours.headers["WhiteModel"] == 'uci:"a b"?x=1'


def test_output_is_deterministic_and_omits_void_matches(tmp_path: Path) -> None:
    void = record(ending=Ending.VOID, winner=None)
    text = written(tmp_path, record(), void)
    assert text == written(tmp_path, record())
    assert len(parsed(text)) == 1


def test_no_matches_give_an_empty_file(tmp_path: Path) -> None:
    write_games(tmp_path / "games.pgn", [], MODELS)
    assert (tmp_path / "games.pgn").read_bytes() == b""


@pytest.mark.parametrize("name", ["connect_four", "othello"])
def test_other_games_are_json_lines_that_read_games_reads(tmp_path: Path, name: str) -> None:
    matches = []
    for number in range(5):
        draw, state = random.Random(number), game(name).state()
        while state.outcome() is None:
            state = state.play(draw.choice(state.legal_moves()))
        outcome = state.outcome()
        assert outcome is not None
        matches.append(
            record(
                number=number,
                game=name,
                start=state.start_position,
                moves=tuple(state.moves()),
                winner=outcome.winner,
                ending=Ending(outcome.reason),
                values_cp=(None, 17),
            )
        )
    text = written(tmp_path, *matches)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["first_model"] for line in lines] == ["search:depth=1"] * 5
    assert [line["values_cp"][1] for line in lines] == [17] * 5
    for found, match in zip(read_games(tmp_path / "games.jsonl"), matches, strict=True):
        assert (found.game, found.start, found.moves, found.result) == (
            name,
            match.start,
            match.moves,
            match.result,
        )
        assert found.headers["number"] == str(match.number)
