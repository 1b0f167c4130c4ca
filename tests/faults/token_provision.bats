#!/usr/bin/env bats
# Provisioning a token that fails: nothing half done stays that can be undone, what stays is told,
# and the next run knows it.  And the talk at the terminal before something is destroyed.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154

load fixture

setup_file() {
  fixture_make
  softhsm_token EMPTY "$PIN"
}

setup() {
  fixture_use
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  SERIAL=$(softhsm_serial EMPTY)
  OLD_SERIAL=$(softhsm_serial SAST-1)
  PROVISION=("$CTLSIGN" token provision EMPTY --module "$P11MOCK" --subject CN=EMPTY)
  REPLACE=("$CTLSIGN" token provision SAST-1 --module "$P11MOCK" --subject CN=new)
}

teardown() {
  tty_stop
}

# What is on the token, by another program and the wrapped module: "Private Key Object" and so on.
objects() { # LABEL
  pkcs11-tool --module "$SOFTHSM_MODULE" --token-label "$1" --login --pin "$PIN" --list-objects \
    2>/dev/null | grep -E '^[A-Z]' | sed 's/;.*//' | sort
}

assert_empty() {
  assert_equal "$(objects EMPTY)" ""
}

# The old key and certificate of SAST-1 are there, and the key still signs.
assert_old_there() {
  assert_equal "$(objects SAST-1)" $'Certificate Object\nPrivate Key Object\nPublic Key Object'
  p11mock_reset
  run_split "${BUILD[@]}" --pin-file pin
  assert_list_written
}

# run_provision [ARG...]: fails in one line.
provision_fails() { # CODE REGEXP [ARG...]
  local code=$1 pattern=$2
  shift 2
  run_split "${PROVISION[@]}" --pin-file pin "$@"
  assert_failure "$code"
  assert_one_line_error "$pattern"
  refute_output --partial "$PIN"
}

refute_stderr_part() {
  [[ $stderr != *"$1"* ]] || fail "stderr has '$1':" "$stderr"
}

provision_succeeds() {
  run_split "${PROVISION[@]}" --pin-file pin "$@"
  assert_success
  refute_stderr
  assert_output --regexp 'token=EMPTY;id=%01;object=EMPTY;type=cert$'
}

@test "one login, one key, one signature, one certificate" {
  provision_succeeds
  assert_calls 1 C_Login
  assert_calls 1 C_GenerateKeyPair
  assert_calls 1 C_Sign
  assert_calls 1 C_CreateObject
  assert_calls 0 C_DestroyObject
}

@test "a wrong PIN is one try, and makes nothing" {
  p11mock_set retries '3 3 EMPTY'
  run_split "${PROVISION[@]}" --pin-file wrong-pin
  assert_failure 5
  assert_one_line_error "token 'EMPTY' \(serial $SERIAL\): .*the PIN is wrong"
  assert_calls 1 C_Login
  assert_calls 0 C_GenerateKeyPair
  assert_equal "$(p11mock_get retries)" '2 3 EMPTY'
  assert_empty
}

@test "a locked token, and one on its last try, are left alone" {
  p11mock_set retries '0 3 EMPTY'
  provision_fails 5 'PIN is locked'
  p11mock_set retries '1 3 EMPTY'
  provision_fails 5 'one try left.*at a terminal'
  assert_calls 0 C_Login
  assert_empty
}

@test "what cannot be told apart from the old key is told before the PIN" {
  mkfifo -m 600 never
  run_split timeout 10 "${REPLACE[@]}" --pin-file never
  assert_failure 1
  assert_one_line_error "under id 01 there is already: the certificate of CN=SAST-1;O=Lab; .*--replace $OLD_SERIAL"
  assert_calls 0 C_Login
  assert_old_there
}

@test "a certificate that cannot be stored: the new key is gone again" {
  p11mock_set fail 'C_CreateObject 0x31'
  provision_fails 5 "token 'EMPTY' .*C_CreateObject.*the new key was destroyed again"
  p11mock_reset
  assert_empty
  provision_succeeds
}

