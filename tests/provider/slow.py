"""A client that takes its time: python3 slow.py WAY PORT CERTIFICATE KEY

WAY is handshake (nothing is sent at all), headers (a byte of them now and then), body (the same
with a body), or answers (many are asked for and none is read).  Prints after how many seconds the
server ended the connection, and fails when it does not within 20.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import socket
import ssl
import sys
import time

LIMIT = 20


def ended(connection, seconds):
    """Whether the server ends the connection within these seconds."""
    connection.settimeout(seconds)
    try:
        return connection.recv(4096) == b""
    except (socket.timeout, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def drip(connection, text, begin):
    for byte in text:
        if time.monotonic() - begin > LIMIT:
            return
        try:
            connection.sendall(bytes([byte]))
        except OSError:
            return
        if ended(connection, 0.1):
            return


def ask_without_reading(connection):
    connection.settimeout(LIMIT)
    request = b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100
    try:
        while True:
            connection.sendall(request)
    except OSError:
        pass


def main():
    way, port, certificate, key = sys.argv[1:]
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", int(port)))
    begin = time.monotonic()
    if way != "handshake":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(certificate, key)
        connection = context.wrap_socket(connection)
    if way == "handshake":
        ended(connection, LIMIT)
    elif way == "headers":
        drip(connection, b"GET /v1/node HTTP/1.1\r\n" + b"X-Slow: 1\r\n" * 1000, begin)
    elif way == "body":
        head = b"PUT /v1/files/CTLFile.tlv HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head)
        drip(connection, b"x" * 999, begin)
    else:
        ask_without_reading(connection)
    seconds = time.monotonic() - begin
    print(f"{seconds:.1f}")
    return 0 if seconds < LIMIT else 1


sys.exit(main())
