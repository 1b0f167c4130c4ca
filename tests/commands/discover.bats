#!/usr/bin/env bats
# ctlsign init --discover and ctlsign status --refresh: what the nodes' CTL Providers say becomes
# the inventory, and certificates that changed show as drift.
#
# CTLPROVIDERD names the daemon.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154,SC2030,SC2031,SC2119  # set by bats' run; a subshell a test

load fixtures
load cluster
load ../lib/provider

setup_file() {
  provider_require || return
  commands_setup_file
  cluster_setup_file
  provider_certificates "$K/tls"
}

setup() {
  commands_setup
  XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  export XDG_STATE_HOME
  unset CTLSIGN_CONFIG
  service_setup "$BATS_TEST_TMPDIR/services"
  OFFICER=(--client-certificate "$PROVIDER_CERTS/officer.pem" --client-key
    "$PROVIDER_CERTS/officer.key" --provider-trust "$PROVIDER_CERTS/providers.pem")
  # The nodes' own files, which change on them.
  mkdir "$BATS_TEST_TMPDIR/nodes" && cp "$K"/{pub,sub1,capf,recovery}.pem "$BATS_TEST_TMPDIR/nodes/"
  NODES=$BATS_TEST_TMPDIR/nodes
}

teardown() {
  service_teardown
}

# publisher [LINE...] and subscriber: a provider that runs; sets PUB or SUB, its port.
publisher() {
  provider_conf cucm-pub 'dns = "cucm-pub.lab.example"' 'address = "10.1.2.3"' \
    'role = "publisher"' 'release = "12.5(1)"' 'services = {CallManager, TFTP, CAPF}' \
    "callmanager-certificate = \"$NODES/pub.pem\"" "capf-certificate = \"$NODES/capf.pem\"" \
    "itlrecovery-certificate = \"$NODES/recovery.pem\"" "$@" && provider_start cucm-pub &&
    PUB=$PROVIDER_PORT
}

subscriber() {
  provider_conf cucm-sub1 'dns = "cucm-sub1.lab.example"' 'address = "10.1.2.4"' \
    'role = "subscriber"' 'services = {CallManager}' \
    "callmanager-certificate = \"$NODES/sub1.pem\"" && provider_start cucm-sub1 &&
    SUB=$PROVIDER_PORT
}

# Both; the publisher names the subscriber, and a third one that has no provider.
both() {
  subscriber && publisher "servers = {\"cucm-sub1 10.1.2.4 127.0.0.1:$SUB\", \"cucm-moh 10.1.2.9\"}"
}

# The inventory of both is there.
discovered() {
  both && ctlsign init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  assert_success
}

@test "init --discover: the first provider tells of the others, and the inventory is whole" {
  discovered
  refute_stderr
  assert_line --regexp '^  Node +Role +Address +CTL Provider$'
  assert_line --regexp "^  cucm-pub +publisher +10\.1\.2\.3 +127\.0\.0\.1:$PUB$"
  assert_line --regexp "^  cucm-sub1 +subscriber +10\.1\.2\.4 +127\.0\.0\.1:$SUB$"
  assert_line --regexp '^  cucm-moh +10\.1\.2\.9 +none: enter this node by hand$'
  assert_line '  ctlsign set-cluster mixed-mode --tokenless'
  assert_only_files . ctlsign.conf certificates
  assert_only_files certificates cucm-pub-callmanager.pem cucm-pub-capf.pem cucm-sub1.pem \
    itlrecovery.pem
  cmp <(openssl x509 -in certificates/cucm-sub1.pem -outform DER) \
    <(openssl x509 -in "$NODES/sub1.pem" -outform DER)
  grep -qx "	deliver = {\"https://127.0.0.1:$SUB\"}" ctlsign.conf
  grep -qx "	client-certificate = \"$PROVIDER_CERTS/officer.pem\"" ctlsign.conf
  grep -qx '	services = {CallManager, TFTP, CAPF}' ctlsign.conf
  grep -qx '#subscriber "cucm-moh" {' ctlsign.conf
  ctlsign status
  assert_success
  assert_line --regexp '^Cluster +cucm-pub$'
  assert_line --regexp '^Release +12\.5\(1\)$'
  assert_output --partial 'No CTL yet.'
}

