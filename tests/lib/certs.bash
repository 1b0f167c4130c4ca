# Keys and certificates for bats suites, made by openssl.
#
# A certificate is a BASE path: BASE.key (PKCS#8 PEM), BASE.pem and BASE.der.  Every function that
# makes one sets CERT=BASE.pem and KEY=BASE.key.
#
# Variables that change the next certificate, best given in front of the call:
#   CERT_SERIAL  hexadecimal; 16 random octets with the top bit clear by default
#   CERT_FROM, CERT_TO  validity as YYYYMMDDHHMMSSZ; from now for five years by default
#
# KIND is a number of RSA bits, or p256, p384, p521.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

# cert_key FILE KIND
cert_key() {
  local -a algorithm=(RSA -pkeyopt "rsa_keygen_bits:$2")
  if [[ $2 == p* ]]; then
    algorithm=(EC -pkeyopt "ec_paramgen_curve:P-${2#p}")
  fi
  openssl genpkey -algorithm "${algorithm[@]}" -out "$1" 2>/dev/null
}

cert_random_serial() {
  local hex
  hex=$(openssl rand -hex 16)
  # Serials keep all 16 octets and stay positive.
  printf '4%s' "${hex:1}"
}

# `openssl req` before OpenSSL 3.4 cannot set dates, `openssl ca` can.
# cert_sign_dated BASE SERIAL ISSUER-BASE REQ-ARG...
cert_sign_dated() {
  local base=$1 serial=$2 issuer=$3 directory
  local -a by
  shift 3
  directory=$(mktemp -d) || return
  : >"$directory/index"
  ((${#serial} % 2 == 0)) || serial=0$serial
  printf '%s\n' "$serial" >"$directory/serial"
  cat >"$directory/ca.cnf" <<CONFIG
[ca]
default_ca = this
[this]
database = $directory/index
serial = $directory/serial
new_certs_dir = $directory
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copyall
email_in_dn = yes
[any]
CONFIG
  if [[ $issuer == "$base" ]]; then
    by=(-selfsign -keyfile "$base.key")
  else
    by=(-cert "$issuer.pem" -keyfile "$issuer.key")
  fi
  openssl req -new -key "$base.key" -out "$directory/csr" "$@" &&
    openssl ca -batch -notext -preserveDN -config "$directory/ca.cnf" \
      "${by[@]}" -in "$directory/csr" \
      -startdate "${CERT_FROM:-$(date -u +%Y%m%d%H%M%SZ)}" \
      -enddate "${CERT_TO:-$(date -u -d '+5 years' +%Y%m%d%H%M%SZ)}" \
      -out "$base.pem" >"$directory/ca.log" 2>&1
  local result=$?
  [[ $result -eq 0 ]] || cat "$directory/ca.log" >&2
  rm -rf "$directory"
  return $result
}

# cert_finish BASE: the DER form, CERT and KEY.
cert_finish() {
  openssl x509 -in "$1.pem" -outform DER -out "$1.der" || return
  CERT=$1.pem
  KEY=$1.key
  export CERT KEY
}

# cert_make BASE KIND SUBJECT [openssl req ARG...]: self-signed.  An existing BASE.key is used.
cert_make() {
  local base=$1 kind=$2 subject=$3 serial
  shift 3
  serial=${CERT_SERIAL:-$(cert_random_serial)}
  [[ -s $base.key ]] || cert_key "$base.key" "$kind" || return
  if [[ -n ${CERT_FROM-}${CERT_TO-} ]]; then
    cert_sign_dated "$base" "$serial" "$base" -utf8 -subj "$subject" -sha256 "$@" || return
  else
    openssl req -x509 -new -key "$base.key" -out "$base.pem" -utf8 -subj "$subject" \
      -set_serial "0x$serial" -days 1826 -sha256 "$@" || return
  fi
  cert_finish "$base"
}

# cert_issued BASE KIND SUBJECT ISSUER-BASE [openssl req ARG...]
cert_issued() {
  local base=$1 kind=$2 subject=$3 issuer=$4 serial
  shift 4
  serial=${CERT_SERIAL:-$(cert_random_serial)}
  [[ -s $base.key ]] || cert_key "$base.key" "$kind" || return
  cert_sign_dated "$base" "$serial" "$issuer" -utf8 -subj "$subject" -sha256 "$@" || return
  cert_finish "$base"
}

# cert_ca BASE KIND SUBJECT [openssl req ARG...]
cert_ca() {
  cert_make "$@" -addext 'keyUsage=critical,keyCertSign,cRLSign'
}

# The subject that CUCM gives the certificates of a node.
cert_subject() { # CN
  printf '/C=PL/ST=Malopolska/L=Krakow/O=Cisco/OU=TAC/CN=%s' "$1"
}

# cert_node BASE NAME [KIND [openssl req ARG...]]: CallManager.pem of a CUCM node.
cert_node() {
  local base=$1 name=$2 kind=${3-2048}
  shift $(($# < 3 ? $# : 3))
  cert_make "$base" "$kind" "$(cert_subject "$name")" \
    -addext 'keyUsage=digitalSignature,keyEncipherment,dataEncipherment' \
    -addext 'extendedKeyUsage=serverAuth,clientAuth' "$@"
}

# cert_capf BASE ID [KIND]: CAPF.pem; ID is the eight hexadecimal digits CUCM puts into its name.
cert_capf() {
  cert_make "$1" "${3-2048}" "$(cert_subject "CAPF-$2")" \
    -addext 'keyUsage=digitalSignature,keyCertSign'
}

# cert_itl_recovery BASE FQDN [KIND]: ITLRecovery.pem.
cert_itl_recovery() {
  cert_make "$1" "${3-2048}" "$(cert_subject "ITLRECOVERY_$2")" \
    -addext 'keyUsage=digitalSignature,keyCertSign'
}

# cert_sast BASE NUMBER CA-BASE [KIND]: what a Cisco security token carries, the trailing blanks in
# its name included.
cert_sast() {
  cert_issued "$1" "${4-2048}" "/O=Cisco Systems/OU=IPCBU/CN=SAST-ADN$2        " "$3"
}

# cert_expired BASE NAME [KIND]: a node's certificate that ended years ago; cert_future: one that
# begins in a hundred years.
cert_expired() {
  CERT_FROM=20100101000000Z CERT_TO=20150101000000Z cert_node "$@"
}

cert_future() {
  CERT_FROM=21200101000000Z CERT_TO=21250101000000Z cert_node "$@"
}

# cert_serial FILE: the serial in lower-case hexadecimal.
cert_serial() {
  local serial
  serial=$(openssl x509 -in "$1" -noout -serial) || return
  serial=${serial#serial=}
  printf '%s\n' "${serial,,}"
}
