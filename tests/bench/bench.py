#!/usr/bin/python3
"""Benchmarks of ctlsign, each against a yardstick measured side by side in the same run.

Runs of the two sides alternate, so that a busy machine hurts both alike; what counts is the
smallest and the median of each side.  Prints one line a goal and fails when one is missed.

usage: bench.py CTLSIGN MAKE_LISTS BARE_VERIFY [--files N] [--rounds N]

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import largest_cluster

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
missed = []


def quiet(command, **kwargs):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **kwargs)


def seconds(command):
    start = time.perf_counter()
    quiet(command)
    return time.perf_counter() - start


def alternate(rounds, *sides):
    """Runs the sides (functions that return seconds) in turn; a list of times for each."""
    times = [[] for _ in sides]
    for side in sides:
        side()
    for _ in range(rounds):
        for number, side in enumerate(sides):
            times[number].append(side())
    return times


def goal(name, value, limit, unit="", at_least=False):
    met = value >= limit if at_least else value <= limit
    word = "at least" if at_least else "at most"
    print(f"{'ok  ' if met else 'MISS'} {name}: {value:.2f}{unit} ({word} {limit}{unit})",
          flush=True)
    if not met:
        missed.append(name)


def milliseconds(times):
    return f"median {statistics.median(times) * 1e3:.2f} ms, best {min(times) * 1e3:.2f} ms"


def make_token(directory):
    """A SoftHSM token with one RSA-2048 key; returns the certificate's path."""
    os.makedirs(f"{directory}/tokens")
    conf = f"{directory}/softhsm2.conf"
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"directories.tokendir = {directory}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = conf
    with open(f"{directory}/pin", "w", encoding="ascii") as file:
        file.write("1234\n")
    os.chmod(f"{directory}/pin", 0o600)
    quiet(["softhsm2-util", "--init-token", "--free", "--label", "bench", "--so-pin", "12345678",
           "--pin", "1234"])
    key, cert = f"{directory}/key.pem", f"{directory}/sast.pem"
    quiet(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=SAST",
           "-days", "365", "-keyout", key, "-out", cert])
    quiet(["openssl", "pkey", "-in", key, "-outform", "DER", "-out", key + ".der"])
    quiet(["openssl", "x509", "-in", cert, "-outform", "DER", "-out", cert + ".der"])
    tool = ["pkcs11-tool", "--module", SOFTHSM, "--token-label", "bench", "--login", "--pin",
            "1234", "--id", "01", "--write-object"]
    quiet(tool + [key + ".der", "--type", "privkey"])
    quiet(tool + [cert + ".der", "--type", "cert"])
    return cert


def bench_token(ctlsign, directory, rounds):
    cert = make_token(directory)
    with open(f"{directory}/data", "wb") as file:
        file.write(b"data to sign")
    entries = []
    for number in range(9):
        node = f"{directory}/node{number}.pem"
        quiet(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null",
               "-subj", f"/CN=node{number}", "-days", "365", "-out", node])
        entries += ["--sast" if number == 0 else "--ccm-tftp", f"{node},dns=node{number}"]
    build = [ctlsign, "build", "-o", f"{directory}/out.tlv", "--force", "--module", SOFTHSM,
             "--pin-file", f"{directory}/pin", "--sign-with", "pkcs11:token=bench",
             "--sast", cert] + entries
    sign = ["pkcs11-tool", "--module", SOFTHSM, "--token-label", "bench", "--login", "--pin",
            "1234", "--sign", "--id", "01", "-m", "SHA512-RSA-PKCS", "-i", f"{directory}/data",
            "-o", f"{directory}/sig"]
    ours, theirs = alternate(rounds, lambda: seconds(build), lambda: seconds(sign))
    print(f"  ctlsign build, 10 records: {milliseconds(ours)}")
    print(f"  pkcs11-tool --sign:        {milliseconds(theirs)}")
    goal("build / pkcs11-tool --sign", statistics.median(ours) / statistics.median(theirs), 1.0)
    listing, slots = alternate(rounds,
                               lambda: seconds([ctlsign, "token", "list", "--module", SOFTHSM]),
                               lambda: seconds(["pkcs11-tool", "--module", SOFTHSM, "-L"]))
    print(f"  ctlsign token list:        {milliseconds(listing)}")
    print(f"  pkcs11-tool -L:            {milliseconds(slots)}")
    goal("token list / pkcs11-tool -L", statistics.median(listing) / statistics.median(slots), 1.0)
    show, verify = alternate(rounds,
                             lambda: seconds([ctlsign, "show", f"{directory}/out.tlv"]),
                             lambda: seconds([ctlsign, "verify", f"{directory}/out.tlv"]))
    goal("show of one file", statistics.median(show) * 1e3, 10, " ms")
    goal("verify of one file", statistics.median(verify) * 1e3, 10, " ms")


