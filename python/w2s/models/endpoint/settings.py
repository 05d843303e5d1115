"""The options of a reference to an endpoint, checked.

Knows nothing about requests or keys.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from w2s.errors import UsageError
from w2s.models.endpoint.address import Address, read_address
from w2s.models.parameters import amount, count
from w2s.models.reference import Reference, shown

_OPTIONS = (
    "temperature",
    "top_p",
    "max_tokens",
    "samples",
    "logprobs",
    "prompt",
    "shots",
    "concurrency",
    "timeout_s",
    "connect_s",
    "retries",
    "rpm",
    "cache",
)
_EXAMPLE = "openai:http://127.0.0.1:8000/v1#small"


@dataclass(frozen=True)
class Settings:
    """How an endpoint is asked.

    Attributes:
        address: where it lives.
        model: the name that it knows its model by.
        temperature: 0 asks for the likeliest reply; above it, replies are drawn.
        top_p: the share of the likeliest tokens that are drawn from, None for the server's own.
        max_tokens: the longest reply.
        samples: further replies to each question, where evidence is wanted.
        logprobs: ask for log-probabilities.
        prompt: name or file of the template, None for what suits the example.
        shots: solved examples in front of each question.
        concurrency: requests under way at once.
        timeout_s: seconds for one whole answer, connecting left out.
        connect_s: seconds to connect.
        retries: how often a request is sent again that met a busy, broken or unreachable server.
        rpm: requests a minute, None for no limit.
        cache: the folder of the cache, None for none.
    """

    address: Address
    model: str
    temperature: float = 0.0
    top_p: float | None = None
    max_tokens: int = 1024
    samples: int = 0
    logprobs: bool = False
    prompt: str | None = None
    shots: int = 0
    concurrency: int = 8
    timeout_s: float = 120.0
    connect_s: float = 10.0
    retries: int = 5
    rpm: int | None = None
    cache: Path | None = None


def read_settings(reference: Reference) -> Settings:
    """The settings of ``openai:URL#MODEL?OPTIONS``.

    Raises:
        UsageError: names what is wrong and what is known.
    """
    url, _, model = reference.target.partition("#")
    address = read_address(url)
    text, options = str(reference), reference.options
    _check_names(options)
    if not model:
        raise UsageError("endpoint-missing-model", f"{shown(text)} names no model; write {_EXAMPLE}")
    settings = Settings(
        address,
        model,
        temperature=amount(text, options, "temperature", 0.0, zero=True),
        top_p=amount(text, options, "top_p", 1.0) if "top_p" in options else None,
        max_tokens=count(text, options, "max_tokens") or Settings.max_tokens,
        samples=count(text, options, "samples", most=1024) or 0,
        logprobs=_is_on(text, options, "logprobs"),
        prompt=options.get("prompt"),
        shots=_count_or_none_at_all(text, options, "shots", Settings.shots),
        concurrency=count(text, options, "concurrency", most=256) or Settings.concurrency,
        timeout_s=amount(text, options, "timeout_s", Settings.timeout_s),
        connect_s=amount(text, options, "connect_s", Settings.connect_s),
        retries=_count_or_none_at_all(text, options, "retries", Settings.retries),
        rpm=count(text, options, "rpm"),
        cache=_cache_folder(options.get("cache")),
    )
    _check_together(text, settings)
    return settings


def _check_names(options: Mapping[str, str]) -> None:
    for name in options:
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(
                "model-unknown-option",
                f"{shown(name)} is not an option of openai: {hint}its options are: {', '.join(_OPTIONS)}",
            )


def _check_together(text: str, settings: Settings) -> None:
    if settings.samples and not settings.temperature:
        raise UsageError(
            "endpoint-identical-samples",
            f"all samples of {shown(text)} would be identical at temperature 0; add temperature=0.7",
        )
    if settings.top_p is not None and settings.top_p > 1:
        raise UsageError("model-invalid-option", f"top_p of {shown(text)} must be above 0 and at most 1")


def _is_on(text: str, options: Mapping[str, str], name: str) -> bool:
    value = options.get(name, "false")
    if value not in ("true", "false"):
        raise UsageError(
            "model-invalid-option", f"{name} of {shown(text)} must be true or false, not {shown(value)}"
        )
    return value == "true"


def _count_or_none_at_all(text: str, options: Mapping[str, str], name: str, default: int) -> int:
    if options.get(name) == "0":
        return 0
    return count(text, options, name, most=100) or default


def _cache_folder(option: str | None) -> Path | None:
    """The option, else what ``W2S_CACHE`` names, else the folder of the user."""
    if option == "off":
        return None
    if option == "":
        raise UsageError("model-invalid-option", "the option cache of an endpoint must be a folder, or off")
    home = os.environ.get("W2S_CACHE") or "~/.cache/w2s"
    try:
        return Path(option).expanduser() if option else Path(home).expanduser() / "endpoint"
    except RuntimeError:
        raise UsageError(
            "endpoint-cache-unusable",
            "cannot find a home folder to cache replies in; add cache=DIR, or cache=off",
        ) from None
