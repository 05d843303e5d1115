"""Protocol Buffers: round trips, and refusals of damaged bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.nets import nested, number, varint
from w2s.models.lc0.protobuf import ProtobufError, ProtobufMessage

FIELDS = st.integers(1, 2000)


def message(content: bytes) -> ProtobufMessage:
    return ProtobufMessage(memoryview(content))


@given(FIELDS, st.integers(0, 2**64 - 1))
def test_numbers_are_read_as_written(field: int, value: int) -> None:
    assert message(number(field, value)).number(field) == value


@given(st.lists(st.tuples(FIELDS, st.binary(max_size=300)), max_size=8))
def test_bytes_are_read_by_field(fields: list[tuple[int, bytes]]) -> None:
    read = message(b"".join(nested(field, content) for field, content in fields))
    for field, content in dict(fields).items():
        assert bytes(read.bytes_field(field)) == content
        assert field in read


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(content: bytes) -> None:
    try:
        read = message(content)
    except ProtobufError:
        return
    assert isinstance(read, ProtobufMessage)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_truncated_field_is_an_error(content: bytes, data: st.DataObject) -> None:
    whole = nested(3, content)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(ProtobufError):
        message(whole[:cut])


def test_fixed_fields_are_bytes_and_missing_fields_are_empty() -> None:
    read = message(b"\x0d\x01\x00\x00\x00" + b"\x11" + bytes(8))
    assert bytes(read.bytes_field(1)) == b"\x01\x00\x00\x00"
    assert len(read.bytes_field(2)) == 8
    assert bytes(read.bytes_field(3)) == b""
    assert read.number(4, 7) == 7
    assert read.messages(5) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x0b", "no valid field"),
        (varint(3 << 3) + b"\xff" * 11, "longer than ten bytes"),
        (b"\x08", "truncated at byte 1"),
    ],
)
def test_damage_is_described(content: bytes, said: str) -> None:
    with pytest.raises(ProtobufError, match=said):
        message(content)


def test_number_is_not_a_message_and_bytes_are_not_a_number() -> None:
    with pytest.raises(ProtobufError, match="is a number"):
        message(number(1, 5)).message(1)
    with pytest.raises(ProtobufError, match="is not a number"):
        message(nested(1, b"x")).number(1)
