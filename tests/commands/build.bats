#!/usr/bin/env bats
# ctlsign build with keys and certificates in files: what stands in the list, checked by the
# independent reader.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub sub
  borrow server "$K/capf"
  cert_capf "$K/capf" e41e7d87
}

setup() {
  commands_setup
}

# sign_alone ARG...: the least that is a list without warnings.
sign_alone() {
  quietly build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --timestamp "$STAMP" "$@"
}

der_sha256() {
  sha256sum <"$1" | cut -d' ' -f1
}

@test "records stand in the order of the command line" {
  quietly build --capf "$K/capf.pem,dns=capf.lab" --timestamp "$STAMP" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/sub.pem,dns=sub.lab" -o out.tlv --sast "$K/sast1.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab" --sign-with "$K/sast1.key"
  independent out.tlv
  assert_json '[.records[].role] | join(" ")' "CAPF SAST CCM+TFTP SAST CCM+TFTP"
  assert_json '[.records[].dns_name] | join(" ")' "capf.lab  sub.lab  pub.lab"
  assert_json .signer_record 4
  assert_json '[.records[].certificate.sha256] | join(" ")' "$(for c in capf sast2 sub sast1 pub; do
    der_sha256 "$K/$c.der"
  done | paste -sd' ')"
}

@test "every entry option gives its role; a firewall is CCM" {
  sign_alone --ccm "$K/pub.pem,dns=a" --ccm-tftp "$K/pub.pem,dns=b" --tftp "$K/pub.pem,dns=c" \
    --capf "$K/capf.pem" --firewall "$K/sub.pem,dns=d" --app-server "$K/sub.pem,dns=e" \
    --tvs "$K/sub.pem,dns=f"
  independent out.tlv
  assert_json '[.records[].function] | map(tostring) | join(" ")' "0 0 1 2 3 4 1 7 21"
  ctlsign show --json out.tlv
  assert_json '[.records[].role] | join(" ")' "SAST SAST CCM CCM+TFTP TFTP CAPF CCM APP-SERVER TVS"
}

@test "a record has CUCM's elements, each with what the certificate says" {
  sign_alone --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  independent out.tlv
  assert_json '[.records[] | .order == [1,2,3,4,5,6,7,8,9,10]] | all' true
  assert_json '.records[2].subject' "CN=pub.lab;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
  assert_json '.records[2].issuer' "CN=pub.lab;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
  assert_json '.records[2].serial' "$(cert_serial "$K/pub.pem")"
  assert_json '[.records[].certificate | .record_serial, .record_key, .record_signature] | unique[]' \
    same
  assert_json '[.header.elements[].tag] | map(tostring) | join(" ")' "1 2 3 4 5 6 7 8 9 10 11 12 14 15"
  assert_json '.header.version + " " + .header.signer.serial' "1.2 $(cert_serial "$K/sast1.pem")"
  assert_json '.header.signer.name + "|" + .header.signer.issuer' \
    "CN=SAST1;OU=IPCBU;O=Lab;C=PL|CN=SAST1;OU=IPCBU;O=Lab;C=PL"
  assert_json '.header.length % 4' 0
  assert_json '.header.length + ([.records[].length] | add) == .length' true
}

@test "dns and ip land in the record, and are empty without" {
  sign_alone --ccm "$K/pub.pem,dns=a.lab,ip=10.1.2.3" --tftp "$K/pub.pem,ip=255.254.253.252,dns=b-1" \
    --capf "$K/capf.pem"
  independent out.tlv
  assert_json '[.records[] | .dns_name + "/" + .ip_address] | join(" ")' \
    "/0.0.0.0 /0.0.0.0 a.lab/10.1.2.3 b-1/255.254.253.252 /0.0.0.0"
}

@test "an address may stand as the name, and IPv6 is taken with a warning" {
  ctlsign build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm "$K/pub.pem,dns=fd00::5,ip=fd00::5"
  assert_success
  refute_output
  assert_stderr --regexp '^ctlsign: warning: record 3: IPADDRESS is IPv6[^'$'\n'']*$'
  independent out.tlv
  assert_json '.records[2] | .dns_name + " " + .ip_address' "fd00::5 fd00::5"
}

@test "commas in a certificate's file name belong to the name" {
  cp "$K/pub.pem" "./a,b=c,dns"
  cp "$K/capf.pem" "./x,"
  sign_alone --ccm "a,b=c,dns,dns=pub.lab" --capf "x,,ip=10.0.0.9"
  independent out.tlv
  assert_json '[.records[2:][] | .dns_name + "/" + .ip_address] | join(" ")' "pub.lab/0.0.0.0 /10.0.0.9"
}

@test "DER certificates, and PEM files with the key beside, give the same bytes as PEM" {
  build_with sast1 pem.tlv
  (umask 077 && cat "$K/sast1.key" "$K/sast1.pem" >both.pem)
  quietly build -o der.tlv --timestamp "$STAMP" --sign-with both.pem --sast both.pem \
    --sast "$K/sast2.der" --ccm-tftp "$K/pub.der,dns=pub.lab,ip=10.1.2.3"
  assert_same_file pem.tlv der.tlv
}

