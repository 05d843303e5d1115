"""``w2s doctor``: what is installed, what it is used for, and which packages are missing for what."""

from __future__ import annotations

from typing import Any, NamedTuple

from w2s.cli import options


class _Extra(NamedTuple):
    """A group of optional packages: a module of it, what it adds, and what it is for."""

    module: str
    adds: str
    is_optional: bool
    """Whether the work can be done without it, only slower or with other models."""


_LIGHT = "filter and select tables, fit simple trust functions, play arenas without nets"
_ENDPOINTS = "label and play with endpoints"
_EXTRAS = {
    "models": _Extra("torch", "use policy nets and language models, train students, run chains", False),
    "rl": _Extra("trl", "train with GRPO", False),
    "chess": _Extra("chess", "adjudicate and verify chess with Syzygy tables", False),
    "ray": _Extra("ray", "filter on a cluster with --engine ray", True),
    "remote": _Extra("aiohttp", "read tables and examples at hf:// and https:// addresses", False),
    "quant": _Extra("bitsandbytes", "load language models with 4 or 8 bits on a GPU", True),
    "vllm": _Extra("vllm", "let language models reply faster on a GPU", True),
}


def doctor(json: options.Json = False) -> None:
    """Show what is installed, what you can do with it, and which packages are missing for what.

    Example:

      w2s doctor
    """
    from w2s.cli import output

    facts = _facts()
    lines = []
    for name, value in facts.items():
        texts = value or ["nothing is missing"] if isinstance(value, list) else [value]
        lines += [f"{title:14}{text}" for title, text in zip([name] + [""] * len(texts), texts, strict=False)]
    output.data(facts, as_json=json, text="\n".join(lines))


def _facts() -> dict[str, Any]:
    import os
    import platform
    from importlib.metadata import version
    from importlib.util import find_spec

    from w2s.arena.loading import bundled_arenas
    from w2s.assets import arenas_folder
    from w2s.kernels import game_names
    from w2s.models.uci.finder import find_engines

    present = {name for name, extra in _EXTRAS.items() if find_spec(extra.module)}
    can = [extra.adds for name, extra in _EXTRAS.items() if name in present]
    if find_spec("jinja2"):
        can.insert(0, _ENDPOINTS)
    cannot = [extra.adds for name, extra in _EXTRAS.items() if name not in present and not extra.is_optional]
    if _ENDPOINTS not in can:
        cannot.insert(0, f"{_ENDPOINTS} (pip install jinja2)")
    return {
        "w2s": version("w2s"),
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "games": ", ".join(game_names()),
        "arenas": f"{', '.join(bundled_arenas())} in {arenas_folder()}",
        "engines": ", ".join(map(str, find_engines())) or "none (Debian: apt-get install stockfish)",
        "you can": [_LIGHT, *can],
        "you cannot": cannot,
        **{
            f"w2s[{name}]": "installed" if name in present else _missing(name, extra)
            for name, extra in _EXTRAS.items()
        },
    }


def _missing(name: str, extra: _Extra) -> str:
    install = f"pip install 'w2s[{name}]'"
    if extra.is_optional:
        return f"not installed; you only need it to {extra.adds}: {install}"
    return f"missing; you need it to {extra.adds}: {install}"
