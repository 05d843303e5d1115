"""The class of every command: options are not repeated by mistake, and errors name options as typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand

from w2s.errors import UsageError, W2sError

_ARGUMENT = re.compile(r"`([a-z][\w.]*)(?:=([^`]*))?`")
"""An argument or a key in a message: ```top```, ```nulls="drop"``` or ```verify.share```."""


class Command(TyperCommand):
    """A command that refuses repeated options, and translates messages of the Python interface.

    Messages of the library name an argument of a function in backticks. On the command line the option with
    the same name takes its place.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises:
            UsageError: an option that takes one value is given several times.
        """
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for option in given:
            single = not (getattr(option, "multiple", False) or getattr(option, "is_flag", False))
            if single and given.count(option) > 1 and not ctx.resilient_parsing:
                raise UsageError(
                    "cli-repeated-option",
                    f"{_typed(option)} is given {given.count(option)} times; give it once",
                )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            W2sError: the work failed; the message names options.
        """
        try:
            return super().invoke(ctx)
        except W2sError as error:
            names = {option.name: _typed(option) for option in self.params if option.name}
            error.args = (name_options(str(error), names),)
            raise


def _typed(option: Any) -> str:
    """The long form of an option, or the name of an argument."""
    return next((text for text in option.opts if text.startswith("--")), str(option.opts[0]))


def name_options(message: str, options: Mapping[str, str]) -> str:
    """A message with the options of a command instead of arguments in backticks.

    Args:
        message: the message.
        options: the option of each argument; other arguments lose their backticks.

    Example:
        >>> name_options('leave such rows out with `nulls="drop"`', {"nulls": "--nulls"})
        'leave such rows out with --nulls drop'
        >>> name_options("use `overwrite=True`, or `grid`", {"overwrite": "--overwrite"})
        'use --overwrite, or grid'
    """

    def option(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        typed = options.get(name.replace(".", "_"), options.get(name.rpartition(".")[2]))
        if typed is None:
            return found[0].strip("`")
        return typed if value in {None, "True"} else f"{typed} {value.strip(chr(34))}"

    return _ARGUMENT.sub(option, message)