@test "the same input, key and time give the same bytes; another time others" {
  build_with sast1 a.tlv
  sleep 1
  build_with sast1 b.tlv
  assert_same_file a.tlv b.tlv
  STAMP=1700000001 build_with sast1 c.tlv
  refute_same_file a.tlv c.tlv
  independent c.tlv
  assert_json .header.timestamp 1700000001
}

@test "the time is now unless told; the largest one is taken" {
  before=$(date +%s)
  quietly build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem"
  after=$(date +%s)
  independent out.tlv
  assert_json ".header.timestamp >= $before and .header.timestamp <= $after" true
  ctlsign build -o max.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --timestamp 4294967295
  assert_success
  assert_stderr --regexp '^ctlsign: warning: TIMESTAMP lies in the future: 2106-02-07 06:28:15 UTC; check'
  independent max.tlv
  assert_json .header.timestamp 4294967295
}

@test "--filename is the name inside; CTLFile.tlv by default" {
  sign_alone
  independent out.tlv
  assert_json .header.file_name CTLFile.tlv
  sign_alone --force --filename ITLFile.tlv
  independent out.tlv
  assert_json .header.file_name ITLFile.tlv
  run_split "$CTLSIGN" show out.tlv
  assert_line "The ITL file was verified successfully."
}

@test "--digest: each verifies independently; SHA-512 by default" {
  for digest in sha1 sha256 sha512; do
    sign_alone --digest "$digest" --force
    independent out.tlv
    assert_json .header.digest "$digest"
    assert_json .header.signature.length 256
  done
  sign_alone --force
  independent out.tlv
  assert_json .header.digest sha512
}

@test "--signer-version: absent by default, 1.0, 1.1" {
  sign_alone
  independent out.tlv
  assert_json .header.signer_version null
  for version in 1.0 1.1; do
    sign_alone --force --signer-version "$version"
    independent out.tlv
    assert_json .header.signer_version "$version"
    assert_json '[.header.elements[].tag][0:3] | map(tostring) | join(" ")' "1 2 28"
  done
}

@test "--names: CUCM's order whatever the certificate's, or RFC 4514 in the certificate's order" {
  borrow server odd
  cert_make ./odd 2048 '/CN=odd, host/emailAddress=a@b.c/O=One/O=Two/C=PL'
  sign_alone --capf odd.pem
  independent out.tlv
  assert_json '.records[2].subject' "CN=odd, host;O=One;O=Two;C=PL;emailAddress=a@b.c"
  assert_json '.records[0].subject' "CN=SAST1;OU=IPCBU;O=Lab;C=PL"
  sign_alone --capf odd.pem --names rfc4514 --force
  independent out.tlv
  assert_json '.records[2].subject' 'CN=odd\, host,1.2.840.113549.1.9.1=a@b.c,O=One,O=Two,C=PL'
  assert_json '.records[0].issuer + " " + .header.signer.issuer' \
    "C=PL,O=Lab,OU=IPCBU,CN=SAST1 C=PL,O=Lab,OU=IPCBU,CN=SAST1"
  sign_alone --capf odd.pem --names cucm --force
  independent out.tlv
  assert_json '.header.signer.name' "CN=SAST1;OU=IPCBU;O=Lab;C=PL"
}

@test "a SAST issued by a CA: subject and issuer differ, blanks at the end are kept" {
  borrow server ca
  borrow sast2 token
  cert_ca ./ca 2048 '/O=Cisco Systems/CN=Cisco Manufacturing CA'
  cert_sast ./token 0054f509 ./ca
  quietly build -o out.tlv --sign-with token.key --sast "$K/sast1.pem" --sast token.pem
  independent out.tlv
  assert_json '.signer_record' 2
  assert_json '.header.signer.name' "CN=SAST-ADN0054f509        ;OU=IPCBU;O=Cisco Systems"
  assert_json '.header.signer.issuer' "CN=Cisco Manufacturing CA;O=Cisco Systems"
}

@test "EC certificates stand in records as uncompressed points" {
  cert_make ./p256 p256 /CN=ec256
  cert_make ./p384 p384 /CN=ec384
  sign_alone --signer-version 1.1 --tftp p256.pem,dns=a --capf p384.pem
  independent out.tlv
  assert_json '[.records[2:][].certificate | .key, .record_key] | join(" ")' "ec256 same ec384 same"
  assert_json '[.records[2:][].elements[] | select(.tag == 7).length] | map(tostring) | join(" ")' \
    "65 97"
}

@test "an EC key of a TFTP server without signer version 1.1 is warned of" {
  cert_make ./p256 p256 /CN=ec256
  ctlsign build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp p256.pem,dns=a
  assert_success
  assert_stderr --regexp '^ctlsign: warning: record 3: [^'$'\n'']*SIGNERVERSION 1\.1; build the list'
  independent out.tlv
}

