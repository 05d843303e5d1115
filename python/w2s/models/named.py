"""What a user names as a model → its reference: a reference as it stands, or the folder of a net.

Knows nothing about how models are loaded.
"""

from __future__ import annotations

from pathlib import Path

from w2s.models.reference import Reference, parse_reference

_HOLDS_A_NET = "config.json"


def read_reference(text: str) -> Reference:
    """The reference that a text means: of ``students/a``, a folder that holds a net, ``policy:students/a``.

    Raises:
        UsageError: the text is neither.
    """
    folder, mark, options = text.partition("?")
    if folder and _holds_a_net(folder):
        return parse_reference(f"policy:{folder}{mark}{options}")
    return parse_reference(text)


def _holds_a_net(folder: str) -> bool:
    try:
        return (Path(folder).expanduser() / _HOLDS_A_NET).is_file()
    except (OSError, RuntimeError):  # a name that no file system takes, or a home that is not there
        return False
