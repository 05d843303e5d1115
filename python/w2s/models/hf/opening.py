"""A model put together from its weights, its tokenizer and its settings.

Knows nothing about references beyond their text.
"""

from __future__ import annotations

from typing import Any

from w2s.models.hf.asking import Asking
from w2s.models.hf.checking import Checker
from w2s.models.hf.model import HfModel
from w2s.models.hf.multiple_choice import HfChoiceModel
from w2s.models.hf.network import Network
from w2s.models.hf.passes import Passes, budget_of
from w2s.models.hf.scoring import Scorer
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.weights import CHOICE, open_weights
from w2s.models.hf.wording import Wording
from w2s.models.hf.writing import Manner, Writer, Writes
from w2s.models.model import Model
from w2s.tasks.prompts import read_prompt


def open_model(reference: str, place: str, settings: HfSettings, seed: int) -> Model:
    """The model of a folder or of a name on the hub.

    Raises:
        ModelError: it cannot be loaded.
        UsageError: the settings do not suit it.
    """
    if settings.prompt is not None:
        read_prompt(settings.prompt)
    opened = open_weights(place, settings, seed=seed)
    if opened.form in CHOICE:
        return HfChoiceModel(reference, opened, settings, seed)
    network = Network(opened.network)
    passes = Passes(reference, settings.batch_tokens or budget_of(network.device))
    asking = Asking(reference, Wording(opened.tokenizer), settings, network.context, seed)
    manner = Manner(
        frozenset(_ends(opened.tokenizer, opened.network)), asking.wording.decoded, seed, settings.temperature
    )
    return HfModel(
        reference,
        asking,
        Scorer(network, passes),
        _writer(place, settings, network, passes),
        Checker(reference, asking, network, passes),
        settings,
        manner,
    )


def _writer(place: str, settings: HfSettings, network: Network, passes: Passes) -> Writes:
    if settings.engine == "plain":
        return Writer(network, passes)
    from w2s.models.hf.vllm_engine import VllmWriter

    return VllmWriter(place, settings, network, passes)


def _ends(tokenizer: Any, network: Any) -> set[int]:
    """Tokens that end a reply."""
    known = getattr(network.generation_config, "eos_token_id", None)
    listed = known if isinstance(known, list) else [known]
    return {end for end in [*listed, tokenizer.eos_token_id] if end is not None}
