"""Examples for a scripted server, and an endpoint model that uses it."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.chat import ChatRequest, ChatServer
from w2s.models import Answer, Want
from w2s.models.endpoint.key import ApiKey
from w2s.models.endpoint.model import EndpointModel
from w2s.models.endpoint.settings import EndpointSettings
from w2s.models.reference import parse_reference
from w2s.tasks.choice import ChoiceExample

CACHE: Path | None = None
"""The cache of models whose reference names none; a fixture sets it for each test."""


def choice(number: int) -> ChoiceExample:
    return ChoiceExample(f"c{number}", f"Question {number}?", ("one", "two", "three"))


def model(server: ChatServer, *, seed: int = 0, backoff_s: float = 0.001, **options: object) -> EndpointModel:
    """The model, with short pauses."""
    reference = server.reference(**options)
    settings = EndpointSettings.from_reference(parse_reference(reference), CACHE)
    return EndpointModel(reference, settings, ApiKey(), seed, backoff_s=backoff_s)


def ask(
    server: ChatServer, examples: list[object], want: Want | None = None, **options: object
) -> list[Answer]:
    with model(server, **options) as asked:
        return asked.answer(examples, want or Want())  # type: ignore[arg-type]


def number_of(heard: ChatRequest) -> int:
    return int(heard.question.split()[1].rstrip("?"))


def letters(heard: ChatRequest) -> str:
    return "ABC"[number_of(heard) % 3]
