#!/usr/bin/env bats
# ctlsign token list and token show, over SoftHSM and over a module that misbehaves.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures
load ../lib/p11mock

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2
  cert_make "$K/ec" p256 /CN=ec
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  for label in SAST-1 SAST-2 'odd; l&bel?'; do
    softhsm_token "$label"
  done
  softhsm_import SAST-1 01 "$K/sast1"
  softhsm_import SAST-2 0a1b "$K/sast2"
  softhsm_import_cert SAST-2 02 "$K/ec.pem" "a second"
  SERIAL_1=$(softhsm_serial SAST-1)
  SERIAL_2=$(softhsm_serial SAST-2)
  ODD=$(softhsm_serial 'odd; l&bel?')
  export SERIAL_1 SERIAL_2 ODD
}

setup() {
  commands_setup
  MODULE=(--module "$SOFTHSM_MODULE")
}

listed() {
  ctlsign token list "$@"
  assert_success
  refute_stderr
}

shown() {
  ctlsign token show "$@"
  assert_success
  refute_stderr
}

# rejected REGEXP PATH: a module that is refused, in one line with its path.
rejected() {
  for command in "token list" "token show SAST-1"; do
    # shellcheck disable=SC2086
    refused 5 "^ctlsign: $2: .*$1" $command --module "$2"
  done
}

@test "list: a table with one line a token; the uninitialised one is left out" {
  listed "${MODULE[@]}"
  assert_equal "$(wc -l <<<"$output")" 4
  assert_equal "$(head -n 1 <<<"$output" | tr -s ' ')" "LABEL SERIAL PIN READER"
  assert_line --regexp "^SAST-1 +$SERIAL_1  ready  SoftHSM slot ID 0x"
  assert_line --regexp "^SAST-2 +$SERIAL_2  ready  SoftHSM slot ID 0x"
  assert_line --regexp "^odd; l&bel\?  $ODD  ready  SoftHSM slot ID 0x"
  assert_equal "$(awk 'length($0) > 80' <<<"$output")" ""
}

@test "list --uri: each line selects its token" {
  listed --uri "${MODULE[@]}"
  assert_equal "$(wc -l <<<"$output")" 3
  local uris serials=
  uris=$output
  while read -r uri; do
    shown --json "$uri" "${MODULE[@]}"
    serials+="$(jq -r .serial <<<"$output")"$'\n'
    assert_json .uri "$uri"
  done <<<"$uris"
  assert_equal "$(LC_ALL=C sort <<<"$serials")" \
    "$(printf '%s\n' "$SERIAL_1" "$SERIAL_2" "$ODD" '' | LC_ALL=C sort)"
  grep -qi "serial=$ODD;token=odd%3b%20l%26bel%3f$" <<<"$uris"
}

@test "list --json: keys and types" {
  listed --json "${MODULE[@]}"
  assert_json 'keys_unsorted | join(" ")' "tokens problems"
  assert_json '.problems | length' 0
  assert_json '.tokens[0] | keys_unsorted | join(" ")' "label serial manufacturer model reader slot \
module uri pin pin_pad login_required write_protected"
  assert_json '[.tokens[0][] | type] | join(" ")' "string string string string string number string \
string string boolean boolean boolean"
  assert_json '.tokens[] | select(.label == "SAST-1") | .serial, .module, .pin, .pin_pad,
    .login_required' "$SERIAL_1"$'\n'"$SOFTHSM_MODULE"$'\nready\nfalse\ntrue'
}

@test "a module that is named twice is loaded once" {
  listed --json "${MODULE[@]}" "${MODULE[@]}"
  assert_json '.tokens | length' 3
}

@test "show: by label, serial in either case, and URI" {
  for name in SAST-1 "$SERIAL_1" "${SERIAL_1^^}" pkcs11:token=SAST-1 "pkcs11:serial=$SERIAL_1" \
    "PKCS11:token=SAST-1" "pkcs11:token=SAST-1?module-name=softhsm2"; do
    shown --json "$name" "${MODULE[@]}"
    assert_json '.label + " " + .serial' "SAST-1 $SERIAL_1"
  done
  shown 'odd; l&bel?' "${MODULE[@]}"
  assert_line "Label         odd; l&bel?"
  assert_line "No certificate on this token."
}

@test "show: the certificates with what openssl says of them" {
  shown SAST-1 "${MODULE[@]}"
  assert_line "Certificate 1 of 1"
  assert_line --regexp '^  Id +01$'
  assert_line --regexp '^  Subject +CN=SAST1;OU=IPCBU;O=Lab;C=PL$'
  assert_line --regexp '^  Key +RSA-2048$'
  assert_line --regexp '^  Key object +a key with this id is on the token$'
  assert_line --regexp "^  Serial +$(cert_serial "$K/sast1.pem" | tr a-f A-F | sed 's/../&:/g; s/:$//')$"
  assert_line --regexp "^  URI +pkcs11:.*serial=$SERIAL_1;token=SAST-1;id=%01;object=key-01;type=cert$"
}

