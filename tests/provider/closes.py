"""How the server ends a connection: python3 closes.py WAY PORT CERTIFICATE KEY [TLS-VERSION]

WAY is asked (the client wants it closed), client (the client closes first, and waits), new (no
request comes), idle (no second one comes), malformed or large (the server refuses the request), or
ending (it lasts until the server itself ends; "ready" is printed before).  Fails unless TLS says
that this is the end.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import socket
import ssl
import sys

GET = b"GET /v1/mode HTTP/1.1\r\nHost: x\r\n"
REQUESTS = {
    "asked": GET + b"Connection: close\r\n\r\n",
    "client": GET + b"\r\n",
    "new": b"",
    "idle": GET + b"\r\n",
    "malformed": b"GET /v1/mode HTTP/1.1\r\nno header\r\n\r\n",
    "large": b"PUT /v1/files/capf.cer HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
    + b"x" * 2000000,
    "ending": GET + b"\r\n",
}
ANSWERS = {"new": b"", "malformed": b"HTTP/1.1 400 ", "large": b"HTTP/1.1 413 "}


def connect(port, certificate, key, version):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    if version == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = socket.create_connection(("127.0.0.1", int(port)), 20)
    # Otherwise an end that TLS does not know of would look as a good one.
    return context.wrap_socket(connection, suppress_ragged_eofs=False)


def main():
    way, port, certificate, key = sys.argv[1:5]
    connection = connect(port, certificate, key, "".join(sys.argv[5:]))
    connection.sendall(REQUESTS[way])
    answer = b""
    if way in ("client", "ending"):
        answer = connection.recv(4096)
    if way == "ending":
        print("ready", flush=True)
    if way == "client":
        # Fails unless the other side says it, too.
        connection.unwrap()
    else:
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(ANSWERS.get(way, b"HTTP/1.1 200 ")), answer


main()
