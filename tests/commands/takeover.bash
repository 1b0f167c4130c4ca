# What the suites of a takeover share: a list of a small cluster, and what is there behind it.
#
# Load fixtures.bash first.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub sub
  borrow server "$K/capf" && cert_node "$K/capf" capf.lab
  whole_list sast1 "$K/CTLFile.tlv"
}

setup() {
  commands_setup
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
}

# whole_list KEY OUT: a list of a cluster with a publisher, CAPF and a subscriber, that KEY signs.
whole_list() {
  make_list "$1" "$2" --capf "$K/capf.pem,dns=pub.lab,ip=10.1.2.3" \
    --ccm-tftp "$K/sub.pem,dns=sub.lab,ip=10.1.2.4" --digest sha256
}

# What a takeover leaves in the folder, and nothing else.
all_there() {
  assert_only_files "${1-.}" CTLFile.tlv certificates ctlsign.conf state.db "${@:2}"
  assert_only_files "${1-.}/certificates" pub-callmanager.pem pub-capf.pem sub-callmanager.pem
  assert_same_file "${1-.}/CTLFile.tlv" "$K/CTLFile.tlv"
}

# The cluster's first look shows no difference to the CTL.
no_difference() {
  run_split "$CTLSIGN" status --json "$@"
  assert_success
}
