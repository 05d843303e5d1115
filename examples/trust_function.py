"""Your own trust function: it learns from gold which labels are right, and scores all others.

    python examples/trust_function.py

Needs the light install only. Takes about a second and writes nothing.
"""

import numpy as np
import pyarrow as pa

import w2s
from w2s.evidence import Labels


def source_accuracy(labels: Labels, gold: Labels, weight: float = 10.0) -> np.ndarray:
    """Trust a label as much as gold trusts labels of the same source with a similar confidence.

    A plain function is a trust function if its first parameter is `labels`. It returns one number from 0 to 1
    for each label.

    - `labels` are the labels to score. `numbers(name)` is a column as an array, `texts(name)` as a list,
      `vectors["hidden"]` the hidden states if there are any, and `table` the whole Arrow table.
    - `gold` are the labels whose answer is known: the same columns, and `gold.correct`, an array of bools.
    - Other parameters are options: `--set weight=5` on the command line.
    """
    right: dict[tuple[str, int], list[bool]] = {}
    for key, is_right in zip(cells(gold), gold.correct, strict=True):
        right.setdefault(key, []).append(bool(is_right))
    mean = gold.correct.mean()
    seen = {key: (sum(answers) + weight * mean) / (len(answers) + weight) for key, answers in right.items()}
    return np.array([seen.get(key, mean) for key in cells(labels)])


def cells(labels: Labels) -> list[tuple[str, int]]:
    """The source of each label, and its confidence in tenths."""
    tenths = (labels.numbers("confidence") * 10).astype(int).tolist()
    return list(zip(labels.texts("source"), tenths, strict=True))


def make_labels(rows: int, seed: int) -> Labels:
    """Labels of three sources. Two are right where they are sure; the third is wrong where it is sure."""
    rng = np.random.default_rng(seed)
    source = rng.choice(["alice", "bob", "script"], rows)
    confidence = rng.random(rows)
    chance = np.where(source == "script", 0.8 - 0.7 * confidence, 0.3 + 0.6 * confidence)
    columns = {
        "id": [f"row-{seed}-{number}" for number in range(rows)],
        "source": source,
        "confidence": confidence,
        "correct": rng.random(rows) < chance,
    }
    return Labels(pa.table(columns))


def main() -> None:
    """Fit on gold, score the pool, keep the best 30 %."""
    # The answers of 600 labels are known: gold. The answers of the pool are known here only to measure with.
    gold, pool = make_labels(600, seed=0), make_labels(5_000, seed=1)

    # A function of this file is passed directly. On the command line its name is module:callable:
    #   w2s trust fit gold.parquet --gold correct --function trust_function:source_accuracy --out trust
    fitted = w2s.trust_function(source_accuracy, weight=5).fit(gold)
    trust = fitted.score(pool)

    kept = w2s.select(trust, top="30%")
    surest = w2s.select(pool.numbers("confidence"), top="30%")
    print(f"right among all labels:           {pool.correct.mean():.1%} of {len(pool):,}")
    print(f"right among the surest 30%:       {pool.correct[surest].mean():.1%} of {len(surest):,}")
    print(f"right among the most trusted 30%: {pool.correct[kept].mean():.1%} of {len(kept):,}")


if __name__ == "__main__":
    main()
