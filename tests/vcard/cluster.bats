#!/usr/bin/env bats
# A cluster whose tokens are real cards behind pcscd and OpenSC: mixed mode at the terminal, update,
# non-secure mode and back, and tokenless; a card pulled out while it was to sign.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixture
load ../lib/tty

setup_file() {
  vcard_require || return 0
  cards_setup_file
  make_servers pub sub
  cert_capf "$K/capf" 4a219f00
  cert_itl_recovery "$K/itl" cucm-pub
}

teardown_file() {
  vcard_teardown
}

setup() {
  tty_require
  cards_setup
  cp "$K"/{pub,sub,capf,itl}.pem .
  (umask 077 && cp "$K/server.key" "$K/itl.key" .)
  cat >ctlsign.conf <<CONF
cluster = "lab"
release = "12.5(1)"
export-controlled = yes
modules = {"$OPENSC_MODULE"}
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, CAPF}
  certificate = "pub.pem"
  capf-certificate = "capf.pem"
}
itlrecovery { certificate = "itl.pem"
  key = "itl.key" }
callmanager { key = "server.key" }
CONF
  HSM=(--token "pkcs11:serial=$HSM_SERIAL") PIV=(--token "pkcs11:serial=$PIV_SERIAL;id=%01")
  BEFORE=$(vcard_state piv signatures)
}

teardown() {
  tty_stop
}

changes() { # ARG...
  ctlsign "$@" --yes "${PIN_FILE[@]}"
  assert_success && carried
}

first_ctl() {
  vcard_insert piv
  vcard_insert hsm
  changes set-cluster mixed-mode --tokens "${HSM[@]}" "${PIV[@]}"
}

# The roles of a list and who signed it, as the independent reader sees them.
shape() { # FILE
  independent "$1"
  jq -r '"\(.signer_record) \([.records[].role] | join(" "))"' <<<"$output"
}

@test "insert, add, remove, insert, add, finish, look, yes, PIN: mixed mode" {
  vcard_eject piv
  vcard_eject hsm
  tty_start --stdout ../stdout --stderr ../stderr -- "$CTLSIGN" set-cluster mixed-mode --tokens
  tty_wait "Insert token 1 of 2"
  vcard_insert hsm
  tty_wait "Token 1 of"
  tty_wait 'Type "add"' 10 1
  tty_type add
  tty_wait "Remove token 'SAST-3"
  vcard_eject hsm
  tty_wait "Insert token 2 of 2"
  vcard_insert piv
  tty_wait "carries several certificates:"
  tty_type 1
  tty_wait "Token 2 of"
  tty_wait 'Type "add"' 10 2
  tty_type add
  tty_wait 'Type "finish"'
  tty_type finish
  tty_wait 'signs. Type "yes" to go on'
  grep -q 'adds token .* (CN=SAST-3;O=Lab)' ../stderr
  assert_card piv verifies "$(vcard_state piv verifies)" signatures "$BEFORE"
  tty_type yes
  tty_wait "PIN of token 'SAST-1"
  tty_type "$VCARD_PIN"
  tty_finish
  assert_success
  assert_equal "$(shape CTLFile.tlv)" "2 SAST SAST SAST SAST CCM+TFTP CAPF"
  assert_card piv signatures $((BEFORE + 1)) tries 3
  quietly verify CTLFile.tlv
}

@test "update by the other card, non-secure mode, back, tokenless: phones follow all the way" {
  local n
  first_ctl
  cp CTLFile.tlv 1.tlv
  assert_equal "$(shape 1.tlv)" "2 SAST SAST SAST SAST CCM+TFTP CAPF"
  printf '%s\n' 'subscriber cucm-sub { address = "10.1.2.4"' '  certificate = "sub.pem" }' \
    >>ctlsign.conf
  changes update "${HSM[@]}"
  cp CTLFile.tlv 2.tlv
  assert_equal "$(shape 2.tlv)" "1 SAST SAST SAST SAST CCM+TFTP CAPF CCM+TFTP"
  changes set-cluster non-secure-mode "${PIV[@]}"
  cp CTLFile.tlv 3.tlv
  assert_equal "$(shape 3.tlv)" "2 SAST SAST SAST SAST CCM+TFTP CAPF CCM+TFTP"
  changes set-cluster mixed-mode "${HSM[@]}"
  cp CTLFile.tlv 4.tlv
  changes set-cluster mixed-mode --tokenless
  cp CTLFile.tlv 5.tlv
  assert_equal "$(shape 5.tlv)" "1 SAST SAST CCM+TFTP CAPF CCM+TFTP"
  for n in 1 2 3 4; do quietly verify --trust "$n.tlv" "$((n + 1)).tlv"; done
  ctlsign status
  assert_success
}

@test "pulled out before the PIN: the old CTL and state stay, and the log tells" {
  first_ctl
  cp CTLFile.tlv old.tlv
  printf '%s\n' 'subscriber cucm-sub { address = "10.1.2.4"' '  certificate = "sub.pem" }' \
    >>ctlsign.conf
  tty_start --stdout ../stdout --stderr ../stderr -- "$CTLSIGN" update "${PIV[@]}"
  tty_wait 'signs. Type "yes" to go on'
  tty_type yes
  tty_wait "PIN of token 'SAST-1"
  vcard_eject piv
  tty_type "$VCARD_PIN"
  tty_finish
  assert_failure 5
  cmp CTLFile.tlv old.tlv
  ctlsign history --json
  assert_json length 1
  ctlsign audit show --json
  assert_json '.[-1].outcome | startswith("failed: token-removed")' true
  ctlsign audit verify
  assert_success
  vcard_insert piv
  changes update "${PIV[@]}"
  quietly verify --trust old.tlv CTLFile.tlv
}
