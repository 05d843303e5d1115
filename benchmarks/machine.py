"""The machine on which a figure is measured: processor, cores, system, versions."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine() -> str:
    """Processor, cores that this process may use, load, system and Python, in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.release()}"
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return f"{_processor()}, {cores} cores ({load}), {system}, Python {platform.python_version()}"


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of Python packages, and of ``stockfish`` and ``rustc`` as those programs state them."""
    return {name: _version(name) for name in packages}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _version(name: str) -> str:
    if name == "rustc":
        return _first_line(["rustc", "--version"]).removeprefix("rustc ")
    if name == "stockfish":
        from w2s.models.uci.finder import resolve

        return _first_line([resolve("stockfish")], "quit\n")
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _first_line(command: list[str], text: str = "") -> str:
    printed = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return printed.splitlines()[0]
