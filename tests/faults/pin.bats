#!/usr/bin/env bats
# PINs without a person: one login for one PIN, tries that are left, locked and always-asking tokens.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154

load fixture

setup_file() {
  fixture_make
}

setup() {
  fixture_use
}

@test "a wrong PIN is tried once, and said with what is left and what to do" {
  p11mock_set retries '3 3 SAST-1'
  run_split "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  assert_one_line_error "token 'SAST-1' \(serial [0-9a-f]+\): .*the PIN is wrong \(CKR_PIN_INCORRECT, 0xa0\)"
  assert_stderr --partial 'some tries are used'
  assert_stderr --partial 'make sure of the PIN before you try again'
  assert_calls 1 C_Login
  assert_calls 0 C_SignInit
  assert_equal "$(p11mock_get retries)" '2 3 SAST-1'
  assert_nothing_written
}

@test "after a wrong PIN the right one signs, with one login" {
  p11mock_set retries '3 3 SAST-1'
  run_split "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  p11mock_clear_log
  run_split "${BUILD[@]}" --pin-file pin
  refute_output
  refute_stderr
  assert_list_written
  assert_calls 1 C_Login 0x0
  assert_calls 1 C_Sign 0x0
  assert_equal "$(p11mock_get retries)" '3 3 SAST-1'
}

@test "the wrong PIN before the last try says that one more locks the token" {
  p11mock_set retries '2 3 SAST-1'
  run_split "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  assert_one_line_error 'one more wrong PIN locks the token'
  assert_calls 1 C_Login
  assert_nothing_written
}

@test "the last try is not used without a person, whatever the PIN" {
  p11mock_set retries '1 3 SAST-1'
  run_split "${BUILD[@]}" --pin-file pin
  assert_failure 5
  assert_one_line_error 'one try left: a wrong PIN locks it.*; make sure of the PIN, then run the command at a terminal'
  run_split "${BUILD[@]}" --pin-fd 5 5<pin
  assert_failure 5
  run_split "${BUILD[@]}" </dev/null
  assert_failure 5
  assert_calls 0 C_Login
  assert_equal "$(p11mock_get retries)" '1 3 SAST-1'
  assert_nothing_written
}

@test "a locked token is refused before its PIN is read, and says who unlocks it" {
  p11mock_set retries '0 3 SAST-1'
  # Reading this FIFO would wait for ever.
  mkfifo -m 600 never
  run_split timeout 10 "${BUILD[@]}" --pin-file never
  assert_failure 5
  assert_one_line_error 'the PIN is locked.*SO PIN or PUK and .ctlsign token unblock.; whoever issued the token has it'
  assert_calls 0 C_Login
  assert_nothing_written
}

@test "a token that says locked only in its answer is told to be locked" {
  p11mock_set fail 'C_Login 0xa4 1'
  run_split "${BUILD[@]}" --pin-file pin
  assert_failure 5
  assert_one_line_error 'CKR_PIN_LOCKED, 0xa4.*now locked.*SO PIN or PUK'
  assert_calls 1 C_Login
  assert_nothing_written
}

@test "a wrong PIN that the module calls a general error counts as one" {
  p11mock_set retries '3 3 SAST-1'
  p11mock_set login-general-error
  run_split "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  assert_one_line_error 'CKR_GENERAL_ERROR, 0x5.*count this as a wrong PIN'
  assert_calls 1 C_Login
  assert_equal "$(p11mock_get retries)" '2 3 SAST-1'
  assert_nothing_written
}

@test "without a terminal and a PIN file it ends at once and names the options" {
  assert_took_less 5 run_split timeout 20 "${BUILD[@]}" </dev/null
  assert_failure 5
  assert_one_line_error "token 'SAST-1' \(serial [0-9a-f]+\): .*no terminal.*--pin-file FILE or --pin-fd N"
  assert_calls 0 C_Login
  assert_nothing_written
}

@test "a refusal names the token, or the key file, once" {
  run_split "${BUILD[@]}" </dev/null
  assert_failure 5
  assert_equal "$(grep -o "token 'SAST-1'" <<<"$stderr" | wc -l)" 1
  p11mock_set retries '1 3 SAST-1'
  run_split "${BUILD[@]}" </dev/null
  assert_equal "$(grep -o "token 'SAST-1'" <<<"$stderr" | wc -l)" 1
  openssl pkey -in "$BATS_FILE_TMPDIR/sast.key" -aes256 -passout "pass:$PIN" -out locked.key
  run_split "$CTLSIGN" build -o "$OUT" --sign-with locked.key --sast sast.pem --sast second.pem
  assert_failure 5
  assert_equal "$(grep -o 'locked\.key' <<<"$stderr" | wc -l)" 1
}

@test "--pin-fd reads the first line only, and at most once" {
  printf '%s\n' "$PIN" 'second line' >two-lines
  exec 7<two-lines
  run_split "${BUILD[@]}" --pin-fd 7
  assert_list_written
  assert_calls 1 C_Login 0x0
  # What comes after the line is left for others.
  IFS= read -r rest <&7
  exec 7<&-
  assert_equal "$rest" 'second line'
}

