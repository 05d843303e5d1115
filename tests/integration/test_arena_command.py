"""``w2s arena`` as a user types it: the bundled arenas, their files, and bad input in one line."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from w2s.arena.loading import bundled_arenas
from w2s.cli.app import run

ENGINE = shlex.join([sys.executable, str(Path(__file__).parents[1] / "doubles" / "scripted_engine.py")])


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
    (["--game", "chess", "--pairs", "0"], 2, "'--pairs'"),
    (["--game", "chess", "--pairs", "x"], 2, "--pairs"),
    (["--game", "chess", "--sprt", "5"], 2, "--sprt"),
    (["--game", "chess", "--sprt", "5,0"], 2, "elo0"),
    (["--game", "chess", "--tc", "fast"], 2, "seconds+increment"),
    (["--game", "chess", "--illegal", "shrug"], 2, "error: --illegal: "),
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


def begins_nothing(words: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of a command that is refused before a folder is made or a game is played."""
    assert run(["arena", *words, "--out", "new"]) in (2, 4, 5)
    said = capsys.readouterr().err
    assert f"[{code}]" in said
    assert "resume" not in said
    assert "step play" not in said
    assert not Path("new").exists()
    return said.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("oracle", "code"),
    [
        ("searh:depth=3", "oracle-unknown"),
        ("search:depth=3&noise_cp=9", "oracle-search-noise"),
        ("exact:nodes=0", "oracle-exact-nodes"),
        ("uci:no-such-engine?nodes=5", "uci-engine-not-found"),
        ("syzygy:nowhere", None),
    ],
)
def test_oracle_is_refused_before_the_first_match(
    oracle: str, code: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    game = "chess" if oracle.startswith("syzygy") else "othello"
    if code is None:
        code = "syzygy-no-tables" if find_spec("chess") else "missing-extra-chess"
    players = ["--teacher", "random", "--student", "random", "--pairs", "1"]
    begins_nothing(["--game", game, *players, "--oracle", oracle], code, capsys)
    assert run(["arena", "--game", game, *players, "--oracle", "search:depth=1", "--out", "new"]) == 0


@pytest.mark.parametrize(
    ("teacher", "code"),
    [
        ("serch:depth=1", "model-unknown-kind"),
        ("uci:nosuch", "uci-engine-not-found"),
        (f"uci:{ENGINE}?Nonsense=3", "uci-unknown-option"),
        (f"uci:{ENGINE}", "model-other-game"),
    ],
)
def test_player_is_refused_before_a_folder_is_made(
    teacher: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    players = ["--teacher", teacher, "--student", "random", "--pairs", "1", "--oracle", "search:depth=1"]
    begins_nothing(["--game", "othello", *players], code, capsys)


def test_oracle_of_another_game_is_refused_before_a_folder_is_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    players = ["--teacher", "random", "--student", "random", "--pairs", "1"]
    begins_nothing(["--game", "othello", *players, "--oracle", f"uci:{ENGINE}"], "oracle-other-game", capsys)


def test_missing_torch_says_what_works_without_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2s.models.policy.loading.find_spec", lambda name: None)
    last = begins_nothing(["--game", "chess"], "missing-extra-models", capsys)
    assert "search:depth=3" in last
    assert "--teacher and --student" in last


def test_complete_run_of_another_configuration_is_only_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["arena", "--game", "connect_four", "--teacher", "random", "--student", "random", "--out", "r"]
    assert run([*words, "--pairs", "1"]) == 0
    capsys.readouterr()
    assert run([*words, "--pairs", "2"]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "[run-folder-other-configuration]" in said[0]


def test_finished_run_keeps_a_packed_journal_from_which_files_are_written_again() -> None:
    words = ["arena", "--game", "connect_four", "--teacher", "random", "--student", "random", "--out", "r"]
    assert run([*words, "--pairs", "2"]) == 0
    assert not Path("r/journal.jsonl").exists()
    labels = Path("r/labels.parquet").read_bytes()
    Path("r/labels.parquet").unlink()
    assert run(["arena", "--resume", "r"]) == 0
    assert Path("r/labels.parquet").read_bytes() == labels
    assert not Path("r/journal.jsonl").exists()


def test_debug_option_raises() -> None:
    from w2s.errors import UsageError

    with pytest.raises(UsageError):
        run(["arena", "--game", "ches", "--debug"])
