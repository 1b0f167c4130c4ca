#!/usr/bin/python3
"""Runs the reading commands over mangled copies of a trust list and judges how they end.

usage: mangle.py PROGRAM SAMPLE FOLDER cut|flip SEED COUNT

COUNT copies of SAMPLE in FOLDER are cut short (cut: at the first and last bytes, else at random) or
have one bit flipped (flip: anywhere).  None of them can verify.  Each must be refused with exit code
1 and one readable line, or be read with exit code 3; a signal, a sanitizer's report, an unknown
exit code, output that is no printable text, or ten seconds without an end are findings.  Findings
are printed; the exit code is 1 if there is one.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import concurrent.futures
import json
import os
import random
import subprocess
import sys

MALFORMED, NOT_VERIFIED = 1, 3
SANITIZER = ("Sanitizer", "runtime error:")
EDGE = 40


def cut(data, chance, count):
    """Lengths at both ends, and random ones between."""
    ends = list(range(EDGE)) + list(range(len(data) - EDGE, len(data)))
    between = chance.sample(range(EDGE, len(data) - EDGE), count - len(ends))
    for length in ends + between:
        yield f"cut-{length:05}", data[:length]


def flip(data, chance, count):
    """Half of the flips in the first third, where lengths and tags are dense."""
    bits = set()
    while len(bits) < count:
        end = len(data) // 3 if len(bits) % 2 else len(data)
        bits.add((chance.randrange(end), chance.randrange(8)))
    for offset, bit in sorted(bits):
        mangled = bytearray(data)
        mangled[offset] ^= 1 << bit
        yield f"flip-{offset:05}-{bit}", bytes(mangled)


def unprintable(text):
    return [c for c in text if c != "\n" and not c.isprintable() and c != "\u00a0"]


def judge(result, most_lines):
    """What is wrong with the end of one run."""
    try:
        out, err = result.stdout.decode(), result.stderr.decode()
    except UnicodeDecodeError as e:
        return f"no UTF-8: {e}"
    if any(word in out + err for word in SANITIZER):
        return f"a sanitizer's report: {err[:2000]}"
    if result.returncode not in (MALFORMED, NOT_VERIFIED):
        return f"exit code {result.returncode}: {err[:300]}"
    if unprintable(out + err):
        return f"control characters: {unprintable(out + err)}"
    lines = err.splitlines()
    if len(lines) > most_lines or any(not line.startswith("ctlsign: ") for line in lines):
        return f"not {most_lines} line of an error: {err[:300]}"
    if result.returncode == MALFORMED and (not lines or out):
        return f"refused, with {len(lines)} lines of an error and {len(out)} characters of output"
    return None


def run(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=10, check=False)


def check_one(program, sample, path):
    """All commands over one file; what is wrong, and whether it was read."""
    wrong = []
    codes = {}
    for words in ("show",), ("show", "--json"), ("lint",), ("diff", sample):
        command = [program, *words, path]
        try:
            result = run(command)
        except subprocess.TimeoutExpired:
            wrong.append((command, "does not end"))
            continue
        found = judge(result, 1)
        if found is None and "--json" in words and result.returncode != MALFORMED:
            try:
                if json.loads(result.stdout)["verified"]:
                    found = "shown as verified"
            except ValueError as e:
                found = f"no JSON: {e}"
        if found is not None:
            wrong.append((command, found))
        codes[words[0]] = result.returncode == MALFORMED
    if len(set(codes.values())) > 1:
        wrong.append(((path,), f"malformed for some commands only: {codes}"))
    return wrong, not any(codes.values())


def check_verify(program, paths):
    """All files in one run: each is named once, none verifies."""
    result = run([program, "verify", *paths])
    found = judge(result, len(paths) + 1)
    if found is not None:
        return [(("verify",), found)]
    lines = result.stderr.decode().splitlines()
    return [((path,), "verify does not fail it once") for path in paths
            if sum(line.startswith(f"ctlsign: {path}: ") for line in lines) != 1]


def main():
    program, sample, folder, way, seed, count = sys.argv[1:]
    with open(sample, "rb") as f:
        data = f.read()
    paths = []
    for name, mangled in {"cut": cut, "flip": flip}[way](data, random.Random(int(seed)), int(count)):
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "wb") as f:
            f.write(mangled)
    findings = check_verify(program, paths)
    n_read = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for wrong, was_read in pool.map(lambda path: check_one(program, sample, path), paths):
            findings += wrong
            n_read += was_read
    for command, found in findings:
        print(f"{' '.join(command)}: {found}")
    print(f"{len(paths)} files, {n_read} of them could be read, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
