# What the suites of ctlsign over virtual cards share: a PIV card `piv` called SAST-1 in reader 0,
# an initialised SmartCard-HSM `hsm` called SAST-3 in reader 1, private SoftHSM tokens, PIN files.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154

load ../commands/fixtures
load ../lib/vcard

# For setup_file, behind `vcard_require || return 0`.  The HSM's key and certificate are made once,
# on the card.
cards_setup_file() {
  softhsm_require
  commands_setup_file
  vcard_setup "$BATS_FILE_TMPDIR/vcard"
  make_sasts sast2
  cp "$K/sast2.key" "$K/second.key"
  cert_make "$K/sast1" 2048 /O=Lab/CN=SAST-1
  cert_make "$K/second" 2048 /O=Lab/CN=SAST-1/OU=9c
  vcard_piv piv 0 /O=Lab/CN=SAST-1 --9a "$K/sast1" --9c "$K/second"
  vcard_hsm hsm 1
  hsm_prepare SAST-3
  PIV_SERIAL=$(token_serial 0) HSM_SERIAL=$(token_serial 1)
  export PIV_SERIAL HSM_SERIAL
}

# For setup: cards as after cards_setup_file, an empty folder, PIN files, no failures remembered.
cards_setup() {
  vcard_require
  commands_setup
  XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  export XDG_STATE_HOME
  (umask 077 && cd .. && echo "$VCARD_PIN" >pin && echo 111111 >wrong) || return
  PIN_FILE=(--pin-file ../pin)
  WRONG_PIN_FILE=(--pin-file ../wrong)
  OPENSC=(--module "$OPENSC_MODULE")
  SOFTHSM=(--module "$SOFTHSM_MODULE")
  vcard_rest piv && vcard_rest hsm
}

# hsm_prepare LABEL: from empty to a key with its certificate, K/hsm.
hsm_prepare() {
  local tool=(pkcs11-tool --module "$OPENSC_MODULE" --slot-index 1)
  local user=("${tool[@]}" --login --pin "$VCARD_PIN")
  "${tool[@]}" --init-token --label "$1" --so-pin "$VCARD_SO_PIN" &&
    "${tool[@]}" --init-pin --login --login-type so --so-pin "$VCARD_SO_PIN" \
      --new-pin "$VCARD_PIN" &&
    "${user[@]}" --keypairgen --key-type rsa:2048 --id 01 --label sast &&
    "${tool[@]}" --read-object --type pubkey --id 01 -o "$K/hsm.pub" &&
    openssl pkey -pubin -inform DER -in "$K/hsm.pub" -out "$K/hsm-public.pem" &&
    openssl x509 -new -force_pubkey "$K/hsm-public.pem" -signkey "$K/sast2.key" -sha256 \
      -subj "/O=Lab/CN=$1" -days 1000 -set_serial 0x4711 -out "$K/hsm.pem" &&
    openssl x509 -in "$K/hsm.pem" -outform DER -out "$K/hsm.der" &&
    "${user[@]}" --write-object "$K/hsm.der" --type cert --id 01 --label sast
}

# token_serial READER: as OpenSC tells it.
token_serial() {
  pkcs11-tool --module "$OPENSC_MODULE" --list-slots |
    awk -v reader=" 0$1\$" '/^Slot/ { here = $0 ~ reader } here && /serial num/ { print $4 }'
}

# assert_card NAME FIELD VALUE [FIELD VALUE...]
assert_card() {
  local name=$1 state
  state=$(vcard_ctl "$name" state) || return
  shift
  while [[ $# -gt 0 ]]; do
    assert_equal "$1 $(jq -r ".$1" <<<"$state")" "$1 $2" || return
    shift 2
  done
}

# try_pins NAME READER N: N wrong PINs, without ctlsign.
try_pins() {
  local count
  for ((count = 0; count < $3; count++)); do
    run pkcs11-tool --module "$OPENSC_MODULE" --slot-index "$2" --login --pin 111111 --list-objects
    assert_failure
  done
}
