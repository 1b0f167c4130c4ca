#!/usr/bin/env bats
# Random fleets and migrations against an independent reading of the rules; and that it would find a
# broken rule.
#
# CTLSIGN_TEST_SIMULATOR is the driver, CTLSIGN_SIMULATOR_RUNS how many runs (2000).
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load ../lib/assertions

setup() {
  PYTHON=${CTLSIGN_PYTHON:-python3}
  DRIVER=${CTLSIGN_TEST_SIMULATOR:?is the driver that the build makes}
  "$PYTHON" -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
}

simulate() {
  run_split "$PYTHON" "$BATS_TEST_DIRNAME/simulate.py" --driver "$DRIVER" "$@"
}

# assert_finds RULE TEXT: with this rule broken it is not long until TEXT is said, with a case to
# run again.
assert_finds() {
  simulate --runs 2000 --break "$1"
  [[ $status -eq 1 ]] || {
    printf 'broken %s was not found: %s\n' "$1" "$output" >&2
    return 1
  }
  [[ $output == *"WRONG: "*$2* ]] || {
    printf 'broken %s was found as: %s\n' "$1" "$output" >&2
    return 1
  }
  sed -n '/--case FILE/{n;p;}' <<<"$output" >case
  simulate --case case --break "$1"
  [[ $status -eq 1 && $output == "WRONG: "*$2* ]]
  # And without the break it is right.
  simulate --case case
  [[ $status -eq 0 && $output == right ]]
}

@test "nothing predicted safe is locked out, nothing safe is called unsafe, plans are the shortest" {
  simulate
  printf '%s\n' "$output" >&3
  assert_success
}

@test "it finds a phone model that is wrong" {
  cd "$BATS_TEST_TMPDIR"
  assert_finds tvs "called "
  assert_finds limits "may be rejected"
  assert_finds key "called sast"
  assert_finds unknown "called unknown"
  assert_finds reason "rejected because of 'no-sbd'"
}

@test "it finds a planner that is wrong" {
  cd "$BATS_TEST_TMPDIR"
  assert_finds anchors "both anchors in one step"
  assert_finds longer "are enough"
  assert_finds none "there is no plan, it says"
  assert_finds visit "are to be visited"
}

@test "a run is the same again, and a failure names the run" {
  simulate --seed 77 --runs 20
  first=$output
  simulate --seed 77 --runs 20
  assert_success
  assert_equal "$output" "$first"
  assert_equal "${output%%$'\n'*}" "seed 77, 20 runs"
  simulate --seed 1 --runs 2000 --break anchors
  again=$(sed -n 's/^the whole run again: simulate.py //p' <<<"$output")
  # shellcheck disable=SC2086  # two options
  simulate $again --break anchors
  assert_equal "$status" 1
  # shellcheck disable=SC2086
  simulate $again
  assert_success
}
