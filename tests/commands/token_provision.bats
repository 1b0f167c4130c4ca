#!/usr/bin/env bats
# ctlsign token provision, import and export, over SoftHSM: from an empty token to a signed list.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2154  # output, stderr and status are set by bats' run

load fixtures

# A PIN that occurs nowhere else.
PIN=Zq7Pin83x

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast2
  make_servers pub
  cert_ca "$K/ca" 2048 /O=Lab/CN=Lab-CA
}

# Every test has a store of its own with one token without objects.
setup() {
  commands_setup
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  softhsm_token SAST-1 "$PIN"
  SERIAL=$(softhsm_serial SAST-1)
  (umask 077 && printf '%s' "$PIN" >"$BATS_TEST_TMPDIR/pin")
  ON=(--module "$SOFTHSM_MODULE" --pin-file "$BATS_TEST_TMPDIR/pin")
}

# provision ARG...: on SAST-1; succeeds in silence but for the URI, which becomes URI.
provision() {
  ctlsign token provision SAST-1 "${ON[@]}" "$@"
  assert_success
  refute_stderr
  refute_output --partial "$PIN"
  URI=$output
}

# objects: what is on the token, one object a line, as the module shows it after login.
objects() {
  pkcs11-tool --module "$SOFTHSM_MODULE" --token-label SAST-1 --login --pin "$PIN" --list-objects \
    2>/dev/null
}

count_objects() { # PATTERN
  objects | grep -c "^$1" || true
}

# The serial number of the one certificate on the token.
stored_serial() {
  "$CTLSIGN" token show SAST-1 --module "$SOFTHSM_MODULE" --json | jq -r '.certificates[].serial'
}

# request FILE [ARG...]: the key and a request for it.
request() {
  local file=$1
  shift
  quietly token provision SAST-1 "${ON[@]}" --subject CN=SAST-1,O=Lab --csr "$file" "$@"
}

# ca_signs REQUEST OUT [DAYS]
ca_signs() {
  openssl x509 -req -in "$1" -CA "$K/ca.pem" -CAkey "$K/ca.key" -days "${3-1000}" -sha256 \
    -set_serial "0x$(cert_random_serial)" -copy_extensions copyall -out "$2" 2>/dev/null
}

@test "from an empty token to a list that verifies and has nothing for lint to say" {
  provision --subject CN=SAST-1,OU=IPT,O=Lab
  assert_output --regexp '^pkcs11:.*token=SAST-1;id=%01;object=SAST-1;type=cert$'
  ctlsign build -o list.tlv --timestamp "$(date +%s)" --sign-with "$URI" --sast "$URI" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" "${ON[@]}"
  assert_success
  refute_stderr
  quietly verify list.tlv
  quietly lint list.tlv
  independent list.tlv
}

@test "the certificate is what a SAST's should be" {
  provision --subject 'CN=SAST-1,OU=Lu\C4\8D,O=Lab\, Inc.' --days 400 --label 'my key' --id 0a1B
  assert_output --regexp 'id=%0A%1B;object=my%20key;type=cert$'
  quietly token export SAST-1 --module "$SOFTHSM_MODULE" -o c.pem
  run openssl verify -CAfile c.pem -check_ss_sig c.pem
  assert_success
  run openssl x509 -in c.pem -noout -text
  assert_line --partial 'Version: 3'
  assert_line --partial 'Public-Key: (2048 bit)'
  assert_line --partial 'Signature Algorithm: sha256WithRSAEncryption'
  assert_line --partial 'CA:FALSE'
  assert_line --partial 'Key Usage: critical'
  assert_line --regexp '^ *Digital Signature, Non Repudiation$'
  assert_equal "$(openssl x509 -in c.pem -noout -subject -nameopt RFC2253,-esc_msb)" \
    'subject=CN=SAST-1,OU=Luč,O=Lab\, Inc.'
  assert_equal "$(cert_serial c.pem | wc -c)" 33
  openssl x509 -in c.pem -noout -checkend $((400 * 86400 - 120))
  run openssl x509 -in c.pem -noout -checkend $((400 * 86400 + 120))
  assert_failure 1
}

@test "the key is on the token for good: sensitive, never extractable, and it signs" {
  provision --subject CN=SAST-1
  assert_equal "$(count_objects 'Private Key')" 1
  assert_equal "$(count_objects 'Public Key')" 1
  assert_equal "$(count_objects 'Certificate')" 1
  run objects
  assert_line --regexp 'Access: .*sensitive, always sensitive, never extractable, local'
  assert_equal "$(grep -c '^ *ID: *01$' <<<"$output")" 3
  assert_equal "$(grep -c '^ *label: *SAST-1$' <<<"$output")" 3
}

