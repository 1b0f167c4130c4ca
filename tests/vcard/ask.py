#!/usr/bin/env python3
"""Talks to the virtual card that vcard.py plays; on its own because tests do it often, and this
starts quickly.

usage: ask.py DIRECTORY WORD...     prints the card's state as JSON, or for `state FIELD` that field

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import os
import socket
import sys


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    # The socket's whole path may be too long for its address.
    os.chdir(arguments[0])
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("ctl")
            connection.sendall(" ".join(arguments[1:]).encode())
            answer = connection.recv(4096).decode()
    except OSError as error:
        print(f"{arguments[0]}: no card answers: {error}", file=sys.stderr)
        return 1
    if answer.startswith("error"):
        print(f"{arguments[0]}: {answer}", file=sys.stderr)
        return 1
    print(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
