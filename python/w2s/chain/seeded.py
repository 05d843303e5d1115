"""Trust in one teacher's labels, for one seed, and the arms that learn from them.

Knows nothing about how many rounds there are.

    trust/       trust.json, trust.safetensors, scores.parquet, selected.parquet
    ARM-arm/     student/, answers.parquet
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from w2s.chain import proposals, regimes
from w2s.chain.config import ChainConfig
from w2s.chain.steps import Facts, digest_of
from w2s.chain.students import arms as made
from w2s.chain.students.pupil import Pupil, Taught
from w2s.chain.students.soft import Soft, soft_targets
from w2s.chain.students.teaching import together
from w2s.chain.trusted import Trusted, quality, trust_labels
from w2s.evidence import Labels
from w2s.tasks import Example
from w2s.train import TrainingSet


@dataclass(frozen=True)
class Seeded:
    """A teacher's labels and the pupil that learns from them; everything is made once and then read.

    Attributes:
        name: for people.
        place: folder of what is made here.
        pupil: who learns.
        teacher: who labelled.
        examples: the pool.
        gold: labels of the rows that trust is fitted on, all proposals of each.
        pool: labels of the pool, likewise.
        inputs: what decided the labels.
    """

    name: str
    place: Path
    pupil: Pupil
    teacher: str
    examples: Sequence[Example]
    gold: Labels
    pool: Labels
    inputs: object

    @cached_property
    def _trusting(self) -> tuple[ChainConfig, list[str]]:
        return regimes.trusting(self.pupil.chain.config, self.gold)

    @cached_property
    def _trust(self) -> tuple[Trusted, Facts]:
        chain = self.pupil.chain
        config, reads = self._trusting
        chain.say(
            f"{self.name}: {config.trust.function} is fitted on {len(set(self.gold.example_ids))} gold rows"
        )
        if reads:
            chain.say(f"{self.name}: it reads what labels of both have: {', '.join(reads)}")
        about = [self.inputs, digest_of(self.gold.ids)]
        return trust_labels(self.place / "trust", config, self.gold, self.pool, self.pupil.seed, about)

    @property
    def trusted(self) -> Trusted:
        """What trust says of the labels."""
        return self._trust[0]

    @property
    def quality(self) -> Facts:
        """How good trust is."""
        seed = self.pupil.seed
        on_gold = self.trusted.kept_purity(seed)._asdict()
        reads = self._trusting[1]
        known = {"purity_on_gold": on_gold, **({"reads": reads} if reads else {})}
        return {**quality(self.trusted, seed), **known}

    @cached_property
    def collapsed(self) -> str | None:
        """Why trust is worth nothing, or None."""
        return self.trusted.collapse(self.pupil.seed)

    def arm(self, arm: str) -> Taught:
        """Train and test one arm's student."""
        if arm == "trust-then-gold":
            return self._after(self._trust_arm, arm, made.gold_rows(self.pupil.gold))
        if arm == "gold-then-trust":
            return self._after(self.pupil.on_gold, arm, self._trusted_rows())
        return self._trust_arm if arm == "trust" else self._first(arm)

    @cached_property
    def _trust_arm(self) -> Taught:
        return self._first("trust")

    def _first(self, arm: str) -> Taught:
        """What a student learns first, and in most arms last."""
        rows = self._rows(arm)
        self.pupil.chain.say(f"{self.name}: {arm}, training on {len(rows)} rows")
        return self.pupil.learns(self._folder(arm), self.pupil.start, rows, self._about(arm))

    def _after(self, first: Taught, arm: str, rows: TrainingSet) -> Taught:
        """What a student learns second."""
        self.pupil.chain.say(f"{self.name}: {arm}, training on {len(rows)} rows more")
        right, second = self.pupil.learns_later(
            self._folder(arm), first[1]["model"], rows, [self._about(arm), first[1]["step"]]
        )
        return right, together(first[1], second)

    def _folder(self, arm: str) -> Path:
        return self.place / f"{arm.replace('+', '-and-')}-arm"

    def _about(self, arm: str) -> list[object]:
        config = self.pupil.chain.config
        return [self._trust[1]["step"], arm, config.keep.model_dump(), config.teach.model_dump()]

    def _rows(self, arm: str) -> TrainingSet:
        if arm == "trust":
            return self._trusted_rows()
        if arm == "gold+trust":
            times = self.pupil.chain.config.teach.gold_times
            return made.both(made.repeated(made.gold_rows(self.pupil.gold), times), self._trusted_rows())
        gold, pool = proposals.answers(self.gold), proposals.answers(self.pool)
        rows = made.as_many(arm, pool, gold, len(self.trusted.rows), self.pupil.seed)
        soft = self._soft if self.pupil.chain.config.teach.soft == "teacher" else None
        return made.label_rows(self._by_id, pool, rows, soft=soft)

    def _trusted_rows(self) -> TrainingSet:
        trusted = self.trusted
        return made.label_rows(self._by_id, trusted.labels, trusted.rows, trusted.weights, self._soft)

    @cached_property
    def _soft(self) -> Soft | None:
        return soft_targets(self.pupil, self.teacher, self.examples, self.trusted, self.inputs)

    @cached_property
    def _by_id(self) -> dict[str, Example]:
        return {example.id: example for example in self.examples}
