#!/usr/bin/env bats
# Tokens that fail while they are used: pulled out, answering with errors, signing wrongly, or not
# answering at all.  Nothing is written, and the error says what happened to which token.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154

load fixture

setup_file() {
  fixture_make
  fixture_token SAST-2 "$PIN"
}

setup() {
  fixture_use
}

# refused CODE REGEXP: the build fails so, says so in one line, and leaves nothing.
refused() {
  run_split timeout 20 "${BUILD[@]}" --pin-file pin
  assert_failure "$1" && assert_one_line_error "$2" && assert_nothing_written
}

@test "a token that was removed before: none matches, and those that are there are named" {
  p11mock_set removed SAST-1
  refused 5 "no token matches 'pkcs11:token=SAST-1'; there is: 'SAST-2' \(serial $(softhsm_serial SAST-2)\); insert the token"
  p11mock_set removed
  refused 5 'no token is there; insert the token'
  assert_calls 0 C_Login
}

@test "a token that is removed before the login is told by name, and no PIN is sent" {
  local function
  for function in C_OpenSession C_FindObjects; do
    p11mock_reset
    p11mock_set remove-at "$function SAST-1"
    refused 5 "token 'SAST-1' \(serial [0-9a-f]+\).*(removed|no token in the slot)"
    assert_calls 0 C_Login
  done
}

@test "a token that is removed at the login, or in the middle of a signature" {
  local function
  for function in C_Login C_SignInit C_Sign; do
    p11mock_reset
    p11mock_set remove-at "$function SAST-1"
    refused 5 "token 'SAST-1' \(serial [0-9a-f]+\) was removed; plug it in again"
    assert_calls 0 C_Sign 0x0
    [[ $(p11mock_count C_Login) -eq 1 ]] || fail "not one login at $function"
  done
}

@test "after a removal the token is plugged in, and signs" {
  p11mock_set remove-at 'C_Sign SAST-1'
  refused 5 'was removed'
  p11mock_unset removed
  run_split "${BUILD[@]}" --pin-file pin
  assert_list_written
}

@test "a removal after the signature does not spoil it, nor do errors of the calls that clean up" {
  local function
  for function in C_Logout C_Finalize; do
    rm -f "$OUT"
    p11mock_reset
    p11mock_set remove-at "$function SAST-1"
    run_split "${BUILD[@]}" --pin-file pin
    refute_stderr
    assert_list_written
    assert_equal "$(p11mock_get removed)" SAST-1
  done
  for function in C_Logout C_CloseSession C_CloseAllSessions C_Finalize; do
    rm -f "$OUT"
    p11mock_reset
    p11mock_set fail "$function 0x5"
    run_split "${BUILD[@]}" --pin-file pin
    refute_stderr
    assert_list_written
    [[ $(p11mock_count "$function" 0x5) -ge 1 ]] || fail "$function was not called"
  done
}

@test "a wrong signature is found out before anything is written" {
  p11mock_set wrong-signature
  refused 3 "signature that token 'SAST-1' \(serial [0-9a-f]+\) made does not verify with the certificate"
  p11mock_unset wrong-signature
  p11mock_set short-signature
  refused 3 "token 'SAST-1' .*made a signature of 255 bytes where 256 belong"
  p11mock_unset short-signature
  p11mock_set long-signature
  refused 3 "token 'SAST-1' .*made a signature of 257 bytes where 256 belong"
}

@test "a wrong signature leaves the old list as it was" {
  printf 'the old list' >"$OUT"
  p11mock_set wrong-signature
  run_split "${BUILD[@]}" --force --pin-file pin
  assert_failure 3
  assert_equal "$(<"$OUT")" 'the old list'
  assert_equal "$(find out -mindepth 1)" "$OUT"
}

# answers CODE CKR NAME: C_Sign's answer is told by name and number, and the token with it.
answers() {
  p11mock_reset
  p11mock_set fail "C_Sign $2"
  refused "$1" "token 'SAST-1' \(serial [0-9a-f]+\): C_Sign failed: .+ \($3, $2\)(; .+)?$" || return
  # One signature is asked for once.
  assert_calls 1 C_Sign
}

