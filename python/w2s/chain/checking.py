"""What can be known to be wrong with a chain before anything of it is read or labelled.

Knows nothing about files; no model is loaded.
"""

from __future__ import annotations

from importlib.util import find_spec

from w2s.chain.config import ChainConfig
from w2s.chain.regimes import check_baselines
from w2s.chain.students.arms import check_arms
from w2s.chain.trusted import trust_of
from w2s.errors import MissingExtraError, UsageError
from w2s.models.named import read_reference
from w2s.models.reference import shown
from w2s.train import LanguageSettings, settings_of


def check_config(config: ChainConfig) -> None:
    """Refuse names and settings that make no sense, alone or together.

    Raises:
        UsageError: one line that says what and the remedy.
        MissingExtraError: a training needs a library that is not installed.
    """
    check_arms(config.arms)
    trust_of(config)
    check_baselines(config)
    _check_shots(config)
    for student in config.student:
        settings = settings_of(student, config.train, config.seed)
        if isinstance(settings, LanguageSettings) and settings.objective == "grpo":
            _check_rewarded(config)


def _check_shots(config: ChainConfig) -> None:
    """Refuse more solved examples in front of a question than gold has beside the question itself."""
    if any("gold" in one.own for one in config.examples.each) or config.regime.is_shift:
        return  # nobody has counted its files
    gold = config.examples.gold_rows
    for name in (config.teacher, *config.student):
        reference = read_reference(name)
        shots = reference.options.get("shots", "0") if reference.kind in ("hf", "openai") else "0"
        if shots.isdecimal() and int(shots) >= gold:
            raise UsageError(
                f"{shown(name)} is to be shown {shots} solved examples of {gold} gold rows: give more gold "
                "(examples.gold), one more than are shown, or fewer shots"
            )


def _check_rewarded(config: ChainConfig) -> None:
    if config.keep.power:
        raise UsageError("grpo takes the rows that are kept, all alike: leave keep.power out")
    if find_spec("trl") is None:
        raise MissingExtraError("grpo", "rl")
