"""Loads the language model that a reference names for training, and saves it to a folder."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import peft
import torch

from w2s.errors import UsageError
from w2s.models.hf.settings import HfSettings, locate_model, read_settings
from w2s.models.hf.tokenization import PromptTokenizer
from w2s.models.hf.weights import CAUSAL, CHOICE, Checkpoint, load_checkpoint
from w2s.models.reference import Reference, quote, resolve_reference
from w2s.train.settings import LanguageTrainSettings

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model")


@dataclass(frozen=True, slots=True)
class LanguageStudent:
    """A language model that is trained.

    Attributes:
        reference: the reference that named it.
        place: its folder, or its name on the hub.
        prompting: options of the reference: prompt, way of answering, device.
        network: the network in training mode, on its device, without a new adapter.
        adapter: configuration of a new adapter; None where all weights are trained, or an adapter that the
            student already has.
        tokenizer: a tokenizer of transformers.
        is_encoder: whether it is an encoder with a multiple-choice head.
    """

    reference: Reference
    place: str
    prompting: HfSettings
    network: Any
    adapter: peft.LoraConfig | None
    tokenizer: Any
    is_encoder: bool = False

    def adapted(self) -> Any:
        """The network with its new adapter, if there is one.

        Raises:
            UsageError: the network has no layers with the names in ``targets``.
        """
        if self.adapter is None:
            return self.network
        with _adapter_errors(self.adapter), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about layers that store their weights transposed
            return peft.get_peft_model(self.network, self.adapter)

    def reference_in(self, folder: Path) -> str:
        """The reference of the student in a folder: with the same prompts, but without a fresh head, and
        without few-shot examples, because it is trained without them."""
        kept = self.reference.options.items()
        options = {name: value for name, value in kept if name not in ("head", "shots")}
        return str(replace(self.reference, target=str(folder), options=options))

    @property
    def prompt_tokenizer(self) -> PromptTokenizer:
        """Its tokenizer with its chat template."""
        return PromptTokenizer(self.tokenizer)

    @property
    def padding(self) -> int:
        """The padding token."""
        found = self.tokenizer.pad_token_id
        return int(found if found is not None else self.tokenizer.eos_token_id or 0)


def load_language_student(reference: str, settings: LanguageTrainSettings) -> LanguageStudent:
    """The language model that a reference names, ready for training.

    Raises:
        UsageError: the reference is not ``hf:…``, or the settings do not fit the model.
        ModelError: it cannot be loaded.
    """
    parsed = resolve_reference(reference)
    if parsed.kind != "hf":
        raise UsageError(
            "train-not-language-model",
            f"{quote(reference)} is not a language model; name hf:DIR or hf:OWNER/NAME",
        )
    prompting = read_settings(parsed)
    _refuse_quantised(settings.finetuning == "full" and prompting.quant is not None, reference)
    place = locate_model(parsed)
    # Weights in bfloat16 would lose small steps; autocast uses it if the settings request it.
    dtype = prompting.dtype if settings.finetuning == "lora" or prompting.dtype != "auto" else "float32"
    opened = load_checkpoint(place, replace(prompting, dtype=dtype), CAUSAL + CHOICE, settings.seed)
    network = _mark_trainable(opened.network, settings, reference)
    torch.manual_seed(settings.seed)  # for the weights of a new adapter
    is_encoder = opened.form in CHOICE
    whole = _head_layers(opened) if is_encoder else []
    adapter = None if isinstance(network, peft.PeftModel) else _adapter(settings, whole)
    return LanguageStudent(parsed, place, prompting, network.train(), adapter, opened.tokenizer, is_encoder)


def folder_digest(place: str) -> str:
    """The identity of a version of a student: a digest of its files, or its name on the hub."""
    folder = Path(place)
    if not folder.is_dir():
        return place
    files = sorted({path for pattern in _FILES for path in folder.glob(pattern)})
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        with path.open("rb") as file:
            digest.update(f"{path.name} {path.stat().st_size} ".encode())
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def save_language_student(
    student: LanguageStudent, network: Any, out: Path, sharded: Mapping[str, torch.Tensor] | None = None
) -> None:
    """Write the weights and the tokenizer; of a network with an adapter only the adapter.

    All files get the same permissions.

    Args:
        student: the student that was trained.
        network: its network.
        out: folder.
        sharded: the gathered trainable weights, where the network's own are sharded.
    """
    adapter: dict[str, Any] = (
        {"selected_adapters": ["default"]} if isinstance(network, peft.PeftModel) else {}
    )
    network.save_pretrained(out, **adapter, **({} if sharded is None else {"state_dict": dict(sharded)}))
    student.tokenizer.save_pretrained(out)
    for weights in out.glob("*.safetensors"):
        shutil.copymode(out / "tokenizer_config.json", weights)
    (out / "README.md").unlink(missing_ok=True)  # an empty template of peft


def _mark_trainable(network: Any, settings: LanguageTrainSettings, reference: str) -> Any:
    """Mark the trainable weights: all, those of its adapter, or none before a new adapter."""
    if isinstance(network, peft.PeftModel):
        if settings.finetuning == "full":
            raise UsageError(
                "train-adapter-full",
                f"{quote(reference)} is an adapter; train it with finetuning=lora, or name its base model",
            )
        for name, weight in network.named_parameters():
            weight.requires_grad_("lora_" in name or ".modules_to_save." in name)
        network.peft_config["default"].inference_mode = False
        return network
    quantised = getattr(network, "is_quantized", False)
    if settings.finetuning == "full":
        _refuse_quantised(quantised, reference)
        return network.requires_grad_(True)
    if quantised:
        return peft.prepare_model_for_kbit_training(network)
    return network


def _refuse_quantised(quantised: bool, reference: str) -> None:
    if quantised:
        raise UsageError(
            "train-quantised-full",
            f"{quote(reference)} is quantised, and quantised weights cannot be trained; use finetuning=lora, "
            "or leave quant out",
        )


def _head_layers(opened: Checkpoint) -> list[str]:
    """The layers of an encoder that are trained in full, next to an adapter: its head and new layers."""
    network = opened.network
    if isinstance(network, peft.PeftModel):
        return []
    outside = [
        name
        for name, layer in network.named_children()
        if name != network.base_model_prefix and any(True for _ in layer.parameters())
    ]
    return sorted({*outside, *(name.rpartition(".")[0] for name in opened.drawn)})


def _adapter(settings: LanguageTrainSettings, whole: list[str]) -> peft.LoraConfig | None:
    """The configuration of a new adapter; layers in ``whole`` are trained in full."""
    if settings.finetuning == "full":
        return None
    targets = settings.targets if settings.targets == "all-linear" else settings.targets.split(",")
    return peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.effective_alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        exclude_modules=whole or None,
        modules_to_save=whole or None,
        task_type=None if whole else "CAUSAL_LM",
    )


@contextlib.contextmanager
def _adapter_errors(adapter: peft.LoraConfig) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        said = " ".join(str(error).split())[:200]
        raise UsageError("train-invalid-targets", f"targets={adapter.target_modules}: {said}") from None
