"""The part of ``docs/results.md`` about a match of the arena: does a student also play better?

Knows nothing about chains; it reads run.toml, run.json and ratings.json of ``w2s arena``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]


def match_section(name: str, spec: Facts, about: Facts, report: Facts) -> str:
    """Who met, how to play it again, the score and the Elo with its interval."""
    players, rating = report["players"], report["ratings"]["with_forfeits"]
    command = " ".join(
        [
            f"w2s arena --game {report['game']}",
            *(f"--{role} {reference}" for role, reference in players.items()),
            f"--pairs {spec['pairs']} --seed {spec['seed']} --out runs/{name}",
        ]
    )
    wins, draws, losses = (rating[key] for key in ("wins", "draws", "losses"))
    return (
        f"## {name}\n\n{about['written'][:10]}, w2s {about['w2s']}, {about['machine']}; `{command}`: "
        f"{rating['games']} games, the student won {wins}, drew {draws} and lost {losses}, "
        f"{_interval(rating['score'], 100, 1)} % of the points; Elo against the teacher "
        f"{_interval(rating['elo'], 1, 0)}.\n"
    )


def _interval(found: Facts, times: int, digits: int) -> str:
    value, low, high = (
        "unbounded" if found[key] is None else f"{found[key] * times:.{digits}f}"
        for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"
