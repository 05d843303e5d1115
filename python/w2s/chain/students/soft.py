"""What labels ask a student for, where that is more than the label itself.

Knows nothing about which labels are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from w2s.chain.steps import digest_of
from w2s.chain.students.arms import Target, mixed
from w2s.chain.students.beliefs import beliefs_of
from w2s.chain.students.pupil import Pupil
from w2s.chain.trusted import Trusted
from w2s.tasks import Example

Soft = Callable[[str, str], Target]
"""Id and label → target."""


def soft_targets(
    pupil: Pupil,
    teacher: str,
    examples: Sequence[Example],
    trusted: Trusted,
    inputs: object,
) -> Soft | None:
    """Targets of the configured softness, None for hard ones.

    Args:
        pupil: who learns.
        teacher: who labelled.
        examples: the pool.
        trusted: what trust says of the labels.
        inputs: what decided the teacher.
    """
    chain, kind = pupil.chain, pupil.chain.config.teach.soft
    if kind == "none":
        return None
    asked, about = (teacher, inputs) if kind == "teacher" else (pupil.student, chain.identity)
    folder = chain.folder.path / "beliefs" / digest_of([asked, [example.id for example in examples]])
    beliefs = beliefs_of(folder, asked, examples, pupil.gold, chain.config.seed, about)
    if kind == "teacher":
        return lambda id_, _: beliefs[id_]
    trust = dict(zip(trusted.labels.example_ids, trusted.scores.tolist(), strict=True))
    return lambda id_, label: mixed(label, trust[id_], beliefs[id_])
