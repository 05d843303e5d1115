"""Gold, pool and test from files: of one or several data sets, and gold from other files.

Splits with their own files are read first. What is drawn from the other files of a set shares nothing with
them, nor with what earlier sets gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from w2s.chain.config import Regime
from w2s.chain.data.splits import Splits, check_disjoint, exclude, split
from w2s.chain.example_settings import SPLITS, ColumnMapping, DataSet, Examples, SplitFiles
from w2s.errors import DataError, UsageError
from w2s.tasks import Example, MoveExample, read_examples

Say = Callable[[str], None]
ExamplesBySplit = dict[str, list[Example]]


@dataclass(frozen=True)
class FileContent:
    """The content of files.

    Attributes:
        task: task of the examples.
        game: whose rules apply to positions.
        skip: called with each row that cannot be used; None makes such a row an error.
    """

    task: str
    game: str
    skip: Say | None = None


def load_splits(
    source: Examples,
    *,
    task: str = "move",
    game: str,
    seed: int,
    gold: bool = True,
    say: Say = lambda _: None,
) -> Splits:
    """Read the files of all data sets and give each example its split.

    Args:
        source: the data sets.
        task: move, choice or answer.
        game: whose rules apply to positions.
        seed: random seed of the draws.
        gold: whether to draw gold; without it gold is empty.
        say: receives a line about examples that are left out.

    Raises:
        DataError: too few examples, gold or test without known answers, repeated ids, or splits with their
            own files that share an id, a position, a question or a group.
    """
    content = FileContent(task, game, say if source.bad_rows == "skip" else None)
    own = [_own_rows(one, content, seed) for one in source.each]
    taken = [example for rows in own for name in SPLITS for example in rows[name]]
    found: ExamplesBySplit = {name: [] for name in SPLITS}
    for one, rows in zip(source.each, own, strict=True):
        drawn = _drawn_rows(one, taken, content, seed, gold, say)
        taken += [example for name in SPLITS for example in drawn[name]]
        for name in SPLITS:
            found[name] += [*rows[name], *drawn[name]]
    splits = Splits(**found)
    _check_ids(splits)
    check_disjoint(splits)
    for name in ("gold", "test"):
        _check_answered(name, getattr(splits, name))
    return splits


def load_outside_gold(
    source: Examples, regime: Regime, others: Splits, *, task: str, game: str, seed: int, say: Say
) -> list[Example]:
    """Draw gold from the files of a regime, as many rows as ``source`` requests.

    Examples that share an id, a position, a question or a group with pool or test are left out, and ``say``
    receives their number. Ids of another game or task get its name as a prefix, because its files may use the
    same ids.

    Args:
        source: the data sets of the chain.
        regime: the files of gold, and their game and task.
        others: pool and test.
        task: task of pool and test.
        game: game of pool and test.
        seed: random seed of the draw.
        say: receives a line about examples that are left out.

    Raises:
        DataError: too few examples, one without a known answer, or one of another game.
    """
    gold_task, rules = regime.gold_task or task, regime.gold_game or game
    columns = regime.gold_column_mapping or (source.column_mapping if gold_task == task else None)
    content = FileContent(gold_task, rules, say if source.bad_rows == "skip" else None)
    found = read_files(regime.gold_examples, content, columns)
    _check_game(found, rules)
    _check_answered("gold", found)
    if regime.name == "ood_domain":
        origin = regime.gold_game or regime.gold_task
        found = [replace(example, id=f"{origin}:{example.id}") for example in found]
    free = exclude(found, [*others.pool, *others.test])
    if len(free) < len(found):
        say(f"{len(found) - len(free)} gold examples are left out: pool or test has their position or id")
    return [*split(free, (source.gold_rows, 0, 0), seed).gold]


def read_files(files: Iterable[str], content: FileContent, columns: ColumnMapping = None) -> list[Example]:
    """The examples of several files; ids are unique over all of them.

    Raises:
        DataError: a row cannot be used, or an id repeats.
        UsageError: no file is named.
    """
    files = list(files)
    if not files:
        raise UsageError("chain-no-examples", "the chain has no examples; name files with --examples")
    found = [example for file in files for example in _read_file(file, content, columns)]
    if len({example.id for example in found}) < len(found):
        raise DataError(
            "chain-duplicate-id", f"{', '.join(files)} share ids; ids must be unique over all files"
        )
    return found


def _read_file(file: str, content: FileContent, columns: ColumnMapping) -> list[Example]:
    complaints: list[str] = []
    bad_row = None if content.skip is None else complaints.append
    found: list[Example] = read_examples(file, content.task, content.game, columns=columns, bad_row=bad_row)
    if content.skip is not None and complaints:
        content.skip(f"{len(complaints)} rows of {file} cannot be used; the first: {complaints[0]}")
    return found


def _own_rows(one: DataSet, content: FileContent, seed: int) -> ExamplesBySplit:
    """Rows of the splits that have their own files."""
    own = one.own_files
    return {name: _rows_of(name, own[name], content, seed) if name in own else [] for name in SPLITS}


def _rows_of(name: str, own: SplitFiles, content: FileContent, seed: int) -> list[Example]:
    found = read_files(own.files, content, own.column_mapping)
    if own.rows is None:
        return found
    return [*getattr(split(found, [own.rows * (name == other) for other in SPLITS], seed), name)]


def _drawn_rows(
    one: DataSet, taken: Sequence[Example], content: FileContent, seed: int, gold: bool, say: Say
) -> ExamplesBySplit:
    """Rows of the splits that are numbers."""
    counts = [one.counts.get(name, 0) if gold or name != "gold" else 0 for name in SPLITS]
    if not one.counts:
        return {name: [] for name in SPLITS}
    found = read_files(one.files, content, one.column_mapping)
    free = exclude(found, taken)
    if len(free) < len(found):
        say(
            f"{len(found) - len(free)} examples of {', '.join(one.files)} are left out: "
            "other splits have their question"
        )
    splits = split(free, counts, seed)
    return {name: [*getattr(splits, name)] for name in SPLITS}


def _check_ids(splits: Splits) -> None:
    for name in SPLITS:
        seen: set[str] = set()
        for example in getattr(splits, name):
            if example.id in seen:
                raise DataError(
                    "chain-duplicate-id", f"duplicate id {example.id!r} in {name}; ids must be unique"
                )
            seen.add(example.id)


def _check_game(found: Sequence[Example], rules: str) -> None:
    positions = [example for example in found if isinstance(example, MoveExample)]
    if other := next((example for example in positions if example.state.game != rules), None):
        raise DataError(
            "chain-gold-wrong-game",
            f"gold example {other.id!r} is from {other.state.game}, not {rules}; name another file or game",
        )


def _check_answered(name: str, examples: Sequence[Example]) -> None:
    if unknown := [example.id for example in examples if not example.gold]:
        raise DataError(
            "chain-example-without-answer",
            f"{len(unknown)} {name} examples have no known answer, first {unknown[0]!r}; add the answers or "
            "remove the rows",
        )
