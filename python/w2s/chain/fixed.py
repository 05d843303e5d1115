"""What no teacher plays a part in: base, gold, self and ceiling of the first student; and the first teacher.

Knows nothing about rounds.

    fixed/teacher/              answers.parquet
    fixed/STUDENT/base/         answers.parquet
    fixed/STUDENT/seed-S/       see students/pupil.py
"""

from __future__ import annotations

from w2s.chain.chain import Chain
from w2s.chain.found import arms_found, stacked, trust_found
from w2s.chain.measures import arm_measures
from w2s.chain.steps import Facts, digest_of
from w2s.chain.students.pupil import Taught, pupil_of
from w2s.chain.students.selftaught import self_taught
from w2s.chain.students.teaching import tested

_ORDER = ("base", "teacher", "gold", "self", "ceiling")


def fixed_arms(chain: Chain) -> Facts:
    """Their measures by name; ``chain.fixed`` is told which test rows they answer right."""
    config = chain.config
    student = config.student_of(1)
    _ask(chain, "teacher", config.teacher, "teacher")
    if "base" in config.arms:
        _ask(chain, "base", student, f"{digest_of(student)}/base")
    pupils = [pupil_of(chain, student, seed) for seed in chain.seeds]
    taught: dict[str, list[Taught]] = {}
    if "gold" in config.arms:
        taught["gold"] = [pupil.on_gold for pupil in pupils]
    if "ceiling" in config.arms:
        taught["ceiling"] = [pupil.on_answers for pupil in pupils]
    trust: list[Facts] = []
    if "self" in config.arms:
        alone = [self_taught(pupil) for pupil in pupils]
        taught["self"], trust = [one for one, _ in alone], [facts for _, facts in alone]
    chain.fixed |= {arm: stacked(found) for arm, found in taught.items()}
    measured = {
        **{arm: arm_measures(chain.fixed[arm], chain.fixed, config.seed) for arm in chain.fixed},
        **arms_found(taught, chain.fixed, config.seed),
    }
    if trust:
        measured["self"]["trust"] = trust_found(trust)
    return {arm: measured[arm] for arm in _ORDER if arm in measured}


def _ask(chain: Chain, name: str, reference: str, place: str) -> None:
    chain.say(f"testing {name}, {reference}")
    splits, folder = chain.splits, chain.folder.path / "fixed" / place
    right, _ = tested(folder, reference, splits.test, chain.identity, splits.gold)
    chain.fixed[name] = right[None]
