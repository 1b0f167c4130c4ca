#!/usr/bin/env bats
# Whatever ends a build, the old list is whole or the new one is, and the next build works.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture

setup_file() {
  fixture_make
}

setup() {
  fixture_use
  cp "$BATS_FILE_TMPDIR/sast.key" .
  # The same key, time and entries give the same bytes: what the old and the new list are is known.
  PEM=("$CTLSIGN" build --sign-with sast.key --sast sast.pem --sast second.pem
    --ccm-tftp 'node.pem,dns=node.lab')
  "${PEM[@]}" -o old --timestamp 1700000000
  "${PEM[@]}" -o new --timestamp 1700000001
  cp old "$OUT"
  REPLACE=("${PEM[@]}" -o "$OUT" --timestamp 1700000001 --force)
  REPLACE_BY_TOKEN=("${BUILD[@]}" --pin-file pin --timestamp 1700000001 --force)
}

teardown() {
  if [[ -n ${pid-} ]]; then
    kill -KILL "$pid" 2>/dev/null || true
  fi
  tty_stop
}

# is_whole WHICH: the list is byte for byte this one.
is_whole() {
  cmp -s "$OUT" "$1"
}

assert_whole() {
  is_whole "$1" || fail "the list is not the $1 one" || return
}

assert_nothing_else() {
  assert_equal "$(find out -mindepth 1)" "$OUT"
}

# failed_and_whole CODE REGEXP COMMAND...: fails with one line; the old list is as it was, alone.
failed_and_whole() {
  local code=$1 pattern=$2
  shift 2
  run_split "$@"
  assert_failure "$code" && assert_one_line_error "$pattern" && assert_whole old &&
    assert_nothing_else
}

@test "killed at any call of the module before the list is written: the old one" {
  local function
  for function in C_Initialize C_GetSlotList C_GetTokenInfo C_OpenSession C_FindObjects \
    C_GetAttributeValue C_Login C_SignInit C_Sign C_Logout; do
    p11mock_set kill-at "$function"
    run "${REPLACE_BY_TOKEN[@]}"
    assert_killed 9 || fail "at $function"
    assert_whole old || fail "killed at $function"
    assert_nothing_else
    p11mock_unset kill-at
    run_split "${REPLACE_BY_TOKEN[@]}"
    assert_success
    assert_whole new
    assert_nothing_else
    cp old "$OUT"
  done
}

@test "killed at the module's end: the new one" {
  p11mock_set kill-at C_Finalize
  run "${REPLACE_BY_TOKEN[@]}"
  assert_killed 9
  assert_whole new
  assert_nothing_else
}

@test "killed after ever longer times: the old or the new one, and the next build works" {
  local begin span i seen_old=0 seen_new=0
  begin=${EPOCHREALTIME/./}
  "${REPLACE[@]}"
  span=$(((${EPOCHREALTIME/./} - begin) * 13 / 10))
  # On, should the first build have been a quick one.
  for ((i = 1; i <= 60 || (seen_new < 3 && i <= 300); i++)); do
    cp old "$OUT"
    timeout -s KILL "$(printf '0.%06d' $((span * i / 60)))" "${REPLACE[@]}" 2>/dev/null || true
    if is_whole old; then
      seen_old=$((seen_old + 1))
    else
      assert_whole new
      seen_new=$((seen_new + 1))
    fi
    "${REPLACE[@]}"
    assert_whole new
  done
  echo "old: $seen_old, new: $seen_new" >&2
  # Or the times were not those that matter.
  [[ $seen_old -ge 3 && $seen_new -ge 3 ]] || fail "old $seen_old times, new $seen_new times"
}

# strace_inject SYSCALL FAULT COMMAND...: the command with a fault in its system calls.
strace_inject() {
  local call=$1 fault=$2
  shift 2
  run_split strace -f -qq -o trace -e "trace=$call" -e "inject=$call:$fault" "$@"
  grep -q 'INJECTED\|+++ killed by SIGKILL +++' trace || fail "no $call was met:" "$(<trace)"
}

require_strace() {
  # LeakSanitizer does not work under strace.
  export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
  command -v strace >/dev/null || skip "strace is not installed"
  strace -f -qq -o trace -e inject=getppid:error=EPERM true 2>/dev/null ||
    skip "strace may not trace here"
}

@test "killed at each system call of the writing: the old one until the new one has its name" {
  local call
  require_strace
  for call in fsync pread64 linkat renameat; do
    cp old "$OUT"
    strace_inject "$call" 'signal=KILL:when=1' "${REPLACE[@]}"
    assert_whole old || fail "killed at $call"
    "${REPLACE[@]}"
    assert_whole new
  done
  # The directory is flushed last.
  cp old "$OUT"
  strace_inject fsync 'signal=KILL:when=2' "${REPLACE[@]}"
  assert_whole new
}

@test "errors of the disk: the old list, one line, no temporary file" {
  local call
  require_strace
  for call in fsync renameat; do
    strace_inject "$call" 'error=EIO:when=1' "${REPLACE[@]}"
    assert_failure 1
    assert_one_line_error "^ctlsign: $OUT: .*Input/output error"
    assert_whole old
    assert_nothing_else
  done
  strace_inject fsync 'error=ENOSPC:when=1' "${REPLACE[@]}"
  assert_failure 1
  assert_one_line_error 'No space left on device'
  assert_whole old
  assert_nothing_else
}

