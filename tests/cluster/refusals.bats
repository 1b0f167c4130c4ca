#!/usr/bin/env bats
# Changes that are refused, and the way that works instead.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

GATE='Command cannot be executed because the Unified Communications Manager cluster is not registered to a Smart/Virtual Account with Allow export-controlled functionality.'
ALARM=ClusterModeSecurityFailedExportControlNotAllow

setup_file() {
  softhsm_require
  commands_setup_file
  # Two tokens' serial numbers begin with the same digits.
  CERT_SERIAL=4a219f0001 make_sasts sast1
  CERT_SERIAL=4a219f0002 make_sasts sast2
  CERT_SERIAL=5b00000003 make_sasts sast3
  make_certificates pub sub1 tftp2 asa1 capf itl
  # What is made anew: another key and number, the same name.
  cert_node "$K/pub2" pub
  cert_itl_recovery "$K/itl2" cucm-pub
  make_tokens 1 2 3
}

setup() {
  cluster_setup
}

# renew pub|itl: its certificate and key are the second ones.
renew() {
  cp "$K/${1}2.pem" "certs/$1.pem"
  cp "$K/${1}2.key" "certs/$1.key"
}

settings() { # RELEASE LINE...: an inventory with these at its top
  local release=$1
  shift
  SETTINGS=("$@")
  conf "$release"
}

alarms() {
  "$CTLSIGN" audit show --json | jq -c "[.[] | select(.what | contains(\"$ALARM\"))] | length"
}

# ---- export control -----------------------------------------------------------------------------

@test "without export-controlled functionality there is no mixed mode, and an alarm" {
  local kind
  settings '12.5(1)' 'export-controlled = no'
  for kind in --tokens --tokenless '--token SAST-1 --token SAST-2'; do
    # shellcheck disable=SC2086
    refused_change_yes 1 'export-controlled = yes' set-cluster mixed-mode $kind
    assert_stderr --partial "ctlsign: $GATE "
    assert_stderr --partial "$ALARM"
  done
  refute_file CTLFile.tlv
  assert_equal "$(alarms)" 3
  ctlsign audit verify
  assert_success
  # Nobody was asked for a key.
  assert_equal "$("$CTLSIGN" audit show --json | jq -r 'map(.signer) | unique | join(",")')" ''
}

@test "from 12.0 on it has to be said that it is allowed; before, that it is not" {
  settings '12.0(1)' 'expiry-days = 30'
  refused_change_yes 1 "$GATE" set-cluster mixed-mode --tokenless
  settings '11.5(1)' 'export-controlled = no'
  refused_change_yes 1 "$GATE" set-cluster mixed-mode --tokenless
  settings '11.5(1)' 'expiry-days = 30'
  change set-cluster mixed-mode --tokenless
}

@test "a dry run is refused as well, and leaves no alarm" {
  local before
  settings 14 'export-controlled = no'
  before=$(files_here)
  ctlsign set-cluster mixed-mode --tokenless --dry-run
  assert_failure 1
  assert_stderr --partial "$GATE"
  assert_equal "$(files_here)" "$before"
}

@test "a cluster that loses it: no update in mixed mode, but out of mixed mode and a reset of keys" {
  first_tokenless '12.5(1)'
  settings '12.5(1)' 'export-controlled = no'
  refused_change_yes 1 "$GATE" update
  assert_equal "$(alarms)" 1
  renew pub
  change reset-localkey
  change set-cluster non-secure-mode --phones-hold "$(current)"
  change update --phones-hold "$(current)"
  refused_change_yes 1 "$GATE" set-cluster mixed-mode
  refused_change_yes 1 "$GATE" rollback 1
  assert_equal "$(alarms)" 3
}

# ---- signers that phones do not know ------------------------------------------------------------

