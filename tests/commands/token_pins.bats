#!/usr/bin/env bats
# ctlsign token change-pin and token unblock, over SoftHSM.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154  # output, stderr and status are set by bats' run

load fixtures
load ../lib/tty

PIN=Zq7Pin83x
NEW=Rt4New61w
SO_PIN=12345678

setup_file() {
  softhsm_require
  commands_setup_file
}

setup() {
  commands_setup
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  softhsm_token SAST-1 "$PIN"
  SERIAL=$(softhsm_serial SAST-1)
  (
    umask 077
    printf '%s' "$PIN" >"$BATS_TEST_TMPDIR/pin"
    printf '%s' "$NEW" >"$BATS_TEST_TMPDIR/new"
    printf '%s' "$SO_PIN" >"$BATS_TEST_TMPDIR/so-pin"
    printf 'Wx2Pin47y' >"$BATS_TEST_TMPDIR/wrong"
  )
  MODULE=(--module "$SOFTHSM_MODULE")
  OLD_FILE=(--pin-file "$BATS_TEST_TMPDIR/pin")
  NEW_FILE=(--new-pin-file "$BATS_TEST_TMPDIR/new")
  SO_FILE=(--so-pin-file "$BATS_TEST_TMPDIR/so-pin")
}

teardown() {
  tty_stop
}

# Whether the token takes this PIN.
takes() {
  pkcs11-tool --module "$SOFTHSM_MODULE" --token-label SAST-1 --login --pin "$1" \
    --list-objects >/dev/null 2>&1
}

assert_pin() {
  takes "$1" || fail "the PIN should be $1"
}

refute_pin() {
  if takes "$1"; then
    fail "the PIN should not be $1 any more"
  fi
}

@test "change-pin: the new PIN counts, the old one does not, and nothing is said" {
  quietly token change-pin SAST-1 "${MODULE[@]}" "${OLD_FILE[@]}" "${NEW_FILE[@]}"
  assert_pin "$NEW"
  refute_pin "$PIN"
}

@test "change-pin: both PINs from one descriptor" {
  quietly token change-pin SAST-1 "${MODULE[@]}" --pin-fd 7 --new-pin-fd 7 \
    7< <(printf '%s\n' "$PIN" "$NEW")
  assert_pin "$NEW"
}

@test "change-pin: a wrong PIN is one try and changes nothing" {
  refused 5 "token 'SAST-1' \(serial $SERIAL\): .*PIN is wrong" token change-pin SAST-1 \
    "${MODULE[@]}" --pin-file "$BATS_TEST_TMPDIR/wrong" "${NEW_FILE[@]}"
  assert_pin "$PIN"
}

@test "change-pin: a new PIN that the token does not take changes nothing" {
  (umask 077 && printf 12 >short)
  ctlsign token change-pin SAST-1 "${MODULE[@]}" "${OLD_FILE[@]}" --new-pin-file short
  assert_failure
  assert_one_line_error "SAST-1"
  assert_pin "$PIN"
}

@test "change-pin: without a terminal the missing option is named, and no PIN is sent" {
  refused 5 'no terminal.*--pin-file FILE or --pin-fd N' token change-pin SAST-1 "${MODULE[@]}" \
    "${NEW_FILE[@]}"
  refused 5 'no terminal.*--new-pin-file FILE or --new-pin-fd N' token change-pin SAST-1 \
    "${MODULE[@]}" "${OLD_FILE[@]}"
  assert_pin "$PIN"
}

@test "change-pin: usage" {
  refused 2 'TOKEN is missing' token change-pin "${MODULE[@]}"
  refused 2 "unexpected argument 'b'" token change-pin a b "${MODULE[@]}"
  refused 2 'given twice' token change-pin a --pin-file x --pin-file y
  refused 2 'unknown option' token change-pin a --so-pin-file x
  refused 2 'names an object' token change-pin 'pkcs11:token=SAST-1;id=%01' "${MODULE[@]}"
  refused 5 'no token matches' token change-pin SAST-9 "${MODULE[@]}"
}

@test "change-pin: at the terminal, said before and after" {
  tty_require
  tty_start "$CTLSIGN" token change-pin SAST-1 "${MODULE[@]}"
  tty_wait "PIN of token 'SAST-1' (serial $SERIAL):"
  tty_wait "About to change the PIN of token 'SAST-1' (serial $SERIAL)."
  tty_type "$PIN"
  tty_wait "New PIN of token 'SAST-1'"
  tty_type "$NEW"
  tty_wait 'once more'
  tty_type "$NEW"
  tty_finish
  assert_success
  assert_line "ctlsign: the PIN of token 'SAST-1' (serial $SERIAL) is changed"
  refute_output --partial "$PIN"
  refute_output --partial "$NEW"
  assert_pin "$NEW"
}

@test "change-pin: Ctrl-C at each question changes nothing" {
  tty_require
  for stop_at in "PIN of token 'SAST-1'" "New PIN of token" "once more"; do
    tty_start "$CTLSIGN" token change-pin SAST-1 "${MODULE[@]}"
    for question in "PIN of token 'SAST-1'" "New PIN of token" "once more"; do
      tty_wait "$question"
      if [[ $question == "$stop_at" ]]; then
        tty_key C-c
        break
      elif [[ $question == PIN* ]]; then
        tty_type "$PIN"
      else
        tty_type "$NEW"
      fi
    done
    tty_finish
    assert_killed 2
    tty_stop
    assert_pin "$PIN"
  done
}

@test "unblock: the SO PIN gives a new PIN" {
  quietly token unblock SAST-1 "${MODULE[@]}" "${SO_FILE[@]}" "${NEW_FILE[@]}"
  assert_pin "$NEW"
  refute_pin "$PIN"
}

@test "unblock: a wrong SO PIN, or none, changes nothing" {
  refused 5 "token 'SAST-1' \(serial $SERIAL\): " token unblock SAST-1 "${MODULE[@]}" \
    --so-pin-file "$BATS_TEST_TMPDIR/wrong" "${NEW_FILE[@]}"
  refused 5 'SO PIN.*no terminal.*--so-pin-file FILE or --so-pin-fd N' token unblock SAST-1 \
    "${MODULE[@]}" "${NEW_FILE[@]}"
  refused 5 'no terminal.*--new-pin-file FILE or --new-pin-fd N' token unblock SAST-1 \
    "${MODULE[@]}" "${SO_FILE[@]}"
  assert_pin "$PIN"
}

@test "unblock: at the terminal" {
  tty_require
  tty_start "$CTLSIGN" token unblock SAST-1 "${MODULE[@]}"
  tty_wait "SO PIN or PUK of token 'SAST-1' (serial $SERIAL)"
  tty_type "$SO_PIN"
  tty_wait "New PIN of token 'SAST-1'"
  tty_type "$NEW"
  tty_wait 'once more'
  tty_type "$NEW"
  tty_finish
  assert_success
  assert_line "ctlsign: token 'SAST-1' (serial $SERIAL) has a new PIN"
  refute_output --partial "$SO_PIN"
  assert_pin "$NEW"
}
