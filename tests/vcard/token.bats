#!/usr/bin/env bats
# ctlsign token list and token show over virtual cards in two readers, alone and with SoftHSM.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154  # stderr and output are set by bats' run

load fixture

setup_file() {
  vcard_require || return 0
  cards_setup_file
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  softhsm_token SAST-1
  softhsm_token SAST-2
  softhsm_import SAST-2 01 "$K/sast2"
  SOFT_1=$(softhsm_serial SAST-1) SOFT_2=$(softhsm_serial SAST-2)
  export SOFT_1 SOFT_2
}

teardown_file() {
  vcard_teardown
}

setup() {
  cards_setup
}

listed() {
  ctlsign token list "$@"
  assert_success
  refute_stderr
}

@test "cards of two kinds and SoftHSM's tokens stand in one listing" {
  listed "${OPENSC[@]}" "${SOFTHSM[@]}"
  assert_equal "$(wc -l <<<"$output")" 5
  assert_line --regexp "^SAST-1 +$PIV_SERIAL +ready +Virtual PCD 00 00$"
  assert_line --regexp "^SAST-3 \(UserPIN\) +$HSM_SERIAL +ready +Virtual PCD 00 01$"
  assert_line --regexp "^SAST-1 +$SOFT_1 +ready +SoftHSM slot ID 0x"
  assert_line --regexp "^SAST-2 +$SOFT_2 +ready +SoftHSM slot ID 0x"
  listed --json "${OPENSC[@]}" "${SOFTHSM[@]}"
  assert_json '[.tokens[].module] | unique | length' 2
  assert_json '.problems | length' 0
  assert_json ".tokens[] | select(.serial == \"$PIV_SERIAL\") | .label, .pin, .login_required" \
    $'SAST-1\nready\ntrue'
  # Neither order matters.
  local other=$output
  listed --json "${SOFTHSM[@]}" "${OPENSC[@]}"
  assert_equal "$(jq -S '.tokens | sort_by(.serial)' <<<"$output")" \
    "$(jq -S '.tokens | sort_by(.serial)' <<<"$other")"
}

@test "each URI of the listing selects its token" {
  listed --uri "${OPENSC[@]}" "${SOFTHSM[@]}"
  local uris=$output serials='' uri
  assert_equal "$(wc -l <<<"$uris")" 4
  while read -r uri; do
    ctlsign token show --json "$uri" "${OPENSC[@]}" "${SOFTHSM[@]}"
    assert_success
    serials+="$(jq -r .serial <<<"$output")"$'\n'
  done <<<"$uris"
  assert_equal "$(sort -u <<<"$serials" | grep -c .)" 4
}

@test "one label on a card and on a SoftHSM token: refused with both URIs; the serial picks" {
  refused 5 "^ctlsign: 2 tokens match: .*serial $PIV_SERIAL.*; remove the others" \
    token show SAST-1 "${OPENSC[@]}" "${SOFTHSM[@]}"
  local error=$stderr serial uri
  for serial in "$PIV_SERIAL" "$SOFT_1"; do
    [[ $error == *"'SAST-1', serial $serial, slot "* ]]
    uri=$(grep -o "pkcs11:[^ ]*serial=$serial;token=SAST-1" <<<"$error")
    for name in "$serial" "$uri"; do
      ctlsign token show --json "$name" "${OPENSC[@]}" "${SOFTHSM[@]}"
      assert_success
      assert_json .serial "$serial"
    done
  done
  # Where only one module is asked there is no doubt.
  ctlsign token show --json SAST-1 "${OPENSC[@]}"
  assert_json .serial "$PIV_SERIAL"
}

@test "the certificates of both cards, without a PIN" {
  local before
  before=$(vcard_state piv verifies)
  ctlsign token show --json "$PIV_SERIAL" "${OPENSC[@]}"
  assert_success
  assert_json '[.certificates[] | .id, .has_key, .sha256] | join(" ")' \
    "01 true $(sha256sum <"$K/sast1.der" | cut -d' ' -f1) \
02 true $(sha256sum <"$K/second.der" | cut -d' ' -f1)"
  ctlsign token show --json "$HSM_SERIAL" "${OPENSC[@]}"
  assert_success
  assert_json '[.certificates[] | .id, .label, .has_key, .sha256] | join(" ")' \
    "01 sast true $(sha256sum <"$K/hsm.der" | cut -d' ' -f1)"
  assert_card piv verifies "$before"
}

# pin_word SERIAL WORD: the state of a card's PIN, in JSON.
pin_word() {
  listed --json "${OPENSC[@]}"
  assert_json ".tokens[] | select(.serial == \"$1\").pin" "$2"
}

@test "the state of each card's PIN, as the card counts it" {
  try_pins piv 0 2
  pin_word "$PIV_SERIAL" final-try
  pin_word "$HSM_SERIAL" ready
  try_pins piv 0 1
  pin_word "$PIV_SERIAL" locked
  try_pins hsm 1 1
  pin_word "$HSM_SERIAL" count-low
  try_pins hsm 1 1
  pin_word "$HSM_SERIAL" final-try
  try_pins hsm 1 1
  listed "${OPENSC[@]}"
  assert_line --regexp "$PIV_SERIAL +LOCKED"
  assert_line --regexp "$HSM_SERIAL +LOCKED"
  # Looking uses no try.
  assert_card piv tries 0 puk_tries 3
  assert_card hsm tries 0 puk_tries 15
}

@test "cards that leave are missing, and no others" {
  vcard_eject piv
  listed "${OPENSC[@]}"
  assert_equal "$(wc -l <<<"$output")" 2
  refused 5 "^ctlsign: no token matches '$PIV_SERIAL'; there is: 'SAST-3 \(UserPIN\)' \
\(serial $HSM_SERIAL\); insert the token" token show "$PIV_SERIAL" "${OPENSC[@]}"
  vcard_eject hsm
  ctlsign token list "${OPENSC[@]}"
  assert_success
  assert_one_line_error '^ctlsign: no token found; '
  listed "${SOFTHSM[@]}" "${OPENSC[@]}"
  assert_equal "$(wc -l <<<"$output")" 3
}

@test "a card that hangs ends the listing in time; SoftHSM alone does not care" {
  vcard_ctl piv hang
  local start=$SECONDS
  refused 5 "^ctlsign: $OPENSC_MODULE: stopped answering: C_[A-Za-z]+ did not come back within 1 \
second; " token list --timeout 1 "${OPENSC[@]}"
  [[ $((SECONDS - start)) -lt 5 ]]
  listed "${SOFTHSM[@]}"
  vcard_ctl piv unhang
  eventually 5 "$CTLSIGN" token show "$PIV_SERIAL" "${OPENSC[@]}"
}

@test "without a Smart Card service there are no cards, and SoftHSM works" {
  PCSCLITE_CSOCK_NAME=/nowhere ctlsign token list "${OPENSC[@]}"
  assert_success
  assert_one_line_error '^ctlsign: no token found; '
  PCSCLITE_CSOCK_NAME=/nowhere listed "${SOFTHSM[@]}" "${OPENSC[@]}"
  assert_equal "$(wc -l <<<"$output")" 3
}