@test "10.5(2), tokens to tokenless: refused; 11.5(1), an update with a token, then tokenless" {
  first_by_tokens '10.5(2)'
  cp CTLFile.tlv 1.tlv
  refused_change_yes 4 \
    'generation 1: .*signed by CN=pub;.*the way that works: .*11\.5\(1\)' \
    set-cluster mixed-mode --tokenless
  sed -i 's/10.5(2)/11.5(1)/' ctlsign.conf
  ctlsign status
  assert_failure 6
  change update --token SAST-2
  cp CTLFile.tlv 2.tlv
  assert_equal "$(look 2.tlv)" "signer=2 sha1 CTLFile.tlv
$(sasts 1 2)
$(servers)
$(sasts pub itl)"
  follows 1.tlv 2.tlv
  refused_change_yes 4 'phones that still hold generation 1 would reject.*--phones-hold 2' \
    set-cluster mixed-mode --tokenless
  change set-cluster mixed-mode --tokenless --phones-hold 2
  follows 2.tlv CTLFile.tlv
  run "$CTLSIGN" verify --trust 1.tlv CTLFile.tlv
  assert_failure 3
  assert_equal "$(look CTLFile.tlv)" "$(printf 'signer=6 sha1 CTLFile.tlv\n'; servers; sasts pub itl)"
  assert_settled
}

@test "the signer by force: signed, and phones that hold the old list would not take it" {
  first_by_tokens '10.5(2)'
  cp CTLFile.tlv 1.tlv
  change set-cluster mixed-mode --tokenless --force-signer
  quietly verify CTLFile.tlv
  run "$CTLSIGN" verify --trust 1.tlv CTLFile.tlv
  assert_failure 3
  assert_settled
}

@test "all tokens lost: out of mixed mode without one" {
  first_by_tokens '12.5(1)'
  cp CTLFile.tlv 1.tlv
  change set-cluster non-secure-mode --tokenless
  follows 1.tlv CTLFile.tlv
  # A list of an older release does not know CallManager.
  rm -r state.db* CTLFile.tlv
  first_by_tokens '10.5(2)'
  refused_change_yes 4 'generation 1: .*CN=pub;.*--force-signer.*If all are lost' set-cluster non-secure-mode --tokenless
  change set-cluster non-secure-mode --tokenless --force-signer
  assert_settled
}

@test "tokenless to tokens: refused; trust add, an update, then tokens" {
  local n
  first_tokenless '12.5(1)'
  # With nothing but the two anchors in the list, before a module is loaded.
  refused_change_yes 4 'generation 1: the current CTL lists no token as SAST.*trust add' \
    set-cluster mixed-mode --tokens --module /nowhere.so
  for n in 1 2; do
    "$CTLSIGN" token export "SAST-$n" --module "$SOFTHSM_MODULE" -o "SAST-$n.pem"
    "$CTLSIGN" trust add "SAST-$n.pem" --yes
  done
  cp CTLFile.tlv 1.tlv
  change update
  cp CTLFile.tlv 2.tlv
  follows 1.tlv 2.tlv
  # Others than those that are trusted now are strangers still.
  refused_change_yes 4 "SAST-3.*no SAST of the current CTL \(generation 2\)" \
    set-cluster mixed-mode --token SAST-1 --token SAST-3 --tokens
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2 --phones-hold "$(current)"
  cp CTLFile.tlv 3.tlv
  follows 2.tlv 3.tlv
  independent 3.tlv
  assert_json .header.signer.name "CN=SAST2;OU=IPCBU;O=Lab;C=PL"
  assert_json '[.records[] | select(.role == "SAST") | .subject | split(";")[0]] | sort | join(" ")' \
    "CN=ITLRECOVERY_cucm-pub CN=SAST1 CN=SAST2 CN=pub"
  assert_settled
  # Tokens of the list from now on: one of them is enough.
  change update --token SAST-1 --phones-hold "$(current)"
  [[ $stderr != *missed* ]]
}

@test "tokenless to tokens with another cluster's certificate in the list" {
  first_tokenless '12.5(1)'
  "$CTLSIGN" trust add certs/tftp2.pem --yes
  change update
  refused_change_yes 4 "no SAST of the current CTL \(generation 2\).*trust add" \
    set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
}

