#!/usr/bin/python3
"""A fleet of simulated phones: they fetch their CTL over TFTP, verify it, and accept or reject it by
the independent reading of the rules (tests/independent/phone.py).

    fleet.py DIR create N           N phones, of several models, without any CTL
    fleet.py DIR fetch --port PORT [--late PART] [--servers FILE] [--trust CERT]... [--no-tvs]
        Every phone asks for CTLSEP<MAC>.tlv, then for CTLFile.tlv.  --late K/N: one in N phones of
        every model is away, which ones depends on K; they come in a later call.  --servers: the CTL
        that the servers had before; --trust: certificates of Phone-SAST-trust (PEM).
        Prints "OUTCOME COUNT" lines; "away COUNT" for those that did not ask.
    fleet.py DIR csv                the site's list of phones, for ctlsign phones import
    fleet.py DIR locked-out         names of the phones that rejected what they were given last
    fleet.py DIR holding FILE       names of the phones that hold this CTL

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import argparse
import collections
import concurrent.futures
import csv
import hashlib
import json
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "independent"))

from cryptography.hazmat.primitives.serialization import Encoding  # noqa: E402

import ctlread  # noqa: E402
from phone import Family, Phone, read_ctl  # noqa: E402

ALL = frozenset((1, 2, 3))
# As sites' tools write the model: what it can do, whether it has an ITL, the checksum that it shows,
# and how many of ten phones are one.
MODELS = [
    ("Cisco 7940", Family(False, frozenset((1,)), 2048), False, "md5", 3),
    ("Cisco 8841", Family(True, ALL, 4096), True, "sha1", 4),
    ("Cisco 7965", Family(True, ALL, 2048), True, "md5", 2),
    ("Cisco 8811", Family(True, ALL, 4096), False, "sha1", 1),
]


# ---- TFTP (RFC 1350), as a phone does it --------------------------------------------------------


class NotFound(Exception):
    pass


class Broken(Exception):
    pass


def tftp_get(port, name):
    """A file's bytes, in octet mode."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        packet = b"\0\1" + name.encode() + b"\0octet\0"
        peer = ("127.0.0.1", port)
        data, block, tries = b"", 1, 0
        while True:
            sock.sendto(packet, peer)
            try:
                answer, sender = sock.recvfrom(1024)
            except socket.timeout:
                tries += 1
                if tries == 5:
                    raise Broken(f"{name}: no answer") from None
                continue
            kind = int.from_bytes(answer[:2], "big")
            number = int.from_bytes(answer[2:4], "big")
            if kind == 5:
                if number == 1:
                    raise NotFound(name)
                raise Broken(f"{name}: error {number}: {answer[4:-1].decode(errors='replace')}")
            if kind != 3:
                raise Broken(f"{name}: a packet of kind {kind}")
            if block == 1:
                peer = sender  # the transfer has a port of its own
            elif sender != peer:
                continue
            if number == block % 65536:
                data += answer[4:]
                packet = b"\0\4" + answer[2:4]
                block, tries = block + 1, 0
                if len(answer) < 516:
                    sock.sendto(packet, peer)
                    return data


def fetch_ctl(port, mac):
    """The first of the files that a phone asks for."""
    try:
        return tftp_get(port, f"CTLSEP{mac}.tlv")
    except NotFound:
        return tftp_get(port, "CTLFile.tlv")


# ---- the fleet ----------------------------------------------------------------------------------


class Fleet:
    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, "phones.json")
        self.read = {}

    def load(self):
        with open(self.path, encoding="utf-8") as file:
            self.phones = json.load(file)
        return self

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.phones, file, indent=0)
        os.replace(self.path + ".new", self.path)

    def keep(self, data):
        """A file that phones hold, under its checksum."""
        name = hashlib.sha256(data).hexdigest()
        path = os.path.join(self.directory, name)
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(data)
        return name

    def bytes_of(self, name):
        with open(os.path.join(self.directory, name), "rb") as file:
            return file.read()

    def ctl(self, name):
        if name is None:
            return None
        if name not in self.read:
            self.read[name] = read_ctl(self.bytes_of(name))
        return self.read[name]


