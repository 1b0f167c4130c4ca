"""A PIV card (NIST SP 800-73-4, as far as OpenSC's PIV-II driver uses it).

Its keys are files that the test made: DIRECTORY/9a.key and 9a.der (PIV Authentication: one PIN for
the session), 9c.key and 9c.der (Digital Signature: the PIN again for each signature).  PIN and PUK
come from the environment when the card is new.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import os
import secrets

from card import Card, Pin, load_private_key, rsa_raw
from iso7816 import (
    BAD_DATA,
    BAD_P1P2,
    NO_SUCH_COMMAND,
    NO_SUCH_REFERENCE,
    NOT_FOUND,
    NOT_VERIFIED,
    WRONG_LENGTH,
    Refused,
    parse_tlvs,
    tlv,
)

AID = bytes.fromhex("A000000308000010000100")
SELECT, GET_DATA, VERIFY, CHANGE, UNBLOCK, AUTHENTICATE = 0xA4, 0xCB, 0x20, 0x24, 0x2C, 0x87
PIN_REFERENCE, PUK_REFERENCE = 0x80, 0x81
DISCOVERY, CHUID = b"\x7e", bytes.fromhex("5fc102")
CERTIFICATES = {bytes.fromhex("5fc105"): 0x9A, bytes.fromhex("5fc10a"): 0x9C}
# Names of key sizes in GENERAL AUTHENTICATE.
ALGORITHMS = {1024: 0x06, 2048: 0x07, 3072: 0x05}
ALWAYS_ASKS = 0x9C


def make_atr():
    """Contact card, T=0 and T=1; its historical bytes hold the AID of PIV.

    OpenSC takes a card with these for a standard one, and works around no maker's defects.
    """
    historical = b"\x80\xf9" + AID[:9]
    checked = bytes([0x80 | len(historical), 0x80, 0x01]) + historical
    checksum = 0
    for byte in checked:
        checksum ^= byte
    return b"\x3b" + checked + bytes([checksum])


class PivCard(Card):
    ATR = make_atr()
    SIGN = AUTHENTICATE

    def __init__(self, directory):
        self.user = Pin(self, "pin")
        self.unblocker = Pin(self, "puk")
        super().__init__(directory)
        self.keys, self.certificates = {}, {}
        for slot in (0x9A, 0x9C):
            base = os.path.join(directory, f"{slot:02x}")
            if os.path.exists(base + ".key"):
                with open(base + ".key", "rb") as file:
                    self.keys[slot] = load_private_key(file.read())
            if os.path.exists(base + ".der"):
                with open(base + ".der", "rb") as file:
                    self.certificates[slot] = file.read()

    def manufacture(self):
        tries = int(os.environ.get("VCARD_TRIES", "3"))
        self.memory["guid"] = secrets.token_hex(16)
        self.user.set(os.environ["VCARD_PIN"].encode(), tries)
        self.unblocker.set(os.environ["VCARD_PUK"].encode(), tries)

    def reset(self):
        super().reset()
        self.user.verified = False
        self.just_verified = False

    def command(self, command):
        # "PIN always": nothing may stand between the PIN and the signature.
        self.just_verified, just_verified = False, self.just_verified
        if command.ins == SELECT:
            return self.select(command)
        if command.ins == GET_DATA:
            return self.get_data(command)
        if command.ins == VERIFY:
            return self.verify(command)
        if command.ins in (CHANGE, UNBLOCK):
            return self.change(command)
        if command.ins == AUTHENTICATE:
            return self.authenticate(command, just_verified)
        raise Refused(NO_SUCH_COMMAND)

    def select(self, command):
        if command.p1 != 0x04 or len(command.data) < 5 or not AID.startswith(command.data):
            raise Refused(NOT_FOUND)
        return tlv(0x61, tlv(0x4F, AID[5:]), tlv(0x79, tlv(0x4F, AID[:5])))

    def get_data(self, command):
        wanted = parse_tlvs(command.data).get(0x5C)
        if wanted is None:
            raise Refused(BAD_DATA)
        if wanted == DISCOVERY:
            # 40 00: the PIN of this application, no other.
            return tlv(0x7E, tlv(0x4F, AID), tlv(0x5F2F, b"\x40\x00"))
        if wanted == CHUID:
            return tlv(
                0x53,
                # The number of a card that no agency issued; the GUID tells the cards apart.
                tlv(0x30, bytes.fromhex("d4e739da739ced39ce739d836858210842108421c84210c3eb")),
                tlv(0x34, bytes.fromhex(self.memory["guid"])),
                tlv(0x35, b"20991231"),
                tlv(0x3E),
                tlv(0xFE),
            )
        certificate = self.certificates.get(CERTIFICATES.get(wanted))
        if certificate is None:
            raise Refused(NOT_FOUND)
        return tlv(0x53, tlv(0x70, certificate), tlv(0x71, b"\0"), tlv(0xFE))

    def verify(self, command):
        if command.p2 != PIN_REFERENCE:
            raise Refused(NO_SUCH_REFERENCE)
        if command.p1 == 0xFF:
            self.user.verified = False
        elif command.p1 != 0:
            raise Refused(BAD_P1P2)
        elif command.data:
            self.user.check(command.data.rstrip(b"\xff"))
            self.just_verified = True
        else:
            self.user.tell()

    def change(self, command):
        """CHANGE REFERENCE DATA of PIN or PUK, and RESET RETRY COUNTER by the PUK."""
        if command.p2 not in (PIN_REFERENCE, PUK_REFERENCE):
            raise Refused(NO_SUCH_REFERENCE)
        if len(command.data) != 16:
            raise Refused(WRONG_LENGTH)
        changed = self.user if command.p2 == PIN_REFERENCE else self.unblocker
        known = self.unblocker if command.ins == UNBLOCK else changed
        known.check(command.data[:8].rstrip(b"\xff"))
        new = command.data[8:].rstrip(b"\xff")
        if len(new) < 6:
            raise Refused(BAD_DATA)
        changed.change(new)

    def authenticate(self, command, just_verified):
        key = self.keys.get(command.p2)
        if key is None:
            raise Refused(NO_SUCH_REFERENCE)
        if command.p1 != ALGORITHMS.get(key.key_size):
            raise Refused(BAD_P1P2)
        if not self.user.verified or (command.p2 == ALWAYS_ASKS and not just_verified):
            raise Refused(NOT_VERIFIED)
        challenge = parse_tlvs(parse_tlvs(command.data).get(0x7C, b"")).get(0x81)
        if challenge is None:
            raise Refused(BAD_DATA)
        try:
            signature = rsa_raw(key, challenge)
        except ValueError:
            raise Refused(BAD_DATA) from None
        self.signed()
        return tlv(0x7C, tlv(0x82, signature))
