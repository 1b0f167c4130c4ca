#!/usr/bin/env bats
# Every release's row, both kinds of signing: into mixed mode, an update, out of it, and back, each
# list looked at by the independent reader.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2
  make_certificates pub sub1 sub2 tftp2 asa1 capf itl
  make_tokens 1 2
  softhsm_token CallManager "$PIN"
  softhsm_import CallManager 01 "$K/pub"
}

setup() {
  cluster_setup
}

# The server that the update adds.
SUB2='subscriber cucm-sub2 {
  address = "10.1.2.5"
  certificate = "certs/sub2.pem"
}'

sub2() {
  record CCM+TFTP CN=sub2 cucm-sub2 10.1.2.5 "$K/sub2.pem"
}

# looks_like FILE SIGNER DIGEST RECORD-LINES: all of the list.
looks_like() {
  local found
  found=$(look "$1")
  assert_equal "$found" "$(printf 'signer=%s %s CTLFile.tlv\n%s' "$2" "$3" "$4")"
}

# goes_round DIGEST "SAST..." SIGNER-RECORD ARGS-OF-FIRST ARGS-OF-OTHERS: the four steps of the
# conf that is there.  SIGNER-RECORD is who signs the first list, and with tokens the first and
# second take turns.
goes_round() {
  local digest=$1 list=$2 signer=$3 first=$4 tokens=$5 all next=$3
  local -a other=()
  # shellcheck disable=SC2086
  all=$(sasts $list)

  # shellcheck disable=SC2086
  change set-cluster mixed-mode $first
  cp CTLFile.tlv 1.tlv
  looks_like 1.tlv "$signer" "$digest" "$all"$'\n'"$(servers)"
  assert_settled

  # Entries that stay keep place and bytes, the new one follows.
  printf '%s\n' "$SUB2" >>ctlsign.conf
  ctlsign status
  assert_failure 6
  if [[ $tokens == tokens ]]; then other=(--token SAST-1) next=1; fi
  change update "${other[@]}"
  cp CTLFile.tlv 2.tlv
  looks_like 2.tlv "$next" "$digest" "$all"$'\n'"$(servers)"$'\n'"$(sub2)"
  follows 1.tlv 2.tlv
  body 1.tlv 1.body
  body 2.tlv 2.body
  cmp -n "$(stat -c %s 1.body)" 1.body 2.body
  assert_settled

  if [[ $tokens == tokens ]]; then other=(--token SAST-2) next=2; fi
  change set-cluster non-secure-mode "${other[@]}"
  assert_output --partial 'only when it is deleted on phones and servers'
  cp CTLFile.tlv 3.tlv
  looks_like 3.tlv "$next" "$digest" \
    "$all"$'\n'"$(bare_servers)"$'\n'"$(bare_record CCM+TFTP cucm-sub2 10.1.2.5)"
  follows 2.tlv 3.tlv
  assert_settled
  ctlsign status --json
  assert_json '.mode' non-secure
  assert_json '[.items[].code] | contains(["left-behind"])' true

  if [[ $tokens == tokens ]]; then other=(--token SAST-1) next=1; fi
  change set-cluster mixed-mode "${other[@]}"
  cp CTLFile.tlv 4.tlv
  looks_like 4.tlv "$next" "$digest" "$all"$'\n'"$(servers)"$'\n'"$(sub2)"
  follows 3.tlv 4.tlv
  body 4.tlv 4.body
  assert_same_file 2.body 4.body
  assert_settled
  ctlsign history --json
  assert_json '[.[] | "\(.number) \(.mode)"] | join(",")' '1 mixed,2 mixed,3 non-secure,4 mixed'
}

by_tokens() { # DIGEST SAST...
  local digest=$1
  shift
  goes_round "$digest" "$*" 2 "--tokens --token SAST-1 --token SAST-2" tokens
  # Nothing that was not asked for.
  refute_in_files "$PIN" .
}

tokenless() { # DIGEST SIGNER-RECORD SAST...
  local digest=$1 signer=$2
  shift 2
  goes_round "$digest" "$*" "$signer" --tokenless tokenless
}

@test "9.1(2): tokens" {
  conf '9.1(2)'
  by_tokens sha1 1 2
}

