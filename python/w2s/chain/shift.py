"""Distribution shift between gold and pool: warnings, and the evidence that both share.

Trust is fitted on gold and reads the pool. A vector is the state of one net and has no meaning for another
net, so vectors are shared only if one teacher labels both. Columns are always shared: the confidence of a
teacher means the same in every game.
"""

from __future__ import annotations

from w2s.chain.config import ChainConfig
from w2s.chain.settings import TrustSpec
from w2s.evidence import EXAMPLE_ID, PROPOSAL, Labels
from w2s.trust import trust_function
from w2s.trust.columns import has_evidence
from w2s.trust.features import feature_layout

_WHY = {
    "ood_dist": "gold comes from other files than the pool",
    "ood_domain": "gold belongs to another game or task than the pool",
}
_ALWAYS = ("id", "label", "correct", "group", EXAMPLE_ID, PROPOSAL)


def shift_of_round(config: ChainConfig, number: int) -> str | None:
    """Why gold and pool of a round are not exchangeable; None if they are."""
    if config.regime.is_shift:
        return _WHY[config.regime.name]
    if config.joined_positions:
        return "gold comes from files, part of the pool from matches"
    if config.source == "matches" and number > 1:
        return "gold comes from the matches of the first round, the pool from later ones"
    return None


def exchangeability_warning(config: ChainConfig, number: int) -> str | None:
    """Why a certified purity of a round is only a heuristic; None if it is a guarantee or there is none."""
    why = shift_of_round(config, number)
    if why is None or config.keep.purity is None:
        return None
    return (
        f"the certified purity of {config.keep.purity} is a heuristic, not a guarantee: {why}, so they are "
        "not exchangeable"
    )


def shared_columns(gold: Labels, pool: Labels, *, vectors: bool = False) -> tuple[Labels, Labels]:
    """Both labels with the columns that both have; with their vectors, or without."""
    both = [
        name
        for name in gold.table.column_names
        if name in _ALWAYS
        or (name in pool.table.column_names and has_evidence(gold, name) and has_evidence(pool, name))
    ]
    first, second = (
        Labels(labels.table.select(_with_replies(both, labels)), labels.vectors if vectors else {})
        for labels in (gold, pool)
    )
    return first, second


def _with_replies(names: list[str], labels: Labels) -> list[str]:
    """These columns and the text of replies, which students learn and trust does not read."""
    return [*names, *({"raw"} & set(labels.table.column_names) - set(names))]


def shared_features(spec: TrustSpec, gold: Labels) -> TrustSpec:
    """The same trust function, limited to the evidence that gold has."""
    features = _reads(spec)
    if features is None:
        return spec
    kept = [name for name in features if has_evidence(gold, name)]
    return spec.model_copy(update={"options": {**spec.options, "features": kept}})


def features_read(spec: TrustSpec, gold: Labels) -> tuple[str, ...]:
    """Names of the columns of gold that the trust function reads."""
    features = _reads(spec)
    if features is None:
        return tuple(sorted(trust_function(spec.function, **spec.options).needs))
    layout = feature_layout(gold, features)
    return (*layout.columns, *layout.agrees)


def _reads(spec: TrustSpec) -> tuple[str, ...] | None:
    """What a function that can choose would read."""
    options = getattr(trust_function(spec.function, **spec.options), "options", None)
    return getattr(options, "features", None)
