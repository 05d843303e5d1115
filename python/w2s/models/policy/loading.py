"""The kind of model ``policy``: a reference → a loaded network; torch is imported only then."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from w2s.errors import MissingExtraError, ModelError, UsageError
from w2s.models.model import Model, ModelKind
from w2s.models.policy.model_card import bundled_policies, policies_folder
from w2s.models.policy.settings import OPTIONS, PolicySettings, is_lookahead
from w2s.models.reference import Reference, local_path, quote, resolve_reference

if TYPE_CHECKING:
    from w2s.models.policy.nets import PolicyNet

EXTRA = "models"


WITHOUT_TORCH = "random, search:depth=3 and uci:stockfish work without them, as --teacher and --student"
"""What players can be instead of a network, for messages."""


def require_torch(feature: str, instead: str = "") -> None:
    """Check that torch is installed.

    Args:
        feature: what needs it.
        instead: what works without it, for the message.

    Raises:
        MissingExtraError: it is not; the message names the ``pip install``.
    """
    if find_spec("torch") is None:
        raise MissingExtraError(feature, EXTRA, instead)


def policy_folder(reference: Reference) -> Path:
    """The folder that a reference names, by path or by the name of a bundled network.

    Raises:
        UsageError: the reference names nothing.
        ModelError: no such network exists; the message lists the bundled ones.
    """
    target = reference.target
    if not target:
        raise UsageError(
            "model-missing-target", f"{quote(str(reference))} names no net: write policy:NAME or policy:DIR"
        )
    folder = local_path(target)
    if folder.is_dir():
        return folder
    names = [bundled.name for bundled in bundled_policies()]
    if target in names:
        return policies_folder() / target
    listed = f"the bundled ones are {', '.join(names)}" if names else "none is bundled"
    raise ModelError(
        "policy-not-found",
        f"no policy network {quote(target)}: it is neither a folder nor a bundled network ({listed})",
    )


def build_model(reference: str, net: PolicyNet, settings: PolicySettings, seed: int) -> Model:
    """A network as a model, which looks ahead if the settings have think or nodes."""
    if settings.looks_ahead:
        from w2s.models.policy.deliberation import DeliberationModel

        pinned = with_precision(reference)
        settings = PolicySettings.from_reference(resolve_reference(pinned))
        return DeliberationModel(pinned, net, settings, seed)
    from w2s.models.policy.model import PolicyModel

    return PolicyModel(reference, net, settings, seed)


def with_precision(reference: str) -> str:
    """The reference with the precision of a network that looks ahead written out, as this machine chooses it.

    Answers in another precision differ a little, so a run that can be continued stores this reference. Other
    references are returned unchanged. Needs torch.
    """
    if not is_lookahead(reference):
        return reference
    from w2s.models.policy.device import has_fast_bfloat16, select_device

    parsed = resolve_reference(reference)
    settings = PolicySettings.from_reference(parsed)
    if settings.dtype != "auto":
        return reference
    dtype = "bfloat16" if has_fast_bfloat16(select_device(settings.device)) else "float32"
    return str(replace(parsed, options={**parsed.options, "dtype": dtype}))


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> Model:
    """The network of ``policy:NAME`` or ``policy:DIR``."""
    del concurrency, cache
    settings = PolicySettings.from_reference(reference)
    folder = policy_folder(reference)
    require_torch("a policy network", WITHOUT_TORCH)
    from w2s.models.policy.files import from_pretrained

    return build_model(str(reference), from_pretrained(folder), settings, seed)


KIND = ModelKind(
    "policy",
    "a policy network, bundled or in a folder; looks ahead with think or nodes",
    "policy:runs/student?temperature=0.5",
    load,
    EXTRA,
    OPTIONS,
)
