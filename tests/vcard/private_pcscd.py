#!/usr/bin/env python3
"""Runs a pcscd that nobody else sees: with its own socket, and with two virtual readers on ports of
their own.  README.md in this folder tells why it is started so.

usage: private_pcscd.py DIRECTORY     becomes pcscd; DIRECTORY/pcscd.comm is the clients' socket,
                                      DIRECTORY/port the first reader's port, the other is the next
       private_pcscd.py --check       says why it cannot run here, or nothing

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import glob
import os
import random
import shutil
import socket
import subprocess
import sys

from parent_death import die_with_parent

PCSCD = "/usr/sbin/pcscd"
DRIVERS = "/usr/lib/pcsc/drivers"
VIRTUAL_READER = DRIVERS + "/serial/libifdvpcd.so"
RUN = "/run"
# Below the ports that the kernel gives to those that name none.
PORTS = range(20000, 32000, 2)


def namespace_command():
    """In front of a command: gives it mounts of its own."""
    options = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
    return ["unshare", *options, "--"]


def can_have_namespace():
    if not shutil.which("unshare"):
        return False
    command = [*namespace_command(), "mount", "-t", "tmpfs", "none", RUN]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def can_go_without():
    """pcscd makes /run/pcscd, and uses every USB reader that it finds a driver for."""
    if os.path.isdir("/dev/bus/usb") and glob.glob(DRIVERS + "/*.bundle"):
        return False
    return os.access(RUN + "/pcscd" if os.path.isdir(RUN + "/pcscd") else RUN, os.W_OK)


def reason_against():
    if not os.access(PCSCD, os.X_OK):
        return "pcscd is not installed"
    if not os.path.exists(VIRTUAL_READER):
        return "pcscd's virtual reader is not installed (Debian: vsmartcard-vpcd)"
    if not can_have_namespace() and not can_go_without():
        return "neither mount namespaces nor a writable /run: a private pcscd cannot be started"
    return None


def claim_ports():
    """A pair of free ports, and a lock that ends with the process, so that no other private pcscd
    takes them in the meantime."""
    for port in random.sample(PORTS, len(PORTS)):
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(f"\0ctlsign-vcard-{port}")
            for number in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("0.0.0.0", number))
            return port, lock
        except OSError:
            lock.close()
    sys.exit("no free ports")


def write_file(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def hide_the_system(directory):
    """In a namespace: an empty /run, so that the system's pcscd keeps its files, and no drivers, so
    that it keeps its readers."""
    empty = os.path.join(directory, "no-drivers")
    os.makedirs(empty, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", RUN], check=True)
    subprocess.run(["mount", "--bind", empty, DRIVERS], check=True)


def become_pcscd(directory, in_namespace):
    driver = shutil.copy(VIRTUAL_READER, directory)
    if in_namespace:
        hide_the_system(directory)
    port, lock = claim_ports()
    config = os.path.join(directory, "reader.conf.d")
    os.makedirs(config, exist_ok=True)
    write_file(
        os.path.join(config, "vpcd"),
        'FRIENDLYNAME "Virtual PCD"\n'
        f"DEVICENAME /dev/null:0x{port:X}\nLIBPATH {driver}\nCHANNELID 0x{port:X}\n",
    )
    # systemd's way to hand a socket over is the only way to give pcscd another one than its own.
    path = os.path.join(directory, "pcscd.comm")
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    lock = os.dup(lock.fileno())
    os.set_inheritable(lock, True)
    if listener.fileno() == 3:
        os.set_inheritable(3, True)
    else:
        os.dup2(listener.fileno(), 3)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    write_file(os.path.join(directory, "port"), f"{port}\n")
    die_with_parent()
    os.execv(PCSCD, [PCSCD, "--foreground", "--config", config])


def main(arguments):
    if arguments == ["--check"]:
        print(reason_against() or "", end="")
    elif len(arguments) == 1:
        if can_have_namespace():
            program = [*namespace_command(), sys.executable, os.path.abspath(__file__)]
            os.execvp(program[0], [*program, "--in-namespace", os.path.abspath(arguments[0])])
        become_pcscd(os.path.abspath(arguments[0]), False)
    elif len(arguments) == 2 and arguments[0] == "--in-namespace":
        become_pcscd(arguments[1], True)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