@test "errors of C_Sign: name, number, meaning, and the token" {
  answers 5 0x2 CKR_HOST_MEMORY
  answers 5 0x5 CKR_GENERAL_ERROR
  answers 5 0x6 CKR_FUNCTION_FAILED
  answers 5 0x20 CKR_DATA_INVALID
  answers 5 0x21 CKR_DATA_LEN_RANGE
  answers 5 0x30 CKR_DEVICE_ERROR
  answers 5 0x31 CKR_DEVICE_MEMORY
  answers 5 0x60 CKR_KEY_HANDLE_INVALID
  answers 5 0x91 CKR_OPERATION_NOT_INITIALIZED
  answers 5 0x150 CKR_BUFFER_TOO_SMALL
}

@test "errors of C_Sign that mean that the token is gone" {
  local ckr
  for ckr in 0x32 0xb3 0xe0; do
    p11mock_reset
    p11mock_set fail "C_Sign $ckr"
    refused 5 "token 'SAST-1' \(serial [0-9a-f]+\).* removed; plug it in again"
  done
}

@test "an error of C_Sign that nobody defined" {
  p11mock_set fail 'C_Sign 0x12345'
  refused 5 "token 'SAST-1'.*C_Sign failed: .*0x12345"
}

@test "errors of C_SignInit: a key that must not sign, or cannot so" {
  p11mock_set fail 'C_SignInit 0x68'
  refused 5 'must not be used for signatures \(CKR_KEY_FUNCTION_NOT_PERMITTED, 0x68\)'
  p11mock_set fail 'C_SignInit 0x70'
  refused 5 'CKR_MECHANISM_INVALID, 0x70'
}

@test "errors of C_Login: one call, the PIN counted as tried" {
  p11mock_set fail 'C_Login 0x102'
  refused 5 'no user PIN has been set on the token \(CKR_USER_PIN_NOT_INITIALIZED, 0x102\)'
  p11mock_set fail 'C_Login 0xa3'
  refused 5 'the PIN has expired \(CKR_PIN_EXPIRED, 0xa3\); change the PIN'
  p11mock_set fail 'C_Login 0xa2'
  refused 5 'too short or too long for the token \(CKR_PIN_LEN_RANGE, 0xa2\)'
  p11mock_set fail 'C_Login 0x30'
  refused 5 'CKR_DEVICE_ERROR, 0x30.*count this as a wrong PIN'
  assert_calls 4 C_Login
}

@test "a module that cannot be initialised is told by its path" {
  p11mock_set fail 'C_Initialize 0x30'
  refused 5 "^ctlsign: $P11MOCK: C_Initialize failed: .*CKR_DEVICE_ERROR, 0x30"
  p11mock_set fail 'C_GetSlotList 0x30'
  refused 5 "^ctlsign: $P11MOCK: C_GetSlotList failed: .*CKR_DEVICE_ERROR, 0x30"
  p11mock_reset
  SOFTHSM2_CONF=/nonexistent refused 5 'C_Initialize failed: .*CKR_GENERAL_ERROR, 0x5.*SOFTHSM2_CONF'
}

@test "a slow token is waited for" {
  p11mock_set delay 'C_Login 600' 'C_Sign 600'
  run_split "${BUILD[@]}" --pin-file pin --timeout 1
  assert_list_written
}

