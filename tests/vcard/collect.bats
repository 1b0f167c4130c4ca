#!/usr/bin/env bats
# Tokens asked for one by one, on real cards in one reader and in two: insertions and removals are
# noticed through PC/SC.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixture
load ../lib/tty

setup_file() {
  vcard_require || return 0
  cards_setup_file
  make_servers pub
}

teardown_file() {
  vcard_teardown
}

setup() {
  tty_require
  cards_setup
  vcard_eject piv
  vcard_eject hsm
  COLLECT=("$CTLSIGN" build -o out.tlv "${OPENSC[@]}" --ccm-tftp "$K/pub.pem,dns=pub.lab")
  SIGNATURES=$(vcard_state piv signatures) VERIFIES=$(vcard_state piv verifies)
}

teardown() {
  tty_stop
}

collects() { # N ARG...
  local n=$1
  shift
  tty_start --stdout ../stdout --stderr ../stderr -- "${COLLECT[@]}" --collect "$n" "$@"
}

# adds NUMBER: the token that is inserted now is described and added.
adds() {
  tty_wait "Token $1 of"
  tty_wait 'Type "add"' 10 "$1"
  tty_type add
  tty_wait 'Added: token' 10 "$1"
}

@test "insert, add, remove, insert, add, finish, PIN: a signed list" {
  collects 2
  tty_wait "Insert token 1 of 2"
  vcard_insert hsm
  adds 1
  tty_wait "Remove token 'SAST-3"
  vcard_eject hsm
  tty_wait "Insert token 2 of 2"
  vcard_insert piv
  tty_wait "carries several certificates:"
  tty_type 1
  adds 2
  tty_wait 'Type "finish"'
  tty_type finish
  tty_wait "PIN of token 'SAST-1"
  tty_type "$VCARD_PIN"
  tty_finish
  assert_success
  quietly verify out.tlv
  assert_equal "$("$CTLSIGN" show --json out.tlv | jq -r '.records | length')" 3
  assert_card piv signatures $((SIGNATURES + 1)) verifies $((VERIFIES + 1)) tries 3
}

@test "an insertion is noticed within a second, a removal as well" {
  collects 1
  tty_wait "Insert token 1 of 1"
  vcard_ctl piv insert >/dev/null
  # pcscd itself looks every 0.4 s.
  tty_wait "Token 'SAST-1' (serial $PIV_SERIAL) carries several certificates:" 1
  vcard_ctl piv eject >/dev/null
  tty_wait "Insert token 1 of 1" 1 2
}

@test "the certificate that always asks can stand for the card, too" {
  collects 1
  tty_wait "Insert token 1 of 1"
  vcard_insert piv
  tty_wait "carries several certificates:"
  tty_type 2
  adds 1
  tty_wait "PIN of token 'SAST-1"
  tty_type "$VCARD_PIN"
  tty_finish
  assert_success
  quietly verify out.tlv
  assert_card piv signatures $((SIGNATURES + 1)) verifies $((VERIFIES + 2))
}

@test "pulled out between finish and PIN: one clear line, nothing written, no try used" {
  collects 1
  tty_wait "Insert token 1 of 1"
  vcard_insert piv
  tty_wait "carries several certificates:"
  tty_type 1
  adds 1
  tty_wait "PIN of token 'SAST-1"
  vcard_eject piv
  tty_type "$VCARD_PIN"
  tty_finish
  assert_failure 5
  assert_equal "$(grep -vc '^ctlsign: warning:' ../stderr)" 1
  grep -q "token 'SAST-1.* was removed; plug it in again" ../stderr
  refute_file out.tlv
  assert_card piv tries 3 verifies "$VERIFIES"
}

@test "Ctrl-C while a card is awaited: nothing was sent to any card" {
  collects 1
  tty_wait "Insert token 1 of 1"
  tty_key C-c
  tty_finish
  assert_killed 2
  refute_file out.tlv
  assert_card piv tries 3 verifies "$VERIFIES"
}

@test "without a terminal the cards that are inserted are named" {
  vcard_insert piv
  vcard_insert hsm
  quietly build -o out.tlv "${OPENSC[@]}" "${PIN_FILE[@]}" --collect 2 \
    --token "pkcs11:serial=$HSM_SERIAL" --token "pkcs11:serial=$PIV_SERIAL;id=%01" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab"
  quietly verify out.tlv
  assert_card piv signatures $((SIGNATURES + 1)) verifies $((VERIFIES + 1))
}
