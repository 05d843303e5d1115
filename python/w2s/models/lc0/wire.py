"""Protocol Buffers as they lie on disk: a message taken apart into its numbered fields.

Source: protobuf.dev, *Encoding*. Knows no particular message.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

Field = int | memoryview
"""A varint as a number; anything else as its bytes."""


class WireError(ValueError):
    """The bytes are no message; says where."""


class Message:
    """The fields of a message by number, each with its values in the order in which they lie."""

    def __init__(self, data: memoryview) -> None:
        """Take ``data`` apart; nested messages stay bytes until they are asked for."""
        self._fields: dict[int, list[Field]] = {}
        for number, value in _fields(data):
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        """Whether a field is there."""
        return number in self._fields

    def number(self, number: int, default: int = 0) -> int:
        """The last value of a varint field."""
        value = self._fields.get(number, [default])[-1]
        if not isinstance(value, int):
            raise WireError(f"field {number} is no number")
        return value

    def bytes(self, number: int) -> memoryview:
        """The last value of a field of bytes, empty where it is missing."""
        return self._views(number)[-1] if number in self._fields else memoryview(b"")

    def message(self, number: int) -> Message:
        """A nested message, empty where it is missing."""
        return Message(self.bytes(number))

    def messages(self, number: int) -> list[Message]:
        """All messages of a repeated field."""
        return [Message(view) for view in self._views(number)]

    def _views(self, number: int) -> list[memoryview]:
        found = []
        for value in self._fields.get(number, []):
            if isinstance(value, int):
                raise WireError(f"field {number} is a number, not bytes")
            found.append(value)
        return found


def _fields(data: memoryview) -> Iterator[tuple[int, Field]]:
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == LENGTH:
            size, place = _varint(data, place)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"no field begins at byte {place}")
        if size > len(data) - place:
            raise WireError(f"field {number} ends {size - len(data) + place} bytes behind the message")
        yield number, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for step in range(10):
        if place + step >= len(data):
            raise WireError(f"a number is cut off at byte {place}")
        byte = data[place + step]
        value |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            return value, place + step + 1
    raise WireError(f"a number at byte {place} is longer than ten bytes")
