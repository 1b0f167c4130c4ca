#!/usr/bin/env bats
# What can go wrong between the officer and a CTL Provider: certificates, the line, the disk.  In
# every case each node has the old list or the new one, whole, and who has what is told.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  delivery_setup_file
}

# A cluster of two, with a list that is signed and nowhere yet.
setup() {
  NODES="pub sub2"
  delivery_setup
  first
  signed
}

teardown() {
  delivery_teardown
}

# Once the fault is gone the same run goes on.
assert_recovers() {
  publish --resume
  assert_success
  assert_everywhere new
  assert_nothing_staged
  assert_settled
}

# restart_as SERVER-CERTIFICATE
restart_as() {
  provider_stop sub2 && PROVIDER_SERVER=$1 provider_conf sub2 && provider_start sub2
}

@test "down" {
  provider_kill sub2
  publish
  assert_failed_before_change sub2
  provider_start sub2
  assert_recovers
}

@test "slow: the time limit ends it" {
  local begin=$SECONDS
  LIMIT=1 nodes_conf
  provider_freeze sub2
  publish
  ((SECONDS - begin < 6)) || fail "took $((SECONDS - begin)) s"
  assert_failed_before_change sub2
  provider_thaw sub2
  assert_recovers
}

@test "its certificate: unknown, expired, another host's" {
  local server
  for server in server-unknown server-expired server-other; do
    restart_as "$server"
    publish
    assert_failed_before_change sub2 || fail "$server"
    [[ $output$stderr == *certificate* ]] || { show_run; fail "$server: no word of it"; }
    ctlsign nodes
    assert_failure
    assert_told sub2
  done
  restart_as server
  assert_recovers
}

@test "the officer: not on the list, without a certificate, with another's key" {
  CLIENT=stranger nodes_conf
  publish
  assert_failed_before_change sub2
  nodes_conf
  sed -i '/client-/d' ctlsign.conf
  publish
  assert_failed_before_change sub2
  nodes_conf
  sed -i 's|client-key = .*|client-key = "'"$PROVIDER_CERTS"'/stranger.key"|' ctlsign.conf
  # Told before anything is asked.
  publish
  assert_failure 5
  assert_everywhere old
  nodes_conf
  assert_recovers
}

@test "the officer's certificate has ended: the list does not make it valid" {
  CLIENT=officer-expired nodes_conf
  publish
  assert_failed_before_change sub2
  nodes_conf
  assert_recovers
}

@test "the connection is cut, from either side" {
  local bytes how cut=0
  proxy_start proxy "$(<"$SERVICES/sub2/port")"
  TARGET_SUB2="https://127.0.0.1:$PROXY_PORT" nodes_conf
  for how in 'cut 300' 'cut 1500' 'cut 2500' 'cut 4000' 'cut 6000' 'cut 9000' 'answer 500' \
    'answer 3000' 'answer 9000' 'once cut 5000' 'once answer 5000'; do
    # shellcheck disable=SC2086  # two words
    proxy_set proxy $how
    publish
    assert_whole old new
    if [[ $status -eq 0 ]]; then
      assert_everywhere new
      assert_settled
    else
      assert_failure
      assert_told sub2
      cut=$((cut + 1))
      proxy_set proxy pass
      if ((cut % 2)); then
        assert_recovers
      else
        publish --back
        assert_success
        assert_everywhere old
        assert_nothing_staged
        assert_settled
      fi
    fi
    cp CTLFile.tlv old
    proxy_set proxy pass
    signed
  done
  [[ $cut -gt 5 ]] || fail "cut only $cut times"
}

@test "full" {
  on_disk full "$(folder sub2)"
  provider_stop sub2
  PROVIDER_WRAP=("${ON_DISK[@]}")
  provider_start sub2
  publish
  assert_failure
  assert_told sub2
  assert_holds old pub
  # What it has is on its own disk.
  provider_curl sub2 /v1/files/CTLFile.tlv -f -o got
  assert_same_file got old
  provider_stop sub2
  unset PROVIDER_WRAP
  provider_start sub2
  assert_everywhere old
  assert_recovers
}

@test "read-only: the provider does not start, and says why" {
  on_disk read-only "$(folder sub2)"
  provider_stop sub2
  PROVIDER_WRAP=("${ON_DISK[@]}")
  run provider_start sub2
  assert_failure
  assert_line --partial "cannot write into the directory: Read-only file system"
  LIMIT=2 nodes_conf
  publish
  assert_failed_before_change sub2
  unset PROVIDER_WRAP
  provider_start sub2
  nodes_conf
  assert_everywhere old
  assert_recovers
}

@test "no provider at all: another service has its port" {
  provider_stop sub2
  service_start web "$PYTHON" -m http.server --bind 127.0.0.1 --directory "$SERVICES" \
    "$(<"$SERVICES/sub2/port")"
  service_ready web tcp "$(<"$SERVICES/sub2/port")"
  LIMIT=2 nodes_conf
  publish
  assert_failed_before_change sub2
  # Nor does a provider start there, and it says why.
  run -1 timeout 10 "$CTLPROVIDERD" --config "$SERVICES/sub2/ctlproviderd.conf"
  [[ ${lines[-1]} == *"127.0.0.1:$(<"$SERVICES/sub2/port")"*"in use"* ]] || fail "$output"
  service_kill web
  provider_start sub2
  assert_recovers
}

@test "killed after it has staged: it goes on when it is back" {
  # The first phase on the provider, by curl; then it dies.
  provider_curl sub2 /v1/staged/CTLFile.tlv -f -o answer -T new
  assert_everywhere old
  provider_kill sub2
  publish
  assert_failure
  assert_everywhere old
  provider_start sub2
  assert_everywhere old
  assert_recovers
}

@test "a second phase that fails on it is told, and ends when it can" {
  break_second_phase sub2
  publish
  assert_failure
  assert_told sub2
  assert_holds old sub2
  assert_holds new pub
  mend_second_phase
  assert_recovers
}
