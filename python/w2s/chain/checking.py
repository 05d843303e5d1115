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
from w2s.evidence_kinds import STATES
from w2s.models.reference import quote, resolve_reference
from w2s.train import LanguageTrainSettings, parse_settings
from w2s.trust import function_names, trust_function

_TOLD = frozenset({*STATES, "search", "icl", "verbalised", "p_true", "reward"})
"""Evidence that is there where the configuration says so."""


def check_config(config: ChainConfig) -> None:
    """Refuse names and settings that make no sense, alone or together.

    Raises:
        UsageError: one line that says what and the remedy.
        MissingExtraError: a training needs a library that is not installed.
    """
    check_arms(config.arms)
    trust_of(config)
    check_baselines(config)
    _check_evidence(config)
    _check_shots(config)
    for student in config.student:
        settings = parse_settings(student, config.train, config.seed)
        if isinstance(settings, LanguageTrainSettings) and settings.objective == "grpo":
            _check_rewarded(config)


def _check_evidence(config: ChainConfig) -> None:
    """Refuse trust functions that read states, searches or what is asked for, where nobody keeps it."""
    if config.regime.has_own_teacher:
        return  # told to read what both teachers give
    told = {f"the arm {arm}": trust_function(arm) for arm in config.arms if arm in function_names()}
    for who, function in {"trust": trust_of(config), **told}.items():
        if absent := sorted((function.needs & _TOLD) - set(config.reads)):
            where = "name oracles" if absent[0] == "search" else "add it to evidence"
            raise UsageError(
                "chain-missing-evidence",
                f"{who} reads {absent[0]}, which this chain does not make; {where}, or leave it out",
            )


def _check_shots(config: ChainConfig) -> None:
    """Refuse more solved examples in front of a question than gold has beside the question itself."""
    if any("gold" in one.own for one in config.examples.each) or config.regime.is_shift:
        return  # nobody has counted its files
    gold = config.examples.gold_rows
    for name in (config.teacher, *config.student):
        reference = resolve_reference(name)
        shots = reference.options.get("shots", "0") if reference.kind in ("hf", "openai") else "0"
        if shots.isdecimal() and int(shots) >= gold:
            raise UsageError(
                "chain-too-few-shots",
                f"{quote(name)} requests {shots} few-shot examples but only {gold} gold rows are available; "
                "set examples.gold to more than the number of shots, or use fewer shots",
            )


def _check_rewarded(config: ChainConfig) -> None:
    if config.keep.power:
        raise UsageError("chain-grpo-weights", "the objective grpo cannot weight rows; leave keep.power out")
    if find_spec("trl") is None:
        raise MissingExtraError("grpo", "rl")
