"""The only importer of the compiled core: shapes are documented and checked here, then it is called.

Knows nothing about files, models or configuration.

- ``arrays``: columns of any library as numpy arrays
- ``groups``: columns of ids as dense codes
- ``games``: rules, search and agreement
- ``encode``: states as feature planes and policy entries
- ``numbers``: selection over whole columns, aggregation, certification, crowds
- ``streams``: selection over chunks
- ``pages``: kept texts of Parquet pages
"""

from w2s.kernels.arrays import Column, Nulls, correctness, double_column, score_column
from w2s.kernels.encode import Encoded, Shape, View, encode, lc0_places, signs, view_shape
from w2s.kernels.games import (
    LARGEST_CP,
    READINGS,
    Agreements,
    CoreState,
    Flags,
    Searched,
    agree,
    game_names,
    perft,
    search,
    solve,
    start,
)
from w2s.kernels.groups import Groups, group_column
from w2s.kernels.numbers import (
    ABSTAIN,
    Aggregated,
    Consensus,
    Grouped,
    Seen,
    Top,
    aggregate,
    apportion,
    between,
    certify,
    crowd_fit,
    crowd_methods,
    quantile,
    random_k,
    rows_of_share,
    top,
    top_by_group,
    top_k,
    weights,
    within_budget,
)
from w2s.kernels.streams import Cut, Narrowing, RandomK, TopK, TopKByGroup, WithinBudget

__all__ = [
    "ABSTAIN",
    "LARGEST_CP",
    "READINGS",
    "Aggregated",
    "Agreements",
    "Column",
    "Consensus",
    "CoreState",
    "Cut",
    "Encoded",
    "Flags",
    "Grouped",
    "Groups",
    "Narrowing",
    "Nulls",
    "RandomK",
    "Searched",
    "Seen",
    "Shape",
    "Top",
    "TopK",
    "TopKByGroup",
    "View",
    "WithinBudget",
    "aggregate",
    "agree",
    "apportion",
    "between",
    "certify",
    "correctness",
    "crowd_fit",
    "crowd_methods",
    "double_column",
    "encode",
    "game_names",
    "group_column",
    "lc0_places",
    "perft",
    "quantile",
    "random_k",
    "rows_of_share",
    "score_column",
    "search",
    "signs",
    "solve",
    "start",
    "top",
    "top_by_group",
    "top_k",
    "view_shape",
    "weights",
    "within_budget",
]
