"""The encoding of Protocol Buffers: a message → its numbered fields, without a schema.

Source: protobuf.dev, *Encoding*.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

MAX_FIELDS = 1 << 16
"""The most fields of one message; a network has some hundred."""

Field = int | memoryview
"""A varint as a number; anything else as its bytes."""


class ProtobufError(ValueError):
    """The bytes are not a valid message; the text says where."""


class ProtobufMessage:
    """The fields of a message by number; the values of a field are in file order."""

    def __init__(self, data: memoryview) -> None:
        """Decode ``data``; nested messages stay bytes until :meth:`message` is called."""
        self._fields: dict[int, list[Field]] = {}
        for count, (number, value) in enumerate(_fields(data)):
            if count == MAX_FIELDS:
                raise ProtobufError(f"a message has more than {MAX_FIELDS:,} fields")
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        """Whether a field is present."""
        return number in self._fields

    def number(self, number: int, default: int = 0) -> int:
        """The last value of a varint field, or ``default``."""
        value = self._fields.get(number, [default])[-1]
        if not isinstance(value, int):
            raise ProtobufError(f"field {number} is not a number")
        return value

    def bytes_field(self, number: int) -> memoryview:
        """The last value of a field of bytes; empty where the field is missing."""
        return self._views(number)[-1] if number in self._fields else memoryview(b"")

    def message(self, number: int) -> ProtobufMessage:
        """A nested message; empty where the field is missing."""
        return ProtobufMessage(self.bytes_field(number))

    def messages(self, number: int) -> list[ProtobufMessage]:
        """All messages of a repeated field."""
        return [ProtobufMessage(view) for view in self._views(number)]

    def _views(self, number: int) -> list[memoryview]:
        found = []
        for value in self._fields.get(number, []):
            if isinstance(value, int):
                raise ProtobufError(f"field {number} is a number, not bytes")
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
            raise ProtobufError(f"no valid field at byte {place}")
        if size > len(data) - place:
            raise ProtobufError(f"field {number} ends {size - len(data) + place} bytes after the message")
        yield number, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits per byte, the lowest first, and the position after it."""
    value = 0
    for step in range(10):
        if place + step >= len(data):
            raise ProtobufError(f"a number is truncated at byte {place}")
        byte = data[place + step]
        value |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            return value, place + step + 1
    raise ProtobufError(f"a number at byte {place} is longer than ten bytes")
