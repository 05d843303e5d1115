"""Verbalised confidence: the model is asked for a number from 0 to 100.

Knows nothing about where the label comes from.
"""

from __future__ import annotations

import re

import numpy as np

from w2s.models.hf.evidence.kind import Asked, Column, EvidenceKind
from w2s.models.hf.wording import own_prompt

_NUMBER = re.compile(r"(?<![\d.\-])\d{1,3}(?:\.\d+)?(?![\d])")
_LONGEST = 16


def measure(asked: Asked) -> dict[str, Column]:
    """``verbalised``: the number over 100, in [0, 1]; NaN where the model names none."""
    prompt, asking = own_prompt("verbalised"), asked.model.asking
    requests = [
        asking.follow_up_request(example, reply, prompt, _LONGEST)
        for example, reply in zip(asked.examples, asked.replies, strict=True)
    ]
    written = asked.model.write(requests, asked.model.manner._replace(temperature=0.0))
    return {"verbalised": np.array([confidence(reply.text) for reply in written], np.float64)}


def confidence(text: str) -> float:
    """The first number of a reply over 100; NaN where there is none from 0 to 100."""
    found = _NUMBER.search(text)
    number = float(found.group()) if found else np.nan
    return number / 100 if number <= 100 else np.nan


KIND = EvidenceKind("verbalised", "the model's own number from 0 to 100, as a share", "verbalised", measure)
