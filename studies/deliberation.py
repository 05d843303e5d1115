"""How a network should look ahead: plans compared on gold of a chain, evaluation by evaluation.

    python -m studies.deliberation studies/maia.toml --rows 400 --out runs/deliberation

For each plan: evaluations per position, how many positions the best move and the improved policy solve, and
the AUC of the lead (value of the label minus that of the best other move) as trust in the policy's label and
in the best move. The last rows spend thought on doubtful positions only: the searches with ``nodes`` one
after another, until the best move leads by a threshold. Gold rows alone are read. The table is written after
every plan.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from w2s.chain.config_file import load_config
from w2s.chain.data.files import load_splits
from w2s.evidence_kinds import DELIBERATION
from w2s.files import write_text
from w2s.metrics import auc
from w2s.models import load_model
from w2s.models.policy.deliberation import DeliberationModel
from w2s.models.policy.lookahead import Lookahead
from w2s.tasks import MoveExample

PLANS = (
    "think=all",
    "think=6,all",
    "think=6,6,6",
    "think=5,5,4,4",
    "nodes=25",
    "nodes=50",
    "nodes=100",
    "nodes=200",
    "nodes=400",
)
LEADS = (0.1, 0.2, 0.4)
"""Leads that end a search early."""
GAINS = (2.0, 5.0, 10.0, 20.0, 40.0)
HEAD = (
    "| plan | evaluations | policy solves | best solves | improved solves | AUC, policy | AUC, best | "
    "best gain |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class PlanResult:
    """What one plan found out about n positions with known answers.

    Attributes:
        plan: options of the reference.
        evaluations: states that the network evaluated, (n,).
        right: whether the policy's label, the best move and the move of the improved policy are right,
            (3, n).
        leads: lead of the policy's label and of the best move, (2, n).
        gain: the gain whose improved policy gives the answers the largest likelihood.
    """

    plan: str
    evaluations: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    leads: npt.NDArray[np.float64]
    gain: float

    def row(self) -> str:
        """The plan as a row of the table, with standard errors of shares."""
        errors = 100 * self.right.std(1) / np.sqrt(self.right.shape[1])
        shares = 100 * self.right.mean(1)
        cells = [f"{share:.1f} ± {error:.1f}" for share, error in zip(shares, errors, strict=True)]
        areas = [f"{auc(lead, right):.3f}" for lead, right in zip(self.leads, self.right[:2], strict=True)]
        return (
            f"| {self.plan} | {self.evaluations.mean():.0f} | {' | '.join(cells + areas)} | {self.gain:g} |"
        )


def measure(reference: str, plan: str, examples: Sequence[MoveExample]) -> PlanResult:
    """Look ahead from every example with one plan."""
    model = cast(DeliberationModel, load_model(f"{reference}{'&' if '?' in reference else '?'}{plan}"))
    found = model.think(examples)
    chosen = [
        [one.legal[int(one.policy.argmax())] for one in found],
        [one.found.best or "" for one in found],
        [one.legal[int(one.improved.argmax())] for one in found],
    ]
    right = [
        [move in example.gold for move, example in zip(moves, examples, strict=True)] for moves in chosen
    ]
    lead = list(DELIBERATION).index("lead")
    leads = [
        [one.evidence(move)[lead] for one, move in zip(found, moves, strict=True)] for moves in chosen[:2]
    ]
    return PlanResult(
        plan,
        np.array([one.found.evaluations for one in found], np.int64),
        np.array(right, bool),
        np.array(leads, np.float64),
        best_gain(found, examples),
    )


def until_lead(plans: Sequence[PlanResult], lead: float) -> PlanResult:
    """The first of several plans in which the best move leads by ``lead``, for each position; else the last.

    A search with more ``nodes`` continues one with fewer, so its evaluations count alone.
    """
    leads = np.stack([plan.leads[1] for plan in plans])
    is_decided = leads >= lead
    is_decided[-1] = True
    chosen, rows = is_decided.argmax(0), np.arange(leads.shape[1])
    return PlanResult(
        f"{plans[0].plan} to {plans[-1].plan}, until the lead is {lead:g}",
        np.stack([plan.evaluations for plan in plans])[chosen, rows],
        np.stack([plan.right for plan in plans])[chosen, :, rows].T,
        np.stack([plan.leads for plan in plans])[chosen, :, rows].T,
        plans[-1].gain,
    )


def best_gain(found: Sequence[Lookahead], examples: Sequence[MoveExample]) -> float:
    """The gain of :data:`GAINS` whose improved policies give the answers the largest mean log-probability."""

    def score(gain: float) -> float:
        total = 0.0
        for one, example in zip(found, examples, strict=True):
            improved = Lookahead(one.legal, one.found, gain, one.policy).improved
            right = sum(improved[one.legal.index(move)] for move in example.gold if move in one.legal)
            total += np.log(max(float(right), 1e-9))
        return total / len(found)

    return max(GAINS, key=score)


def main() -> None:
    """Measure all plans, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m studies.deliberation", description=__doc__)
    parser.add_argument("config", type=Path, help="chain whose teacher looks ahead and whose gold is read")
    parser.add_argument("--rows", type=int, default=400, help="number of gold rows")
    parser.add_argument("--plan", action="append", help=f"default: {', '.join(PLANS)}")
    parser.add_argument("--out", type=Path, default=Path("runs/deliberation"))
    given = parser.parse_args()
    config = load_config(file=given.config)
    gold = load_splits(config.examples, game=config.game, seed=config.seed).gold[: given.rows]
    examples = [example for example in gold if isinstance(example, MoveExample)]
    lines, searches = [HEAD], list[PlanResult]()
    given.out.mkdir(parents=True, exist_ok=True)

    def add(found: PlanResult) -> None:
        lines.append(found.row())
        print(lines[-1], flush=True)
        write_text(given.out / "table.md", "\n".join([*lines, ""]))

    for plan in given.plan or PLANS:
        found = measure(config.teacher, plan, examples)
        add(found)
        searches += [found] if plan.startswith("nodes=") else []
    for lead in LEADS if len(searches) > 1 else ():
        add(until_lead(searches, lead))


if __name__ == "__main__":
    main()
