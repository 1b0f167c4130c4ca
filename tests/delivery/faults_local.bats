#!/usr/bin/env bats
# What a folder of this machine, and the server that phones are served by, can do wrong.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  delivery_setup_file
}

setup() {
  NODES="pub sub1"
  delivery_setup
  first
  signed
}

teardown() {
  delivery_teardown
}

assert_recovers() {
  publish --resume
  assert_success
  assert_everywhere new
  assert_nothing_staged
  assert_settled
}

@test "full, and read-only" {
  local kind
  for kind in full read-only; do
    on_disk "$kind" "$SERVICES/pub"
    # What is on that disk goes with the process: it is copied before.
    # shellcheck disable=SC2016  # expanded by the inner shell
    run_split "${ON_DISK[@]}" sh -c '"$1" publish --yes; status=$?
      cp "$2" seen; ls -A "${2%/*}" >names; exit $status' sh "$CTLSIGN" "$SERVICES/pub/CTLFile.tlv"
    assert_failure
    assert_told pub
    assert_same_file seen old
    refute_in_files .ctlsign names
    assert_everywhere old
  done
  assert_recovers
}

@test "the folder is not there, or no folder" {
  mv "$SERVICES/pub" "$SERVICES/away"
  publish
  assert_failure
  assert_told pub
  assert_holds old sub1
  echo file >"$SERVICES/pub"
  publish
  assert_failure
  assert_told pub
  rm "$SERVICES/pub"
  mv "$SERVICES/away" "$SERVICES/pub"
  assert_recovers
}

@test "phones are served from elsewhere: it is told, and nothing counts before it is mended" {
  [[ -n $TFTP ]] || skip "in.tftpd can only be started by root"
  mkdir elsewhere
  cp old elsewhere/CTLFile.tlv
  tftpd_start other "$PWD/elsewhere"
  VERIFY="\"$(tftpd_url other)\"" nodes_conf
  publish
  assert_failure
  assert_told pub
  assert_equal "$("$CTLSIGN" history --json | jq '[.[] | select(.current)][0].number')" 1
  ctlsign nodes
  assert_failure
  nodes_conf
  assert_recovers
  assert_one_checksum
}

@test "the server that phones ask is down" {
  [[ -n $TFTP ]] || skip "in.tftpd can only be started by root"
  tftpd_stop tftpd
  LIMIT=1 nodes_conf
  publish
  assert_failure
  assert_told pub
  ctlsign nodes
  assert_failure
  tftpd_start tftpd "$SERVICES/pub" "$(<"$SERVICES/tftpd/port")"
  assert_recovers
}

@test "somebody changed a node's file: nodes marks it, and the next list mends it" {
  publish
  assert_success
  assert_one_checksum
  cp old "$SERVICES/sub1/CTLFile.tlv"
  ctlsign nodes
  assert_failure
  assert_told sub1
  ctlsign nodes --json
  assert_failure
  change update
  assert_everywhere CTLFile.tlv
  assert_one_checksum
}

@test "two runs at once: the second waits or is refused, and one list is everywhere" {
  local pid
  publish &
  pid=$!
  publish --resume || :
  wait "$pid" || :
  publish --resume || :
  assert_everywhere new
  assert_settled
}

# another_capf: ctlsign.conf names a certificate of CAPF that the signed CTL does not have.
another_capf() {
  cert_capf new-capf 4a219f01
  cp new-capf.pem certs/capf.pem
}

@test "CAPF has another certificate than the signed CTL: servers get the CTL's, and it is told" {
  another_capf
  publish
  assert_success
  assert_line --partial 'the CAPF certificate of ctlsign.conf is not the one in generation 2'
  assert_everywhere new
  assert_same_file "$SERVICES/sub1/capf.pem" "$K/capf.pem"
  ctlsign status --json
  assert_failure 6
  assert_json '[.items[].code] | join(" ")' capf-certificate
  change update
  assert_everywhere CTLFile.tlv
  assert_same_file "$SERVICES/sub1/capf.pem" new-capf.pem
}

@test "an old list comes back with the CAPF certificate that it names" {
  publish
  assert_success
  another_capf
  change update
  assert_same_file "$SERVICES/sub1/capf.pem" new-capf.pem
  change rollback 2
  assert_everywhere CTLFile.tlv
  assert_same_file "$SERVICES/sub1/capf.pem" "$K/capf.pem"
}

# A CTL with a second certificate of CAPF is on one server, and not on the publisher.
half_delivered_with_second_capf() {
  publish --back
  assert_success
  cert_capf second-capf 4a219f02
  cp second-capf.pem certs/capf.pem
  signed
  break_second_phase pub
  publish
  assert_failure 1
  assert_same_file "$SERVICES/sub1/capf.pem" second-capf.pem
  mend_second_phase
}

@test "CAPF gets another certificate while a CTL is half delivered: that is taken back whole" {
  # The CTL in delivery has a second one already; the third comes while it is on its way.
  half_delivered_with_second_capf
  another_capf
  publish --back
  assert_success
  assert_everywhere old
  assert_nothing_staged
  assert_same_file "$SERVICES/sub1/capf.pem" "$K/capf.pem"
}

@test "CAPF leaves ctlsign.conf while a CTL is half delivered: its files go back, too" {
  half_delivered_with_second_capf
  sed -i '/capf-certificate/d; s/, CAPF//' ctlsign.conf
  publish --back
  assert_success
  assert_everywhere old
  assert_same_file "$SERVICES/sub1/capf.pem" "$K/capf.pem"
}

@test "two nodes with one place: it is delivered once, or refused, never half" {
  TARGET_SUB1=$SERVICES/pub nodes_conf
  publish
  [[ $status -ne 0 ]] || assert_same_file "$SERVICES/pub/CTLFile.tlv" new
  holds pub old || holds pub new
}