@test "a signature that fails or is wrong: the new key is gone again" {
  p11mock_set fail 'C_SignInit 0x5'
  provision_fails 5 "C_SignInit.*the new key was destroyed again"
  p11mock_reset
  assert_empty
  p11mock_set wrong-signature EMPTY
  run_split "${PROVISION[@]}" --pin-file pin
  assert_failure
  assert_one_line_error 'the new key was destroyed again'
  p11mock_reset
  assert_empty
}

@test "a request that cannot be written: the new key is gone again" {
  mkdir full
  p11mock_set hang C_Sign
  setsid --wait "${PROVISION[@]}" --pin-file pin --csr full/a.csr >out.txt 2>err.txt 3>&- &
  local pid=$! code=0
  p11mock_wait_hanging C_Sign
  # Somebody else is faster.
  echo theirs >full/a.csr
  p11mock_unset hang
  wait "$pid" || code=$?
  assert_equal "$code" 1
  grep -q 'full/a.csr: .*exists.*the new key was destroyed again' err.txt
  assert_equal "$(<full/a.csr)" theirs
  assert_empty
}

@test "no key can be made: the reason, and nothing is left" {
  p11mock_set fail 'C_GenerateKeyPair 0x31'
  provision_fails 5 'C_GenerateKeyPair'
  assert_calls 0 C_Sign
  p11mock_reset
  assert_empty
}

@test "no key can be made after the old one was destroyed: that is said" {
  p11mock_set fail 'C_GenerateKeyPair 0x31'
  run_split "${REPLACE[@]}" --pin-file pin --replace "$OLD_SERIAL"
  assert_failure 5
  assert_one_line_error 'C_GenerateKeyPair.*what was under id 01 before is destroyed already'
}

@test "destroying the old key fails half-way: that it may be gone is said" {
  local after left
  for after in 1 2; do
    p11mock_clear_log
    p11mock_set fail "C_DestroyObject 0x30 1 $after"
    run_split "${REPLACE[@]}" --pin-file pin --replace "$OLD_SERIAL"
    assert_failure 5
    assert_one_line_error "C_DestroyObject.*; what was under id 01 before may be destroyed, wholly or in part$"
    assert_calls 0 C_GenerateKeyPair
    left=$(objects SAST-1)
    [[ $left != *Private* ]] || fail "the private key is still there, so nothing was tested"
    # What is left is known by the next run, which can go on.
    p11mock_reset
    run_split "${REPLACE[@]}" --pin-file pin
    assert_failure 1
    assert_one_line_error "under id 01 there is already: .*--replace $OLD_SERIAL"
    run_split "${REPLACE[@]}" --pin-file pin --replace "$OLD_SERIAL"
    assert_success
  done
}

@test "a request whose directory cannot keep it goes with its key" {
  # LeakSanitizer does not work under strace.
  export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
  command -v strace >/dev/null || skip "strace is not installed"
  strace -f -qq -o trace -e inject=getppid:error=EPERM true 2>/dev/null ||
    skip "strace may not trace here"
  mkdir bad
  run_split strace -f -qq -o trace -P "$PWD/bad" -e trace=fsync -e inject=fsync:error=EIO \
    "${PROVISION[@]}" --pin-file pin --csr bad/a.csr
  grep -q INJECTED trace || fail "no fsync was met"
  assert_failure 1
  assert_one_line_error 'bad/a.csr: .*Input/output error; the new key was destroyed again; the request was removed again'
  assert_equal "$(ls -A bad)" ""
  assert_empty
}

@test "a module that makes no keys: nothing was changed, and that is said" {
  p11mock_set fail 'C_GenerateKeyPair 0x70'
  provision_fails 5 'cannot make RSA keys.*; nothing was changed$'
  p11mock_set fail 'C_GenerateKeyPair 0x31'
  provision_fails 5 'C_GenerateKeyPair'
  refute_stderr_part 'nothing was changed'
  p11mock_reset
  assert_empty
}

