#!/usr/bin/env bats
# ctlsign audit show and audit verify.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load cluster

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup
}

# Three entries without a key, which no other command has to work for.
three_entries() {
  local word
  for word in enable disable enable; do
    ctlsign sip-oauth "$word"
    assert_success
  done
}

@test "audit: without a state file there is no log to vouch for" {
  ctlsign audit verify
  assert_failure 1
  assert_one_line_error 'state\.db'
  ctlsign audit show
  assert_failure 1
  assert_one_line_error 'state\.db'
  refute_file state.db
}

@test "audit show: newest last, with who and what" {
  three_entries
  ctlsign audit show
  assert_success
  refute_stderr
  assert_equal "$(grep -c '^Entry ' <<<"$output")" 3
  assert_line --regexp '^Entry 1, 20.* UTC, sip-oauth enable: done$'
  assert_line --regexp '^Entry 2, 20.* UTC, sip-oauth disable: done$'
  assert_line --regexp "^  who     .*uid $(id -u)"
  assert_line '  what    enables SIP OAuth mode'
  assert_line '  what    disables SIP OAuth mode'
  refute_line --regexp '^  (key|signed) '
  assert_equal "$(grep '^Entry ' <<<"$output" | tail -n 1 | cut -d ' ' -f 2)" 3,
}

@test "audit show --json: fields, and a chain of hashes" {
  three_entries
  ctlsign audit show --json
  assert_success
  assert_json length 3
  assert_json '.[0].number' 1
  assert_json '.[0].act' 'sip-oauth enable'
  assert_json '.[1].act' 'sip-oauth disable'
  assert_json '.[0].outcome' 'done'
  assert_json '.[0].signer' ''
  assert_json '.[0].before' "$(printf '%064d' 0)"
  assert_json '.[1].before == .[0].hash' true
  assert_json '.[2].before == .[1].hash' true
  assert_json '.[2].hash | test("^[0-9a-f]{64}$")' true
}

@test "audit show: a key that signed, and what" {
  first_ctl
  ctlsign audit show --json
  assert_success
  assert_json '[.[] | select(.signer | contains("callmanager.key"))] | length > 0' true
  assert_json '[.[] | select(.digest | test("^SHA-512 [0-9a-f]{128}$"))] | length > 0' true
  ctlsign audit show
  assert_success
  assert_line --regexp '^  key     .*callmanager\.key'
  assert_line --regexp '^  signed  SHA-512 [0-9a-f]{12}$'
  refute_output --regexp 'SHA-512 [0-9a-f]{13}'
  # Started, signed and done are three entries of the same words.
  assert_equal "$(grep -c '^  what    generation 1: ' <<<"$output")" 1
}

@test "audit verify: whole: how many, and the last hash" {
  three_entries
  ctlsign audit show --json
  local last
  last=$(jq -r '.[2].hash' <<<"$output")
  ctlsign audit verify
  assert_success
  refute_stderr
  assert_line 'The audit log is whole: 3 entries.'
  assert_line "Hash of the last: $last"
  assert_output --partial 'Write it down'
  ctlsign audit verify --json
  assert_success
  assert_json .whole true
  assert_json .entries 3
  assert_json .last "$last"
}

@test "audit verify --head: a hash that was written down" {
  three_entries
  ctlsign audit show --json
  local old
  old=$(jq -r '.[0].hash' <<<"$output")
  ctlsign audit verify --head "$old"
  assert_success
  ctlsign audit verify --head "${old^^}"
  assert_success
  ctlsign audit verify --head "$(printf '%064d' 7)"
  assert_failure 3
  assert_one_line_error
}

# tampered SQL PLACE: the change is found, at the place.
tampered() {
  three_entries
  state_sql "$1"
  ctlsign audit verify
  assert_failure 3
  assert_one_line_error "$2"
  ctlsign audit verify --json
  assert_failure 3
  assert_json .whole false
  assert_json '.where + .reason | length > 0' true
}

@test "audit verify: a changed entry" {
  tampered "update audit set who = 'nobody' where number = 2" 'entry 2'
}

@test "audit verify: an entry in the middle taken out" {
  tampered "delete from audit where number = 2" 'entry [23]'
}

@test "audit verify: the end cut off" {
  tampered "delete from audit where number = 3" 'entry [23]|end'
}

@test "audit show: a log with control characters in it does not reach the terminal" {
  three_entries
  state_sql "update audit set what = char(27) || '[2J' where number = 2"
  ctlsign audit show
  assert_success
  refute_output --partial $'\e'
  assert_output --partial '\x1B[2J'
}

@test "audit: usage" {
  refused 2 "unexpected argument 'x'" audit show x
  refused 2 '--head takes 64 hexadecimal digits' audit verify --head 12
  refused 2 "needs a second word" audit
}
