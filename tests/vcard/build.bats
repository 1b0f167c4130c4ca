#!/usr/bin/env bats
# ctlsign build with virtual cards: signatures through OpenSC and pcscd, and what goes wrong with a
# card.  Tries and signatures are counted on the card itself.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154  # stderr and output are set by bats' run

load fixture

setup_file() {
  vcard_require || return 0
  cards_setup_file
  make_servers pub
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  softhsm_token SAST-2 "$VCARD_PIN"
  softhsm_import SAST-2 01 "$K/sast2"
  KEY_9A="pkcs11:serial=$PIV_SERIAL;id=%01" KEY_9C="pkcs11:serial=$PIV_SERIAL;id=%02"
  KEY_HSM="pkcs11:serial=$HSM_SERIAL"
  export KEY_9A KEY_9C KEY_HSM
}

teardown_file() {
  vcard_teardown
}

setup() {
  cards_setup
  SIGNATURES=$(vcard_state piv signatures) VERIFIES=$(vcard_state piv verifies)
}

# The words of a build that the key, which is an entry too, signs.
words() { # KEY ARG...
  local key=$1
  shift
  WORDS=(build -o out.tlv --timestamp "$STAMP" "${OPENSC[@]}" --sign-with "$key" --sast "$key"
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab" "$@")
}

signed_by() {
  words "$@" "${PIN_FILE[@]}"
  quietly "${WORDS[@]}"
}

# refused_by CODE REGEXP KEY ARG...
refused_by() {
  local code=$1 pattern=$2
  shift 2
  words "$@"
  refused "$code" "$pattern" "${WORDS[@]}"
}

# same_as_file CERTIFICATE KEY: out.tlv is what the key from a file makes.
same_as_file() {
  quietly build -o file.tlv --timestamp "$STAMP" --sign-with "$2" --sast "$1" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  assert_same_file out.tlv file.tlv
}

assert_used() { # SIGNATURES VERIFIES, since the test began
  assert_card piv signatures $((SIGNATURES + $1)) verifies $((VERIFIES + $2))
}

@test "PIV 9a signs with one PIN and one signature, the same bytes as from a file" {
  signed_by "$KEY_9A"
  assert_used 1 1
  same_as_file "$K/sast1.pem" "$K/sast1.key"
  independent out.tlv
  quietly verify out.tlv
}

@test "PIV 9c, which always asks, signs with its PIN sent twice, never more" {
  local before
  before=$(vcard_state piv wrong_pins)
  signed_by "$KEY_9C"
  assert_used 1 2
  assert_card piv wrong_pins "$before" tries 3
  independent out.tlv
  assert_json .signer_record 1
}

@test "every digest is signed" {
  for digest in sha1 sha256 sha512; do
    signed_by "$KEY_9A" --force --digest "$digest"
    independent out.tlv
  done
  assert_used 3 3
}

@test "a SmartCard-HSM signs with the key that it made" {
  local before
  before=$(vcard_state hsm signatures)
  signed_by "$KEY_HSM"
  independent out.tlv
  assert_json .signer_record 1
  assert_card hsm signatures $((before + 1)) wrong_pins 0
  quietly verify out.tlv
}

@test "two modules at once: entries from three tokens, and any of them signs" {
  local key
  for key in "$KEY_9A" "$KEY_HSM" pkcs11:token=SAST-2; do
    quietly build -o out.tlv --force --timestamp "$STAMP" "${OPENSC[@]}" "${SOFTHSM[@]}" \
      --sign-with "$key" --sast "$KEY_9A" --sast "$KEY_HSM" --sast pkcs11:token=SAST-2 \
      --ccm-tftp "$K/pub.pem,dns=pub.lab" "${PIN_FILE[@]}"
    independent out.tlv
  done
  assert_json .signer_record 3
  assert_used 1 1
}

@test "a card with two keys: the one is meant whose certificate is an entry; else it is asked for" {
  quietly build -o out.tlv --timestamp "$STAMP" "${OPENSC[@]}" --sign-with pkcs11:token=SAST-1 \
    --sast "$K/sast1.pem" --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab" \
    "${PIN_FILE[@]}"
  assert_used 1 1
  refused_by 5 'id=%01.*id=%02|id=%02.*id=%01' pkcs11:token=SAST-1 "${PIN_FILE[@]}" --force
  assert_used 1 1
}

@test "a wrong PIN costs one try on the card, is said in one line, and leaves nothing" {
  refused_by 5 "^ctlsign: token 'SAST-1' \(serial $PIV_SERIAL\): .*PIN is wrong .*0xa0.*; make \
sure of the PIN before you try again" "$KEY_9A" "${WRONG_PIN_FILE[@]}"
  assert_card piv tries 2
  refused_by 5 'PIN is wrong .*one more wrong PIN locks the token' "$KEY_9A" "${WRONG_PIN_FILE[@]}"
  assert_card piv tries 1
  assert_used 0 2
}

@test "a wrong PIN costs one try of the key that always asks, and of a SmartCard-HSM" {
  refused_by 5 'PIN is wrong .*0xa0' "$KEY_9C" "${WRONG_PIN_FILE[@]}"
  assert_card piv tries 2
  assert_used 0 1
  refused_by 5 "^ctlsign: token 'SAST-3 \(UserPIN\)' .*PIN is wrong .*some tries are used" \
    "$KEY_HSM" "${WRONG_PIN_FILE[@]}"
  assert_card hsm tries 2
}

@test "after a wrong PIN the right one signs, and the card forgets" {
  refused_by 5 'PIN is wrong' "$KEY_9A" "${WRONG_PIN_FILE[@]}"
  signed_by "$KEY_9A"
  assert_card piv tries 3
  assert_used 1 2
}

@test "the last try is not made without a person, not even with the right PIN" {
  try_pins piv 0 2
  refused_by 5 'one try left: a wrong PIN locks it.*; make sure of the PIN, then run the command at a terminal' \
    "$KEY_9A" "${PIN_FILE[@]}"
  assert_card piv tries 1
  assert_used 0 2
}

@test "a locked card is refused before the PIN is read" {
  try_pins piv 0 3
  mkfifo -m 600 ../never
  refused_by 5 "^ctlsign: token 'SAST-1' .*the PIN is locked.*SO PIN or PUK" \
    "$KEY_9A" --pin-file ../never
  assert_used 0 3
  # Unlocked by its PUK, it signs.
  run pkcs15-tool --unblock-pin --auth-id 01 --puk "$VCARD_PUK" --new-pin "$VCARD_PIN"
  assert_success
  signed_by "$KEY_9A"
}

@test "a card that was removed before is asked for by name" {
  vcard_eject piv
  refused_by 5 "^ctlsign: no token matches '$KEY_9A'; there is: 'SAST-3 \(UserPIN\)' .*; insert \
the token" "$KEY_9A" "${PIN_FILE[@]}"
}

@test "a card that is pulled out between PIN and signature: one line, nothing written" {
  local key
  for key in "$KEY_9A" "$KEY_9C"; do
    vcard_ctl piv remove-after-verify
    refused_by 5 "^ctlsign: token 'SAST-1' \(serial $PIV_SERIAL\) was removed; plug it in again" \
      "$key" "${PIN_FILE[@]}"
    assert_card piv inserted false tries 3
    vcard_insert piv
  done
  assert_used 0 2
  signed_by "$KEY_9A"
  assert_used 1 3
}

@test "a SmartCard-HSM that is pulled out between PIN and signature" {
  vcard_ctl hsm remove-after-verify
  refused_by 5 "^ctlsign: token 'SAST-3 \(UserPIN\)' \(serial $HSM_SERIAL\) was removed; plug it" \
    "$KEY_HSM" "${PIN_FILE[@]}"
  assert_card hsm inserted false tries 3
  vcard_insert hsm
  signed_by "$KEY_HSM"
}

@test "a card that hangs ends the build in time, before and after its PIN" {
  local start=$SECONDS
  vcard_ctl piv hang
  refused_by 5 '^ctlsign: .*stopped answering: C_[A-Za-z]+ did not come back within 2 seconds; ' \
    "$KEY_9A" "${PIN_FILE[@]}" --timeout 2
  vcard_ctl piv unhang
  assert_used 0 0
  eventually 5 "$CTLSIGN" token show "$PIV_SERIAL" "${OPENSC[@]}"
  vcard_ctl piv slow 3
  refused_by 5 "^ctlsign: token 'SAST-1' .*stopped answering: C_Sign did not come back within 1 \
second; " "$KEY_9A" "${PIN_FILE[@]}" --timeout 1
  [[ $((SECONDS - start)) -lt 15 ]]
}

@test "a slow card is waited for" {
  vcard_ctl piv slow 1.5
  signed_by "$KEY_9A" --timeout 10
  assert_used 1 1
}
