# What the suites of migrations share: a fleet by generations, a step that is made, one that waits.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154  # output and stderr are set by bats' run

# fleet LINE...: NAME,MODEL,GENERATION becomes the fleet; the model's phones hold an ITL.
fleet() {
  local line name model generation
  echo "Device Name,Model,CTL,ITL" >fleet.csv
  for line; do
    IFS=, read -r name model generation <<<"$line"
    echo "$name,$model,$(sha1_of "$generation"),00112233445566778899aabbccddeeff" >>fleet.csv
  done
  ctlsign phones import fleet.csv --replace
  assert_success
}

sha1_of() { # GENERATION
  "$CTLSIGN" history --json | jq -r ".[] | select(.number == $1).sha1"
}

# next ARG...: a step that is signed, and carried to the servers.
next() {
  NOW=$((NOW + 1))
  ctlsign migrate next --yes --timestamp "$NOW" "${PIN_FILE[@]}" "$@"
  assert_success && carried
}

# waits CODE REGEXP ARG...: migrate next signs nothing, and its last line says why.
waits() {
  local code=$1 pattern=$2 before
  shift 2
  before=$("$CTLSIGN" history --json)
  ctlsign migrate next --yes "${PIN_FILE[@]}" "$@"
  assert_failure "$code"
  [[ $(tail -n 1 <<<"$stderr") =~ $pattern ]] || { show_run; fail "not told: $pattern"; }
  assert_equal "$("$CTLSIGN" history --json)" "$before"
}

serial_of() { # N: of token N's certificate
  openssl x509 -in "$K/sast$1.pem" -noout -serial | cut -d = -f 2
}

sha256_of() { # FILE
  openssl x509 -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1
}
