#!/usr/bin/env bats
# Two hundred simulated phones on loopback go with a cluster from tokens to tokenless signing, to a
# new CallManager certificate, and back to new tokens, and none is lost.  Then one careless step locks
# out exactly those that were predicted.
#
# The phones fetch by TFTP from a real tftpd, verify real signatures, and decide by the independent
# reading of the rules.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # output and stderr are set by bats' run

load ../cluster/fixture
load ../lib/tftpd

PHONES=200

setup_file() {
  commands_setup_file || return
  command -v jq >/dev/null || skip "jq is not installed"
  "$PYTHON" -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
  softhsm_require
  tftpd_require
  make_certificates pub pub2 capf itl
  make_sasts sast1 sast2 sast3 sast4
  make_tokens 1 2 3 4
}

setup() {
  cluster_setup
  service_setup "$BATS_TEST_TMPDIR/services"
  mkdir "$SERVICES/tftp"
  tftpd_start tftpd "$SERVICES/tftp"
  LATE=0
  fleet create "$PHONES"
  fleet_conf "10.5(2)"
}

teardown() {
  service_teardown
}

fleet_conf() { # RELEASE
  cat >ctlsign.conf <<CONF
cluster = "lab"
release = "$1"
digest = sha1
export-controlled = yes
modules = {"$SOFTHSM_MODULE"}
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, CAPF, TVS}
  certificate = "certs/pub.pem"
  capf-certificate = "certs/capf.pem"
  deliver = {"$SERVICES/tftp"}
  verify = {"$(tftpd_url tftpd)"}
}
itlrecovery {
  certificate = "certs/itl.pem"
  key = "certs/itl.key"
}
callmanager { key = "certs/pub.key" }
CONF
}

fleet() {
  "$PYTHON" "$SRCDIR/tests/migrate/fleet.py" "$BATS_TEST_TMPDIR/fleet" "$@"
}

# phones_fetch [OPTION...]: sets OUTCOMES, as "away 40 sast 160".
phones_fetch() {
  OUTCOMES=$(fleet fetch --port "$TFTPD_PORT" "${BEFORE[@]}" "$@" | paste -sd ' ')
}

# import_phones: what the site's tools say of them.
import_phones() {
  # What was made in the second in which phones were seen might be younger.
  sleep 1.1
  fleet csv >phones.csv
  ctlsign phones import phones.csv --replace --seen "$(date +%s)"
  assert_success
}

assert_nobody_lost() {
  assert_equal "$(fleet locked-out)" ""
}

# assert_all_hold FILE
assert_all_hold() {
  assert_equal "$(fleet holding "$1" | wc -l)" "$PHONES"
}

# What stands in the phones and in the program's picture of them is the same.
assert_seen() {
  local n
  n=$(fleet holding CTLFile.tlv | wc -l)
  ctlsign phones show --json --holds "$(generation)"
  assert_success
  assert_json length "$n"
}

generation() {
  "$CTLSIGN" history --json | jq '.[] | select(.current).number'
}

# spread: the CTL is on the servers, and the phones get it: first without those that are away, then
# with them.
spread() {
  local every=5
  phones_fetch --late "$((LATE % every))/$every"
  [[ $OUTCOMES == "away 40 "* ]] || fail "$OUTCOMES"
  LATE=$((LATE + 1))
  assert_nobody_lost
  import_phones
  assert_seen
}

latecomers() {
  phones_fetch
  assert_nobody_lost
  assert_all_hold CTLFile.tlv
  import_phones
  assert_seen
  BEFORE=(--servers "$BATS_TEST_TMPDIR/before.tlv")
  cp CTLFile.tlv "$BATS_TEST_TMPDIR/before.tlv"
}

migration() { # JQ
  "$CTLSIGN" migrate status --json | jq -r "$1"
}

next_step() { # ARG...
  NOW=$((NOW + 1))
  ctlsign migrate next --yes --timestamp "$NOW" "${PIN_FILE[@]}" "$@"
}

# run_migration WANTED-STEPS: what was begun, to its end.  A step waits while phones are away.
run_migration() {
  local steps step title
  local -a by
  steps=$(migration '.steps | length')
  assert_equal "$steps" "$1" || return
  for ((step = 1; step <= steps; step++)); do
    assert_equal "$(migration .next)" "$step" || return
    title=$(migration ".steps[$step - 1].title")
    by=()
    [[ ! $title =~ signed\ by\ [a-z\ ]*token ]] || by=("${TOKEN[@]}")
    printf '# step %s of %s: %s\n' "$step" "$steps" "$title" >&3
    next_step "${by[@]}"
    assert_success || return
    spread || return
    if ((step < steps)); then
      # The next one waits for those that are away.
      generations=$(generations_and_file)
      next_step
      assert_failure 4 || return
      [[ $stderr == *waits* ]] || { show_run; fail "it does not say that it waits"; } || return
      assert_equal "$(generations_and_file)" "$generations" || return
    fi
    latecomers || return
  done
  assert_equal "$(migration .migration)" null
  quietly_settled
}

quietly_settled() {
  ctlsign status
  assert_success
  ctlsign audit verify
  assert_success
}

# sasts_are NAME...: of the CTL, in any order, by the independent reader.
sasts_are() {
  local wanted
  independent CTLFile.tlv
  wanted=$(for name; do fingerprint "$K/$name.pem"; done | sort)
  assert_equal "$(jq -r '.records[] | select(.role == "SAST") | .certificate.sha256[0:16]' \
    <<<"$output" | sort)" "$wanted"
}

