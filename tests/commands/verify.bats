#!/usr/bin/env bats
# ctlsign verify: good, forged and damaged lists, many at once, and who is trusted.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_servers pub
  cert_make "$K/ec" p256 /CN=ec
  make_list sast1 "$K/good.tlv"
}

setup() {
  commands_setup
}

# rejected CODE REGEXP FILE [ARG...]: verify refuses the one file by name; nothing is changed.
rejected() {
  local code=$1 pattern=$2
  shift 2
  refused "$code" "^ctlsign: $1: .*$pattern" verify "$@"
}

# Offset of the last byte of an element of good.tlv: element header|RECORD-NUMBER NAME
element() {
  local from=.header
  [[ $1 == header ]] || from=".records[$(($1 - 1))]"
  jq -e "$from.elements[] | select(.name == \"$2\") | .offset + 2 + .length" read.json
}

@test "a good list: silence" {
  quietly verify "$K/good.tlv"
  cp "$K/good.tlv" .
  quietly verify good.tlv ./good.tlv "$PWD/good.tlv"
}

@test "one flipped bit in any part that is signed" {
  independent "$K/good.tlv"
  printf '%s' "$output" >read.json
  for at in "header signer-name" "header ca-name" "header serial-number"; do
    cp "$K/good.tlv" bad.tlv
    # shellcheck disable=SC2086  # two words
    patch_byte bad.tlv "$(($(element $at) - 1))"
    rejected 3 '' bad.tlv
  done
  for at in "header file-name" "header timestamp" "1 subject-name" "2 issuer-name" "3 dns-name" \
    "3 serial-number" "3 public-key" "2 certificate" "3 signature" "3 ip-address"; do
    cp "$K/good.tlv" bad.tlv
    # shellcheck disable=SC2086  # two words
    patch_byte bad.tlv "$(($(element $at) - 1))"
    rejected 3 'the signature is wrong: the list was changed after it was signed' bad.tlv
  done
  cp "$K/good.tlv" bad.tlv
  patch_byte bad.tlv "$(element header signature)"
  rejected 3 'the signature is wrong' bad.tlv
}

@test "another digest, algorithm or size than was signed" {
  independent "$K/good.tlv"
  printf '%s' "$output" >read.json
  for name in digest-algorithm signature-algorithm signature-modulus; do
    cp "$K/good.tlv" bad.tlv
    patch_byte bad.tlv "$(element header "$name")"
    rejected 3 '' bad.tlv
  done
}

@test "bytes cut off or added" {
  size=$(stat -c %s "$K/good.tlv")
  for length in 0 1 6 100 335 400 401 $((size / 2)) $((size - 1)); do
    head -c "$length" "$K/good.tlv" >cut.tlv
    ctlsign verify cut.tlv
    assert_failure
    assert_one_line_error '^ctlsign: cut.tlv: '
  done
  { cat "$K/good.tlv"; printf '\0'; } >long.tlv
  rejected 1 '' long.tlv
  # Whole records cut off or doubled leave a well-formed file.
  independent "$K/good.tlv"
  last=$(jq '.records[-1].offset' <<<"$output")
  head -c "$last" "$K/good.tlv" >fewer.tlv
  rejected 3 'the signature is wrong' fewer.tlv
  { cat "$K/good.tlv"; tail -c +"$((last + 1))" "$K/good.tlv"; } >more.tlv
  rejected 3 'the signature is wrong' more.tlv
}

@test "signed by a key that is not the record's" {
  write_list cucm sast2 forged.tlv --record SAST "$K/sast1.pem" --record CCM "$K/pub.pem"
  rejected 3 'the signature is wrong: .*not signed by the key in record 1' forged.tlv
}

@test "a signer that is no SAST of the list" {
  write_list cucm server ccm.tlv --signer 2 --record SAST "$K/sast1.pem" --record CCM "$K/pub.pem"
  rejected 3 'no SAST record has the serial and issuer that the header names' ccm.tlv
  write_list cucm sast1 serial.tlv --signer-serial 0102 --record SAST "$K/sast1.pem"
  rejected 3 'no SAST record' serial.tlv
}

@test "a signer's record without certificate, or with one that is junk" {
  write_list cucm sast1 bare.tlv --record SAST "$K/sast1.pem" omit=9
  ctlsign verify bare.tlv
  assert_failure
  assert_one_line_error '^ctlsign: bare.tlv: '
  write_list cucm sast1 junk.tlv --record SAST "$K/sast1.pem" omit=9 extra=9:30820000
  ctlsign verify junk.tlv
  assert_failure
  assert_one_line_error '^ctlsign: junk.tlv: '
}