@test "a login that fails without a reason, on a token that shows nothing: it may be blank" {
  p11mock_set fail 'C_Login 0x5'
  provision_fails 5 "CKR_GENERAL_ERROR.*; if it was never initialised: ctlsign token init $SERIAL --label NAME"
  rm -rf "$XDG_STATE_HOME"
  run_split "${REPLACE[@]}" --pin-file pin --replace "$OLD_SERIAL"
  assert_failure 5
  assert_one_line_error CKR_GENERAL_ERROR
  refute_stderr_part 'never initialised'
}

@test "before the old key is destroyed everything else has gone well" {
  for fault in 'C_Login 0x30' 'C_OpenSession 0x30' 'C_FindObjectsInit 0x30'; do
    p11mock_set fail "$fault"
    run_split "${REPLACE[@]}" --pin-file pin --replace "$OLD_SERIAL"
    assert_failure 5
    p11mock_unset fail
    # A login that failed counts as a wrong PIN that was sent from here.
    rm -rf "$XDG_STATE_HOME"
  done
  assert_calls 0 C_DestroyObject
  run_split "${REPLACE[@]}" --pin-file pin --replace "$OLD_SERIAL" --csr nowhere/a.csr
  assert_failure 1
  run_split "${REPLACE[@]}" --pin-file wrong-pin --replace "$OLD_SERIAL"
  assert_failure 5
  assert_calls 0 C_DestroyObject
  assert_old_there
}

@test "the token is pulled out before the key is made" {
  for at in C_Login C_GenerateKeyPair; do
    p11mock_set remove-at "$at EMPTY"
    provision_fails 5 "token 'EMPTY'.*removed|taken out|no longer"
    p11mock_reset
    assert_empty
  done
}

@test "the token is pulled out after the key was made: said, and known by the next run" {
  p11mock_set remove-at 'C_Sign EMPTY'
  provision_fails 5 "the new key may still be on the token: .*--replace $SERIAL"
  p11mock_reset
  provision_fails 1 "under id 01 there is already: a key without a certificate, .*--replace $SERIAL"
  provision_succeeds --replace "$SERIAL"
  assert_equal "$(objects EMPTY)" $'Certificate Object\nPrivate Key Object\nPublic Key Object'
}

@test "killed at any call, the token is not broken and the next run goes on or says what to do" {
  local at
  for at in C_Login C_FindObjectsInit C_GenerateKeyPair C_SignInit C_Sign C_CreateObject \
    'C_FindObjectsInit 4' C_Logout; do
    p11mock_set kill-at "$at"
    run_split "${PROVISION[@]}" --pin-file pin
    assert_killed 9
    p11mock_reset
    run_split "${PROVISION[@]}" --pin-file pin
    if [[ $status -ne 0 ]]; then
      assert_failure 1
      assert_one_line_error "under id 01 there is already: .*--replace $SERIAL"
      run_split "${PROVISION[@]}" --pin-file pin --replace "$SERIAL"
    fi
    assert_success
    assert_equal "$(objects EMPTY)" $'Certificate Object\nPrivate Key Object\nPublic Key Object'
    softhsm_delete EMPTY cert 01
    softhsm_delete EMPTY privkey 01
    softhsm_delete EMPTY pubkey 01
  done
}

@test "a token that stops answering ends the command, and what may be left is said" {
  p11mock_set hang C_GenerateKeyPair
  assert_took_less 30 run_split timeout 60 "${PROVISION[@]}" --pin-file pin --timeout 1
  p11mock_unset hang
  assert_failure 5
  assert_one_line_error "token 'EMPTY' .*C_GenerateKeyPair"
  p11mock_set hang C_Sign
  assert_took_less 30 run_split timeout 60 "${PROVISION[@]}" --pin-file pin --timeout 1 --id 02
  p11mock_unset hang
  assert_failure 5
  assert_one_line_error "token 'EMPTY' .*C_Sign.*the new key may still be on the token: .*--replace"
}

