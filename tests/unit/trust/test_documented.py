"""docs/trust.md tells every option of the neural function, with its default."""

from __future__ import annotations

import re
from pathlib import Path

from w2s.trust.neural.options import NeuralOptions


def shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_option_is_told_with_its_default(root: Path) -> None:
    text = (root / "docs" / "trust.md").read_text(encoding="utf-8")
    table = text.partition("| option | default | option | default |")[2].partition("\n\n")[0]
    told = dict(re.findall(r"`(\w+)` \| (\S+)", table))
    assert told == {name: shown(field.default) for name, field in NeuralOptions.model_fields.items()}
