# Assertions for bats suites.  Each says what it saw when it fails.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154  # status, output, lines and stderr are set by bats' run

bats_require_minimum_version 1.5.0

# fail TEXT...: prints and fails.
fail() {
  printf '%s\n' "$@" >&2
  return 1
}

# Everything that the last run left, for a failing assertion.
show_run() {
  printf '%s\n' "command: ${BATS_RUN_COMMAND-}" "status: ${status-}" "stdout:" "${output-}" >&2
  if [[ ${RAN_SPLIT-} == yes ]]; then
    printf '%s\n' "stderr:" "${stderr-}" >&2
  fi
}

# run_split COMMAND [ARG...]: bats' run with stdout in $output and stderr in $stderr, and without a
# controlling terminal, so that a prompt fails instead of waiting on the developer's.
run_split() {
  if [[ $(type -t "$1") == file ]]; then
    run --separate-stderr -- setsid --wait "$@"
  else
    run --separate-stderr -- "$@"
  fi
  RAN_SPLIT=yes
}

# run_merged COMMAND [ARG...]: the same with both in $output.
run_merged() {
  if [[ $(type -t "$1") == file ]]; then
    run -- setsid --wait "$@"
  else
    run -- "$@"
  fi
  RAN_SPLIT=no
  stderr=
}

assert_success() {
  [[ $status -eq 0 ]] || { show_run; fail "expected success"; }
}

# assert_failure [CODE]: a failure, with exactly this exit code; never by a signal.
assert_failure() {
  if [[ $status -eq 0 || $status -ge 126 ]]; then
    show_run
    fail "expected a failure with an exit code"
  elif [[ $# -gt 0 && $status -ne $1 ]]; then
    show_run
    fail "expected exit code $1"
  fi
}

# assert_killed SIGNAL-NUMBER
assert_killed() {
  [[ $status -eq $((128 + $1)) ]] || { show_run; fail "expected death by signal $1"; }
}

assert_equal() { # ACTUAL EXPECTED
  [[ $1 == "$2" ]] || fail "expected: $2" "actual:   $1"
}

# text_matches exact|partial|regexp TEXT PATTERN
text_matches() {
  case $1 in
  exact) [[ $2 == "$3" ]] ;;
  partial) [[ $2 == *"$3"* ]] ;;
  regexp) [[ $2 =~ $3 ]] ;;
  esac
}

# Sets `how` and `rest` of the caller from its [--partial|--regexp] TEXT.
parse_match() {
  how=exact
  case $1 in
  --partial | --regexp)
    how=${1#--}
    shift
    ;;
  esac
  [[ $# -eq 1 ]] || fail "usage: [--partial|--regexp] TEXT" || return 2
  pattern=$1
}

# assert_output [--partial|--regexp] TEXT: the whole of stdout.
assert_output() {
  local how pattern
  parse_match "$@" || return
  text_matches "$how" "$output" "$pattern" ||
    { show_run; fail "stdout does not match ($how): $pattern"; }
}

# refute_output [[--partial|--regexp] TEXT]: without arguments, stdout is empty.
refute_output() {
  local how pattern
  if [[ $# -eq 0 ]]; then
    [[ -z $output ]] || { show_run; fail "expected an empty stdout"; }
    return
  fi
  parse_match "$@" || return
  if text_matches "$how" "$output" "$pattern"; then
    show_run
    fail "stdout matches ($how): $pattern"
  fi
}

# assert_line [--partial|--regexp] TEXT: one line of stdout.
assert_line() {
  local how pattern line
  parse_match "$@" || return
  while IFS= read -r line; do
    if text_matches "$how" "$line" "$pattern"; then
      return 0
    fi
  done <<<"$output"
  show_run
  fail "no line of stdout matches ($how): $pattern"
}

refute_line() {
  local how pattern line
  parse_match "$@" || return
  while IFS= read -r line; do
    if text_matches "$how" "$line" "$pattern"; then
      show_run
      fail "a line of stdout matches ($how): $pattern"
      return 1
    fi
  done <<<"$output"
}

# Fails unless the last run told stdout and stderr apart.
require_split() {
  [[ ${RAN_SPLIT-} == yes ]] || fail "stderr is only known after run_split"
}

# assert_stderr [--partial|--regexp] TEXT; refute_stderr: stderr is empty.
assert_stderr() {
  local how pattern
  require_split || return
  parse_match "$@" || return
  text_matches "$how" "$stderr" "$pattern" ||
    { show_run; fail "stderr does not match ($how): $pattern"; }
}

refute_stderr() {
  require_split || return
  [[ -z $stderr ]] || { show_run; fail "expected an empty stderr"; }
}

# assert_one_line_error [REGEXP]: stderr is one line "ctlsign: ...", printable, without a full stop
# at its end, that matches; stdout is empty.
assert_one_line_error() {
  require_split || return
  if [[ $stderr == *$'\n'* || -z $stderr ]]; then
    show_run
    fail "expected exactly one line on stderr"
  elif [[ $stderr != "ctlsign: "?* || $stderr == *. || $stderr == *[[:cntrl:]]* ]]; then
    show_run
    fail "not of the form 'ctlsign: TEXT' without a full stop and control characters"
  elif [[ $# -gt 0 && ! $stderr =~ $1 ]]; then
    show_run
    fail "the error does not match: $1"
  elif [[ -n $output ]]; then
    show_run
    fail "expected an empty stdout"
  fi
}

# assert_json JQ-FILTER EXPECTED [FILE]: what jq -r prints for stdout, or for FILE.
assert_json() {
  local actual
  if [[ $# -gt 2 ]]; then
    actual=$(jq -r "$1" "$3") || { fail "no JSON in $3"; return 1; }
  else
    actual=$(jq -r "$1" <<<"$output") || { show_run; fail "stdout is no JSON"; return 1; }
  fi
  [[ $actual == "$2" ]] || fail "$1" "expected: $2" "actual:   $actual"
}

assert_file() { # FILE...
  local file
  for file; do
    [[ -f $file && -s $file ]] || { fail "no file, or an empty one: $file"; return 1; }
  done
}

refute_file() { # FILE...
  local file
  for file; do
    if [[ -e $file || -L $file ]]; then
      fail "should not exist: $file"
      return 1
    fi
  done
}

# assert_only_files DIRECTORY [NAME...]: these entries and no others, hidden ones included: no
# temporary file was left behind.
assert_only_files() {
  local directory=$1 expected actual
  shift
  expected=$([[ $# -eq 0 ]] || printf '%s\n' "$@" | LC_ALL=C sort)
  actual=$(find "$directory" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort)
  [[ $actual == "$expected" ]] ||
    fail "entries of $directory" "expected:" "$expected" "actual:" "$actual"
}

assert_same_file() { # A B
  cmp -- "$1" "$2" || fail "the files differ"
}

refute_same_file() { # A B
  if cmp -s -- "$1" "$2"; then
    fail "the files are the same: $1 $2"
  fi
}

assert_mode() { # FILE OCTAL
  assert_equal "$(stat -c %a -- "$1")" "$2"
}

# refute_in_files TEXT PATH...: TEXT (a PIN, say) stands in no file below the paths.
refute_in_files() {
  local text=$1
  shift
  if grep -rlF -- "$text" "$@"; then
    fail "the text stands in the files above"
  fi
}

# eventually SECONDS COMMAND [ARG...]: waits until the command succeeds.
eventually() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    if ((SECONDS >= end)); then
      fail "never came true: $*"
      return 1
    fi
    sleep 0.02
  done
}
