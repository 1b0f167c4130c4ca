#!/usr/bin/env bats
# ctlsign build with keys and certificates on tokens.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures
load ../lib/p11mock

# A PIN that stands nowhere by chance.
PIN=Qz7-4711-pin

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  softhsm_token SAST-1 "$PIN"
  softhsm_token SAST-2 "$PIN"
  softhsm_import SAST-1 01 "$K/sast1"
  softhsm_import SAST-2 01 "$K/sast2"
}

setup() {
  commands_setup
  printf '%s\n' "$PIN" >"$BATS_TEST_TMPDIR/pin"
  printf '%s\n' wrong-pin >"$BATS_TEST_TMPDIR/wrong"
  chmod 600 "$BATS_TEST_TMPDIR/pin" "$BATS_TEST_TMPDIR/wrong"
  MODULE=(--module "$SOFTHSM_MODULE")
  PIN_FILE=(--pin-file "$BATS_TEST_TMPDIR/pin")
  TOKENS=(--sast pkcs11:token=SAST-1 --sast pkcs11:token=SAST-2)
}

# A second store in the test's own folder: what a test puts there disturbs no other.
own_store() {
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
}

sign_by_token() {
  quietly build -o out.tlv --timestamp "$STAMP" "${MODULE[@]}" "${PIN_FILE[@]}" "$@"
}

refused_by_token() {
  local code=$1 pattern=$2
  shift 2
  refused "$code" "$pattern" build -o out.tlv --timestamp "$STAMP" "${MODULE[@]}" "$@"
}

# spied ARG...: a build through pkcs11-spy; the calls that it saw stand in ../calls.
spied() {
  # A build with sanitizers must not count the spy's own leaks.
  ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
    PKCS11SPY=$SOFTHSM_MODULE PKCS11SPY_OUTPUT=$BATS_TEST_TMPDIR/spy.log \
    ctlsign build -o out.tlv --module "$SPY" "$@"
  [[ -s $BATS_TEST_TMPDIR/spy.log ]]
  sed -n 's/^[0-9]*: \(C_[A-Za-z]*\)$/\1/p' "$BATS_TEST_TMPDIR/spy.log" >"$BATS_TEST_TMPDIR/calls"
}

calls() {
  grep -cx "$1" "$BATS_TEST_TMPDIR/calls" || true
}

require_spy() {
  local found
  found=(/usr/lib/*/pkcs11-spy.so /usr/lib/pkcs11-spy.so /usr/lib/*/pkcs11/pkcs11-spy.so)
  for SPY in "${found[@]}"; do
    [[ ! -e $SPY ]] || return 0
  done
  skip "pkcs11-spy.so is not installed (Debian: opensc-pkcs11)"
}

@test "either token signs; the list verifies" {
  for n in 1 2; do
    sign_by_token --force --sign-with "pkcs11:token=SAST-$n" "${TOKENS[@]}" \
      --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
    independent out.tlv
    assert_json .signer_record "$n"
    assert_json '[.records[].role] | join(" ")' "SAST SAST CCM+TFTP"
    assert_json '[.records[].dns_name] | join(",")' ",,pub.lab"
    quietly verify out.tlv
  done
}

@test "a token gives the same bytes as the same key in a file, for every digest" {
  for digest in sha1 sha256 sha512; do
    sign_by_token --force --digest "$digest" --sign-with pkcs11:token=SAST-2 "${TOKENS[@]}"
    quietly build -o file.tlv --force --digest "$digest" --timestamp "$STAMP" \
      --sign-with "$K/sast2.key" --sast "$K/sast1.pem" --sast "$K/sast2.der"
    assert_same_file out.tlv file.tlv
  done
}

@test "certificates from files and tokens mix; a URI may have dns and ip" {
  sign_by_token --sign-with pkcs11:token=SAST-1 --sast "$K/sast1.pem" \
    --sast 'pkcs11:token=SAST-2;id=%01,dns=hsm.lab,ip=10.9.9.9'
  independent out.tlv
  assert_json '.records[1] | .dns_name + " " + .ip_address' "hsm.lab 10.9.9.9"
}

