"""A reference → the network that learns, with its tokenizer; and the folder that it becomes.

Knows nothing about rows or training.
"""

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
from w2s.train.language.settings import LanguageSettings

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model")


@dataclass(frozen=True, slots=True)
class Student:
    """A network that learns.

    Attributes:
        reference: what named it.
        place: its folder, or its name on the hub.
        asked: how it will be asked: prompt, way of answering.
        network: in training mode, on its device, without a new adapter.
        adapter: the new adapter that it shall learn; None where all weights learn, or an adapter it has.
        tokenizer: of transformers.
        compares: whether it is an encoder with a multiple-choice head.
    """

    reference: Reference
    place: str
    asked: HfSettings
    network: Any
    adapter: peft.LoraConfig | None
    tokenizer: Any
    compares: bool = False

    def adapted(self) -> Any:
        """The network with its new adapter, where it has one.

        Raises:
            UsageError: it has no layers of the names that the adapter goes to.
        """
        if self.adapter is None:
            return self.network
        with _one_line(self.adapter), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of layers that store their weights the other way round
            return peft.get_peft_model(self.network, self.adapter)

    def reference_in(self, folder: Path) -> str:
        """What names it once it is written to a folder: asked as before, its head no fresh one any more, and
        without solved examples in front, since it learns what it is asked alone."""
        kept = self.reference.options.items()
        options = {name: value for name, value in kept if name not in ("head", "shots")}
        return str(replace(self.reference, target=str(folder), options=options))

    @property
    def wording(self) -> PromptTokenizer:
        """Its tokenizer with its chat template."""
        return PromptTokenizer(self.tokenizer)

    @property
    def padding(self) -> int:
        """A token that stands where none is."""
        found = self.tokenizer.pad_token_id
        return int(found if found is not None else self.tokenizer.eos_token_id or 0)


def open_student(reference: str, settings: LanguageSettings) -> Student:
    """The network that a reference names, ready to learn.

    Raises:
        UsageError: it names no Hugging Face model, or its layers are not those that are named.
        ModelError: it cannot be loaded.
    """
    parsed = resolve_reference(reference)
    if parsed.kind != "hf":
        raise UsageError(
            "train-not-language-model",
            f"{quote(reference)} is not a language model; name hf:DIR or hf:OWNER/NAME",
        )
    asked = read_settings(parsed)
    _refuse_few_bits(settings.method == "full" and asked.quant is not None, reference)
    place = locate_model(parsed)
    # Weights in bfloat16 would lose small steps; autocast computes in it where that is asked for.
    dtype = asked.dtype if settings.method == "lora" or asked.dtype != "auto" else "float32"
    opened = load_checkpoint(place, replace(asked, dtype=dtype), CAUSAL + CHOICE, settings.seed)
    network = _learning(opened.network, settings, reference)
    torch.manual_seed(settings.seed)  # of a new adapter
    compares = opened.form in CHOICE
    whole = _head_layers(opened) if compares else []
    adapter = None if isinstance(network, peft.PeftModel) else _adapter(settings, whole)
    return Student(parsed, place, asked, network.train(), adapter, opened.tokenizer, compares)


def state_of(place: str) -> list[object]:
    """What tells one version of a student from another: names, sizes and contents of its files."""
    folder = Path(place)
    if not folder.is_dir():
        return [place]
    files = sorted({path for pattern in _FILES for path in folder.glob(pattern)})
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        with path.open("rb") as file:
            digest.update(f"{path.name} {path.stat().st_size} ".encode())
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return [digest.hexdigest()]


def write_student(
    student: Student, network: Any, out: Path, dealt: Mapping[str, torch.Tensor] | None = None
) -> None:
    """Write weights, those of an adapter alone where there is one, and the tokenizer; who may read one of the
    files may read all. ``dealt``: the weights that learn, where each device holds a part of them."""
    alone: dict[str, Any] = {"selected_adapters": ["default"]} if isinstance(network, peft.PeftModel) else {}
    network.save_pretrained(out, **alone, **({} if dealt is None else {"state_dict": dict(dealt)}))
    student.tokenizer.save_pretrained(out)
    for weights in out.glob("*.safetensors"):
        shutil.copymode(out / "tokenizer_config.json", weights)
    (out / "README.md").unlink(missing_ok=True)  # a template of peft with nothing in it


def _learning(network: Any, settings: LanguageSettings, reference: str) -> Any:
    """The network with the weights that learn marked: all, those of its adapter, or none before a new one."""
    if isinstance(network, peft.PeftModel):
        if settings.method == "full":
            raise UsageError(
                "train-adapter-full",
                f"{quote(reference)} is an adapter; train it with method=lora, or name its base model",
            )
        for name, weight in network.named_parameters():
            weight.requires_grad_("lora_" in name or ".modules_to_save." in name)
        network.peft_config["default"].inference_mode = False
        return network
    quantised = getattr(network, "is_quantized", False)
    if settings.method == "full":
        _refuse_few_bits(quantised, reference)
        return network.requires_grad_(True)
    if quantised:
        return peft.prepare_model_for_kbit_training(network)
    return network


def _refuse_few_bits(quantised: bool, reference: str) -> None:
    if quantised:
        raise UsageError(
            "train-quantised-full",
            f"{quote(reference)} is quantised, and quantised weights cannot be trained; use method=lora, "
            "or leave quant out",
        )


def _head_layers(opened: Checkpoint) -> list[str]:
    """The layers of an encoder that learn whole beside an adapter: its head, and what was drawn."""
    network = opened.network
    if isinstance(network, peft.PeftModel):
        return []
    outside = [
        name
        for name, layer in network.named_children()
        if name != network.base_model_prefix and any(True for _ in layer.parameters())
    ]
    return sorted({*outside, *(name.rpartition(".")[0] for name in opened.drawn)})


def _adapter(settings: LanguageSettings, whole: list[str]) -> peft.LoraConfig | None:
    """The adapter to be learned; layers in ``whole`` learn as they are."""
    if settings.method == "full":
        return None
    targets = settings.targets if settings.targets == "all-linear" else settings.targets.split(",")
    return peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.scale,
        lora_dropout=settings.dropout,
        target_modules=targets,
        exclude_modules=whole or None,
        modules_to_save=whole or None,
        task_type=None if whole else "CAUSAL_LM",
    )


@contextlib.contextmanager
def _one_line(adapter: peft.LoraConfig) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        said = " ".join(str(error).split())[:200]
        raise UsageError("train-invalid-targets", f"targets={adapter.target_modules}: {said}") from None
