"""An ``openai:`` reference → the model behind it.

Knows nothing about how an endpoint is asked; nothing is sent before the first question.
"""

from __future__ import annotations

from importlib.util import find_spec

from w2s.errors import MissingExtraError
from w2s.models.kind import Kind
from w2s.models.model import Model
from w2s.models.reference import Reference

EXTRA = "models"


def load(reference: Reference, *, seed: int, concurrency: int) -> Model:
    """The endpoint of ``openai:URL#MODEL``; how many requests are under way is an option of its own."""
    del concurrency
    from w2s.models.endpoint.settings import read_settings

    settings = read_settings(reference)
    if find_spec("jinja2") is None:
        raise MissingExtraError("a prompt", EXTRA)
    from w2s.models.endpoint.key import key_for
    from w2s.models.endpoint.model import EndpointModel

    return EndpointModel(str(reference), settings, key_for(settings.address), seed)


KIND = Kind(
    "openai",
    "any OpenAI-compatible endpoint; the key comes from W2S_API_KEY",
    "openai:http://127.0.0.1:8000/v1#small",
    load,
    EXTRA,
)
