"""``w2s arena`` as a user types it: the bundled arenas, their files, and bad input in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from w2s.arena.loading import bundled_arenas
from w2s.cli.app import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_game_has_a_bundled_arena() -> None:
    from w2s.kernels import game_names

    assert sorted(bundled_arenas()) == sorted(game_names())


@pytest.mark.parametrize("game", sorted(bundled_arenas()))
def test_bundled_arena_writes_consistent_files(game: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["arena", "--game", game, "--pairs", "2", "--verify-share", "0.2", "--out", "r", "--json"]) == 0
    )
    result = json.loads(capsys.readouterr().out)
    table = pq.read_table("r/labels.parquet")
    assert result["games"] == 4
    assert len(table) == 2 * result["plies"]
    assert sum(result["endings"].values()) == 4
    assert len(set(table["id"].to_pylist())) == len(table)
    assert set(table["rules_ok"].to_pylist()) == {True}
    counted = [sum(counts.values()) for counts in result["verdicts"].values()]
    assert counted == [result["plies"]] * 2
    unknown = sum(word == "unknown" for word in table["verdict"].to_pylist())
    assert 0.6 < unknown / len(table) < 0.95
    assert json.loads(Path("r/run.json").read_text())["complete"] is True
    assert Path("r/games.pgn" if game == "chess" else "r/games.jsonl").exists()
    assert Path("r/run.toml").read_text().startswith(f'game = "{game}"')


def test_bundled_openings_are_distinct() -> None:
    from w2s.arena.openings import read_openings

    for game in bundled_arenas():
        openings = read_openings(f"openings/{game}.txt", game)
        assert len(openings) >= 1000
        assert len({opening.state(game).key for opening in openings}) == len(openings)


BAD = [
    ([], 2, "[arena-no-configuration]"),
    (["--game", "ches"], 2, "did you mean chess?"),
    (["nothing.toml"], 2, "cannot read nothing.toml"),
    (["--game", "chess", "--teacher", "search"], 2, "search:depth=3"),
    (["--game", "chess", "--teacher", "serch:depth=1"], 2, "did you mean search?"),
    (["--game", "chess", "--teacher", "search:depth=0"], 2, "depth"),
    (["--game", "chess", "--pairs", "0"], 2, "pairs"),
    (["--game", "chess", "--pairs", "x"], 2, "--pairs"),
    (["--game", "chess", "--sprt", "5"], 2, "--sprt"),
    (["--game", "chess", "--sprt", "5,0"], 2, "elo0"),
    (["--game", "chess", "--tc", "fast"], 2, "seconds+increment"),
    (["--game", "chess", "--teacher", "uci:stockfish", "--tc", "1+0.1"], 2, "--labellers mover"),
    (["--game", "chess", "--illegal", "shrug"], 2, "retry:K"),
    (["--game", "chess", "--oracle", "nobody"], 2, "[oracle-unknown]"),
    (["--game", "chess", "--oracle", "exact:nodes=x"], 2, "exact:nodes=N"),
    (["--game", "chess", "--openings", "nothing.txt"], 2, "[arena-openings-missing]"),
    (["--game", "chess", "--openings", "bad.txt"], 3, "bad.txt, line 2"),
    (["--game", "chess", "--openings", "bytes.txt"], 3, "[arena-openings-not-utf8]"),
    (["--game", "chess", "--openings", "empty.txt"], 3, "empty.txt"),
    (["--game", "chess", "--teacher", "uci:no-such-engine?nodes=1"], 4, "no-such-engine"),
    (["--game", "othello", "--teacher", "uci:stockfish?nodes=1"], (2, 4), "stockfish"),
    (["--game", "chess", "--player", "a=random", "--teacher", "random"], 2, "not both"),
    (["--game", "chess", "--player", "a=random", "--player", "a=random"], 2, "different names"),
    (["--game", "chess", "--resume", "r"], 2, "--resume"),
    (["--resume", "nowhere"], 2, "nowhere/run.toml"),
    (["--game", "chess", "--out", "a-file/r"], 2, "[run-folder-not-writable]"),
    (["--nonsense"], 2, "--nonsense"),
]


@pytest.mark.parametrize(("words", "code", "said"), BAD, ids=lambda value: str(value)[:60])
def test_invalid_input_is_one_line_with_exit_code(
    words: list[str], code: int | tuple[int, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.txt").write_text("e4 e5\ne4 e4\n")
    Path("bytes.txt").write_bytes(b"\xff\xfe\x00")
    Path("empty.txt").write_text("# nothing\n")
    Path("a-file").write_text("")
    assert run(["arena", *words]) in (code if isinstance(code, tuple) else (code,))
    printed = capsys.readouterr()
    last = printed.err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert said in last
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_debug_option_raises() -> None:
    from w2s.errors import UsageError

    with pytest.raises(UsageError):
        run(["arena", "--game", "ches", "--debug"])
