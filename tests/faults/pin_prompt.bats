#!/usr/bin/env bats
# PINs asked at a terminal: what the person is told, how it can be left, and where the PIN must
# never show.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture

setup_file() {
  fixture_make
}

setup() {
  tty_require
  fixture_use
}

teardown() {
  tty_stop
}

PROMPT="PIN of token 'SAST-1'"

# Starts a build at a terminal, and waits until it asks for the PIN.
at_prompt() {
  tty_start --stdout stdout --stderr stderr -- "${BUILD[@]}" && tty_wait "$PROMPT"
}

# shell_at_prompt: the same from an interactive shell, whose jobs can be stopped.
shell_at_prompt() {
  printf '%s\n' 'echo $$ >pid' "exec $(printf '%q ' "${BUILD[@]}")" >build.sh
  echo "PS1='ready> '" >rc
  tty_start -- bash --noprofile --rcfile rc -i
  tty_wait 'ready>'
  tty_type 'bash build.sh'
  tty_wait "$PROMPT"
}

# ends_well: the shell's job ends, with a list.
ends_well() {
  # What is typed before the prompt is closed would be lost.
  for _ in {1..200}; do
    [[ ! -e $OUT ]] || break
    sleep 0.05
  done
  tty_type 'echo "status $?"; exit'
  tty_wait 'status 0'
  tty_finish
  assert_list_written
}

@test "the prompt is on the terminal, with label, serial and reader; the streams stay empty" {
  at_prompt
  tty_wait "Reader: SoftHSM slot ID "
  tty_wait "PIN of token 'SAST-1' (serial $(softhsm_serial SAST-1)):"
  assert_equal "$(tty_echo)" -echo
  tty_type "$PIN"
  tty_finish
  assert_list_written
  [[ ! -s stdout && ! -s stderr ]]
  assert_calls 1 C_Login
  assert_equal "$(tty_echo)" echo
}

@test "the prompt does not read from a redirected stdin" {
  printf '%s\n' "$WRONG_PIN" >input
  tty_start --stdin input -- "${BUILD[@]}"
  tty_wait "$PROMPT"
  assert_calls 0 C_Login
  tty_type "$PIN"
  tty_finish
  assert_list_written
}

@test "a wrong PIN at the prompt is tried once, and not asked for again" {
  at_prompt
  tty_type "$WRONG_PIN"
  tty_finish
  assert_failure 5
  grep -q 'CKR_PIN_INCORRECT, 0xa0' stderr
  assert_calls 1 C_Login
  assert_equal "$(grep -c "$PROMPT" <<<"$output")" 1
  assert_nothing_written
}

@test "after a wrong PIN the next prompt warns" {
  p11mock_set retries '2 3 SAST-1'
  at_prompt
  tty_wait 'A wrong PIN was given to this token before'
  tty_type "$PIN"
  tty_finish
  assert_list_written
}

@test "the last try wants a typed yes; anything else leaves it unused" {
  local answer
  p11mock_set retries '1 3 SAST-1'
  for answer in no YES y 'yes ' ''; do
    tty_start --stderr stderr -- "${BUILD[@]}" --pin-file pin
    tty_wait 'ONE TRY LEFT. A wrong PIN locks it.'
    tty_type "$answer"
    tty_finish
    assert_failure 1
    grep -q "last try was not used" stderr || fail "$(<stderr)"
    refute_output --partial "$PROMPT"
  done
  assert_calls 0 C_Login
  assert_equal "$(p11mock_get retries)" '1 3 SAST-1'
  assert_nothing_written
}

@test "of an SO PIN or PUK the words are its own: nothing unlocks it" {
  local -a unblock=("$CTLSIGN" token unblock SAST-1 --module "$P11MOCK" --so-pin-file so
    --new-pin-file new)
  (umask 077 && echo 12345678 >so && echo 87654321 >wrong-so && echo 5822neu >new)
  p11mock_set so-retries '2 3 SAST-1'
  tty_start "$CTLSIGN" token unblock SAST-1 --module "$P11MOCK" --new-pin-file new
  tty_wait 'A wrong SO PIN or PUK was given to this token before: take care.'
  tty_key C-c
  tty_finish
  tty_stop

  p11mock_set so-retries '1 3 SAST-1'
  run_split "${unblock[@]}"
  assert_failure 5
  assert_one_line_error 'one try left: a wrong SO PIN or PUK locks it for good, so it is not tried without a person; make sure of the SO PIN or PUK, then'
  tty_start --stderr stderr -- "${unblock[@]}"
  tty_wait 'has ONE TRY LEFT.'
  tty_wait 'A wrong SO PIN or PUK locks it FOR GOOD: nothing unlocks it then.'
  tty_type no
  tty_finish
  assert_failure 1
  grep -q "last try was not used" stderr
  tty_stop
  assert_calls 0 C_Login

  # What is counted here, of a token that tells nothing.
  p11mock_unset so-retries
  p11mock_set flags 'clear 0x700000'
  for _ in 1 2; do
    run_split "$CTLSIGN" token unblock SAST-1 --module "$P11MOCK" --so-pin-file wrong-so \
      --new-pin-file new
    assert_failure 5
  done
  run_split "${unblock[@]}"
  assert_failure 5
  assert_one_line_error '2 wrong SO PINs or PUKs were sent to this token from here since the last right one'
  tty_start "${unblock[@]}"
  tty_wait "2 wrong SO PINs or PUKs were sent to token 'SAST-1' (serial"
  tty_wait 'Another may lock it FOR GOOD.'
  tty_type yes
  tty_finish
  assert_success
}

