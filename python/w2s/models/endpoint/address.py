"""Where an endpoint lives: scheme, host, port and path of its chat completions, checked.

Knows nothing about keys, and opens no connection.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from w2s.errors import UsageError
from w2s.models.reference import shown

_EXAMPLE = "openai:http://127.0.0.1:8000/v1#small"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """``base`` is the address as one text, without the slash at its end; ``path`` is asked for answers."""

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


def read_address(url: str) -> Address:
    """The address that a URL names: ``http://127.0.0.1:8000/v1`` is asked at ``…/v1/chat/completions``.

    Raises:
        UsageError: it is no address of a server, or it holds a user name or a key; the message does not
            repeat what may be secret.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(
            "endpoint-invalid-url",
            f"the URL of an endpoint must be printable ASCII without spaces; write {_EXAMPLE}",
        )
    parts, port = _split(url)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "endpoint-url-with-secret",
            "the URL of an endpoint contains a user name or password; remove it and set W2S_API_KEY instead",
        )
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(
            "endpoint-invalid-url", f"{shown(url)} is not the URL of an endpoint; write {_EXAMPLE}"
        )
    path = parts.path.rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return Address(
        base=f"{parts.scheme}://{parts.netloc.lower()}{path}{query}",
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        path=f"{path}/chat/completions{query}",
        is_encrypted=parts.scheme == "https",
    )


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        if parts.hostname is not None:
            parts.hostname.encode("idna")
        return parts, parts.port
    except ValueError:
        raise UsageError(
            "endpoint-invalid-url", f"the URL of an endpoint has an invalid host or port; write {_EXAMPLE}"
        ) from None
