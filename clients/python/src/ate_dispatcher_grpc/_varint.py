"""The parts of the protobuf wire format that this library reads and writes without generated code."""

from __future__ import annotations


def varint(number: int) -> bytes:
    """Encodes an unsigned integer."""
    if number < 0x80:
        return bytes((number,))
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def read_varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Decodes the integer at offset `at`; returns it with the offset behind it.

    Raises:
        ValueError: It is truncated or too long.
    """
    number = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise ValueError("a varint is truncated or too long")


def read_field(data: bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Returns the number of a field, the offsets of its content, and the offset of the next field.

    Raises:
        ValueError: The field is malformed, or longer than its message.
    """
    tag, begin = read_varint(data, at, end)
    wire_type = tag & 7
    if wire_type == 2:
        size, begin = read_varint(data, begin, end)
        stop = begin + size
    elif wire_type == 0:
        _, stop = read_varint(data, begin, end)
    elif wire_type == 1:
        stop = begin + 8
    elif wire_type == 5:
        stop = begin + 4
    else:
        raise ValueError(f"unknown wire type {wire_type}")
    if stop > end:
        raise ValueError("a field is longer than its message")
    return tag >> 3, begin, stop, stop


def length_delimited(field: int, message: bytes) -> bytes:
    """Encodes a length-delimited field; its number must be below 16."""
    return bytes((field << 3 | 2,)) + varint(len(message)) + message
