"""Gold of other files than pool and test: the same game and task, or another.

Knows nothing about where pool and test come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from w2s.chain.config import ChainConfig
from w2s.chain.examples.splits import Format, Splits, apart, read_files, split
from w2s.errors import DataError
from w2s.tasks import Example, MoveExample

Say = Callable[[str], None]


def outside_gold(config: ChainConfig, others: Splits, say: Say) -> list[Example]:
    """As many examples of the regime's files as gold has to have, drawn by seed.

    Examples that share an id, a position or a group with pool or test are left out, and it is said how many.
    Ids of another game or task begin with its name: no file of it was made with ours in mind.

    Raises:
        DataError: too few examples, one without a known answer, or one of another game.
    """
    regime = config.regime
    task, rules = regime.gold_task or config.task, regime.gold_game or config.game
    columns = regime.gold_columns or (config.examples.columns if task == config.task else None)
    form = Format(task, rules, say if config.examples.bad_rows == "skip" else None)
    found = read_files(regime.gold_examples, form, columns)
    _check(found, rules)
    if regime.name == "ood_domain":
        origin = regime.gold_game or regime.gold_task
        found = [replace(example, id=f"{origin}:{example.id}") for example in found]
    free = apart(found, [*others.pool, *others.test])
    if len(free) < len(found):
        say(f"{len(found) - len(free)} gold examples are left out: pool or test holds their position or id")
    return [*split(free, (config.examples.gold_rows, 0, 0), config.seed).gold]


def _check(found: Sequence[Example], rules: str) -> None:
    positions = [example for example in found if isinstance(example, MoveExample)]
    if other := next((example for example in positions if example.state.game != rules), None):
        raise DataError(
            "chain-gold-wrong-game",
            f"gold example {other.id!r} is from {other.state.game}, not {rules}; name another file or game",
        )
    if unknown := [example.id for example in found if not example.gold]:
        raise DataError(
            "chain-example-without-answer",
            f"{len(unknown)} gold examples have no known answer, first {unknown[0]!r}; add the answers or "
            "remove the rows",
        )
