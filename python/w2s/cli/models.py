"""``w2s models``: kinds of model reference with their options, bundled networks, and engines found here."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2s.cli import options

if TYPE_CHECKING:
    from w2s.models.model import ModelKind
    from w2s.models.policy.model_card import BundledPolicy


def models(
    kind: Annotated[str | None, typer.Argument(help="Show only this kind, for example policy.")] = None,
    json: options.Json = False,
) -> None:
    """List the kinds of model reference with their options, the bundled networks, and the engines found here.

    Examples:

      w2s models

      w2s models policy
    """
    from w2s.cli import output
    from w2s.models.policy.model_card import bundled_policies
    from w2s.models.registry import find_kind, model_kinds
    from w2s.models.uci.finder import find_engines

    shown = model_kinds() if kind is None else [find_kind(kind)]
    names = {one.name for one in shown}
    found: dict[str, Any] = {"models": [_plain(one) for one in shown]}
    parts = [_kinds_text(shown), *(_options_text(one) for one in shown if one.options or one.note)]
    if "policy" in names:
        bundled = bundled_policies()
        found["bundled"] = [{"reference": f"policy:{net.name}", **asdict(net)} for net in bundled]
        parts.append(_bundled_text(bundled))
    if "uci" in names:
        found["engines"] = [str(path) for path in find_engines()]
        listed = ", ".join(found["engines"]) or "none (Debian: apt-get install stockfish)"
        parts.append(f"engines found: {listed}")
    output.data(found, as_json=json, text="\n\n".join(parts))


def _plain(kind: ModelKind) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "about": kind.about,
        "example": kind.example,
        "extra": kind.extra,
        "options": dict(kind.options),
        "note": kind.note,
    }


def _bundled_text(nets: list[BundledPolicy]) -> str:
    from w2s.cli import output

    rows = []
    for net in nets:
        rating = ("?", "") if net.elo is None else (f"{net.elo:+}", f"{net.low:+} to {net.high:+}")
        rows.append((f"policy:{net.name}", net.game, *rating))
    table = output.table(("bundled network", "game", "Elo", "95 % interval"), rows)
    return f"{table}\nElo is relative to the mean of the players of a game, in its bundled arena."


def _kinds_text(kinds: list[ModelKind]) -> str:
    return "\n".join(f"{kind.name:10}{kind.example:44}{kind.about}" for kind in kinds)


def _options_text(kind: ModelKind) -> str:
    lines = [f"options of {kind.name}:"]
    lines += [f"  {name:16}{about}" for name, about in kind.options.items()]
    lines += [f"  also: {kind.note}"] if kind.note else []
    return "\n".join(lines)
