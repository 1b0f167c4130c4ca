"""What every virtual card has: a memory that outlives the process, PINs that count their tries,
command chaining and long answers.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import hashlib
import json
import os
import secrets

from cryptography.hazmat.primitives import serialization

from iso7816 import (
    BLOCKED,
    BROKEN,
    NOT_USABLE,
    OK,
    WRONG_PIN,
    Refused,
    parse_command,
)

GET_RESPONSE = 0xC0


class Memory(dict):
    """What the card remembers without power: a JSON file, replaced as a whole."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.update(json.load(file))

    def save(self):
        new = self.path + ".new"
        with open(new, "w", encoding="utf-8") as file:
            json.dump(self, file, indent=1)
        os.replace(new, self.path)


class Pin:
    """A PIN in the card's memory, as a hash, so that tests can look for traces of the PIN."""

    def __init__(self, card, name):
        self.card = card
        self.name = name
        self.verified = False

    @property
    def _stored(self):
        return self.card.memory.get(self.name)

    @property
    def is_set(self):
        return self._stored is not None

    @property
    def tries_left(self):
        return self._stored["left"] if self.is_set else 0

    @property
    def length(self):
        return self._stored["length"]

    def set(self, value, tries):
        """A new PIN that has not been tried yet."""
        salt = secrets.token_hex(8)
        self.card.memory[self.name] = {
            "salt": salt,
            "hash": self._hash(salt, value),
            "length": len(value),
            "tries": tries,
            "left": tries,
        }
        self.card.memory.save()

    def change(self, value):
        self.set(value, self._stored["tries"])

    def restore(self):
        """All tries again, the PIN unchanged."""
        self._stored["left"] = self._stored["tries"]
        self.card.memory.save()

    def check(self, value):
        """Returns if the PIN is right; otherwise counts, and says what is left."""
        if not self.is_set:
            raise Refused(NOT_USABLE)
        if self.tries_left == 0:
            raise Refused(BLOCKED)
        stored = self._stored
        self.verified = self._hash(stored["salt"], value) == stored["hash"]
        stored["left"] = stored["tries"] if self.verified else stored["left"] - 1
        if not self.verified:
            self.card.memory["wrong_pins"] += 1
        self.card.memory.save()
        if not self.verified:
            raise Refused(WRONG_PIN | stored["left"] if stored["left"] else BLOCKED)

    def tell(self):
        """The answer to VERIFY without a PIN: 9000, or what is left."""
        if not self.is_set:
            raise Refused(NOT_USABLE)
        if not self.verified:
            raise Refused(WRONG_PIN | self.tries_left if self.tries_left else BLOCKED)

    @staticmethod
    def _hash(salt, value):
        return hashlib.sha256(bytes.fromhex(salt) + value).hexdigest()


class Card:
    """The common half; a personality brings ATR, SIGN, manufacture(), command(), and the PINs
    `user` and `unblocker`."""

    ATR = b""
    SIGN, VERIFY = None, 0x20  # instruction bytes

    def __init__(self, directory):
        self.directory = directory
        self.memory = Memory(os.path.join(directory, "state.json"))
        self.apdus = 0
        self.reset()
        if not self.memory:
            self.renew()

    def renew(self):
        """As it came from the factory."""
        self.memory.clear()
        self.memory.update(signatures=0, verifies=0, wrong_pins=0)
        self.apdus = 0
        self.manufacture()
        self.memory.save()
        self.reset()

    def rest(self):
        """All tries again, and nothing else."""
        for pin in (self.user, self.unblocker):
            if pin.is_set:
                pin.restore()

    def manufacture(self):
        """Puts into an empty memory what a new card has."""
        raise NotImplementedError

    def reset(self):
        """Power was lost, or the reader asks for a reset."""
        self.chain = b""
        self.unsent = b""

    def is_signature(self, raw):
        return raw[1:2] == bytes([self.SIGN]) and not raw[0] & 0x10

    def is_verify(self, raw):
        """A VERIFY that carries a PIN."""
        return raw[1:2] == bytes([self.VERIFY]) and len(raw) > 5

    def transmit(self, raw):
        """Answers one command APDU; an error of this program becomes status 6F00."""
        self.apdus += 1
        if self.is_verify(raw):
            self.memory["verifies"] += 1
        try:
            command = parse_command(raw)
            if command.ins == GET_RESPONSE:
                return self._answer(self.unsent, command.le)
            self.unsent = b""
            if command.is_chained:
                self.chain += command.data
                return OK.to_bytes(2, "big")
            command.data, self.chain = self.chain + command.data, b""
            return self._answer(self.command(command) or b"", command.le)
        except Refused as refused:
            return refused.data + refused.status.to_bytes(2, "big")
        except Exception as error:  # pylint: disable=broad-except
            print("error:", repr(error), flush=True)
            return BROKEN.to_bytes(2, "big")

    def _answer(self, data, le):
        now, self.unsent = data[:le], data[le:]
        status = 0x6100 | min(len(self.unsent), 255) if self.unsent else OK
        return now + status.to_bytes(2, "big")

    def command(self, command):
        raise NotImplementedError

    def signed(self):
        self.memory["signatures"] += 1
        self.memory.save()

    def state(self):
        return {
            "tries": self.user.tries_left,
            "puk_tries": self.unblocker.tries_left,
            "signatures": self.memory["signatures"],
            "verifies": self.memory["verifies"],
            "wrong_pins": self.memory["wrong_pins"],
            "apdus": self.apdus,
        }


def load_private_key(pem):
    return serialization.load_pem_private_key(pem, password=None)


def rsa_raw(key, block):
    """What a card's RSA does: a bare modular power; the padding was done outside."""
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    value = int.from_bytes(block, "big")
    if len(block) != size or value >= modulus:
        raise ValueError("not a block for this key")
    a = pow(value, numbers.dmp1, numbers.p)
    b = pow(value, numbers.dmq1, numbers.q)
    return (b + (a - b) * numbers.iqmp % numbers.p * numbers.q).to_bytes(size, "big")
