"""Columns of oracles that verify labels."""

from __future__ import annotations

from tests.doubles.errors import raises_code
from tests.unit.labelling.doubles import Net, mates
from w2s.errors import UsageError
from w2s.labelling import LabelSpec, label_batch
from w2s.labelling.oracle_columns import column_prefix, load_oracles_by_prefix


def test_each_oracle_has_its_own_columns() -> None:
    labels = label_batch(mates(2), LabelSpec(Net(), oracles=load_oracles_by_prefix(["search:depth=2"])))
    first = labels.table.to_pylist()[0]
    assert first["search_depth2_best"] in ("a1a8", "b1b8")
    assert first["search_depth2_regret_cp"] > 0
    assert column_prefix("uci:stockfish?nodes=1000&Skill Level=3") == "uci_stockfish_nodes1000_Skill_Level3"


def test_an_oracle_named_twice_is_refused() -> None:
    with raises_code("label-duplicate-oracle", UsageError):
        load_oracles_by_prefix(["search:depth=2", "search:depth=2"])
