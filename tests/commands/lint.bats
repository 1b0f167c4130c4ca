#!/usr/bin/env bats
# ctlsign lint: each code from the command line, exit codes, JSON, and silence on a good list.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub
  cert_make "$K/ec" p256 /CN=ec
  cert_make "$K/small" 1024 /CN=small
  borrow server "$K/old"
  cert_expired "$K/old" old.lab
  make_odd_rsa huge 1026
  make_odd_rsa big 768
}

setup() {
  commands_setup
}

# found SEVERITY CODE RECORD: lint tells this of list.tlv, and its exit code is 3 only if some
# finding is an error.
found() {
  local expected=0
  ctlsign lint --json list.tlv
  refute_stderr
  assert_json "[.findings[] | select(.severity == \"$1\" and .code == \"$2\" and .record == $3)] |
    length > 0" true
  [[ $output != *'"severity": "error"'* ]] || expected=3
  assert_equal "$status" "$expected"
}

# only_found SEVERITY CODE RECORD: nothing else is found.
only_found() {
  found "$@"
  assert_json '.findings | length' 1
}

# list ARG...: two SAST records, one of a server unless other records are wanted, and what else is
# wanted; by the independent writer, signed by sast1.
list() {
  local -a server=()
  [[ " $* " == *" --record "* ]] || server=(--record CCM "$K/pub.pem" dns=pub.lab)
  write_list cucm sast1 list.tlv --digest sha512 --record SAST "$K/sast1.pem" \
    --record SAST "$K/sast2.pem" "${server[@]}" "$@"
}

@test "silence on a good list" {
  build_with sast1 list.tlv --capf "$K/pub.pem"
  quietly lint list.tlv
  ctlsign lint --json list.tlv
  assert_success
  assert_json . "$(jq -n '{file: "list.tlv", findings: []}')"
  list --file-name CTLSEP001122AABBCC.tlv
  quietly lint list.tlv
}

@test "the signature: unsigned, bad, by nobody in the list" {
  list --bad-signature
  only_found error bad-signature 0
  size=$(stat -c %s list.tlv)
  "$PYTHON" - <<'PYTHON'
data = bytearray(open("list.tlv", "rb").read())
at = data.index(b"\x0c\x01\x00") + 3
data[at:at + 256] = bytes(256)
open("list.tlv", "wb").write(data)
PYTHON
  assert_equal "$(stat -c %s list.tlv)" "$size"
  only_found error unsigned 0
  list --signer-serial 0909
  only_found error signer-not-sast 0
}

@test "algorithms and sizes" {
  list --digest sha1
  only_found advice sha1-digest 0
  list
  "$PYTHON" - <<'PYTHON'
data = bytearray(open("list.tlv", "rb").read())
at = data.index(b"\x08\x00\x01\x03\x09\x00\x08\x0a\x00\x01\x00\x0b\x00\x01\x02")
data[at + 3] = 9
open("digest.tlv", "wb").write(data)
data[at + 3], data[at + 14] = 3, 1
open("modulus.tlv", "wb").write(data)
PYTHON
  mv digest.tlv list.tlv
  found error unknown-algorithm 0
  mv modulus.tlv list.tlv
  found error modulus-mismatch 0
}

@test "the header: versions, file name, time, padding, elements" {
  list --version 1.3
  only_found warning unknown-version 0
  list --signer-version 1.7
  only_found warning unknown-version 0
  list --file-name Odd.tlv
  only_found advice filename 0
  list --timestamp 4000000000
  only_found warning future-timestamp 0
  list --padding 1
  only_found advice header-padding 0
  list --extra-header 99:00
  only_found advice unknown-element 0
}

@test "too few SAST records" {
  write_list cucm sast1 list.tlv --digest sha512 --record SAST "$K/sast1.pem" \
    --record CCM "$K/pub.pem" dns=a
  only_found warning few-sast 0
  write_list cucm sast1 list.tlv --digest sha512 --signer 1 --record TFTP "$K/sast1.pem" dns=a
  found error few-sast 0
  found error signer-not-sast 0
}

