"""``w2s doctor``: what is installed, and which packages are missing for which feature."""

from __future__ import annotations

from typing import Any

from w2s.cli import options

_EXTRAS = {
    "chess": ("chess", "Syzygy tables"),
    "torch": ("models", "policy nets, language models, training and the chain"),
    "trl": ("rl", "GRPO"),
    "bitsandbytes": ("quant", "weights of 4 and 8 bits"),
    "vllm": ("vllm", "faster replies of language models"),
}
"""Module of an extra: (extra, its use)."""


def doctor(json: options.Json = False) -> None:
    """Show what is installed, and which packages are missing for which feature.

    Example:

      w2s doctor
    """
    from w2s.cli import output

    facts = _facts()
    lines = [f"{name:14}{value}" for name, value in facts.items()]
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

    extras = {
        extra: "installed" if find_spec(module) else f"missing, for {use}: pip install 'w2s[{extra}]'"
        for module, (extra, use) in _EXTRAS.items()
    }
    return {
        "w2s": version("w2s"),
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "games": ", ".join(game_names()),
        "arenas": f"{', '.join(bundled_arenas())} in {arenas_folder()}",
        "engines": ", ".join(map(str, find_engines())) or "none (Debian: apt-get install stockfish)",
        **{f"w2s[{extra}]": state for extra, state in extras.items()},
    }
