"""Shards of a step."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.train.policy.data_parallel import ProcessGroup


def test_processes_shard_a_step_without_overlap() -> None:
    rows = np.arange(7)
    shards = [ProcessGroup(3, rank).shard(rows) for rank in range(3)]
    assert [shard.tolist() for shard in shards] == [[0, 1, 2], [3, 4], [5, 6]]
    assert ProcessGroup().shard(rows).tolist() == rows.tolist()
    assert len(ProcessGroup(3, 2).shard(np.arange(1))) == 0
