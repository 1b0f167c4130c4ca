#!/usr/bin/env bats
# Every command's help, its usage errors, and streams that are full or closed.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

COMMANDS=("token list" "token show" build show verify lint diff)

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub
  borrow server "$K/old"
  cert_expired "$K/old" old.lab
  make_list sast1 "$K/good.tlv"
  make_list sast2 "$K/other.tlv" --filename Odd.tlv
}

setup() {
  commands_setup
}

# wrong REGEXP COMMAND ARG...: a usage error, which points to the command's help.
wrong() {
  local pattern=$1
  shift
  refused 2 "$pattern" "$@"
  assert_stderr --regexp "[;?] see: ctlsign .*--help$"
}

@test "--help: all commands, the exit codes, an example" {
  ctlsign --help
  assert_success
  refute_stderr
  assert_line --regexp '^Usage: ctlsign COMMAND '
  for command in "${COMMANDS[@]}"; do
    assert_line --regexp "^  $command  +[a-z]"
  done
  assert_line --partial 'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 verification failed'
  assert_line --regexp '^Example'
  local help=$output
  for form in -h help; do
    ctlsign $form
    assert_success
    assert_output "$help"
  done
}

@test "a group of commands: --help lists them and no others" {
  for form in "token --help" "token -h" "help token"; do
    # shellcheck disable=SC2086
    ctlsign $form
    assert_success
    assert_line --regexp '^  token list  '
    assert_line --regexp '^  token unblock  '
    refute_line --regexp '^  build '
    assert_line --partial 'ctlsign token COMMAND --help'
  done
}

@test "each command's --help, -h and help: an example, 80 columns at most" {
  for command in "${COMMANDS[@]}"; do
    # shellcheck disable=SC2086
    ctlsign $command --help
    assert_success
    refute_stderr
    assert_line --regexp "^Usage: ctlsign $command "
    assert_line --regexp '^Example'
    assert_line --regexp "^  ctlsign $command "
    assert_equal "$(awk 'length($0) > 80' <<<"$output")" ""
    local help=$output
    # shellcheck disable=SC2086
    ctlsign $command -h
    assert_output "$help"
    # shellcheck disable=SC2086
    ctlsign help $command
    assert_success
    assert_output "$help"
    # Help wins over what stands behind it, and nothing is done.
    # shellcheck disable=SC2086
    ctlsign $command --help nonsense
    assert_success
    assert_output "$help"
  done
  assert_only_files .
}

@test "--version" {
  ctlsign --version
  assert_success
  refute_stderr
  assert_output --regexp '^ctlsign [0-9]+\.[0-9]+(\.[0-9]+)?$'
}

@test "no command, unknown ones, half ones" {
  wrong '^ctlsign: which command\?'
  wrong "^ctlsign: there is no command 'sign'" sign
  wrong "^ctlsign: there is no command 'buil'; did you mean 'build'\? see: " buil -o x
  wrong "^ctlsign: there is no command 'updat'; did you mean 'update'\? see: " updat
  wrong "^ctlsign: there is no command 'tokens'; did you mean 'token'\? see: " tokens list
  wrong "^ctlsign: there is no command 'mixed-mode'; did you mean 'set-cluster mixed-mode'\? see: " \
    mixed-mode
  wrong "^ctlsign: there is no command 'frobnicate'; see: " frobnicate
  wrong "^ctlsign: there is no command ''; see: " ''
  wrong "^ctlsign: there is no command 'sing'" help sing
  wrong "^ctlsign: 'token' needs a second word" token
  wrong "^ctlsign: there is no command 'token lost'; after 'token' stands one of: list, show, .*unblock; " token lost
  wrong "^ctlsign: there is no command 'set-cluster mixed'; .*: mixed-mode, non-secure-mode; see: ctlsign set-cluster --help$" \
    set-cluster mixed
  wrong "^ctlsign: unknown option '--frobnicate'" --frobnicate
  wrong "^ctlsign: unknown option '-v'" -v show
  wrong "^ctlsign: there is no command 'a\\\\x0Ab'" $'a\nb'
  wrong "^ctlsign: unknown option '-\\\\x1B\[1m'" $'-\e[1m'
}

@test "each command: unknown options, values where none belong and missing ones" {
  for command in "${COMMANDS[@]}"; do
    # shellcheck disable=SC2086
    {
      wrong "^ctlsign: unknown option '--frobnicate'; see: ctlsign $command --help$" \
        $command --frobnicate
      wrong "^ctlsign: unknown option '-Z'; see: ctlsign $command --help$" $command -Z
      wrong "^ctlsign: unknown option '-Z'; " $command -Zh
      wrong "^ctlsign: unknown option '--a\\\\x0Ab'; " $command $'--a\nb'
      wrong "^ctlsign: option '--help=x' takes no value; " $command --help=x
    }
  done
  for command in "token list" "token show"; do
    for option in --module --timeout; do
      # shellcheck disable=SC2086
      wrong "^ctlsign: option '$option' needs a value; see: ctlsign $command" $command x "$option"
    done
  done
  wrong "^ctlsign: option '--trust' needs a value" verify x --trust
  wrong "^ctlsign: option '--jobs' needs a value" verify x --jobs
  wrong "^ctlsign: option '--expiry-days' needs a value" lint x --expiry-days
}

