#!/usr/bin/env bats
# ctlsign doctor over a real chain: opensc-pkcs11, a private pcscd, virtual cards.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load ../lib/vcard
load ../lib/doctor

setup_file() {
  vcard_require || return 0
  commands_setup_file
  vcard_setup "$BATS_FILE_TMPDIR/vcard"
  vcard_piv card 0 /O=Lab/CN=SAST-1 --no-9c
}

teardown_file() {
  vcard_teardown
}

setup() {
  vcard_require
  commands_setup
  BEFORE=()
  vcard_renew card
}

opensc() {
  examine --module "$OPENSC_MODULE"
}

@test "ready: the card, its key and its certificate; no PIN goes to it" {
  opensc
  is_ready
  told service-answers ok "^pcscd runs, at $PCSCLITE_CSOCK_NAME$"
  told service-permitted ok "you may use"
  told readers ok "^2 readers$"
  told card ok " 00: the card answers, and is a token$"
  told card - " 01: empty$"
  told token-pin ok "not locked"
  told token-key ok "^RSA-2048, id 01$"
  told token-certificate ok "^CN=SAST-1;O=Lab, valid to "
  assert_equal "$(vcard_state card verifies)" 0
  assert_equal "$(vcard_state card tries)" 3
}

@test "no card in any reader" {
  vcard_eject card
  opensc
  is_not_ready
  levels card - - bad
  told card bad "^no card is in any reader$" "insert the card"
  told tokens bad "^no module finds a token$" "mend first what is bad above"
}

@test "a card that no module knows" {
  export SOFTHSM2_CONF=/nowhere
  examine --module "$SOFTHSM_MODULE"
  is_not_ready
  told card warning "^.* 00: a card that no module shows, and not all modules work$" \
    "mend first what is said of the modules"
  softhsm_setup hsm
  examine --module "$SOFTHSM_MODULE"
  told card warning " 00: the card answers, and no module knows it$" \
    "install the software of the card's maker, and name its module with --module PATH"
}

@test "a card that hangs: the module is given up, and the readers are told" {
  local begin=$SECONDS
  vcard_ctl card hang
  opensc
  is_not_ready
  told module-answers bad "^stopped answering: " \
    "take the card out of 'Virtual PCD 00 00', insert it again, and start again"
  told readers ok "^2 readers$"
  levels card warning -
  ((SECONDS - begin < 15)) || fail "took $((SECONDS - begin)) s"
  vcard_ctl card unhang
}

@test "a card that hangs comes before SoftHSM's free slot, named or registered" {
  local options=(--module "$SOFTHSM_MODULE" --module "$OPENSC_MODULE")
  softhsm_require
  softhsm_setup hsm
  vcard_ctl card hang
  for _ in named registered; do
    run_split "$CTLSIGN" doctor "${options[@]}"
    assert_failure 5
    assert_line --regexp "^NOT READY: .*/opensc-pkcs11.so: stopped answering: C_"
    assert_equal "${lines[-2]}" "Begin with this; then ask again:"
    assert_equal "${lines[-1]}" \
      "  take the card out of 'Virtual PCD 00 00', insert it again, and start again"
    refute_output --partial "token init"
    assert_line --partial "no token is there, only SoftHSM's free slot (for a token in software)"
    registers_both || break
    options=()
  done
  vcard_ctl card unhang
}

# Whether p11-kit registers OpenSC's module and SoftHSM here.
registers_both() {
  local list
  list=$("$CTLSIGN" doctor --json | jq -r '.checks[] | select(.check == "module-file") | .where')
  [[ $list == *opensc-pkcs11.so* && $list == *libsofthsm2.so* ]]
}

@test "a SmartCard-HSM that was never initialised is to be initialised, then to make a key" {
  vcard_hsm hsm 1
  vcard_eject card
  opensc
  is_not_ready
  told token-pin ok "^set, and not locked$"
  local serial
  serial=$(jq -r '.checks[] | select(.check == "token-pin") | .where' <<<"$output")
  told token-key bad "^token 'SmartCard-HSM .UserPIN.' shows neither keys nor certificates: it may" \
    "ctlsign token init $serial --label SAST-1 --module $OPENSC_MODULE"
  pkcs11-tool --module "$OPENSC_MODULE" --slot-index 1 --init-token --label SAST-3 \
    --so-pin "$VCARD_SO_PIN"
  pkcs11-tool --module "$OPENSC_MODULE" --slot-index 1 --init-pin --login --login-type so \
    --so-pin "$VCARD_SO_PIN" --new-pin "$VCARD_PIN"
  opensc
  is_not_ready
  told token-key bad "^token 'SAST-3 .UserPIN.' has no RSA key that shows$" \
    "ctlsign token provision $serial --subject CN=SAST-3 --module $OPENSC_MODULE"
  vcard_remove hsm
}

@test "two modules: SoftHSM beside the card" {
  softhsm_require
  softhsm_setup hsm
  softhsm_token SOFT
  examine --module "$SOFTHSM_MODULE" --module "$OPENSC_MODULE"
  is_ready
  told tokens ok "^2 tokens$"
  levels token-key bad ok
}

@test "pcscd stopped: nobody listens any more" {
  vcard_setup "$PWD/second"
  vcard_teardown
  opensc
  is_not_ready
  told service-answers bad "^no pcscd runs at " "unset PCSCLITE_CSOCK_NAME"
  levels readers -
}
