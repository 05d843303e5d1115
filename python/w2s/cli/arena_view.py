"""What ``w2s arena`` shows: a live table on a terminal, plain lines in a log, the final standing."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from w2s.arena import ArenaProgress, ArenaSpec
from w2s.arena.scoreboard import compared_players, live_rating
from w2s.arena.verification import VERDICTS
from w2s.cli import output

_SECONDS_BETWEEN_LINES = 10.0
_WIDE_ELO = 400
"""Width of a 95 % interval, in Elo, above which it is called wide."""
_HYPOTHESES = (("H0", "elo0"), ("H1", "elo1"))


class View:
    """Shows progress while the ``with`` block lasts: what is done, and that time passes.

    Attributes:
        has_started: whether the run has begun; before that nothing can be resumed.
    """

    def __init__(self, spec: ArenaSpec, resume_line: str) -> None:
        """Draw in place on a terminal, else print a line now and then."""
        self.has_started = False
        self._spec = spec
        self._resume_line = resume_line
        self._progress: ArenaProgress | None = None
        self._standing: dict[str, str] = {}
        self._printed = 0.0
        self._stop = threading.Event()
        self._live: Live | None = None
        if output.is_terminal():
            self._live = Live(
                console=Console(stderr=True), transient=True, get_renderable=lambda: _in_place(self._facts())
            )

    def __enter__(self) -> View:
        if self._live is not None:
            self._live.start()
        else:
            threading.Thread(target=self._print_regularly, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._live is not None:
            self._live.stop()

    def show(self, progress: ArenaProgress) -> None:
        """Show the state of the run; the first call prints how to resume it."""
        if not self.has_started:
            self.has_started = True
            output.note(f"resume with: {self._resume_line}")
        self._progress, self._standing = progress, self._rating(progress)
        if self._live is not None:
            self._live.refresh()
        elif time.monotonic() - self._printed >= _SECONDS_BETWEEN_LINES or progress.done == progress.total:
            self._print()

    def _print(self) -> None:
        self._printed = time.monotonic()
        output.note(" · ".join(f"{name} {value}" for name, value in self._facts().items()))

    def _print_regularly(self) -> None:
        """Print a line if none was printed for a while, so that a long search does not look like a hang."""
        while not self._stop.wait(1.0):
            if self._progress is not None and time.monotonic() - self._printed >= _SECONDS_BETWEEN_LINES:
                self._print()

    def _facts(self) -> dict[str, str]:
        progress = self._progress
        if progress is None:
            return {"step": "load models"}
        elapsed = max(time.monotonic() - progress.started, 1e-9)
        facts = {"step": progress.phase, "games": f"{progress.done}/{progress.total}"}
        done_now = progress.done - progress.before
        if done_now:
            rate = "plies/s" if progress.phase == "play" else "positions/s"
            facts[rate] = f"{progress.plies / elapsed:,.0f}"
            facts["left"] = output.duration((progress.total - progress.done) * elapsed / done_now)
        else:
            facts["time"] = output.duration(elapsed)
        return {**facts, **self._standing}

    def _rating(self, progress: ArenaProgress) -> dict[str, str]:
        if progress.phase != "play" or len(self._spec.players) != 2 or not progress.finished:
            return {}
        rating = live_rating(progress.finished, self._spec)
        counts = rating.counts
        facts = {compared_players(self._spec)[0]: f"+{counts.wins} ={counts.draws} −{counts.losses}"}
        if rating.elo.value is not None:
            facts["Elo"] = f"{rating.elo.value:+.0f}"
        return facts


def _in_place(facts: dict[str, str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in facts:
        table.add_column(name, justify="right")
    table.add_row(*facts.values())
    return table


def standing_text(result: dict[str, Any], folder: Path) -> str:
    """The final tables: ratings, endings, verdicts, and where the files are."""
    parts = [f"{result['game']}: {result['games']} games, {result['plies']} plies"]
    if result["voids"]:
        parts[0] += f", {result['voids']} void games replayed"
    ratings = result["ratings"]
    parts.append(_field(ratings) if "player" not in ratings else _match(ratings))
    parts.append(output.table(["ending", "games"], list(result["endings"].items())))
    parts.append(_verdicts(result) + _without_log_prob(result))
    parts.append(f"files: {folder}/")
    return "\n\n".join(parts)


def _match(ratings: dict[str, Any]) -> str:
    counted, clean = ratings["with_forfeits"], ratings["without_forfeits"]
    header = [f"{ratings['player']} against {ratings['opponent']}", "forfeits counted", "without forfeits"]
    rows = [
        ["games  W/D/L", _wdl(counted), _wdl(clean)],
        ["score", _share(counted["score"]), _share(clean["score"])],
        ["Elo", _spread(counted["elo"]), _spread(clean["elo"])],
        ["normalised Elo", _spread(counted["nelo"]), _spread(clean["nelo"])],
        ["likelihood of superiority", _percent(counted["los"]), _percent(clean["los"])],
        ["draw ratio", _percent(counted["draw_ratio"]), _percent(clean["draw_ratio"])],
        ["pairs 0 ½ 1 1½ 2", _pairs(counted), _pairs(clean)],
    ]
    lines = [output.table(header, rows)]
    lines += [counted["note"]] if counted["note"] else []
    if "sprt" in counted:
        lines.append(_sprt(counted["sprt"], ratings["player"], ratings["opponent"]))
    return "\n".join(lines)


def _sprt(test: dict[str, Any], player: str, opponent: str) -> str:
    claims = {name: f"{name} ({player} is {test[key]:g} Elo above {opponent})" for name, key in _HYPOTHESES}
    decision = (
        "not decided; it needs more pairs"
        if test["verdict"] == "continue"
        else f"{claims[test['verdict']]} is accepted"
    )
    return (
        f"SPRT ({test['model']} Elo) of {claims['H0']} against {claims['H1']}: {decision};"
        f" LLR {test['llr']:.2f}, bounds {test['lower']:.2f} and {test['upper']:.2f}"
    )


def _field(ratings: dict[str, Any]) -> str:
    rows = [
        [player["player"], player["games"], _wdl(player), f"{player['score']:.3f}", _spread(player["elo"])]
        for player in ratings["with_forfeits"]["players"]
    ]
    counted = ratings["with_forfeits"]
    lines = [output.table(["player", "games", "W/D/L", "score", "Elo (Bradley–Terry)"], rows)]
    anchor = counted["anchor"]
    lines.append(
        f"Elo is relative to {anchor or 'the mean of the players'}, which has 0; intervals are at 95 %"
    )
    if any(_is_wide(player["elo"]) for player in counted["players"]):
        lines.append(f"some intervals are wider than {_WIDE_ELO} Elo: these games decide little, add --pairs")
    lines += [counted["note"]] if counted["note"] else []
    return "\n".join(lines)


def _is_wide(interval: dict[str, float | None]) -> bool:
    low, high = interval["low"], interval["high"]
    return low is None or high is None or high - low > _WIDE_ELO


_LOG_PROB_HINTS = {
    "uci": " (a UCI engine gives it for its own moves with MultiPV=3)",
    "openai": " (an openai: model gives it with logprobs=true)",
}


def _without_log_prob(result: dict[str, Any]) -> str:
    """A warning about labels without log-probabilities, which many trust functions need."""
    lines = []
    for player, count in result.get("without_log_prob", {}).items():
        labels = sum(result["verdicts"][player].values())
        kind = result["players"][player].partition(":")[0]
        if count:
            lines.append(
                f"\n{count:,} of {labels:,} labels by {player} have no log_prob, which many trust functions"
                f" read{_LOG_PROB_HINTS.get(kind, '')}"
            )
    return "".join(lines)


def _verdicts(result: dict[str, Any]) -> str:
    limits = result["thresholds"]
    rows = [[player, *(counts[word] for word in VERDICTS)] for player, counts in result["verdicts"].items()]
    stated = (
        f"regret ≤ {limits['best_cp']} best, ≤ {limits['good_cp']} good,"
        f" ≤ {limits['inaccurate_cp']} inaccurate, values capped at ±{limits['cap_cp']};"
        " oracles: rules, outcome, peer, " + ", ".join(result["oracles"])
    )
    return output.table(["labels by", *VERDICTS], rows) + "\n" + stated


def _wdl(counts: dict[str, Any]) -> str:
    return f"{counts['wins']}/{counts['draws']}/{counts['losses']}"


def _pairs(counts: dict[str, Any]) -> str:
    return " ".join(map(str, counts["pairs"]))


def _spread(interval: dict[str, float | None]) -> str:
    shown = ["?" if value is None else f"{value:+.0f}" for value in interval.values()]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _share(interval: dict[str, float | None]) -> str:
    shown = ["?" if value is None else f"{value:.3f}" for value in interval.values()]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.1f} %"
