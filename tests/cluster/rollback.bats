#!/usr/bin/env bats
# ctlsign rollback: old content in a new generation.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_certificates pub sub1 tftp2 asa1 capf itl
  cert_node "$K/pub2" pub
  cert_itl_recovery "$K/itl2" cucm-pub
  make_tokens 1 2 3
}

setup() {
  cluster_setup
}

# The second generation has no firewall any more; what the first listed is in 1.body.
two_generations() { # ARG... of the update
  cp CTLFile.tlv 1.tlv
  body 1.tlv 1.body
  sed -i '/^firewall/,/^}/d' ctlsign.conf
  change update "$@"
  cp CTLFile.tlv 2.tlv
}

@test "the old records, byte for byte, in a new list of today that phones take" {
  first_tokenless '12.5(1)'
  two_generations
  change rollback 1
  cp CTLFile.tlv 3.tlv
  body 3.tlv 3.body
  assert_same_file 1.body 3.body
  refute_same_file 1.tlv 3.tlv
  follows 2.tlv 3.tlv
  independent 3.tlv
  assert_json .header.timestamp "$NOW"
  ctlsign history --json
  assert_json '.[-1] | "\(.number) \(.reason)"' '3 rollback 1'
  # The inventory has not changed, and status says what it lacks.
  ctlsign status --json
  assert_failure 6
  assert_json '[.items[] | select(.kind == "update") | .code + " " + .name] | join(",")' \
    'firewall-removed asa1'
  change update
  body CTLFile.tlv 4.body
  body 2.tlv 2.body
  assert_same_file 2.body 4.body
}

@test "with tokens: one that both lists know signs" {
  first_by_tokens '10.5(2)'
  two_generations --add-token --remove-token "$(cert_serial "$K/sast1.pem")" --token SAST-3 --token SAST-2
  assert_equal "$(look 2.tlv | grep -c '^SAST')" 2
  # SAST-1 is in the old list only, SAST-3 in the new one only.
  refused_change_yes 4 'SAST-1' rollback 1 --token SAST-1
  refused_change_yes 5 'SAST-3.*none of the tokens of the new CTL' rollback 1 --token SAST-3
  change rollback 1 --token SAST-2
  follows 2.tlv CTLFile.tlv
  body CTLFile.tlv 3.body
  assert_same_file 1.body 3.body
}

@test "back over a change of the usual signer: the other anchor signs" {
  first_tokenless '12.5(1)'
  cp "$K/pub2.pem" certs/pub.pem
  cp "$K/pub2.key" certs/pub.key
  two_generations --sign-with certs/itl.key
  change rollback 1
  follows 2.tlv CTLFile.tlv
  independent CTLFile.tlv
  assert_json .signer_record 2
  body CTLFile.tlv 3.body
  assert_same_file 1.body 3.body
}

@test "into mixed mode and out of it" {
  first_tokenless '12.5(1)'
  cp CTLFile.tlv 1.tlv
  change set-cluster non-secure-mode
  cp CTLFile.tlv 2.tlv
  change rollback 1
  follows 2.tlv CTLFile.tlv
  ctlsign status --json
  assert_json .mode mixed
  change rollback 2
  ctlsign status --json
  assert_json .mode non-secure
  body 2.tlv 2.body
  body CTLFile.tlv 4.body
  assert_same_file 2.body 4.body
}

@test "generations that cannot come back" {
  first_tokenless '12.5(1)'
  refused_change_yes 2 'generation 1 is the current one' rollback 1
  refused_change_yes 1 'generation 7' rollback 7
  refused_change_yes 2 'GENERATION' rollback
  refused_change_yes 2 'GENERATION' rollback 1 2
  refused_change_yes 2 "not 'one'" rollback one
  refused_change_yes 2 "not '0'" rollback 0
}

@test "an old list whose signers phones do not know any more" {
  first_tokenless '12.5(1)'
  cp "$K/pub2.pem" certs/pub.pem
  cp "$K/pub2.key" certs/pub.key
  change reset-localkey
  cp "$K/itl2.pem" certs/itl.pem
  cp "$K/itl2.key" certs/itl.key
  change update --phones-hold "$(current)"
  refused_change_yes 4 'both recovery anchors' rollback 1
  # By the way of the one in between.
  change rollback 2 --phones-hold "$(current)"
  change rollback 1 --sign-with "$K/itl.key" --phones-hold "$(current)"
  assert_equal "$(look CTLFile.tlv)" "$(printf 'signer=2 sha512 CTLFile.tlv\n'; sasts pub itl; servers)"
}
