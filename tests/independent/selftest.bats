#!/usr/bin/env bats
# The independent reader and writer: against the lengths of a published list, against openssl, and
# against each other.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load ../lib/assertions
load ../lib/certs

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  CERT_SERIAL=70000000000000000000000000000001 cert_node a cucm-1051-a-pub 1024
  cert_capf capf 0a1b2c3d 1024
  cert_node ec cucm-ec p256
  cert_node big cucm-big 2048
}

setup() {
  cd "$BATS_FILE_TMPDIR" || return
  read=$BATS_TEST_DIRNAME/ctlread.py
  write=$BATS_TEST_DIRNAME/ctlwrite.py
}

@test "the lengths are those of a published list" {
  "$write" --dialect cucm --key a.key --out cucm.tlv --timestamp 1700000000 \
    --record SAST a.pem dns=cucm-1051-a-pub ip=10.48.47.153 \
    --record CCM+TFTP a.pem dns=cucm-1051-a-pub ip=10.48.47.153
  run_split "$read" cucm.tlv
  assert_success
  assert_json .header.length 336
  assert_json .header.padding 3
  assert_json '[.header.elements[] | "\(.tag):\(.length)"] | join(" ")' \
    "1:2 2:2 3:149 4:62 5:16 6:62 7:15 8:1 9:8 10:1 11:1 12:128 14:12 15:4"
  assert_json '[.records[0].elements[] | select(.tag != 9) | "\(.tag):\(.length)"] | join(" ")' \
    "1:2 2:16 3:62 4:2 5:62 6:16 7:140 8:128 10:4"
  assert_json '.records[0] | .length - .certificate.length' $((1156 - 694))
  assert_json '.length == 336 + 2 * .records[0].length' true
  assert_json .header.signer.name "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
  assert_json .header.signer.serial 70000000000000000000000000000001
  assert_json .signer_record 1
  assert_json '.records[1].role + " " + .records[1].ip_address' "CCM+TFTP 10.48.47.153"
  assert_json .records[1].offset "$((336 + $(jq '.records[0].length' <<<"$output")))"
  assert_json .header.time 2023-11-14T22:13:20Z
}

@test "openssl verifies the signed bytes" {
  for digest in sha1 sha256 sha512; do
    "$write" --dialect cucm --key big.key --out o.tlv --digest $digest --record SAST big.pem
    "$read" o.tlv >o.json
    at=$(jq .header.signature.offset o.json)
    len=$(jq .header.signature.length o.json)
    assert_equal "$len" 256
    { head -c "$at" o.tlv && tail -c +$((at + 3 + len + 1)) o.tlv; } >signed
    tail -c +$((at + 4)) o.tlv | head -c "$len" >signature
    openssl x509 -in big.pem -noout -pubkey >public
    openssl dgst -$digest -verify public -signature signature signed
  done
}

@test "the community's dialect" {
  "$write" --dialect community --key a.key --out c.tlv --digest sha512 --signer-version 1.1 \
    --record SAST a.pem --record CCM+TFTP ec.pem ip=2001:db8::1
  run_split "$read" c.tlv
  assert_success
  assert_json '[.header.elements[].tag] | join(" ")' "1 2 28 3 4 6 5 7 8 9 10 11 12 14 15"
  assert_json '.header.digest + " " + .header.signer_version' "sha512 1.1"
  assert_json .header.signer.name "C=PL,ST=Malopolska,L=Krakow,O=Cisco,OU=TAC,CN=cucm-1051-a-pub"
  assert_json '.records[0].order | join(" ")' "1 3 5 6 4 7 8 9"
  assert_json '.records[1].order | join(" ")' "1 3 5 6 4 7 8 9 10"
  assert_json .records[1].ip_address 2001:db8::1
  assert_json '.records[1].certificate | .key + " " + .record_key' "ec256 same"
}

@test "the Windows client's dialect" {
  name='cn="SAST-ADN0054f509        ";ou=IPCBU;o="Cisco Systems'
  "$write" --dialect windows --key a.key --out w.tlv --record SAST a.pem "subject=$name" \
    --record CAPF capf.pem ip=10.0.0.1
  run_split "$read" w.tlv
  assert_success
  assert_json .header.signer.name "$name"
  assert_json .header.signer.serial 01000000000000000000000000000070
  assert_json .records[0].certificate.record_serial reversed
  assert_json '.records[1].order | join(" ")' "1 2 3 4 5 6 7 9 10"
  assert_json .records[1].dns_name 10.0.0.1
  assert_json .records[1].certificate.record_serial same
  assert_json .records[1].issuer "cn=CAPF-0a1b2c3d;ou=TAC;o=Cisco;l=Krakow;st=Malopolska;c=PL"
}

@test "unknown elements, padding, and shrunk records are read" {
  "$write" --dialect cucm --key a.key --out u.tlv --extra-header 60:cafe --padding 5 \
    --record SAST a.pem extra=40:beef extra=41: \
    --record CCM+TFTP big.pem dns=x ip=10.0.0.2 only=2,4,10
  run_split "$read" u.tlv
  assert_success
  assert_json '.header.unknown | join(" ")' 60
  assert_json '.header.padding >= 5' true
  assert_json '.records[0].unknown | join(" ")' "40 41"
  assert_json '.records[1].order | join(" ")' "1 2 4 10"
}

@test "a wrong signature, a flipped bit and a stranger are not verified" {
  "$write" --dialect cucm --key a.key --out b.tlv --bad-signature --record SAST a.pem
  run_split "$read" b.tlv
  assert_failure 1
  "$write" --dialect cucm --key a.key --out b.tlv --signer-serial 00 --record SAST a.pem
  run_split "$read" b.tlv
  assert_failure 1
  assert_json .signer_record null
  "$write" --dialect cucm --key capf.key --out b.tlv --record SAST a.pem
  run_split "$read" b.tlv
  assert_failure 1
}

@test "no truncation and no flipped bit verifies or crashes" {
  "$write" --dialect cucm --key a.key --out f.tlv --timestamp 1 --record SAST a.pem \
    --record CAPF capf.pem ip=10.0.0.1
  PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - "$BATS_TEST_DIRNAME" f.tlv <<'PYTHON'
import random, sys
sys.path.insert(0, sys.argv[1])
import ctlread
data = open(sys.argv[2], "rb").read()
assert ctlread.read(data, None, False)["signature"]["good"] is True

def check(changed, what):
    try:
        out = ctlread.read(changed, None, False)
    except ctlread.Malformed:
        return
    assert out["signature"]["good"] is not True, what

for n in range(len(data)):
    check(data[:n], f"cut at {n}")
rng = random.Random(1)
for _ in range(2000):
    at, bit = rng.randrange(len(data)), rng.randrange(8)
    check(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:], f"bit {bit} at {at}")
PYTHON
}

@test "a signed file" {
  echo "<device/>" >SEP.cnf.xml
  "$write" --dialect cucm --version 1.0 --key a.key --out s.sgn --file-name SEP.cnf.xml \
    --payload SEP.cnf.xml --record SAST a.pem
  run_split "$read" --payload --certificate a.pem s.sgn
  assert_success
  assert_json .payload.length 10
  run_split "$read" --payload --certificate big.pem s.sgn
  assert_failure 1
}

@test "the same input gives the same bytes" {
  for i in 1 2; do
    "$write" --dialect windows --key a.key --out same$i.tlv --timestamp 5 --record SAST a.pem
  done
  assert_same_file same1.tlv same2.tlv
}