@test "--json prints the certificate" {
  ctlsign token provision SAST-1 "${ON[@]}" --subject CN=SAST-1 --json --key rsa:4096
  assert_success
  refute_stderr
  assert_json .subject CN=SAST-1
  assert_json .key RSA-4096
  assert_json .id 01
  assert_json .has_key true
  local uri sha256
  uri=$(jq -r .uri <<<"$output")
  sha256=$(jq -r .sha256 <<<"$output")
  ctlsign token export "$uri" --module "$SOFTHSM_MODULE" --der
  assert_success
  quietly token export "$uri" --module "$SOFTHSM_MODULE" --der -o c.der
  assert_equal "$(sha256sum <c.der | cut -d ' ' -f 1)" "$sha256"
}

@test "what cannot be is refused before the PIN" {
  local long
  # Reading this FIFO would wait for ever.
  mkfifo -m 600 never
  long="CN=$(printf '%064d' 1),O=$(printf '%064d' 1),OU=$(printf '%064d' 1),L=$(printf '%064d' 1)"
  on() {
    local code=$1 pattern=$2
    shift 2
    refused "$code" "$pattern" token provision SAST-1 --module "$SOFTHSM_MODULE" \
      --pin-file never "$@"
  }
  on 1 '269 bytes in a trust list, and phones take at most 255' --subject "$long"
  on 2 'subject, character 4: the value is empty' --subject CN=
  on 2 'no common name' --subject O=Lab
  on 2 "'\+'.*not taken" --subject CN=a+O=b
  on 2 'rsa:1024|1024 bits is too weak' --subject CN=a --key rsa:1024
  on 2 'trust lists cannot carry .* 3072 bits; take rsa:2048' --subject CN=a --key rsa:3072
  on 2 "takes rsa:2048 or rsa:4096, not 'ec:p256'" --subject CN=a --key ec:p256
  on 2 '--days takes 1 to 36500' --subject CN=a --days 0
  on 2 '--days takes 1 to 36500' --subject CN=a --days 36501
  on 2 '--id takes pairs' --subject CN=a --id 1
  on 2 '--id takes pairs' --subject CN=a --id 0x01
  on 2 '--label takes' --subject CN=a --label ''
  on 2 '--subject is given twice' --subject CN=a --subject CN=b
  on 2 '--csr and --json exclude' --subject CN=a --csr x --json
  on 2 '--subject DN is missing'
  touch there
  on 1 '^ctlsign: there: .*exists.*; give --csr another name' --subject CN=a --csr there
  on 1 'nowhere' --subject CN=a --csr nowhere/x
  on 5 "serial number 'abc', and this token has another" --subject CN=a --replace abc
  refused 2 'names an object' token provision "pkcs11:token=SAST-1;id=%01" \
    --module "$SOFTHSM_MODULE" --pin-file never --subject CN=a
  refused 5 'no token matches' token provision SAST-9 --module "$SOFTHSM_MODULE" \
    --pin-file never --subject CN=a
  assert_equal "$(objects)" ""
}

@test "a wrong PIN, or none, makes nothing" {
  (umask 077 && echo Wx2Pin47y >wrong)
  refused 5 'PIN is wrong' token provision SAST-1 --module "$SOFTHSM_MODULE" --subject CN=a \
    --pin-file wrong
  refused 5 'no terminal.*--pin-file FILE or --pin-fd N' token provision SAST-1 \
    --module "$SOFTHSM_MODULE" --subject CN=a
  assert_equal "$(objects)" ""
}

@test "what stands under the id is refused by name, and --replace is named" {
  provision --subject CN=SAST-1
  local before
  before=$(stored_serial)
  mkfifo -m 600 never
  refused 1 "token 'SAST-1' \(serial $SERIAL\): under id 01 there is already: the certificate of CN=SAST-1; .*--id.*--replace $SERIAL" \
    token provision SAST-1 --module "$SOFTHSM_MODULE" --pin-file never --subject CN=new
  refused 5 "serial number '0000', and this token has another" \
    token provision SAST-1 "${ON[@]}" --subject CN=new --replace 0000
  assert_equal "$(stored_serial)" "$before"
  assert_equal "$(count_objects 'Private Key')" 1
  provision --subject CN=other --id 02
  assert_equal "$(count_objects 'Private Key')" 2
}

