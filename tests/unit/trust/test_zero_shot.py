"""Zero-shot scores."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from w2s.evidence import Labels
from w2s.trust import trust_function


def of(**columns: object) -> Labels:
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return Labels(pa.table({"id": [f"{i}" for i in range(count)], **columns}))


def raw(name: str, found: Labels, **options: object) -> list[float]:
    correct = np.arange(len(found)) % 2 == 0
    return trust_function(name, **options).fit(found, correct).score(found).round(6).tolist()


def test_zero_shot_scores_equal_their_formulas() -> None:
    assert raw("confidence", of(log_prob=[np.log(0.25), 0.0, None])) == [0.25, 1, 0]
    assert raw("margin", of(margin=[-1.0, 0.5, None])) == [0, 0.75, 0]
    certain = of(entropy=[0.0, np.log(4), np.log(2)], n_options=[1, 4, 4])
    assert raw("entropy", certain) == [1, 0, 0.5]
    drawn = of(label=["a", "a", "a"], samples=[["a", "b", "a", "a"], [], None])
    assert raw("self_consistency", drawn) == [0.75, 0, 0]
