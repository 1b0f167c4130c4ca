# Collecting tokens at a terminal: SoftHSM's tokens, which p11mock plugs in and out, and what a person
# does with them.
#
# Load fixture.bash first.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154

# For setup_file.
collecting_make() {
  fixture_make &&
    fixture_token SAST-2 "$PIN" &&
    fixture_token STRANGER "$PIN" &&
    fixture_token OTHER "$PIN" &&
    fixture_token CURVE "$PIN" p256
}

# For setup: nothing is inserted.
collecting_use() {
  tty_require
  fixture_use && inserted || return
  COLLECT=("$CTLSIGN" build --module "$P11MOCK" -o "$OUT" --ccm-tftp 'node.pem,dns=node.lab')
}

# inserted [TOKEN...]: these are plugged in now, and no others.
inserted() {
  local token out=()
  for token in SAST-1 SAST-2 STRANGER OTHER CURVE; do
    [[ " $* " == *" $token "* ]] || out+=("$token")
  done
  if [[ ${#out[@]} -gt 0 ]]; then p11mock_set removed "${out[@]}"; else p11mock_unset removed; fi
}

# collects N ARG...: starts a collection at a terminal.
collects() {
  local n=$1
  shift
  tty_start --stdout stdout --stderr stderr -- "${COLLECT[@]}" --collect "$n" "$@"
}

# adds TOKEN N: the one that is inserted now is described and added.
adds() {
  tty_wait "Token $2 of" &&
    tty_wait "Token serial  $(softhsm_serial "$1")" &&
    tty_wait 'Type "add"' 10 "$2" &&
    tty_type add &&
    tty_wait "Added: token '$1' (serial $(softhsm_serial "$1"))."
}

# uses TOKEN: the one that is inserted now is described, and is to sign.
uses() {
  tty_wait "Token serial  $(softhsm_serial "$1")" &&
    tty_wait 'Type "use"' &&
    tty_type use &&
    tty_wait "To sign with: token '$1' (serial $(softhsm_serial "$1"))."
}

# SAST-1 is inserted, added and removed, then SAST-2 inserted and added.
adds_both() {
  tty_wait "Insert token 1 of 2" || return
  inserted SAST-1
  adds SAST-1 1 || return
  inserted
  tty_wait "Insert token 2 of 2" || return
  inserted SAST-2
  adds SAST-2 2
}

# The list old.tlv that SAST-1 and SAST-2 are in.
old_list() {
  inserted SAST-1 SAST-2
  "${COLLECT[@]}" --collect 2 --token SAST-1 --token SAST-2 --pin-file pin || return
  mv "$OUT" old.tlv
  inserted
}