@test "each command: too few and too many arguments" {
  wrong '^ctlsign: FILE is missing' show
  wrong '^ctlsign: one file at a time' show a b
  wrong '^ctlsign: FILE is missing' verify
  wrong '^ctlsign: FILE is missing' verify --json
  wrong '^ctlsign: FILE is missing' lint
  wrong '^ctlsign: one file at a time' lint a b
  wrong '^ctlsign: give two files, the old and the new one' diff
  wrong '^ctlsign: give two files, the old and the new one' diff a
  wrong '^ctlsign: give two files, the old and the new one' diff a b c
  wrong "^ctlsign: unexpected argument 'x'" token list x
  wrong '^ctlsign: TOKEN is missing' token show
  wrong '^ctlsign: one token at a time' token show a b
}

@test "each command: values that are refused" {
  for value in 0 65 -1 x '' ' 1' 1.5 18446744073709551617; do
    wrong "^ctlsign: --jobs takes 1 to 64, not '$value'" verify --jobs "$value" "$K/good.tlv"
  done
  for value in 36501 -1 x ''; do
    wrong "^ctlsign: --expiry-days takes 0 to 36500, not '$value'" lint --expiry-days "$value" x
  done
  for command in "token list" "token show x"; do
    for value in 0 3601 -1 x ''; do
      # shellcheck disable=SC2086
      wrong "^ctlsign: --timeout takes 1 to 3600 seconds, not '$value'" $command --timeout "$value"
    done
  done
  wrong '^ctlsign: --json and --uri exclude each other' token list --json --uri
  local -a many=()
  for i in {1..33}; do
    many+=(--module "/m$i.so")
  done
  wrong '^ctlsign: --module is given more than 32 times' token list "${many[@]}"
}

@test "options may stand behind arguments; -- ends them" {
  cp "$K/good.tlv" ./--json
  cp "$K/good.tlv" ./good.tlv
  ctlsign show good.tlv --json
  assert_success
  assert_json .file good.tlv
  ctlsign show --json -- --json
  assert_success
  assert_json .file --json
  quietly verify -- --json
  quietly diff -- --json good.tlv
}

# The commands that print something when all is well.
printing() {
  printf '%s\n' --version --help "build --help" "token list --help" "show $K/good.tlv" \
    "show --json $K/good.tlv" "lint $K/other.tlv" "lint --json $K/good.tlv" \
    "diff $K/good.tlv $K/other.tlv" "diff --json $K/good.tlv $K/good.tlv" \
    "verify --json $K/good.tlv"
}

@test "a full stdout is a failure" {
  while read -r -a words; do
    # shellcheck disable=SC2016
    run_split sh -c '"$@" >/dev/full' sh "$CTLSIGN" "${words[@]}"
    assert_failure 1
    assert_one_line_error '^ctlsign: cannot write the result: No space left on device$'
  done < <(printing)
}

@test "a full stdout is told, however much is printed" {
  local -a many=()
  for i in {1..400}; do
    many+=("$K/good.tlv")
  done
  # shellcheck disable=SC2016
  run_split sh -c '"$@" >/dev/full' sh "$CTLSIGN" verify --json "${many[@]}"
  assert_failure 1
  assert_one_line_error '^ctlsign: cannot write the result: '
}

@test "a closed stdout is a failure" {
  while read -r -a words; do
    # shellcheck disable=SC2016
    run_split sh -c '"$@" >&-' sh "$CTLSIGN" "${words[@]}"
    assert_failure 1
    assert_one_line_error '^ctlsign: cannot write the result: '
  done < <(printing)
}

@test "commands that print nothing do not need stdout" {
  for closed in '>&-' '>/dev/full' '<&- >&- 2>&-'; do
    run_split sh -c '"$@" '"$closed" sh "$CTLSIGN" verify "$K/good.tlv"
    assert_success
    run_split sh -c '"$@" '"$closed" sh "$CTLSIGN" build -o out.tlv --force \
      --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem"
    assert_success
    independent out.tlv
  done
}

@test "messages never land in the output file when stderr is closed" {
  run_split sh -c '"$@" <&- >&- 2>&-' sh "$CTLSIGN" build -o out.tlv --sign-with "$K/sast1.key" \
    --sast "$K/sast1.pem" --ccm "$K/old.pem,dns=a"
  assert_success
  independent out.tlv
  refute_in_files warning out.tlv
  run_split sh -c '"$@" 2>&-' sh "$CTLSIGN" verify nothere.tlv
  assert_failure 1
  run_split sh -c '"$@" 2>/dev/full' sh "$CTLSIGN" verify nothere.tlv
  assert_failure 1
}

@test "a closed pipe ends the output without a word" {
  # shellcheck disable=SC2016
  run_split bash -c '"$@" | head -n 1; exit "${PIPESTATUS[1]}"' bash "$CTLSIGN" show "$K/good.tlv"
  assert_success
  assert_output "The checksum value of the CTL file:"
}
