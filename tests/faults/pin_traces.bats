#!/usr/bin/env bats
# Where a PIN must leave no trace: the screen, the streams, the process table, memory that is
# swapped out, core dumps.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture
load traces

setup_file() {
  fixture_make
}

setup() {
  fixture_use
}

teardown() {
  traces_end
  tty_stop
  fixture_nobody_end
}

# hanging_at FUNCTION ARG...: a build that waits in this call; sets pid.
hanging_at() {
  hangs_at "$1" "${BUILD[@]}" "${@:2}"
}

# ctlsign_state PID: its name and its state.
ctlsign_state() {
  awk '/^Name:/ { name = $2 } /^State:/ { print name, $2 }' "/proc/$1/status"
}

@test "a typed PIN is not on the screen, in the streams, the log or the process table" {
  local process
  tty_require
  p11mock_set hang C_Sign
  tty_start --stdout stdout --stderr stderr -- "${BUILD[@]}"
  tty_wait "PIN of token"
  tty_type "$PIN"
  p11mock_wait_hanging C_Sign
  process=/proc/$(<"$TTY_DIR/pid")
  assert_no_pin "$process/cmdline" "$process/environ" "$process/comm"
  p11mock_unset hang
  tty_finish
  assert_list_written
  tty_screen >screen
  assert_no_pin screen stdout stderr mock/log "$OUT"
}

@test "a PIN from a file is not in the streams, the log or the process table, right or wrong" {
  hanging_at C_Sign --pin-file pin
  assert_no_pin "/proc/$pid/cmdline" "/proc/$pid/environ"
  let_go
  assert_list_written
  assert_no_pin stdout stderr mock/log "$OUT"
  p11mock_set fail 'C_Login 0xa0'
  run_split "${BUILD[@]}" --force --pin-file pin
  assert_failure 5
  [[ $stderr != *"$PIN"* && $output != *"$PIN"* ]] || fail "the PIN is printed"
  assert_no_pin mock/log
}

@test "the descriptors of the PIN file and the output are not open during the signature" {
  [[ $(id -u) -eq 0 ]] || skip "only root may look into the process"
  hanging_at C_Sign --pin-file pin
  run readlink "/proc/$pid/fd"/*
  assert_success
  [[ $output != *"$BATS_TEST_TMPDIR/pin"* && $output != *"$BATS_TEST_TMPDIR/out"* ]] ||
    fail "open:" "$output"
  let_go
}

@test "after the logout no copy of the PIN is in memory" {
  [[ $(id -u) -eq 0 ]] || skip "only root may look into the process"
  hanging_at C_Login --pin-file pin
  # This is how a copy shows: without it the other numbers say nothing.
  [[ $(in_memory "$pid" "$PIN") -ge 1 ]] || fail "the PIN cannot be seen at all"
  goes_on_to C_Finalize
  assert_equal "$(in_memory "$pid" "$PIN")" 0
  let_go
  assert_success
}

@test "after a wrong PIN no copy of it is in memory" {
  [[ $(id -u) -eq 0 ]] || skip "only root may look into the process"
  hanging_at C_Finalize --pin-file wrong-pin
  assert_calls 1 C_Login 0xa0
  assert_equal "$(in_memory "$pid" "$WRONG_PIN")" 0
  let_go
  assert_equal "$status" 5
}

@test "a PIN that is half typed is in locked memory only" {
  local locked
  [[ $(ulimit -l) == unlimited || $(ulimit -l) -ge 512 ]] || skip "too little memory may be locked"
  tty_require
  tty_start -- "${BUILD[@]}"
  tty_wait "PIN of token"
  locked=$(awk '/^VmLck:/ { print $2 }' "/proc/$(<"$TTY_DIR/pid")/status")
  [[ $locked -ge 256 ]] || fail "only $locked kB are locked"
}

@test "core dumps are off, even where the user has them on" {
  ulimit -c unlimited || skip "core dumps cannot be switched on here"
  hanging_at C_Login --pin-file pin
  run grep '^Max core file size' "/proc/$pid/limits"
  assert_line --regexp '^Max core file size +0 +0 '
  let_go
  assert_success
}

@test "a crash leaves no core" {
  ulimit -c unlimited || skip "core dumps cannot be switched on here"
  # Exit code 0: died without a core.
  cat >crash.py <<'PYTHON'
import os, signal, subprocess, sys, time
process = subprocess.Popen(sys.argv[2:])
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
os.kill(process.pid, signal.SIGSEGV)
status = os.waitpid(process.pid, 0)[1]
assert os.WTERMSIG(status) == signal.SIGSEGV or os.WEXITSTATUS(status) != 0, status
sys.exit(os.WCOREDUMP(status))
PYTHON
  run python3 crash.py /dev/null sleep 60
  [[ $status -eq 1 ]] || skip "this system writes no cores"
  find . -name 'core*' -delete
  p11mock_set hang C_Sign
  run timeout 20 python3 crash.py mock/hanging "${BUILD[@]}" --pin-file pin
  assert_success
  assert_equal "$(find . -name 'core*')" ''
  assert_nothing_written
}

@test "other processes of the user cannot look into it" {
  local other seen
  fixture_nobody
  mkfifo "$BENCH/never"
  # It waits for a PIN, and nothing comes.
  exec 8<>"$BENCH/never"
  openssl pkey -in "$BENCH/sast.key" -aes256 -passout "pass:$PIN" -out "$BENCH/locked.key"
  chmod a+r "$BENCH/locked.key"
  "${NOBODY[@]}" "$BENCH/ctlsign" build -o "$BENCH/$OUT" --sign-with "$BENCH/locked.key" \
    --sast "$BENCH/sast.pem" --sast "$BENCH/second.pem" --pin-fd 8 3>&- &
  pid=$!
  "${NOBODY[@]}" sleep 60 3>&- 8<&- &
  other=$!
  # Until both run as nobody, and ctlsign waits for its PIN: fd 8 is the only thing it waits for.
  for _ in {1..100}; do
    [[ $(<"/proc/$other/comm") != sleep ||
      $(ctlsign_state "$pid") != 'ctlsign S' ]] || break
    sleep 0.02
  done
  assert_equal "$(ctlsign_state "$pid")" 'ctlsign S'
  run "${NOBODY[@]}" cat "/proc/$other/environ"
  seen=$status
  run "${NOBODY[@]}" cat "/proc/$pid/environ"
  kill "$pid" "$other"
  exec 8<&-
  assert_equal "$seen" 0
  assert_failure
}
