"""Assertions on the codes of exceptions, so that messages can be reworded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from w2s.errors import W2sError


@contextmanager
def raises_code(
    code: str, kind: type[W2sError] = W2sError, *, says: str = ""
) -> Iterator[pytest.ExceptionInfo[W2sError]]:
    """Expect an exception of this class with exactly this code, and ``says`` in its message.

    Yields pytest's exception information.
    """
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == code, f"{caught.value.code!r}: {caught.value}"
    assert says in str(caught.value)
