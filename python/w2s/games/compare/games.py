"""Comparison of two sets of games: which differ, from which ply on and why.

Results are counted too, but the moves decide whether games differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from w2s.errors import DataError
from w2s.games.compare.comparison import Difference, FileComparison
from w2s.games.divergence import diverge
from w2s.games.records import GameRecord

_NUMBERS = ("Round", "number")
"""Headers that number a game: of PGN, and of the JSON lines of the arena."""


def compare_games(
    name: str, left: Iterable[GameRecord], right: Iterable[GameRecord], *, show: int = 5
) -> FileComparison:
    """Compare games one by one; see :func:`w2s.games.compare.compare_files`.

    Raises:
        DataError: a record is of another game than ``name``.
    """
    ours, theirs = _checked(name, left), _checked(name, right)
    by = next((header for header in _NUMBERS if _names_all(header, ours) and _names_all(header, theirs)), "")
    by_left, by_right = _index(by, ours), _index(by, theirs)
    both = [key for key in by_left if key in by_right]
    differing = {key: found for key in both if (found := _difference(name, key, by_left[key], by_right[key]))}
    counts = {
        "both": len(both),
        "only_left": len(by_left) - len(both),
        "only_right": len(by_right) - len(both),
        "same_moves": len(both) - len(differing),
        "differing": len(differing),
        "other_result": sum(by_left[key].result != by_right[key].result for key in both),
    }
    unmatched = [*_only_in(by_left, by_right, "left"), *_only_in(by_right, by_left, "right")]
    return FileComparison(
        "games", by or "number in the file", counts, [*differing.values(), *unmatched][:show]
    )


def _checked(name: str, games: Iterable[GameRecord]) -> list[GameRecord]:
    kept = []
    for record in games:
        if record.game != name:
            raise DataError(
                "agree-other-game", f"game {record.number} is {record.game}, not {name}; set --game"
            )
        kept.append(record)
    return kept


def _names_all(header: str, games: list[GameRecord]) -> bool:
    names = {record.headers.get(header) for record in games}
    return None not in names and len(names) == len(games)


def _index(by: str, games: list[GameRecord]) -> dict[str, GameRecord]:
    return {record.headers[by] if by else str(record.number): record for record in games}


def _difference(name: str, key: str, left: GameRecord, right: GameRecord) -> Difference | None:
    if (left.start, left.moves) == (right.start, right.moves):
        return None
    found = diverge(name, left.moves, right.moves, left_start=left.start, right_start=right.start)
    return None if found is None else Difference(f"game {key}", str(found), found.left, found.right)


def _only_in(
    games: Mapping[str, GameRecord], others: Mapping[str, GameRecord], side: str
) -> Iterator[Difference]:
    return (Difference(f"game {key}", f"only in the {side} file") for key in games if key not in others)