@test "init --discover: several hosts, the publisher last, and the answer as JSON" {
  subscriber && publisher
  ctlsign init --discover "127.0.0.1:$SUB" --discover "localhost:$PUB" "${OFFICER[@]}" \
    --cluster lab --release 14SU2 --json
  assert_success
  assert_equal "$(jq -c '[.cluster, .release, .certificates, .state, .generation, .others]' <<<"$output")" \
    '["lab","14SU2",4,null,null,[]]'
  assert_equal "$(jq -c '[.nodes[] | [.name, .role, .host, .port]]' <<<"$output")" \
    "[[\"cucm-pub\",\"publisher\",\"localhost\",$PUB],[\"cucm-sub1\",\"subscriber\",\"127.0.0.1\",$SUB]]"
  grep -qx 'cluster = "lab"' ctlsign.conf
}

@test "init --discover: a CTL that the publisher serves is taken over as generation 1" {
  # A cluster of its own makes the list.
  mkdir ../other && cp -r ../nodes ../other/certs && cd ../other
  cp "$K/pub.key" certs/callmanager.key && cp "$K/recovery.key" certs/recovery.key
  cluster_conf
  sed -i 's/^subscriber.*/&\n  services = {CallManager}/' ctlsign.conf
  ctlsign set-cluster mixed-mode --tokenless --yes
  assert_success
  both
  cp CTLFile.tlv "$(provider_files cucm-pub)/"
  cd ../here
  ctlsign init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  assert_success
  assert_only_files . CTLFile.tlv certificates ctlsign.conf state.db state.db.lock
  assert_same_file CTLFile.tlv ../other/CTLFile.tlv
  # The provider was never told the mode; the list says it.
  grep -qx 'export-controlled = "yes"' ctlsign.conf
  ctlsign history --json
  assert_success
  assert_equal "$(jq -c '[.[].number]' <<<"$output")" '[1]'
  ctlsign status --json
  assert_equal "$(jq -r .mode <<<"$output")" mixed
  assert_equal "$(jq -c '[.items[] | select(.kind == "update") | .code]' <<<"$output")" '[]'
}

@test "init --discover: a CTL that does not verify is left out, and told" {
  both
  head -c 500 /dev/urandom >"$(provider_files cucm-pub)/CTLFile.tlv"
  ctlsign init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  assert_success
  [[ $stderr == "ctlsign: warning: the CTL that 'cucm-pub' serves is left out: "* ]]
  assert_only_files . ctlsign.conf certificates
}

@test "init --discover: what cannot be an inventory is refused, and nothing is written" {
  publisher && sed -i '/^address/d' "$SERVICES/cucm-pub/ctlproviderd.conf"
  provider_stop cucm-pub && provider_start cucm-pub
  refused 1 "'cucm-pub' has no address; set it right in ctlproviderd.conf of the node" \
    init --discover "localhost:$PUB" "${OFFICER[@]}"
  # The address that it was asked by is one.
  ctlsign init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  assert_success
  grep -qx '	address = "127.0.0.1"' ctlsign.conf
}

@test "init --discover: nothing is written unless all that have a provider answer" {
  both
  provider_kill cucm-sub1
  refused 1 ".*127\.0\.0\.1:$SUB" init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  assert_only_files .
}

@test "init --discover: a subscriber alone is not made the publisher" {
  subscriber
  refused 1 ".*'cucm-sub1' says that it is a subscriber, and no node .* publisher; .*--discover.*'role' in ctlproviderd\.conf" \
    init --discover "127.0.0.1:$SUB" "${OFFICER[@]}"
  assert_only_files .
}