@test "--replace with the right serial number makes a new key in the place of the old one" {
  provision --subject CN=SAST-1
  ctlsign token export SAST-1 --module "$SOFTHSM_MODULE"
  local old=$output
  provision --subject CN=new --replace "${SERIAL^^}"
  ctlsign token export SAST-1 --module "$SOFTHSM_MODULE"
  assert_success
  [[ $(openssl x509 -noout -pubkey <<<"$old") != "$(openssl x509 -noout -pubkey <<<"$output")" ]]
  assert_equal "$(openssl x509 -noout -subject <<<"$output")" 'subject=CN = new'
  assert_equal "$(count_objects 'Private Key')" 1
  assert_equal "$(count_objects 'Public Key')" 1
  assert_equal "$(count_objects 'Certificate')" 1
}

@test "--replace where nothing is to be replaced does no harm" {
  provision --subject CN=SAST-1 --replace "$SERIAL"
  assert_equal "$(count_objects 'Private Key')" 1
}

@test "a key that waits for its certificate is told as such and not destroyed" {
  request a.csr
  refused 1 'under id 01 there is already: a key without a certificate.*--replace' \
    token provision SAST-1 "${ON[@]}" --subject CN=SAST-1
  assert_equal "$(count_objects 'Private Key')" 1
}

@test "--csr writes a request that openssl takes; a CA's answer is imported and signs" {
  request a.csr
  assert_mode a.csr 644
  run openssl req -in a.csr -noout -verify -subject -text
  assert_success
  assert_output --partial 'self-signature verify OK'
  assert_line --partial 'subject=O = Lab, CN = SAST-1'
  assert_line --regexp '^ *Digital Signature, Non Repudiation$'
  assert_equal "$(count_objects 'Certificate')" 0
  ca_signs a.csr a.pem
  quietly token import SAST-1 a.pem "${ON[@]}"
  quietly token export SAST-1 --module "$SOFTHSM_MODULE" -o back.pem
  assert_equal "$(openssl x509 -in back.pem -outform DER | sha256sum)" \
    "$(openssl x509 -in a.pem -outform DER | sha256sum)"
  ctlsign token show SAST-1 --module "$SOFTHSM_MODULE" --json
  assert_json '.certificates[0] | .id, .label, .issuer' $'01\nSAST-1\nCN=Lab-CA;O=Lab'
  ctlsign build -o list.tlv --sign-with pkcs11:token=SAST-1 --sast a.pem --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab" "${ON[@]}"
  assert_success
  quietly verify list.tlv
}

@test "import: a certificate that fits no key is refused and not stored" {
  provision --subject CN=SAST-1
  refused 5 "SAST-1' .*the certificate of CN=SAST2;.* fits no private key on this token; take the token" \
    token import SAST-1 "$K/sast2.pem" "${ON[@]}"
  assert_equal "$(count_objects 'Certificate')" 1
}

@test "import: --id must be the key's; the label is one's choice" {
  request a.csr --id 0b
  ca_signs a.csr a.pem
  refused 5 'has id 0b, not 01; give --id 0b' token import SAST-1 a.pem "${ON[@]}" --id 01
  assert_equal "$(count_objects 'Certificate')" 0
  quietly token import SAST-1 a.pem "${ON[@]}" --id 0B --label 'from the CA'
  ctlsign token show SAST-1 --module "$SOFTHSM_MODULE" --json
  assert_json '.certificates[0] | .id, .label' $'0b\nfrom the CA'
}

@test "import: the same certificate again is told before the PIN" {
  request a.csr
  ca_signs a.csr a.pem
  quietly token import SAST-1 a.pem "${ON[@]}"
  mkfifo -m 600 never
  refused 1 'on the token already, under id 01' token import SAST-1 a.pem \
    --module "$SOFTHSM_MODULE" --pin-file never
  assert_equal "$(count_objects 'Certificate')" 1
}

@test "import: another certificate of the key is replaced by serial number only, and the key stays" {
  provision --subject CN=SAST-1
  local before
  before=$(stored_serial)
  # A CA takes the key from any request; here from the certificate.
  "$CTLSIGN" token export SAST-1 --module "$SOFTHSM_MODULE" | openssl x509 -noout -pubkey >key.pub
  openssl x509 -new -force_pubkey key.pub -CA "$K/ca.pem" -CAkey "$K/ca.key" -subj /CN=SAST-1 \
    -days 1000 -set_serial 0x77 -out new.pem
  mkfifo -m 600 never
  refused 1 "under id 01 there is already the certificate of CN=SAST-1; replace it, but not its key, with --replace $SERIAL" \
    token import SAST-1 new.pem --module "$SOFTHSM_MODULE" --pin-file never
  refused 5 'this token has another' token import SAST-1 new.pem "${ON[@]}" --replace 1234
  assert_equal "$(stored_serial)" "$before"
  quietly token import SAST-1 new.pem "${ON[@]}" --replace "$SERIAL"
  assert_equal "$(stored_serial)" 77
  assert_equal "$(count_objects 'Private Key')" 1
  ctlsign build -o list.tlv --sign-with pkcs11:token=SAST-1 --sast new.pem --sast "$K/sast2.pem" \
    "${ON[@]}"
  assert_success
}