signed_by() { # NAME
  independent CTLFile.tlv
  assert_equal "$(jq -r '.records[.signer_record - 1].certificate.sha256[0:16]' <<<"$output")" \
    "$(fingerprint "$K/$1.pem")"
}

@test "the phones are no yes-men, and ask for their own file first" {
  local first size
  BEFORE=()
  change set-cluster mixed-mode --token SAST-1 --token SAST-2
  phones_fetch
  assert_equal "$OUTCOMES" "first $PHONES"
  phones_fetch
  assert_equal "$OUTCOMES" "unchanged $PHONES"
  # One bit of the last record.
  size=$(stat -c %s CTLFile.tlv)
  patch_byte "$SERVICES/tftp/CTLFile.tlv" "$((size - 1))"
  first=$(fleet holding CTLFile.tlv | head -n 1)
  cp CTLFile.tlv "$SERVICES/tftp/CTL$first.tlv"
  phones_fetch
  assert_equal "$OUTCOMES" "rejected $((PHONES - 1)) unchanged 1"
  assert_all_hold CTLFile.tlv
  # A whole list, by a stranger, whom nobody vouches for.
  rm "$SERVICES/tftp/CTL$first.tlv"
  write_list cucm sast3 "$SERVICES/tftp/CTLFile.tlv" --record SAST "$K/sast3.pem" \
    --record SAST "$K/sast1.pem"
  phones_fetch
  assert_equal "$OUTCOMES" "rejected $PHONES"
  assert_all_hold CTLFile.tlv
}

@test "200 phones: tokens, bridge, tokenless, new CallManager, new tokens; none is lost" {
  BEFORE=()
  OLD_CONF=$PWD/ctlsign.conf

  # Tokens, at a release that lists no anchors.
  change set-cluster mixed-mode --token SAST-1 --token SAST-2
  sasts_are sast1 sast2
  spread
  [[ $OUTCOMES == "away 40 first 160" ]] || fail "$OUTCOMES"
  latecomers

  # To tokenless, after an upgrade.
  fleet_conf "12.5(1)"
  TOKEN=(--token SAST-2) # the last one that was given has signed, and goes on
  ctlsign migrate tokenless --signer ITLRecovery --yes
  assert_success
  run_migration 2
  signed_by itl
  sasts_are pub itl

  # A new CallManager certificate.
  TOKEN=()
  ctlsign migrate rotate --callmanager certs/pub2.pem --yes
  assert_success
  # Nothing is signed before the service has it.
  next_step
  assert_failure
  cp certs/pub2.pem certs/pub.pem
  cp certs/pub2.key certs/pub.key
  run_migration "$(migration '.steps | length')"
  sasts_are pub2 itl

  # Back to tokens, which are new.
  TOKEN=(--token SAST-3)
  ctlsign migrate tokens --new-token "$K/sast3.pem" --new-token "$K/sast4.pem" --yes
  assert_success
  run_migration 2
  signed_by sast3
  sasts_are sast3 sast4 pub2 itl

  careless
}

# Somebody goes back to the bridge, whose tokens no phone knows any more.  TVS vouches for them:
# phones that ask nobody, or cannot ask, are lost.
careless() {
  local predicted n generations
  ctlsign trust add "$K/sast2.pem" --yes
  assert_success
  # A look at it beforehand.
  ctlsign phones check --signer "$K/sast2.pem" --list visit.csv
  assert_failure 4
  predicted=$(names_in visit.csv)
  n=$(wc -l <<<"$predicted")
  # 7940 asks nobody; 8811 has no ITL here.
  assert_equal "$n" 80

  NOW=$((NOW + 1))
  generations=$(generations_and_file)
  rollback_carelessly --lockout-list refused.csv
  assert_failure 4
  [[ $stderr == *"80 phones of 200"*"--accept-lockout 80"* ]] || { show_run; fail "no way round"; }
  assert_equal "$(names_in refused.csv)" "$predicted"
  # The number has to be the right one.
  rollback_carelessly --accept-lockout "$((n + 1))"
  assert_failure 4
  rollback_carelessly --accept-lockout "$((n - 1))"
  assert_failure 4
  assert_equal "$(generations_and_file)" "$generations"
  rollback_carelessly --accept-lockout "$n"
  assert_success
  phones_fetch --trust "$K/sast2.pem"
  assert_equal "$OUTCOMES" "rejected 80 tvs 120"
  assert_equal "$(fleet locked-out | LC_ALL=C sort)" "$predicted"
  # What the program now sees is the same, and the officer's word is in the log.
  import_phones
  ctlsign phones show --behind --json
  assert_equal "$(jq -r '.[].name' <<<"$output" | LC_ALL=C sort)" "$predicted"
  ctlsign audit verify
  assert_success
  ctlsign audit show --json
  [[ $output == *"80 phones"* ]] || { show_run; fail "the log does not have it"; }
}

rollback_carelessly() {
  ctlsign rollback 2 --yes --timestamp "$NOW" "${PIN_FILE[@]}" --sign-with "$K/sast2.key" \
    "$@"
}

names_in() { # CSV
  grep -o 'SEP[0-9A-F]*' "$1" | LC_ALL=C sort
}
