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

export LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1
unset LANGUAGE

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
  softhsm_setup hsm && cp -r "$BATS_FILE_TMPDIR"/made/{tokens,pins} hsm/ || return
  p11mock_setup mock || return
  (umask 077 && printf '%s' "$PIN" >pin && printf '%s' "$WRONG_PIN" >wrong-pin) || return
  OUT=out/list.tlv
  BUILD=("$CTLSIGN" build --module "$P11MOCK" -o "$OUT" --sign-with pkcs11:token=SAST-1
    --sast pkcs11:token=SAST-1 --sast second.pem --ccm-tftp 'node.pem,dns=node.lab')
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
  stty -a -F "$(tty_tmux display-message -p '#{pane_tty}')" | tr ' ' '\n' | grep -xE -- '-?echo'
}

# A folder BENCH that everybody can enter, with the program, keys and certificates and a writable
# out, and NOBODY, the words in front of a command that take root's privileges away.
# fixture_nobody_end removes the folder.
fixture_nobody() {
  NOBODY=()
  BENCH=$(mktemp -d /tmp/ctlsign-nobody.XXXXXX) || return
  cp "$CTLSIGN" "$BENCH/ctlsign" &&
    cp sast.pem second.pem node.pem "$BATS_FILE_TMPDIR/sast.key" "$BENCH" &&
    mkdir -m 777 "$BENCH/out" && chmod -R a+rX "$BENCH" || return
  [[ $(id -u) -eq 0 ]] || return 0
  command -v setpriv >/dev/null || skip "setpriv is not installed"
  # LeakSanitizer cannot look into a process that nobody may look into.
  NOBODY=(env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0"
    setpriv --reuid 65534 --regid 65534 --clear-groups)
  "${NOBODY[@]}" "$BENCH/ctlsign" --version >/dev/null || skip "nobody cannot run the program"
}

fixture_nobody_end() {
  [[ -n ${BENCH-} ]] || return 0
  chmod -R u+w "$BENCH" && rm -rf "$BENCH"
}
