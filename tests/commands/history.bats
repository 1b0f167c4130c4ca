#!/usr/bin/env bats
# ctlsign history and ctlsign export: the generations of the CTL.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load cluster
load ../lib/tty

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup
}

teardown() {
  tty_stop
}

# Generation 1 is kept in first.tlv, 2 is in use.
two_generations() {
  first_ctl
  cp CTLFile.tlv first.tlv
  new_certificate sub1
  next_ctl
}

@test "history: nothing yet" {
  ctlsign history
  assert_success
  assert_output 'There is no generation yet.'
  ctlsign history --json
  assert_success
  assert_json length 0
}

@test "history: a line a generation, oldest first, the current one in words" {
  two_generations
  ctlsign history
  assert_success
  refute_stderr
  assert_equal "$(wc -l <<<"$output")" 3
  local first second
  first=$(sha1sum <first.tlv | cut -c 1-12) second=$(sha1sum <CTLFile.tlv | cut -c 1-12)
  assert_line --regexp "^1  +20.* UTC +mixed +SHA-512 +$first +set-cluster mixed-mode.*callmanager"
  assert_line --regexp "^2 \(current\)  +20.* UTC +mixed +SHA-512 +$second +update"
}

@test "history: on a narrow terminal the table is shortened to fit" {
  tty_require
  two_generations
  local width
  for width in 80 72; do
    TTY_COLUMNS=$width tty_start "$CTLSIGN" history
    tty_finish
    assert_success
    printf '%s\n' "$output" >shown
    assert_equal "$(wc -l <shown)" 3
    run awk -v width="$width" 'length > width' shown
    refute_output
    grep -qE '^1 .* mixed +[0-9a-f]{8}  set-c.*\.\.\.  CallM' shown
    grep -qE '^2 \(current\) .* update +CallM' shown
  done
  TTY_COLUMNS=160 tty_start "$CTLSIGN" history
  tty_finish
  assert_line --regexp '^1 .* SHA-512 .* set-cluster mixed-mode --tokenless.* CallManager, key file '
}

@test "history: at 72 columns, with one that is not published" {
  tty_require
  two_generations
  ctlsign update --yes --no-publish --timestamp $(($(date +%s) + 60))
  assert_success
  TTY_COLUMNS=72 tty_start "$CTLSIGN" history
  tty_finish
  assert_success
  printf '%s\n' "$output" >shown
  assert_equal "$(wc -l <shown)" 4
  run awk 'length > 72' shown
  refute_output
  grep -qE '^3 \(not published\)  20[0-9-]+ +mixed +[0-9a-f]{8}  update ' shown
}

@test "history --json: everything that is kept" {
  two_generations
  ctlsign history --json
  assert_success
  assert_json length 2
  assert_json '.[0].number' 1
  assert_json '.[0].current' false
  assert_json '.[1].current' true
  assert_json '.[0].sha256' "$(sha256sum <first.tlv | cut -d ' ' -f 1)"
  assert_json '.[1].md5' "$(md5sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_json '.[1].sha1' "$(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_json '.[0].mode' mixed
  assert_json '.[0].signing' tokenless
  assert_json '.[0].release' '12.5(1)'
  assert_json '.[0].domain' lab.example
  assert_json '.[0].time | test("^20[0-9-]+T[0-9:]+Z$")' true
  assert_json '.[0].who | length > 0' true
  assert_json '.[0] | has("ctl")' false
}

@test "export: an old generation and the current one, byte for byte, in silence" {
  two_generations
  quietly export 1 -o out1.tlv
  assert_same_file out1.tlv first.tlv
  assert_mode out1.tlv 644
  quietly export 2 --output out2.tlv
  assert_same_file out2.tlv CTLFile.tlv
  quietly export current -o out3.tlv
  assert_same_file out3.tlv CTLFile.tlv
}

@test "export: an existing file only with --force" {
  two_generations
  echo mine >out.tlv
  refused 1 'out\.tlv.*exists.*--force' export 1 -o out.tlv
  assert_equal "$(cat out.tlv)" mine
  quietly export 1 -o out.tlv --force
  assert_same_file out.tlv first.tlv
}

@test "export: never over the state, its companions or the inventory, whatever they are called" {
  two_generations
  ln -s state.db link
  ln ctlsign.conf hard
  local name
  for name in state.db "$PWD/state.db" certs/../state.db link state.db-wal ./state.db-shm \
    state.db.lock ctlsign.conf hard; do
    ctlsign export 1 -o "$name" --force
    assert_failure 2
    assert_one_line_error "state or inventory.*give another name"
  done
  ctlsign audit verify
  assert_success
}

@test "export: the CTL file in use only gets the current generation" {
  two_generations
  refused 2 'CTLFile\.tlv.*go back in time.*ctlsign rollback 1' export 1 -o CTLFile.tlv --force
  rm CTLFile.tlv
  refused 2 'go back in time' export 1 -o CTLFile.tlv
  quietly export current -o CTLFile.tlv
  ctlsign status
  assert_success
}

@test "export: generations that there are not" {
  refused 1 'no generation to export yet' export 1 -o out.tlv
  two_generations
  ctlsign export 7 -o out.tlv
  assert_failure 1
  assert_one_line_error '7'
  refute_file out.tlv
}

@test "export: a folder that is not there, and a full disk, leave nothing" {
  two_generations
  ctlsign export 1 -o nowhere/out.tlv
  assert_failure 1
  assert_one_line_error 'nowhere'
  if [[ -c /dev/full ]]; then
    ctlsign export 1 -o /dev/full --force
    assert_failure 1
  fi
}

@test "history, export: usage" {
  refused 2 "unexpected argument 'x'" history x
  refused 2 'GENERATION is missing' export -o out.tlv
  refused 2 "GENERATION is a number or 'current', not '0'" export 0 -o out.tlv
  refused 2 "GENERATION is a number or 'current', not 'old'" export old -o out.tlv
  refused 2 '-o FILE is missing' export 1
}
