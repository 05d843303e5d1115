"""Why a request got no usable reply: the failure of one answer, or a ModelError when it is repeated."""

from __future__ import annotations

from w2s.models.model import Failure


class NoReplyError(Exception):
    """There is no usable reply to one request.

    Args:
        failure: ``void`` (the server cannot be reached, refuses the request or is too busy: not the fault of
            the model), ``crash`` (the server or the connection broke), ``stall`` (it took too long) or
            ``reply`` (the reply cannot be used).
        reason: one line, without secrets.
        retryable: whether the same request may succeed a moment later.
        wait_s: how long the server asks to wait before that; None where it does not say.
        status: the HTTP status; None where there was none.
    """

    def __init__(
        self,
        failure: Failure,
        reason: str,
        *,
        retryable: bool = False,
        wait_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.failure: Failure = failure
        self.reason = reason
        self.retryable = retryable
        self.wait_s = wait_s
        self.status = status
