#!/usr/bin/env bats
# The largest cluster that there can be: 28 nodes, 60 certificates.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  commands_setup_file
  mkdir "$BATS_FILE_TMPDIR/largest"
  "$PYTHON" "$SRCDIR/tests/bench/largest_cluster.py" "$BATS_FILE_TMPDIR/largest"
}

setup() {
  commands_setup
  cp "$BATS_FILE_TMPDIR"/largest/* .
}

@test "its CTL fits phones, is taken over whole, and neither has drifted" {
  assert_equal "$(find . -name '*.pem' | wc -l)" 60
  ctlsign set-cluster mixed-mode --tokenless --yes
  assert_success
  carried
  independent CTLFile.tlv
  # Media servers stand in no CTL.
  assert_equal "$(jq '.records | length' <<<"$output")" 52
  [[ $(stat -c %s CTLFile.tlv) -le 65536 ]]
  ctlsign status
  assert_success
  mkdir taken
  ctlsign init --from CTLFile.tlv --config taken/ctlsign.conf --release '12.5(1)'
  assert_success
  cmp CTLFile.tlv taken/CTLFile.tlv
  ctlsign status --config taken/ctlsign.conf
  assert_success
  assert_output --partial "No update is due."
}

@test "one node more is refused with its line" {
  printf '%s\n' 'subscriber one-more {' '  address = "10.1.9.9"' '  certificate = "capf.pem"' '}' \
    >>ctlsign.conf
  refused 1 'ctlsign.conf: line [0-9]+: .*16 subscribers' status
}