@test "init --discover: a server that nobody trusts yet: the option that names it" {
  publisher
  ctlsign init --discover "127.0.0.1:$PUB" --client-certificate "$PROVIDER_CERTS/officer.pem" \
    --client-key "$PROVIDER_CERTS/officer.key"
  assert_failure 3
  assert_stderr --regexp 'SHA-256 [0-9a-fA-F]+.*; compare the fingerprint .* --provider-trust FILE$'
  [[ $stderr != *ctlsign.conf* ]]
  assert_only_files .
}

@test "init --discover: a stranger is refused, and so is a server that nobody trusts" {
  PROVIDER_SERVER=server-unknown publisher
  refused 3 ".*127\.0\.0\.1:$PUB" init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  provider_stop cucm-pub
  publisher
  refused 1 ".*127\.0\.0\.1:$PUB" init --discover "127.0.0.1:$PUB" \
    --client-certificate "$PROVIDER_CERTS/stranger.pem" --client-key \
    "$PROVIDER_CERTS/stranger.key" --provider-trust "$PROVIDER_CERTS/providers.pem"
  assert_only_files .
}

@test "init --discover: what is there is not replaced, and nobody is asked" {
  local name
  for name in ctlsign.conf state.db CTLFile.tlv certificates; do
    echo mine >"$name"
    refused 1 "\./$name: this file is there already" init --discover 127.0.0.1:1 "${OFFICER[@]}"
    assert_equal "$(cat "$name")" mine
    rm "$name"
  done
}

@test "init --discover: a release that nobody tells has to be given; options go together" {
  publisher && sed -i '/^release/d' "$SERVICES/cucm-pub/ctlproviderd.conf"
  provider_stop cucm-pub && provider_start cucm-pub
  refused 2 "'cucm-pub' does not say which release it runs; tell it with --release" \
    init --discover "127.0.0.1:$PUB" "${OFFICER[@]}"
  refused 2 '.*--discover needs --client-certificate and --client-key' init --discover 127.0.0.1
  refused 2 '.*--from and --discover cannot be given together' init --from x \
    --discover 127.0.0.1 "${OFFICER[@]}"
  refused 2 '.*--provider-trust is for --discover only' init --provider-trust x
  refused 2 "this is no port behind a host: ':x'" init --discover 127.0.0.1:x "${OFFICER[@]}"
  assert_only_files .
}

@test "init --discover: into another folder, whose paths it then names" {
  both
  mkdir lab keys && cp "$PROVIDER_CERTS/officer."{pem,key} keys/
  ctlsign init --discover "127.0.0.1:$PUB" --config lab/ctlsign.conf --client-certificate \
    keys/officer.pem --client-key keys/officer.key --provider-trust "$PROVIDER_CERTS/providers.pem"
  assert_success
  assert_only_files lab ctlsign.conf certificates
  grep -qx "	client-key = \"$PWD/keys/officer.key\"" lab/ctlsign.conf
  ctlsign status --refresh --config lab/ctlsign.conf
  assert_success
  refute_stderr
}