@test "import: dates that do not hold are warned of; files that are none are refused" {
  request a.csr
  "$PYTHON" - a.csr "$K/ca.pem" "$K/ca.key" old.pem <<'PYTHON'
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
request, ca, key = (open(name, "rb").read() for name in sys.argv[1:4])
request, ca = x509.load_pem_x509_csr(request), x509.load_pem_x509_certificate(ca)
key = serialization.load_pem_private_key(key, None)
old = x509.CertificateBuilder(ca.subject, request.subject, request.public_key(), 5,
    datetime.datetime(2010, 1, 1), datetime.datetime(2015, 1, 1)).sign(key, hashes.SHA256())
open(sys.argv[4], "wb").write(old.public_bytes(serialization.Encoding.PEM))
PYTHON
  ctlsign token import SAST-1 old.pem "${ON[@]}"
  assert_success
  assert_stderr --regexp '^ctlsign: warning: old.pem: the certificate expired on '
  cat "$K/ca.pem" "$K/sast2.pem" >two.pem
  refused 1 'two.pem: .*more than one certificate' token import SAST-1 two.pem "${ON[@]}"
  refused 1 'a.csr: ' token import SAST-1 a.csr "${ON[@]}"
  refused 1 'none.pem: ' token import SAST-1 none.pem "${ON[@]}"
  refused 2 'CERTFILE is missing' token import SAST-1 "${ON[@]}"
}

@test "export: PEM on stdout, a file that is not replaced, DER; no PIN" {
  provision --subject CN=SAST-1
  ctlsign token export SAST-1 --module "$SOFTHSM_MODULE"
  assert_success
  refute_stderr
  assert_equal "$(openssl x509 -noout -subject <<<"$output")" 'subject=CN = SAST-1'
  printf '%s\n' "$output" >stdout.pem
  quietly token export SAST-1 --module "$SOFTHSM_MODULE" -o c.pem
  assert_same_file stdout.pem c.pem
  refused 1 '^ctlsign: c.pem: .*--force' token export SAST-1 --module "$SOFTHSM_MODULE" -o c.pem
  quietly token export SAST-1 --module "$SOFTHSM_MODULE" --der -o c.pem --force
  openssl x509 -inform DER -in c.pem -noout
  refused 2 '--force is of no use' token export SAST-1 --module "$SOFTHSM_MODULE" --force
}

@test "export: of several certificates the one that is named; else their URIs" {
  refused 5 'names no certificate' token export SAST-1 --module "$SOFTHSM_MODULE"
  provision --subject CN=one
  local one=$URI
  provision --subject CN=two --id 02
  # SoftHSM has no order.
  for id in 01 02; do
    refused 5 "2 certificates match: 'pkcs11:.*id=%$id.*'; use one of these URIs, or give its id to --id$" \
      token export SAST-1 --module "$SOFTHSM_MODULE"
  done
  for args in "SAST-1 --id 02" "pkcs11:token=SAST-1;id=%02" "pkcs11:token=SAST-1 --id 02" \
    "pkcs11:object=two" "pkcs11: --id 02" "pkcs11:?module-path=$SOFTHSM_MODULE --id 02"; do
    # shellcheck disable=SC2086
    ctlsign token export $args --module "$SOFTHSM_MODULE"
    assert_success
    assert_equal "$(openssl x509 -noout -subject <<<"$output")" 'subject=CN = two'
  done
  ctlsign token export "$one" --module "$SOFTHSM_MODULE"
  assert_equal "$(openssl x509 -noout -subject <<<"$output")" 'subject=CN = one'
  refused 2 "'id' stands there twice" token export "$one" --id 02 --module "$SOFTHSM_MODULE"
  refused 5 'no certificate' token export SAST-1 --id 03 --module "$SOFTHSM_MODULE"
}

@test "nothing that was written holds the PIN" {
  request a.csr
  ctlsign token provision SAST-1 "${ON[@]}" --subject CN=x --id 02 --json
  refute_in_files "$PIN" .
}
