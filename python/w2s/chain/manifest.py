"""What each seed of a round was made of, and the check that no row is evidence about a model it trained.

Knows nothing about training or measures.
"""

from __future__ import annotations

from w2s.chain.chain import Chain
from w2s.chain.seeded import Seeded
from w2s.chain.steps import Facts
from w2s.chain.students.pupil import pupil_of
from w2s.errors import W2sError
from w2s.evidence import read_table

FILE = "manifest.json"


def made_of(seeded: Seeded, number: int) -> Facts:
    """Who taught, on what it had trained itself, and on how many rows trust in it is fitted.

    Raises:
        W2sError: some of these rows trained the teacher.
    """
    chain, seed = seeded.pupil.chain, seeded.pupil.seed
    trained_on = _trained_on(chain, number, seed)
    check_apart(trained_on, seeded.gold.example_ids, seeded.name)
    return {
        "seed": seed,
        "teacher": seeded.teacher,
        "student": seeded.pupil.student,
        "teacher_trained_on": {role: len(ids) for role, ids in trained_on.items()},
        "trust_fitted_on": len(set(seeded.gold.example_ids)),
        "rows_in_both": 0,
    }


def check_apart(trained_on: dict[str, list[str]], fitted_on: list[str], where: str) -> None:
    """Refuse rows that trained the teacher and would count as evidence about it.

    Raises:
        W2sError: names the first of them.
    """
    taken = {id_ for ids in trained_on.values() for id_ in ids}
    if both := [id_ for id_ in fitted_on if id_ in taken]:
        raise W2sError(
            "chain-teacher-leakage",
            f"{where}: {len(both)} rows were used to train the teacher and cannot also be used to evaluate "
            f"it, first {both[0]!r}; remove the run folder and start again",
        )


def _trained_on(chain: Chain, number: int, seed: int) -> dict[str, list[str]]:
    """Ids by role of what the teacher of a round trained on; nothing of ours in the first."""
    if number == 1:
        return {"pool": [], "gold": []}
    before = chain.folder.path / f"round-{number - 1}" / f"seed-{seed}" / "trust" / "selected.parquet"
    pupil = pupil_of(chain, chain.config.student_of(number - 1), seed)
    return {
        "pool": read_table(before).column("id").to_pylist(),
        "gold": [pupil.gold[row].id for row in pupil.warm],
    }