@test "an unnamed file that cannot get a name, as without /proc: a named one does it" {
  require_strace
  strace_inject linkat 'error=ENOENT:when=1' "${REPLACE[@]}"
  assert_success
  assert_whole new
  assert_nothing_else
  rm "$OUT"
  strace_inject linkat 'error=ENOENT:when=1' "${PEM[@]}" -o "$OUT" --timestamp 1700000001
  assert_success
  assert_whole new
  assert_nothing_else
}

# without_tmpfile COMMAND...: its openat() with O_TMPFILE finds that the file system has none.  Which
# call that is depends on how many certificate files the main thread has read itself, and strace
# counts by thread: so it is tried until it hits.
without_tmpfile() {
  local n try
  for try in {1..60}; do
    strace -f -qq -o trace -e trace=openat "$@" || return
    n=$(awk '/O_TMPFILE/ {print seen[$1] + 1} {seen[$1]++}' trace)
    [[ -n $n ]] || fail "no O_TMPFILE"
    if [[ -e old ]]; then cp old "$OUT"; else rm -f "$OUT"; fi
    run_split strace -f -qq -o trace -e trace=openat \
      -e "inject=openat:error=EOPNOTSUPP:when=$n" "$@"
    if grep -q 'O_TMPFILE.*INJECTED' trace; then return 0; fi
    if [[ -e old ]]; then cp old "$OUT"; else rm -f "$OUT"; fi
  done
  fail "not hit in $try tries"
}

@test "a file system without unnamed files: the same, and no temporary file stays" {
  require_strace
  without_tmpfile "${REPLACE[@]}"
  assert_success
  assert_whole new
  assert_nothing_else
  mv old old.kept
  rm "$OUT"
  without_tmpfile "${PEM[@]}" -o "$OUT" --timestamp 1700000001
  mv old.kept old
  assert_success
  assert_whole new
  assert_nothing_else
}

@test "temporary files of a killed build do not block the next one" {
  require_strace
  strace_inject renameat 'signal=KILL:when=1' "${REPLACE[@]}"
  assert_equal "$(find out -name '.ctlsign-*.tmp' | wc -l)" 1
  assert_whole old
  "${REPLACE[@]}"
  assert_whole new
}

@test "SIGTERM, SIGHUP and SIGINT in the middle of a signature: the old list, no waiting" {
  local signal
  for signal in TERM HUP INT; do
    p11mock_set hang C_Sign
    # Bash has SIGINT ignored in what it starts in the background.
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "${REPLACE_BY_TOKEN[@]}" 3>&- &
    pid=$!
    p11mock_wait_hanging C_Sign
    kill -s "$signal" "$pid"
    status=0
    wait "$pid" || status=$?
    pid=
    assert_killed "$(kill -l "$signal")"
    assert_whole old
    assert_nothing_else
    p11mock_reset
  done
  run_split "${REPLACE_BY_TOKEN[@]}"
  assert_success
  assert_whole new
}

@test "Ctrl-C in the middle of a signature: the old list" {
  tty_require
  p11mock_set hang C_Sign
  tty_start -- "${REPLACE_BY_TOKEN[@]}"
  p11mock_wait_hanging C_Sign
  tty_key C-c
  tty_finish 10
  assert_killed 2
  assert_whole old
  assert_nothing_else
}

@test "many builds to one file at once: one of theirs, whole, and nothing else" {
  local i same=0
  for i in {1..12}; do
    "${PEM[@]}" -o "new.$i" --timestamp "$((1700000100 + i))"
  done
  for i in {1..12}; do
    { "${PEM[@]}" -o "$OUT" --force --timestamp "$((1700000100 + i))" 2>"error.$i" ||
      echo "$i" >>failed; } 3>&- &
  done
  wait
  assert_nothing_else
  for i in {1..12}; do
    ! is_whole "new.$i" || same=$i
  done
  [[ $same -ne 0 ]] || fail "the list is none of theirs"
  # Who was overtaken says so, and nothing else went wrong.
  touch failed
  ! grep -qx "$same" failed || fail "the last one failed: $(<"error.$same")"
  while IFS= read -r i; do
    grep -q 'not what was just written: another program replaced it' "error.$i" ||
      fail "$(<"error.$i")"
  done <failed
}

@test "many builds to one new file at once: exactly one wins" {
  local i
  rm "$OUT"
  for i in {1..12}; do
    ("${PEM[@]}" -o "$OUT" --timestamp "$((1700000100 + i))" 2>"error.$i" && echo "$i" >>won) 3>&- &
  done
  wait
  assert_equal "$(wc -l <won)" 1
  assert_equal "$(grep -l 'the file exists and is left as it is' error.* | wc -l)" 11
  "${PEM[@]}" -o winner --timestamp "$((1700000100 + $(<won)))"
  assert_whole winner
  assert_nothing_else
}