@test "show --json: several certificates, keys and types" {
  shown --json SAST-2 "${MODULE[@]}"
  assert_json '.certificates | length' 2
  assert_json '.certificates[0] | keys_unsorted | join(" ")' \
    "subject issuer serial key not_before not_after sha1 sha256 id label has_key uri"
  assert_json '.certificates[] | select(.id == "0a1b") | .label, .has_key, .key, .sha256, .sha1' \
    "key-0a1b
true
RSA-2048
$(sha256sum <"$K/sast2.der" | cut -d' ' -f1)
$(sha1sum <"$K/sast2.der" | cut -d' ' -f1)"
  assert_json '.certificates[] | select(.id == "02") | .label, .has_key, .key, .subject' \
    $'a second\nfalse\nEC P-256\nCN=ec'
  assert_json '.certificates[] | select(.id == "02") | .not_after' \
    "$(date -u -d "$(openssl x509 -in "$K/ec.pem" -noout -enddate | cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ)"
}

@test "no login is made to list or to show" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  listed --module "$P11MOCK"
  shown SAST-1 --module "$P11MOCK"
  assert_calls 0 C_Login
  [[ $(p11mock_count C_GetSlotList) -gt 0 ]]
}

@test "two tokens with one label: both are listed with their URIs, which tell them apart" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  p11mock_set labels "SAST-2 SAST-1"
  refused 5 "^ctlsign: 2 tokens match: .*; remove the others" \
    token show SAST-1 --module "$P11MOCK"
  local error=$stderr uri
  for serial in "$SERIAL_1" "$SERIAL_2"; do
    [[ $error == *"'SAST-1', serial $serial, slot "* ]]
    uri=$(grep -o "pkcs11:[^ ]*serial=$serial;token=SAST-1" <<<"$error")
    shown --json "$uri" --module "$P11MOCK"
    assert_json .serial "$serial"
  done
}

@test "selectors that fit nothing: what there is" {
  for name in SAST-3 sast-1 SAST '' pkcs11:token=SAST-3 "pkcs11:token=SAST-1;serial=$SERIAL_2" \
    pkcs11:model=other 'pkcs11:token=SAST-1;manufacturer=none'; do
    ctlsign token show "$name" "${MODULE[@]}"
    assert_failure
    [[ -z $name ]] || assert_one_line_error "^ctlsign: no token matches '$name'; there is: .*$SERIAL_1"
    [[ -n $name ]] || assert_one_line_error "^ctlsign: the token's name is empty$"
  done
  refused 5 'names a module that is not loaded' \
    token show 'pkcs11:token=SAST-1?module-name=opensc' "${MODULE[@]}"
}

@test "URIs that are not taken; a PIN in one is never repeated" {
  for uri in 'pkcs11:token=SAST-1?pin-value=74747' 'pkcs11:token=SAST-1;pin-value=74747' \
    'pkcs11:pin-value=74747'; do
    refused 2 '^ctlsign: a PIN in a URI \(pin-value\) is not taken; .*--pin-file' \
      token show "$uri" "${MODULE[@]}"
    [[ $stderr != *74747* ]]
  done
  refused 2 "pin-source' is not taken" token show 'pkcs11:token=SAST-1?pin-source=/x' "${MODULE[@]}"
  refused 2 "'colour' is not understood" token show 'pkcs11:token=SAST-1;colour=red' "${MODULE[@]}"
  refused 2 'stands there twice' token show 'pkcs11:token=SAST-1;token=SAST-1' "${MODULE[@]}"
  refused 2 'blank' token show 'pkcs11:token=SAST 1' "${MODULE[@]}"
  refused 2 'percent-encoding' token show 'pkcs11:token=SAST%2' "${MODULE[@]}"
  refused 2 "without '='" token show 'pkcs11:token' "${MODULE[@]}"
}

@test "modules that are refused, each with its reason" {
  mkdir modules open
  cp "$SOFTHSM_MODULE" modules/writable.so
  chmod 666 modules/writable.so
  cp "$SOFTHSM_MODULE" open/module.so
  chmod 777 open
  echo text >modules/text.so
  rejected 'the module.s path is not absolute$' relative.so
  rejected 'the module.s path is not absolute$' ./modules/text.so
  rejected 'cannot find the module: No such file or directory$' /nowhere/module.so
  rejected "others can write the module's file; " "$PWD/modules/writable.so"
  rejected "others can write the module's directory " "$PWD/open/module.so"
  rejected 'not a regular file' "$PWD/modules"
  rejected 'cannot load the module: ' "$PWD/modules/text.so"
  rejected 'no PKCS#11 module: it has no C_GetFunctionList' \
    "$(ldd "$(command -v openssl)" | awk '/libcrypto/ { print $3 }')"
}

