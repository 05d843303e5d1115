"""Maia on real positions: its moves are legal, and the stronger net knows strong players better."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import chess.pgn
import numpy as np
import pytest

from w2s import kernels
from w2s.games import State, game
from w2s.models import Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.lc0.loading import load_lc0_net  # noqa: E402
from w2s.models.reference import parse_reference  # noqa: E402

pytestmark = [pytest.mark.data, pytest.mark.slow]
STRONG_ELO, OPENING_PLIES = 1900, 10


def maia(data: Path, elo: int) -> str:
    return f"lc0:{data / 'maia' / f'maia-{elo}.pb.gz'}"


def played(data: Path) -> list[tuple[State, str, int]]:
    """Every position of the sample with its history, the move that was played, and the mover's Elo."""
    found = []
    with (data / "lichess-pgn-sample" / "lichess_db_1000k.pgn").open(encoding="utf-8") as file:
        for record in iter(lambda: chess.pgn.read_game(file), None):
            elos = [int(record.headers.get(f"{side}Elo", "0").strip("?") or 0) for side in ("White", "Black")]
            state = game("chess").state()
            for ply, move in enumerate(record.mainline_moves()):
                found.append((state, move.uci(), elos[ply % 2]))
                state = state.play(move.uci())
    return found


@pytest.mark.parametrize("elo", [1100, 1500, 1900])
def test_nearly_all_probability_lies_on_legal_moves(data: Path, elo: int) -> None:
    states = [state for state, _, _ in played(data)[::14]][:2000]
    assert len(states) == 2000
    net, legal = load_lc0_net(parse_reference(maia(data, elo))), []
    for start in range(0, len(states), 100):
        cores = [state._core for state in states[start : start + 100]]
        found = kernels.encode("chess", cores, "lc0")
        with torch.inference_mode():
            probs = torch.softmax(net(torch.from_numpy(found.planes)), 1).numpy()
        rows = np.repeat(np.arange(len(cores)), np.diff(found.offsets))
        legal.append(np.bincount(rows, probs[rows, found.indices], len(cores)))
    assert np.concatenate(legal).mean() >= 0.99


def test_the_stronger_net_predicts_strong_players_better(data: Path) -> None:
    moves = [
        (state, move)
        for state, move, elo in played(data)
        if elo >= STRONG_ELO and state.ply >= OPENING_PLIES and state.legal_moves()
    ][:1500]
    assert len(moves) >= 1000
    examples = [MoveExample(f"{i}", state) for i, (state, _) in enumerate(moves)]
    right, log_probs = {}, {}
    for elo in (1100, 1900):
        judged = load_model(maia(data, elo)).judge(examples, [move for _, move in moves])  # type: ignore[attr-defined]
        right[elo] = np.mean([answer.rank == 0 for answer in judged])
        log_probs[elo] = np.array([answer.log_prob for answer in judged])
    better = log_probs[1900] - log_probs[1100]
    print(len(moves), right, better.mean(), better.std() / np.sqrt(len(better)))  # shown with -s
    assert right[1900] > right[1100]
    assert better.mean() > 2 * better.std() / np.sqrt(len(better))


def test_half_of_the_puzzles_are_solved_untrained(data: Path) -> None:
    with (data / "lichess-puzzles-2020" / "puzzles.csv").open(encoding="utf-8") as file:
        rows = list(itertools.islice(csv.DictReader(file), 0, None, 12))
    lines = [row["Moves"].split() for row in rows]
    states = [game("chess").state(row["FEN"]).play(line[0]) for row, line in zip(rows, lines, strict=True)]
    examples = [MoveExample(row["PuzzleId"], state) for row, state in zip(rows, states, strict=True)]
    answers = load_model(maia(data, 1900)).answer(examples, Want())
    solved = np.mean([answer.label == line[1] for answer, line in zip(answers, lines, strict=True)])
    print(len(rows), solved)
    assert 0.48 < solved < 0.58
