"""A ``policy:`` reference → the model behind it.

Knows nothing about how a net is asked; torch is imported when a net is loaded.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from w2s.assets import arenas_folder
from w2s.errors import MissingExtraError, ModelError, UsageError
from w2s.models.kind import Kind
from w2s.models.model import Model
from w2s.models.policy.settings import read_settings
from w2s.models.reference import Reference, shown

EXTRA = "models"


def need_torch(feature: str) -> None:
    """Refuse where torch is not installed.

    Raises:
        MissingExtraError: names the ``pip install``.
    """
    if find_spec("torch") is None:
        raise MissingExtraError(feature, EXTRA)


def bundled_policies() -> list[str]:
    """Names of the policy nets that come with w2s."""
    return sorted(path.parent.name for path in arenas_folder().glob("policies/*/config.json"))


def folder_of(reference: Reference) -> Path:
    """The folder that a reference names: a bundled net by its name, else a path.

    Raises:
        UsageError: it names nothing.
        ModelError: there is no such net; the message lists the bundled ones.
    """
    target = reference.target
    if not target:
        raise UsageError(
            "model-missing-target", f"{shown(str(reference))} names no net: write policy:NAME or policy:DIR"
        )
    folder = Path(target).expanduser()
    if folder.is_dir():
        return folder
    names = bundled_policies()
    if target in names:
        return arenas_folder() / "policies" / target
    listed = f"the bundled ones are {', '.join(names)}" if names else "none is bundled"
    raise ModelError(
        "policy-not-found",
        f"no policy network {shown(target)}: it is neither a folder nor a bundled network ({listed})",
    )


def load(reference: Reference, *, seed: int, concurrency: int) -> Model:
    """The net of ``policy:NAME`` or ``policy:DIR``."""
    del concurrency
    settings = read_settings(reference)
    folder = folder_of(reference)
    need_torch("a policy net")
    from w2s.models.policy.files import from_pretrained
    from w2s.models.policy.model import PolicyModel

    return PolicyModel(str(reference), from_pretrained(folder), settings, seed)


KIND = Kind(
    "policy",
    "a policy net, bundled or in a folder; no search",
    "policy:runs/student?temperature=0.5",
    load,
    EXTRA,
)
