"""The rules of a phone, in plain Python, from their description alone: a reviewer should be able to
lay this beside Cisco's text.  It shares nothing with the program, so that it can disagree with it.

WHAT A PHONE DOES WITH A NEW CTL, in this order

1. No CTL is installed: the first one is trusted as it comes.
2. It is the same file as the one installed: nothing to do.
3. It is signed by a SAST of the CTL installed (the same certificate: issuer and serial as stored,
   and the key), and the signature is valid: installed.
4. Else a phone with Security By Default asks TVS, whose certificate it knows from its ITL.  TVS
   vouches for a certificate that stands in the server's own CTL, or in its Phone-SAST-trust:
   installed.
5. Else rejected.  It keeps the old CTL, and is locked out until somebody erases that by hand.

Whoever signed, a file over 64 KB, a digest that the phone does not know and a key that it cannot
check are rejected.

Two things are left out on purpose.  A phone remembers TVS's answer for a day: that only ever lets
more in, and nobody may count on it.  And "the server's own CTL" is the one from before the new one:
a server that vouches for whatever it was just given would prove nothing.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import hashlib
from typing import NamedTuple, Optional

import ctlread

LARGEST_FILE = 64 * 1024


class Anchor(NamedTuple):
    """A certificate as a record stores it."""

    issuer: object
    serial: object
    key: object
    certificate: object  # DER; None or empty: the record has none

    def same(self, other):
        return (self.issuer, self.serial, self.key) == (other.issuer, other.serial, other.key)


class Ctl(NamedTuple):
    """What of a CTL counts.  Tests may make one up."""

    file: object  # whatever two CTLs have in common when they are the same file
    size: int
    digest: int  # 1 SHA-1, 2 SHA-256, 3 SHA-512
    key_bits: int  # of the signer's key
    valid: bool  # the signature fits the file and the signer's key
    signer: Optional[Anchor]
    sasts: tuple  # of Anchor
    certificates: frozenset  # DER, of all records


class Family(NamedTuple):
    """What a kind of phone can do."""

    security_by_default: bool
    digests: frozenset
    largest_key: int  # bits


def read_ctl(data):
    """The CTL in a file's bytes.  ctlread.Malformed when it is none."""
    _, header = ctlread.read_header(data)
    length = header[2].number(2)
    sasts, certificates = [], set()
    signer, bits, valid = None, 0, False
    offset, index = length, 0
    while offset < len(data):
        index += 1
        record, tags, key = ctlread.read_record(data, offset, index)
        offset += record["length"]
        if 9 in tags:
            certificates.add(tags[9].value)
        if record["function"] != 0 or 5 not in tags or 6 not in tags:
            continue
        anchor = Anchor(tags[5].value, tags[6].value, tags[7].value if 7 in tags else None,
                        tags[9].value if 9 in tags else None)
        sasts.append(anchor)
        if signer is None and (anchor.issuer, anchor.serial) == (header[6].value, header[5].value):
            signer = anchor
            key = ctlread.stored_key(tags) or key
            bits = getattr(key, "key_size", 0)
            valid = ctlread.verify(data, header, key)[0]
    return Ctl(hashlib.sha256(data).digest(), len(data), header[8].number(1), bits, valid, signer,
               tuple(sasts), frozenset(certificates))


class Phone:
    def __init__(self, family, ctl=None, itl=False):
        self.family = family
        self.ctl = ctl
        self.itl = itl

    def beyond_it(self, new):
        """Why it cannot take this file, whoever signed."""
        reasons = []
        if new.size > LARGEST_FILE:
            reasons.append("size")
        if new.digest not in self.family.digests:
            reasons.append("digest")
        if new.key_bits > self.family.largest_key:
            reasons.append("key")
        return reasons

    def cannot_ask(self, new, servers, trust, tvs):
        """Why TVS does not help."""
        reasons = []
        if not self.family.security_by_default:
            reasons.append("no-sbd")
        if not self.itl:
            reasons.append("no-itl")
        if not tvs:
            reasons.append("no-tvs")
        vouched = set(trust) | (servers.certificates if servers else frozenset())
        if new.signer is None or not new.signer.certificate or (
                new.signer.certificate not in vouched):
            reasons.append("not-vouched")
        return reasons

    def judge(self, new, servers, trust, tvs):
        """(outcome, every reason against it).

        SERVERS is the CTL that the servers had before the new one, TRUST the certificates of
        Phone-SAST-trust, TVS whether it runs anywhere.
        """
        if self.ctl is not None and self.ctl.file == new.file:
            return "unchanged", []
        reasons = self.beyond_it(new)
        if reasons:
            return "rejected", reasons
        if self.ctl is None:
            return "first", []
        if not new.valid or new.signer is None:
            return "rejected", ["signature"]
        if any(sast.same(new.signer) for sast in self.ctl.sasts):
            return "sast", []
        reasons = self.cannot_ask(new, servers, trust, tvs)
        return ("rejected", reasons) if reasons else ("tvs", [])

    def offer(self, new, servers, trust, tvs):
        """The same, and it does it."""
        outcome, reasons = self.judge(new, servers, trust, tvs)
        if outcome != "rejected":
            self.ctl = new
        return outcome, reasons
