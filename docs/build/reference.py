"""Generated pages of the reference: commands, configuration, labels, error codes and the Python interface.

``PAGES`` is the table of them. :mod:`docs.build.hooks` hands them to MkDocs, and the tests read them.
"""

from __future__ import annotations

from collections.abc import Callable

from docs.build.cli_page import cli_page
from docs.build.config_page import config_page
from docs.build.error_page import error_page
from docs.build.labels_page import labels_page
from docs.build.python_page import python_page

PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": cli_page,
    "reference/config.md": config_page,
    "reference/labels-table.md": labels_page,
    "reference/error-codes.md": error_page,
    "reference/python.md": python_page,
}
"""Functions that write a page, by its place in the documentation."""
