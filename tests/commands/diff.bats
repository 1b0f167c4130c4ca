#!/usr/bin/env bats
# ctlsign diff: what changes between two lists, in words and as JSON.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

KNOWS="Phones that hold the old list know the new signer as a SAST."
KNOWS_NOT="Phones that hold the old list do NOT know the new signer as a SAST."

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_servers pub sub
  borrow server "$K/renewed"
  cert_node "$K/renewed" pub.lab
}

setup() {
  commands_setup
}

# list KEY OUT ARG...: signed by KEY, with exactly these entries.
list() {
  local key=$1 out=$2
  local -a stamp=(--timestamp "$STAMP")
  shift 2
  [[ " $* " != *" --timestamp "* ]] || stamp=()
  run_split "$CTLSIGN" build -o "$out" "${stamp[@]}" --sign-with "$K/$key.key" "$@"
  assert_success
}

# Two SAST entries and a server: what the tests change.
old_list() {
  list sast1 old.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
}

# changes LINE...: the whole output; a line that ends in * may go on.
changes() {
  local line
  ctlsign diff old.tlv new.tlv
  assert_success
  refute_stderr
  assert_equal "$(wc -l <<<"$output")" "$#"
  while IFS= read -r line; do
    # shellcheck disable=SC2053
    [[ $line == $1 ]] || { show_run; fail "not: $1" "but: $line"; }
    shift
  done <<<"$output"
}

# json_changes TEXT: kind, field and record numbers of each change.
json_changes() {
  ctlsign diff --json old.tlv new.tlv
  assert_success
  refute_stderr
  assert_json '[.changes[] | [.kind, .field, .old_record, .new_record] | map(tostring) | join(" ")] |
    join("\n")' "$1"
}

serial_of() {
  cert_serial "$K/$1.pem" | tr a-f A-F | sed 's/../&:/g; s/:$//'
}

@test "equal files: nothing" {
  old_list
  cp old.tlv new.tlv
  quietly diff old.tlv new.tlv
  quietly diff old.tlv old.tlv
  json_changes ""
  assert_json '.same, .signer_trusted' $'true\ntrue'
}

@test "an entry more, and one less" {
  old_list
  list sast1 new.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" --firewall "$K/sub.pem,dns=asa.lab,ip=10.1.2.254"
  changes "adds CCM asa.lab (serial $(serial_of sub))" "$KNOWS"
  json_changes "added entry 0 4"
  assert_json '.old, .new, .same, .signer_trusted' $'old.tlv\nnew.tlv\nfalse\ntrue'
  assert_json '.changes[0].text' "adds CCM asa.lab (serial $(serial_of sub))"
  mv old.tlv x.tlv
  mv new.tlv old.tlv
  mv x.tlv new.tlv
  changes "removes CCM asa.lab (serial $(serial_of sub))" "$KNOWS"
  json_changes "removed entry 4 0"
}

@test "a token that is lost and one that is new are told by name and serial" {
  old_list
  list sast1 new.tlv --sast "$K/sast1.pem" --sast "$K/sast3.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  changes "removes SAST CN=SAST2;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast2))" \
    "adds SAST CN=SAST3;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast3))" "$KNOWS"
  json_changes $'removed entry 2 0\nadded entry 0 2'
}

@test "a token with a new certificate under its serial" {
  local sha1_old sha1_new
  borrow sast1 twin
  borrow sast3 other
  CERT_SERIAL=0abc cert_make ./twin 2048 /CN=twin
  CERT_SERIAL=0abc cert_make ./other 2048 /CN=twin
  list sast1 old.tlv --sast "$K/sast1.pem" --sast twin.pem --ccm "$K/pub.pem,dns=pub.lab"
  list sast1 new.tlv --sast "$K/sast1.pem" --sast other.pem --ccm "$K/pub.pem,dns=pub.lab"
  sha1_old=$(sha1sum <twin.der | cut -d' ' -f1)
  sha1_new=$(sha1sum <other.der | cut -d' ' -f1)
  changes "certificate of SAST CN=twin changes: SHA-1 $sha1_old -> SHA-1 $sha1_new, with the same \
serial 0A:BC" "$KNOWS"
  json_changes "changed certificate 2 2"
}

@test "certificate, name and address of a server" {
  old_list
  list sast1 new.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/renewed.pem,dns=pub.lab,ip=10.1.2.99"
  changes \
    "certificate of CCM+TFTP pub.lab changes: serial $(serial_of pub) -> serial $(serial_of renewed)" \
    "IP address of CCM+TFTP pub.lab (serial $(serial_of renewed)) changes from 10.1.2.3 to 10.1.2.99" \
    "$KNOWS"
  json_changes $'changed certificate 3 3\nchanged ip 3 3'
  list sast1 new.tlv --force --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=other.lab,ip=10.1.2.3"
  changes "DNS name of CCM+TFTP other.lab (serial *) changes from 'pub.lab' to 'other.lab'" "$KNOWS"
  json_changes "changed dns 3 3"
}