@test "no server: what a forgotten --ccm-tftp makes" {
  list --record CAPF "$K/pub.pem"
  only_found warning no-server 0
  ctlsign lint list.tlv
  assert_success
  assert_line "warning: the list has no CCM, CCM+TFTP or TFTP record: phones that load it trust no \
server [no-server]"
  list --record CAPF "$K/pub.pem" --file-name ITLFile.tlv
  quietly lint list.tlv
  for role in CCM CCM+TFTP TFTP; do
    list --record "$role" "$K/pub.pem" dns=a
    quietly lint list.tlv
  done
}

@test "near 64 KB, and over it" {
  local -a many=()
  for i in {1..34}; do
    many+=(--record CCM "$K/pub.pem" "dns=host$i")
  done
  list "${many[@]}"
  only_found warning near-64k 0
  list "${many[@]}" "${many[@]/host/more}"
  only_found error over-64k 0
}

@test "records: elements, strings, roles, addresses" {
  list --record CCM "$K/pub.pem" dns=a omit=6
  only_found error missing-element 3
  list --record CCM "$K/pub.pem" dns=a extra=99:00
  only_found advice unknown-element 3
  list --record CCM "$K/pub.pem" omit=2 extra=2:61
  only_found warning unterminated-string 3
  list --record CCM "$K/pub.pem" dns=a "subject=$(printf 'x%.0s' {1..256})"
  found error name-over-255 3
  list --record 130 "$K/pub.pem" dns=a --record CCM "$K/pub.pem" dns=a
  only_found warning unknown-role 3
  list --record CCM "$K/pub.pem"
  only_found warning no-address 3
  list --record CCM "$K/pub.pem" extra=10:0102
  found error bad-ip-length 3
  list --record CCM "$K/pub.pem" dns=a ip=fd00::1
  only_found warning ipv6-unverified 3
}

@test "entries against each other" {
  list --record CCM "$K/pub.pem" dns=a --record CCM "$K/pub.pem" dns=a
  only_found warning duplicate-entry 4
  assert_json '.findings[0].text | endswith("is listed already as record 3")' true
  list --record CCM "$K/pub.pem" dns=a --record TFTP "$K/pub.pem" dns=b only=2,4
  only_found warning no-certificate 4
  list --record CCM "$K/pub.pem" dns=a only=2,4,10 ip=10.0.0.1
  only_found advice non-secure-entry 0
}

@test "what a record says of its certificate" {
  list --record CCM "$K/pub.pem" dns=a omit=9 extra=9:3000
  only_found error certificate-undecodable 3
  list --record CCM "$K/pub.pem" dns=a omit=7 extra=7:3006020105020103
  only_found error public-key-mismatch 3
  list --record CCM "$K/pub.pem" dns=a serial=0102
  only_found error serial-mismatch 3
  list --record CCM "$K/pub.pem" dns=a reverse=yes
  only_found advice serial-reversed 3
  list --record CCM "$K/pub.pem" dns=a subject=CN=somebody
  only_found advice name-differs 3
}

@test "dates of certificates, and what counts as soon" {
  list --record CCM "$K/old.pem" dns=a
  only_found warning expired 3
  borrow server new soon
  cert_future ./new new.lab
  list --record CCM ./new.pem dns=a
  only_found warning not-yet-valid 3
  cert_make ./soon 2048 /CN=soon -days 20
  list --record CCM ./soon.pem dns=a
  only_found warning expires-soon 3
  quietly lint list.tlv --expiry-days 19
  ctlsign lint list.tlv --expiry-days 21
  assert_success
  assert_line --partial '[expires-soon]'
  quietly lint --expiry-days 0 list.tlv
}

