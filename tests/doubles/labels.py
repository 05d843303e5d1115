"""Labels with every kind of evidence, some of it telling whether the label is right."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from w2s.evidence import Labels


def labels(n: int = 300, *, seed: int = 0, signal: float = 2.0, width: int = 12) -> Labels:
    """n labels, about half of them right; with ``signal=0`` no evidence says which."""
    draw, more = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    right = draw.random(n) < 0.5
    told = signal * (right - 0.5)

    def agreeing(share: float) -> np.ndarray:
        says = draw.random(n) < 0.5 + (right - 0.5) * min(1.0, signal / 2) * share
        return np.where(says, "e2e4", np.where(draw.random(n) < 0.5, "d2d4", "g1f3"))

    log_prob = -np.log1p(np.exp(draw.normal(size=n) - told))
    vectors = {
        name: (draw.normal(size=(n, width)) + told[:, None] * (np.arange(width) == at)).astype(np.float32)
        for at, name in enumerate(("hidden", "afterstate", "student"))
    }
    table = pa.table(
        {
            "id": [f"p{i:05d}" for i in draw.permutation(n)],
            "label": pa.array(["e2e4"] * n),
            "log_prob": pa.array(log_prob, pa.float32()),
            "margin": pa.array(2 * np.exp(log_prob) - 1, pa.float32()),
            "entropy": pa.array(np.clip(-log_prob, 0, 3), pa.float32()),
            "n_options": pa.array(draw.integers(20, 40, n), pa.int32()),
            "samples": [["e2e4"] * int(k) + ["d2d4"] * (4 - int(k)) for k in draw.integers(0, 5, n)],
            "icl": pa.array(np.exp(log_prob), pa.float32()),
            "verbalised": pa.array(1 / (1 + np.exp(-told)), pa.float32(), mask=more.random(n) < 0.1),
            "p_true": pa.array(1 / (1 + np.exp(-told - more.normal(size=n))), pa.float32()),
            "reward": pa.array(told + more.normal(size=n), pa.float32()),
            "peer_label": agreeing(0.9),
            "peer_label_other": agreeing(0.6),
            "search_depth2_best": agreeing(0.8),
            "search_depth2_regret_cp": pa.array(
                np.maximum(0, draw.normal(80, 60, n) - 50 * told).astype(np.int32)
            ),
            "correct": right,
        }
    )
    return Labels(table, vectors)


def without(found: Labels, *names: str) -> Labels:
    """The same labels, lacking some columns and vectors."""
    columns = [name for name in found.table.column_names if name not in names]
    vectors = {name: vector for name, vector in found.vectors.items() if name not in names}
    return Labels(found.table.select(columns), vectors)
