"""What a client still gets that was taken off the list: python3 taken_off.py WAY PORT CERT KEY

Asks, prints "ready", and waits for the file "changed".  WAY is the method that it then asks with
first, before others with GET and PUT; or "together": CONNECT and the others in one piece.  Fails if
anything but 403 is answered, or if the connection goes on.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import os
import re
import socket
import ssl
import sys
import time

GET = b"GET /v1/mode HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = (b"PUT /v1/mode HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
       b"Content-Length: 11\r\n\r\n{\"mode\": 1}")


def first(way):
    target = b"x:1" if way == "CONNECT" else b"/v1/mode"
    return way.encode() + b" " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"


def main():
    way, port, certificate, key = sys.argv[1:]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)), 20))
    connection.sendall(GET)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    print("ready", flush=True)
    while not os.path.exists("changed"):
        time.sleep(0.05)
    answers = b""
    pieces = [first("CONNECT") + PUT + GET] if way == "together" else [first(way), PUT, GET]
    ended = False
    for piece in pieces:
        try:
            connection.sendall(piece)
            answer = connection.recv(4096)
            answers += answer
            # A body may come behind its headers.
            while answer and (way == "together" or b"}" not in answer):
                answer = connection.recv(4096)
                answers += answer
            ended = ended or answer == b""
        except OSError as error:
            assert not isinstance(error, socket.timeout), answers
            ended = True
    codes = re.findall(rb"HTTP/1.1 (\d+)", answers)
    assert codes and set(codes) == {b"403"}, answers
    assert ended and (way == "together" or len(codes) == 1), answers


main()
