"""The files of a run: when its folder is complete, and which configurations it takes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doubles.errors import raises_code
from w2s.arena import ArenaSpec, run
from w2s.arena.outputs import ArenaFolder, read_ratings
from w2s.arena.spec import Openings, Verification
from w2s.errors import DataError, UsageError

PLAYERS = {"teacher": "random", "student": "random"}


def spec(pairs: int = 1) -> ArenaSpec:
    return ArenaSpec(game="connect_four", players=PLAYERS, pairs=pairs, verify=Verification(oracles=()))


def test_run_json_names_inputs_and_resume_command(tmp_path: Path) -> None:
    run(spec(), tmp_path / "run")
    state = json.loads((tmp_path / "run" / "run.json").read_text())
    assert state["inputs"].keys() == {"configuration", "openings"}
    assert state["resume"] == f"w2s arena --resume {tmp_path / 'run'}"
    assert (state["complete"], state["games"]) == (True, 2)


def test_folder_without_ratings_is_not_complete(tmp_path: Path) -> None:
    run(spec(), tmp_path)
    folder = ArenaFolder(tmp_path)
    assert folder.is_complete()
    folder.ratings.unlink()
    assert not folder.is_complete()
    with raises_code("arena-ratings-unreadable", DataError):
        read_ratings(folder.ratings)


def test_folder_without_finished_matches_takes_other_configuration(tmp_path: Path) -> None:
    folder = ArenaFolder(tmp_path)
    folder.open(spec())
    folder.journal.touch()
    assert run(spec(pairs=2), tmp_path)["games"] == 4


def test_other_openings_are_refused(tmp_path: Path) -> None:
    openings = tmp_path / "openings.txt"
    setting = spec().model_copy(update={"openings": Openings(file=str(openings))})
    openings.write_text("4 4\n")
    run(setting, tmp_path / "run")
    openings.write_text("4 3\n")
    with raises_code("run-folder-other-configuration", UsageError) as caught:
        run(setting, tmp_path / "run")
    assert "openings" in str(caught.value)