@test "lists of the community's tool and of the Windows client" {
  for digest in sha1 sha512; do
    for version in 1.0 1.1; do
      write_list community sast1 "$digest-$version.tlv" --digest "$digest" --signer-version "$version" \
        --record TVS "$K/ec.pem" --record SAST "$K/sast1.pem" --record CCM+TFTP "$K/pub.pem"
    done
  done
  write_list windows sast2 windows.tlv --record SAST "$K/sast1.pem" --record SAST "$K/sast2.pem" \
    --record CCM+TFTP "$K/pub.pem" ip=10.0.0.1 --signer 2
  quietly verify ./*.tlv
  write_list community sast1 bad.tlv --bad-signature --record SAST "$K/sast1.pem"
  rejected 3 'the signature is wrong' bad.tlv
}

@test "any order of elements, unknown ones and more padding" {
  write_list cucm sast1 odd.tlv --signer-order 6,5,4 --padding 7 --extra-header 77:00ff \
    --record SAST "$K/sast1.pem" order=10,9,8,7,6,5,4,3,2 ip=10.0.0.1 extra=99:01 \
    --record SAST "$K/sast2.pem" order=9,4
  quietly verify odd.tlv
}

@test "--trust: the signer must be a SAST of the old list" {
  build_with sast1 one.tlv
  quietly build -o two.tlv --sign-with "$K/sast2.key" --sast "$K/sast2.pem" --sast "$K/sast3.pem" \
    --ccm "$K/pub.pem,dns=pub.lab"
  quietly build -o three.tlv --sign-with "$K/sast3.key" --sast "$K/sast2.pem" --sast "$K/sast3.pem" \
    --ccm "$K/pub.pem,dns=pub.lab"
  quietly verify --trust one.tlv two.tlv
  quietly verify --trust one.tlv one.tlv
  quietly verify --trust two.tlv three.tlv
  quietly verify three.tlv --trust two.tlv
  serial=$(cert_serial "$K/sast3.pem" | tr a-f A-F | sed 's/../&:/g; s/:$//')
  rejected 3 "the new list's signer CN=SAST3;OU=IPCBU;O=Lab;C=PL \(serial $serial\) is no SAST of \
the old list; sign with one of the old list's SASTs: CN=SAST1;OU=IPCBU;O=Lab;C=PL, \
CN=SAST2;OU=IPCBU;O=Lab;C=PL$" three.tlv --trust one.tlv
  quietly verify three.tlv
}

@test "--trust: the same serial and issuer with another key is no trust" {
  borrow server a
  borrow sast2 b
  CERT_SERIAL=0abc cert_make ./a 2048 /CN=twin
  CERT_SERIAL=0abc cert_make ./b 2048 /CN=twin
  quietly build -o old.tlv --sign-with a.key --sast a.pem --sast "$K/sast1.pem" \
    --ccm "$K/pub.pem,dns=pub.lab"
  quietly build -o new.tlv --sign-with b.key --sast b.pem --sast "$K/sast1.pem" \
    --ccm "$K/pub.pem,dns=pub.lab"
  rejected 3 'another public key' new.tlv --trust old.tlv
}

@test "--trust does not make up for a wrong signature, and needs an old list that can be read" {
  cp "$K/good.tlv" bad.tlv
  patch_byte bad.tlv "$(($(stat -c %s bad.tlv) - 1))"
  rejected 3 'the signature is wrong' bad.tlv --trust "$K/good.tlv"
  # The old list is what a phone has: it is not judged.
  quietly verify --trust bad.tlv "$K/good.tlv"
  refused 1 '^ctlsign: none.tlv: cannot open' verify --trust none.tlv "$K/good.tlv"
  head -c 500 "$K/good.tlv" >cut.tlv
  refused 1 '^ctlsign: cut.tlv: ' verify --trust cut.tlv "$K/good.tlv"
}

@test "a folder of many lists: the bad ones are named" {
  mkdir -p tftp/sub.tlv
  for i in {01..60}; do
    cp "$K/good.tlv" "tftp/CTLSEP0000000000$i.tlv"
  done
  echo junk >tftp/SEP000000000001.cnf.xml
  echo junk >tftp/sub.tlv/inside.tlv
  echo junk >tftp/.tlv
  quietly verify tftp
  quietly verify tftp/
  patch_byte tftp/CTLSEP000000000033.tlv 700
  head -c 77 "$K/good.tlv" >tftp/CTLSEP000000000007.tlv
  ctlsign verify tftp
  assert_failure 3
  refute_output
  assert_equal "$(wc -l <<<"$stderr")" 3
  assert_equal "$(grep -c '^ctlsign: tftp/CTLSEP000000000033.tlv: the signature is wrong' <<<"$stderr")" 1
  assert_equal "$(grep -c '^ctlsign: tftp/CTLSEP000000000007.tlv: offset ' <<<"$stderr")" 1
  assert_equal "$(tail -n 1 <<<"$stderr")" "ctlsign: 2 of 60 files failed"
}

@test "several files: each that failed is named, in any number of threads" {
  cp "$K/good.tlv" good.tlv
  echo junk >junk.tlv
  write_list cucm sast1 wrong.tlv --bad-signature --record SAST "$K/sast1.pem"
  for jobs in 1 2 3 64; do
    ctlsign verify --jobs "$jobs" good.tlv none.tlv junk.tlv wrong.tlv good.tlv
    assert_failure 3
    refute_output
    assert_equal "$(cut -d: -f1,2 <<<"$stderr")" "ctlsign: none.tlv
ctlsign: junk.tlv
ctlsign: wrong.tlv
ctlsign: 3 of 5 files failed"
  done
  ctlsign verify good.tlv none.tlv junk.tlv
  assert_failure 1
  assert_equal "$(tail -n 1 <<<"$stderr")" "ctlsign: 2 of 3 files failed"
}

@test "results come in the order of the files, however long one takes" {
  cp "$K/good.tlv" good.tlv
  "$PYTHON" -c 'import sys; sys.stdout.buffer.write(b"\1\0\2\0\5" * 200000)' |
    cat good.tlv - >slow.tlv
  local -a files=(slow.tlv)
  for i in {1..100}; do
    files+=("./good.tlv" "good.tlv")
  done
  for jobs in 1 2 8; do
    ctlsign verify --json --jobs "$jobs" "${files[@]}"
    assert_failure 3
    assert_equal "$(jq -r .file <<<"$output")" "$(printf '%s\n' "${files[@]}")"
  done
}

@test "--json: one object a line for every file" {
  cp "$K/good.tlv" good.tlv
  echo junk >junk.tlv
  write_list cucm sast1 wrong.tlv --bad-signature --record SAST "$K/sast1.pem"
  ctlsign verify --json --jobs 4 good.tlv wrong.tlv junk.tlv none.tlv
  assert_failure 3
  assert_equal "$(wc -l <<<"$output")" 4
  assert_equal "$(jq -r '[.file, .verified, .status // "-"] | join(" ")' <<<"$output")" \
    "good.tlv true -
wrong.tlv false not-verified
junk.tlv false format
none.tlv false io"
  assert_equal "$(jq -r 'select(.verified | not) | .reason | type' <<<"$output" | sort -u)" string
  assert_equal "$(jq -r 'select(.file == "good.tlv") | keys | join(" ")' <<<"$output")" "file verified"
  ctlsign verify --json good.tlv
  assert_success
  refute_stderr
  assert_output '{"file":"good.tlv","verified":true}'
}

@test "a missing file, and a folder without a list" {
  rejected 1 'cannot open the file: No such file or directory' none.tlv
  mkdir empty
  touch empty/readme.txt
  refused 1 '^ctlsign: there is no \.tlv file to verify' verify empty
}

@test "a FIFO, a folder and a link to nothing that are named like lists do not hang it" {
  mkdir box box/folder.tlv
  mkfifo box/fifo.tlv
  ln -s nowhere box/link.tlv
  cp "$K/good.tlv" box/good.tlv
  run_split timeout 20 "$CTLSIGN" verify box
  assert_failure 1
  assert_equal "$(cut -d: -f1,2,3 <<<"$stderr" | LC_ALL=C sort)" "ctlsign: 2 of 3 files failed
ctlsign: box/fifo.tlv: this is not a regular file
ctlsign: box/link.tlv: cannot open the file"
  run_split timeout 20 "$CTLSIGN" verify box/fifo.tlv
  assert_failure 1
  assert_one_line_error '^ctlsign: box/fifo.tlv: this is not a regular file'
  run_split timeout 20 "$CTLSIGN" verify /dev/zero
  assert_failure 1
  assert_one_line_error '^ctlsign: /dev/zero: '
}

@test "a file that is larger than any list" {
  { cat "$K/good.tlv"; head -c 5000000 /dev/zero; } >huge.tlv
  rejected 1 'larger than' huge.tlv
}

@test "hostile file names are printed harmlessly" {
  echo junk >$'a\e[31m\nb.tlv'
  refused 1 '^ctlsign: a\\x1B\[31m\\x0Ab\.tlv: ' verify $'a\e[31m\nb.tlv'
  ctlsign verify --json $'a\e[31m\nb.tlv'
  assert_failure 1
  assert_equal "$(jq -r .file <<<"$output")" 'a\x1B[31m\x0Ab.tlv'
}
