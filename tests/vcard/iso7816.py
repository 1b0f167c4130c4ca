"""The language that smart cards speak: command APDUs, BER-TLV data, status words (ISO 7816-4).

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

from dataclasses import dataclass

# Status words.
OK = 0x9000
END_OF_FILE = 0x6282
WRONG_PIN = 0x63C0  # the last digit is the number of tries left
WRONG_LENGTH = 0x6700
NOT_VERIFIED = 0x6982
BLOCKED = 0x6983
NOT_USABLE = 0x6984
NOT_ALLOWED = 0x6985
BAD_DATA = 0x6A80
NOT_FOUND = 0x6A82
NO_SPACE = 0x6A84
BAD_P1P2 = 0x6A86
NO_SUCH_REFERENCE = 0x6A88
NO_SUCH_COMMAND = 0x6D00
BROKEN = 0x6F00


class Refused(Exception):
    """A command that ends with a status word other than 9000, and maybe with data."""

    def __init__(self, status, data=b""):
        super().__init__(f"{status:04X}")
        self.status = status
        self.data = data


@dataclass
class Command:
    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int  # how much the reader wants; 256 when it does not say

    @property
    def p1p2(self):
        return self.p1 << 8 | self.p2

    @property
    def is_chained(self):
        """More of the same command follows."""
        return bool(self.cla & 0x10)


def parse_command(raw):
    """A command APDU, short or extended."""
    if len(raw) < 4:
        raise Refused(WRONG_LENGTH)
    body = raw[4:]
    data, le = b"", 256
    if len(body) == 1:
        le = body[0] or 256
    elif len(body) >= 3 and body[0] == 0:
        length = int.from_bytes(body[1:3], "big")
        if len(body) == 3:
            le = length or 65536
        else:
            data, rest = body[3 : 3 + length], body[3 + length :]
            if len(data) != length or len(rest) not in (0, 2):
                raise Refused(WRONG_LENGTH)
            if rest:
                le = int.from_bytes(rest, "big") or 65536
    elif body:
        data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
        if len(data) != body[0] or len(rest) > 1:
            raise Refused(WRONG_LENGTH)
        if rest:
            le = rest[0] or 256
    return Command(*raw[:4], data, le)


def tlv(tag, *values):
    """One BER-TLV object; its value is the concatenation of VALUES."""
    value = b"".join(values)
    length = len(value)
    if length < 0x80:
        header = bytes([length])
    elif length < 0x100:
        header = bytes([0x81, length])
    else:
        header = b"\x82" + length.to_bytes(2, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + header + value


def parse_tlvs(data):
    """The objects that stand one behind the other in DATA, as a dictionary of tag and value."""
    found, at = {}, 0
    try:
        while at < len(data):
            tag = data[at]
            at += 1
            if tag & 0x1F == 0x1F:
                tag = tag << 8 | data[at]
                at += 1
            length = data[at]
            at += 1
            if length & 0x80:
                size = length & 0x7F
                length = int.from_bytes(data[at : at + size], "big")
                at += size
            if at + length > len(data):
                raise Refused(BAD_DATA)
            found[tag] = data[at : at + length]
            at += length
    except IndexError:
        raise Refused(BAD_DATA) from None
    return found