@test "a token's certificates with a key file as signer need no PIN" {
  quietly build -o out.tlv --sign-with "$K/sast1.key" "${TOKENS[@]}" "${MODULE[@]}"
  independent out.tlv
}

@test "the URI of token list, pasted, selects the token" {
  local uri
  uri=$("$CTLSIGN" token list --uri "${MODULE[@]}" | grep 'token=SAST-2$')
  sign_by_token --sign-with "$uri" --sast "$uri" --sast pkcs11:token=SAST-1
  independent out.tlv
  assert_json .signer_record 1
}

@test "the PIN from a descriptor" {
  quietly build -o out.tlv "${MODULE[@]}" --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" \
    --pin-fd 9 9<"$BATS_TEST_TMPDIR/pin"
  independent out.tlv
}

@test "a wrong PIN, none, and an unreadable one" {
  refused_by_token 5 "^ctlsign: token 'SAST-1' \(serial [0-9a-f]+\): .*the PIN is wrong" \
    --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" --pin-file "$BATS_TEST_TMPDIR/wrong"
  [[ $stderr != *wrong-pin* ]]
  refused_by_token 5 "^ctlsign: token 'SAST-1' .*needs its PIN and there is no terminal" \
    --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}"
  refused_by_token 1 "nothere: cannot open the PIN file" \
    --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" --pin-file nothere
  # No try was wasted by all that, and the right PIN still works.
  sign_by_token --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}"
}

@test "exactly one C_Login and one C_Sign, and a C_Logout" {
  require_spy
  spied --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" "${PIN_FILE[@]}"
  assert_success
  refute_output
  refute_stderr
  assert_equal "$(calls C_Login) $(calls C_SignInit) $(calls C_Sign) $(calls C_Logout)" "1 1 1 1"
  # Twice initialised: libp11 does it too, and is told that it was.
  assert_equal "$(calls C_SignUpdate) $(calls C_Initialize) $(calls C_Finalize)" "0 2 1"
}

@test "one C_Login for one wrong PIN, and no C_Sign" {
  require_spy
  spied --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" --pin-file "$BATS_TEST_TMPDIR/wrong"
  assert_failure 5
  assert_equal "$(calls C_Login) $(calls C_Sign)" "1 0"
}

@test "what cannot be signed is told before any login" {
  require_spy
  borrow server other
  cert_make ./other 2048 /CN=other
  own_store
  softhsm_token STRANGER "$PIN"
  softhsm_import STRANGER 01 ./other
  spied --sign-with pkcs11:token=STRANGER --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    "${PIN_FILE[@]}"
  assert_failure 5
  assert_one_line_error "^ctlsign: token 'STRANGER' "
  assert_equal "$(calls C_Login)" 0
  refute_file out.tlv
}

@test "an RSA-3072 key on a token is refused before any login" {
  require_spy
  cert_make ./three 3072 /CN=three
  own_store
  softhsm_token BIG "$PIN"
  softhsm_import BIG 01 ./three
  spied --sign-with pkcs11:token=BIG --sast pkcs11:token=BIG "${PIN_FILE[@]}"
  assert_failure 1
  assert_one_line_error 'RSA-3072 has no modulus code in the format'
  assert_equal "$(calls C_Login)" 0
  refute_file out.tlv
}

@test "an output that cannot be written is told before a module is loaded" {
  echo precious >out.tlv
  refused_by_token 1 'out.tlv: the file exists' --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" \
    --module /nowhere.so
  refused 1 'none/out.tlv: ' build -o none/out.tlv --sign-with pkcs11:token=SAST-1 "${TOKENS[@]}" \
    --module /nowhere.so
}

