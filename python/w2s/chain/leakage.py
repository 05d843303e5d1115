"""Provenance of each seed of a round, and the check that no row is evidence about a model that it trained."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from w2s.chain.student import TrainResult
from w2s.errors import W2sError

FILE = "manifest.json"


@dataclass(frozen=True)
class Provenance:
    """What one seed of a round was made of.

    Attributes:
        seed: the seed.
        teacher: reference of the teacher.
        student: reference of the untrained student.
        pool: number of pool rows that the teacher learned.
        gold: number of gold rows that the teacher learned.
        trust_fitted_on: number of gold rows that trust in the teacher is fitted on.
        taught: the arms that the teacher teaches, if there are several teachers.
    """

    seed: int
    teacher: str
    student: str
    pool: int
    gold: int
    trust_fitted_on: int
    taught: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The entry of ``manifest.json``."""
        return {
            **({"arms": [*self.taught]} if self.taught else {}),
            "seed": self.seed,
            "teacher": self.teacher,
            "student": self.student,
            "teacher_trained_on": {"pool": self.pool, "gold": self.gold},
            "trust_fitted_on": self.trust_fitted_on,
            "rows_in_both": 0,
        }


def record_provenance(
    seed: int,
    teacher: str,
    student: str,
    trained: TrainResult | None,
    gold_ids: Collection[str],
    fitted_on: Sequence[str],
    title: str,
    taught: Sequence[str] = (),
) -> Provenance:
    """What a seed of a round is made of.

    Args:
        seed: the seed.
        teacher: reference of the teacher.
        student: reference of the untrained student.
        trained: the training of the teacher; None for a teacher that was not trained here.
        gold_ids: ids of all gold examples.
        fitted_on: ids of the examples that trust in the teacher is fitted on.
        title: title of the round and the seed, for messages.
        taught: the arms that the teacher teaches, if there are several teachers.

    Raises:
        W2sError: some of these examples trained the teacher.
    """
    learned = frozenset() if trained is None else trained.example_ids
    assert_disjoint(learned, fitted_on, title)
    gold = len(learned & set(gold_ids))
    return Provenance(seed, teacher, student, len(learned) - gold, gold, len(set(fitted_on)), tuple(taught))


def assert_disjoint(trained_on: Collection[str], fitted_on: Sequence[str], title: str) -> None:
    """Refuse examples that trained the teacher and would be evidence about it.

    Raises:
        W2sError: there is such an example; the message names the first one.
    """
    if both := [id_ for id_ in fitted_on if id_ in trained_on]:
        raise W2sError(
            "chain-teacher-leakage",
            f"{title}: {len(both)} rows were used to train the teacher and cannot also be used to evaluate "
            f"it, first {both[0]!r}; remove the run folder and start again",
        )
