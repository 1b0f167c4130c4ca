#!/usr/bin/python3
"""Benchmarks of the fleet: a CSV file of a million phones is imported, and asked what every phone
does with a CTL after 50 generations, beside sqlite3's own import of the same file.

usage: phones.py CTLSIGN [--phones N] [--generations N] [--rounds N]

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

from bench import goal, milliseconds, missed, quiet, seconds

MODELS = ["Cisco 7940", "Cisco 7960", "Cisco 7965", "Cisco 7841", "Cisco 7942", "Cisco 8811",
          "Cisco 8841", "Cisco 8845", "Cisco 8851", "Cisco 8861", "Cisco 8865", "Cisco 9971",
          "Cisco Unified Client Services Framework", "Cisco TelePresence SX20", "Cisco ATA 191"]
CONF = """cluster = "bench"
release = "12.5(1)"
domain = "lab.example"
export-controlled = yes
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, TVS}
  certificate = "pub.pem"
}
itlrecovery {
  certificate = "recovery.pem"
  key = "recovery.key"
}
callmanager { key = "pub.key" }
"""


def make_cluster(ctlsign, generations):
    """A tokenless cluster in the working directory; returns the MD5 of its generations."""
    for name in ("pub", "recovery"):
        quiet(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
               "-subj", f"/CN={name}/O=Lab", "-keyout", f"{name}.key", "-out", f"{name}.pem"])
        os.chmod(f"{name}.key", 0o600)
    with open("ctlsign.conf", "w", encoding="ascii") as file:
        file.write(CONF)
    for number in range(generations):
        change = ["update"] if number > 0 else ["set-cluster", "mixed-mode", "--tokenless"]
        quiet([ctlsign] + change + ["--yes"])
        quiet([ctlsign, "publish", "--by-hand", "--yes"])
    history = subprocess.run([ctlsign, "history", "--json"], check=True, capture_output=True)
    return [generation["md5"] for generation in json.loads(history.stdout)]


def write_fleet(path, phones, md5s, seed):
    """By name, as the site's tools export it: most phones are up to date."""
    chance = random.Random(seed)
    with open(path, "w", encoding="ascii") as file:
        file.write("Device Name,Description,Device Type,CTL MD5,ITL MD5\n")
        itls = [f"{chance.getrandbits(128):032X}" for _ in range(8)]
        for number in range(phones):
            held = md5s[-1] if chance.random() < 0.9 else chance.choice(md5s)
            if number % 100 == 0:
                held = "none"
            file.write(f"SEP001122{number:06X},Desk {number},{MODELS[number % len(MODELS)]},"
                       f"{held.upper()},{itls[number % len(itls)]}\n")


def peak(command):
    """Seconds and peak resident memory (MB) of a command, which may find phones locked out."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(command[0], command)
    start = time.perf_counter()
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 4):
        sys.exit(f"{command} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ctlsign")
    parser.add_argument("--phones", type=int, default=1000000)
    parser.add_argument("--generations", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    ctlsign = os.path.abspath(args.ctlsign)
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        os.environ["XDG_STATE_HOME"] = directory
        md5s = make_cluster(ctlsign, args.generations)
        write_fleet("fleet.csv", args.phones, md5s, 1)
        write_fleet("next.csv", args.phones, md5s, 2)
        first, memory = peak([ctlsign, "phones", "import", "fleet.csv", "--replace"])
        ours, theirs, checks = [], [], []
        # Every second import of this finds other content in the state than in the file.
        for number in range(2 * args.rounds):
            name = "next.csv" if number % 2 == 0 else "fleet.csv"
            took, used = peak([ctlsign, "phones", "import", name, "--seen", str(int(time.time()))])
            ours.append(took)
            memory = max(memory, used)
            theirs.append(seconds(["sqlite3", ":memory:", f".import --csv {name} fleet"]))
        memory_checks = 0
        for _ in range(args.rounds):
            took, used = peak([ctlsign, "phones", "check"])
            checks.append(took)
            memory_checks = max(memory_checks, used)
        shown, memory_show = peak([ctlsign, "phones", "show", "--json"])
        print(f"  phones import, first:   {first * 1e3:.0f} ms")
        print(f"  phones import, changes: {milliseconds(ours)}")
        print(f"  sqlite3 .import --csv:  {milliseconds(theirs)}")
        print(f"  phones check:           {milliseconds(checks)}")
        print(f"  phones show --json:     {shown * 1e3:.0f} ms, {memory_show:.0f} MB")
        goal("import of the first fleet", args.phones / first, 300000, " rows/s", at_least=True)
        goal("import with changes", args.phones / statistics.median(ours), 300000, " rows/s",
             at_least=True)
        goal("import / sqlite3's", statistics.median(ours) / statistics.median(theirs), 1.5)
        goal("memory of an import", memory, 200, " MB")
        goal("check", statistics.median(checks), 2, " s")
        goal("memory of a check", memory_checks, 200, " MB")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
