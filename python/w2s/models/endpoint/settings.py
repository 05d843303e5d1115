"""The address and the options of a reference to an endpoint."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit

from w2s.errors import UsageError
from w2s.models.reference import Reference, quote
from w2s.models.reference_options import parse_count, parse_number

OPTIONS = {
    "temperature": "0 asks for the likeliest reply, above 0 replies are drawn; default 0",
    "top_p": "share of probability that tokens are drawn from, above 0 and at most 1",
    "max_tokens": "longest reply, in tokens; default 1024",
    "samples": "further replies to each question where evidence is wanted; default 0",
    "logprobs": "true asks for log-probabilities; default false",
    "prompt": "name or file of a prompt template",
    "shots": "number of few-shot examples in each prompt; default 0",
    "concurrency": "number of concurrent requests; default 8",
    "timeout_s": "seconds for one whole reply; default 120",
    "connect_s": "seconds to connect; default 10",
    "retries": "repetitions of a request while the server is busy or unreachable; default 5",
    "rpm": "requests per minute; default no limit",
    "cache": "folder in which replies are kept for other runs, or off; by default each run keeps its own",
}
"""What each option means."""
_EXAMPLE = "openai:http://127.0.0.1:8000/v1#small"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """The address of an endpoint.

    Attributes:
        base: the address as one text, without a slash at its end.
        host: host name or IP address.
        port: port number.
        path: path and query of its chat completions.
        is_encrypted: whether the scheme is https.
    """

    base: str
    host: str
    port: int
    path: str
    is_encrypted: bool

    @property
    def is_loopback(self) -> bool:
        """Whether nothing that is sent leaves this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(url: str) -> EndpointAddress:
    """The address in a URL such as ``http://127.0.0.1:8000/v1``; its path is ``/v1/chat/completions``.

    Raises:
        UsageError: the URL is invalid, or contains a user name or a password; the message does not repeat
            what may be secret.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(
            "endpoint-invalid-url",
            f"the URL of an endpoint must be printable ASCII without spaces; write {_EXAMPLE}",
        )
    parts, port = _split_url(url)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "endpoint-url-with-secret",
            "the URL of an endpoint contains a user name or password; remove it and set W2S_API_KEY instead",
        )
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(
            "endpoint-invalid-url", f"{quote(url)} is not the URL of an endpoint; write {_EXAMPLE}"
        )
    path = parts.path.rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return EndpointAddress(
        base=f"{parts.scheme}://{parts.netloc.lower()}{path}{query}",
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        path=f"{path}/chat/completions{query}",
        is_encrypted=parts.scheme == "https",
    )


def _split_url(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        if parts.hostname is not None:
            parts.hostname.encode("idna")
        return parts, parts.port
    except ValueError:
        raise UsageError(
            "endpoint-invalid-url", f"the URL of an endpoint has an invalid host or port; write {_EXAMPLE}"
        ) from None


@dataclass(frozen=True)
class EndpointSettings:
    """Which model of which endpoint is used, and how.

    Attributes:
        address: the address of the endpoint.
        model: the name of the model at the endpoint.
        temperature: 0 asks for the likeliest reply; above 0, replies are drawn.
        top_p: nucleus sampling: the share of probability that tokens are drawn from; None for the server's
            default.
        max_tokens: the longest reply, in tokens.
        samples: number of further replies to each question where evidence is wanted.
        logprobs: whether to request log-probabilities.
        prompt: name or file of the prompt template; None for the default of the task.
        shots: number of few-shot examples in each prompt.
        concurrency: number of concurrent requests.
        timeout_s: seconds for one whole reply, without connecting.
        connect_s: seconds to connect.
        retries: how often a request is repeated after the server was busy, broken or unreachable.
        rpm: requests per minute; None for no limit.
        cache: the folder of the cache; None for no cache.
    """

    address: EndpointAddress
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

    @classmethod
    def from_reference(cls, reference: Reference, cache: Path | None = None) -> Self:
        """The settings of ``openai:URL#MODEL?OPTIONS``.

        Args:
            reference: the reference.
            cache: the folder of the cache where the reference names none; None for no cache.

        Raises:
            UsageError: the URL, the model or an option is missing, unknown or invalid.
        """
        url, _, model = reference.target.partition("#")
        address = parse_address(url)
        text, options = str(reference), reference.options
        _check_names(options)
        if not model:
            raise UsageError("endpoint-missing-model", f"{quote(text)} names no model; write {_EXAMPLE}")
        settings = cls(
            address,
            model,
            temperature=parse_number(text, options, "temperature", 0.0, zero=True),
            top_p=parse_number(text, options, "top_p", 1.0) if "top_p" in options else None,
            max_tokens=parse_count(text, options, "max_tokens") or cls.max_tokens,
            samples=parse_count(text, options, "samples", most=1024) or 0,
            logprobs=_boolean(text, options, "logprobs"),
            prompt=options.get("prompt"),
            shots=_count_or_zero(text, options, "shots", cls.shots),
            concurrency=parse_count(text, options, "concurrency", most=256) or cls.concurrency,
            timeout_s=parse_number(text, options, "timeout_s", cls.timeout_s),
            connect_s=parse_number(text, options, "connect_s", cls.connect_s),
            retries=_count_or_zero(text, options, "retries", cls.retries),
            rpm=parse_count(text, options, "rpm"),
            cache=_cache_folder(options.get("cache"), cache),
        )
        _check_combination(text, settings)
        return settings


def _check_names(options: Mapping[str, str]) -> None:
    for name in options:
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(
                "model-unknown-option",
                f"{quote(name)} is not an option of openai: {hint}its options are: {', '.join(OPTIONS)}",
            )


def _check_combination(text: str, settings: EndpointSettings) -> None:
    if settings.samples and not settings.temperature:
        raise UsageError(
            "endpoint-identical-samples",
            f"all samples of {quote(text)} would be identical at temperature 0; add temperature=0.7",
        )
    if settings.top_p is not None and settings.top_p > 1:
        raise UsageError("model-invalid-option", f"top_p of {quote(text)} must be above 0 and at most 1")


def _boolean(text: str, options: Mapping[str, str], name: str) -> bool:
    value = options.get(name, "false")
    if value not in ("true", "false"):
        raise UsageError(
            "model-invalid-option", f"{name} of {quote(text)} must be true or false, not {quote(value)}"
        )
    return value == "true"


def _count_or_zero(text: str, options: Mapping[str, str], name: str, default: int) -> int:
    if options.get(name) == "0":
        return 0
    return parse_count(text, options, name, most=100) or default


def _cache_folder(option: str | None, default: Path | None) -> Path | None:
    """The folder in the option, else the default; None for ``off``."""
    if option is None:
        return default
    if option == "off":
        return None
    if option == "":
        raise UsageError("model-invalid-option", "the option cache of an endpoint must be a folder, or off")
    try:
        return Path(option).expanduser()
    except RuntimeError:
        raise UsageError(
            "endpoint-cache-unusable",
            f"cannot find the home folder in cache={option}; write the whole path, or cache=off",
        ) from None
