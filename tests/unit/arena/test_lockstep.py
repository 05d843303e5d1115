"""Lockstep: batches by player, matches that come and go, and time that is charged."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

import pytest

from tests.unit.arena.doubles import FOOLS_MATE, ScriptedPlayer, by_ply, first_legal, match
from w2s.arena.lockstep import MatchSupply, play_matches
from w2s.arena.match import Match
from w2s.arena.openings import Opening
from w2s.arena.record import Ending
from w2s.arena.spec import MatchRules
from w2s.models import Answer, Want
from w2s.tasks import MoveExample


def draw_from(queue: deque[Match]) -> MatchSupply:
    return lambda wanted: [queue.popleft() for _ in range(min(wanted, len(queue)))]


def finished(matches: Iterable[Match], players: dict[str, ScriptedPlayer], width: int) -> list[Match]:
    return list(play_matches(draw_from(deque(matches)), players, width, Want()))


def test_each_model_gets_its_positions_in_one_batch() -> None:
    ann, bob = ScriptedPlayer(by_ply(*FOOLS_MATE)), ScriptedPlayer(by_ply(*FOOLS_MATE))
    done = finished([match(number=n) for n in range(3)], {"ann": ann, "bob": bob}, width=3)
    assert [found.pairing.number for found in done] == [0, 1, 2]
    assert ann.batches == [["0:0:0", "1:0:0", "2:0:0"], ["0:2:0", "1:2:0", "2:2:0"]]
    assert bob.batches == [["0:1:0", "1:1:0", "2:1:0"], ["0:3:0", "1:3:0", "2:3:0"]]


def test_width_limits_matches_in_progress() -> None:
    ann = ScriptedPlayer(lambda example: "resign" if example.match == "0" else FOOLS_MATE[example.state.ply])
    bob = ScriptedPlayer(by_ply(*FOOLS_MATE))
    done = finished([match(number=n) for n in range(4)], {"ann": ann, "bob": bob}, width=2)
    assert [found.pairing.number for found in done] == [0, 1, 2, 3]
    assert all(len(batch) <= 2 for batch in ann.batches + bob.batches)
    assert ann.batches[:2] == [["0:0:0", "1:0:0"], ["2:0:0"]]
    assert bob.batches[:2] == [["1:1:0"], ["2:1:0"]]


def test_width_does_not_change_moves() -> None:
    def moves(width: int) -> dict[int, tuple[str, ...]]:
        players = {"ann": ScriptedPlayer(first_legal), "bob": ScriptedPlayer(first_legal)}
        openings = [Opening("o", "startpos", (move,)) for move in ("a2a3", "e2e4", "g2g4")]
        rules = MatchRules(max_plies=20)
        matches = [match(rules, number=n, opening=opening) for n, opening in enumerate(openings)]
        return {done.pairing.number: done.record().moves for done in finished(matches, players, width)}

    assert moves(1) == moves(2) == moves(3)


def test_match_over_before_first_move_is_yielded() -> None:
    ann, bob = ScriptedPlayer(first_legal), ScriptedPlayer(first_legal)
    short = match(MatchRules(max_plies=1), opening=Opening("o", "startpos", ("e2e4",)))
    assert finished([short], {"ann": ann, "bob": bob}, width=4) == [short]
    assert ann.batches == bob.batches == []


def test_players_release_finished_matches() -> None:
    ann, bob = ScriptedPlayer(by_ply(*FOOLS_MATE)), ScriptedPlayer(by_ply(*FOOLS_MATE))
    finished([match(number=4)], {"ann": ann, "bob": bob}, width=1)
    assert ann.released == bob.released == ["4"]


def test_requeued_match_is_played_again() -> None:
    """A void match is known only when nothing else may be left to begin."""
    said: list[str] = []

    def machine_fails_once(example: MoveExample) -> Answer | str:
        said.append(example.id)
        if said.count("1:0:0") == 1 and example.id == "1:0:0":
            return Answer("", failure="void")
        return FOOLS_MATE[example.state.ply]

    players = {"ann": ScriptedPlayer(machine_fails_once), "bob": ScriptedPlayer(by_ply(*FOOLS_MATE))}
    queue = deque(match(number=n) for n in range(2))
    endings = []
    for done in play_matches(draw_from(queue), players, 2, Want()):
        endings.append((done.pairing.number, done.ending))
        if done.ending is Ending.VOID:
            queue.append(match(number=done.pairing.number))
    assert endings == [(1, Ending.VOID), (0, Ending.MATE), (1, Ending.MATE)]


def test_answer_without_time_is_charged_the_batch_time() -> None:
    def slow(example: MoveExample) -> Answer:
        time.sleep(0.02)
        return Answer(FOOLS_MATE[example.state.ply], seconds=1.5 if example.match == "1" else 0.0)

    ann, bob = ScriptedPlayer(slow), ScriptedPlayer(by_ply(*FOOLS_MATE))
    matches = [match(number=n, tc="60") for n in range(2)]
    finished(matches, {"ann": ann, "bob": bob}, width=2)
    unmeasured, measured = (found.record().seconds[0] for found in matches)
    assert measured == 1.5
    assert unmeasured == pytest.approx(0.04, abs=0.035)
    assert unmeasured is not None
    assert unmeasured >= 0.04