@test "status --refresh: a new certificate replaces the file, and the drift shows" {
  local old new
  discovered
  # The lab's keys make the first CTL.
  printf 'callmanager { key = "%s" }\n' "$K/pub.key" >>ctlsign.conf
  sed -i '/deliver/d; 1i export-controlled = yes' ctlsign.conf
  ctlsign set-cluster mixed-mode --tokenless --yes
  assert_success
  ctlsign publish --by-hand --yes
  assert_success
  sed -i "s|^subscriber .*|&\n\tdeliver = {\"https://127.0.0.1:$SUB\"}|" ctlsign.conf
  ctlsign status --refresh
  assert_success
  refute_stderr
  refute_file certificates/cucm-sub1.pem.before
  old=$(<certificates/cucm-sub1.pem)
  cert_node "$BATS_TEST_TMPDIR/new" cucm-sub1.lab && cp "$BATS_TEST_TMPDIR/new.pem" "$NODES/sub1.pem"
  provider_stop cucm-sub1 && provider_start cucm-sub1
  ctlsign status --refresh
  assert_failure 6
  new=$(openssl x509 -in "$NODES/sub1.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')
  assert_equal "$stderr" "cucm-sub1: certificates/cucm-sub1.pem is replaced by the certificate with SHA-256 ${new,,}; the old one is now certificates/cucm-sub1.pem.before"
  assert_equal "$(<certificates/cucm-sub1.pem.before)" "$old"
  cmp <(openssl x509 -in certificates/cucm-sub1.pem -outform DER) \
    <(openssl x509 -in "$NODES/sub1.pem" -outform DER)
  ctlsign status --json
  assert_equal "$(jq -c '[.items[] | select(.kind == "update") | [.code, .name]]' <<<"$output")" \
    '[["callmanager-certificate","cucm-sub1"]]'
  ctlsign audit show
  assert_line --regexp "status --refresh.*started"
  assert_output --partial "replaces the certificate certificates/cucm-sub1.pem of cucm-sub1 by the one with SHA-256 ${new,,}"
  ctlsign audit verify
  assert_success
}

@test "status --refresh: a lost file is made anew; CAPF's and ITLRecovery's come from the publisher" {
  discovered
  cert_capf "$BATS_TEST_TMPDIR/capf" 5e6f7a8b && cp "$BATS_TEST_TMPDIR/capf.pem" "$NODES/capf.pem"
  cert_itl_recovery "$BATS_TEST_TMPDIR/rec" cucm-pub.lab.example &&
    cp "$BATS_TEST_TMPDIR/rec.pem" "$NODES/recovery.pem"
  rm certificates/cucm-sub1.pem
  provider_stop cucm-pub && provider_start cucm-pub
  ctlsign status --refresh
  assert_success
  assert_equal "$(grep -c 'is replaced by the certificate' <<<"$stderr")" 2
  assert_equal "$(grep -c 'certificates/cucm-sub1.pem is made' <<<"$stderr")" 1
  assert_only_files certificates cucm-pub-callmanager.pem cucm-pub-capf.pem \
    cucm-pub-capf.pem.before cucm-sub1.pem itlrecovery.pem itlrecovery.pem.before
  ctlsign status --refresh
  assert_success
  refute_stderr
}

@test "status --refresh: a node that is down is told and passed over, and the status goes on" {
  discovered
  provider_kill cucm-sub1
  cert_node "$BATS_TEST_TMPDIR/new" cucm-pub.lab && cp "$BATS_TEST_TMPDIR/new.pem" "$NODES/pub.pem"
  provider_stop cucm-pub && provider_start cucm-pub
  ctlsign status --refresh
  assert_failure 1
  assert_equal "$(wc -l <<<"$stderr")" 2
  [[ $stderr == *"ctlsign: warning: the certificates of 'cucm-sub1' are not refreshed: "*":$SUB"* ]]
  [[ $stderr == *"certificates/cucm-pub-callmanager.pem is replaced"* ]]
  assert_output --partial 'No CTL yet.'
}

@test "status --refresh: a provider that is another node's changes nothing" {
  discovered
  before=$(files_here)
  cert_node "$BATS_TEST_TMPDIR/new" other.lab && cp "$BATS_TEST_TMPDIR/new.pem" "$NODES/sub1.pem"
  sed -i 's/^node = .*/node = "other"/; /^dns/d' "$SERVICES/cucm-sub1/ctlproviderd.conf"
  provider_stop cucm-sub1 && provider_start cucm-sub1
  ctlsign status --refresh
  assert_failure 1
  [[ $stderr == *"the certificates of 'cucm-sub1' are not refreshed: its CTL Provider says that it is 'other'"* ]]
  assert_equal "$(files_here)" "$before"
}

@test "status --refresh: without a provider, or with an option that only it takes" {
  mkdir certs && cp "$K"/{pub,sub1,capf,recovery}.pem certs/ && cluster_conf
  refused 1 '.*no node has a CTL Provider that could be asked' status --refresh
  refused 2 '.*--pin-file is for --refresh only' status --pin-file x
}
