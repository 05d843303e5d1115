"""The text of the protocol: parsed lines and written commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.models.uci.protocol import (
    EngineOption,
    SearchInfo,
    SearchLimits,
    go,
    parse_bestmove,
    parse_info,
    parse_option,
    position,
    setoption,
)
from w2s.tasks import Clock

OPTIONS = {
    b"option name Hash type spin default 16 min 1 max 33554432": EngineOption(
        "Hash", "spin", "16", 1, 33554432
    ),
    b"option name Skill Level type spin default 20 min 0 max 20": EngineOption(
        "Skill Level", "spin", "20", 0, 20
    ),
    b"option name Move Overhead type spin default -3 min -9 max 9": EngineOption(
        "Move Overhead", "spin", "-3", -9, 9
    ),
    b"option name Threads type spin": EngineOption("Threads", "spin"),
    b"option name Ponder type check default false": EngineOption("Ponder", "check", "false"),
    b"option name Clear Hash type button": EngineOption("Clear Hash", "button"),
    b"option name Log File type string default <empty>": EngineOption("Log File", "string", ""),
    b"option name Log File type string default ": EngineOption("Log File", "string", ""),
    b"option name Log File type string default": EngineOption("Log File", "string", ""),
    b"option name Log File type string": EngineOption("Log File", "string", ""),
    b"option name About type string default the type of name: min var max default": EngineOption(
        "About", "string", "the type of name: min var max default"
    ),
    b"option name Style type combo default Very Risky var Solid var Normal var Very Risky": EngineOption(
        "Style", "combo", "Very Risky", choices=("Solid", "Normal", "Very Risky")
    ),
    b"option name The min of a var type spin default 1 min 0 max 2": EngineOption(
        "The min of a var", "spin", "1", 0, 2
    ),
    b"  option name Hash type spin default 1 min 1 max 2\r": EngineOption("Hash", "spin", "1", 1, 2),
    b"option name Hash type spin default x min y max z": EngineOption("Hash", "spin", "x"),
    b"option name Hash type spin default 5 min 9 max 1": EngineOption("Hash", "spin", "5"),
    b"option name \xff type check default true": EngineOption("\ufffd", "check", "true"),
}


@pytest.mark.parametrize(("line", "option"), OPTIONS.items())
def test_options_are_parsed(line: bytes, option: EngineOption) -> None:
    assert parse_option(line) == option


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"uciok",
        b"option",
        b"option name",
        b"option name Hash",
        b"option name Hash type",
        b"option name Hash type slider min 1",
        b"option type spin name Hash",
        b"option name  type spin",
        b"options name Hash type spin",
        b"id name option name Hash type spin",
    ],
)
def test_line_without_option_is_none(line: bytes) -> None:
    assert parse_option(line) is None


STOCKFISH = (
    b"info depth 12 seldepth 15 multipv 2 score cp -31 nodes 52345 nps 1046900 hashfull 21 tbhits 0 time 50"
    b" pv d2d4 d7d5 c2c4"
)
INFOS = {
    STOCKFISH: SearchInfo(2, "d2d4", -31, None, False),
    b"info depth 1 score cp 13 pv e2e4": SearchInfo(1, "e2e4", 13, None, False),
    b"info score mate 3 pv h5f7": SearchInfo(1, "h5f7", None, 3, False),
    b"info score mate -2 multipv 4 pv g8h8": SearchInfo(4, "g8h8", None, -2, False),
    b"info score mate 0 pv e1e2": SearchInfo(1, "e1e2", None, 0, False),
    b"info score cp 25 lowerbound nodes 7 pv e2e4 e7e5": SearchInfo(1, "e2e4", 25, None, True),
    b"info depth 3 score cp 25 upperbound pv e2e4": SearchInfo(1, "e2e4", 25, None, True),
    b"info score cp 30 wdl 320 600 80 multipv 1 pv a7a8q": SearchInfo(1, "a7a8q", 30, None, False),
    b"info depth 3 score cp 30  pv  e2e4   e7e5\r": SearchInfo(1, "e2e4", 30, None, False),
    b"info multipv 0 score cp 1 pv e2e4": SearchInfo(1, "e2e4", 1, None, False),
    b"info score cp " + b"9" * 10_000 + b" pv e2e4": SearchInfo(1, "e2e4", 999_999_999, None, False),
    b"info multipv 99999999 score cp 1 pv e2e4": SearchInfo(99_999, "e2e4", 1, None, False),
    b"info score cp 1 pv \xff": SearchInfo(1, "\ufffd", 1, None, False),
}


@pytest.mark.parametrize(("line", "info"), INFOS.items())
def test_lines_of_play_are_parsed(line: bytes, info: SearchInfo) -> None:
    assert parse_info(line) == info


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"info",
        b"info pv",
        b"info depth 9 currmove e2e4 currmovenumber 1",
        b"info depth 9 score cp 3",
        b"info depth 9 score cp 3 pv",
        b"info depth 9 score cp 3 pv ",
        b"info depth 9 pv e2e4",
        b"info depth 9 score cp pv e2e4",
        b"info depth 9 score cp x pv e2e4",
        b"info string the score cp 3 pv e2e4",
        b"info depth 2 string score cp 3 pv e2e4",
        b"bestmove e2e4 score cp 3 pv e2e4",
    ],
)
def test_line_without_line_of_play_is_none(line: bytes) -> None:
    assert parse_info(line) is None


@pytest.mark.parametrize(
    ("line", "move"),
    [
        (b"bestmove e2e4", "e2e4"),
        (b"bestmove e7e8q ponder a7a6", "e7e8q"),
        (b"bestmove (none)", "(none)"),
        (b"bestmove", ""),
        (b"bestmove ponder e7e5", ""),
        (b" bestmove\t e2e4 \r", "e2e4"),
        (b"bestmove two words ponder x", "two words"),
        (b"bestmove e2\x00", "e2\x00"),
        (b"bestmoves e2e4", None),
        (b"bestmovee2e4", None),
        (b"the bestmove e2e4", None),
        (b"", None),
    ],
)
def test_best_moves_are_unchanged(line: bytes, move: str | None) -> None:
    assert parse_bestmove(line) == move


@given(st.binary(max_size=200), st.sampled_from([b"", b"info score cp 1 ", b"option name ", b"bestmove "]))
def test_any_bytes_are_parsed_without_error(data: bytes, begin: bytes) -> None:
    line = begin + data
    option, info, move = parse_option(line), parse_info(line), parse_bestmove(line)
    assert option is None or option.name.strip()
    assert info is None or info.move
    assert (move is not None) == (line.decode("utf-8", "replace").split()[:1] == ["bestmove"])


@pytest.mark.slow
@given(
    rank=st.integers(1, 500),
    move=st.from_regex(r"[a-h][1-8][a-h][1-8][qrbn]?", fullmatch=True),
    cp=st.integers(-40_000, 40_000),
    bound=st.sampled_from(["", "lowerbound ", "upperbound "]),
)
def test_parsed_line_equals_written_line(rank: int, move: str, cp: int, bound: str) -> None:
    line = f"info depth 9 multipv {rank} score cp {cp} {bound}nodes 12 pv {move} e7e5"
    assert parse_info(line.encode()) == SearchInfo(rank, move, cp, None, bool(bound))


WHITE, BLACK = 0, 1


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (go(SearchLimits(nodes=1000), None, WHITE), b"go nodes 1000\n"),
        (go(SearchLimits(depth=3), None, BLACK), b"go depth 3\n"),
        (go(SearchLimits(5, 6, 7), None, WHITE), b"go nodes 5 depth 6 movetime 7\n"),
        (go(SearchLimits(nodes=1), None, WHITE, ["e2e4", "d2d4"]), b"go nodes 1 searchmoves e2e4 d2d4\n"),
        (
            go(SearchLimits(), Clock(60.0, 59.5, 0.6), WHITE),
            b"go wtime 60000 btime 59500 winc 600 binc 600\n",
        ),
        (
            go(SearchLimits(nodes=9), Clock(60.0, 59.5, 0.0), BLACK),
            b"go nodes 9 wtime 59500 btime 60000 winc 0 binc 0\n",
        ),
        (go(SearchLimits(), Clock(0.0, -1.0, 0.0), WHITE), b"go wtime 1 btime 1 winc 0 binc 0\n"),
        (go(SearchLimits(), Clock(0.0019, 1e-9, 0.0), WHITE), b"go wtime 1 btime 1 winc 0 binc 0\n"),
        (position("FEN w - - 0 1", ""), b"position fen FEN w - - 0 1\n"),
        (position("FEN w - - 0 1", "e2e4 e7e5"), b"position fen FEN w - - 0 1 moves e2e4 e7e5\n"),
        (setoption("Skill Level", "3"), b"setoption name Skill Level value 3\n"),
        (setoption("Log File", ""), b"setoption name Log File value \n"),
        (setoption("Clear Hash"), b"setoption name Clear Hash\n"),
    ],
)
def test_commands_follow_the_protocol(command: bytes, expected: bytes) -> None:
    assert command == expected


def test_limits_are_false_without_a_limit() -> None:
    assert not SearchLimits()
    assert all(map(bool, (SearchLimits(nodes=1), SearchLimits(depth=1), SearchLimits(movetime_ms=1))))
