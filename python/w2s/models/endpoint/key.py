"""The API key of an endpoint: from the environment, into one header, and nowhere else.

Every text from a server passes :meth:`ApiKey.redact` before it is stored or shown.
"""

from __future__ import annotations

import os

from w2s.errors import UsageError
from w2s.models.endpoint.settings import EndpointAddress

KEY_VARIABLES = ("W2S_API_KEY", "OPENAI_API_KEY")
_MASK = "[key]"


class ApiKey:
    """A secret key, or none. It cannot be printed or pickled, so that messages and files never contain it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str = "") -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "<key>" if self._secret else "<no key>"

    def __reduce__(self) -> str:
        raise TypeError("an API key cannot be pickled or copied")

    def headers(self) -> dict[str, str]:
        """The header with the key; empty where there is no key."""
        return {"Authorization": f"Bearer {self._secret}"} if self._secret else {}

    def redact(self, text: str) -> str:
        """The text with the key masked, in case the server repeats it."""
        return text.replace(self._secret, _MASK) if self._secret else text


def read_api_key(address: EndpointAddress) -> ApiKey:
    """The key in the first environment variable that is set; an empty key where none is.

    Raises:
        UsageError: the key contains characters that a header cannot, or it would be sent unencrypted.
    """
    for name in KEY_VARIABLES:
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
        return ApiKey(secret)
    return ApiKey()
