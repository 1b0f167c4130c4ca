#!/usr/bin/env bats
# ctlsign build --from lists that other programs wrote: their records stay as they are, and phones
# know the signer again.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

PIN=Qz7-4711-pin

setup_file() {
  commands_setup_file
  cert_ca "$K/ca" 2048 "/O=Cisco Systems/CN=Cisco Manufacturing CA"
  cert_sast "$K/sast1" 0054f509 "$K/ca"
  cert_sast "$K/sast2" 008580ef "$K/ca"
  make_sasts sast3
  make_servers pub sub
  borrow server "$K/capf"
  cert_capf "$K/capf" e41e7d87
}

setup() {
  commands_setup
}

# The Windows client's list of two eTokens, in old.tlv; SIGNER's is 1 or 2.
windows_list() { # SIGNER
  write_list windows "sast$1" old.tlv --signer "$1" \
    --record SAST "$K/sast1.pem" 'subject=cn="SAST-ADN0054f509        ";ou=IPCBU;o="Cisco Systems' \
    --record SAST "$K/sast2.pem" 'subject=cn="SAST-ADN008580ef        ";ou=IPCBU;o="Cisco Systems' \
    --record CCM+TFTP "$K/pub.pem" ip=10.1.2.3 --record CAPF "$K/capf.pem" ip=10.1.2.3
}

# The bytes behind the header.
bodies() { # FILE
  independent "$1"
  tail -c +"$(($(jq .header.length <<<"$output") + 1))" "$1"
}

@test "a Windows client's list keeps its records, and phones know its tokens" {
  local serial signer
  for signer in 1 2; do
    windows_list "$signer"
    quietly build -o new.tlv --force --from old.tlv --sign-with "$K/sast$signer.key" \
      --timestamp "$STAMP"
    cmp <(bodies old.tlv) <(bodies new.tlv)
    independent new.tlv
    assert_json .signer_record "$signer"
    assert_json .records[0].certificate.record_serial reversed
    serial=$(cert_serial "$K/sast$signer.pem" | fold -w2 | tac | tr -d '\n')
    assert_json .header.signer.serial "$serial"
    assert_json .header.signer.name \
      "$(jq -r ".records[$signer - 1].subject" <<<"$output")"
    quietly verify new.tlv --trust old.tlv
    run_split "$CTLSIGN" diff old.tlv new.tlv
    assert_success
  done
}

@test "what is added is written as ctlsign writes it, behind what was there" {
  windows_list 1
  quietly build -o new.tlv --from old.tlv --sign-with "$K/sast2.key" --timestamp "$STAMP" \
    --sast "$K/sast3.pem" --ccm-tftp "$K/sub.pem,dns=sub.lab,ip=10.1.2.4"
  cmp <(bodies old.tlv) <(bodies new.tlv | head -c "$(bodies old.tlv | wc -c)")
  independent new.tlv
  assert_json '[.records[4:][] | .subject] | join(" ")' \
    "CN=SAST3;OU=IPCBU;O=Lab;C=PL CN=sub.lab;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
  assert_json '[.records[4:][].order == [1,2,3,4,5,6,7,8,9,10]] | all' true
  quietly verify new.tlv --trust old.tlv
  # And once more: three writers' forms in one list.
  quietly build -o third.tlv --from new.tlv --sign-with "$K/sast3.key" --timestamp "$STAMP"
  cmp <(bodies new.tlv) <(bodies third.tlv)
  quietly verify third.tlv --trust new.tlv
}

@test "without --from the same token is another one to phones" {
  windows_list 1
  quietly build -o new.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --timestamp "$STAMP"
  ctlsign verify new.tlv --trust old.tlv
  assert_failure 3
}

@test "a token in reverse signs at the token, and its certificate given again is not added" {
  softhsm_require
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  softhsm_token SAST-1 "$PIN"
  softhsm_import SAST-1 01 "$K/sast1"
  printf '%s\n' "$PIN" >pin
  chmod 600 pin
  windows_list 2
  quietly build -o new.tlv --from old.tlv --collect 1 --token SAST-1 --sast "$K/sast2.pem" \
    --module "$SOFTHSM_MODULE" --pin-file pin --timestamp "$STAMP"
  cmp <(bodies old.tlv) <(bodies new.tlv)
  independent new.tlv
  assert_json .signer_record 1
  quietly verify new.tlv --trust old.tlv
}

@test "a community list keeps the order of its elements, and what only its writer knows" {
  write_list community sast1 old.tlv --record SAST "$K/sast1.pem" extra=77:00ff \
    --record TVS "$K/pub.pem" --record SAST "$K/sast2.pem"
  quietly build -o new.tlv --from old.tlv --sign-with "$K/sast2.key" --timestamp "$STAMP" --no-lint
  cmp <(bodies old.tlv) <(bodies new.tlv)
  quietly verify new.tlv --trust old.tlv
}
