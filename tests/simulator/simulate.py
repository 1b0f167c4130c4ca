#!/usr/bin/python3
"""Moves random fleets and migrations through the phone model and the planner, and compares what
they say with an independent reading of the rules (tests/independent/phone.py):

- nothing predicted safe is ever locked out;
- nothing is called unsafe that is safe, where everything is known;
- "unknown" is only said when the answer depends on what is hidden;
- every step of a plan is accepted by every phone, those that come late included, and both anchors
  never change in one step;
- plans are as short as an exhaustive search finds on small cases.

    simulate.py --driver DRIVER [--runs N] [--seed N] [--break RULE]
    simulate.py --driver DRIVER --case FILE      one case, as a failure printed it

Every run has its own seed, so that a failure is run again alone: --seed N --runs 1.

Exit codes: 0 nothing was wrong; 1 something was; 2 wrong usage, or the driver died.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import argparse
import collections
import json
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # nothing is left in the tree
sys.path[:0] = [HERE, os.path.join(HERE, "..", "independent")]

import judging  # noqa: E402
import planning  # noqa: E402

# What so many runs have to have met, or they have not proved much.
MUST_MEET_RUNS = 500
MUST_MEET = ["verdict first", "verdict unchanged", "verdict sast", "verdict tvs",
             "verdict rejected size", "verdict rejected digest", "verdict rejected key",
             "verdict rejected signature", "verdict rejected no-sbd", "verdict rejected no-itl",
             "verdict rejected no-tvs", "verdict rejected not-vouched",
             "verdict unknown which-ctl", "verdict unknown which-family",
             "verdict unknown which-itl", "verdict unknown firmware",
             "verdict unknown largest-key", "plan of 0 steps", "plan of 1 steps",
             "plan of 2 steps", "no plan, visits and 0 steps",
             "no plan, visits and 1 steps", "plan that changes both anchors"]


class Driver:
    def __init__(self, path, broken):
        arguments = [path] + ([f"--break={broken}"] if broken else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def ask(self, question):
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            print("simulate: the driver died of this question:", file=sys.stderr)
            print(json.dumps(question), file=sys.stderr)
            sys.exit(2)
        return json.loads(answer)

    def close(self):
        """Its exit code: leaks are told at the end."""
        self.process.stdin.close()
        return self.process.wait()


def wrong_with(driver, kind, case):
    """A text, or None."""
    if kind == "judge":
        wrong = judging.check(case, driver.ask({"judge": case}))
        return wrong[0][1] if wrong else None
    return planning.ask(random.Random(1), driver, case)[0]


def shrink(driver, kind, case):
    """The smallest case that is still wrong, by leaving out one thing after the other."""
    smaller = {"judge": judging.smaller, "plan": planning.smaller}[kind]
    deadline = time.monotonic() + 30
    again = True
    while again and time.monotonic() < deadline:
        again = False
        for less in smaller(case):
            if wrong_with(driver, kind, less):
                case, again = less, True
                break
    return case


def tell(driver, kind, case, runs):
    small = shrink(driver, kind, case)
    print(f"WRONG: {wrong_with(driver, kind, small)}")
    if kind == "plan":
        print(planning.explain(small, driver.ask({"plan": small})))
    else:
        print("verdicts:", driver.ask({"judge": small}))
    print("the smallest case that was found, for --case FILE:")
    print(json.dumps({kind: small}))
    print(f"the whole run again: simulate.py {runs}")


def simulate(driver, seed, runs):
    count = collections.Counter()
    for number in range(seed, seed + runs):
        for kind, half in (("judge", judging), ("plan", planning)):
            found = half.run(random.Random(f"{kind} {number}"), driver, count)
            if found is not None:
                tell(driver, kind, found[0], f"--seed {number} --runs 1")
                return False
    for what in sorted(count):
        print(f"{count[what]:9} {what}")
    missing = [what for what in MUST_MEET if not count[what]]
    if runs >= MUST_MEET_RUNS and missing:
        print("WRONG: never met:", ", ".join(missing))
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Random fleets against an independent reading.")
    parser.add_argument("--driver", default=os.environ.get("CTLSIGN_TEST_SIMULATOR"))
    parser.add_argument("--runs", type=int,
                        default=int(os.environ.get("CTLSIGN_SIMULATOR_RUNS", "2000")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", help="a file with one case, as a failure prints it")
    parser.add_argument("--break", dest="broken", help="the driver breaks this rule on purpose")
    args = parser.parse_args()
    if not args.driver:
        parser.error("where is the driver?")
    driver = Driver(args.driver, args.broken)
    if args.case:
        with open(args.case, encoding="utf-8") as file:
            [(kind, case)] = json.load(file).items()
        text = wrong_with(driver, kind, case)
        print(f"WRONG: {text}" if text else "right")
        good = not text
    else:
        print(f"seed {args.seed}, {args.runs} runs")
        good = simulate(driver, args.seed, args.runs)
    if driver.close() != 0:
        print("WRONG: the driver did not end well", file=sys.stderr)
        sys.exit(2)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
