"""Gold of other files shares nothing with pool and test."""

from __future__ import annotations

from pathlib import Path

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.config import ChainConfig
from w2s.chain.data.files import load_outside_gold
from w2s.chain.data.splits import Splits, write_splits
from w2s.errors import DataError
from w2s.tasks import MoveExample

STATES = [
    w2s.game("connect_four").state(moves=[column, other]) for column in "1234567" for other in "1234567"
]
EXAMPLES = [
    MoveExample(f"e{at}", state, gold=("4",), group=f"g{at // 2}") for at, state in enumerate(STATES[:12])
]


def write(path: Path, examples: list[MoveExample]) -> str:
    write_splits(Splits([], examples, []), path)
    return str(path)


def config(file: str, gold: int, **regime: str) -> ChainConfig:
    return ChainConfig.model_validate(
        {
            "game": "connect_four",
            "teacher": "policy:a",
            "student": "policy:b",
            "examples": {"files": ["pool.parquet"], "gold": gold},
            "regime": {"name": "ood_dist", "gold_examples": [file], **regime},
        }
    )


def test_what_pool_or_test_holds_is_left_out_by_id_position_and_group(tmp_path: Path) -> None:
    pool = [MoveExample("e0", STATES[40]), MoveExample("x", STATES[2])]
    test = [MoveExample("y", STATES[41], group="g3")]
    said: list[str] = []
    found = load_outside_gold(
        config(write(tmp_path / "a.parquet", EXAMPLES), 8), Splits([], pool, test), said.append
    )
    assert {example.id for example in found} == {f"e{at}" for at in (1, 3, 4, 5, 8, 9, 10, 11)}
    assert said == ["4 gold examples are left out: pool or test holds their position or id"]


def test_gold_is_drawn_by_seed_and_too_little_of_it_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", EXAMPLES)
    nothing = Splits([], [], [])
    assert len(load_outside_gold(config(file, 6), nothing, print)) == 6
    with raises_code("chain-too-few-examples", DataError):
        load_outside_gold(config(file, 13), nothing, print)


def test_gold_without_answers_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", [*EXAMPLES, MoveExample("open", STATES[20])])
    with raises_code("chain-example-without-answer", DataError) as caught:
        load_outside_gold(config(file, 6), Splits([], [], []), print)
    assert "'open'" in str(caught.value)


def test_gold_of_another_game_has_its_name_in_its_ids(tmp_path: Path) -> None:
    states = [w2s.game("othello").state(moves=[move]) for move in w2s.game("othello").state().legal_moves()]
    rows = [MoveExample(f"e{at}", state, gold=(state.legal_moves()[0],)) for at, state in enumerate(states)]
    file = write(tmp_path / "o.parquet", rows)
    domain = {"name": "ood_domain", "gold_game": "othello", "gold_teacher": "policy:c"}
    found = load_outside_gold(config(file, 2, **domain), Splits([], EXAMPLES, []), print)
    assert len(found) == 2
    assert all(example.id.startswith("othello:e") for example in found)
    with raises_code("chain-gold-wrong-game", DataError):
        load_outside_gold(config(file, 2), Splits([], [], []), print)
