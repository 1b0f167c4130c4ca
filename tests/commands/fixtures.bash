# What the suites of the commands share: the program, its certificates, the independent reader and
# writer, and the form of a refusal.
#
# CTLSIGN names the program, CTLSIGN_SRCDIR the top of the sources, CTLSIGN_PYTHON a python3 that
# has the cryptography package.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154  # output and stderr are set by bats' run

load ../lib/assertions
load ../lib/softhsm

# The time in every list, unless a test says otherwise.
STAMP=1700000000

# For setup_file: the environment, and K, the folder of the file's keys and certificates.
commands_setup_file() {
  [[ -x ${CTLSIGN-} ]] || { echo "CTLSIGN must name the program" >&2; return 1; }
  CTLSIGN=$(realpath "$CTLSIGN")
  SRCDIR=${CTLSIGN_SRCDIR:-$BATS_TEST_DIRNAME/../..}
  PYTHON=${CTLSIGN_PYTHON:-/usr/bin/python3}
  K=$BATS_FILE_TMPDIR/k
  TZ=UTC LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
  export CTLSIGN SRCDIR PYTHON K TZ LC_ALL PYTHONDONTWRITEBYTECODE
  unset LANGUAGE SOFTHSM2_CONF
  umask 022
  mkdir -p "$K"
}

# For setup: every test starts in an empty folder of its own.
commands_setup() {
  mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return
}

# make_sasts NAME...: RSA-2048 key and self-signed certificate of K/NAME.
make_sasts() {
  local name
  for name; do
    cert_make "$K/$name" 2048 "/C=PL/O=Lab/OU=IPCBU/CN=${name^^}" || return
  done
}

# make_servers NAME...: certificates of cluster nodes, K/NAME; one key serves all.
make_servers() {
  local name
  [[ -s $K/server.key ]] || cert_key "$K/server.key" 2048 || return
  for name; do
    cp "$K/server.key" "$K/$name.key" && cert_node "$K/$name" "$name.lab" || return
  done
}

# borrow KEY NAME...: NAME.key becomes a copy of K/KEY.key, so that a certificate needs no new one.
borrow() {
  local key=$1 name
  shift
  for name; do
    cp "$K/$key.key" "$name.key" || return
  done
}

# make_odd_rsa NAME HEX-DIGITS: a certificate whose RSA key has four bits for each digit, K/NAME.
# Only the key's public half is there, and that may be any odd number.
make_odd_rsa() {
  local base=$K/$1
  printf '%s\n' 'asn1 = SEQUENCE:key' '[key]' "n = INTEGER:0xC$(printf "%0$(($2 - 1))d" 1)" \
    'e = INTEGER:65537' >"$base.conf"
  openssl asn1parse -genconf "$base.conf" -noout -out "$base.pkcs1" &&
    openssl rsa -RSAPublicKey_in -inform DER -in "$base.pkcs1" -pubout -out "$base.pub" 2>/dev/null &&
    openssl x509 -new -force_pubkey "$base.pub" -signkey "$K/sast1.key" -subj "/CN=$1" \
      -set_serial 77 -days 1000 -out "$base.pem"
}

# ctlsign ARG...
#
# Many tests build a list without servers; the one warning that this earns is taken out of $stderr
# (lint.bats and build.bats look at it).
ctlsign() {
  run_split "$CTLSIGN" "$@"
  [[ $1 != build || " $* " == *" --"@(ccm|ccm-tftp|tftp|firewall)[\ =]* ]] ||
    stderr=$(grep -v '^ctlsign: warning: the list has no CCM, CCM+TFTP or TFTP record' <<<"$stderr") || :
}

# quietly ARG...: the command succeeds and says nothing at all.
quietly() {
  ctlsign "$@"
  assert_success
  refute_output
  refute_stderr
}

# Everything below this folder, with what shows a change.
files_here() {
  find . -mindepth 1 -printf '%P %y %i %s %T@ %m\n' | LC_ALL=C sort
}

# refused CODE REGEXP ARG...: the command ends with CODE and one line on stderr that matches, and
# creates, changes and removes no file.
refused() {
  local code=$1 pattern=$2 before
  shift 2
  before=$(files_here)
  ctlsign "$@"
  assert_failure "$code"
  # What lint warns of is told before the error that ends the build.
  [[ $1 != build ]] || stderr=$(grep -v '^ctlsign: warning: ' <<<"$stderr") || :
  assert_one_line_error "$pattern"
  assert_equal "$(files_here)" "$before"
}

# The arguments, as ARGUMENTS, for a list of two SAST entries and one CallManager that KEY signs.
two_and_one() { # KEY OUT [ARG...]
  local key=$1 out=$2
  shift 2
  ARGUMENTS=(build -o "$out" --timestamp "$STAMP" --sign-with "$K/$key.key" --sast "$K/sast1.pem"
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" "$@")
}

# build_with KEY OUT [ARG...]: such a list, in silence.
build_with() {
  two_and_one "$@"
  quietly "${ARGUMENTS[@]}"
}

# The same for setup_file, where bats' run has no folder to work in.
make_list() { # KEY OUT [ARG...]
  two_and_one "$@"
  "$CTLSIGN" "${ARGUMENTS[@]}"
}

# independent FILE: the independent reader verifies it; its JSON is the output.
independent() {
  run_split "$PYTHON" "$SRCDIR/tests/independent/ctlread.py" "$1"
  assert_success
  assert_json .signature.good true
}

# write_list DIALECT KEY OUT ARG...: a list by the independent writer.
write_list() {
  local dialect=$1 key=$2 out=$3
  shift 3
  "$PYTHON" "$SRCDIR/tests/independent/ctlwrite.py" --dialect "$dialect" --key "$K/$key.key" \
    --out "$out" --timestamp "$STAMP" "$@"
}

# patch_byte FILE OFFSET: flips the lowest bit of one byte.
patch_byte() {
  "$PYTHON" - "$1" "$2" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)[0]
    f.seek(int(sys.argv[2]))
    f.write(bytes([byte ^ 1]))
PYTHON
}

# carried [OPTION...]: an officer says that all servers have what was signed last, unless they got it
# by themselves.
carried() {
  local said
  said=$("$CTLSIGN" publish --by-hand --yes "$@" 2>&1) ||
    [[ $said == *"there is nothing to publish: generation "*" is current"* ]] ||
    fail "publish --by-hand: $said"
}

# with_targets: every server of ctlsign.conf gets a folder that its files go to, at-NAME.
with_targets() {
  local name
  for name in $(sed -nE 's/^(publisher|subscriber|tftp|media|alternate-tftp|firewall) ([^ ]+) \{.*/\2/p' ctlsign.conf); do
    mkdir -p "at-$name"
    sed -i "/^[a-z-]* $name {/a deliver = {\"at-$name\"}" ctlsign.conf
  done
}
