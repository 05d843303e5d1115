"""The players of an arena: model references with the arena's limits, and the loaded models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from w2s.arena.spec import ArenaSpec, PlayerLimits
from w2s.errors import UsageError
from w2s.models import Model, load_model
from w2s.models.reference import resolve_reference

_LIMIT_OPTIONS = {"search": ("nodes", "depth"), "uci": ("nodes", "depth", "movetime")}
"""Options of a model reference that limit its search, by kind."""


def with_limits(reference: str, limits: PlayerLimits) -> str:
    """The reference with the arena's limits, unless it has a limit of its own or takes none."""
    parsed = resolve_reference(reference)
    names = _LIMIT_OPTIONS.get(parsed.kind, ())
    if any(name in parsed.options for name in names):
        return str(parsed)
    added = {name: str(value) for name in names if (value := getattr(limits, name)) is not None}
    return str(replace(parsed, options={**parsed.options, **added}))


def check_label_limits(spec: ArenaSpec) -> None:
    """Reject an engine that must label positions but is limited by a clock alone.

    Raises:
        UsageError: the message names the player and the remedy.
    """
    for name, reference in spec.players.items():
        parsed = resolve_reference(with_limits(reference, spec.limits))
        limited = any(limit in parsed.options for limit in _LIMIT_OPTIONS["uci"])
        if spec.labels.labellers == "both" and parsed.kind == "uci" and not limited:
            raise UsageError(
                "arena-label-without-limit",
                f"player {name} ({reference}) has no search limit, and labels are made without a clock: "
                "add ?nodes=N, or label only the moves that are played (--labellers mover)",
            )


class Players(Mapping[str, Model]):
    """Loaded models by player name; the end of the ``with`` block closes them."""

    def __init__(self, references: Mapping[str, str], *, seed: int, concurrency: int) -> None:
        """Load every model; if one fails, those loaded before are closed."""
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
        """Number of matches that can advance together: at most ``wanted``, and the slots of each player."""
        slots = [model.slots for model in self._models.values() if model.slots is not None]
        return max(1, min([wanted, *slots]))
