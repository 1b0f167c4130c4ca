# Private SoftHSM tokens for bats suites.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=certs.bash
source "${BASH_SOURCE[0]%/*}/certs.bash"

SOFTHSM_MODULE=${SOFTHSM_MODULE:-/usr/lib/softhsm/libsofthsm2.so}
export SOFTHSM_MODULE

# Skips the test, or the whole file from setup_file, when a tool is missing.
softhsm_require() {
  local tool
  [[ -r $SOFTHSM_MODULE ]] || skip "SoftHSM's module is not installed"
  for tool in softhsm2-util pkcs11-tool openssl; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
  done
}

# softhsm_setup DIR: an empty token store in DIR; exports SOFTHSM2_CONF and SOFTHSM_DIR.
softhsm_setup() {
  mkdir -p "$1/tokens" "$1/src" "$1/pins" || return
  SOFTHSM_DIR=$(realpath "$1")
  SOFTHSM2_CONF=$SOFTHSM_DIR/softhsm2.conf
  # Where ctlsign counts wrong PINs: the tokens' own, too.
  XDG_STATE_HOME=$SOFTHSM_DIR/state
  export SOFTHSM_DIR SOFTHSM2_CONF XDG_STATE_HOME
  printf '%s\n' "directories.tokendir = $SOFTHSM_DIR/tokens" "objectstore.backend = file" \
    "log.level = ERROR" "slots.removable = true" >"$SOFTHSM2_CONF"
}

# softhsm_token LABEL [PIN]: an initialised token; the SO PIN is 12345678.
softhsm_token() {
  softhsm2-util --init-token --free --label "$1" --so-pin 12345678 --pin "${2-1234}" >/dev/null ||
    return
  printf '%s' "${2-1234}" >"$SOFTHSM_DIR/pins/$(softhsm_serial "$1")"
}

# softhsm_serial LABEL: prints the token's serial number.
softhsm_serial() {
  softhsm2-util --show-slots | awk -v label="$1" '
    /^ *Serial number:/ { serial = $3 }
    /^ *Label:/ { sub(/^ *Label: */, ""); sub(/ *$/, ""); if ($0 == label) print serial }'
}

softhsm_pin() { # LABEL
  cat "$SOFTHSM_DIR/pins/$(softhsm_serial "$1")"
}

# softhsm_pkcs11_tool LABEL ARG...: pkcs11-tool, logged in to the token.
softhsm_pkcs11_tool() {
  local label=$1
  shift
  pkcs11-tool --module "$SOFTHSM_MODULE" --token-label "$label" --login \
    --pin "$(softhsm_pin "$label")" "$@" >/dev/null 2>"$SOFTHSM_DIR/pkcs11-tool.log" ||
    { cat "$SOFTHSM_DIR/pkcs11-tool.log" >&2; return 1; }
}

# softhsm_import_key LABEL ID KEYFILE [OBJECT-LABEL]: the private and the public half.
softhsm_import_key() {
  softhsm2-util --import "$3" --token "$1" --id "$2" --label "${4-key-$2}" \
    --pin "$(softhsm_pin "$1")" >/dev/null
}

# softhsm_import_cert LABEL ID CERTFILE [OBJECT-LABEL]: PEM or DER.
softhsm_import_cert() {
  local der=$SOFTHSM_DIR/src/import.der
  openssl x509 -in "$3" -outform DER -out "$der" &&
    softhsm_pkcs11_tool "$1" --write-object "$der" --type cert --id "$2" --label "${4-key-$2}"
}

# softhsm_import LABEL ID BASE: key and certificate that certs.bash made.
softhsm_import() {
  softhsm_import_key "$1" "$2" "$3.key" && softhsm_import_cert "$1" "$2" "$3.pem"
}

# softhsm_key LABEL ID KIND SUBJECT [openssl req ARG...]: makes a key and its self-signed
# certificate and puts them on the token.  Exports CERT and KEY, the files of both.
softhsm_key() {
  local label=$1 id=$2 kind=$3 subject=$4 base
  shift 4
  base=$SOFTHSM_DIR/src/$(softhsm_serial "$label")-$id
  cert_make "$base" "$kind" "$subject" "$@" && softhsm_import "$label" "$id" "$base"
}

# softhsm_delete LABEL TYPE ID: TYPE is cert, privkey or pubkey.
softhsm_delete() {
  softhsm_pkcs11_tool "$1" --delete-object --type "$2" --id "$3"
}
