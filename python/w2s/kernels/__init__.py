"""The only importer of the compiled core: documents and checks shapes, calls it and translates its errors.

- ``arrays``: columns of any library as numpy arrays
- ``groups``: columns of ids as dense codes
- ``games``: rules, search and agreement
- ``encode``: states as feature planes and policy entries
- ``deliberation``: trees that a network values
- ``columns``: selection over whole columns, aggregation, certification, crowds
- ``streams``: selection over chunks
- ``pages``: footers and kept texts of Parquet files, lines of JSON
- ``core_errors``: exceptions of the core as those of w2s
"""

from w2s.kernels.arrays import Column, Nulls, correctness, double_column, score_column
from w2s.kernels.columns import (
    ABSTAIN,
    AggregatedScores,
    Consensus,
    GridPoint,
    GroupedTop,
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
from w2s.kernels.deliberation import ALL_MOVES, CoreFinding, deliberate
from w2s.kernels.encode import EncodedStates, Shape, View, encode, lc0_places, move_traits, view_shape
from w2s.kernels.games import (
    LARGEST_CP,
    READINGS,
    Agreements,
    CoreSearchResult,
    CoreState,
    Flags,
    agree,
    game_names,
    perft,
    search,
    solve,
    start,
)
from w2s.kernels.groups import Groups, group_column
from w2s.kernels.streams import Cut, Narrowing, RandomK, TopK, TopKByGroup, WithinBudget

__all__ = [
    "ABSTAIN",
    "ALL_MOVES",
    "LARGEST_CP",
    "READINGS",
    "AggregatedScores",
    "Agreements",
    "Column",
    "Consensus",
    "CoreFinding",
    "CoreSearchResult",
    "CoreState",
    "Cut",
    "EncodedStates",
    "Flags",
    "GridPoint",
    "GroupedTop",
    "Groups",
    "Narrowing",
    "Nulls",
    "RandomK",
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
    "deliberate",
    "double_column",
    "encode",
    "game_names",
    "group_column",
    "lc0_places",
    "move_traits",
    "perft",
    "quantile",
    "random_k",
    "rows_of_share",
    "score_column",
    "search",
    "solve",
    "start",
    "top",
    "top_by_group",
    "top_k",
    "view_shape",
    "weights",
    "within_budget",
]
