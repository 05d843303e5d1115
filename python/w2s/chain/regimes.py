"""What a shift between gold and pool does to a chain: what is an estimate there, and which arms make sense.

Knows nothing about how examples or labels are made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from w2s.chain import domains
from w2s.chain.config import GOLD_AND_TRUST, ChainConfig
from w2s.chain.examples.splits import Splits
from w2s.chain.steps import Facts
from w2s.errors import UsageError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES
from w2s.trust import function_names, trust_function

Say = Callable[[str], None]
_WHY = {
    "ood_dist": "gold is of other files than the pool",
    "ood_domain": "gold is of another game or task than the pool",
}
_GOLD_ARMS = ("gold", "self", *GOLD_AND_TRUST)


def shift(config: ChainConfig, number: int) -> str | None:
    """Why gold and pool of a round are not exchangeable, None where they are."""
    if config.regime.is_shift:
        return _WHY[config.regime.name]
    if config.source == "matches" and number > 1:
        return "gold is of the first round's matches, the pool of later ones"
    return None


def caution(config: ChainConfig, number: int) -> str | None:
    """What a certified purity is worth in a round where it is no guarantee."""
    why = shift(config, number)
    if why is None or config.keep.purity is None:
        return None
    return (
        f"the certified purity of {config.keep.purity} is a heuristic and no guarantee: {why}, so that they "
        "are not exchangeable"
    )


def described(config: ChainConfig) -> Facts:
    """The entry ``regime`` of ``metrics.json``; empty in distribution."""
    regime = config.regime
    why = shift(config, 1) if regime.is_shift else None
    return {} if why is None else {"regime": {**regime.model_dump(exclude_none=True), "shift": why}}


def marked(found: Facts, config: ChainConfig, number: int) -> Facts:
    """Findings of a round or a budget; under a shift they say that purity on gold is an estimate, and why."""
    why = shift(config, number)
    if why is None or "trust" not in found:
        return found
    purity = {**found["trust"]["purity_on_gold"], "estimate": why}
    worth = {} if (said := caution(config, number)) is None else {"guarantee": said}
    return {**found, "trust": {**found["trust"], "purity_on_gold": purity, **worth}}


def collapse(why: str, config: ChainConfig, number: int) -> str:
    """Why trust has collapsed, with a word where gold only gives an estimate."""
    reason = shift(config, number)
    return why if reason is None else f"{why} (an estimate: {reason})"


def trusting(config: ChainConfig, gold: Labels) -> tuple[ChainConfig, list[str]]:
    """The configuration with a trust function that reads only what both games have, and what that is; as it
    was, and nothing, where gold and pool are of one game."""
    if not config.regime.has_own_teacher:
        return config, []
    spec = domains.readable(config.trust, gold)
    return config.model_copy(update={"trust": spec}), domains.evidence_read(spec, gold)


def check_baselines(config: ChainConfig) -> None:
    """Refuse baselines that read the states of a net where gold has another net than the pool."""
    if not config.regime.has_own_teacher:
        return
    for arm in set(config.arms) & set(function_names()):
        if unread := sorted(trust_function(arm).needs & set(STATES)):
            raise UsageError(
                "chain-arm-not-shared",
                f"the arm {arm} reads {', '.join(unread)}, which two games do not share; remove it from arms",
            )


def with_arms_that_apply(config: ChainConfig, splits: Splits, say: Say) -> ChainConfig:
    """The configuration without the arms that these examples cannot give; each is said in a line."""
    out = arms_left_out(config, answered=all(example.gold for example in splits.pool))
    for arm, why in out.items():
        say(f"the arm {arm} is left out: {why}")
    return with_arms(config, out)


def arms_left_out(config: ChainConfig, *, answered: bool) -> dict[str, str]:
    """Arms that a chain asks for and does without, and why; ``answered``: its pool's answers are known."""
    out: dict[str, str] = {}
    if config.regime.name == "ood_domain":
        out = dict.fromkeys(_GOLD_ARMS, "gold is of another game or task")
    if config.source == "matches" and not answered:
        out["ceiling"] = (
            "the pool's answers are unknown, and so is its purity; matches.verify_pool = true asks for them"
        )
    return {arm: out[arm] for arm in config.arms if arm in out}


def with_arms(config: ChainConfig, out: Collection[str]) -> ChainConfig:
    """The configuration without some arms."""
    return config.model_copy(update={"arms": tuple(arm for arm in config.arms if arm not in out)})
