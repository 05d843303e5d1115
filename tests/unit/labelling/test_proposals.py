"""Several labels per example: their rows, their join with the examples, and models that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.doubles.nets import write_policy
from w2s.errors import UsageError
from w2s.evidence import read_labels
from w2s.labelling import LabelSpec, label_batch, label_file
from w2s.labelling.evidence import as_judge, load_oracles_by_prefix
from w2s.models import Model, load_model
from w2s.tasks import MoveExample
from w2s.trust.folds import assign_folds

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

GAME = w2s.game("connect_four")
MOVES = ("", "4", "44", "12121")


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("net") / "net"
    write_policy(folder, "connect_four", 0)
    return load_model(f"policy:{folder}")


def examples() -> list[MoveExample]:
    return [
        MoveExample(f"e{number}", GAME.state(moves=list(moves)), ("1",), group="g" if number == 1 else None)
        for number, moves in enumerate(MOVES)
    ]


def spec_for(net: Model, proposals: int) -> LabelSpec:
    vectors = frozenset({"hidden", "afterstate"})
    return LabelSpec(
        net, vectors, as_judge(net), load_oracles_by_prefix(["search:depth=2"]), proposals=proposals
    )


def test_each_proposal_is_a_row_joined_to_its_example(net: Model) -> None:
    labels = label_batch(examples(), spec_for(net, 3))
    assert labels.ids == [f"e{one}{suffix}" for one in range(4) for suffix in ("", "#2", "#3")]
    assert labels.example_ids == [f"e{one}" for one in range(4) for _ in range(3)]
    assert labels.table.column("proposal").to_pylist() == [1, 2, 3] * 4
    assert labels.table.column("group").to_pylist() == [
        name for name in ("e0", "g", "e2", "e3") for _ in range(3)
    ]
    names = labels.table.column("label").to_pylist()
    assert all(len(set(names[row : row + 3])) == 3 for row in range(0, 12, 3))
    right = [name == "1" for name in names]
    assert labels.correct.tolist() == right


def test_first_proposals_equal_labels_without_proposals(net: Model) -> None:
    one, three = label_batch(examples(), spec_for(net, 1)), label_batch(examples(), spec_for(net, 3))
    first = three.take(np.asarray(three.table.column("proposal")) == 1)
    left_out = ["group", "example_id", "proposal"]
    assert first.table.drop_columns(left_out).equals(one.table.drop_columns(["group"]))
    for name in ("hidden", "afterstate", "student"):
        assert np.array_equal(first.vectors[name], one.vectors[name])


def test_an_oracle_verifies_every_proposal(net: Model) -> None:
    labels = label_batch(examples(), spec_for(net, 7))
    states = {example.id: example.state for example in examples()}
    for row in labels.table.to_pylist():
        values = states[row["example_id"]].search(depth=2, all_moves=True).values
        regret = max(values.values()) - values[row["label"]]
        assert (row["search_depth2_regret_cp"] > 0) == (regret > 0)


def test_fewer_moves_than_proposals_give_fewer_rows(net: Model) -> None:
    full = GAME.state(moves=list("111111" + "222222" + "333333"))
    left = full.legal_moves()
    labels = label_batch([MoveExample("x", full)], spec_for(net, 20))
    assert sorted(labels.table.column("label").to_pylist()) == sorted(left) == list("4567")


def test_proposals_of_one_example_share_a_fold(net: Model) -> None:
    labels = label_batch(examples(), spec_for(net, 3))
    places = assign_folds(labels, np.tile([True, False, True], 4), 2, 0).reshape(4, 3)
    assert (places == places[:, :1]).all()


def test_a_file_of_proposals_is_read_back_unchanged(net: Model, tmp_path: Path) -> None:
    label_file(examples(), spec_for(net, 2), tmp_path / "labels.parquet")
    written = read_labels(tmp_path / "labels.parquet")
    read = read_labels(tmp_path / "labels.parquet")
    assert read.table.equals(written.table)
    assert read.example_ids == written.example_ids


def test_a_model_with_one_label_per_example_is_refused() -> None:
    with raises_code("label-no-proposals", UsageError):
        label_batch(examples(), LabelSpec(load_model("search:depth=1"), proposals=2))
