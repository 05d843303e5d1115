"""A chain from its configuration to its metrics.

Knows nothing about screens.

    run.toml, run.json, splits.parquet, metrics.json
    round-1/matches/                what the pair played, where examples come from matches: examples/played.py
    gold-labels/                    of gold of another game
    fixed/                          base, gold, self and ceiling, teacher: fixed.py
    round-1/manifest.json           what each seed was made of: manifest.py
    round-1/labels/                 labels.parquet with its evidence; of later rounds one for each seed
    round-1/seed-0/                 trust/ and the arms: seeded.py
    budget/N/seed-0/                the same with N gold rows: budget.py

No row trains a model and then counts as evidence about it: trust is fitted on gold, and the teacher of the
next round is the student of the arm ``trust``, which saw pool rows only, and the share of gold that warmed it
where that is asked for: later rounds fit trust on the rest.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from w2s.chain import regimes
from w2s.chain.budget import budget_curve, check_budget
from w2s.chain.chain import Chain, Count, Say
from w2s.chain.checking import check_config
from w2s.chain.config import FIXED_ARMS, ChainConfig
from w2s.chain.examples.source import open_source
from w2s.chain.fixed import fixed_arms
from w2s.chain.folder import ChainFolder
from w2s.chain.found import arms_found, trust_found
from w2s.chain.manifest import FILE, made_of
from w2s.chain.round_labels import foreign_labels, round_labels
from w2s.chain.seeded import Seeded
from w2s.chain.steps import Facts, read, write_json
from w2s.chain.students import arms as made
from w2s.chain.students.pupil import Taught, pupil_of
from w2s.errors import W2sError
from w2s.evidence import write_table
from w2s.train.distributed import require_single_process


def run(
    config: ChainConfig, out: Path | str, *, say: Say = lambda _: None, count: Count = lambda *_: None
) -> Facts:
    """Run a chain, or what is left of it; returns what ``metrics.json`` holds.

    Args:
        config: what to do.
        out: the folder of the run; one that holds another configuration is refused.
        say: told of every step in a line.
        count: told how many of how many labels are made.

    Raises:
        UsageError: the configuration or the folder is at fault.
        DataError: the examples are.
        W2sError: trust has collapsed in the first round: nothing is worth keeping.
    """
    require_single_process("a chain")
    check_config(config)
    folder = ChainFolder(Path(out))
    folder.open(config)
    say(f"resume with: {folder.resume_line}")
    for student in config.student[config.rounds :]:
        say(f"{student} does not learn: the chain ends with round {config.rounds}")
    source = open_source(config, folder.path, say, count)
    write_table(source.first.table(), folder.path / "splits.parquet")
    config = regimes.with_arms_that_apply(config, source.first, say)
    chain = Chain(config, folder, source, say, count)
    check_budget(chain)
    foreign_labels(folder.path, config, source.first.gold, count)  # what is wrong there is said at once
    made.check_evidence(config.arms, _seeded(chain, 1, config.seed, config.teacher).gold)
    metrics: Facts = {**regimes.described(config), "rounds": [], **fixed_arms(chain)}
    teachers = dict.fromkeys(chain.seeds, config.teacher)
    for number in range(1, config.rounds + 1):
        if said := regimes.caution(config, number):
            say(f"round {number}: {said}")
        found, students, collapsed = _round(chain, number, teachers)
        if collapsed and config.stop.collapse:
            why = regimes.collapse(collapsed, config, number)
            metrics["stopped"] = {"round": number, "why": why}
            say(f"round {number}: stopped, {why}")
            break
        metrics["rounds"].append({**regimes.marked(found, config, number), **source.about(number)})
        folder.write_metrics(metrics)
        teachers = students
    metrics["best_round"] = _best(metrics["rounds"])
    if config.budget and metrics["rounds"]:
        curve = budget_curve(_seeded(chain, 1, config.seed, config.teacher))
        metrics["budget"] = [regimes.marked(point, config, 1) for point in curve]
    folder.write_metrics(metrics)
    folder.finish()
    if not metrics["rounds"]:
        raise W2sError(
            "chain-no-round-kept",
            f"no round was worth keeping: {metrics['stopped']['why']}; give more gold or other evidence",
        )
    return metrics


def _best(rounds: list[Facts]) -> int | None:
    """The round whose kept labels are purest by gold: chosen without a look at the test."""
    found = [(round_["trust"]["purity_on_gold"]["mean"], -round_["round"]) for round_ in rounds]
    return -max(found)[1] if found else None


def _round(chain: Chain, number: int, teachers: dict[int, str]) -> tuple[Facts, dict[int, str], str | None]:
    """One round: what it found, its students by seed, and why trust has collapsed if it has."""
    config = chain.config
    taught: dict[str, list[Taught]] = {arm: [] for arm in config.arms if arm not in FIXED_ARMS}
    trust: list[Facts] = []
    manifest: list[Facts] = []
    reasons = []
    for seed in chain.seeds:
        seeded = _seeded(chain, number, seed, teachers[seed])
        manifest.append(made_of(seeded, number))
        trust.append(seeded.quality)
        reasons.append(seeded.collapsed)
        if seeded.collapsed and config.stop.collapse:
            continue
        for arm, found in taught.items():
            found.append(seeded.arm(arm))
    write_json(chain.folder.path / f"round-{number}" / FILE, {"round": number, "seeds": manifest})
    collapsed = next((reason for reason in reasons if reason), None)
    if collapsed and config.stop.collapse:
        return {}, {}, collapsed
    found_here = {
        "round": number,
        "teacher": list(dict.fromkeys(teachers.values())),
        "student": config.student_of(number),
        "trust": trust_found(trust),
        "arms": arms_found(taught, _fixed_for(chain, number), config.seed),
    }
    models = [facts["model"] for _, facts in taught["trust"]]
    return found_here, dict(zip(chain.seeds, models, strict=True)), collapsed


def _fixed_for(chain: Chain, number: int) -> dict[str, np.ndarray]:
    """What the arms of a round are measured by: of a ladder's later students nobody knows a base."""
    same = chain.config.student_of(number) == chain.config.student_of(1)
    return chain.fixed if same else {}


def _seeded(chain: Chain, number: int, seed: int, teacher: str) -> Seeded:
    """A round of one seed: its teacher's labels, and who learns from them."""
    place = chain.folder.path / f"round-{number}"
    pupil = pupil_of(chain, chain.config.student_of(number), seed)
    name = f"round {number}, seed {seed}"
    splits = chain.source.splits(number, seed, teacher)
    # The first teacher is the same for every seed, and so are its labels.
    where = place / "labels" if number == 1 else place / f"seed-{seed}" / "labels"
    if read(where) is None:
        chain.say(f"{name}: {teacher} labels")
    labels = round_labels(
        where,
        chain.folder.path,
        chain.config,
        splits,
        teacher,
        pupil.student,
        [chain.identity_of(splits), number],
        chain.count,
    )
    # A teacher that a share of gold has warmed is judged by the rest.
    known = {example.id for example in pupil.gold} if number == 1 else pupil.unseen_gold_ids
    gold = labels.gold.take(np.array([id_ in known for id_ in labels.gold.example_ids], bool))
    answered = {*labels.gold.example_ids, *labels.pool.example_ids}
    unanswered = len(splits.gold) + len(splits.pool) - len(answered)
    if unanswered:
        chain.say(f"{name}: examples left out, whose labels hold no answer: {unanswered:,}")
    return Seeded(name, place / f"seed-{seed}", pupil, teacher, splits.pool, gold, labels.pool, labels.step)
