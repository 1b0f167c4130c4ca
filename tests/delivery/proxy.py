#!/usr/bin/python3
"""A connection between two programs that misbehaves: it is cut, stands still, or crawls.

usage: proxy.py LISTEN-PORT TARGET-PORT CONTROL-FILE

The control file is read for each new connection and has one line:
  pass          nothing happens
  cut N         reset in both directions once N octets came from the client
  answer N      the same once N octets came from the server
  hold N        from then on nothing is forwarded, and nobody hears of it
  slow N        N octets a second in each direction
  once cut N    the first connection that gets this far is cut, the others pass

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import socket
import struct
import sys
import threading
import time


class Pair:
    """A client's connection and ours to the server, and what happens to them."""

    def __init__(self, client, server, words, control):
        self.sides = (client, server)
        self.control = control
        self.once = words[0] == "once"
        if self.once:
            words = words[1:]
        self.what = words[0]
        self.limit = int(words[1]) if len(words) > 1 else 0
        self.held = False

    def end(self):
        """Resets both, so that nobody takes it for an end of the data."""
        if self.once:
            with open(self.control, "w", encoding="ascii") as file:
                file.write("pass\n")
        for side in self.sides:
            try:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            side.close()

    def forward(self, source, sink, from_client):
        seen = 0
        watched = (self.what in ("cut", "hold")) == from_client and self.what in (
            "cut", "hold", "answer")
        try:
            while True:
                size = max(1, self.limit // 10) if self.what == "slow" else 16384
                if watched and not self.held:
                    size = min(size, max(1, self.limit - seen))
                data = source.recv(size)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                seen += len(data)
                if not self.held:
                    sink.sendall(data)
                if self.what == "slow":
                    time.sleep(len(data) / self.limit)
                if watched and seen >= self.limit:
                    if self.what == "hold":
                        self.held = True
                    else:
                        self.end()
                        return
        except OSError:
            for side in self.sides:
                try:
                    side.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def main():
    port, target, control = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    listener = socket.create_server(("127.0.0.1", port), backlog=200)
    while True:
        client, _ = listener.accept()
        with open(control, encoding="ascii") as file:
            words = file.read().split()
        try:
            server = socket.create_connection(("127.0.0.1", target))
        except OSError:
            client.close()
            continue
        pair = Pair(client, server, words, control)
        for source, sink, from_client in ((client, server, True), (server, client, False)):
            threading.Thread(target=pair.forward, args=(source, sink, from_client),
                             daemon=True).start()


if __name__ == "__main__":
    main()
