"""Tables with every kind of column, and the plain oracle of a filter."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest


def everything(rows: int, seed: int = 0) -> pa.Table:
    """A table with nulls, nested and dictionary columns; scores have many ties."""
    rng = np.random.default_rng(seed)
    some = rng.random(rows) < 0.2
    texts = [
        None if null else "é" * int(n) + str(i)
        for i, (null, n) in enumerate(zip(some, rng.integers(0, 40, rows), strict=False))
    ]
    moment = datetime.datetime(2024, 1, 1)
    columns = {
        "id": pa.array(np.arange(rows)),
        "trust": pa.array(rng.integers(0, 50, rows) / 64, pa.float32()),
        "other": pa.array(rng.random(rows)),
        "text": pa.array(texts, pa.string()),
        "long": pa.array(texts, pa.large_string()),
        "raw": pa.array([None if text is None else text.encode() for text in texts], pa.binary()),
        "language": pa.array(rng.choice(["en", "de", "fr"], rows)).dictionary_encode(),
        "word": pa.array(rng.choice(["red", "green", ""], rows), mask=some),
        "samples": pa.array(
            [[str(i)] * (i % 3) if i % 5 else None for i in range(rows)], pa.list_(pa.string())
        ),
        "meta": pa.array([{"a": i, "b": [i, None]} for i in range(rows)]),
        "when": pa.array(
            [moment + datetime.timedelta(seconds=i) for i in range(rows)], pa.timestamp("us", "UTC")
        ),
        "price": pa.array([decimal.Decimal(i) / 100 for i in range(rows)], pa.decimal128(12, 2)),
        "cost": pa.array(rng.integers(1, 9, rows), pa.int32()),
        "correct": pa.array(rng.random(rows) < 0.7, mask=some),
        "nothing": pa.nulls(rows),
    }
    return pa.table(columns).replace_schema_metadata({"made": "here"})


def best(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k best scores, ascending, ties to the lower position."""
    return np.sort(np.argsort(-scores.astype(float), kind="stable")[:k])


@pytest.fixture(scope="session")
def table() -> pa.Table:
    return everything(3_000)
