"""Why a request got no reply that can be used.

Knows nothing about what is made of it.
"""

from __future__ import annotations

from w2s.models.model import Failure


class NoReplyError(Exception):
    """No usable reply to one request: never more than the failure of one answer.

    Args:
        failure: ``void`` (the server is out of reach, refuses us or is too busy: no fault of the model),
            ``crash`` (it broke off or failed), ``stall`` (it took too long) or ``reply`` (what came back
            cannot be used).
        why: one line, without secrets.
        again: whether the same request may well succeed a moment later.
        wait_s: how long the server asks to wait before that, None where it does not say.
        status: of HTTP, None where there was none.
    """

    def __init__(
        self,
        failure: Failure,
        why: str,
        *,
        again: bool = False,
        wait_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(why)
        self.failure: Failure = failure
        self.why = why
        self.again = again
        self.wait_s = wait_s
        self.status = status