@test "keys that phones do not like" {
  list --record CCM "$K/small.pem" dns=a
  only_found advice rsa-1024 3
  list --record CCM "$K/huge.pem" dns=a
  only_found error rsa-over-4096 3
  list --record CCM "$K/big.pem" dns=a
  only_found warning rsa-over-2048 3
  list --record SAST "$K/ec.pem" --record CCM "$K/pub.pem" dns=a
  only_found warning key-type 3
  list --record CCM+TFTP "$K/ec.pem" dns=a
  only_found warning ec-needs-1.1 3
  list --signer-version 1.1 --record CCM+TFTP "$K/ec.pem" dns=a
  quietly lint list.tlv
}

@test "the worst stands first, and what to do below it" {
  list --digest sha1 --record CCM "$K/old.pem" dns=a serial=0102
  ctlsign lint list.tlv
  assert_failure 3
  refute_stderr
  assert_equal "$(grep -o '^[a-z]*: \|\[[a-z0-9-]*\]$' <<<"$output" | paste -sd' ')" \
    "error:  [serial-mismatch] warning:  [expired] advice:  [sha1-digest]"
  assert_equal "$(sed -n 2p <<<"$output")" "    build the list anew from the certificate"
  assert_line --regexp '^warning: record 3: the certificate of CCM a .* expired on 2015-01-01 00:00:00 UTC'
}

@test "--json has its keys" {
  list --digest sha1 --record CCM "$K/old.pem" dns=a
  ctlsign lint --json ./list.tlv
  assert_success
  assert_json 'keys_unsorted | join(" ")' "file findings"
  assert_json .file ./list.tlv
  assert_json '.findings[0] | keys_unsorted | join(" ")' "severity code record text hint"
  assert_json '[.findings[0][] | type] | join(" ")' "string string number string string"
  assert_json '[.findings[].code] | join(" ")' "expired sha1-digest"
}

@test "the text has a line for each finding, with severity, record and code" {
  list --digest sha1 --padding 1 --record CCM "$K/old.pem" dns=a serial=0102
  ctlsign lint --json list.tlv
  local -a wanted=()
  local severity record code words count=0
  while IFS=$'\t' read -r severity record code words; do
    [[ $record -eq 0 ]] || severity+=": record $record"
    wanted[count++]="$severity: $words [$code]"
  done < <(jq -r '.findings[] | [.severity, .record, .code, .text] | @tsv' <<<"$output")
  assert_equal "$count" 4
  ctlsign lint list.tlv
  assert_failure 3
  for line in "${wanted[@]}"; do
    assert_line "$line"
  done
}

@test "lists of other writers: what is usual there is no finding, or advice" {
  write_list community sast1 list.tlv --digest sha512 --record SAST "$K/sast1.pem" \
    --record SAST "$K/sast2.pem" --record TVS "$K/ec.pem" --record CCM+TFTP "$K/pub.pem" ip=10.0.0.1
  quietly lint list.tlv
  write_list windows sast1 list.tlv --digest sha512 --record SAST "$K/sast1.pem" \
    --record SAST "$K/sast2.pem" --record CCM+TFTP "$K/pub.pem" ip=10.0.0.1
  ctlsign lint --json list.tlv
  assert_success
  assert_json '[.findings[].code] | unique | join(" ")' serial-reversed
}

@test "hostile names in findings" {
  list --record CCM "$K/old.pem" dns=$'\e[31m\n[few-sast]' --file-name $'\e]0;x\a'
  ctlsign lint list.tlv
  [[ $(tr -d '\n' <<<"$output") != *[[:cntrl:]]* ]]
  refute_line --regexp '^\[few-sast\]'
  ctlsign lint --json list.tlv
  assert_json '[.findings[].code] | join(" ")' "expired filename"
}

@test "what cannot be read" {
  head -c 300 /dev/urandom >garbage.tlv
  mkdir folder.tlv
  for file in none garbage folder; do
    refused 1 "^ctlsign: $file.tlv: " lint "$file.tlv"
    refused 1 "^ctlsign: $file.tlv: " lint --json "$file.tlv"
  done
}
