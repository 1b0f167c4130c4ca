"""A Smart Card service that misbehaves: fake_pcscd.py SOCKET hang|drop|stale

hang takes connections and never answers, drop closes them at once, stale leaves its socket behind
and ends.  It ends with the process that started it.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import os
import socket
import sys

path, mode = sys.argv[1:]
parent = os.getppid()
listener = socket.socket(socket.AF_UNIX)
listener.bind(path + ".new")
if mode != "stale":
    listener.listen(8)
    listener.settimeout(1)
os.rename(path + ".new", path)
taken = []
while mode != "stale" and os.getppid() == parent:
    try:
        connection = listener.accept()[0]
    except TimeoutError:
        continue
    if mode == "drop":
        connection.close()
    else:
        taken.append(connection)
