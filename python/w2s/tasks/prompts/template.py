"""Templates of Jinja that see text only.

Knows nothing about examples. What a template prints stays as it stands, braces in a question included. It
cannot reach attributes of what it is given, nor any function but a few filters of text and lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from w2s.errors import MissingExtraError, UsageError

_FILTERS = (
    "abs capitalize default first float indent int join last length list lower replace reverse round sort "
    "title trim truncate unique upper wordcount wordwrap"
)


@dataclass(frozen=True)
class Template:
    """A compiled template and the names in it that somebody has to give."""

    names: frozenset[str]
    compiled: Any

    def render(self, words: Mapping[str, Any]) -> str:
        """The text, without spaces around it.

        Raises:
            UsageError: the template asks for what there is not.
        """
        from jinja2 import TemplateError

        try:
            return str(self.compiled.render(words)).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise UsageError(f"a template cannot be filled in: {_one_line(error)}") from None


@lru_cache(maxsize=256)
def compiled(source: str) -> Template:
    """A template from its text; the same text is compiled once.

    Raises:
        UsageError: it is no template; the line is named.
        MissingExtraError: Jinja is not installed.
    """
    world = _world()
    from jinja2 import TemplateSyntaxError, meta

    try:
        names = frozenset(meta.find_undeclared_variables(world.parse(source)))
        return Template(names, world.from_string(source))
    except TemplateSyntaxError as error:
        raise UsageError(f"line {error.lineno} of a template: {_one_line(error)}") from None


@lru_cache(maxsize=1)
def _world() -> Any:
    try:
        from jinja2 import StrictUndefined
        from jinja2.runtime import LoopContext
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise MissingExtraError("prompts", "models") from None

    class TextOnly(ImmutableSandboxedEnvironment):
        """No attributes but those of a loop."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """Whether a template may read an attribute."""
            return isinstance(obj, LoopContext) and not attr.startswith("_")

    world = TextOnly(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        undefined=StrictUndefined,
    )
    world.globals.clear()
    world.filters = {name: world.filters[name] for name in _FILTERS.split()}
    return world


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
