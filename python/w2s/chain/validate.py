"""Checks of a configuration before any file is read or any model is loaded, for runs and estimates."""

from __future__ import annotations

from importlib.util import find_spec

from w2s.chain.arms import ARMS
from w2s.chain.config import ChainConfig
from w2s.chain.trust_step import build_trust_function
from w2s.errors import MissingExtraError, UsageError
from w2s.evidence_kinds import EVIDENCE, REQUESTS, STATES
from w2s.models.policy.loading import require_torch
from w2s.models.reference import quote, resolve_reference
from w2s.train import LanguageTrainSettings, parse_settings
from w2s.trust import trust_function

_CONFIGURED = frozenset({*STATES, *REQUESTS, "search"}) - {"samples"}
"""Evidence that exists only if the configuration requests it; samples may also be in an endpoint's labels."""


def check_config(config: ChainConfig) -> None:
    """Refuse unknown names, and settings that contradict each other.

    Raises:
        UsageError: a name is unknown or settings contradict each other; one line names the remedy.
    """
    build_trust_function(config.trust, config.features)
    _check_shared_evidence(config)
    _check_evidence(config)
    _check_shots(config)
    for student in config.student:
        if _uses_grpo(student, config) and config.keep.power:
            raise UsageError(
                "chain-grpo-weights", "the objective grpo cannot weight rows; leave keep.power out"
            )


def check_installed(config: ChainConfig) -> None:
    """Refuse to start a chain whose trainings need a library that is not installed.

    Raises:
        MissingExtraError: names the extra.
    """
    require_torch("a chain")
    if any(_uses_grpo(student, config) for student in config.student) and find_spec("trl") is None:
        raise MissingExtraError("grpo", "rl")


def _uses_grpo(student: str, config: ChainConfig) -> bool:
    settings = parse_settings(student, config.train, config.seed)
    return isinstance(settings, LanguageTrainSettings) and settings.objective == "grpo"


def _check_shared_evidence(config: ChainConfig) -> None:
    """Refuse arms that read the states of a net if gold has another teacher than the pool."""
    if config.regime.gold_teacher is None:
        return
    for arm in config.arms:
        function = ARMS[arm].function
        unread = sorted(trust_function(function).needs & set(STATES)) if function else []
        if unread:
            raise UsageError(
                "chain-arm-not-shared",
                f"the arm {arm} reads {', '.join(unread)}, which two games do not share; remove it from arms",
            )


def _check_evidence(config: ChainConfig) -> None:
    """Refuse trust functions that read evidence that the chain does not make."""
    if config.regime.gold_teacher is not None:
        return  # trust is limited to what both teachers give
    ranked = {
        f"the arm {arm}": trust_function(ARMS[arm].function) for arm in config.arms if ARMS[arm].function
    }
    for who, function in {"trust": build_trust_function(config.trust, config.features), **ranked}.items():
        if absent := sorted((function.needs & _CONFIGURED) - set(config.features)):
            where = "name oracles" if absent[0] == "search" else "add it to evidence"
            raise UsageError(
                "chain-missing-evidence",
                f"{who} reads {absent[0]}, which this chain does not make; {where}, or leave it out",
            )
    _check_requested(config)


def _check_requested(config: ChainConfig) -> None:
    """Refuse arms whose training data is made of evidence that the chain does not request."""
    requested = {name.partition(":")[0] for name in config.evidence}
    for arm in config.arms:
        read = {name for stage in ARMS[arm].stages for data in stage for name in data.evidence}
        if absent := sorted(read - requested):
            raise UsageError(
                "chain-missing-evidence",
                f"the arm {arm} learns from {absent[0]}, which this chain does not make; add "
                f"{EVIDENCE[absent[0]].example} to evidence, or leave the arm out",
            )


def _check_shots(config: ChainConfig) -> None:
    """Refuse more few-shot examples than there is gold besides the question itself."""
    if any("gold" in one.own_files for one in config.examples.each) or config.regime.is_shift:
        return  # the rows of these files have not been counted
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