@test "a PIN file that others can read is refused" {
  local mode
  for mode in 0644 0640 0604 0660; do
    chmod "$mode" pin
    run_split "${BUILD[@]}" --pin-file pin
    assert_failure 1
    assert_one_line_error "pin: others can read the PIN file \(mode $mode\); run: chmod 600 pin"
  done
  assert_calls 0 C_Login
  assert_nothing_written
}

@test "a PIN file that is missing, empty, a directory, too long or holds a NUL is no PIN" {
  umask 077
  : >empty
  printf '\n%s' "$PIN" >blank-line
  printf '12\00034' >nul
  head -c 5000 /dev/zero | tr '\0' 7 >long
  mkdir directory
  local file
  for file in missing empty blank-line nul long directory; do
    run_split "${BUILD[@]}" --pin-file "$file"
    assert_failure 1
    assert_one_line_error "$file: "
  done
  local takes="--pin-fd takes the number of a descriptor that is open for reading, not '9'"
  run_split "${BUILD[@]}" --pin-fd 9 9<&-
  assert_failure 2
  assert_one_line_error "$takes"
  run_split "${BUILD[@]}" --pin-fd 9 9>write-only
  assert_failure 2
  assert_one_line_error "$takes"
  assert_calls 0 C_Login
  assert_nothing_written
}

@test "a PIN file with a Windows line end is read" {
  printf '%s\r\n' "$PIN" >pin
  run_split "${BUILD[@]}" --pin-file pin
  assert_list_written
}

@test "a PIN comes from nowhere else: not from a URI, not from the environment" {
  BUILD[7]="pkcs11:token=SAST-1?pin-value=$PIN"
  run_split "${BUILD[@]}"
  assert_failure
  assert_one_line_error 'pin-value'
  [[ $stderr != *"$PIN"* ]] || fail "the PIN is printed"
  BUILD[7]=pkcs11:token=SAST-1
  run_split env PIN="$PIN" CTLSIGN_PIN="$PIN" PKCS11_PIN="$PIN" GNUTLS_PIN="$PIN" "${BUILD[@]}"
  assert_failure 5
  assert_calls 0 C_Login
}

@test "a key that always asks is given the same PIN, once each" {
  p11mock_set always-auth
  run_split "${BUILD[@]}" --pin-file pin
  refute_stderr
  assert_list_written
  assert_calls 2 C_Login
  assert_calls 1 C_Login 0x0 context
  assert_calls 1 C_Sign 0x0
}

@test "a wrong PIN is not tried a second time on a key that always asks" {
  p11mock_set always-auth
  p11mock_set retries '3 3 SAST-1'
  run_split "${BUILD[@]}" --pin-file wrong-pin
  assert_failure 5
  assert_calls 1 C_Login
  assert_equal "$(p11mock_get retries)" '2 3 SAST-1'
  assert_nothing_written
}

@test "a key that asks without saying so is explained" {
  p11mock_set always-auth-hidden
  run_split "${BUILD[@]}" --pin-file pin
  assert_failure 5
  assert_one_line_error 'wants its PIN again for each signature and does not announce it \(CKR_USER_NOT_LOGGED_IN, 0x101\).*CKA_ALWAYS_AUTHENTICATE'
  assert_nothing_written
}

@test "a PIN pad gets no PIN from the program, even with a PIN file" {
  p11mock_set pinpad "$PIN"
  run_split "${BUILD[@]}"
  assert_list_written
  rm "$OUT"
  run_split "${BUILD[@]}" --pin-file wrong-pin
  assert_list_written
  # With a PIN the module would have said CKR_ARGUMENTS_BAD.
  assert_calls 2 C_Login 0x0
  assert_calls 2 C_Login
}

@test "a wrong PIN, a cancel and a time-out on the PIN pad are told apart" {
  p11mock_set retries '3 3 SAST-1'
  p11mock_set pinpad "$WRONG_PIN"
  run_split "${BUILD[@]}"
  assert_failure 5
  assert_one_line_error 'the PIN is wrong \(CKR_PIN_INCORRECT, 0xa0\)'
  p11mock_set pinpad cancel
  run_split "${BUILD[@]}"
  assert_failure 1
  assert_one_line_error 'cancelled on the reader \(CKR_FUNCTION_CANCELED, 0x50\)'
  p11mock_set pinpad timeout
  run_split "${BUILD[@]}"
  assert_failure 5
  assert_one_line_error 'CKR_FUNCTION_FAILED, 0x6'
  assert_calls 3 C_Login
  assert_equal "$(p11mock_get retries)" '2 3 SAST-1'
  assert_nothing_written
}

@test "listing, showing and reading certificates ask for no PIN" {
  p11mock_set retries '1 3 SAST-1'
  run_split "$CTLSIGN" token list --module "$P11MOCK"
  assert_success
  run_split "$CTLSIGN" token show --module "$P11MOCK" SAST-1
  assert_success
  assert_calls 0 C_Login
}