@test "a new CallManager certificate: an update is refused, reset-localkey works" {
  first_tokenless '12.5(1)'
  cp CTLFile.tlv 1.tlv
  renew pub
  refused_change_yes 4 'signed by CN=pub;.*ctlsign reset-localkey' update
  change reset-localkey
  cp CTLFile.tlv 2.tlv
  follows 1.tlv 2.tlv
  assert_equal "$(look 2.tlv)" "$(printf 'signer=2 sha512 CTLFile.tlv\n'
    record SAST CN=pub cucm-pub 10.1.2.3 "$K/pub2.pem"
    sasts itl
    record CCM+TFTP CN=pub cucm-pub 10.1.2.3 "$K/pub2.pem"
    servers | tail -n +2)"
  # Phones know the new certificate now, but for those that missed this list.
  refused_change_yes 4 'phones that still hold generation 1 would reject.*--phones-hold 2' update
  change update --phones-hold 2
  follows 2.tlv CTLFile.tlv
  independent CTLFile.tlv
  assert_json .signer_record 1
  assert_settled
}

@test "a list that was taken back after servers had it: its phones have to know the next signer, too" {
  first_tokenless '12.5(1)'
  cp CTLFile.tlv 1.tlv
  renew pub
  NOW=$((NOW + 1))
  ctlsign reset-localkey --yes --timestamp "$NOW"
  assert_success
  # Carried to some server, and then thought better of.
  cp CTLFile.tlv 2.tlv
  ctlsign publish --back --yes
  assert_success
  assert_same_file CTLFile.tlv 1.tlv
  cp "$K/pub.pem" "$K/pub.key" certs
  refused_change_yes 4 'generation 2, which was taken back.*signed by CN=pub;.*generations 1 and 2 both list' \
    update
  ctlsign export 2 -o taken-back.tlv
  assert_success
  assert_same_file taken-back.tlv 2.tlv
  ctlsign history
  assert_line --regexp '^2 \(taken back\) '
  # ITLRecovery is in both.
  change update --sign-with certs/itl.key
  follows 1.tlv CTLFile.tlv
  follows 2.tlv CTLFile.tlv
  # From here on only the current list counts.
  change update --phones-hold "$(current)"
}

@test "the first list was taken back after servers had it: the next signer has to be one of it" {
  conf '12.5(1)'
  "$CTLSIGN" set-cluster mixed-mode --tokenless --yes --timestamp "$NOW"
  ctlsign publish --back --yes
  assert_success
  refute_file CTLFile.tlv
  ctlsign history
  assert_line --regexp '^1 \(taken back\) '
  renew pub
  refused_change_yes 4 'generation 1, which was taken back.*a SAST that generation 1 lists' \
    set-cluster mixed-mode --tokenless
  change set-cluster mixed-mode --tokenless --sign-with certs/itl.key
  assert_settled
}

@test "a new ITLRecovery certificate where ITLRecovery signs: the same the other way round" {
  settings '12.5(1)' 'export-controlled = yes' 'tokenless-signer = ITLRecovery'
  change set-cluster mixed-mode --tokenless
  cp CTLFile.tlv 1.tlv
  renew itl
  refused_change_yes 4 'CN=ITLRECOVERY_.*ctlsign reset-localkey' update
  change reset-localkey
  follows 1.tlv CTLFile.tlv
  independent CTLFile.tlv
  assert_json .signer_record 1
}

@test "reset-localkey where there is no other local key" {
  first_tokenless '10.5(1)'
  renew pub
  refused_change_yes 1 'release 10\.5\(1\) lists no second SAST' reset-localkey
  refused_change_yes 4 'signed by CN=pub;.*it is no SAST' update
  [[ $stderr != *reset-localkey* ]]
  rm -r state.db* CTLFile.tlv
  first_by_tokens '12.5(1)'
  refused_change_yes 1 'the CTL is signed by tokens.*ctlsign update' reset-localkey
}

# ---- anchors and tokens -------------------------------------------------------------------------

