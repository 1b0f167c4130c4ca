#!/usr/bin/env bats
# ctlsign publish --again over real servers: one that lost its files, one whose backup is old.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  delivery_setup_file
}

setup() {
  delivery_setup
}

teardown() {
  delivery_teardown
}

@test "a rebuilt server and an old backup get the current CTL, CAPF's files and the mode" {
  first
  change update
  rm "$(folder sub1)"/*
  # In place: the folder of a provider is not ours everywhere.
  cat old >"$(folder sub2)/CTLFile.tlv"
  provider_stop sub2
  rm -rf "$SERVICES"/sub2/state/*
  provider_start sub2
  ctlsign nodes
  assert_failure 3
  assert_line '  ctlsign publish --again'
  ctlsign publish --again
  assert_success
  assert_line --regexp '^  cucm-sub1 \(sftp:.*\): CTLFile\.tlv, capf\.cer, capf\.pem$'
  assert_line --regexp '^  cucm-sub2 \(https:.*\): CTLFile\.tlv$'
  refute_line --regexp '^  cucm-pub '
  assert_everywhere CTLFile.tlv
  assert_same_file "$(folder sub1)/capf.pem" "$K/capf.pem"
  provider_curl sub2 /v1/mode -f -o got
  assert_equal "$(jq -c . got)" '{"mode":1}'
  ctlsign nodes
  assert_success
}

@test "one that is away: the other gets it, and the next run ends it" {
  first
  rm "$(folder sub1)"/* "$(folder sub2)/CTLFile.tlv"
  sshd_stop sshd
  ctlsign publish --again
  assert_failure 1
  assert_line --regexp '^cucm-sub1 .* failed '
  assert_line --regexp '^cucm-sub2 .* done '
  assert_same_file "$(folder sub2)/CTLFile.tlv" old
  sshd_again sshd
  ctlsign publish --again
  assert_success
  assert_everywhere old
}