@test "Ctrl-C at the last try leaves it unused" {
  p11mock_set retries '1 3 SAST-1'
  tty_start --stderr stderr -- "${BUILD[@]}" --pin-file pin
  tty_wait 'ONE TRY LEFT'
  tty_key C-c
  tty_finish
  assert_killed 2
  grep -q "last try was not used" stderr
  assert_calls 0 C_Login
  assert_nothing_written
}

@test "a typed yes lets the last try go on, with a PIN file and with a prompt" {
  p11mock_set retries '1 3 SAST-1'
  tty_start -- "${BUILD[@]}" --pin-file pin
  tty_wait 'Type "yes" to go on'
  assert_calls 0 C_Login
  tty_type yes
  tty_finish
  assert_list_written
  assert_calls 1 C_Login 0x0
  assert_equal "$(p11mock_get retries)" '3 3 SAST-1'

  rm "$OUT"
  p11mock_set retries '1 3 SAST-1'
  p11mock_clear_log
  tty_start --stderr stderr -- "${BUILD[@]}"
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_wait "$PROMPT"
  tty_type "$WRONG_PIN"
  tty_finish
  assert_failure 5
  grep -q 'token is now locked.*SO PIN or PUK' stderr
  assert_calls 1 C_Login
  assert_nothing_written
}

@test "a locked token is refused without a question" {
  p11mock_set retries '0 3 SAST-1'
  tty_start --stderr stderr -- "${BUILD[@]}"
  tty_finish
  assert_failure 5
  refute_output --partial PIN
  grep -q 'the PIN is locked.*whoever issued the token' stderr
  assert_calls 0 C_Login
}

@test "a PIN pad: the person is sent to the reader, and types nothing here" {
  p11mock_set pinpad "$PIN"
  p11mock_set hang C_Login
  tty_start --stdout stdout --stderr stderr -- "${BUILD[@]}" --timeout 1
  tty_wait "of the reader 'SoftHSM slot ID "
  # Typing a PIN takes longer than a module call may.
  sleep 1.5
  if tty_ended; then fail "the reader was not waited for"; fi
  p11mock_unset hang
  tty_finish
  assert_list_written
  refute_output --partial "$PROMPT (serial $(softhsm_serial SAST-1)):"
  assert_calls 1 C_Login 0x0
  [[ ! -s stdout && ! -s stderr ]]
}

@test "a key that always asks: one prompt for both logins" {
  p11mock_set always-auth
  at_prompt
  tty_type "$PIN"
  tty_finish
  assert_list_written
  assert_equal "$(grep -c "$PROMPT" <<<"$output")" 1
  assert_calls 1 C_Login 0x0 context
}

@test "an empty line, Ctrl-D, Ctrl-C, Ctrl-\\ and SIGTERM leave without a try, with the echo back" {
  local way
  for way in Enter C-d C-c C-\\ TERM HUP; do
    at_prompt
    assert_equal "$(tty_echo)" -echo
    case $way in
    TERM | HUP) tty_signal "$way" ;;
    *) tty_key "$way" ;;
    esac
    tty_finish
    # A signal still ends the program as a signal, so that a shell's loop ends, too.
    case $way in
    C-c) assert_killed 2 ;;
    C-\\) assert_killed 3 ;;
    TERM | HUP) assert_killed "$(kill -l "$way")" ;;
    *) assert_failure 1 ;;
    esac
    assert_equal "$(tty_echo)" echo
    grep -q 'cancelled: no PIN was tried and nothing was changed' stderr
    assert_equal "$(wc -l <stderr)" 1
  done
  assert_calls 0 C_Login
  assert_nothing_written
}

@test "what was typed before Ctrl-C is not tried" {
  at_prompt
  tty_tmux send-keys -l "$PIN"
  tty_key C-c
  tty_finish
  assert_killed 2
  assert_calls 0 C_Login
  refute_output --partial "$PIN"
}

@test "a line that is too long for a PIN is refused, not cut" {
  at_prompt
  tty_type "$(head -c 600 /dev/zero | tr '\0' 7)"
  tty_finish
  assert_failure 1
  grep -q 'longer than' stderr
  assert_calls 0 C_Login
}

@test "Ctrl-Z gives the terminal back with its echo; fg asks again" {
  shell_at_prompt
  # The half that was typed before is forgotten.
  tty_tmux send-keys -l wrong
  tty_key C-z
  tty_wait Stopped
  tty_type 'stty -a'
  tty_wait ' echo echoe echok '
  tty_type fg
  tty_wait "$PROMPT" 10 2
  assert_equal "$(tty_echo)" -echo
  tty_type "$PIN"
  ends_well
}

@test "bg at the prompt stops it again; one fg asks" {
  shell_at_prompt
  tty_key C-z
  tty_wait Stopped
  tty_type bg
  tty_wait 'build.sh &'
  sleep 0.3
  assert_equal "$(awk '/^State:/ { print $2 }' "/proc/$(<pid)/status")" T
  assert_equal "$(tty_screen | grep -c "$PROMPT")" 1
  tty_type fg
  tty_wait "$PROMPT" 10 2
  assert_equal "$(tty_echo)" -echo
  tty_type "$PIN"
  ends_well
}

@test "a stopped prompt does not outlive its terminal" {
  local pid
  shell_at_prompt
  pid=$(<pid)
  tty_key C-z
  tty_wait Stopped
  tty_stop
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.05
  done
  kill -KILL "$pid"
  fail "still there"
}
