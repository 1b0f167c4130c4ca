# What the suites of the server share: load it and nothing else.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154  # stderr is set by run_split

load ../lib/assertions
load ../lib/provider

setup_file() {
  service_setup "$BATS_FILE_TMPDIR/services"
  provider_certificates "$BATS_FILE_TMPDIR/certificates"
}

setup() {
  provider_require
  service_setup "$BATS_TEST_TMPDIR/services"
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  service_teardown
}

# start [LINE...]: a provider "one" with these settings.
start() {
  provider_conf one "$@" && provider_start one
}

# The log of "one" has a line with TEXT, now or soon.
assert_logged() {
  service_until 5 grep -qF -- "$1" "$SERVICES/one/log" || {
    cat "$SERVICES/one/log" >&2
    fail "no line with: $1"
  }
}

refute_logged() {
  ! grep -F -- "$1" "$SERVICES/one/log" >&2 || fail "a line with: $1"
}

get() { # [CURL-ARGUMENT...]
  run_split provider_curl one /v1/mode "$@"
}

assert_served() {
  get "$@"
  assert_success
  assert_equal "$(jq -c .mode <<<"$output")" null
}

# refused_as WHO: the connection fails.
refused_as() {
  PROVIDER_CLIENT=$1 get
  assert_failure
  refute_output
}

# process_status NAME: what the kernel says of the daemon's process.
process_status() {
  sed -n "s/^$1:[[:space:]]*//p" "/proc/$(service_pid one)/status"
}

slow() { # WAY
  run python3 "$BATS_TEST_DIRNAME/slow.py" "$1" "$PROVIDER_PORT" \
    "$PROVIDER_CERTS/officer.pem" "$PROVIDER_CERTS/officer.key"
}
