"""The key of an endpoint: from the environment, into one header, and nowhere else.

Knows nothing about requests; whoever keeps a text that a server sent lets :meth:`Key.scrubbed` see it first.
"""

from __future__ import annotations

import os

from w2s.errors import UsageError
from w2s.models.endpoint.address import Address

VARIABLES = ("W2S_API_KEY", "OPENAI_API_KEY")
_MASK = "[key]"


class Key:
    """A secret, or none. It has no text: printing it, or an error that holds it, shows nothing of it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str = "") -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "<key>" if self._secret else "<no key>"

    def __reduce__(self) -> str:
        raise TypeError("a key is not stored")

    def headers(self) -> dict[str, str]:
        """The header that carries it, or none."""
        return {"Authorization": f"Bearer {self._secret}"} if self._secret else {}

    def scrubbed(self, text: str) -> str:
        """The text with the key masked, in case that the server repeats it."""
        return text.replace(self._secret, _MASK) if self._secret else text


def key_for(address: Address) -> Key:
    """The key of the first variable that is set; none where none is.

    Raises:
        UsageError: it is no key that a header can carry, or it would travel in the clear.
    """
    for name in VARIABLES:
        secret = os.environ.get(name, "").strip()
        if not secret:
            continue
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise UsageError(
                "endpoint-invalid-key",
                f"{name} is not a valid key: it contains spaces or characters other than printable ASCII",
            )
        if not address.is_encrypted and not address.is_loopback:
            raise UsageError(
                "endpoint-unencrypted-key",
                f"the key in {name} would be sent unencrypted to {address.host}; use https, or run without "
                f"the key (env -u {name} w2s …)",
            )
        return Key(secret)
    return Key()
