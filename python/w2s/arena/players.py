"""The players of an arena: their references with the arena's limits, loaded as models.

Knows nothing about matches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from w2s.arena.spec import ArenaSpec, Limits
from w2s.errors import UsageError
from w2s.models import Model, load_model
from w2s.models.named import read_reference

_LIMITED = {"search": ("nodes", "depth"), "uci": ("nodes", "depth", "movetime")}


def with_limits(reference: str, limits: Limits) -> str:
    """The reference with the arena's limits, where it takes limits and names none itself."""
    parsed = read_reference(reference)
    taken = _LIMITED.get(parsed.kind, ())
    if any(name in parsed.options for name in taken):
        return str(parsed)
    wanted = {name: str(value) for name in taken if (value := getattr(limits, name)) is not None}
    return str(replace(parsed, options={**parsed.options, **wanted}))


def check_labels(spec: ArenaSpec) -> None:
    """Refuse, before anything is played, an engine that only a clock limits where it has to label too.

    Raises:
        UsageError: the message names the player and what to add.
    """
    for name, reference in spec.players.items():
        parsed = read_reference(with_limits(reference, spec.limits))
        limited = any(limit in parsed.options for limit in _LIMITED["uci"])
        if spec.labels.by == "both" and parsed.kind == "uci" and not limited:
            raise UsageError(
                "arena-label-without-limit",
                f"player {name} ({reference}) has no search limit, and labels are made without a clock: "
                "add ?nodes=N, or label only the moves that are played (--label mover)",
            )


class Players(Mapping[str, Model]):
    """Loaded models by player name; leaving the ``with`` block closes them."""

    def __init__(self, references: Mapping[str, str], *, seed: int, concurrency: int) -> None:
        """Load every model; those loaded before a failure are closed again."""
        self._stack = ExitStack()
        self._models: dict[str, Model] = {}
        with ExitStack() as loading:
            for name, reference in references.items():
                model = load_model(reference, seed=seed, concurrency=concurrency)
                loading.callback(model.close)
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
        """How many matches advance together: as wanted, but no more than any player has slots for."""
        slots = [model.slots for model in self._models.values() if model.slots is not None]
        return max(1, min([wanted, *slots]))
