#!/usr/bin/env bats
# ctlsign token init: blank SoftHSM slots, and tokens that are erased by their serial number only.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154  # output, stderr and status are set by bats' run

load fixtures
load ../lib/tty

PIN=Zq7Pin83x
SO_PIN=Vk5SoPin29

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast2
}

setup() {
  commands_setup
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  (
    umask 077
    printf '%s' "$PIN" >"$BATS_TEST_TMPDIR/pin"
    printf '%s' "$SO_PIN" >"$BATS_TEST_TMPDIR/so-pin"
    printf '%s\n' "$SO_PIN" "$PIN" >"$BATS_TEST_TMPDIR/both"
  )
  MODULE=(--module "$SOFTHSM_MODULE")
  PINS=(--so-pin-file "$BATS_TEST_TMPDIR/so-pin" --new-pin-file "$BATS_TEST_TMPDIR/pin")
}

teardown() {
  tty_stop
}

# init ARG...: succeeds; LABEL, SERIAL and URI as printed.
init() {
  ctlsign token init "$@" "${MODULE[@]}"
  assert_success
  refute_stderr
  refute_output --partial "$PIN"
  refute_output --partial "$SO_PIN"
  LABEL=$(awk '$1 == "Label" { print $2 }' <<<"$output")
  SERIAL=$(awk '$1 == "Serial" { print $2 }' <<<"$output")
  URI=$(awk '$1 == "URI" { print $2 }' <<<"$output")
}

# A key on the token, so that something could be destroyed.
make_key() { # LABEL
  "$CTLSIGN" token provision "$1" "${MODULE[@]}" --pin-file "$BATS_TEST_TMPDIR/pin" \
    --subject "CN=$1" >/dev/null
}

subjects() { # LABEL
  "$CTLSIGN" token show "$1" "${MODULE[@]}" --json | jq -r '.certificates[].subject'
}

@test "a blank slot becomes a token, is provisioned, and signs" {
  init --label SAST-1 "${PINS[@]}"
  assert_equal "$LABEL" SAST-1
  assert_equal "$SERIAL" "$(softhsm_serial SAST-1)"
  assert_equal "$(wc -l <<<"$output")" 3
  make_key SAST-1
  ctlsign build -o list.tlv --sign-with "$URI" --sast "$URI" --sast "$K/sast2.pem" "${MODULE[@]}" \
    --pin-file "$BATS_TEST_TMPDIR/pin"
  assert_success
  quietly verify list.tlv
}

@test "both PINs from one descriptor; --json" {
  ctlsign token init --label 'a label' "${MODULE[@]}" --so-pin-fd 7 --new-pin-fd 7 --json \
    7<"$BATS_TEST_TMPDIR/both"
  assert_success
  refute_stderr
  assert_json '.label, .pin' $'a label\nready'
  assert_json .serial "$(softhsm_serial 'a label')"
  # The SO PIN is the SO PIN.
  pkcs11-tool --module "$SOFTHSM_MODULE" --token-label 'a label' --login --login-type so \
    --so-pin "$SO_PIN" --init-pin --new-pin other-7
}

@test "a blank slot can be named by its number" {
  init --label SAST-1 "${PINS[@]}"
  local slot
  slot=$(softhsm2-util --show-slots | awk '/^Slot /{ s = $2 } /Initialized: *no/{ print s }')
  init "pkcs11:slot-id=$slot" --label SAST-2 "${PINS[@]}"
  assert_equal "$LABEL" SAST-2
  assert_equal "$(softhsm_serial SAST-2)" "$SERIAL"
}

@test "a second token with the label is warned of and told apart" {
  init --label SAST-1 "${PINS[@]}"
  local first=$SERIAL
  ctlsign token init --label SAST-1 "${MODULE[@]}" "${PINS[@]}"
  assert_success
  assert_stderr --regexp "^ctlsign: warning: another token has the label 'SAST-1' already \(serial $first\)"
  refute_output --partial "$first"
}

@test "what is not understood is refused before anything happens" {
  mkfifo -m 600 never
  on() {
    local code=$1 pattern=$2
    shift 2
    refused "$code" "$pattern" token init "${MODULE[@]}" --so-pin-file never "$@"
  }
  on 2 '--label LABEL is missing'
  on 2 '--label takes 1 to 32 bytes' --label ''
  on 2 '--label takes 1 to 32 bytes' --label "$(printf '%033d' 1)"
  on 2 '--label takes 1 to 32 bytes' --label 'ends in a blank '
  on 2 '--label takes 1 to 32 bytes' --label $'a\x01b'
  on 2 'given twice' --label a --label b
  on 2 "unexpected argument 'b'" --label x a b
  on 5 'blank: is it the right one' --label x --erase 123
  on 5 'no token is there|no token matches' --label x nobody
  run_split softhsm2-util --show-slots
  refute_output --partial 'Label:            x'
}

@test "without a terminal and PINs it names the options, and the slot stays blank" {
  refused 5 'SO PIN.*no terminal.*--so-pin-file' token init --label x "${MODULE[@]}"
  refused 5 'new PIN.*no terminal.*--new-pin-file' token init --label x "${MODULE[@]}" \
    --so-pin-file "$BATS_TEST_TMPDIR/so-pin"
  ctlsign token list "${MODULE[@]}"
  assert_stderr --partial 'no token found'
}