@test "9.1(2): tokenless does not exist" {
  conf '9.1(2)'
  refused_change_yes 1 'release 9.1\(2\) has no tokenless CTL.*--tokens' \
    set-cluster mixed-mode --tokenless
  refute_file CTLFile.tlv
  # Nor afterwards: with all tokens lost there is no way.
  change set-cluster mixed-mode --token SAST-1 --token SAST-2
  refused_change_yes 1 'release 9.1\(2\) has no tokenless CTL' \
    set-cluster non-secure-mode --tokenless --force-signer
}

@test "10.0(1): tokens" {
  conf '10.0(1)'
  by_tokens sha1 1 2
}

@test "10.0(1): tokenless, CallManager alone" {
  conf '10.0(1)'
  tokenless sha1 1 pub
}

@test "10.5(1): tokens" {
  conf '10.5(1)'
  by_tokens sha1 1 2
}

@test "10.5(1): tokenless, CallManager alone" {
  conf '10.5(1)'
  tokenless sha1 1 pub
}

@test "10.5(2): tokens" {
  conf '10.5(2)'
  by_tokens sha1 1 2
}

@test "10.5(2): tokenless, ITLRecovery beside CallManager" {
  conf '10.5(2)'
  tokenless sha1 1 pub itl
}

@test "11.5(1): tokens, with both anchors" {
  conf '11.5(1)'
  by_tokens sha512 1 2 pub itl
}

@test "11.5(1): tokenless" {
  conf '11.5(1)SU8'
  tokenless sha512 1 pub itl
}

@test "11.5(1): ITLRecovery does not sign" {
  SETTINGS=('tokenless-signer = ITLRecovery')
  conf '11.5(1)'
  refused_change_yes 1 'ctlsign.conf: line 4: in release 11.5\(1\) ITLRecovery does not sign' \
    set-cluster mixed-mode --tokenless
}

@test "12.0(1): tokens, with both anchors" {
  conf '12.0(1)'
  by_tokens sha512 1 2 pub itl
}

@test "12.0(1): tokenless" {
  conf '12.0(1)'
  tokenless sha512 1 pub itl
}

@test "12.0(1): tokenless, ITLRecovery signs" {
  SETTINGS+=('export-controlled = yes' 'tokenless-signer = ITLRecovery')
  conf '12.0(1)'
  tokenless sha512 2 pub itl
}

@test "12.5(1): tokens, with both anchors" {
  conf '12.5(1)SU3'
  by_tokens sha512 1 2 pub itl
}

@test "12.5(1): tokenless" {
  conf '12.5(1)SU3'
  tokenless sha512 1 pub itl
}

@test "12.5(1): tokenless, ITLRecovery signs" {
  SETTINGS+=('export-controlled = yes' 'tokenless-signer = ITLRecovery')
  conf '12.5(1)'
  tokenless sha512 2 pub itl
}

@test "12.5(1): tokenless, CallManager's key on a token" {
  CALLMANAGER_KEY='pkcs11:token=CallManager'
  rm certs/pub.key
  conf '12.5(1)'
  tokenless sha512 1 pub itl
  refute_in_files "$PIN" .
}

@test "12.5(1): a digest that is set" {
  SETTINGS+=('export-controlled = yes' 'digest = sha256')
  conf '12.5(1)'
  tokenless sha256 1 pub itl
}

@test "14: tokens, with both anchors" {
  conf 14
  by_tokens sha512 1 2 pub itl
}

@test "14: tokenless" {
  conf 14SU2
  tokenless sha512 1 pub itl
}

@test "14: tokenless, ITLRecovery signs" {
  SETTINGS+=('export-controlled = yes' 'tokenless-signer = ITLRecovery')
  conf 14
  tokenless sha512 2 pub itl
}

@test "15: tokens, with both anchors" {
  conf 15
  by_tokens sha512 1 2 pub itl
}

@test "15: tokenless" {
  conf 15
  tokenless sha512 1 pub itl
}

@test "15: tokenless, ITLRecovery signs" {
  SETTINGS+=('export-controlled = yes' 'tokenless-signer = ITLRecovery')
  conf 15
  tokenless sha512 2 pub itl
}
