"""What a user names as a model → its reference: a reference as it stands, or the folder of a net.

Knows nothing about how models are loaded.
"""

from __future__ import annotations

import json
from pathlib import Path

from w2s.models.reference import Reference, parse_reference

_CONFIG, _ADAPTER = "config.json", "adapter_config.json"


def read_reference(text: str) -> Reference:
    """The reference that a text means: of ``students/a``, a folder that holds a net, ``policy:students/a``;
    where it is a model of transformers, or an adapter of one, ``hf:students/a``.

    Raises:
        UsageError: the text is neither.
    """
    folder, mark, options = text.partition("?")
    kind = _kind_of(folder) if folder else None
    return parse_reference(text if kind is None else f"{kind}:{folder}{mark}{options}")


def _kind_of(folder: str) -> str | None:
    """What a folder holds; None where it is none, or holds no net."""
    try:
        path = Path(folder).expanduser()
        if (path / _ADAPTER).is_file():
            return "hf"
        if not (path / _CONFIG).is_file():
            return None
        told = json.loads((path / _CONFIG).read_bytes())
    except (OSError, RuntimeError):  # a name that no file system takes, or a home that is not there
        return None
    except ValueError:
        return "policy"  # whose reader says what is wrong with it
    return "hf" if isinstance(told, dict) and "architectures" in told else "policy"
