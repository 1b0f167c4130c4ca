# Virtual smart cards (tests/vcard/README.md) for bats suites: a private pcscd with two readers, and
# cards that go in and out of them.
#
# pcscd and the cards end with the shell that started them: call vcard_setup and the functions that
# make cards from setup_file, setup or a test itself, never within $( ), run or a pipe.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=certs.bash
source "${BASH_SOURCE[0]%/*}/certs.bash"

VCARD_HOME=$(realpath "${BASH_SOURCE[0]%/*}/../vcard")
VCARD_PYTHON=${CTLSIGN_PYTHON:-/usr/bin/python3}
# What cards have unless a test gives them others.
VCARD_PIN=135791
VCARD_PUK=86420864
VCARD_SO_PIN=3537363231383830
export VCARD_HOME VCARD_PYTHON VCARD_PIN VCARD_PUK VCARD_SO_PIN PYTHONDONTWRITEBYTECODE=1

# vcard_require: skips the test when something is missing.  bats before 1.9 cannot skip a file from
# setup_file: write `vcard_require || return 0` there, and vcard_require in setup, which then skips
# every test for the same reason.
vcard_require() {
  [[ -v VCARD_MISSING ]] || VCARD_MISSING=$(vcard_missing) || return
  export VCARD_MISSING
  [[ -n $VCARD_MISSING ]] || return 0
  [[ -z ${BATS_TEST_NAME-} ]] || skip "$VCARD_MISSING"
  return 1
}

# Prints why there can be no virtual cards here, or nothing.
vcard_missing() {
  local tool
  for tool in pkcs11-tool pkcs15-tool opensc-tool openssl; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed (Debian: opensc)"; return; }
  done
  vcard_find_module || { echo "OpenSC's module is not installed (Debian: opensc-pkcs11)"; return; }
  "$VCARD_PYTHON" -c 'import cryptography' 2>/dev/null || {
    echo "$VCARD_PYTHON has no cryptography package (Debian: python3-cryptography)"
    return
  }
  "$VCARD_PYTHON" "$VCARD_HOME/private_pcscd.py" --check
}

vcard_find_module() {
  local file
  for file in ${OPENSC_MODULE+"$OPENSC_MODULE"} /usr/lib/*/opensc-pkcs11.so \
    /usr/lib/opensc-pkcs11.so /usr/lib64/opensc-pkcs11.so; do
    if [[ -r $file ]]; then
      OPENSC_MODULE=$file
      export OPENSC_MODULE
      return
    fi
  done
  return 1
}

# vcard_setup DIR: starts pcscd with two empty readers, 0 and 1; exports PCSCLITE_CSOCK_NAME,
# OPENSC_MODULE, and a home of its own below DIR.
vcard_setup() {
  mkdir -p "$1/home" || return
  VCARD_DIR=$(realpath "$1")
  # A socket's path has about a hundred characters, which bats' own directories may use up.
  VCARD_RUN=$(mktemp -d /tmp/ctlsign-vcard.XXXXXX) || return
  PCSCLITE_CSOCK_NAME=$VCARD_RUN/pcscd.comm
  HOME=$VCARD_DIR/home
  XDG_CACHE_HOME=$HOME/cache XDG_CONFIG_HOME=$HOME/config XDG_STATE_HOME=$HOME/state
  export VCARD_DIR VCARD_RUN PCSCLITE_CSOCK_NAME
  export HOME XDG_CACHE_HOME XDG_CONFIG_HOME XDG_STATE_HOME
  unset OPENSC_CONF OPENSC_DRIVER OPENSC_DEBUG
  vcard_find_module || return
  "$VCARD_PYTHON" "$VCARD_HOME/private_pcscd.py" "$VCARD_RUN" </dev/null \
    >"$VCARD_DIR/pcscd.log" 2>&1 3>&- 4>&- &
  echo $! >"$VCARD_RUN/pcscd.pid"
  disown # no word of it when it ends
  vcard_until 10 vcard_has_readers || { cat "$VCARD_DIR/pcscd.log" >&2; return 1; }
}

# For teardown or teardown_file: ends pcscd and all cards.
vcard_teardown() {
  local file pid
  [[ -d ${VCARD_RUN-} ]] || return 0
  for file in "$VCARD_RUN"/*.pid; do
    pid=$(<"$file")
    kill "$pid" 2>/dev/null || continue
    vcard_until 5 vcard_ended "$pid" || kill -KILL "$pid"
  done
  rm -rf "$VCARD_RUN"
}

# vcard_piv NAME READER SUBJECT [OPTION...]: a new PIV card.  READER is 0 or 1.
#
#   --out          not inserted yet
#   --pin PIN, --puk PUK, --tries N
#   --9a BASE      an existing RSA key and certificate (certs.bash) in place of a new one
#   --9c BASE      the same for the key that asks for its PIN each time
#   --no-9c        no such key
#
# The certificates are told by vcard_cert NAME 9a, or 9c, whose subject has "/OU=9c" behind it.
vcard_piv() {
  local name=$1 reader=$2 subject=$3 pin=$VCARD_PIN puk=$VCARD_PUK tries=3 slot directory
  local -A base=([9a]=new [9c]=new)
  local -a out=()
  shift 3
  while [[ $# -gt 0 ]]; do
    case $1 in
    --out) out=(--out) ;;
    --no-9c) unset 'base[9c]' ;;
    --pin) pin=$2 ;;
    --puk) puk=$2 ;;
    --tries) tries=$2 ;;
    --9a | --9c) base[${1#--}]=$2 ;;
    *) echo "vcard_piv: $1?" >&2; return 2 ;;
    esac
    case $1 in
    --out | --no-9c) shift ;;
    *) shift 2 ;;
    esac
  done
  directory=$VCARD_DIR/$name
  mkdir "$directory" || return
  for slot in "${!base[@]}"; do
    if [[ ${base[$slot]} == new ]]; then
      cert_make "$directory/$slot" 2048 "$subject$([[ $slot == 9a ]] || echo /OU=9c)" || return
    else
      cp "${base[$slot]}".{key,pem,der} "$directory" &&
        rename_base "$directory" "${base[$slot]##*/}" "$slot" || return
    fi
  done
  VCARD_TRIES=$tries VCARD_PIN=$pin VCARD_PUK=$puk vcard_start piv "$name" "$reader" "${out[@]}"
}

