#!/usr/bin/env bats
# The same for the commands that prepare tokens: none of their PINs leaves a trace.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture
load traces

NEW_PIN=Nw9Pin65z
SO_PIN=Sx7SoPin21q

setup_file() {
  fixture_make
  softhsm2-util --init-token --free --label SO-1 --so-pin "$SO_PIN" --pin "$PIN"
}

setup() {
  [[ $(id -u) -eq 0 ]] || skip "only root may look into the process"
  fixture_use
  (umask 077 && printf '%s' "$NEW_PIN" >new-pin && printf '%s' "$SO_PIN" >so-pin)
  MODULE=(--module "$P11MOCK")
}

teardown() {
  traces_end
}

# leaves_no_trace FUNCTION PIN... -- COMMAND...: each PIN is in memory in that call, and in none
# when the module is finalised; nor anywhere else.
leaves_no_trace() {
  local function=$1 pins=() text
  shift
  while [[ $1 != -- ]]; do
    pins+=("$1")
    shift
  done
  shift
  hangs_at "$function" "$CTLSIGN" "$@"
  for text in "${pins[@]}"; do
    [[ $(in_memory "$pid" "$text") -ge 1 ]] || fail "the PIN cannot be seen at all"
    ! grep -qaF -- "$text" "/proc/$pid/cmdline" "/proc/$pid/environ" || fail "in the process table"
  done
  goes_on_to C_Finalize
  for text in "${pins[@]}"; do
    assert_equal "$(in_memory "$pid" "$text")" 0
  done
  let_go
  for text in "${pins[@]}"; do
    ! grep -qaF -- "$text" stdout stderr mock/log || fail "told: $(cat stdout stderr mock/log)"
    [[ ! -d $XDG_STATE_HOME ]] || refute_in_files "$text" "$XDG_STATE_HOME"
  done
}

@test "token change-pin" {
  leaves_no_trace C_SetPIN "$PIN" "$NEW_PIN" -- \
    token change-pin SAST-1 "${MODULE[@]}" --pin-file pin --new-pin-file new-pin
  assert_equal "$status" 0
}

@test "token change-pin with a wrong PIN" {
  leaves_no_trace C_SetPIN "$WRONG_PIN" "$NEW_PIN" -- \
    token change-pin SAST-1 "${MODULE[@]}" --pin-file wrong-pin --new-pin-file new-pin
  assert_equal "$status" 5
}

@test "token unblock" {
  leaves_no_trace C_InitPIN "$SO_PIN" "$NEW_PIN" -- \
    token unblock SO-1 "${MODULE[@]}" --so-pin-file so-pin --new-pin-file new-pin
  assert_equal "$status" 0
}

@test "token provision" {
  leaves_no_trace C_Login "$PIN" -- \
    token provision SAST-1 "${MODULE[@]}" --subject CN=X --id 07 --pin-file pin
  assert_equal "$status" 0
}

@test "token import" {
  "$CTLSIGN" token provision SAST-1 "${MODULE[@]}" --subject CN=X --id 07 --pin-file pin --csr x.csr
  openssl x509 -req -in x.csr -CA sast.pem -CAkey "$BATS_FILE_TMPDIR/sast.key" \
    -set_serial 5 -days 9 -out x.pem 2>/dev/null
  leaves_no_trace C_Login "$PIN" -- \
    token import SAST-1 x.pem "${MODULE[@]}" --pin-file pin
  assert_equal "$status" 0
}
