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
  assert_line '  what    disables SIP OAuth mode'
  # Each is a run of its own.
  assert_equal "$(grep -c '^  what    enables SIP OAuth mode' <<<"$output")" 2
  refute_line --regexp '^  (key|digest) '
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
  assert_json '.[0].generation' 0
  assert_json '.[0].subject | test("^setting ")' true
  assert_json '.[0].seal | test("^[0-9a-f]{64}$")' true
  assert_json '.[0].seal == .[2].seal and .[0].seal != .[1].seal' true
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
  assert_line --regexp '^  digest  SHA-512 [0-9a-f]{12}$'
  refute_line --regexp '^  signed '
  refute_output --regexp 'SHA-512 [0-9a-f]{13}'
  assert_line --regexp '^Entry 1, .*, generation 1: started$'
  assert_line --regexp '^Entry 2, .*, generation 1: signed and verified$'
  assert_line --regexp '^Entry 3, .*, generation 1: written to the CTL file of this machine$'
  assert_line --regexp '^Entry [0-9]+, .*publish --by-hand, generation 1: done: carried by hand$'
  # These are three entries of the same words; the other two are of the delivery.
  assert_equal "$(grep -c '^  what    generation 1: ' <<<"$output")" 3
  assert_equal "$(grep -c '^  what    generation 1: adds ' <<<"$output")" 1
}

# entries ROW...: "NUMBER GENERATION OUTCOME WHAT" each, in one log behind the three.
entries() {
  local row number generation outcome what rows=''
  for row; do
    read -r number generation outcome what <<<"$row"
    rows+="${rows:+, }($number, 1700000000, $generation, 'me', 'update', '$what', '', 'SHA-512 00', "
    rows+="'$outcome', '', '', '$(printf '%064d' 0)', '$(printf '%064d' 0)')"
  done
  state_sql "insert into audit values $rows"
}

@test "audit show: each run tells what it does, even when it fails like the one before" {
  three_entries
  entries '4 0 started generation 2: adds' '5 0 failed generation 2: adds' \
    '6 0 started generation 2: adds' '7 2 signed generation 2: adds' '8 2 done generation 2: adds' \
    '9 0 started generation 3: adds' '10 0 refused another' '11 0 failed generation 3: adds' \
    '12 3 done generation 3: adds'
  ctlsign audit show
  assert_success
  local shown
  shown=$(sed -n 's/^Entry \([0-9]*\), .* UTC, update\(.*\)/\1\2/p; s/^  what    /  /p' <<<"$output" |
    tail -n +4)
  assert_equal "$shown" "4, generation 2: started
  generation 2: adds
5, generation 2: failed
6, generation 2: started
  generation 2: adds
7, generation 2: signed
8, generation 2: done
9, generation 3: started
  generation 3: adds
10: refused
  another
11, generation 3: failed
  generation 3: adds
12, generation 3: done
  generation 3: adds"
}

@test "audit: without an inventory it is told how to get one" {
  rm ctlsign.conf
  local command
  for command in show verify; do
    ctlsign audit "$command"
    assert_failure 1
    assert_one_line_error 'make one with: ctlsign init'
  done
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

@test "audit verify: a setting that was changed behind the log" {
  tampered "update setting set value = 'x'" 'setting "[a-z-]+": .*entry 3'
}

@test "audit verify: a setting that is gone" {
  tampered "delete from setting" 'entry 3: .*gone'
}

@test "audit verify: a certificate that nobody trusted" {
  tampered "insert into trusted (certificate, added, note) values (x'63', 1, '')" \
    "trusted certificate $(printf c | sha256sum | cut -d ' ' -f 1): no entry"
}

@test "audit verify: a generation that is told to be of another mode, or of another key" {
  local column
  first_ctl
  ctlsign audit verify
  assert_success
  cp state.db kept.db
  for column in "mode = 0" "signer_serial = '01'" "origins = 'TTTT'" "state = 2"; do
    cp kept.db state.db
    state_sql "update generation set $column"
    ctlsign audit verify
    assert_failure 3
    assert_one_line_error 'generation 1: it was changed'
  done
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
