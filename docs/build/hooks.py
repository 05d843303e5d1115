"""Hooks of MkDocs: they add the generated pages of the reference to the pages written manually."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from docs.build.reference import PAGES


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for place, write in PAGES.items():
        files.append(File.generated(config, place, content=write()))
    return files
