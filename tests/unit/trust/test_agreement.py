"""Agreement with searches and with peers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.trust import trust_function


def of(**columns: object) -> Labels:
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return Labels(pa.table({"id": [f"{i}" for i in range(count)], **columns}))


def test_deepest_search_is_the_default_and_any_can_be_named() -> None:
    found = of(
        label=list("aaaaaaaa"),
        search_depth2_best=list("abababab"),
        search_depth10_regret_cp=[0, 0, 300, 300, 0, 0, 300, 300],
    )
    deep = trust_function("search_agreement").fit(found, np.array([True, True, False, False] * 2))
    assert deep.score(found).round(3).tolist() == [0.9, 0.9, 0.1, 0.1] * 2
    shallow = trust_function("search_agreement", column="search_depth2_best")
    scores = shallow.fit(found, np.array([True, False] * 4)).score(found)
    assert scores.round(3).tolist() == [0.9, 0.1] * 4
    with raises_code("trust-missing-evidence", DataError) as caught:
        trust_function("search_agreement", column="search_depth3_best").fit(found, np.arange(8) > 3)
    assert "search_depth3_best" in str(caught.value)


def test_labels_without_search_get_the_accuracy_of_such_gold() -> None:
    found = of(label=list("aaaaa"), search_best=["a", "b", None, None, None])
    right = np.array([True, False, True, True, False])
    scores = trust_function("search_agreement").fit(found, right).score(found)
    assert scores[2:].tolist() == pytest.approx([(2 + 0.6) / 4] * 3)


def test_peers_agree_by_flag_or_by_label() -> None:
    found = of(label=list("aaaa"), peer_agrees=[True, False, None, True], peer_label=["a", "b", None, "b"])
    scores = trust_function("peer_agreement").fit(found, np.array([True, False, True, True])).score(found)
    assert scores[0] >= scores[3] > scores[1]
