#!/usr/bin/env bats
# Tokens that are odd before anything is signed: two with one label, certificates that are missing
# or junk, labels that are no text, slots that are broken or beyond number.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture

setup_file() {
  fixture_make
  fixture_token SAST-2 "$PIN"
}

setup() {
  fixture_use
  cp "$BATS_FILE_TMPDIR/SAST-2.pem" .
}

# build_of KEY SAST...: a build with these entries, with the PIN in the file.
build_of() {
  local key=$1 sast
  local -a entries=()
  shift
  for sast; do
    entries+=(--sast "$sast")
  done
  run_split timeout 20 "$CTLSIGN" build --module "$P11MOCK" -o "$OUT" --sign-with "$key" \
    "${entries[@]}" --ccm-tftp node.pem,dns=node.lab --pin-file pin
}

token_list() {
  run_split timeout 20 "$CTLSIGN" token list --module "$P11MOCK" "$@"
}

# assert_refused CODE REGEXP: one line, and no PIN went to any token.
assert_refused() {
  assert_failure "$1" && assert_one_line_error "$2" && assert_calls 0 C_Login &&
    assert_nothing_written
}

# assert_printable TEXT: UTF-8 without control characters but line ends.
assert_printable() {
  iconv -f UTF-8 -t UTF-8 <<<"$1" >/dev/null || fail "not UTF-8" || return
  [[ ${1//$'\n'/} != *[[:cntrl:]]* ]] || fail "control characters: ${1@Q}"
}

@test "two tokens with one label: both are named with serial, slot and URI, and none is used" {
  local one two
  one=$(softhsm_serial SAST-1)
  two=$(softhsm_serial SAST-2)
  p11mock_set labels 'SAST-2 SAST-1'
  build_of pkcs11:token=SAST-1 sast.pem second.pem
  assert_refused 5 "2 tokens match: .*serial number or its URI"
  assert_stderr --regexp "'SAST-1', serial $one, slot [0-9]+: 'pkcs11:[^ ;]*(;[^ ;]+)*;serial=$one;token=SAST-1"
  assert_stderr --regexp "'SAST-1', serial $two, slot [0-9]+: 'pkcs11:[^ ;]*(;[^ ;]+)*;serial=$two;token=SAST-1"
  # The same for certificates.
  build_of pkcs11:serial="$one" pkcs11:token=SAST-1 second.pem
  assert_refused 5 "2 tokens match"
}

@test "two tokens with one label: the URI from the error, or the serial, picks one" {
  local uri
  p11mock_set labels 'SAST-2 SAST-1'
  build_of pkcs11:token=SAST-1 sast.pem second.pem
  uri=$(grep -o "pkcs11:[^ ]*;serial=$(softhsm_serial SAST-1);token=SAST-1" <<<"$stderr")
  build_of "$uri" "$uri" second.pem
  assert_list_written
  rm "$OUT"
  build_of "pkcs11:serial=$(softhsm_serial SAST-2)" SAST-2.pem second.pem
  assert_list_written
}

@test "a certificate that the token lacks comes from a file that fits the key" {
  p11mock_set no-certificates SAST-1
  build_of pkcs11:token=SAST-1 second.pem sast.pem
  refute_stderr
  assert_list_written
  assert_calls 1 C_Login
  assert_calls 1 C_Sign
  run_split "$CTLSIGN" show --json "$OUT"
  assert_json '.records[1].signed_this_file' true
}

@test "a certificate that the token lacks, and no file: said before a PIN is asked for" {
  p11mock_set no-certificates SAST-1
  build_of pkcs11:token=SAST-1 pkcs11:token=SAST-1 second.pem
  assert_refused 5 "'pkcs11:token=SAST-1' names no certificate on the token; .*from a file"
}

@test "a certificate that the token lacks, and files of other keys" {
  p11mock_set no-certificates SAST-1
  build_of pkcs11:token=SAST-1 SAST-2.pem second.pem
  assert_failure 5
  assert_one_line_error "token 'SAST-1' \(serial [0-9a-f]+\): no private key on the token belongs to a signer of the list"
  # Only a login shows the keys; it is not repeated.
  assert_calls 1 C_Login
  assert_calls 0 C_Sign
  assert_nothing_written
}

@test "a certificate that the token lacks, and an output that cannot be written: no PIN is spent" {
  p11mock_set no-certificates SAST-1
  OUT=nowhere/list.tlv build_of pkcs11:token=SAST-1 sast.pem second.pem
  assert_refused 1 'nowhere/list.tlv'
  echo old >"$OUT"
  build_of pkcs11:token=SAST-1 sast.pem second.pem
  assert_failure 1
  assert_one_line_error 'exists.*--force'
  assert_calls 0 C_Login
  assert_equal "$(<"$OUT")" old
}

@test "a token with other certificates only is refused by name, without a PIN" {
  build_of pkcs11:token=SAST-1 SAST-2.pem second.pem
  assert_refused 5 "token 'SAST-1' .*the token's certificate is none of the list's signers; it is SAST-1 \([0-9A-F:]+\)"
  assert_stderr --regexp 'use the token of one of .*: SAST-2 \([0-9A-F:]+\); SAST-2 '
}

@test "a token without a private key: said after one login" {
  softhsm_delete SAST-1 privkey 01
  build_of pkcs11:token=SAST-1 pkcs11:token=SAST-1 second.pem
  assert_failure 5
  assert_one_line_error "token 'SAST-1' .*no private key"
  assert_calls 1 C_Login
  assert_nothing_written
}

@test "junk instead of certificates, of any length, is none" {
  local kind
  for kind in same empty long; do
    p11mock_reset
    p11mock_set garbage-certificates SAST-1
    case $kind in
    empty) p11mock_set garbage-value ;;
    long) openssl rand 65000 >mock/garbage-value ;;
    esac
    run_split "$CTLSIGN" token show --module "$P11MOCK" SAST-1
    assert_success
    assert_printable "$output$stderr"
    refute_output --partial 'CN=SAST-1'
    build_of pkcs11:token=SAST-1 pkcs11:token=SAST-1 second.pem
    assert_refused 5 'names no certificate'
    # What stands in a file will do.
    build_of pkcs11:token=SAST-1 sast.pem second.pem
    assert_list_written
    rm "$OUT"
  done
}

@test "labels that are no text are printable, and their URIs name the token" {
  local label uri serial
  serial=$(softhsm_serial SAST-1)
  for label in '\x1b[2J\x1b]0;x\x07' 'two\x0alines\x0d' '\xff\xfe\xc3' '\xe2\x80\xae' ' ' \
    "quote'\"\$(id)" '100%;&?/#' 12345678901234567890123456789012 '\xc3\xb6sterreich'; do
    p11mock_set labels "SAST-1 $label"
    token_list
    assert_success
    refute_stderr
    assert_printable "$output"
    assert_equal "$(wc -l <<<"$output")" 3
    token_list --json
    assert_json '.tokens | length' 2
    token_list --uri
    uri=$(grep -F "$serial" <<<"$output")
    [[ $uri =~ ^pkcs11:[A-Za-z0-9_.~%:/?@!\$\&\'()*+,=\;-]+$ ]] || fail "no URI: ${uri@Q}"
    build_of "$uri" "$uri" second.pem
    assert_list_written
    rm "$OUT"
    p11mock_set fail 'C_Sign 0x30'
    build_of "$uri" "$uri" second.pem
    assert_failure 5
    assert_one_line_error "serial $serial"
    p11mock_unset fail
  done
}

@test "a label of 32 characters is whole in the list" {
  p11mock_set labels 'SAST-1 12345678901234567890123456789012'
  token_list
  assert_line --regexp "^12345678901234567890123456789012 +$(softhsm_serial SAST-1) "
}

@test "absurd numbers of slots are refused, and take neither memory nor time" {
  local slots
  for slots in 5000 4294967295 18446744073709551615 '2 5000' '2 18446744073709551615'; do
    p11mock_set slots "$slots"
    assert_took_less 5 token_list
    assert_failure 5
    assert_one_line_error "$P11MOCK: the module claims to have ${slots##* } slots"
    assert_took_less 5 build_of pkcs11:token=SAST-1 sast.pem second.pem
    assert_refused 5 'the module claims to have'
  done
}

@test "many slots that answer with errors do not spoil the list" {
  p11mock_set slots 1000
  token_list
  assert_success
  assert_line --regexp '^SAST-1 '
  assert_line --regexp '^SAST-2 '
}

@test "a broken slot is warned of, and the others are listed" {
  p11mock_set fail 'C_GetTokenInfo 0x30 1'
  token_list
  assert_success
  assert_equal "$(wc -l <<<"$output")" 2
  assert_equal "$(wc -l <<<"$stderr")" 1
  assert_stderr --regexp "^ctlsign: warning: $P11MOCK: slot [0-9]+ 'SoftHSM slot ID .*C_GetTokenInfo failed: .*CKR_DEVICE_ERROR, 0x30"
}

@test "a slot that does not even tell its name is warned of in a readable way" {
  p11mock_set fail 'C_GetSlotInfo 0x30 1'
  token_list
  assert_success
  assert_equal "$(wc -l <<<"$output")" 2
  assert_stderr --partial 'C_GetSlotInfo failed'
  [[ $stderr != *'\x00'* ]] || fail "$stderr"
}

@test "empty and uninitialised slots are passed over in silence" {
  p11mock_set show-empty
  p11mock_set removed SAST-2
  token_list
  assert_success
  refute_stderr
  assert_equal "$(wc -l <<<"$output")" 2
  assert_line --regexp '^SAST-1 '
  p11mock_set flags 'clear 0x400 SAST-1'
  token_list
  assert_success
  refute_output
  assert_stderr --partial 'no token found'
}
