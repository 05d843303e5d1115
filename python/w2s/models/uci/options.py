"""The user's UCI options checked against those that an engine declares: names, kinds and ranges."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from w2s.errors import UsageError
from w2s.models.uci.protocol import EngineOption

_YES = frozenset(("true", "yes", "on", "1"))
_NO = frozenset(("false", "no", "off", "0"))


class EngineOptions:
    """The options of one engine, declared and wanted; names are case-insensitive, as in the protocol.

    Args:
        declared: the options that the engine declares.
        wanted: the user's values by name.
        engine: the name of the engine, for messages.

    Raises:
        UsageError: the engine does not declare an option, or does not accept its value.
    """

    def __init__(self, declared: Iterable[EngineOption], wanted: Mapping[str, str], engine: str) -> None:
        self._declared = {option.name.lower(): option for option in declared}
        self._engine = engine
        self._wanted: dict[str, str | None] = {}
        for name, value in wanted.items():
            option = self._find(name)
            self._wanted[option.name.lower()] = self._checked(option, value)

    def get(self, name: str) -> EngineOption | None:
        """The declaration of an option; None where it is not declared."""
        return self._declared.get(name.lower())

    def is_wanted(self, name: str) -> bool:
        """Whether the user set this option."""
        return name.lower() in self._wanted

    def number(self, name: str) -> int | None:
        """The current value of a spin: the user's, else the default, else None."""
        option = self.get(name)
        if option is None or option.kind != "spin":
            return None
        value = self._wanted.get(name.lower()) or option.default
        try:
            return int(value)
        except ValueError:
            return None

    def is_on(self, name: str) -> bool:
        """Whether the current value of a check is true."""
        option = self.get(name)
        if option is None:
            return False
        return (self._wanted.get(name.lower()) or option.default) == "true"

    def highest(self, name: str) -> int | None:
        """The upper bound of a spin; None where it is not declared or unbounded."""
        option = self.get(name)
        return None if option is None else option.high

    def to_set(self) -> list[tuple[str, str | None]]:
        """The options to set: names as the engine spells them, values as it accepts them; None for a button.

        ``Threads`` comes first and ``Hash`` after it: engines allocate their hash table with their threads.
        """
        order = {"threads": 0, "hash": 1}
        names = sorted(self._wanted, key=lambda name: order.get(name, 2))
        return [(self._declared[name].name, self._wanted[name]) for name in names]

    def _find(self, name: str) -> EngineOption:
        option = self.get(name)
        if option is not None:
            return option
        names = sorted(known.name for known in self._declared.values())
        near = difflib.get_close_matches(name.lower(), list(self._declared), n=1, cutoff=0.5)
        hint = f"did you mean {self._declared[near[0]].name!r}? " if near else ""
        listed = ", ".join(names) if names else "none"
        raise UsageError(
            "uci-unknown-option",
            f"{self._engine} has no option {name!r}: {hint}its options are: {listed} "
            "(nodes, depth, movetime, temperature_cp, timeout_s and variables belong to w2s)",
        )

    def _checked(self, option: EngineOption, value: str) -> str | None:
        match option.kind:
            case "spin":
                return self._spin(option, value)
            case "check":
                return self._check(option, value)
            case "combo":
                return self._combo(option, value)
            case "button":
                if value.lower() in _YES or not value:
                    return None
                raise self._wrong(option, value, "true (it is a button) or left out")
            case "string":
                if any(letter in value for letter in "\n\r\0"):
                    raise self._wrong(option, value, "one line of text")
                return value

    def _spin(self, option: EngineOption, value: str) -> str:
        low = "any" if option.low is None else str(option.low)
        high = "any" if option.high is None else str(option.high)
        try:
            number = int(value)
        except ValueError:
            raise self._wrong(option, value, f"a whole number from {low} to {high}") from None
        above = option.low is None or number >= option.low
        below = option.high is None or number <= option.high
        if not (above and below):
            raise self._wrong(option, value, f"from {low} to {high}")
        return str(number)

    def _check(self, option: EngineOption, value: str) -> str:
        if value.lower() in _YES:
            return "true"
        if value.lower() in _NO:
            return "false"
        raise self._wrong(option, value, "true or false")

    def _combo(self, option: EngineOption, value: str) -> str:
        for choice in option.choices:
            if choice.lower() == value.lower():
                return choice
        raise self._wrong(option, value, "one of " + ", ".join(option.choices))

    def _wrong(self, option: EngineOption, value: str, takes: str) -> UsageError:
        return UsageError(
            "uci-invalid-option",
            f"option {option.name!r} of {self._engine} must be {takes}, not {value[:60]!r}",
        )
