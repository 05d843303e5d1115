"""Sandboxed Jinja templates.

Values are printed as they are, braces included. A template cannot read attributes, and can call only a few
filters of text and lists.
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
    """A compiled template and the names of its variables."""

    names: frozenset[str]
    compiled: Any

    def render(self, values: Mapping[str, Any]) -> str:
        """The text, without surrounding spaces.

        Raises:
            UsageError: the template cannot be filled in.
        """
        from jinja2 import TemplateError

        try:
            return str(self.compiled.render(values)).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise UsageError(
                "prompt-render-failed", f"the template cannot be filled in: {_one_line(error)}"
            ) from None


@lru_cache(maxsize=256)
def compile_template(source: str) -> Template:
    """A template from its source; each source is compiled once.

    Raises:
        UsageError: the syntax is invalid; the message has the line.
        MissingExtraError: Jinja is not installed.
    """
    environment = _environment()
    from jinja2 import TemplateSyntaxError, meta

    try:
        names = frozenset(meta.find_undeclared_variables(environment.parse(source)))
        return Template(names, environment.from_string(source))
    except TemplateSyntaxError as error:
        raise UsageError(
            "prompt-invalid-template", f"line {error.lineno} of the template: {_one_line(error)}"
        ) from None


@lru_cache(maxsize=1)
def _environment() -> Any:
    try:
        from jinja2 import StrictUndefined
        from jinja2.runtime import LoopContext
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise MissingExtraError("prompts", "models") from None

    class TextOnly(ImmutableSandboxedEnvironment):
        """A sandbox that allows only the attributes of a loop."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """Whether a template may read an attribute."""
            return isinstance(obj, LoopContext) and not attr.startswith("_")

    environment = TextOnly(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        undefined=StrictUndefined,
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS.split()}
    return environment


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