# answer OUT SERIAL [SUBJECT]: a CA's certificate for the key of SAST-1.
answer() {
  openssl x509 -in sast.pem -noout -pubkey >key.pub
  openssl x509 -new -force_pubkey key.pub -CA node.pem -CAkey "$BATS_FILE_TMPDIR/node.key" \
    -subj "${3-/CN=answer}" -days 900 -set_serial "$2" -out "$1"
}

# The serial numbers of SAST-1's certificates.
certificates() {
  "$CTLSIGN" token show SAST-1 --module "$SOFTHSM_MODULE" --json | jq -r '.certificates[].serial' |
    sort | paste -sd ' '
}

@test "import: what fails leaves the old certificate, and the key" {
  local old
  answer answer.pem 7
  old=$(certificates)
  local -a import=("$CTLSIGN" token import SAST-1 answer.pem --module "$P11MOCK" --replace
    "$OLD_SERIAL" --pin-file pin)
  # Beside the old one, and in its place.
  p11mock_set fail 'C_CreateObject 0x31 2'
  run_split "${import[@]}"
  assert_failure 5
  assert_one_line_error 'C_CreateObject.*; nothing was changed: what was there was put back$'
  assert_calls 3 C_CreateObject
  assert_calls 1 C_DestroyObject
  assert_equal "$(certificates)" "$old"
  p11mock_reset
  p11mock_set fail 'C_DestroyObject 0x5'
  run_split "${import[@]}"
  assert_failure 5
  assert_one_line_error 'the new certificate is stored, and the old one may still be there'
  p11mock_reset
  run_split "${import[@]}"
  assert_failure 1
  assert_one_line_error 'on the token already'
  assert_equal "$(objects SAST-1)" \
    $'Certificate Object\nCertificate Object\nPrivate Key Object\nPublic Key Object'
}

@test "import: a token that takes no second certificate under an id" {
  answer answer.pem 7
  local -a import=("$CTLSIGN" token import SAST-1 answer.pem --module "$P11MOCK" --pin-file pin)
  p11mock_set fail 'C_CreateObject 0x5 1'
  run_split "${import[@]}" --replace "$OLD_SERIAL"
  assert_success
  refute_stderr
  assert_equal "$(certificates)" 07
  assert_equal "$(objects SAST-1)" $'Certificate Object\nPrivate Key Object\nPublic Key Object'
  # Nothing is removed that nobody agreed to.
  p11mock_reset
  softhsm_delete SAST-1 cert 01
  p11mock_set fail 'C_CreateObject 0x5 1'
  run_split "${import[@]}"
  assert_failure 5
  assert_one_line_error C_CreateObject
  assert_calls 0 C_DestroyObject
}

@test "import: the old certificate cannot be put back: that is said" {
  answer answer.pem 7
  p11mock_set fail 'C_CreateObject 0x5'
  run_split "$CTLSIGN" token import SAST-1 answer.pem --module "$P11MOCK" --pin-file pin \
    --replace "$OLD_SERIAL"
  assert_failure 5
  assert_one_line_error 'C_CreateObject.*what was there is removed and could not be put back: .*the key is still there$'
  assert_equal "$(objects SAST-1)" $'Private Key Object\nPublic Key Object'
}

@test "import: every certificate under the key's id is named, and no other is touched" {
  tty_require
  local old
  old=$(certificates)
  # A stranger under the same id, and another certificate of the key under another id.
  answer other.pem 9 /CN=elsewhere
  softhsm_import_cert SAST-1 01 second.pem
  softhsm_import_cert SAST-1 0e other.pem
  answer answer.pem 7
  run_split "$CTLSIGN" token import SAST-1 answer.pem --module "$P11MOCK" --pin-file pin
  assert_failure 1
  assert_one_line_error 'under id 01 there are already the certificates of .*; replace all of them, but not their key'
  [[ $stderr == *CN=SAST-1* && $stderr == *CN=SAST-2* && $stderr != *elsewhere* ]]
  assert_calls 0 C_Login
  tty_start "$CTLSIGN" token import SAST-1 answer.pem --module "$P11MOCK" --pin-file pin
  tty_wait "Type the token's serial number to go on"
  tty_screen >screen
  grep -q 'CN=SAST-1;O=Lab' screen
  grep -q 'CN=SAST-2;O=Lab' screen
  grep -q 'The new one REPLACES all of them' screen
  refute_in_screen elsewhere
  tty_type "$OLD_SERIAL"
  tty_finish
  assert_success
  assert_equal "$(certificates)" '07 09'
}

