"""Processes that hear Ctrl-C, however the tests were started."""

from __future__ import annotations

import signal


def hears_ctrl_c() -> None:
    """Undo what a shell does to its background jobs, whose children would ignore Ctrl-C; a ``preexec_fn``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
