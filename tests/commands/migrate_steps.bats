#!/usr/bin/env bats
# ctlsign migrate next where something is not as it was when the plan was made, or fails.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load ../cluster/fixture
load migrate

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2 sast3 sast4
  make_certificates pub sub1 tftp2 asa1 capf itl
  make_tokens 1 2 3 4
}

setup() {
  cluster_setup
}

trusted() { # N: certificates in Phone-SAST-trust
  ctlsign trust list --json
  assert_json length "$1"
}

@test "all tokens are lost, and the CTL lists the anchors: CallManager signs the way to new ones" {
  first_by_tokens '12.5(1)'
  cp CTLFile.tlv 1.tlv
  ctlsign migrate rotate --lost-token "$(serial_of 1)" --lost-token "$(serial_of 2)" \
    --new-token "$K/sast3.pem" --new-token "$K/sast4.pem" --yes
  assert_success
  next
  follows 1.tlv CTLFile.tlv
  while cp CTLFile.tlv before.tlv && ctlsign migrate status && [[ $status -eq 6 ]]; do
    next --phones-hold "$(current)" --token SAST-3
    follows before.tlv CTLFile.tlv
  done
  assert_equal "$(look CTLFile.tlv | grep '^SAST' | sort)" "$(sasts 3 4 pub itl | sort)"
}

@test "where the bridge stands in Phone-SAST-trust, the key of ctlsign.conf signs it" {
  first_tokenless '10.5(2)'
  cp CTLFile.tlv 1.tlv
  ctlsign migrate tokens --new-token "$K/sast1.pem" --new-token "$K/sast2.pem" --yes
  assert_success
  next
  follows 1.tlv CTLFile.tlv
  while cp CTLFile.tlv before.tlv && ctlsign migrate status && [[ $status -eq 6 ]]; do
    next --phones-hold "$(current)" --token SAST-1
    follows before.tlv CTLFile.tlv
  done
  assert_equal "$(look CTLFile.tlv | grep '^SAST' | sort)" "$(sasts 1 2 | sort)"
  # What was only needed on the way has left, once the last step was everywhere.
  ctlsign migrate next --yes
  trusted 0
  ctlsign status
  assert_success
}

@test "ctlsign.conf that has another release now: the step is not signed as something else" {
  first_by_tokens '10.5(2)'
  sed -i 's/10.5(2)/12.5(1)/' ctlsign.conf
  ctlsign migrate tokenless --yes
  assert_success
  sed -i 's/12.5(1)/10.5(2)/' ctlsign.conf
  waits 1 'the CTL would not trust .*ctlsign.conf has changed since the plan was made' --token SAST-1
  sed -i 's/10.5(2)/12.5(1)/' ctlsign.conf
  next --token SAST-1
}

@test "a step that fails has taken nothing out of Phone-SAST-trust" {
  first_tokenless '10.5(2)'
  ctlsign migrate tokens --new-token "$K/sast1.pem" --new-token "$K/sast2.pem" --yes
  assert_success
  next
  trusted 1
  ctlsign migrate next --yes --phones-hold 2 --token SAST-1 --pin-file "$BATS_TEST_TMPDIR/no-such-pin"
  assert_failure
  trusted 1
  ctlsign status
  assert_success
  # Signed, but taken back: the same.
  NOW=$((NOW + 1))
  ctlsign migrate next --yes --phones-hold 2 --token SAST-1 --timestamp "$NOW" "${PIN_FILE[@]}"
  assert_success
  trusted 1
  ctlsign publish --back --yes
  assert_success
  trusted 1
  ctlsign status
  assert_success
  next --phones-hold 2 --token SAST-1
  ctlsign migrate next --yes
  assert_success
  assert_output --partial 'the migration is finished'
  trusted 0
}

@test "somebody else's CTL is on its way: it is published or taken back first, and no plan is made" {
  first_by_tokens '12.5(1)'
  ctlsign migrate tokenless --yes
  assert_success
  ctlsign set-cluster non-secure-mode --token SAST-1 --yes "${PIN_FILE[@]}" --timestamp $((NOW + 1))
  assert_success
  waits 1 'generation 2, which is no step of the plan, is signed and not on every server.*publish --back'
  ctlsign migrate status --json
  assert_json .replanned 0
}
