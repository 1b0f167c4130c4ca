#!/usr/bin/env bats
# ctlsign status: what is shown of the CTL in use, and every kind of verdict.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154,SC2030,SC2031  # set by bats' run; a subshell a test

load fixtures
load cluster

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup
}

@test "status: before the first CTL it says what to run, and that is no failure" {
  ctlsign status
  assert_success
  refute_stderr
  assert_line --regexp '^Cluster +lab$'
  assert_line --regexp '^Release +12\.5\(1\)$'
  assert_output --partial 'No CTL yet.'
  assert_line '  ctlsign set-cluster mixed-mode --tokens'
  assert_line '  ctlsign set-cluster mixed-mode --tokenless'
  refute_file state.db CTLFile.tlv
}

@test "status --json: before the first CTL" {
  ctlsign status --json
  assert_success
  assert_json .cluster lab
  assert_json .generation null
  assert_json .signing null
  assert_json .mode non-secure
  assert_json .update_due false
  assert_json '.items | length' 0
  assert_json .pending null
}

@test "status: a new CTL: mode, signer, hashes as md5sum and sha1sum say, no update" {
  first_ctl
  ctlsign status
  assert_success
  refute_stderr
  assert_line --regexp '^Mode +mixed$'
  assert_line --regexp '^Signing +tokenless$'
  assert_line --regexp '^Signed by +.*callmanager\.key'
  assert_line --regexp '^Generation +1, 20[0-9-]+ [0-9:]+ UTC$'
  assert_line --regexp '^Digest +SHA-512$'
  assert_line --regexp "^MD5 +$(md5sum <CTLFile.tlv | cut -d ' ' -f 1)\$"
  assert_line --regexp "^SHA-1 +$(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)\$"
  assert_line --regexp '^CTL file +(\./)?CTLFile\.tlv$'
  assert_line 'No update is due.'
}

@test "status: changes nothing" {
  first_ctl
  local before
  before=$(sha256sum CTLFile.tlv ctlsign.conf)
  ctlsign history --json
  local history=$output
  ctlsign status
  assert_success
  assert_equal "$(sha256sum CTLFile.tlv ctlsign.conf)" "$before"
  ctlsign history --json
  assert_output "$history"
}

@test "status: a new CallManager certificate is named, with its serial, and the exit code is 6" {
  first_ctl
  new_certificate sub1 4a210c0d
  ctlsign status
  assert_failure 6
  refute_stderr
  assert_line 'AN UPDATE IS DUE, for 1 reason:'
  assert_line --regexp '^  .*cucm-sub1.*4A:21:0C:0D'
  assert_line --regexp '^    do: .*ctlsign update|^    do: .*[Uu]pdate'
  refute_line 'No update is due.'
}

@test "status --json: the reasons, updates first" {
  first_ctl
  new_certificate sub1 4a210c0d
  ctlsign status --json --expiry-days 3650
  assert_failure 6
  refute_stderr
  assert_json .update_due true
  assert_json .mode mixed
  assert_json .signing tokenless
  assert_json .generation.number 1
  assert_json .generation.sha1 "$(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_json .generation.digest SHA-512
  assert_json '.items[0].kind' update
  assert_json '.items[0].code' callmanager-certificate
  assert_json '.items[0].name' cucm-sub1
  assert_json '[.items[] | select(.kind == "update")] | length' 1
  assert_json '[.items[] | select(.code == "expires")] | length > 0' true
}

@test "status: a server that was removed from and one that was added to the inventory" {
  first_ctl
  sed -i 's/cucm-sub1/cucm-sub7/; s/10\.1\.2\.4/10.1.2.7/' ctlsign.conf
  cp certs/pub.pem certs/sub1.pem # not the certificate that a mere change of name would keep
  new_certificate sub1
  ctlsign status --json
  assert_failure 6
  assert_json '[.items[].code] | sort | join(" ")' 'server-added server-removed'
}

@test "status --expiry-days: warnings alone leave the exit code 0" {
  first_ctl
  ctlsign status --expiry-days 3650
  assert_success
  assert_line 'No update is due.'
  assert_line --regexp '^[0-9]+ warnings?:$'
  ctlsign status --expiry-days 0
  assert_success
  refute_line --regexp 'warnings?:$'
}

@test "status: after the update nothing is due" {
  first_ctl
  new_certificate sub1
  next_ctl
  ctlsign status
  assert_success
  assert_line --regexp '^Generation +2, '
  assert_line 'No update is due.'
}

@test "status: a CTL file that is gone, or another one" {
  first_ctl
  cp CTLFile.tlv kept
  rm CTLFile.tlv
  ctlsign status --json
  assert_failure 6
  assert_json '.items[0].code' data-restored
  cp certs/pub.pem CTLFile.tlv
  ctlsign status --json
  assert_failure 6
  assert_json '.items[0].code' data-restored
  cp kept CTLFile.tlv
  ctlsign status
  assert_success
}

@test "status: a generation that is not finished is told" {
  first_ctl
  state_sql "update generation set state = 0, ended = null where number = 1"
  ctlsign status
  assert_success
  assert_stderr --partial 'generation 1 is being made, or the run that made it was killed'
}

@test "status: colours on a terminal only, and not with NO_COLOR" {
  command -v script >/dev/null || skip "script is not installed"
  first_ctl
  ctlsign status
  refute_output --partial $'\e'
  script -qec "TERM=xterm $CTLSIGN status" /dev/null >coloured </dev/null
  grep -q $'\e\\[32mNo update is due' coloured
  script -qec "NO_COLOR=1 TERM=xterm $CTLSIGN status" /dev/null >plain </dev/null
  run ! grep -q $'\e' plain
  grep -q 'No update is due' plain
}

@test "status: the inventory by --config, by CTLSIGN_CONFIG, here; and none" {
  local here=$PWD
  mkdir elsewhere
  cd elsewhere
  ctlsign status --config "$here/ctlsign.conf"
  assert_success
  CTLSIGN_CONFIG=$here/ctlsign.conf ctlsign status
  assert_success
  assert_line --regexp '^Cluster +lab$'
  CTLSIGN_CONFIG=$here/none.conf ctlsign status
  assert_failure 1
  assert_one_line_error 'none\.conf'
}

@test "status: a certificate that cannot be read is named with its place in ctlsign.conf" {
  first_ctl
  rm certs/sub1.pem
  refused 1 'ctlsign\.conf: line 13: .*sub1\.pem' status
}

@test "status: usage" {
  refused 2 "unexpected argument 'now'" status now
  refused 2 '--expiry-days takes 0 to 3650' status --expiry-days soon
  refused 2 '--expiry-days takes 0 to 3650' status --expiry-days 3651
  refused 2 '--config is given twice|--config' status --config a --config b
}
