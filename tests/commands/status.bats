#!/usr/bin/env bats
# ctlsign status: what is shown of the CTL in use, and every kind of verdict.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154,SC2030,SC2031  # set by bats' run; a subshell a test

load fixtures
load cluster
load ../lib/tty

setup_file() {
  commands_setup_file
  cluster_setup_file
}

teardown() {
  tty_stop
}

setup() {
  cluster_setup
}

# assert_last_error REGEXP: one line on stderr that matches, beside what stdout has.
assert_last_error() {
  assert_equal "$(wc -l <<<"$stderr")" 1
  [[ $stderr =~ ^ctlsign:\ $1 ]] || fail "$stderr"
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
  assert_json '.sasts | length' 0
  assert_json '.tokens | length' 0
}

@test "status: before the first CTL the inventory is examined" {
  sed -i '/^export-controlled/d' ctlsign.conf
  ctlsign status
  assert_success
  assert_output --partial 'No CTL yet.'
  assert_line '1 warning:'
  assert_line '  export-controlled is no: set-cluster mixed-mode will be refused'
  assert_line --regexp '^    do: .*set export-controlled = yes in ctlsign.conf$'
  ctlsign status --json
  assert_success
  assert_json '.items[0].code' export-control
  assert_json .update_due false
  sed -i '/capf-certificate/d' ctlsign.conf
  ctlsign status
  assert_failure 1
  assert_last_error 'ctlsign\.conf: line [0-9]+: CAPF runs on publisher'
  refute_output --partial 'No CTL yet.'
  rm certs/sub1.pem
  ctlsign status
  assert_failure 1
  assert_last_error 'ctlsign\.conf: line [0-9]+: .*sub1\.pem'
}

@test "status: a CTL file without its history is no new cluster" {
  first_ctl
  rm state.db
  ctlsign status
  assert_failure 1
  assert_last_error 'CTLFile\.tlv is here, but its history \(state\.db\) is not; restore state\.db from a backup.*ctlsign init --from CTLFile\.tlv$'
  refute_output --partial 'No CTL yet'
  ctlsign status --json
  assert_failure 1
  assert_json .update_due null
  assert_json .mode null
  # A state that somebody began anew.
  ctlsign trust add "$K/capf.pem" --yes
  assert_success
  ctlsign status
  assert_failure 1
  assert_last_error 'CTLFile\.tlv is here, and its history \(state\.db\) does not know it; '
}

@test "status: the usual signer's new certificate: the way that phones take, and it works" {
  first_ctl
  new_certificate pub
  cp "$BATS_TEST_TMPDIR/new-pub.key" certs/callmanager.key
  ctlsign status
  assert_failure 6
  assert_line --regexp '^  CallManager certificate of cucm-pub is new'
  assert_line '    do: run ctlsign reset-localkey, which signs with the other SAST; when all phones have that CTL: ctlsign update'
  refute_output --partial 'do: ctlsign update'
  ctlsign update --yes
  assert_failure 4
  assert_stderr --partial reset-localkey
  ctlsign reset-localkey --yes
  assert_success
  carried
  next_ctl --phones-hold 2
  ctlsign status
  assert_success
}

@test "status: tokens are listed with the serial number that --remove-token takes" {
  softhsm_require
  make_sasts sast1 sast2
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  local n pins=()
  for n in 1 2; do
    softhsm_token "SAST-$n" 1234
    softhsm_import "SAST-$n" 01 "$K/sast$n"
  done
  (umask 077 && echo 1234 >"$BATS_TEST_TMPDIR/pin")
  pins=(--module "$SOFTHSM_MODULE" --pin-file "$BATS_TEST_TMPDIR/pin")
  ctlsign set-cluster mixed-mode --token SAST-1 --token SAST-2 --yes "${pins[@]}"
  assert_success
  carried
  local serial1 serial2
  serial1=$(openssl x509 -in "$K/sast1.pem" -noout -serial | cut -d = -f 2 | tr A-F a-f)
  serial2=$(openssl x509 -in "$K/sast2.pem" -noout -serial | cut -d = -f 2 | tr A-F a-f)
  ctlsign status
  assert_success
  assert_line --regexp '^SASTs +4$'
  assert_line --regexp "^token +$serial1 +CN=SAST1;"
  assert_line --regexp "^token \\(signer\\) +$serial2 +CN=SAST2;"
  ctlsign status --json
  assert_json '.sasts | length' 4
  assert_json '[.sasts[].kind] | sort | join(" ")' 'callmanager itlrecovery token token'
  assert_json '.tokens | length' 2
  assert_json '.tokens[0].serial' "$serial1"
  assert_json '.tokens[0].signer' false
  assert_json '.tokens[1].serial' "$serial2"
  assert_json '.tokens[1].signer' true
  assert_json '.tokens[1].subject | startswith("CN=SAST2;")' true
  ctlsign update --remove-token "$serial1" --token SAST-2 --yes "${pins[@]}"
  assert_success
  carried
  ctlsign status --json
  assert_json '.tokens | length' 1
  assert_json '.items[0].code' few-tokens
}

