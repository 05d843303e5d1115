"""Are kept labels that differ from the reference answer better than it? Two outside oracles decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.analysis.context import Analysis, measure_step
from w2s.analysis.matched_rows import draw
from w2s.analysis.report import Measurement, join_sentences, percent
from w2s.analysis.result import Doubles, Result, Sample, bootstrap_share, mean_of
from w2s.analysis.run_rows import RunRows, SeedRows
from w2s.arena.oracles import Case
from w2s.chain.plan import PlannedStep
from w2s.evidence import read_table, write_table
from w2s.labelling.evidence import column_prefix, load_oracles_by_prefix
from w2s.tasks import MoveExample

ORACLES = ("search:depth=4", "search:depth=6")
"""The oracles if none are named."""
ROWS = 200
"""The most rows of a group if no number is given."""
MARGINS_CP = (0, 10, 25)
"""Margins in hundredths of a unit within which two moves are equal."""
_BATCH = 16
GROUPS = ("kept", "dropped", "random")
Positions = npt.NDArray[np.int64]


class Regrets(NamedTuple):
    """Regrets of n labels and of their reference answers, NaN where they are not known."""

    label_cp: Doubles
    reference_cp: Doubles


class Comparison(NamedTuple):
    """Flags of n labels; all false where a regret is not known."""

    better: npt.NDArray[np.bool_]
    equal: npt.NDArray[np.bool_]
    worse: npt.NDArray[np.bool_]


def compare_regrets(label_cp: npt.ArrayLike, reference_cp: npt.ArrayLike, margin_cp: float) -> Comparison:
    """Compare the regrets of labels with those of reference answers.

    Args:
        label_cp: regret of each label, shape (n,), NaN where it is not known.
        reference_cp: regret of the reference answer of the same rows.
        margin_cp: regrets that differ by at most this are equal.

    Example:
        >>> found = compare_regrets([0, 20, 90], [50, 25, 0], margin_cp=10)
        >>> [flags.tolist() for flags in found]
        [[True, False, False], [False, True, False], [False, False, True]]
    """
    gain = np.asarray(reference_cp, np.float64) - np.asarray(label_cp, np.float64)
    return Comparison(gain > margin_cp, np.abs(gain) <= margin_cp, gain < -margin_cp)


def reference_steps(run: RunRows, oracles: Sequence[str]) -> list[PlannedStep]:
    """The steps in which oracles verify labels and reference answers."""
    return [measure_step(run, _folder(oracle), oracle) for oracle in oracles]


def _folder(oracle: str) -> str:
    return f"oracle-{column_prefix(oracle)}"


def measure_reference(analysis: Analysis) -> Measurement:
    """Shares of labels that are better than, equal to or worse than the reference answer."""
    seeds = analysis.run.seeds
    groups = [_groups(seed, analysis.limit(ROWS), analysis.seed) for seed in seeds]
    results: list[Result] = []
    for oracle in analysis.oracles:
        regrets = _verify(analysis, groups, oracle)
        for name in GROUPS:
            members = [one[name] for one in groups]
            results += _shares(oracle, name, regrets, members, analysis.seed)
    notes = [
        f"the outside oracles are {' and '.join(analysis.oracles)}; they may know more than both models",
        "rows are those whose label differs from the reference answer; n counts those that an oracle judged",
        "an oracle that is weaker than the source of the answers measures its own errors; engines are best",
        "a label is better if its regret is smaller than that of the answer by more than the margin",
    ]
    return Measurement(results, _meaning(results, analysis.oracles), notes)


def _groups(seed: SeedRows, limit: int, draws: int) -> dict[str, npt.NDArray[np.int64]]:
    """Positions of rows whose legal label differs from the reference answer, by group."""
    differs = np.flatnonzero([_is_other_move(*pair) for pair in zip(seed.examples, seed.labels, strict=True)])
    differs = differs[seed.correct[differs] == 0]
    kept = seed.kept[differs]
    members = {"kept": differs[kept], "dropped": differs[~kept], "random": differs}
    return {name: draw(rows, limit, draws) for name, rows in members.items()}


def _is_other_move(example: Any, label: str) -> bool:
    return isinstance(example, MoveExample) and example.state.read(label)[0] not in {None, *example.gold}


def _verify(analysis: Analysis, groups: Sequence[Mapping[str, Positions]], oracle: str) -> list[Regrets]:
    """The regrets of the rows of each seed, NaN for rows of no group; each case is verified once."""
    folder, seeds = _folder(oracle), analysis.run.seeds
    rows = [np.unique(np.concatenate([*one.values()])).astype(np.int64) for one in groups]
    cases: dict[tuple[str, str], Case] = {}
    for seed, its in zip(seeds, rows, strict=True):
        for row in its:
            cases.setdefault((seed.ids[row], seed.labels[row]), _case(seed, int(row)))

    def work(place: Path) -> dict[str, Any]:
        label, reference = _regrets(analysis, list(cases.values()), oracle)
        ids, labels = ([key[part] for key in cases] for part in (0, 1))
        columns = {"id": ids, "label": labels, "label_cp": label, "reference_cp": reference}
        write_table(pa.table(columns), place / "regrets.parquet")
        return {"oracle": oracle}

    what = f"the outside oracle verifies {len(cases):,} labels and their reference answers"
    analysis.cached(folder, {"oracle": oracle, "verified": list(cases)}, work, what)
    table = read_table(analysis.place(folder) / "regrets.parquet").to_pydict()
    names = zip(table["id"], table["label"], strict=True)
    known = dict(zip(names, zip(table["label_cp"], table["reference_cp"], strict=True), strict=True))
    found = []
    for seed, its in zip(seeds, rows, strict=True):
        regrets = np.full((2, len(seed)), np.nan)
        for row in its:
            regrets[:, row] = known[seed.ids[row], seed.labels[row]]
        found.append(Regrets(*regrets))
    return found


def _regrets(analysis: Analysis, cases: Sequence[Case], oracle: str) -> tuple[list[float], list[float]]:
    """Regrets in hundredths of a unit; that of the reference is the smallest of the known answers."""
    (loaded,) = load_oracles_by_prefix([oracle]).values()
    label: list[float] = []
    reference: list[float] = []
    try:
        for start in range(0, len(cases), _BATCH):
            part = cases[start : start + _BATCH]
            for case, found in zip(part, loaded.verify(part), strict=True):
                known = {
                    move: float(one.regret_cp) for move, one in found.items() if one.regret_cp is not None
                }
                label.append(known.get(case.moves[0], np.nan))
                answers = [known[move] for move in case.moves[1:] if move in known]
                reference.append(min(answers, default=np.nan))
            analysis.context.count(len(label), len(cases))
    finally:
        loaded.close()
    return label, reference


def _case(seed: SeedRows, row: int) -> Case:
    """The label and the reference answers of a row."""
    example = seed.examples[row]
    assert isinstance(example, MoveExample)
    move = str(example.state.read(seed.labels[row])[0])
    return Case(example.id, example.state, (move, *example.gold))


def _shares(
    oracle: str, group: str, regrets: Sequence[Regrets], members: Sequence[Positions], seed: int
) -> list[Result]:
    """Shares of the judged rows of a group, at each margin."""
    judged = []
    for one, rows in zip(regrets, members, strict=True):
        flags = np.zeros(len(one.label_cp), bool)
        flags[rows] = np.isfinite(one.label_cp[rows]) & np.isfinite(one.reference_cp[rows])
        judged.append(flags)
    results = []
    for margin in MARGINS_CP:
        compared = [compare_regrets(*one, margin) for one in regrets]
        for what in ("better", "equal", "worse"):
            samples = [
                Sample(len(flags), mean_of(getattr(one, what), flags), int(flags.sum()))
                for one, flags in zip(compared, judged, strict=True)
            ]
            name = f"{oracle}, margin {margin}: {what}"
            results.append(bootstrap_share(name, group, samples, seed=seed))
    return results


def _meaning(results: Sequence[Result], oracles: Sequence[str]) -> str:
    by_name = {(one.name, one.group): one for one in results}
    parts = []
    for oracle in oracles:
        kept, dropped = (by_name[f"{oracle}, margin 0: better", group] for group in ("kept", "dropped"))
        if not kept.n:
            parts.append(f"by {oracle}, no kept label differs from the reference answer")
            continue
        parts.append(
            f"by {oracle}, {percent(kept.value)} of the {kept.n} kept labels that differ from the reference "
            f"answer are better than it, and {percent(dropped.value)} of {dropped.n} dropped ones"
        )
    return join_sentences(parts)
