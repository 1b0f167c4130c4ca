#!/usr/bin/env bats
# From an empty card to a signed list, and cards whose PINs are changed and unlocked: all of it with
# ctlsign alone.  Tries are counted on the card itself.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixture

setup_file() {
  vcard_require || return 0
  cards_setup_file
  make_servers pub
}

teardown_file() {
  vcard_teardown
}

setup() {
  cards_setup
  vcard_renew piv
  PIV_SERIAL=$(token_serial 0) HSM_SERIAL=$(token_serial 1)
  (umask 077 && echo "$VCARD_SO_PIN" >../so-pin && echo 24681357 >../new-pin &&
    echo "$VCARD_PUK" >../puk && echo 11111111 >../wrong-puk && echo 3537363231383899 >../wrong-so)
}

# The words that name the PIV card and the HSM.
piv() {
  echo "pkcs11:serial=$PIV_SERIAL"
}

# An empty HSM in reader 1, with a new serial number.
empty_hsm() {
  vcard_renew hsm
  HSM_SERIAL=$(token_serial 1)
}

# OpenSC's C_InitToken loses a few bytes, which a build with sanitizers must not count.
init_hsm() {
  ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
    ctlsign token init "$HSM_SERIAL" "${OPENSC[@]}" --label SAST-9 --erase "$HSM_SERIAL" \
    --so-pin-file ../so-pin --new-pin-file ../pin
  assert_success
  # OpenSC puts the PIN's name behind the label.
  assert_stderr --regexp \
    "warning: the module shows it as 'SAST-9 \(UserPIN\)', not as 'SAST-9': name it so, or by its serial number $HSM_SERIAL$"
}

prepare_hsm() {
  init_hsm
  ctlsign token provision "$HSM_SERIAL" "${OPENSC[@]}" --subject CN=SAST-9,O=Lab "${PIN_FILE[@]}"
  assert_success
}

@test "an empty SmartCard-HSM: init, provision, export, build, verify" {
  empty_hsm
  prepare_hsm
  ctlsign token export "$HSM_SERIAL" "${OPENSC[@]}" -o sast-9.pem
  assert_success
  assert_equal "$(openssl x509 -in sast-9.pem -noout -subject -nameopt RFC2253)" \
    "subject=CN=SAST-9,O=Lab"
  openssl verify -CAfile sast-9.pem sast-9.pem
  quietly build -o out.tlv "${OPENSC[@]}" "${PIN_FILE[@]}" --collect 1 --token "$HSM_SERIAL" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  quietly verify out.tlv
  quietly lint out.tlv
  assert_card hsm signatures 2 tries 3
}

@test "a request for a CA, its answer imported, a list signed with it" {
  empty_hsm
  init_hsm
  ctlsign token provision "$HSM_SERIAL" "${OPENSC[@]}" --subject CN=SAST-9,O=Lab "${PIN_FILE[@]}" \
    --csr sast-9.csr
  assert_success
  openssl req -in sast-9.csr -verify -noout
  cert_ca ca 2048 "/CN=Lab CA"
  openssl x509 -req -in sast-9.csr -CA ca.pem -CAkey ca.key -set_serial 99 -days 100 \
    -out sast-9.pem 2>/dev/null
  ctlsign token import "$HSM_SERIAL" sast-9.pem "${OPENSC[@]}" "${PIN_FILE[@]}"
  assert_success
  quietly build -o out.tlv "${OPENSC[@]}" "${PIN_FILE[@]}" --collect 1 --token "$HSM_SERIAL" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  quietly verify out.tlv
}

# OpenSC loses some bytes, too, when it removes a certificate.
replace_on_hsm() { # FILE
  ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
    quietly token import "$HSM_SERIAL" "$1" "${OPENSC[@]}" "${PIN_FILE[@]}" --replace "$HSM_SERIAL"
}