@test "status: between the new file and the end of its run, the file is not a strange one" {
  first_ctl
  new_certificate sub1
  next_ctl
  ctlsign status
  assert_success
  state_sql "update generation set state = 0, ended = null where number = 2"
  ctlsign status
  assert_failure 6
  assert_line 'GENERATION 2 IS BEING MADE, or the run that made it was killed.'
  ctlsign status --json
  assert_failure 6
  assert_json .generation.number 1
  assert_json .pending 2
  assert_json .publishing none
  assert_json '[.items[].code] | join(" ")' callmanager-certificate
  cp certs/pub.pem CTLFile.tlv
  ctlsign status --json
  assert_failure 6
  assert_json '[.items[].code] | join(" ")' 'callmanager-certificate data-restored'
}

@test "status: what is signed and not published is told, with the way on" {
  first_ctl
  new_certificate sub1
  ctlsign update --yes --no-publish
  assert_success
  assert_line '  ctlsign publish'
  ctlsign status --json
  assert_failure 6
  assert_json .generation.number 1
  assert_json .pending 2
  assert_json .publishing signed
  ctlsign status
  assert_failure 6
  assert_line 'GENERATION 2 IS SIGNED, AND NOT PUBLISHED.'
  assert_line '  deliver it:       ctlsign publish'
  ctlsign history
  assert_line --regexp '^1 \(current\) '
  assert_line --regexp '^2 \(not published\) '
  carried
  ctlsign status
  assert_success
}

@test "status: lines fit the terminal" {
  tty_require
  first_ctl
  new_certificate pub
  TTY_COLUMNS=72 tty_start "$CTLSIGN" status
  tty_finish
  assert_failure 6
  assert_line '    do: run ctlsign reset-localkey, which signs with the other SAST;'
  assert_line --regexp '^CallManager \(signer\) .*\.\.\.$'
  run awk 'length > 72' <<<"$output"
  refute_output
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
  assert_line --regexp '^SASTs +2$'
  assert_line --regexp '^CallManager \(signer\) +[0-9a-f]+ +CN=pub'
  assert_line --regexp '^ITLRecovery +[0-9a-f]+ +CN=ITLRECOVERY_cucm-pub'
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
  assert_line --regexp '^    do: ctlsign update, then restart TFTP, CallManager and CTIManager'
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
  assert_failure 6
  assert_line 'GENERATION 1 IS BEING MADE, or the run that made it was killed.'
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

@test "status: a certificate that cannot be read hides nothing, and is named with its place" {
  first_ctl
  rm certs/sub1.pem
  ctlsign status
  assert_failure 1
  assert_last_error 'ctlsign\.conf: line 13: .*sub1\.pem'
  assert_line --regexp '^Mode +mixed$'
  assert_line --regexp "^SHA-1 +$(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)\$"
  refute_output --partial 'No update is due'
  refute_output --partial 'UPDATE IS DUE'
  ctlsign status --json
  assert_failure 1
  assert_json .generation.number 1
  assert_json .update_due null
}

@test "status: usage" {
  refused 2 "unexpected argument 'now'" status now
  refused 2 '--expiry-days takes 0 to 3650' status --expiry-days soon
  refused 2 '--expiry-days takes 0 to 3650' status --expiry-days 3651
  refused 2 '--config is given twice|--config' status --config a --config b
}
