"""The kind of model ``openai``: a reference → a model; nothing is sent before its first answer."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from w2s.errors import MissingExtraError
from w2s.models.endpoint.settings import OPTIONS, EndpointSettings
from w2s.models.model import Model, ModelKind
from w2s.models.reference import Reference

EXTRA = "models"


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> Model:
    """The model of ``openai:URL#MODEL``; ``concurrency`` is ignored, because the reference has its own."""
    del concurrency
    settings = EndpointSettings.from_reference(reference, cache)
    if find_spec("jinja2") is None:
        raise MissingExtraError("an endpoint", EXTRA, "pip install jinja2 is enough for endpoints")
    from w2s.models.endpoint.key import read_api_key
    from w2s.models.endpoint.model import EndpointModel

    return EndpointModel(str(reference), settings, read_api_key(settings.address), seed)


KIND = ModelKind(
    "openai",
    "any OpenAI-compatible endpoint; the key comes from W2S_API_KEY",
    "openai:http://127.0.0.1:8000/v1#small",
    load,
    EXTRA,
    OPTIONS,
)