@test "an initialised token is not erased without its serial number" {
  init --label SAST-1 "${PINS[@]}"
  make_key SAST-1
  refused 1 "token 'SAST-1' \(serial $SERIAL\): .*initialised already.*destroyed; .*--erase $SERIAL" \
    token init SAST-1 --label new "${MODULE[@]}" "${PINS[@]}"
  refused 5 "serial number 'wrong'" token init SAST-1 --label new "${MODULE[@]}" "${PINS[@]}" \
    --erase wrong
  assert_equal "$(subjects SAST-1)" CN=SAST-1
}

@test "--erase with the serial number and the SO PIN erases; a wrong SO PIN does not" {
  init --label SAST-1 "${PINS[@]}"
  make_key SAST-1
  (umask 077 && printf wrong-so-77 >wrong)
  ctlsign token init SAST-1 --label new "${MODULE[@]}" --erase "$SERIAL" --so-pin-file wrong \
    --new-pin-file "$BATS_TEST_TMPDIR/pin"
  assert_failure 5
  assert_one_line_error 'PIN'
  assert_equal "$(subjects SAST-1)" CN=SAST-1
  init SAST-1 --label new --erase "$SERIAL" "${PINS[@]}"
  assert_equal "$LABEL" new
  assert_equal "$(subjects new)" ""
}

@test "at the terminal: what is there is shown, the serial number is typed, PINs twice" {
  tty_require
  init --label SAST-1 "${PINS[@]}"
  make_key SAST-1
  tty_start --stdout out -- "$CTLSIGN" token init SAST-1 --label new "${MODULE[@]}"
  tty_wait "Type the token's serial number to go on"
  tty_screen >screen
  grep -q "^Token 'SAST-1' (serial $SERIAL) is initialised already.$" screen
  grep -q '^It holds 1 certificate:$' screen
  grep -q '^  CN=SAST-1$' screen
  grep -q '^EVERYTHING on it is destroyed' screen
  tty_type "$SERIAL"
  tty_wait 'SO PIN or PUK of token'
  tty_wait "About to ERASE token 'SAST-1' (serial $SERIAL) and to initialise it as 'new'."
  tty_type "$SO_PIN"
  tty_wait 'New PIN of token'
  tty_type "$PIN"
  tty_wait 'once more'
  tty_type "$PIN"
  tty_finish
  assert_success
  refute_output --partial "$PIN"
  refute_output --partial "$SO_PIN"
  grep -q '^Label   new$' out
}

@test "at the terminal: an empty token is told as such" {
  tty_require
  init --label SAST-1 "${PINS[@]}"
  tty_start "$CTLSIGN" token init SAST-1 --label new "${MODULE[@]}" "${PINS[@]}"
  tty_wait "Type the token's serial number to go on"
  tty_screen >screen
  grep -q '^It holds no certificate.$' screen
  tty_key C-c
  tty_finish
  assert_killed 2
}

@test "at the terminal: a slot in software is called that, with its module" {
  tty_require
  tty_start "$CTLSIGN" token init --label new "${MODULE[@]}"
  tty_wait "New SO PIN of the blank token in 'SoftHSM slot ID 0x0':"
  tty_screen | tr -s ' \n' '  ' >screen
  grep -q "About to initialise a token in software, the blank one in slot [0-9]* (SoftHSM slot ID 0x0) of $SOFTHSM_MODULE, as 'new'\." screen ||
    fail "the screen is:" "$(<screen)"
  tty_key C-c
  tty_finish
  assert_killed 2
}

@test "at the terminal: another word, an empty line or Ctrl-C leaves the token as it was" {
  tty_require
  init --label SAST-1 "${PINS[@]}"
  make_key SAST-1
  for answer in yes '' SAST-1; do
    tty_start "$CTLSIGN" token init SAST-1 --label new "${MODULE[@]}" "${PINS[@]}"
    tty_wait "Type the token's serial number to go on"
    tty_type "$answer"
    tty_finish
    assert_failure 1
    assert_line --partial 'cancelled: nothing was changed'
    tty_stop
  done
  # At each question in turn.
  tty_start "$CTLSIGN" token init SAST-1 --label new "${MODULE[@]}"
  tty_wait "Type the token's serial number to go on"
  tty_key C-c
  tty_finish
  assert_killed 2
  tty_stop
  tty_start "$CTLSIGN" token init SAST-1 --label new "${MODULE[@]}" --erase "$SERIAL"
  tty_wait 'SO PIN or PUK of token'
  tty_key C-c
  tty_finish
  assert_killed 2
  tty_stop
  tty_start "$CTLSIGN" token init SAST-1 --label new "${MODULE[@]}" --erase "$SERIAL" \
    --so-pin-file "$BATS_TEST_TMPDIR/so-pin"
  tty_wait 'New PIN of token'
  tty_key C-c
  tty_finish
  assert_killed 2
  assert_equal "$(subjects SAST-1)" CN=SAST-1
}

@test "at the terminal: a new PIN that is typed differently makes nothing" {
  tty_require
  tty_start "$CTLSIGN" token init --label new "${MODULE[@]}" \
    --so-pin-file "$BATS_TEST_TMPDIR/so-pin"
  tty_wait 'New PIN of the blank token'
  tty_type "$PIN"
  tty_wait 'once more'
  tty_type "$PIN-"
  # shellcheck disable=SC2016
  eventually 5 eval 'tty_ended || [[ $(tty_screen | grep -c "New PIN of token") -gt 1 ]]'
  tty_ended || tty_key C-c
  tty_finish
  [[ $status -ne 0 ]]
  ctlsign token list "${MODULE[@]}"
  assert_stderr --partial 'no token found'
}