@test "a CA's certificate takes the place of the self-signed one, under an id that holds only one" {
  empty_hsm
  prepare_hsm
  ctlsign token export "$HSM_SERIAL" "${OPENSC[@]}" -o self.pem
  assert_success
  openssl x509 -in self.pem -noout -pubkey >key.pub
  cert_ca ca 2048 "/CN=Lab CA"
  openssl x509 -new -force_pubkey key.pub -CA ca.pem -CAkey ca.key -subj /O=Lab/CN=SAST-9 -days 100 \
    -set_serial 0x77 -out sast-9.pem
  refused 1 "under id 01 there is already the certificate of CN=SAST-9;O=Lab; .*--replace $HSM_SERIAL" \
    token import "$HSM_SERIAL" sast-9.pem "${OPENSC[@]}" "${PIN_FILE[@]}"
  replace_on_hsm sast-9.pem
  quietly token export "$HSM_SERIAL" "${OPENSC[@]}" -o back.pem
  assert_equal "$(cert_serial back.pem)" 77
  quietly build -o out.tlv "${OPENSC[@]}" "${PIN_FILE[@]}" --collect 1 --token "$HSM_SERIAL" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  quietly verify out.tlv
  # And another after it, for the card has lost its public key object with the first certificate.
  openssl x509 -new -force_pubkey key.pub -CA ca.pem -CAkey ca.key -subj /O=Lab/CN=SAST-9 -days 100 \
    -set_serial 0x78 -out next.pem
  replace_on_hsm next.pem
  quietly token export "$HSM_SERIAL" "${OPENSC[@]}" -o back.pem --force
  assert_equal "$(cert_serial back.pem)" 78
}

@test "a SmartCard-HSM that was never initialised: provision says so" {
  empty_hsm
  refused 5 "if it was never initialised: ctlsign token init $HSM_SERIAL --label NAME" \
    token provision "$HSM_SERIAL" "${OPENSC[@]}" --subject CN=SAST-9 "${PIN_FILE[@]}"
}