@test "the PIN stands in no argument, no output and no file" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  p11mock_set hang C_Sign
  setsid "$CTLSIGN" build -o out.tlv --module "$P11MOCK" --sign-with pkcs11:token=SAST-1 \
    "${TOKENS[@]}" "${PIN_FILE[@]}" >out 2>err 3>&- &
  local pid=$!
  p11mock_wait_hanging C_Sign
  # It is logged in now.
  grep -qa -- --sign-with "/proc/$pid/cmdline"
  run ! grep -qaF -f "$BATS_TEST_TMPDIR/pin" "/proc/$pid/cmdline" "/proc/$pid/environ"
  run ! pgrep -P "$pid"
  p11mock_unset hang
  wait "$pid"
  independent out.tlv
  refute_in_files "$PIN" "$BATS_TEST_TMPDIR/here" "$BATS_TEST_TMPDIR/mock" "$SOFTHSM_DIR/tokens"
}

@test "a token with several keys: the one of a SAST entry signs" {
  borrow server a
  borrow sast2 b
  cert_make ./a 2048 /CN=a
  cert_make ./b 2048 /CN=b
  own_store
  softhsm_token TWO "$PIN"
  softhsm_import TWO 0a ./a
  softhsm_import TWO 0b ./b
  sign_by_token --sign-with pkcs11:token=TWO --sast b.pem --sast "$K/sast1.pem"
  independent out.tlv
  assert_json '.header.signer.name' CN=b
  sign_by_token --force --sign-with 'pkcs11:token=TWO;id=%0a' --sast b.pem --sast a.pem
  independent out.tlv
  assert_json '.header.signer.name' CN=a
  # A certificate that the URI does not tell apart is not guessed.
  refused_by_token 5 "^ctlsign: 2 certificates match: 'pkcs11:.*'; 'pkcs11:.*'; use one of these URIs$" \
    --force --sign-with b.key --sast pkcs11:token=TWO
}

@test "a token without certificates: the certificate of a file that fits the key" {
  own_store
  softhsm_token BARE "$PIN"
  softhsm_import_key BARE 01 "$K/sast2.key"
  sign_by_token --sign-with pkcs11:token=BARE --sast "$K/sast1.pem" --sast "$K/sast2.pem"
  independent out.tlv
  assert_json .signer_record 2
}

@test "selectors that fit nothing, several, or are not taken" {
  refused_by_token 5 "^ctlsign: no token matches 'pkcs11:token=NONE'; there is: 'SAST-.*'SAST-" \
    --sign-with pkcs11:token=NONE --sast "$K/sast1.pem"
  refused_by_token 5 "^ctlsign: no token matches 'pkcs11:token=NONE'; there is: " \
    --sign-with "$K/sast1.key" --sast pkcs11:token=NONE
  refused_by_token 5 "^ctlsign: 2 tokens match: .*; remove the others" \
    --sign-with pkcs11: --sast "$K/sast1.pem"
  refused_by_token 5 "names no certificate on the token" \
    --sign-with "$K/sast1.key" --sast 'pkcs11:token=SAST-1;id=%77'
  refused_by_token 2 "^ctlsign: a PIN in a URI \(pin-value\) is not taken; " \
    --sign-with 'pkcs11:token=SAST-1?pin-value=7777' --sast "$K/sast1.pem"
  [[ $stderr != *7777* ]]
  refused_by_token 2 "the URI attribute 'color' is not understood" \
    --sign-with 'pkcs11:token=SAST-1;color=red' --sast "$K/sast1.pem"
}

@test "modules are not touched when no URI stands on the command line" {
  quietly build -o out.tlv --module /nowhere.so --sign-with "$K/sast1.key" --sast "$K/sast1.pem" \
    --sast "$K/sast2.pem"
  refused 5 '^ctlsign: /nowhere.so: cannot find the module' build -o new.tlv --module /nowhere.so \
    --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast pkcs11:token=SAST-2
}
