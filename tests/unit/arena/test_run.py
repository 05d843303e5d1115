"""A run from start to end with doubles as players: void matches, interruption, completion."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from tests.unit.arena.doubles import ScriptedPlayer, first_legal
from w2s.arena import ArenaProgress, ArenaSpec, run
from w2s.arena.players import Players
from w2s.arena.spec import LabelPolicy, MatchRules, PlayerLimits, SprtConfig, Verification
from w2s.errors import ModelError, UsageError
from w2s.games import State
from w2s.games.records import read_games
from w2s.locks import lock_folder
from w2s.models import Answer
from w2s.tasks import MoveExample

run_module = import_module("w2s.arena.run")  # the package exports its function under the same name


class Seats(dict[str, ScriptedPlayer]):
    """A double of loaded players: two models with one script."""

    script: Any = staticmethod(first_legal)
    loaded = 0

    def __init__(self, references: dict[str, str], starts: list[State], **_: Any) -> None:
        super().__init__({name: ScriptedPlayer(type(self).script) for name in references})
        type(self).loaded += 1

    def __enter__(self) -> Seats:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def width(self, wanted: int) -> int:
        return wanted


@pytest.fixture
def seats(monkeypatch: pytest.MonkeyPatch) -> type[Seats]:
    class Own(Seats):
        pass

    monkeypatch.setattr(run_module, "Players", Own)
    return Own


def spec(**changes: Any) -> ArenaSpec:
    plain: dict[str, Any] = {
        "game": "connect_four",
        "players": {"teacher": "random", "student": "random"},
        "pairs": 3,
        "verify": Verification(oracles=()),
    }
    return ArenaSpec(**{**plain, **changes})


def failing_on(match: str, times: int) -> Any:
    """The machine fails at the start of one match, so many times."""
    left = [times]

    def script(example: MoveExample) -> Answer | str:
        if example.match == match and example.state.ply == 0 and left[0]:
            left[0] -= 1
            return Answer("", failure="void", raw="out of processes")
        return first_legal(example)

    return script


def test_void_match_is_replayed_and_counted(tmp_path: Path, seats: type[Seats]) -> None:
    """The last match of the schedule, so that no other is left to begin when it comes back."""
    seats.script = staticmethod(failing_on("5", times=2))
    result = run(spec(), tmp_path / "run")
    assert (result["games"], result["voids"]) == (6, 2)
    assert "void" not in result["endings"]
    assert [found.headers["number"] for found in read_games(tmp_path / "run" / "games.jsonl")] == list(
        "012345"
    )


def test_match_that_stays_void_ends_run_with_reason(tmp_path: Path, seats: type[Seats]) -> None:
    seats.script = staticmethod(failing_on("1", times=99))
    with raises_code("arena-match-void", ModelError) as caught:
        run(spec(), tmp_path / "run")
    assert "match 1 " in str(caught.value)
    assert "3 attempts: out of processes" in str(caught.value)


def test_both_players_label_every_position(tmp_path: Path, seats: type[Seats]) -> None:
    result = run(spec(), tmp_path / "run")
    labels = pq.read_table(tmp_path / "run" / "labels.parquet").to_pylist()
    assert len(labels) == 2 * result["plies"]
    assert len({row["id"] for row in labels}) == len(labels)
    assert sum(row["played"] for row in labels) == result["plies"]
    assert {row["verdict"] for row in labels} == {"unknown"}


def test_crash_is_a_label_without_verdict(tmp_path: Path, seats: type[Seats]) -> None:
    def crashes(example: MoveExample) -> Answer | str:
        at_end = example.match is not None and example.state.ply == 3
        return Answer("", failure="crash", raw="segmentation fault") if at_end else first_legal(example)

    seats.script = staticmethod(crashes)
    result = run(spec(), tmp_path / "run")
    assert result["endings"] == {"forfeit: crash": 6}
    last = [row for row in pq.read_table(tmp_path / "run" / "labels.parquet").to_pylist() if row["ply"] == 3]
    assert [(row["label"], row["failure"], row["legal"]) for row in last if row["failure"]] == [
        (None, "crash", False)
    ] * 6
    assert [(row["label"], row["legal"], row["played"]) for row in last if not row["failure"]] == [
        ("1", True, False)
    ] * 6
    assert {row["peer_agrees"] for row in last} == {None}


WHOLE = {"pairs": 6, "seed": 3, "verify": Verification(oracles=("search:depth=2",), share=0.5)}
TESTED = {
    "pairs": 60,
    "players": {"teacher": "random", "student": "search:depth=2"},
    "labels": LabelPolicy(labellers="mover"),
    "sprt": SprtConfig(elo0=0, elo1=150),
}


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("changes", [WHOLE, TESTED], ids=["all matches", "sequential test"])
def test_interrupted_run_ends_with_same_bytes(tmp_path: Path, width: int, changes: dict[str, Any]) -> None:
    setting = spec(**changes)
    result = run(setting, tmp_path / "whole", width=64)
    assert (result["games"] < 2 * setting.pairs) == (setting.sprt is not None)
    for patience in range(1, 200):

        def interrupt(progress: ArenaProgress, calls: list[int] = [patience]) -> None:  # noqa: B006
            calls[0] -= 1
            if not calls[0]:
                raise KeyboardInterrupt

        try:
            run(setting, tmp_path / "cut", width=width, show=interrupt)
            break
        except KeyboardInterrupt:
            continue
    for name in ("games.jsonl", "labels.parquet", "ratings.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert patience > 2


def test_complete_run_loads_no_player(tmp_path: Path, seats: type[Seats]) -> None:
    first = run(spec(), tmp_path / "run")
    assert seats.loaded == 1
    assert run(spec(), tmp_path / "run") == first
    assert seats.loaded == 1


def test_run_with_all_matches_played_loads_no_player(tmp_path: Path, seats: type[Seats]) -> None:
    run(spec(), tmp_path / "run")
    (tmp_path / "run" / "labels.parquet").unlink()
    run(spec(), tmp_path / "run")
    assert seats.loaded == 1
    assert (tmp_path / "run" / "labels.parquet").exists()


def test_run_in_use_is_refused(tmp_path: Path, seats: type[Seats]) -> None:
    run(spec(), tmp_path / "run")
    (tmp_path / "run" / "labels.parquet").unlink()
    with lock_folder(tmp_path / "run"), raises_code("output-locked", UsageError):
        run(spec(), tmp_path / "run")


def test_other_configuration_is_refused_with_changed_key(tmp_path: Path, seats: type[Seats]) -> None:
    run(spec(), tmp_path / "run")
    with raises_code("run-folder-other-configuration", UsageError) as caught:
        run(spec(pairs=4), tmp_path / "run")
    assert "pairs (3 → 4)" in str(caught.value)


def test_clock_and_length_reach_the_exported_games(tmp_path: Path, seats: type[Seats]) -> None:
    run(spec(limits=PlayerLimits(tc="9+1"), rules=MatchRules(max_plies=5)), tmp_path / "run")
    games = list(read_games(tmp_path / "run" / "games.jsonl"))
    assert {found.headers["time_control"] for found in games} == {"9+1"}
    assert {found.headers["ending"] for found in games} == {"adjudicated: length"}
    assert {len(found.moves) for found in games} == {5}


def test_players_double_has_the_methods_of_players() -> None:
    assert {name for name in vars(Players) if not name.startswith("_")} <= set(dir(Seats))
