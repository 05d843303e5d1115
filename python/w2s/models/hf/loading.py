"""Loads a model: assembles it from its weights, its tokenizer and its settings."""

from __future__ import annotations

from w2s.models.hf.batching import BatchRunner, default_budget
from w2s.models.hf.forward import CausalNetwork
from w2s.models.hf.generation import GenerationConfig, Generator, SupportsGeneration
from w2s.models.hf.loglikelihood import ReplyScorer
from w2s.models.hf.model import HfModel
from w2s.models.hf.multiple_choice import HfChoiceModel
from w2s.models.hf.prompting import PromptBuilder
from w2s.models.hf.self_check import SelfChecker
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.tokenization import PromptTokenizer
from w2s.models.hf.weights import CHOICE, Checkpoint, load_checkpoint
from w2s.models.model import Model
from w2s.tasks.prompts import read_prompt


def open_model(reference: str, place: str, settings: HfSettings, seed: int) -> Model:
    """The model in a folder or of a name on the hub.

    Args:
        reference: the reference that loads the same model again.
        place: folder, or name on the hub.
        settings: how it is loaded and prompted.
        seed: random seed of a fresh head, of few-shot examples and of every draw.

    Raises:
        ModelError: it cannot be loaded.
        UsageError: the settings do not suit it.
    """
    if settings.prompt is not None:
        read_prompt(settings.prompt)
    checkpoint = load_checkpoint(place, settings, seed=seed)
    if checkpoint.form in CHOICE:
        return HfChoiceModel(reference, checkpoint, settings, seed)
    network = CausalNetwork(checkpoint.network)
    batches = BatchRunner(reference, settings.batch_tokens or default_budget(network.device))
    tokenizer = PromptTokenizer(checkpoint.tokenizer)
    prompts = PromptBuilder(reference, tokenizer, settings, network.context, seed)
    config = GenerationConfig(
        frozenset(_end_tokens(checkpoint)), tokenizer.decode, seed, settings.temperature
    )
    return HfModel(
        reference,
        prompts,
        ReplyScorer(network, batches),
        _generator(place, settings, network, batches),
        SelfChecker(reference, prompts, network, batches),
        config,
        is_deterministic=settings.engine == "plain",
    )


def _generator(
    place: str, settings: HfSettings, network: CausalNetwork, batches: BatchRunner
) -> SupportsGeneration:
    if settings.engine == "plain":
        return Generator(network, batches)
    from w2s.models.hf.vllm_engine import VllmGenerator

    return VllmGenerator(place, settings, network, batches)


def _end_tokens(checkpoint: Checkpoint) -> set[int]:
    """Tokens that end a reply."""
    known = getattr(checkpoint.network.generation_config, "eos_token_id", None)
    listed = known if isinstance(known, list) else [known]
    return {end for end in [*listed, checkpoint.tokenizer.eos_token_id] if end is not None}
