#!/usr/bin/env bats
# ctlsign phones families: the built-in table, a site's file, and what is refused in it.
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

lab_families() {
  mkdir -p sets
  cat >sets/families.conf <<'CONF'
# ours
family "Lab phones" {
  models = {"8811", "88*"}
  security-by-default = yes
  digests = {SHA-256}
  no-digests = {SHA-512}
  largest-key = 4096
}
CONF
}

@test "phones families: the built-in table" {
  ctlsign phones families
  assert_success
  refute_stderr
  assert_equal "${lines[0]}" 'Cisco 7940 and 7960'
  assert_equal "${lines[1]}" '  7940, 7940G, 7960, 7960G'
  assert_equal "${lines[2]}" '  Security By Default  no'
  assert_equal "${lines[3]}" '  SHA-256              not known'
  assert_equal "${lines[4]}" '  SHA-512              no'
  assert_equal "${lines[5]}" '  Largest key          not known'
  ctlsign phones families --json
  assert_json length 13
  assert_json '.[0].family' 'Cisco 7940 and 7960'
  assert_json '.[0].security_by_default' false
  assert_json '.[0].digests["SHA-1"]' true
  assert_json '.[0].digests["SHA-256"]' null
  assert_json '.[0].digests["SHA-512"]' false
  assert_json '.[0].largest_key' null
  assert_json '[.[] | select(.family == "Cisco 8800")][0].security_by_default' true
}

@test "phones families: no cluster is needed" {
  rm ctlsign.conf
  ctlsign phones families
  assert_success
  assert_equal "${lines[0]}" 'Cisco 7940 and 7960'
  refused 1 'other.conf.*; make one with: ctlsign init' phones families --config other.conf
}

@test "phones families: the cluster's file comes first" {
  lab_families
  cluster_conf 'phone-families = "sets/families.conf"'
  ctlsign phones families
  assert_success
  assert_equal "${lines[0]}" 'Lab phones'
  assert_equal "${lines[1]}" '  8811, 88*'
  assert_equal "${lines[5]}" '  Largest key          4096'
  ctlsign phones families --json
  assert_json length 14
  assert_json '.[0] | [.security_by_default, .digests["SHA-256"], .digests["SHA-512"]] | join(" ")' \
    'true true false'
  assert_json '.[0].largest_key' 4096
  assert_json '.[1].family' 'Cisco 7940 and 7960'
  # The path is relative to ctlsign.conf.
  mkdir elsewhere
  run_split env -C elsewhere "$CTLSIGN" phones families --config ../ctlsign.conf
  assert_success
  assert_equal "${lines[0]}" 'Lab phones'
  rm sets/families.conf
  refused 1 'sets/families.conf' phones families
}

@test "phones families: --file checks one" {
  lab_families
  rm ctlsign.conf
  ctlsign phones families --file sets/families.conf
  assert_success
  assert_equal "${lines[0]}" 'Lab phones'
  sed -i 's/4096/8192/' sets/families.conf
  refused 1 "^ctlsign: sets/families.conf: line 7: 'largest-key' cannot be '8192'; write" \
    phones families --file sets/families.conf
  printf 'family f { model = {1} }\n' >sets/families.conf
  refused 1 'sets/families.conf: line 1: .*models' phones families --file sets/families.conf
  refused 1 'sets/nowhere' phones families --file sets/nowhere
}

@test "phones families: what the command line cannot say" {
  refused 2 "unexpected argument '7940'" phones families 7940
  refused 2 '--file and --config exclude each other' phones families --file a --config b
  refused 2 'file' phones families --file a --file b
}
