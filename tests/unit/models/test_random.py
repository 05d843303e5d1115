"""The random model: uniform, seeded, and independent of everything but the question."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from w2s.games import game
from w2s.models import Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample

START = game("chess").state()


def asked(match: str | None = None, **changes: object) -> MoveExample:
    return MoveExample("x", START, match=match, **changes)  # type: ignore[arg-type]


def labels(examples: list[MoveExample], seed: int = 0) -> list[str]:
    return [answer.label for answer in load_model("random", seed=seed).answer(examples, Want())]


def test_legal_moves_are_drawn_uniformly() -> None:
    counts = Counter(labels([asked(str(number)) for number in range(4000)]))
    assert counts.keys() == set(START.legal_moves())
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 43.8  # 19 degrees, 0.1 %


def test_position_has_one_label_but_matches_differ() -> None:
    assert len(set(labels([asked() for _ in range(5)]))) == 1
    assert len(set(labels([asked(str(number)) for number in range(50)]))) > 10


def test_seeds_draw_differently() -> None:
    assert len({labels([asked()], seed)[0] for seed in range(50)}) > 10


def test_position_that_recurs_in_a_match_is_drawn_again() -> None:
    state, drawn = START, set()
    for _ in range(20):
        drawn.add(labels([MoveExample("x", state, match="1")])[0])
        state = game("chess").state(moves=[*state.moves(), "g1f3", "g8f6", "f3g1", "f6g8"])
    assert len(drawn) > 5


def test_evidence_is_that_of_a_uniform_draw() -> None:
    (answer,) = load_model("random").answer([asked()], Want(evidence=True))
    assert answer.log_prob == pytest.approx(-math.log(20))
    assert answer.entropy == pytest.approx(math.log(20))
    assert (answer.margin, answer.n_options, answer.value_cp) == (0.0, 20, None)


def test_only_move_is_certain() -> None:
    forced = game("chess").state("7k/8/8/8/8/8/5n2/R6K w - - 0 1")
    (answer,) = load_model("random").answer([MoveExample("x", forced, only=("h1g2",))], Want(evidence=True))
    assert (answer.label, answer.log_prob, answer.margin, answer.entropy) == ("h1g2", 0.0, 1.0, 0.0)
    assert answer.n_options == len(forced.legal_moves())
