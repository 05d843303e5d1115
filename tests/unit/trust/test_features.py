"""Evidence as standardised features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.doubles.labels import labels
from w2s.evidence import Labels, write_table
from w2s.trust.features import FeatureLayout, feature_layout, feature_matrix, fit_scaling
from w2s.trust.file_commands import fit_file


def test_features_have_mean_0_and_deviation_1_on_gold() -> None:
    found = labels(500)
    layout = feature_layout(found, ("hidden", "search", "peer"))
    assert layout.columns == ("log_prob", "margin", "entropy", "n_options", "search_depth2_regret_cp")
    assert layout.agrees == ("search_depth2_best", "peer_label", "peer_label_other")
    assert FeatureLayout.from_json(layout.to_json()) == layout
    x = feature_matrix(found, layout, fit_scaling(found, layout))
    assert x.shape == (500, 5 + 3 + 12)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-2)  # a regret or two is clipped to 10 deviations


def test_missing_values_become_the_mean_with_a_flag() -> None:
    hidden = np.array([[1, 2], [np.nan, np.nan], [3, 4]], np.float32)
    table = pa.table({"id": list("abc"), "log_prob": pa.array([-1.0, -2.0, None], pa.float32())})
    found = Labels(table, {"hidden": hidden})
    layout = feature_layout(found, ("hidden",))
    x = feature_matrix(found, layout, fit_scaling(found, layout))
    np.testing.assert_allclose(x, [[1, -1, -1, 0, 0], [-1, 0, 0, 0, 1], [0, 1, 1, 1, 0]])


def test_feature_constant_on_gold_is_ignored() -> None:
    table = pa.table({"id": ["a", "b"], "log_prob": pa.array([-1.0, -1.0])})
    layout = feature_layout(Labels(table), ())
    scaling = fit_scaling(Labels(table), layout)
    other = Labels(pa.table({"id": ["a"], "log_prob": pa.array([-9.0])}))
    assert feature_matrix(other, layout, scaling).tolist() == [[0.0]]


def test_outliers_are_clipped_to_10_deviations() -> None:
    found = labels(100)
    layout = feature_layout(found, ())
    far = found.with_column("log_prob", pa.array(np.full(100, -1e9), pa.float32()))
    assert np.abs(feature_matrix(far, layout, fit_scaling(found, layout))).max() == 10


def test_a_fit_names_the_evidence_that_it_does_not_read(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    table = pa.table({"id": [str(row) for row in range(80)], "label": ["a"] * 80, "gold": [True, False] * 40})
    table = table.append_column("search_depth2_regret_cp", pa.array(draw.normal(size=80)))
    write_table(table.append_column("log_prob", pa.array(draw.normal(size=80))), tmp_path / "labels.parquet")

    def remarks(name: str, **options: str) -> list[str]:
        settings = {"gold": "gold", "function": "boosting", "options": options}
        summary = fit_file(str(tmp_path / "labels.parquet"), str(tmp_path / name), **settings)
        return summary.get("remarks", [])

    (remark,) = remarks("default")
    assert "does not read search by default" in remark
    assert remark.endswith("--features search")
    assert remarks("all", features="search") == []