def peak_memory(command):
    """Peak resident memory (KiB) of a command, in a child of its own so that peaks do not mix."""
    pid = os.fork()
    if pid == 0:
        quiet(command)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        with open(os.environ["BENCH_PEAK"], "w", encoding="ascii") as file:
            file.write(str(peak))
        os._exit(0)
    os.waitpid(pid, 0)
    with open(os.environ["BENCH_PEAK"], encoding="ascii") as file:
        return int(file.read())


def bench_verify(args, directory, rounds):
    many, few = f"{directory}/many", f"{directory}/few"
    os.makedirs(many)
    os.makedirs(few)
    quiet([args.make_lists, many, str(args.files)])
    quiet([args.make_lists, few, str(max(1, args.files // 100))])

    def bare():
        return float(subprocess.run([args.bare_verify, many], check=True, capture_output=True,
                                    text=True).stdout)

    def verify(jobs):
        return lambda: seconds([args.ctlsign, "verify", "--jobs", str(jobs), many])

    baseline, one, two = alternate(rounds, bare, verify(1), verify(2))
    print(f"  libcrypto alone, {args.files} files: {milliseconds(baseline)}")
    print(f"  ctlsign verify --jobs 1:        {milliseconds(one)}")
    print(f"  ctlsign verify --jobs 2:        {milliseconds(two)}")
    goal("verify, one thread / libcrypto alone",
         statistics.median(one) / statistics.median(baseline), 1.3)
    if (os.cpu_count() or 1) >= 2:
        goal("verify, one thread / two threads", statistics.median(one) / statistics.median(two),
             1.8, at_least=True)
    os.environ["BENCH_PEAK"] = f"{directory}/peak"
    small = peak_memory([args.ctlsign, "verify", few])
    large = peak_memory([args.ctlsign, "verify", many])
    print(f"  peak memory: {small} KiB for {max(1, args.files // 100)} files, "
          f"{large} KiB for {args.files}")
    goal("memory, 100 times the files", large / small, 1.1)


def bench_cluster(ctlsign, directory, rounds):
    """The largest cluster: its status, and taking it over and updating it against a build."""
    os.makedirs(directory)
    entries = largest_cluster.make(directory)
    os.chdir(directory)
    carried = [ctlsign, "publish", "--by-hand", "--yes"]
    quiet([ctlsign, "set-cluster", "mixed-mode", "--tokenless", "--yes"])
    quiet(carried)
    build = [ctlsign, "build", "-o", "built.tlv", "--force", "--sign-with", "pub.key",
             "--sast", "pub.pem", "--sast", "recovery.pem"] + entries

    def take_over():
        shutil.rmtree("taken", ignore_errors=True)
        os.makedirs("taken")
        return seconds([ctlsign, "init", "--from", "built.tlv", "--config", "taken/ctlsign.conf"])

    def update():
        taken = seconds([ctlsign, "update", "--yes"])
        quiet(carried)
        return taken

    status, update, taken, built = alternate(
        rounds, lambda: seconds([ctlsign, "status"]), update, take_over, lambda: seconds(build))
    print(f"  ctlsign build, 52 records: {milliseconds(built)}")
    print(f"  ctlsign update:            {milliseconds(update)}")
    print(f"  ctlsign init --from:       {milliseconds(taken)}")
    goal("status of the largest cluster", statistics.median(status) * 1e3, 50, " ms")
    goal("update / build", statistics.median(update) / statistics.median(built), 3.0)
    goal("init --from / build", statistics.median(taken) / statistics.median(built), 3.0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ctlsign")
    parser.add_argument("make_lists")
    parser.add_argument("bare_verify")
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    args.ctlsign, args.make_lists, args.bare_verify = map(
        os.path.abspath, (args.ctlsign, args.make_lists, args.bare_verify))
    # In memory where that can be had: ctlsign build flushes its file to the disk and pkcs11-tool
    # does not, and a disk's time would say nothing of either program.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    directory = tempfile.mkdtemp(prefix="ctlsign-bench.", dir=memory)
    try:
        bench_token(args.ctlsign, f"{directory}/token", args.rounds * 4)
        bench_cluster(args.ctlsign, f"{directory}/cluster", args.rounds)
        bench_verify(args, directory, args.rounds)
    finally:
        shutil.rmtree(directory)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
