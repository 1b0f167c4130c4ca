#!/usr/bin/env bats
# A cluster of three nodes on loopback, from its first mixed mode to a node that is lost in the
# middle of an update and comes back: a directory that tftpd serves, an sshd, a CTL Provider.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  delivery_setup_file
  make_sasts sast1 sast2
  make_tokens 1 2
}

setup() {
  delivery_setup
}

teardown() {
  delivery_teardown
}

# What phones of every node would get, by clients that are not the program's.
assert_phones_get() { # FILE
  if [[ -n $TFTP ]]; then
    tftp_get tftpd CTLFile.tlv got
    assert_same_file got "$1"
  fi
  provider_curl sub2 /v1/files/CTLFile.tlv -f -o got
  assert_same_file got "$1"
}

# CAPF's certificate is on all nodes but the publisher.
assert_capf() {
  local node
  for node in sub1 sub2; do
    assert_same_file "$(folder "$node")/capf.cer" "$K/capf.der"
    assert_same_file "$(folder "$node")/capf.pem" "$K/capf.pem"
  done
  assert_only_files "$(folder pub)" CTLFile.tlv
}

# lose_and_recover: UPDATE with sshd away changes nothing, and is finished when it is back; the
# next one is taken back.
lose_and_recover() {
  local generation
  cp CTLFile.tlv old
  sshd_stop sshd
  NOW=$((NOW + 1))
  ctlsign "${UPDATE[@]}" --yes --timestamp "$NOW" "${PIN_FILE[@]}"
  assert_failed_before_change sub1
  # What is current is the old one, and no other change begins.
  generation=$("$CTLSIGN" history --json | jq '[.[] | select(.current)] | length')
  assert_equal "$generation" 1
  NOW=$((NOW + 1))
  ctlsign "${UPDATE[@]}" --yes --timestamp "$NOW" "${PIN_FILE[@]}"
  assert_failure
  assert_everywhere old
  # The node that is away cannot be asked.
  ctlsign nodes
  assert_failure
  assert_told sub1
  sshd_again sshd
  publish --resume
  assert_success
  refute_same_file old CTLFile.tlv
  assert_everywhere CTLFile.tlv
  assert_nothing_staged
  assert_phones_get CTLFile.tlv
  quietly verify --trust old CTLFile.tlv
  assert_one_checksum
  assert_settled
  # Once more, and back.
  cp CTLFile.tlv old
  provider_kill sub2
  NOW=$((NOW + 1))
  ctlsign "${UPDATE[@]}" --yes --timestamp "$NOW" "${PIN_FILE[@]}"
  assert_failed_before_change sub2
  provider_start sub2
  publish --back
  assert_success
  assert_everywhere old
  assert_same_file old CTLFile.tlv
  assert_nothing_staged
  assert_one_checksum
  assert_settled
  change "${UPDATE[@]}"
  assert_everywhere CTLFile.tlv
  refute_same_file old CTLFile.tlv
}

@test "two tokens: mixed mode, an update, a node lost and back, one checksum" {
  UPDATE=(update --token SAST-1)
  change set-cluster mixed-mode --token SAST-1 --token SAST-2
  assert_everywhere CTLFile.tlv
  assert_capf
  assert_nothing_staged
  assert_phones_get CTLFile.tlv
  assert_one_checksum
  assert_equal "$(provider_curl sub2 /v1/mode | jq .mode)" 1
  independent "$(folder sub1)/CTLFile.tlv"
  cp CTLFile.tlv old
  change "${UPDATE[@]}"
  refute_same_file old CTLFile.tlv
  assert_everywhere CTLFile.tlv
  assert_one_checksum
  lose_and_recover
  change set-cluster non-secure-mode --token SAST-1
  assert_everywhere CTLFile.tlv
  assert_equal "$(provider_curl sub2 /v1/mode | jq .mode)" 0
  assert_one_checksum
  provider_stop sub2
}

@test "tokenless: mixed mode, an update, a node lost and back, one checksum" {
  UPDATE=(update)
  change set-cluster mixed-mode --tokenless
  assert_everywhere CTLFile.tlv
  assert_capf
  assert_phones_get CTLFile.tlv
  assert_one_checksum
  lose_and_recover
  cp CTLFile.tlv newest
  change rollback 1
  refute_same_file newest CTLFile.tlv
  assert_everywhere CTLFile.tlv
  assert_one_checksum
}

@test "a node dies between the phases: who holds what is told, and the run is finished" {
  first
  signed
  break_second_phase sub1
  publish
  assert_failure
  assert_told sub1
  assert_holds old sub1
  assert_holds new pub sub2
  ctlsign nodes
  assert_failure
  assert_told sub1
  mend_second_phase sub1
  publish --resume
  assert_success
  assert_everywhere new
  assert_nothing_staged
  assert_one_checksum
  assert_settled
}

@test "a node dies between the phases: all go back to the old list" {
  first
  signed
  break_second_phase sub1
  publish
  assert_failure
  assert_holds old sub1
  assert_holds new pub sub2
  # As long as it may have either, it is not the end of it.
  sshd_stop sshd
  publish --back
  assert_failure
  assert_told sub1
  sshd_again sshd
  mend_second_phase sub1
  publish --back
  assert_success
  assert_everywhere old
  assert_same_file old CTLFile.tlv
  assert_nothing_staged
  assert_one_checksum
  assert_settled
}

@test "without publishing nothing arrives; by hand it counts when an officer says so" {
  first
  signed
  assert_everywhere old
  assert_equal "$("$CTLSIGN" history --json | jq '[.[] | select(.current)][0].number')" 1
  publish
  assert_success
  assert_everywhere new
  assert_settled
  # A node that has no target is served by hand.
  TARGET_SUB2='' nodes_conf
  sed -i 's/  deliver = {""}//' ctlsign.conf
  cp new old
  change update
  assert_holds CTLFile.tlv pub sub1
  assert_holds old sub2
  assert_told sub2
  assert_equal "$("$CTLSIGN" history --json | jq '[.[] | select(.current)][0].number')" 2
  cp CTLFile.tlv "$(folder sub2)/CTLFile.tlv"
  publish --by-hand
  assert_success
  assert_equal "$("$CTLSIGN" history --json | jq '[.[] | select(.current)][0].number')" 3
  assert_settled
}
