"""Writes ``docs/results.md`` from the files of finished chains, matches and studies.

Example:
    python arenas/build/results.py runs/maia runs/bundled runs/study/study.md --out docs/results.md
    python arenas/build/results.py runs/bundled --update

With ``--update`` the sections of other runs stay as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from w2s.chain import ChainConfig
from w2s.chain.arms import TEACHER, reference_arms
from w2s.config import parse_config
from w2s.errors import DataError, UsageError, W2sError

COLUMNS = (
    "rows",
    "accuracy",
    "Recovery",
    "PGR",
    "trust is better by",
    "better than gold by",
    "values",
    "seconds",
)
TRUST = ("auc", "ece", "brier", "purity", "coverage")
INTRODUCTION = """\
# Results

Made by `make results RUNS="..."` from the chains, matches and studies below; do not edit. Intervals are 95 %
bootstraps over test rows and seeds; accuracies and differences are in percentage points. Recovery and PGR
are refused if the gap is too small to divide by. Values: correlation of the student's values of the test
positions with those of the untrained student, and its range over seeds. Every arm that ran is listed.
[Weak-to-strong training](explanation/weak-to-strong.md) explains arms and measures.
"""

Facts = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the runs and write the page; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="folder of a chain or a match, or study.md"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/results.md"), help="file to write")
    parser.add_argument("--update", action="store_true", help="keep the sections of other runs in the file")
    given = parser.parse_args(arguments)
    try:
        text = updated(_text(given.out), given.runs) if given.update else page(given.runs)
    except W2sError as error:
        print(f"error: {error} [{error.code}]", file=sys.stderr)
        return error.exit_code
    given.out.write_text(text, encoding="utf-8")
    print(f"{given.out}: {len(given.runs)} parts")
    return 0


def page(runs: Iterable[Path]) -> str:
    """The whole page, runs in the given order.

    Raises:
        UsageError: a folder contains neither a chain nor a match.
        DataError: a chain is not finished, or a file of it is damaged.
    """
    return "\n".join([INTRODUCTION, *(section(run) for run in runs)])


def updated(text: str, runs: Iterable[Path]) -> str:
    """The page with the sections of some runs replaced; a new one follows that of the run before it.

    Raises:
        UsageError: a folder contains neither a chain nor a match.
        DataError: a chain is not finished, or a file of it is damaged.
    """
    first, *others = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    sections = {_title(one): one.rstrip("\n") + "\n" for one in others}
    before = ""
    for run in runs:
        found = section(run)
        name = _title(found)
        if name not in sections:
            names = [*sections]
            place = names.index(before) + 1 if before else len(names)
            names.insert(place, name)
            sections = {one: sections.get(one, "") for one in names}
        sections[name] = found
        before = name
    return "\n".join([first.rstrip("\n") + "\n", *sections.values()])


def _title(section: str) -> str:
    return section.partition("\n")[0].removeprefix("## ")


def section(run: Path) -> str:
    """The section of a chain or a match; the section of a study is its file, unchanged."""
    if run.suffix == ".md":
        return _text(run)
    if (run / "ratings.json").exists():
        return _match(run.name, _toml(run / "run.toml"), _json(run / "run.json"), _json(run / "ratings.json"))
    config = parse_config(ChainConfig, _toml(run / "run.toml"), str(run / "run.toml"))
    about, metrics = _json(run / "run.json"), _json(run / "metrics.json")
    if not about.get("complete"):
        raise DataError(
            "results-run-unfinished",
            f"the chain in {run} is not finished; resume it: {about.get('resume', 'w2s chain --resume')}",
        )
    parts = [f"## {run.name}", _circumstances(run.name, config, about), _arms(metrics), _trust(metrics)]
    if "regime" in metrics:
        parts.append(f"Regime `{metrics['regime']['name']}`: {metrics['regime']['shift']}.")
    if "budget" in metrics:
        parts += ["### Label budget", _budget(metrics["budget"])]
    if audits := [(one["round"], one["audit"]) for one in metrics["rounds"] if "audit" in one]:
        parts.append(_audit(audits))
    if "stopped" in metrics:
        parts.append(f"Stopped in round {metrics['stopped']['round']}: {metrics['stopped']['why']}.")
    if metrics.get("best_round"):
        parts.append(f"Best round, by gold alone: {metrics['best_round']}.")
    return "\n\n".join(parts) + "\n"


def _match(name: str, spec: Facts, about: Facts, report: Facts) -> str:
    """The section of a match: players, command, score, and Elo with its interval."""
    players, rating = report["players"], report["ratings"]["with_forfeits"]
    command = " ".join(
        [
            f"w2s arena --game {report['game']}",
            *(f"--{role} {reference}" for role, reference in players.items()),
            f"--pairs {spec['pairs']} --seed {spec['seed']}",
            *(["--verify-share 0"] if spec.get("verify", {}).get("share") == 0 else []),
            f"--out runs/{name}",
        ]
    )
    wins, draws, losses = (rating[key] for key in ("wins", "draws", "losses"))
    return (
        f"## {name}\n\n{about['written'][:10]}, w2s {about['w2s']}, {about['machine']}; `{command}`: "
        f"{rating['games']} games, the student won {wins}, drew {draws} and lost {losses}, "
        f"{_rating(rating['score'], 100, 1)} % of the points; Elo against the teacher "
        f"{_rating(rating['elo'], 1, 0)}{_normalized(rating)}.\n"
    )


def _normalized(rating: Facts) -> str:
    """Normalised Elo, if the match has it."""
    return f", normalised Elo {_rating(rating['nelo'], 1, 0)}" if "nelo" in rating else ""


def _rating(found: Facts, times: int, digits: int) -> str:
    value, low, high = (
        "unbounded" if found[key] is None else f"{found[key] * times:.{digits}f}"
        for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"


def _without_data_folder(text: str) -> str:
    """The text with the folder of public data by the name of its variable."""
    folder = os.environ.get("W2S_DATA")
    return text.replace(folder, "$W2S_DATA") if folder else text


def _circumstances(name: str, config: ChainConfig, about: Facts) -> str:
    chosen = config.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    chosen["oracles"] = list(config.oracles)  # whose default depends on where examples come from
    text = _without_data_folder(tomli_w.dumps(chosen).strip())
    seeds = ", ".join(str(config.seed + i) for i in range(config.seeds))
    return (
        f"{about['written'][:10]}, w2s {about['w2s']}, {about['machine']}, Python {about['python']}; "
        f"seeds {seeds}. `w2s chain {name}.toml --out runs/{name}` with it:\n\n```toml\n{text}\n```"
    )


def _arms(metrics: Facts) -> str:
    has_own = any("teachers" in round_ for round_ in metrics["rounds"])
    rows = [("", arm, *[""] * has_own, *cells(metrics[arm])) for arm in reference_arms() if arm in metrics]
    rows += [
        (f"round {round_['round']}", arm, *[_teacher(round_, arm)] * has_own, *cells(found))
        for round_ in metrics["rounds"]
        for arm, found in round_["arms"].items()
    ]
    return table(("", "arm", *["teacher"] * has_own, *COLUMNS), rows)


def _teacher(round_: Facts, arm: str) -> str:
    """The arm whose student taught an arm."""
    found: str = round_.get("teachers", {}).get(arm, {}).get("student_of", TEACHER.name)
    return found


def _trust(metrics: Facts) -> str:
    rows = [(f"round {round_['round']}", *_quality(round_["trust"])) for round_ in metrics["rounds"]]
    own = [arm for arm in reference_arms() if "trust" in metrics.get(arm, {})]
    rows += [(arm, *_quality(metrics[arm]["trust"])) for arm in own]
    return table(("trust", "AUC", "ECE", "Brier", "purity", "coverage", "measured on"), rows)


def _quality(trust: Facts) -> tuple[str, ...]:
    return (*(measure(trust[name], 1, 3) for name in TRUST), trust["measured_on"])


def _audit(audits: Sequence[tuple[int, Facts]]) -> str:
    rows = [
        (
            f"round {number}{', rejected' if 'rejected' in found else ''}",
            f"{found['rows']:,}",
            *(measure(found[key], 100, 1) for key in ("teacher", "student", "gain")),
        )
        for number, found in audits
    ]
    return table(("audit", "gold rows", "teacher", "student", "student is better by"), rows)


def _budget(points: Sequence[Facts]) -> str:
    rows = [
        (f"{point['gold']:,}", arm, *cells(found)) for point in points for arm, found in point["arms"].items()
    ]
    quality = [(f"{point['gold']:,}", *_quality(point["trust"])) for point in points if "trust" in point]
    refused = [f"- {point['gold']:,} gold rows: {point['refused']}" for point in points if "refused" in point]
    parts = [
        table(("gold rows", "arm", *COLUMNS), rows),
        table(("gold rows", "AUC", "ECE", "Brier", "purity", "coverage", "measured on"), quality),
        "\n".join(refused),
    ]
    return "\n\n".join(part for part in parts if part)


def cells(found: Facts) -> tuple[str, ...]:
    """The cells of an arm, without its name."""
    return (
        _plain(found.get("rows")),
        measure(found.get("accuracy"), 100, 1),
        measure(found.get("recovery"), 1, 2),
        measure(found.get("pgr"), 1, 2),
        measure(found.get("trust_is_better_by"), 100, 1),
        measure(found.get("better_than_gold_by"), 100, 1),
        measure(found.get("value_correlation"), 1, 2),
        _plain(found.get("seconds")),
    )


def measure(found: Facts | None, times: int, digits: int) -> str:
    """A mean with its interval, or the reason why it was refused."""
    if found is None:
        return ""
    if found["mean"] is None:
        return "gap too small"
    mean, low, high = (f"{found[key] * times:.{digits}f}" for key in ("mean", "low", "high"))
    return f"{mean} ({low} to {high})"


def _plain(found: Facts | None) -> str:
    return "" if found is None else f"{found['mean']:,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; empty without rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(_text(path))


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_text(path))
    except ValueError:
        raise DataError("results-file-damaged", f"{path} is damaged; run the chain again") from None
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise UsageError(
            "results-file-missing",
            f"{path} does not exist; name the folder that w2s chain --out wrote, or a study.md",
        ) from None


if __name__ == "__main__":
    sys.exit(main())