@test "init without TOKEN takes no slot in software while cards are there" {
  local slot
  softhsm_setup hsm
  slot=$(softhsm2-util --show-slots | awk '/^Slot /{ print $2; exit }')
  mkfifo -m 600 never
  refused 5 "the only blank token is one in software, and there are others: 'pkcs11:slot-id=$slot.*' \(.*in software\); .*\(serial $PIV_SERIAL\).*\(serial $HSM_SERIAL\); name the one that is meant" \
    token init --label NEW "${SOFTHSM[@]}" "${OPENSC[@]}" --so-pin-file never
  # As it is written there.
  [[ $stderr =~ (pkcs11:[^\']*) ]]
  ctlsign token init "${BASH_REMATCH[1]}" --label NEW "${SOFTHSM[@]}" "${OPENSC[@]}" \
    --so-pin-file ../so-pin --new-pin-file ../new-pin
  assert_success
  assert_equal "$(softhsm_serial NEW)" "$(awk '$1 == "Serial" { print $2 }' <<<"$output")"
  # Whoever names the module means it.
  ctlsign token init --label OTHER "${SOFTHSM[@]}" --so-pin-file ../so-pin --new-pin-file ../new-pin
  assert_success
}

@test "init without TOKEN takes no slot in software while a reader holds a card that no module knows" {
  grep -qs softhsm /usr/share/p11-kit/modules/* /etc/pkcs11/modules/* ||
    skip "p11-kit has no SoftHSM registered here"
  softhsm_setup hsm
  mkfifo -m 600 never
  # OpenSC knows other cards only.
  echo 'app default { card_drivers = openpgp; }' >opensc.conf
  export OPENSC_CONF=$PWD/opensc.conf
  refused 5 "the only blank token is one in software, and there are others: .*; a card that no module knows \(.*00 00\); a card that no module knows \(.*00 01\); name the one" \
    token init --label NEW --so-pin-file never
}

@test "a card with a key is erased only by its serial number" {
  local serial
  empty_hsm
  prepare_hsm
  serial=$HSM_SERIAL
  refused 1 "everything on it would be destroyed; if that is meant, give --erase $serial" token init "$serial" "${OPENSC[@]}" --label NEW \
    --so-pin-file ../so-pin --new-pin-file ../pin
  refused 5 "serial" token init "$serial" "${OPENSC[@]}" --label NEW --erase 4711 \
    --so-pin-file ../so-pin --new-pin-file ../pin
  assert_success_after_all "$serial"
}

# The key is still there and signs.
assert_success_after_all() {
  quietly build -o out.tlv "${OPENSC[@]}" "${PIN_FILE[@]}" --collect 1 --token "$1" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
}

@test "the PIN of a card is changed; the wrong one counts once" {
  ctlsign token change-pin "$(piv)" "${OPENSC[@]}" "${PIN_FILE[@]}" --new-pin-file ../new-pin
  assert_success
  refused 5 "CKR_PIN_INCORRECT" token change-pin "$(piv)" "${OPENSC[@]}" "${PIN_FILE[@]}" \
    --new-pin-file ../new-pin
  assert_card piv tries 2
  quietly build -o out.tlv "${OPENSC[@]}" --pin-file ../new-pin --collect 1 \
    --token "$(piv);id=%01" --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  assert_card piv tries 3
}

@test "a locked PIV card: refused without asking, unlocked by its PUK, signs again" {
  try_pins piv 0 3
  assert_card piv tries 0
  refused 5 "locked.*ctlsign token unblock" build -o out.tlv "${OPENSC[@]}" "${PIN_FILE[@]}" \
    --collect 1 --token "$(piv);id=%01" --sast "$K/sast2.pem"
  refused 5 "." token unblock "$(piv)" "${OPENSC[@]}" --so-pin-file ../wrong-puk \
    --new-pin-file ../new-pin
  assert_card piv tries 0 puk_tries 2
  ctlsign token unblock "$(piv)" "${OPENSC[@]}" --so-pin-file ../puk --new-pin-file ../new-pin
  assert_success
  assert_card piv tries 3 puk_tries 3
  quietly build -o out.tlv "${OPENSC[@]}" --pin-file ../new-pin --collect 1 \
    --token "$(piv);id=%01" --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  quietly verify out.tlv
}

@test "a locked SmartCard-HSM is unlocked by its SO PIN, and its key is still there" {
  empty_hsm
  prepare_hsm
  try_pins hsm 1 3
  assert_card hsm tries 0
  refused 5 "." token unblock "$HSM_SERIAL" "${OPENSC[@]}" --so-pin-file ../wrong-so \
    --new-pin-file ../new-pin
  assert_card hsm tries 0 puk_tries 14
  ctlsign token unblock "$HSM_SERIAL" "${OPENSC[@]}" --so-pin-file ../so-pin \
    --new-pin-file ../new-pin
  assert_success
  assert_card hsm tries 3 puk_tries 15
  quietly build -o out.tlv "${OPENSC[@]}" --pin-file ../new-pin --collect 1 --token "$HSM_SERIAL" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab"
  quietly verify out.tlv
}

@test "a card that makes no keys through its module says so, and nothing is tried" {
  refused 5 "cannot.*; nothing was changed$" token provision "$(piv)" "${OPENSC[@]}" --subject CN=X,O=Lab --id 05 \
    "${PIN_FILE[@]}"
  assert_card piv tries 3
}

@test "a card that is pulled out while its key is made: one line, and the next run says what is there" {
  empty_hsm
  init_hsm
  vcard_ctl hsm remove-after-verify
  refused 5 "was removed" token provision "$HSM_SERIAL" "${OPENSC[@]}" --subject CN=SAST-9,O=Lab \
    "${PIN_FILE[@]}"
  vcard_insert hsm
  assert_card hsm tries 3
  ctlsign token provision "$HSM_SERIAL" "${OPENSC[@]}" --subject CN=SAST-9,O=Lab "${PIN_FILE[@]}"
  assert_success
}
