#!/usr/bin/env bats
# Mangled lists at the command line: cut short, or with a bit flipped.  A clear refusal or a read,
# never a crash, a hang or a report of a sanitizer.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixture

setup_file() {
  local write=(/usr/bin/python3 "$CTLSIGN_SRCDIR/tests/independent/ctlwrite.py" --timestamp 1700000000)
  [[ -z ${CTLSIGN_PYTHON-} ]] || write[0]=$CTLSIGN_PYTHON
  export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
  cd "$BATS_FILE_TMPDIR" || return
  cert_make a 2048 /O=Lab/CN=SAST-1
  cert_make b 2048 /O=Lab/CN=SAST-2
  cert_node node node.lab
  cert_node ec ec.lab p256
  "$CTLSIGN" build -o cucm.tlv --sign-with a.key --sast a.pem --sast b.pem \
    --ccm-tftp node.pem,dns=node.lab,ip=10.1.2.3 --tftp ec.pem,dns=ec.lab,ip=2001:db8::1 \
    --signer-version 1.1 --timestamp 1700000000
  "${write[@]}" --dialect community --key a.key --out community.tlv --record SAST a.pem \
    --record SAST b.pem --record CCM+TFTP node.pem dns=node.lab ip=10.1.2.3
  "${write[@]}" --dialect windows --key a.key --out windows.tlv \
    --record SAST a.pem 'subject=cn="SAST-1   ";o=Lab' 'issuer=cn="SAST-1   ";o=Lab' \
    --record SAST b.pem --record CCM+TFTP node.pem ip=10.1.2.3 extra=40:beef
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  mkdir mangled
}

# mangle SAMPLE cut|flip SEED
mangle() {
  [[ -s $BATS_FILE_TMPDIR/$1.tlv ]] || fail "no sample" || return
  "$CTLSIGN" verify "$BATS_FILE_TMPDIR/$1.tlv" || fail "the sample does not verify" || return
  run python3 "$CTLSIGN_SRCDIR/tests/faults/mangle.py" "$CTLSIGN" "$BATS_FILE_TMPDIR/$1.tlv" mangled \
    "$2" "$3" 200
  assert_success
  assert_output --partial '200 files'
}

@test "a list of this program, cut short" {
  mangle cucm cut 1
  assert_output '200 files, 0 of them could be read, 0 findings'
}

@test "a list of this program, bits flipped" {
  mangle cucm flip 2
  # Most flips are in values: then the list can be read, and does not verify.
  refute_output --partial ' 0 of them could be read'
}

@test "a list of the community's tool, cut short" {
  mangle community cut 3
}

@test "a list of the community's tool, bits flipped" {
  mangle community flip 4
}

@test "a list of the Windows client, cut short" {
  mangle windows cut 5
}

@test "a list of the Windows client, bits flipped" {
  mangle windows flip 6
}

@test "files that are no list at all" {
  local file
  : >empty
  head -c 4096 /dev/zero >zeros
  head -c 4096 /dev/zero | tr '\0' '\377' >ones
  printf '%s\n' 'CTL File' >text
  cp "$BATS_FILE_TMPDIR/a.der" certificate
  head -c 3000000 /dev/zero >huge
  cat "$BATS_FILE_TMPDIR/cucm.tlv" "$BATS_FILE_TMPDIR/cucm.tlv" >twice
  mkdir folder
  mkfifo fifo
  for file in empty zeros ones text certificate huge twice folder fifo missing /dev/null; do
    for command in show lint 'diff %' 'verify --trust %'; do
      # shellcheck disable=SC2086
      run_split timeout 10 "$CTLSIGN" ${command/\%/"$BATS_FILE_TMPDIR/cucm.tlv"} "$file"
      assert_failure 1 || fail "$command $file"
      [[ $stderr == "ctlsign: "* && $stderr != *[[:cntrl:]]* ]] || fail "$command $file: $stderr"
    done
  done
}
