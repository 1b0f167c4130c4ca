#!/usr/bin/env bats
# Signals at a prompt: the shell that started the program learns of them, and the terminal stays its
# own.  A token's PIN is asked for by a worker thread, a key file's passphrase by the main one.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2034,SC2154

load fixture

setup_file() {
  fixture_make
  openssl pkey -in sast.key -aes256 -passout "pass:$PIN" -out locked.key
}

setup() {
  tty_require
  fixture_use
  TOKEN=("${BUILD[@]}")
  FILE=("$CTLSIGN" build -o "$OUT" --sign-with "$BATS_FILE_TMPDIR/locked.key" --sast sast.pem
    --sast second.pem)
}

teardown() {
  tty_stop
}

# both FUNCTION: with BUILD and PROMPT for either question.
both() {
  local which
  for which in TOKEN FILE; do
    local -n build=$which
    BUILD=("${build[@]}")
    PROMPT="PIN of token 'SAST-1'"
    [[ $which == TOKEN ]] || PROMPT='Passphrase of the key file'
    echo "with $which"
    "$1"
    rm -f "$OUT"
    tty_stop
  done
}

# An interactive shell, and the build as a command in it.
in_a_shell() {
  printf '%s\n' 'echo $$ >pid' "exec $(printf '%q ' "${BUILD[@]}")" >build.sh
  chmod +x build.sh
  echo "PS1='ready> '" >rc
  tty_start -- bash --noprofile --rcfile rc -i
  tty_wait 'ready>'
}

# ends_with NAME NUMBER KEY|'': the program dies of the signal, with everything in order.
ends_with() {
  tty_start --stdout stdout --stderr stderr -- "${BUILD[@]}"
  tty_wait "$PROMPT"
  assert_equal "$(tty_echo)" -echo
  if [[ -n $3 ]]; then tty_key "$3"; else tty_signal "$1"; fi
  tty_finish
  assert_equal "$status" $((128 + $2))
  assert_equal "$(tty_echo)" echo
  assert_equal "$(grep -vc '^ctlsign: warning: ' stderr)" 1
  grep -q 'cancelled: no PIN was tried and nothing was changed' stderr || fail "$(<stderr)"
  assert_nothing_written
}

each_signal() {
  ends_with INT 2 C-c
  ends_with QUIT 3 C-\\
  ends_with TERM 15 ''
  ends_with HUP 1 ''
  ends_with INT 2 ''
}

@test "the program dies of the signal that ended the question" {
  both each_signal
  assert_calls 0 C_Login
}

in_a_loop() {
  in_a_shell
  tty_type 'for i in 1 2 3; do echo "round $i"; ./build.sh; done; echo "after $?"'
  tty_wait "$PROMPT"
  tty_key C-c
  tty_wait 'ready>' 10 2
  sleep 0.3
  assert_equal "$(tty_screen | grep -c '^round')" 1
  tty_type 'echo "still here"; exit'
  tty_finish
  refute_output --partial 'round 2'
}

@test "Ctrl-C ends a loop of the shell" {
  both in_a_loop
}

under_nohup() {
  tty_start --stdout stdout --stderr stderr -- env --ignore-signal=HUP,INT "${BUILD[@]}"
  tty_wait "$PROMPT"
  tty_signal HUP
  tty_signal INT
  sleep 0.2
  tty_type "$PIN"
  tty_finish
  assert_list_written
}

@test "signals that were ignored stay ignored" {
  both under_nohup
}

started_in_background() {
  in_a_shell
  tty_type './build.sh &'
  for _ in {1..100}; do
    [[ ! -s pid ]] || ! grep -q '^State:.T' "/proc/$(<pid)/status" || break
    sleep 0.05
  done
  assert_equal "$(awk '/^State:/ { print $2 }' "/proc/$(<pid)/status")" T
  assert_equal "$(tty_screen | grep -c "$PROMPT")" 0
  # The shell's terminal is as the shell wants it: what is typed is shown and obeyed.
  tty_type 'stty -a'
  tty_wait ' echo echoe echok '
  tty_type fg
  tty_wait "$PROMPT"
  assert_equal "$(tty_echo)" -echo
  tty_type "$PIN"
  for _ in {1..200}; do
    [[ ! -e $OUT ]] || break
    sleep 0.05
  done
  tty_type 'echo "status $?"; exit'
  tty_wait 'status 0'
  tty_finish
  assert_list_written
  rm -f pid
}

@test "started in the background it waits for fg, and leaves the terminal alone" {
  both started_in_background
}

nobody_could_continue_it() {
  tty_start --stdout stdout --stderr stderr -- "${BUILD[@]}"
  tty_wait "$PROMPT"
  tty_tmux send-keys -l wrong
  tty_key C-z
  tty_wait "$PROMPT" 10 2
  tty_type "$PIN"
  tty_finish
  assert_list_written
}

@test "Ctrl-Z where no shell could continue it asks again" {
  both nobody_could_continue_it
}

stopped_and_ended() {
  in_a_shell
  tty_type ./build.sh
  tty_wait "$PROMPT"
  tty_key C-z
  tty_wait Stopped
  # bash continues a stopped job that it kills, and tells of its end before a prompt.
  tty_type 'kill %1; sleep 0.5'
  tty_type ''
  tty_wait Terminated
  tty_type exit
  tty_finish
  assert_nothing_written
}

@test "a stopped prompt can be ended" {
  both stopped_and_ended
}
