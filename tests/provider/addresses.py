"""Silent connections from several addresses: python3 addresses.py ADDRESS PORT FROM...

Connects from one after the other, holds all connections, and prints which of them stay and which
are put out within a second.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import socket
import sys
import time


def connect(address, port, source):
    for _ in range(100):
        try:
            return socket.create_connection((address, int(port)), 5, (source, 0))
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("nobody listens")


def stays(connection):
    connection.settimeout(1)
    try:
        return connection.recv(1) != b""
    except socket.timeout:
        return True
    except OSError:
        return False


def main():
    address, port, *sources = sys.argv[1:]
    held = []
    for source in sources:
        held.append(connect(address, port, source))
        print(source, "stays" if stays(held[-1]) else "is put out", flush=True)


main()
