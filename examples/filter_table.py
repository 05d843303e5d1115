"""Filter a table: keep its best rows, over all rows and within groups.

    python examples/filter_table.py

Needs the light install only. Takes about a second and writes two small files into the current folder.
"""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import w2s

# A table of 20,000 texts in four languages. `quality` is the score: a higher number is a better row.
# German texts score higher by chance of the source, which is unrelated to the texts themselves.
rng = np.random.default_rng(0)
language = rng.choice(["en", "de", "fr", "it"], 20_000, p=[0.6, 0.2, 0.15, 0.05])
quality = np.clip(rng.normal(0.5, 0.15, 20_000) + 0.1 * (language == "de"), 0, 1)
texts = [f"text {number}" for number in range(20_000)]
pq.write_table(pa.table({"text": texts, "language": language, "quality": quality}), "texts.parquet")


def count_languages(table: pa.Table) -> str:
    """Number of rows of each language, in alphabetical order."""
    counts = table.group_by("language").aggregate([([], "count_all")]).sort_by("language")
    return ", ".join(f"{row['language']} {row['count_all']:,}" for row in counts.to_pylist())


print(f"all rows:           {count_languages(pq.read_table('texts.parquet'))}")

# w2s.filter goes from file to file and never holds the whole table in memory. It keeps all columns, and the
# rows stay in their order. The summary says what was done.
summary = w2s.filter("texts.parquet", "best.parquet", score="quality", top="10%", overwrite=True)
print(f"best 10%:           {count_languages(pq.read_table('best.parquet'))}")
print(f"                    {summary['rows_kept']:,} rows, lowest score kept {summary['threshold']:.3f}")

# German texts fill a third of that. `by` keeps the best rows of each language instead.
w2s.filter("texts.parquet", "best.parquet", score="quality", top="10%", by="language", overwrite=True)
print(f"best 10% by group:  {count_languages(pq.read_table('best.parquet'))}")

# Tables in memory go in as well. Without an output the kept rows come back, as a reader of record batches,
# which pyarrow, pandas, polars and DuckDB take. `where` leaves rows out before the best ones are chosen.
table = pq.read_table("texts.parquet")
reader = w2s.filter(table, score="quality", top="10%", where="language != 'de'", columns=["text", "language"])
print(f"best 10% of others: {count_languages(reader.read_all())}")

# w2s.select does the same for arrays in memory. It returns the positions of the kept rows, ascending. Arrays
# of numpy, Arrow, pandas, polars and torch are used as they are.
kept = w2s.select(quality, top="10%", by=language)
print(
    f"w2s.select agrees:  {pq.read_table('best.parquet').equals(pq.read_table('texts.parquet').take(kept))}"
)
