"""A SmartCard-HSM (CardContact), as far as OpenSC's sc-hsm driver uses it.

It comes from the factory empty.  INITIALIZE DEVICE sets both PINs, keys are made on the card, and
files hold their descriptions (PKCS#15) and certificates:

    CCkk  key kk (written only by GENERATE ASYMMETRIC KEY PAIR; CC00 is the device's own)
    C4kk  its description        CEkk  its certificate, or before there is one the request for it
    CAnn  a certificate without a key        C8nn  its description
    CDnn  data that the PIN protects    CFnn  data for all    C9nn  its description
    2F02  the device's certificate, whose holder is the serial number
    2F03  label of the token

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import secrets

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from card import Card, Pin, load_private_key, rsa_raw
from iso7816 import (
    BAD_DATA,
    BAD_P1P2,
    END_OF_FILE,
    NO_SPACE,
    NO_SUCH_COMMAND,
    NO_SUCH_REFERENCE,
    NOT_ALLOWED,
    NOT_FOUND,
    NOT_VERIFIED,
    Refused,
    parse_tlvs,
    tlv,
)

AID = bytes.fromhex("E82B0601040181C31F0201")
SELECT, READ, UPDATE, DELETE, VERIFY, CHANGE = 0xA4, 0xB1, 0xD7, 0xE4, 0x20, 0x24
UNBLOCK, GENERATE, CHALLENGE = 0x2C, 0x46, 0x84
INITIALIZE, ENUMERATE, SIGN = 0x50, 0x58, 0x68  # with CLA 80
USER_PIN, SO_PIN = 0x81, 0x88
SO_TRIES = 15
DEVICE_CERTIFICATE, DEVICE_KEY, DEVICE_KEY_ID = 0x2F02, 0xCC00, 0
KEY, REQUEST, PROTECTED = 0xCC, 0xCE, 0xCD  # first halves of file identifiers
RSA_RAW, RSA_PKCS1 = 0x20, 0x30
LARGEST_FILE = 8192

# Tags of card verifiable certificates (BSI TR-03110).
CV_REQUEST, CV_CERTIFICATE, CV_BODY, CV_SIGNATURE = 0x67, 0x7F21, 0x7F4E, 0x5F37
CV_PROFILE, CV_ISSUER, CV_KEY, CV_HOLDER = 0x5F29, 0x42, 0x7F49, 0x5F20
ID_TA_RSA_SHA256 = bytes.fromhex("04007f00070202020102")
ID_TA_ECDSA_SHA256 = bytes.fromhex("04007f00070202020203")


class SmartCardHsm(Card):
    ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
    SIGN = SIGN

    def __init__(self, directory):
        self.user = Pin(self, "pin")
        self.unblocker = Pin(self, "so_pin")
        super().__init__(directory)

    def manufacture(self):
        self.memory["serial"] = f"VHSM{secrets.randbelow(10**7):07}"
        self.erase()

    def erase(self):
        self.memory["files"] = {f"{DEVICE_CERTIFICATE:04x}": self.device_certificate().hex()}
        self.memory["keys"] = {}
        self.memory.save()

    def reset(self):
        super().reset()
        self.user.verified = False
        self.current = None

    # ---- commands

    def command(self, command):
        handlers = {
            (0x00, SELECT): self.select,
            (0x00, READ): self.read,
            (0x00, UPDATE): self.update,
            (0x00, DELETE): self.delete,
            (0x00, VERIFY): self.verify,
            (0x00, CHANGE): self.change,
            (0x00, UNBLOCK): self.unblock,
            (0x00, GENERATE): self.generate,
            (0x00, CHALLENGE): lambda command: secrets.token_bytes(min(command.le, 1024)),
            (0x80, INITIALIZE): self.initialize,
            (0x80, ENUMERATE): self.enumerate,
            (0x80, SIGN): self.sign,
        }
        handler = handlers.get((command.cla & 0xEF, command.ins))
        if handler is None:
            raise Refused(NO_SUCH_COMMAND)
        return handler(command)

    def initialize(self, command):
        """INITIALIZE DEVICE: both PINs, no key, no file.  The SO PIN is set by the first one, and
        asked for by all later ones."""
        given = parse_tlvs(command.data)
        user_pin, so_pin = given.get(0x81, b""), given.get(0x82, b"")
        if not 6 <= len(user_pin) <= 15 or len(so_pin) != 8:
            raise Refused(BAD_DATA)
        if self.unblocker.is_set:
            try:
                self.unblocker.check(so_pin)
            except Refused:
                raise Refused(NOT_ALLOWED) from None
        else:
            self.unblocker.set(so_pin, SO_TRIES)
        self.user.set(user_pin, given.get(0x91, b"\x03")[0])
        self.user.verified = False
        self.erase()

    def verify(self, command):
        pin = self.pin(command)
        if command.p1:
            raise Refused(BAD_P1P2)
        if command.data:
            pin.check(command.data)
        else:
            pin.tell()

    def change(self, command):
        """CHANGE REFERENCE DATA: the old and the new PIN, one behind the other."""
        pin = self.pin(command)
        split = pin.length if pin.is_set else 0
        old, new = command.data[:split], command.data[split:]
        if command.p1 or not 6 <= len(new) <= 15:
            raise Refused(BAD_DATA)
        pin.check(old)
        pin.change(new)

    def unblock(self, command):
        """RESET RETRY COUNTER: the SO PIN, and with P1 00 a new user PIN behind it."""
        if command.p2 != USER_PIN or command.p1 not in (0, 1):
            raise Refused(BAD_P1P2)
        so_pin, new = command.data[:8], command.data[8:]
        if len(so_pin) != 8 or (command.p1 == 0 and not 6 <= len(new) <= 15):
            raise Refused(BAD_DATA)
        self.unblocker.check(so_pin)
        if command.p1 == 0:
            self.user.change(new)
        else:
            self.user.restore()

    def pin(self, command):
        if command.p2 == USER_PIN:
            return self.user
        if command.p2 == SO_PIN:
            return self.unblocker
        raise Refused(NO_SUCH_REFERENCE)

    def need_pin(self):
        if not self.user.verified:
            raise Refused(NOT_VERIFIED)

    # ---- files

    def select(self, command):
        if command.p1 == 0x04:
            if command.data != AID:
                raise Refused(NOT_FOUND)
            # This is how one logs out.
            self.reset()
            # Options (retry counter can be reset), no known platform, version 3.5.
            return tlv(0x6F, tlv(0x84, AID), tlv(0x85, bytes.fromhex("0001ff0305")))
        name = command.data.hex()
        if name not in self.memory["files"]:
            raise Refused(NOT_FOUND)
        self.current = name
        size = len(self.memory["files"][name]) // 2
        return tlv(
            0x62,
            tlv(0x80, size.to_bytes(2, "big")),
            tlv(0x82, b"\x01"),
            tlv(0x83, command.data),
            tlv(0x8A, b"\x05"),
        )

    def file_name(self, command):
        """P1-P2 is a file, or 0000 for the selected one."""
        name = f"{command.p1p2:04x}" if command.p1p2 else self.current
        if name is None:
            raise Refused(NOT_ALLOWED)
        return name

    def read(self, command):
        name = self.file_name(command)
        if name not in self.memory["files"]:
            raise Refused(NOT_FOUND)
        if int(name[:2], 16) == PROTECTED:
            self.need_pin()
        offset = int.from_bytes(parse_tlvs(command.data).get(0x54, b""), "big")
        content = bytes.fromhex(self.memory["files"][name])[offset:]
        if len(content) < command.le:
            raise Refused(END_OF_FILE, content)
        return content[: command.le]

    def update(self, command):
        """Writes at an offset; makes the file if it is not there."""
        self.need_pin()
        name = self.file_name(command)
        if int(name[:2], 16) == KEY or int(name, 16) == DEVICE_CERTIFICATE:
            raise Refused(NOT_ALLOWED)
        given = parse_tlvs(command.data)
        offset, data = int.from_bytes(given.get(0x54, b""), "big"), given.get(0x53)
        old = bytes.fromhex(self.memory["files"].get(name, ""))
        if data is None or offset > len(old):
            raise Refused(BAD_DATA)
        if offset + len(data) > LARGEST_FILE:
            raise Refused(NO_SPACE)
        self.memory["files"][name] = (old[:offset] + data + old[offset + len(data) :]).hex()
        self.memory.save()
        self.current = name

    def delete(self, command):
        self.need_pin()
        name = command.data.hex()
        if len(command.data) != 2 or int(name, 16) in (DEVICE_CERTIFICATE, DEVICE_KEY):
            raise Refused(NOT_ALLOWED)
        place = self.memory["keys"] if int(name[:2], 16) == KEY else self.memory["files"]
        if name not in place:
            raise Refused(NOT_FOUND)
        del place[name]
        self.memory.save()

    def enumerate(self, command):  # pylint: disable=unused-argument
        names = [f"{DEVICE_KEY:04x}", *self.memory["keys"], *self.memory["files"]]
        return bytes.fromhex("".join(names))

    # ---- keys

    def generate(self, command):
        """GENERATE ASYMMETRIC KEY PAIR: RSA only.  The answer is a request for a certificate that
        the new key signed, in an envelope that the device signed."""
        self.need_pin()
        name = f"{KEY:02x}{command.p1:02x}"
        wanted = parse_tlvs(parse_tlvs(command.data).get(CV_KEY, b""))
        if command.p1 == DEVICE_KEY_ID or name in self.memory["keys"]:
            raise Refused(NOT_ALLOWED)
        bits = int.from_bytes(wanted.get(0x02, b""), "big")
        exponent = int.from_bytes(wanted.get(0x82, b""), "big")
        if bits not in (1024, 1536, 2048, 3072, 4096) or exponent != 65537:
            raise Refused(BAD_DATA)
        key = rsa.generate_private_key(exponent, bits)
        self.memory["keys"][name] = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        self.memory.save()
        return self.certificate_request(key, parse_tlvs(command.data))

    def sign(self, command):
        self.need_pin()
        pem = self.memory["keys"].get(f"{KEY:02x}{command.p1:02x}")
        if pem is None:
            raise Refused(NO_SUCH_REFERENCE)
        key, block = load_private_key(pem.encode()), command.data
        if command.p2 == RSA_PKCS1:
            size = key.key_size // 8
            block = b"\0\1" + b"\xff" * (size - len(block) - 3) + b"\0" + block
        elif command.p2 != RSA_RAW:
            raise Refused(BAD_P1P2)
        try:
            signature = rsa_raw(key, block)
        except ValueError:
            raise Refused(BAD_DATA) from None
        self.signed()
        return signature

    # ---- card verifiable certificates

    def certificate_request(self, key, asked):
        public = key.public_key().public_numbers()
        body = tlv(
            CV_BODY,
            tlv(CV_PROFILE, b"\0"),
            tlv(CV_ISSUER, asked.get(CV_ISSUER, b"")),
            tlv(
                CV_KEY,
                tlv(0x06, ID_TA_RSA_SHA256),
                tlv(0x81, public.n.to_bytes(key.key_size // 8, "big")),
                tlv(0x82, public.e.to_bytes(3, "big")),
            ),
            tlv(CV_HOLDER, asked.get(CV_HOLDER, b"")),
        )
        signature = key.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return tlv(
            CV_REQUEST,
            tlv(CV_CERTIFICATE, body, tlv(CV_SIGNATURE, signature)),
            tlv(CV_ISSUER, self.memory["serial"].encode()),
            self.device_signature(),
        )

    def device_certificate(self):
        """Only its holder matters: nobody here checks that the maker issued it."""
        return tlv(
            CV_CERTIFICATE,
            tlv(
                CV_BODY,
                tlv(CV_PROFILE, b"\0"),
                tlv(CV_ISSUER, b"VHSMMAKER00001"),
                tlv(CV_KEY, tlv(0x06, ID_TA_ECDSA_SHA256), tlv(0x86, b"\4" + bytes(64))),
                tlv(CV_HOLDER, f"{self.memory['serial']}00001".encode()),
            ),
            self.device_signature(),
        )

    @staticmethod
    def device_signature():
        return tlv(CV_SIGNATURE, bytes(64))
