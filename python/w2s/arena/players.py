"""The players of an arena: model references with the arena's limits, and the loaded models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from w2s.arena.spec import PlayerLimits
from w2s.games import State
from w2s.models import Model, check_examples, load_model
from w2s.models.reference import resolve_reference
from w2s.tasks import MoveExample

_LIMIT_OPTIONS = {"search": ("nodes", "depth"), "uci": ("nodes", "depth", "movetime")}
"""Options of a model reference that limit its search, by kind."""


def with_limits(reference: str, limits: PlayerLimits) -> str:
    """The reference with the arena's limits, unless it names a limit or its kind takes none."""
    parsed = resolve_reference(reference)
    names = _LIMIT_OPTIONS.get(parsed.kind, ())
    if any(name in parsed.options for name in names):
        return str(parsed)
    added = {name: str(value) for name in names if (value := getattr(limits, name)) is not None}
    return str(replace(parsed, options={**parsed.options, **added}))


class Players(Mapping[str, Model]):
    """Loaded models by player name; the end of the ``with`` block closes them."""

    def __init__(
        self,
        references: Mapping[str, str],
        starts: Sequence[State],
        *,
        seed: int,
        concurrency: int,
        cache: Path,
    ) -> None:
        """Load every model; if one fails or cannot play, those loaded before are closed.

        Args:
            references: model references by player name.
            starts: positions after which the players take over.
            seed: random seed.
            concurrency: number of engine processes of each player.
            cache: folder for the replies of endpoints.

        Raises:
            UsageError: a reference is invalid, or a model does not play these positions.
            ModelError: a model cannot be loaded.
        """
        self._stack = ExitStack()
        self._models: dict[str, Model] = {}
        examples = [MoveExample(f"opening {number}", state) for number, state in enumerate(starts, 1)]
        with ExitStack() as loading:
            for name, reference in references.items():
                model = load_model(reference, seed=seed, concurrency=concurrency, cache=cache)
                loading.callback(model.close)
                check_examples(model, examples)
                self._models[name] = model
            self._stack = loading.pop_all()

    def __enter__(self) -> Players:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> Model:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def width(self, wanted: int) -> int:
        """Number of matches that can advance together: at most ``wanted``, and the slots of each player."""
        slots = [model.slots for model in self._models.values() if model.slots is not None]
        return max(1, min([wanted, *slots]))