@test "both recovery anchors at once: refused, one after the other works" {
  local command
  first_tokenless '12.5(1)'
  renew pub
  renew itl
  for command in update reset-localkey 'set-cluster non-secure-mode' 'set-cluster mixed-mode'; do
    # shellcheck disable=SC2086
    refused_change_yes 4 'both recovery anchors.*put the old certificate of one of them back' $command
  done
  cp "$K/itl.pem" "$K/itl.key" certs
  change reset-localkey
  renew itl
  cp CTLFile.tlv 2.tlv
  change update --phones-hold "$(current)"
  follows 2.tlv CTLFile.tlv
}

@test "both recovery anchors at once in a CTL of tokens, too; by force it goes" {
  first_by_tokens '11.5(1)'
  cp CTLFile.tlv 1.tlv
  renew pub
  renew itl
  refused_change_yes 4 'both recovery anchors' update --token SAST-1
  change update --token SAST-1 --force-signer
  follows 1.tlv CTLFile.tlv
}

@test "10.5(2): nobody removes a token so that one is left" {
  first_by_tokens '10.5(2)'
  refused_change_yes 4 'fewer than two SAST entries.*--add-token' \
    update --remove-token 4a219f0001 --token SAST-2
  # In one step with a new one it goes.
  cp CTLFile.tlv 1.tlv
  change update --add-token --remove-token 4A:21:9F:00:01 --token SAST-3 --token SAST-2
  follows 1.tlv CTLFile.tlv
  assert_equal "$(look CTLFile.tlv | grep -v '^signer')" "$(sasts 2; servers; sasts 3)"
  ctlsign history --json
  assert_json '.[-1].reason' 'update --add-token --remove-token 4A:21:9F:00:01'
}

@test "the token that signs cannot be removed, nor sign as a stranger" {
  first_by_tokens '11.5(1)'
  change update --add-token --token SAST-3 --token SAST-2
  refused_change_yes 4 "token 'SAST-1' .*is the one that is to be removed" \
    update --remove-token 4a219f0001 --token SAST-1
  change update --remove-token 4a219f0001 --token SAST-3 --phones-hold "$(current)"
  assert_equal "$(look CTLFile.tlv | grep -c '^SAST')" 4
  # The one that was removed is a stranger now.
  refused_change_yes 4 "SAST-1.*no SAST of" update --token SAST-1
  # By its key, too.
  refused_change_yes 5 '' update --sign-with pkcs11:token=SAST-1
}

@test "serial numbers of tokens: unknown, of two tokens, too short, no number" {
  first_by_tokens '12.5(1)'
  refused_change_yes 5 'no token with serial 77777777; it lists: 4A:21:9F:00:01 .*4A:21:9F:00:02' \
    update --remove-token 77777777 --token SAST-1
  refused_change_yes 5 '2 tokens of the current CTL begin with serial 4a219f' \
    update --remove-token 4a219f --token SAST-1
  refused_change_yes 5 'no token with serial 4a2;' update --remove-token 4a2 --token SAST-1
  refused_change_yes 2 'in hexadecimal' update --remove-token SAST-1 --token SAST-2
  refused_change_yes 2 'in hexadecimal' update --remove-token '' --token SAST-2
}

@test "a token that is there already cannot be added; none at all to a tokenless CTL" {
  first_by_tokens '12.5(1)'
  refused_change_yes 1 'none was added' update --add-token --token SAST-1 --token SAST-2
  rm -r state.db* CTLFile.tlv
  first_tokenless '12.5(1)'
  refused_change_yes 2 'tokenless, so no token can be added' \
    update --add-token --token SAST-1 --token SAST-2
  refused_change_yes 2 'tokenless, so no token can be added or removed' update --remove-token 4a219f0001
}

@test "a first CTL of tokens needs two, and different ones" {
  conf '12.5(1)'
  refused_change_yes 5 '' set-cluster mixed-mode --tokens --token SAST-1
  refused_change_yes 5 "SAST-1.*has been added already" \
    set-cluster mixed-mode --tokens --token SAST-1 --token SAST-1
  refused_change_yes 2 '--tokens or --tokenless' set-cluster mixed-mode
  refute_file CTLFile.tlv
}