@test "another role is another entry" {
  old_list
  list sast1 new.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  changes "removes CCM+TFTP pub.lab (serial *" "adds CCM pub.lab (serial *" "$KNOWS"
}

@test "the order" {
  old_list
  list sast1 new.tlv --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" --sast "$K/sast1.pem" \
    --sast "$K/sast2.pem"
  changes "the order of the entries changes: CCM+TFTP pub.lab (serial *) moves up" "$KNOWS"
  json_changes "order order 3 1"
}

@test "the signer: one that phones know, and one that they do not" {
  old_list
  list sast2 new.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  changes "signer changes from CN=SAST1;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast1)) to \
CN=SAST2;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast2))" \
    "$KNOWS"
  json_changes "signer signer 1 2"
  assert_json .signer_trusted true
  list sast3 new.tlv --force --sast "$K/sast1.pem" --sast "$K/sast2.pem" --sast "$K/sast3.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  changes "signer changes from CN=SAST1;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast1)) to \
CN=SAST3;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast3))" \
    "adds SAST CN=SAST3;OU=IPCBU;O=Lab;C=PL (serial $(serial_of sast3))" "$KNOWS_NOT"
  ctlsign diff --json old.tlv new.tlv
  assert_json .signer_trusted false
}

@test "the header: digest, file name, signer version, time" {
  old_list
  list sast1 new.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" --digest sha1 --filename ITLFile.tlv \
    --signer-version 1.1 --timestamp 1700000001
  changes "digest changes from SHA-512 to SHA-1" \
    "file name changes from 'CTLFile.tlv' to 'ITLFile.tlv'" \
    "signer version changes from none to 1.1" \
    "timestamp changes from 2023-11-14 22:13:20 UTC to 2023-11-14 22:13:21 UTC" "$KNOWS"
  json_changes "header digest 0 0
header filename 0 0
header signer-version 0 0
header timestamp 0 0"
  mv new.tlv x.tlv
  mv old.tlv new.tlv
  mv x.tlv old.tlv
  ctlsign diff old.tlv new.tlv
  assert_line "timestamp goes back from 2023-11-14 22:13:21 UTC to 2023-11-14 22:13:20 UTC"
}

@test "names written in another style are no new certificates" {
  old_list
  list sast1 new.tlv --sast "$K/sast1.pem" --sast "$K/sast2.pem" --names rfc4514 \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  changes "the signer is the same certificate, written differently: *" \
    "SAST * is written differently, with the same certificate, name and address" \
    "SAST * is written differently, *" "CCM+TFTP pub.lab (serial *) is written differently, *" \
    "$KNOWS_NOT"
  ctlsign diff --json old.tlv new.tlv
  assert_json '[.changes[].field] | join(" ")' "signer-name encoding encoding encoding"
}

@test "the same list by another writer: the bytes differ" {
  write_list cucm sast1 old.tlv --record SAST "$K/sast1.pem"
  write_list cucm sast1 new.tlv --record SAST "$K/sast1.pem" --padding 4
  changes "the bytes differ (signature, padding or order of elements), and nothing that they say" \
    "$KNOWS"
  json_changes "header encoding 0 0"
}

@test "servers that lose their certificates: non-secure mode" {
  write_list cucm sast1 old.tlv --record SAST "$K/sast1.pem" --record CCM "$K/pub.pem" dns=pub.lab
  write_list cucm sast1 new.tlv --record SAST "$K/sast1.pem" --record CCM "$K/pub.pem" dns=pub.lab \
    only=2,4,10
  changes "CCM pub.lab loses its certificate (serial $(serial_of pub))" "$KNOWS"
}

@test "a new list with a wrong signature: exit code 3, and the last line says so" {
  old_list
  cp old.tlv new.tlv
  patch_byte new.tlv 300
  ctlsign diff old.tlv new.tlv
  assert_failure 3
  refute_stderr
  refute_line "$KNOWS"
  [[ ${output##*$'\n'} == "The new list does NOT verify: the signature is wrong: "* ]] || fail "$output"
  ctlsign diff --json old.tlv new.tlv
  assert_failure 3
  assert_json .verified false
  # The old list is what phones have: it is not judged.
  ctlsign diff new.tlv old.tlv
  assert_success
}

@test "what cannot be read, on either side" {
  old_list
  head -c 400 old.tlv >cut.tlv
  for file in none cut; do
    refused 1 "^ctlsign: $file.tlv: " diff old.tlv "$file.tlv"
    refused 1 "^ctlsign: $file.tlv: " diff "$file.tlv" old.tlv
    refused 1 "^ctlsign: $file.tlv: " diff --json "$file.tlv" old.tlv
  done
}

@test "hostile names" {
  write_list cucm sast1 old.tlv --record SAST "$K/sast1.pem"
  write_list cucm sast1 new.tlv --record SAST "$K/sast1.pem" --file-name $'\e[31m\nadds' \
    --record CCM "$K/pub.pem" dns=$'\e[31m\nx'
  changes 'adds CCM \\x1B\[31m\\x0Ax (serial *' 'file name changes from *' "$KNOWS"
}