@test "a named module that is refused ends it, even beside a good one" {
  refused 5 '^ctlsign: /nowhere.so: cannot find the module' \
    token list "${MODULE[@]}" --module /nowhere.so
  SOFTHSM2_CONF=/nowhere.conf refused 5 "^ctlsign: $SOFTHSM_MODULE: C_Initialize failed: .*0x5" \
    token list "${MODULE[@]}"
}

@test "no token at all" {
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  ctlsign token list "${MODULE[@]}"
  assert_success
  assert_one_line_error '^ctlsign: no token found; '
  listed --json "${MODULE[@]}"
  assert_json '.tokens | length' 0
  refused 5 '^ctlsign: no token is there; insert the token' token show SAST-1 "${MODULE[@]}"
}

@test "the modules that p11-kit registers are used when none is named" {
  grep -qs softhsm /usr/share/p11-kit/modules/* /etc/pkcs11/modules/* ||
    skip "p11-kit has no SoftHSM registered here"
  ctlsign token list --json
  assert_success
  assert_json '[.tokens[] | select(.manufacturer == "SoftHSM project").serial] | sort | join(" ")' \
    "$(printf '%s\n' "$SERIAL_1" "$SERIAL_2" "$ODD" | LC_ALL=C sort | paste -sd' ')"
}

@test "the state of the PIN" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  # What is counted, what the table says, the word in JSON.
  while IFS='|' read -r file line text word; do
    p11mock_reset
    p11mock_set "$file" "$line"
    ctlsign token list --module "$P11MOCK"
    assert_success
    assert_line --regexp "^SAST-1 +$SERIAL_1  $text +SoftHSM"
    ctlsign token list --json --module "$P11MOCK"
    assert_json '.tokens[] | select(.label == "SAST-1").pin' "$word"
    assert_json '.tokens[] | select(.label == "SAST-2").pin' ready
  done <<'STATES'
retries|3 3 SAST-1|ready|ready
retries|2 3 SAST-1|wrong PIN given|count-low
retries|1 3 SAST-1|ONE TRY LEFT|final-try
retries|0 3 SAST-1|LOCKED|locked
flags|clear 0x8 SAST-1|not set|not-set
flags|clear 0x4 SAST-1|not needed|not-required
flags|set 0x100 SAST-1|on the reader|pin-pad
STATES
}

@test "hostile labels are printed harmlessly, and can be selected as they are shown" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  p11mock_set labels 'SAST-1 \x1b[31mX\x0aY\xff'
  listed --module "$P11MOCK"
  assert_equal "$(wc -l <<<"$output")" 4
  [[ $(tr -d '\n' <<<"$output") != *[[:cntrl:]]* ]]
  assert_line --regexp "^\\\\x1B\[31mX\\\\x0AY\\\\xFF +$SERIAL_1 "
  shown --json '\x1B[31mX\x0AY\xFF' --module "$P11MOCK"
  assert_json .serial "$SERIAL_1"
  listed --uri --module "$P11MOCK"
  shown --json "$(grep "$SERIAL_1" <<<"$output")" --module "$P11MOCK"
  assert_json .serial "$SERIAL_1"
}

@test "a broken slot is left out with a warning, and told in JSON" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  p11mock_set fail 'C_GetTokenInfo 0x30 1'
  ctlsign token list --module "$P11MOCK"
  assert_success
  assert_equal "$(wc -l <<<"$output")" 3
  assert_stderr --regexp '^ctlsign: warning: [^'$'\n'']*C_GetTokenInfo[^'$'\n'']*0x30[^'$'\n'']*$'
  p11mock_reset
  p11mock_set fail 'C_GetTokenInfo 0x30 1'
  ctlsign token list --json --module "$P11MOCK"
  assert_json '.tokens | length' 2
  assert_json '.problems[0] | keys_unsorted | join(" ")' "status where what hint"
}

@test "a module that does not answer is given up in time" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  p11mock_set hang C_GetSlotList
  local start=$SECONDS
  refused 5 '^ctlsign: .*stopped answering: C_GetSlotList did not come back within 1 second; ' \
    token list --timeout 1 --module "$P11MOCK"
  [[ $((SECONDS - start)) -lt 10 ]]
  p11mock_unset hang
}