def create(fleet, count):
    models = [model for model in MODELS for _ in range(model[4])]
    fleet.phones = []
    for number in range(count):
        model, _, itl, _, _ = models[number * 7 % len(models)]
        fleet.phones.append({"name": f"SEP{0x001122000000 + number * 4099:012X}", "model": model,
                             "itl": itl, "ctl": None, "rejected": None})
    os.makedirs(fleet.directory, exist_ok=True)
    fleet.save()


def fetch(fleet, args):
    """One round: they all ask, and each decides."""
    family_of = {model: family for model, family, *_ in MODELS}
    servers = None
    if args.servers:
        with open(args.servers, "rb") as file:
            servers = read_ctl(file.read())
    trust = {ctlread.load_certificate(path).public_bytes(Encoding.DER) for path in args.trust}
    away, every = (int(n) for n in args.late.split("/")) if args.late else (0, 0)
    here = [phone for number, phone in enumerate(fleet.phones)
            if not every or number // 10 % every != away]  # ten in a row are of all models
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda phone: fetch_ctl(args.port, phone["name"][3:]), here))
    count = collections.Counter(away=len(fleet.phones) - len(here))
    for entry, data in zip(here, files):
        name = fleet.keep(data)
        phone = Phone(family_of[entry["model"]], fleet.ctl(entry["ctl"]), entry["itl"])
        try:
            new = fleet.ctl(name)
            outcome = phone.offer(new, servers, trust, not args.no_tvs)[0]
        except ctlread.Malformed:
            outcome = "rejected"
        if outcome == "rejected":
            entry["rejected"] = name
        else:
            entry["ctl"], entry["rejected"] = name, None
        count[outcome] += 1
    fleet.save()
    for outcome in sorted(count):
        if count[outcome]:
            print(outcome, count[outcome])


def write_csv(fleet):
    """As a site's tool exports it: a phone shows MD5 or SHA-1, by its model."""
    digest_of = {model: digest for model, _, _, digest, _ in MODELS}
    out = csv.writer(sys.stdout)
    out.writerow(["Device Name", "Description", "Model", "CTL Checksum", "ITL Checksum"])
    for phone in fleet.phones:
        digest = digest_of[phone["model"]]
        ctl = itl = "none"
        if phone["ctl"] is not None:
            ctl = hashlib.new(digest, fleet.bytes_of(phone["ctl"])).hexdigest()
        if phone["itl"]:
            itl = hashlib.new(digest, b"this cluster's ITL").hexdigest()
        if digest == "sha1":
            ctl = ctl.upper() if ctl != "none" else ctl
        out.writerow([phone["name"], 'Desk, "north"', phone["model"], ctl, itl])


def main():
    parser = argparse.ArgumentParser(description="A fleet of simulated phones.")
    parser.add_argument("directory")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create").add_argument("count", type=int)
    fetching = commands.add_parser("fetch")
    fetching.add_argument("--port", type=int, required=True)
    fetching.add_argument("--late")
    fetching.add_argument("--servers")
    fetching.add_argument("--trust", action="append", default=[])
    fetching.add_argument("--no-tvs", action="store_true")
    commands.add_parser("csv")
    commands.add_parser("locked-out")
    commands.add_parser("holding").add_argument("file")
    args = parser.parse_args()
    fleet = Fleet(args.directory)
    if args.command == "create":
        create(fleet, args.count)
        return
    fleet.load()
    if args.command == "fetch":
        fetch(fleet, args)
    elif args.command == "csv":
        write_csv(fleet)
    elif args.command == "locked-out":
        for phone in fleet.phones:
            if phone["rejected"] is not None:
                print(phone["name"])
    else:
        with open(args.file, "rb") as file:
            wanted = hashlib.sha256(file.read()).hexdigest()
        for phone in fleet.phones:
            if phone["ctl"] == wanted:
                print(phone["name"])


if __name__ == "__main__":
    main()
