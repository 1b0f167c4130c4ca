#!/usr/bin/env bats
# What an SFTP target can do wrong: in every case each node has the old list or the new one, whole,
# and who has what is told.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  delivery_setup_file
}

# A cluster of two, with a list that is signed and nowhere yet.
setup() {
  NODES="pub sub1"
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

# took_less SECONDS COMMAND [ARG...]
took_less() {
  local limit=$1 begin=$EPOCHREALTIME took
  shift
  "$@"
  took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
  ((took < limit * 1000)) || fail "took $took ms, more than $limit s"
}

@test "down" {
  sshd_stop sshd
  took_less "$LIMIT" publish
  assert_failed_before_change sub1
  sshd_again sshd
  assert_recovers
}

@test "slow: the time limit ends it" {
  LIMIT=1 nodes_conf
  sshd_freeze sshd
  # The limit is for each step: connecting, and taking away what may have been staged.
  took_less 5 publish
  assert_failed_before_change sub1
  [[ $output$stderr == *[Tt]ime* ]] || { show_run; fail "not told that it is the time"; }
  sshd_thaw sshd
  assert_recovers
}

@test "it stands still in the middle of the file" {
  local bytes
  proxy_start proxy "$(sshd_port sshd)"
  sshd_trust sshd "$PROXY_PORT"
  TARGET_SUB1="sftp://$SSH_USER@127.0.0.1:$PROXY_PORT$SERVICES/sub1" LIMIT=1 nodes_conf
  for bytes in 1500 6000; do
    proxy_set proxy hold "$bytes"
    took_less 6 publish
    assert_failed_before_change sub1
  done
  proxy_set proxy pass
  assert_recovers
}

@test "a slow line is no fault as long as it goes on" {
  proxy_start proxy "$(sshd_port sshd)"
  sshd_trust sshd "$PROXY_PORT"
  TARGET_SUB1="sftp://$SSH_USER@127.0.0.1:$PROXY_PORT$SERVICES/sub1" LIMIT=10 nodes_conf
  proxy_set proxy slow 40000
  publish
  assert_success
  assert_everywhere new
}

@test "the connection is cut: in the middle of a file, between the steps" {
  local bytes cut=0 whole=0
  proxy_start proxy "$(sshd_port sshd)"
  sshd_trust sshd "$PROXY_PORT"
  TARGET_SUB1="sftp://$SSH_USER@127.0.0.1:$PROXY_PORT$SERVICES/sub1" nodes_conf
  for bytes in 500 2500 4000 6000 9000 12000 14000 15000 16000 17000 20000; do
    proxy_set proxy cut "$bytes"
    publish
    assert_whole old new
    if [[ $status -eq 0 ]]; then
      # So much does not go over it.
      assert_everywhere new
      assert_settled
      whole=$((whole + 1))
    else
      assert_failure
      assert_told sub1
      cut=$((cut + 1))
      proxy_set proxy pass
      # Whatever it left, it goes on from there, or back.
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
  echo "cut $cut times, whole $whole times" >&2
  [[ $cut -gt 5 ]] || fail "cut only $cut times"
}

@test "full" {
  on_disk full "$SERVICES/sub1"
  sshd_stop sshd
  SSHD_WRAP=("${ON_DISK[@]}")
  sshd_again sshd
  publish
  assert_failure
  assert_told sub1
  assert_holds old pub
  # What it has is on its own disk.
  assert_same_file "/proc/$(service_pid sshd)/root/$SERVICES/sub1/CTLFile.tlv" old
  assert_only_files "/proc/$(service_pid sshd)/root/$SERVICES/sub1" CTLFile.tlv capf.cer capf.pem \
    filler
  sshd_stop sshd
  unset SSHD_WRAP
  sshd_again sshd
  assert_recovers
}

@test "read-only" {
  on_disk read-only "$SERVICES/sub1"
  sshd_stop sshd
  SSHD_WRAP=("${ON_DISK[@]}")
  sshd_again sshd
  publish
  assert_failed_before_change sub1
  [[ $output$stderr == *"$SERVICES/sub1"* ]] || { show_run; fail "the place is not told"; }
  sshd_stop sshd
  unset SSHD_WRAP
  sshd_again sshd
  assert_recovers
}

@test "the folder is not there" {
  mv "$SERVICES/sub1" "$SERVICES/away"
  publish
  assert_failure
  assert_told sub1
  assert_holds old pub
  refute_file "$SERVICES/sub1"
  mv "$SERVICES/away" "$SERVICES/sub1"
  assert_recovers
}

@test "the key is refused" {
  sshd_refuse sshd
  publish
  assert_failed_before_change sub1
  [[ $output$stderr == *key* ]] || { show_run; fail "the key is not named"; }
  sshd_allow sshd
  assert_recovers
}

@test "the key file is missing, or no key" {
  local SSH_KEY=$SSH_KEY
  SSH_KEY=$PWD/nowhere nodes_conf
  publish
  assert_failed_before_change sub1
  echo nonsense >broken
  SSH_KEY=$PWD/broken nodes_conf
  publish
  assert_failed_before_change sub1
  nodes_conf
  assert_recovers
}

@test "a changed host key: nothing is sent to whoever it is" {
  sshd_new_host_key sshd
  : >"$SERVICES/sshd/log"
  publish
  assert_failed_before_change sub1
  [[ $output$stderr == *[Hh]"ost key"* ]] || { show_run; fail "the host key is not named"; }
  # Nobody was logged in.
  refute_in_files "Accepted publickey" "$SERVICES/sshd/log"
  sshd_trust sshd
  assert_recovers
}

@test "a host that nobody knows is not asked" {
  : >"$SSH_KNOWN_HOSTS"
  publish
  assert_failed_before_change sub1
  [[ $output$stderr == *known*hosts* ]] || { show_run; fail "known hosts are not named"; }
  sshd_trust sshd
  assert_recovers
}

@test "the port is another service's" {
  service_port
  service_start web "$PYTHON" -m http.server --bind 127.0.0.1 --directory "$SERVICES" "$PORT"
  service_ready web tcp "$PORT"
  TARGET_SUB1="sftp://$SSH_USER@127.0.0.1:$PORT$SERVICES/sub1" LIMIT=2 nodes_conf
  publish
  assert_failed_before_change sub1
  nodes_conf
  assert_recovers
}

@test "what another run left beside the file is replaced" {
  echo leftover >"$SERVICES/sub1/.CTLFile.tlv.ctlsign"
  assert_recovers
}

@test "a second phase that fails on one is told, and ends when it can" {
  break_second_phase sub1
  publish
  assert_failure
  assert_told sub1
  assert_holds old sub1
  assert_holds new pub
  # No other change begins meanwhile.
  ctlsign update --yes --timestamp "$((NOW + 1))"
  assert_failure
  assert_holds new pub
  mend_second_phase
  assert_recovers
}