# start_hang FUNCTION: a build with a control directory of its own that hangs there, in the
# background.
start_hang() {
  local dir=hang/$1
  mkdir -p "$dir/mock" "$dir/out"
  # SoftHSM is shy of many processes on one store.
  cp -r hsm/tokens "$dir"
  sed "s|^directories.tokendir = .*|directories.tokendir = $PWD/$dir/tokens|" "$SOFTHSM2_CONF" \
    >"$dir/softhsm2.conf"
  echo "$1" >"$dir/mock/hang"
  : >"$dir/mock/log"
  (
    begin=${EPOCHREALTIME/./}
    status=0
    BUILD[5]=$dir/out/list.tlv
    # Its own count of PINs, too: they run at the same time, and each notes its PIN beforehand.
    SOFTHSM2_CONF=$PWD/$dir/softhsm2.conf P11MOCK_DIR=$PWD/$dir/mock \
      XDG_STATE_HOME=$PWD/$dir/state \
      setsid --wait timeout -s KILL 30 "${BUILD[@]}" --pin-file pin --timeout 1 \
      >"$dir/stdout" 2>"$dir/stderr" || status=$?
    echo "$status" >"$dir/status"
    echo $(((${EPOCHREALTIME/./} - begin) / 1000)) >"$dir/took"
  ) </dev/null 3>&- &
}

# ended_in_time FUNCTION: neither at once nor long after the time-out of a second.
ended_in_time() {
  local took
  took=$(<"hang/$1/took")
  ((took >= 1000 && took < 8000)) || fail "$1: took $took ms: $(<"hang/$1/stderr")"
}

BEFORE_THE_SIGNATURE=(C_Initialize C_GetSlotList C_GetSlotInfo C_GetTokenInfo C_OpenSession
  C_FindObjectsInit C_FindObjects C_GetAttributeValue C_Login C_SignInit C_Sign)

@test "a call that never returns: the end comes with the time-out, and nothing is written" {
  local function dir who stopped
  for function in "${BEFORE_THE_SIGNATURE[@]}"; do
    start_hang "$function"
  done
  wait
  for function in "${BEFORE_THE_SIGNATURE[@]}"; do
    dir=hang/$function
    ended_in_time "$function"
    assert_equal "$function $(<"$dir/status")" "$function 5"
    # Who: the token as soon as it is known, the module before.
    case $function in
    C_Initialize | C_GetSlot* | C_GetTokenInfo) who=$P11MOCK ;;
    *) who="token 'SAST-1' \(serial [0-9a-f]+\)" ;;
    esac
    stopped="^ctlsign: $who: stopped answering: C_[A-Za-z]+ did not come back within 1 second; "
    [[ $(<"$dir/stderr") =~ $stopped ]] || fail "$function: $(<"$dir/stderr")"
    assert_equal "$function: $(wc -l <"$dir/stderr")" "$function: 1"
    assert_equal "$(<"$dir/stdout")$(find "$dir/out" -mindepth 1)" ''
  done
}

@test "a call that never returns after the signature: the list is written, and nothing waits" {
  local function
  for function in C_Logout C_Finalize; do
    start_hang "$function"
  done
  wait
  for function in C_Logout C_Finalize; do
    ended_in_time "$function"
    assert_equal "$function $(<"hang/$function/status")" "$function 0"
    "$CTLSIGN" verify "hang/$function/out/list.tlv"
  done
}

@test "listing and showing do not wait for ever either" {
  local function
  for function in C_Initialize C_GetSlotList C_GetTokenInfo; do
    p11mock_set hang "$function"
    run_split timeout -s KILL 20 "$CTLSIGN" token list --module "$P11MOCK" --timeout 1
    assert_failure 5
    assert_one_line_error "^ctlsign: $P11MOCK: stopped answering: $function did not come back"
  done
  p11mock_set hang C_FindObjects
  run_split timeout -s KILL 20 "$CTLSIGN" token show --module "$P11MOCK" --timeout 1 SAST-1
  assert_failure 5
  assert_one_line_error "^ctlsign: token 'SAST-1' .*stopped answering: "
}

@test "--timeout takes whole seconds from 1 to 3600" {
  local value
  for value in 0 -1 1.5 3601 '' ' 1' 99999999999999999999; do
    run_split "${BUILD[@]}" --pin-file pin --timeout "$value"
    assert_failure 2
    assert_one_line_error 'timeout'
  done
}
