#!/usr/bin/env bats
# ctlsign explain: what phones say.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures

setup_file() {
  commands_setup_file
}

setup() {
  commands_setup
}

@test "explain: a message, in one word or several" {
  ctlsign explain Trust List update failed
  assert_success
  refute_stderr
  assert_line 'Trust List update failed'
  assert_line 'Why'
  assert_line 'What to do'
  assert_output --partial 'ctlsign phones check'
  local several=$output
  ctlsign explain 'Trust List update failed'
  assert_equal "$output" "$several"
  ctlsign explain '12:03:11a  trust list UPDATE FAILED'
  assert_equal "$output" "$several"
}

@test "explain: a code of the alarm" {
  ctlsign explain DeviceTLInfo 9
  assert_success
  assert_line 'DeviceTLInfo 9'
  local spaced=$output
  ctlsign explain DeviceTLInfo=9
  assert_equal "$output" "$spaced"
  ctlsign explain 9
  assert_equal "$output" "$spaced"
}

@test "explain: JSON of one" {
  ctlsign explain --json 9
  assert_success
  assert_json .code 9
  assert_json .text null
  assert_json '.causes | length' 3
  assert_json '.todo | length > 0' true
  ctlsign explain --json CTL installed
  assert_json .text 'CTL installed'
  assert_json .code null
  assert_json '.causes | length' 0
  assert_json '.todo | length' 2
}

@test "explain: all, with each one that the guides name" {
  ctlsign explain
  assert_success
  refute_stderr
  local text
  for text in 'CTL installed' 'ITL installed' 'CTL and ITL installed' 'Trust List updated' \
    'Trust List update failed' 'CTL update failed' 'No Trust List installed' \
    'File Not Found <CTLFile.tlv>' 'DeviceTLInfo '{1..9}; do
    assert_output --partial "$text"
  done
  ctlsign explain --json
  assert_json length 19
  assert_json '[.[].code | numbers] | join(" ")' '1 2 3 4 5 6 7 8 9'
  assert_json '[.[] | select(.means == "" or (.todo | length) == 0)] | length' 0
}

@test "explain: what is not known is refused" {
  refused 1 "^ctlsign: no status is known that says 'Phone is purple'; see those that are: ctlsign explain$" \
    explain Phone is purple
  refused 1 "says '10';" explain 10
  refused 1 "says '';" explain ''
  refused 1 'says .a\\x1Bb.;' explain $'a\eb'
  refused 2 "unknown option '--jsno'" explain --jsno 9
}

@test "explain: commands that it names are there" {
  local word words
  ctlsign explain --json
  for word in $(jq -r '.[].todo[]' <<<"$output" | grep -o 'ctlsign [a-z]*\( check\| families\)\{0,1\}' |
    sed 's/ctlsign //; s/ /_/' | sort -u); do
    IFS=_ read -ra words <<<"$word"
    ctlsign "${words[@]}" --help
    assert_success
  done
}
