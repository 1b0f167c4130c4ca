#!/usr/bin/env bats
# ctlsign migrate next, killed at any moment: migrate status knows where it stands, and it goes on.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load ../cluster/fixture

setup_file() {
  commands_setup_file
  make_certificates pub pub.new itl other
}

setup() {
  cluster_setup
}

# A cluster with one server that is a folder, just before the only step of a migration that also
# changes Phone-SAST-trust.
before_the_step() {
  mkdir at-pub
  cat >ctlsign.conf <<CONF
cluster = "lab"
release = "12.5(1)"
export-controlled = yes
publisher cucm-pub {
  address = "10.1.2.3"
  certificate = "certs/pub.pem"
  deliver = {"at-pub"}
}
itlrecovery {
  certificate = "certs/itl.pem"
  key = "certs/itl.key"
}
callmanager {
  key = "certs/pub.key"
}
CONF
  ctlsign set-cluster mixed-mode --tokenless --yes --timestamp 1700000001
  assert_success
  ctlsign migrate join-cluster "$K/other.pem" --yes
  assert_success
  tar -cf "$BATS_TEST_TMPDIR/before.tar" .
}

again() {
  find . -mindepth 1 -delete
  tar -xf "$BATS_TEST_TMPDIR/before.tar"
}

step() {
  "$CTLSIGN" migrate next --yes --timestamp 1700000002 >/dev/null 2>&1 3>&-
}

# It is where status says, and goes to the same end from there.
goes_on() {
  ctlsign migrate status
  [[ $status -eq 0 || $status -eq 6 ]] || { show_run; fail "migrate status fails"; }
  ctlsign audit verify
  assert_success || return
  cmp -s at-pub/CTLFile.tlv old.tlv || cmp -s at-pub/CTLFile.tlv new.tlv || fail "a third list is served"
  for _ in 1 2 3 4; do
    ctlsign migrate next --yes --timestamp 1700000002
    [[ $status -ne 0 && $stderr == *"publish"* ]] && ctlsign publish
    ctlsign migrate status --json
    [[ $(jq -r '.place // "none"' <<<"$output") == none ]] && break
  done
  cmp at-pub/CTLFile.tlv new.tlv
  cmp CTLFile.tlv new.tlv
  ctlsign trust list --json
  assert_json length 1 || return
  ctlsign status
  assert_success
}

@test "migrate next is killed at any moment, 30 times" {
  local start took ms
  before_the_step
  cp at-pub/CTLFile.tlv "$BATS_TEST_TMPDIR/old.tlv"
  start=$(date +%s%N)
  step
  took=$((($(date +%s%N) - start) / 1000000))
  cp at-pub/CTLFile.tlv "$BATS_TEST_TMPDIR/new.tlv"
  run -1 cmp "$BATS_TEST_TMPDIR/old.tlv" "$BATS_TEST_TMPDIR/new.tlv"
  for i in $(seq 30); do
    again
    cp "$BATS_TEST_TMPDIR"/{old,new}.tlv .
    ms=$((i * (took + 5) / 30))
    echo "# killed after $ms ms of $took"
    timeout -s KILL "$(printf '0.%03d' "$((ms > 999 ? 999 : ms))")" \
      "$CTLSIGN" migrate next --yes --timestamp 1700000002 >/dev/null 2>&1 3>&- || true
    goes_on
  done
}