refute_in_screen() {
  ! grep -q "$1" screen || fail "the screen has '$1'"
}

@test "at the terminal: what is done is said, the key is seen to be made, the URI is printed" {
  tty_require
  p11mock_set delay 'C_GenerateKeyPair 2500'
  tty_start --stdout uri -- "${PROVISION[@]}"
  tty_wait "PIN of token 'EMPTY' (serial $SERIAL):"
  tty_wait "About to make an RSA-2048 key on token 'EMPTY' (serial $SERIAL), id 01, and its self-signed certificate CN=EMPTY, valid to "
  tty_type "$PIN"
  tty_wait 'The token makes its key, which can take minutes ..'
  tty_finish
  assert_success
  refute_output --partial "$PIN"
  grep -q '^pkcs11:.*type=cert$' uri
}

@test "at the terminal: the serial number is asked for before the PIN, and has to be right" {
  tty_require
  for answer in yes SAST-1 "$SERIAL" ''; do
    tty_start "${REPLACE[@]}"
    tty_wait "Type the token's serial number to go on"
    tty_type "$answer"
    tty_finish
    assert_failure 1
    assert_line --partial 'cancelled: nothing was changed'
    tty_stop
  done
  assert_calls 0 C_Login
  tty_start "${REPLACE[@]}"
  tty_wait "Under id 01 token 'SAST-1' (serial $OLD_SERIAL) has already:"
  tty_wait 'the certificate of CN=SAST-1;O=Lab'
  tty_wait "Type the token's serial number to go on"
  tty_type "$OLD_SERIAL"
  tty_wait 'What is there under id 01 is DESTROYED first.'
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_success
  assert_equal "$("$CTLSIGN" token show SAST-1 --module "$P11MOCK" --json |
    jq -r '.certificates[].subject')" CN=new
}

@test "at the terminal: a key without a certificate is asked for after the PIN" {
  tty_require
  run_split "${PROVISION[@]}" --pin-file pin --csr a.csr
  assert_success
  tty_start "${PROVISION[@]}"
  tty_wait "PIN of token 'EMPTY'"
  tty_type "$PIN"
  tty_wait 'a key without a certificate, made for a request'
  tty_type no
  tty_finish
  assert_failure 1
  assert_equal "$(objects EMPTY)" $'Private Key Object\nPublic Key Object'
}

@test "at the terminal: Ctrl-C at each question changes nothing" {
  tty_require
  tty_start "${REPLACE[@]}"
  tty_wait "Type the token's serial number to go on"
  tty_key C-c
  tty_finish
  assert_killed 2
  tty_stop
  tty_start "${REPLACE[@]}" --replace "$OLD_SERIAL"
  tty_wait "PIN of token 'SAST-1'"
  tty_key C-c
  tty_finish
  assert_killed 2
  assert_calls 0 C_Login
  assert_old_there
}

@test "a key that wants its PIN for each signature: asked for, and cancelled it leaves no key" {
  tty_require
  p11mock_set always-auth EMPTY
  tty_start "${PROVISION[@]}"
  tty_wait "PIN of token 'EMPTY'"
  tty_type "$PIN"
  # shellcheck disable=SC2016
  eventually 10 eval 'tty_ended || [[ $(tty_screen | grep -c "^PIN of token") -gt 1 ]]'
  if tty_ended; then
    # The PIN of the login was still there.
    tty_finish
    assert_success
  else
    tty_key C-c
    tty_finish
    assert_killed 2
    p11mock_reset
    assert_empty
  fi
}
