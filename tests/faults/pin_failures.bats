#!/usr/bin/env bats
# Wrong PINs that the token does not tell of: the program counts for itself, from run to run.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture

setup_file() {
  fixture_make
}

setup() {
  fixture_use
  # SoftHSM knows COUNT_LOW: this token tells nothing.
  p11mock_set flags 'clear 0x70000'
  COUNTS=$XDG_STATE_HOME/ctlsign/pin-failures.json
}

teardown() {
  tty_stop
}

wrong() {
  run_split setsid --wait "${BUILD[@]}" --pin-file wrong-pin
}

@test "after two wrong PINs a third is not sent without a person" {
  wrong
  assert_failure 5
  assert_stderr --partial "CKR_PIN_INCORRECT"
  wrong
  assert_failure 5
  assert_calls 2 C_Login
  wrong
  assert_failure 5
  assert_one_line_error "token 'SAST-1' \(serial .*\): 2 wrong PINs were sent to this token from here since the last right one, so no other is tried without a person; make sure of the PIN, then run the command at a terminal"
  assert_calls 2 C_Login
  # Not even a right one: who knows?
  run_split setsid --wait "${BUILD[@]}" --pin-file pin
  assert_failure 5
  assert_calls 2 C_Login
  assert_nothing_written
}

@test "a right PIN clears the count" {
  wrong
  assert_equal "$(jq -r '.tokens[0].failures' "$COUNTS")" 1
  run_split setsid --wait "${BUILD[@]}" --pin-file pin
  assert_success
  [[ ! -e $COUNTS ]]
  rm "$OUT"
  wrong
  wrong
  assert_calls 4 C_Login
}

@test "at a terminal a typed yes lets it go on, and says how many there were" {
  tty_require
  wrong
  wrong
  tty_start -- "${BUILD[@]}"
  tty_wait "2 wrong PINs were sent to token 'SAST-1' (serial $(softhsm_serial SAST-1)) from here"
  tty_wait 'Type "yes" to go on'
  tty_type no
  tty_finish
  assert_failure 1
  assert_output --partial "cancelled: no PIN was tried and nothing was changed"
  assert_calls 2 C_Login

  tty_start -- "${BUILD[@]}" --pin-file pin
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_finish
  assert_list_written
  assert_calls 3 C_Login
  rm "$OUT"

  # Nobody is asked any more.
  run_split setsid --wait "${BUILD[@]}" --pin-file pin
  assert_success
}

@test "one wrong PIN is told at the next prompt" {
  tty_require
  wrong
  tty_start -- "${BUILD[@]}"
  tty_wait "1 wrong PIN was given to this token before: take care."
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_success
}

@test "an answer that does not tell is counted, too; a cancel is not" {
  p11mock_set login-general-error
  wrong
  assert_equal "$(jq -r '.tokens[0].failures' "$COUNTS")" 1
  p11mock_unset login-general-error
  p11mock_set pinpad cancel
  run_split setsid --wait "${BUILD[@]}"
  assert_equal "$(jq -r '.tokens[0].failures' "$COUNTS")" 1
}

@test "a right PIN leaves nothing in the folder but its lock" {
  run_split setsid --wait "${BUILD[@]}" --pin-file pin
  assert_success
  assert_equal "$(ls "${COUNTS%/*}")" pin-failures.lock
}

@test "killed while the PIN is looked at, the try is counted" {
  p11mock_set kill-at C_Login
  run_split "${BUILD[@]}" --pin-file pin
  assert_killed 9
  assert_equal "$(jq -r '.tokens[].failures' "$COUNTS")" 1
  # Nobody knows whether it was right, so it counts on.
  run_split "${BUILD[@]}" --pin-file pin
  assert_killed 9
  assert_equal "$(jq -r '.tokens[].failures' "$COUNTS")" 2
  p11mock_unset kill-at
  run_split "${BUILD[@]}" --pin-file pin
  assert_failure 5
  assert_stderr --partial '2 wrong PINs were sent to this token from here'
  assert_calls 0 C_Login
}

# Each ends while it looks, after a login that failed, whether the token is still there.
@test "interrupted after a wrong PIN, it is counted all the same" {
  local signal
  p11mock_set login-general-error
  for signal in INT TERM KILL; do
    rm -rf "$XDG_STATE_HOME"
    p11mock_clear_log
    # A shell's child in the background ignores SIGINT, and so would what it starts.
    env --default-signal=INT setsid "${BUILD[@]}" --pin-file wrong-pin >/dev/null 2>err.txt 3>&- &
    local pid=$! code=0
    eventually 10 grep -q '^C_Login ' "$P11MOCK_DIR/log"
    kill -"$signal" "$pid"
    wait "$pid" || code=$?
    assert_equal "$code" $((128 + $(kill -l "$signal")))
    assert_equal "$(jq -r '.tokens[].failures' "$COUNTS")" 1
  done
}

@test "killed while a key wants its PIN again, that try is counted" {
  p11mock_set always-auth
  p11mock_set kill-at 'C_Login 1'
  run_split "${BUILD[@]}" --pin-file pin
  assert_killed 9
  assert_calls 1 C_Login 0x0
  assert_equal "$(jq -r '.tokens[].failures' "$COUNTS")" 1
}

@test "killed before the token looks at new PINs, the old one is counted" {
  (umask 077 && echo 5822neu >new)
  (umask 077 && echo 12345678 >so)
  p11mock_set kill-at C_SetPIN
  run_split "$CTLSIGN" token change-pin SAST-1 --module "$P11MOCK" --pin-file pin \
    --new-pin-file new
  assert_killed 9
  assert_equal "$(jq -r '.tokens[] | .pin, .failures' "$COUNTS" | xargs)" 'user 1'
  p11mock_set kill-at C_InitPIN
  run_split "$CTLSIGN" token unblock SAST-1 --module "$P11MOCK" --so-pin-file so \
    --new-pin-file new
  assert_killed 9
  assert_equal "$(jq -r '.tokens[] | .pin, .failures' "$COUNTS" | xargs)" 'user 1 so 1'
}

@test "a PIN that was not sent after all is not counted" {
  p11mock_set fail 'C_OpenSession 0x30 -1 2'
  run_split "${BUILD[@]}" --pin-file pin
  assert_failure 5
  assert_calls 0 C_Login
  [[ ! -e $COUNTS ]]
}

@test "the counts hold no PIN, and only their owner reads them" {
  wrong
  assert_mode "$COUNTS" 600
  assert_mode "${COUNTS%/*}" 700
  refute_in_files "$WRONG_PIN" "${COUNTS%/*}"
}

@test "another token has its own count" {
  wrong
  wrong
  p11mock_set labels 'SAST-1 SAST-9'
  BUILD=("${BUILD[@]//token=SAST-1/token=SAST-9}")
  run_split setsid --wait "${BUILD[@]}" --pin-file pin
  assert_success
}

@test "a folder that cannot be written changes nothing about the answer" {
  mkdir -p "${XDG_STATE_HOME%/*}"
  rm -rf "$XDG_STATE_HOME"
  : >"$XDG_STATE_HOME"
  wrong
  assert_failure 5
  assert_stderr --partial "CKR_PIN_INCORRECT"
  run_split setsid --wait "${BUILD[@]}" --pin-file pin
  assert_success
}
