#!/usr/bin/env bats
# ctlsign sip-oauth.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load cluster

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup
}

@test "sip-oauth: disabled at first; nothing is made by looking" {
  ctlsign sip-oauth
  assert_success
  assert_output 'SIP OAuth mode is disabled.'
  ctlsign sip-oauth status
  assert_success
  assert_output 'SIP OAuth mode is disabled.'
  refute_file state.db
}

@test "sip-oauth enable: what opens, what to restart, and where" {
  ctlsign sip-oauth enable
  assert_success
  refute_stderr
  assert_line 'SIP OAuth mode is enabled.'
  assert_output --partial 'publisher (cucm-pub), and nowhere else'
  assert_output --partial 'TCP 5090, and 5091 for'
  assert_line 'Restart CallManager on all nodes that run it:'
  assert_line '  cucm-pub'
  assert_line '  cucm-sub1'
  ctlsign sip-oauth
  assert_output --partial 'is enabled: CallManager listens on TCP 5090, and on 5091'
  ctlsign sip-oauth status --json
  assert_json .enabled true
  assert_json .port 5090
  assert_json .mra_port 5091
}

@test "sip-oauth: twice changes nothing, and is no entry in the log" {
  ctlsign sip-oauth disable
  assert_success
  assert_output 'SIP OAuth mode is disabled already; nothing was changed.'
  ctlsign sip-oauth enable
  ctlsign sip-oauth enable --yes
  assert_success
  assert_output 'SIP OAuth mode is enabled already; nothing was changed.'
  ctlsign sip-oauth disable
  assert_success
  assert_line 'SIP OAuth mode is disabled.'
  ctlsign audit show --json
  assert_json '[.[].act] | join(",")' 'sip-oauth enable,sip-oauth disable'
}

@test "sip-oauth --dry-run changes nothing" {
  ctlsign sip-oauth enable --dry-run
  assert_success
  assert_line 'SIP OAuth mode would be enabled.'
  assert_line 'Dry run: nothing was changed.'
  refute_file state.db
}

@test "sip-oauth: the ports of ctlsign.conf" {
  cluster_conf 'ports { sip-oauth = 6090 sip-oauth-mra = 6091 }'
  ctlsign sip-oauth enable
  assert_success
  assert_output --partial 'TCP 6090, and 6091 for'
}

@test "sip-oauth: the CTL is not concerned" {
  first_ctl
  ctlsign sip-oauth enable
  assert_success
  ctlsign status
  assert_success
}

@test "sip-oauth: usage" {
  refused 2 "'on' is neither enable, nor disable, nor status" sip-oauth on
  refused 2 "unexpected argument 'now'" sip-oauth enable now
  refused 2 '--dry-run and --yes go with enable and disable' sip-oauth --yes
  refused 2 '--json goes with status' sip-oauth enable --json
}