@test "signers of 1024 and 4096 bits" {
  cert_make ./small 1024 /CN=small
  # Four primes are found faster than two.
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -pkeyopt rsa_keygen_primes:4 \
    -out large.key 2>/dev/null
  cert_make ./large 4096 /CN=large
  quietly build -o small.tlv --sign-with small.key --sast small.pem --sast "$K/sast1.pem"
  independent small.tlv
  assert_json '.header | .signature.length, .signature_bytes' $'128\n128'
  ctlsign build -o large.tlv --sign-with large.key --sast large.pem --sast "$K/sast1.pem"
  assert_success
  assert_stderr --regexp '^ctlsign: warning: record 1: [^'$'\n'']*4096 bits[^'$'\n'']*$'
  independent large.tlv
  assert_json '.header | .signature.length, .signature_bytes' $'512\n512'
}

@test "warnings go to stderr, one a line, and the list is written" {
  borrow server old
  cert_expired ./old old.lab
  ctlsign build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --ccm old.pem,dns=old.lab
  assert_success
  refute_output
  assert_equal "$(wc -l <<<"$stderr")" 2
  assert_stderr --partial "ctlsign: warning: the list has a single SAST certificate"
  assert_stderr --regexp $'\n''ctlsign: warning: record 2: [^'$'\n'']* expired on 2015-01-01 '
  independent out.tlv
}

@test "one certificate may stand in several records" {
  quietly build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem,dns=pub.lab" \
    --sast "$K/sast2.pem" --ccm-tftp "$K/sast1.pem,dns=pub.lab,ip=10.1.1.1" --tftp "$K/sast1.pem,dns=x"
  independent out.tlv
  assert_json '[.records[].certificate.sha256] | .[0] == .[2] and .[0] == .[3]' true
}

# cert_of_size BASE SIZE SUBJECT: RSA-1024, a serial of 16 bytes, exactly SIZE bytes of DER: a
# comment fills it up.
cert_of_size() {
  local base=$1 size=$2 subject=$3 filler=1 have _
  cert_key "$base.key" 1024
  for _ in 1 2 3 4; do
    printf '%s\n' '[req]' 'distinguished_name = dn' 'x509_extensions = filler' '[dn]' '[filler]' \
      "nsComment = $(printf 'x%.0s' $(seq "$filler"))" >"$base.cnf"
    openssl req -x509 -new -config "$base.cnf" -key "$base.key" -out "$base.pem" -utf8 -days 1826 \
      -subj "$subject" -sha1 -set_serial "0x70caf6$(openssl rand -hex 13)"
    openssl x509 -in "$base.pem" -outform DER -out "$base.der"
    have=$(stat -c %s "$base.der")
    [[ $have -ne $size ]] || return 0
    filler=$((filler + size - have))
  done
  fail "cannot make a certificate of $size bytes"
}

@test "the published sample's names and sizes give the published lengths" {
  cert_of_size ./pub 694 "$(cert_subject cucm-1051-a-pub)"
  cert_of_size ./capf 680 "$(cert_subject CAPF-e41e7d87)"
  cert_of_size ./sub 696 "$(cert_subject cucm-1051-a-sub1)"
  ctlsign build -o out.tlv --sign-with pub.key --digest sha1 \
    --sast pub.pem,dns=cucm-1051-a-pub,ip=10.48.47.153 \
    --ccm-tftp pub.pem,dns=cucm-1051-a-pub,ip=10.48.47.153 \
    --capf capf.pem,dns=cucm-1051-a-pub,ip=10.48.47.153 \
    --ccm-tftp sub.pem,dns=cucm-1051-a-sub1,ip=10.48.47.154
  assert_success
  assert_stderr --regexp '^ctlsign: warning: the list has a single SAST certificate[^'$'\n'']*$'
  independent out.tlv
  assert_json .length 4947
  assert_json .header.length 336
  assert_json '[.records[].length] | map(tostring) | join(" ")' "1156 1156 1138 1161"
  assert_json '[.header.elements[] | "\(.tag):\(.length)"] | join(" ")' \
    "1:2 2:2 3:149 4:62 5:16 6:62 7:15 8:1 9:8 10:1 11:1 12:128 14:12 15:4"
  assert_json .header.padding 3
  assert_json '[.records[] | [.elements[].length | tostring] | join(" ")] | join("\n")' \
    "2 16 62 2 62 16 140 128 694 4
2 16 62 2 62 16 140 128 694 4
2 16 60 2 60 16 140 128 680 4
2 17 63 2 63 16 140 128 696 4"
  ctlsign verify out.tlv
  assert_success
}

@test "a list without servers is warned of, before anything is asked" {
  run_split "$CTLSIGN" build -o out.tlv --timestamp "$STAMP" --sign-with "$K/sast1.key" \
    --sast "$K/sast1.pem" --sast "$K/sast2.pem"
  assert_success
  assert_stderr --regexp '^ctlsign: warning: the list has no CCM, CCM\+TFTP or TFTP record: '
  assert_file out.tlv
}
