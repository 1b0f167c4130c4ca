#!/usr/bin/env python3
"""A virtual smart card in a virtual reader: README.md in this folder tells how it is used.

usage: vcard.py piv|hsm DIRECTORY PORT [--out]    PORT is the reader's (vpcd, on 127.0.0.1)

ask.py talks to it, through the socket DIRECTORY/ctl.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import json
import os
import signal
import socket
import sys
import threading
import time

from parent_death import die_with_parent

HOST = "127.0.0.1"
CONTROL = "ctl"
POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4


class Troubles:
    """What a test makes go wrong."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.slow = 0.0  # seconds that a signature takes
        self.hangs = False  # no answer from now on
        self.leaves_after_verify = False  # pulled out right after the next PIN that is right


class Reader(threading.Thread):
    """The card's side of vpcd's protocol: messages with two bytes of length in front; one byte is
    about power or asks for the ATR, a longer one is an APDU."""

    def __init__(self, card, port, troubles):
        super().__init__(daemon=True)
        self.card, self.port, self.troubles = card, port, troubles
        self.changed = threading.Condition()
        self.wanted = False
        self.connection = None

    # ---- from outside

    def insert(self):
        with self.changed:
            self.wanted = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.connection, timeout=5)

    def eject(self):
        with self.changed:
            self.wanted = False
            if self.connection:
                self.connection.shutdown(socket.SHUT_RDWR)
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.connection, timeout=5)

    def wake(self):
        with self.changed:
            self.changed.notify_all()

    @property
    def inserted(self):
        return self.connection is not None

    # ---- the thread

    def run(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.wanted)
            try:
                connection = socket.create_connection((HOST, self.port), timeout=2)
            except OSError:
                time.sleep(0.02)
                continue
            with connection:
                connection.settimeout(None)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.card.reset()
                with self.changed:
                    self.connection = connection
                    self.changed.notify_all()
                try:
                    while self.wanted:
                        self.serve(self.receive())
                except OSError:
                    pass
                with self.changed:
                    self.connection = None
                    self.changed.notify_all()
            self.card.reset()

    def receive(self):
        return self.receive_bytes(int.from_bytes(self.receive_bytes(2), "big"))

    def receive_bytes(self, count):
        data = b""
        while len(data) < count:
            # vpcd writes length and message apart and waits for the acknowledgement in between;
            # without this each APDU takes 40 ms.  The kernel forgets the option.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            more = self.connection.recv(count - len(data))
            if not more:
                raise ConnectionError("pcscd closed the reader")
            data += more
        return data

    def send(self, message):
        self.connection.sendall(len(message).to_bytes(2, "big") + message)

    def serve(self, message):
        if len(message) > 1:
            self.serve_apdu(message)
        elif message[0] == GET_ATR:
            self.send(self.card.ATR)
        else:
            self.card.reset()

    def serve_apdu(self, apdu):
        with self.changed:
            self.changed.wait_for(lambda: not self.troubles.hangs or not self.wanted)
        if not self.wanted:
            return
        if self.troubles.slow and self.card.is_signature(apdu):
            time.sleep(self.troubles.slow)
        answer = self.card.transmit(apdu)
        self.send(answer)
        if (
            self.troubles.leaves_after_verify
            and self.card.is_verify(apdu)
            and answer == b"\x90\x00"
        ):
            self.troubles.leaves_after_verify = False
            self.wanted = False


class Control:
    """The control socket: words in, the card's state as JSON out."""

    def __init__(self, card, reader, troubles):
        self.card, self.reader, self.troubles = card, reader, troubles

    def listen(self):
        # The path may be too long for a socket's address, its last part is not.
        os.chdir(self.card.directory)
        if os.path.exists(CONTROL):
            os.unlink(CONTROL)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(CONTROL + ".new")
        listener.listen(8)
        os.rename(CONTROL + ".new", CONTROL)
        while True:
            connection, _ = listener.accept()
            with connection:
                words = connection.recv(200).decode().split()
                try:
                    answer = json.dumps(self.obey(*words))
                except (TypeError, ValueError, KeyError) as error:
                    answer = f"error: cannot do {words}: {error!r}"
                connection.sendall(answer.encode())

    def obey(self, word, argument=None):
        if word == "insert":
            self.reader.insert()
        elif word == "eject":
            self.reader.eject()
        elif word in ("renew", "rest"):
            if word == "renew":
                self.card.renew()
            else:
                self.card.rest()
            self.troubles.reset()
            self.reader.wake()
        elif word == "slow":
            self.troubles.slow = float(argument)
        elif word in ("hang", "unhang"):
            self.troubles.hangs = word == "hang"
            self.reader.wake()
        elif word == "remove-after-verify":
            self.troubles.leaves_after_verify = True
        elif word == "quit":
            os._exit(0)
        elif word != "state":
            raise ValueError(word)
        state = {"inserted": self.reader.inserted, **self.card.state()}
        return state[argument] if word == "state" and argument else state


def play(kind, directory, port, starts_out):
    # Only the personality that is wanted.
    # pylint: disable=import-outside-toplevel
    if kind == "piv":
        from piv import PivCard as Personality
    else:
        from smartcard_hsm import SmartCardHsm as Personality
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    troubles = Troubles()
    card = Personality(os.path.abspath(directory))
    reader = Reader(card, port, troubles)
    reader.start()
    if not starts_out:
        reader.insert()
    Control(card, reader, troubles).listen()


def main(arguments):
    if len(arguments) in (3, 4) and arguments[0] in ("piv", "hsm"):
        die_with_parent()
        play(arguments[0], arguments[1], int(arguments[2]), arguments[3:] == ["--out"])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