rename_base() { # DIRECTORY FROM TO
  local suffix
  for suffix in key pem der; do
    mv "$1/$2.$suffix" "$1/$3.$suffix" || return
  done
}

# vcard_hsm NAME READER [--out]: a new, empty SmartCard-HSM, which is not initialised.
vcard_hsm() {
  mkdir "$VCARD_DIR/$1" && vcard_start hsm "$@"
}

# vcard_start KIND NAME READER [--out]: starts a card that has a folder; so does one that was killed
# come back.  Its reader must be empty.
vcard_start() {
  local kind=$1 name=$2 reader=$3 port
  shift 3
  port=$(($(<"$VCARD_RUN/port") + reader))
  printf '%s\n' "$kind" >"$VCARD_DIR/$name/kind"
  printf '%s\n' "$reader" >"$VCARD_DIR/$name/reader"
  rm -f "$VCARD_DIR/$name/ctl"
  # A card that was in the reader before may have ended with its test a moment ago.
  [[ ${1-} == --out ]] || vcard_wait_gone "$name" || return
  "$VCARD_PYTHON" "$VCARD_HOME/vcard.py" "$kind" "$VCARD_DIR/$name" "$port" "$@" </dev/null \
    >"$VCARD_DIR/$name/log" 2>&1 3>&- 4>&- &
  echo $! >"$VCARD_RUN/$name.pid"
  disown
  vcard_until 10 test -S "$VCARD_DIR/$name/ctl" ||
    { cat "$VCARD_DIR/$name/log" >&2; return 1; }
  [[ ${1-} == --out ]] || vcard_wait_seen "$name"
}

# vcard_kill NAME: the card's process is killed, as by pulling out the cable.  vcard_restart NAME.
vcard_kill() {
  local pid
  pid=$(<"$VCARD_RUN/$1.pid")
  kill -KILL "$pid" && vcard_until 5 vcard_ended "$pid" &&
    rm "$VCARD_RUN/$1.pid" && vcard_wait_gone "$1"
}

vcard_restart() {
  vcard_start "$(<"$VCARD_DIR/$1/kind")" "$1" "$(<"$VCARD_DIR/$1/reader")"
}

# vcard_remove NAME: takes the card away for good, so that another can have its reader and name.
vcard_remove() {
  vcard_kill "$1" && rm -r "${VCARD_DIR:?}/$1"
}

# vcard_ctl NAME WORD...: insert, eject, state, renew, rest, slow SECONDS, hang,
# unhang, remove-after-verify, quit; prints the card's state as JSON.
vcard_ctl() {
  local name=$1
  shift
  "$VCARD_PYTHON" -S "$VCARD_HOME/ask.py" "$VCARD_DIR/$name" "$@"
}

# vcard_insert NAME, vcard_eject NAME: and waits until pcscd noticed.
vcard_insert() {
  # Another card may have left the reader a moment ago.
  [[ $(vcard_state "$1" inserted) == true ]] || vcard_wait_gone "$1" || return
  vcard_ctl "$1" insert >/dev/null && vcard_wait_seen "$1"
}

vcard_eject() {
  vcard_ctl "$1" eject >/dev/null && vcard_wait_gone "$1"
}

# vcard_renew NAME: as it was made; vcard_rest NAME: all tries again, but keys, PINs and counters
# stay.  Both: all faults gone, and inserted, which takes no time if it is.
vcard_renew() {
  vcard_ctl "$1" renew >/dev/null && vcard_insert "$1"
}

vcard_rest() {
  vcard_ctl "$1" rest >/dev/null && vcard_insert "$1"
}

# vcard_state NAME FIELD: prints inserted, tries, puk_tries (or those of the SO PIN), signatures,
# wrong_pins, verifies (PINs that came, right or wrong) or apdus.
vcard_state() {
  vcard_ctl "$1" state "$2"
}

# vcard_cert NAME SLOT: the file of a PIV card's certificate, PEM; .der stands beside it.
vcard_cert() {
  printf '%s\n' "$VCARD_DIR/$1/$2.pem"
}

# Until pcscd, and with it OpenSC, sees the card, or sees it no more.
vcard_wait_seen() {
  vcard_until 5 vcard_is_seen "$(<"$VCARD_DIR/$1/reader")" ||
    { echo "pcscd does not see the card $1" >&2; return 1; }
}

vcard_wait_gone() {
  vcard_until 5 vcard_is_gone "$(<"$VCARD_DIR/$1/reader")" ||
    { echo "pcscd still sees the card $1" >&2; return 1; }
}

vcard_is_seen() { # READER
  opensc-tool --list-readers 2>/dev/null | grep -q " Yes .* 0$1\$"
}

vcard_is_gone() { # READER
  opensc-tool --list-readers 2>/dev/null | grep -q " No .* 0$1\$"
}

vcard_has_readers() {
  [[ -f $VCARD_RUN/port ]] && vcard_is_gone 0 && vcard_is_gone 1
}

vcard_ended() { # PID
  ! kill -0 "$1" 2>/dev/null
}

# vcard_until SECONDS COMMAND [ARG...]
vcard_until() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.04
  done
}
