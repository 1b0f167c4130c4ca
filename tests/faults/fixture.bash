# What the fault suites share: a token SAST-1 behind the fault-injecting module, made once a file
# and copied for each test; certificates; and the command line that signs with it.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154

load ../lib/assertions
load ../lib/softhsm
load ../lib/p11mock
load ../lib/tty

# Texts that occur nowhere else, so that a leak of one can be told.
PIN=Zq7Pin83x
WRONG_PIN=Wx2Pin47y

# The token, its certificate in sast.pem, a second SAST and a node's certificate as files.
fixture_make() {
  softhsm_require
  cd "$BATS_FILE_TMPDIR" || return
  softhsm_setup made &&
    softhsm_token SAST-1 "$PIN" &&
    softhsm_key SAST-1 01 2048 /O=Lab/CN=SAST-1 &&
    cp "$CERT" sast.pem && cp "$KEY" sast.key &&
    cert_make second 2048 /O=Lab/CN=SAST-2 &&
    cert_node node node.lab
}

# One more token in the file's store: fixture_token LABEL PIN [KIND]
fixture_token() {
  softhsm_token "$1" "$2" && softhsm_key "$1" 01 "${3-2048}" "/O=Lab/CN=$1" && cp "$CERT" "$1.pem"
}

# For setup: a store of its own in the test's directory, no faults, PIN files, BUILD and OUT.
fixture_use() {
  cd "$BATS_TEST_TMPDIR" || return
  mkdir out || return
  cp "$BATS_FILE_TMPDIR"/{sast,second,node}.pem . || return
  softhsm_setup hsm && cp -r "$BATS_FILE_TMPDIR/made/tokens" hsm/ || return
  p11mock_setup mock || return
  (umask 077 && printf '%s' "$PIN" >pin && printf '%s' "$WRONG_PIN" >wrong-pin) || return
  OUT=out/list.tlv
  BUILD=("$CTLSIGN" build --module "$P11MOCK" -o "$OUT" --sign-with pkcs11:token=SAST-1
    --sast pkcs11:token=SAST-1 --sast second.pem --ccm-tftp node.pem,dns=node.lab)
}

# The last build left nothing at all: no list, no temporary file.
assert_nothing_written() {
  local left
  left=$(find out -mindepth 1)
  [[ -z $left ]] || fail "left behind:" "$left"
}

# The last build succeeded in silence and left a list that verifies, and nothing beside it.
assert_list_written() {
  assert_success || return
  assert_equal "$(find out -mindepth 1)" "$OUT" || return
  "$CTLSIGN" verify "$OUT" || fail "the list does not verify"
}

# assert_took_less SECONDS COMMAND [ARG...]: runs it; status and output are the command's.
assert_took_less() {
  local limit=$1 begin=$EPOCHREALTIME took
  shift
  "$@" || return
  took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
  ((took < limit * 1000)) || fail "took $took ms, more than $limit s"
}

# The terminal of tty_start: "echo" or "-echo".
tty_echo() {
  stty -a -F "$(tty_tmux display-message -p '#{pane_tty}')" | tr ' ;' '\n\n' | grep -xE -- '-?echo'
}
