#!/usr/bin/env bats
# Deliveries that end anywhere: the officer's program is killed, a server is killed, a line is cut,
# at moments that chance picks.  Every node has the old list or the new one, whole; what was begun is
# finished or taken back; at the end all have the same.
#
# CTLSIGN_TEST_INTERRUPTIONS says how many (50; make check-interruptions: 1000), CTLSIGN_TEST_SEED which.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  delivery_setup_file
}

# The connections to sshd and the provider run through proxies.
setup() {
  cluster_setup
  delivery_servers "$BATS_TEST_TMPDIR/services"
  proxy_start line1 "$(sshd_port sshd)"
  sshd_trust sshd "$PROXY_PORT"
  TARGET_SUB1="sftp://$SSH_USER@127.0.0.1:$PROXY_PORT$SERVICES/sub1"
  proxy_start line2 "$(<"$SERVICES/sub2/port")"
  TARGET_SUB2="https://127.0.0.1:$PROXY_PORT"
  nodes_conf
  first
  # A whole delivery takes this long, in microseconds.
  signed
  local begin=$EPOCHREALTIME
  publish
  assert_success
  TOOK=$((${EPOCHREALTIME/./} - ${begin/./}))
  cp CTLFile.tlv old
  RANDOM=${CTLSIGN_TEST_SEED-$((SRANDOM % 32768))}
  SHARE=$((${CTLSIGN_TEST_INTERRUPTIONS-50} / 5))
}

teardown() {
  delivery_teardown
}

# at_random COMMAND...: runs it at a moment of the delivery that chance picks.
at_random() {
  local wait=$((TOOK * (RANDOM % 1100) / 1000))
  sleep "$((wait / 1000000)).$(printf %06d $((wait % 1000000)))"
  "$@"
}

begin_delivery() {
  "$CTLSIGN" publish --yes >said 2>&1 3>&- 4>&- &
  DELIVERY=$!
}

end_delivery() {
  status=0
  wait "$DELIVERY" || status=$?
  output=$(<said)
}

# settle: finishes or takes back what is there, as chance picks; ./old is what all have then.
settle() {
  assert_whole old new || return
  if ((RANDOM % 2)); then
    publish --back
    # Unless it had come to its end.
    if [[ $status -eq 0 ]]; then
      BACK=$((BACK + 1))
      assert_everywhere old
    else
      assert_everywhere new
    fi || { show_run; return 1; }
  else
    publish --resume
    assert_everywhere new || { show_run; return 1; }
  fi
  assert_nothing_staged || return
  cp CTLFile.tlv old
  assert_everywhere old
}

# interrupt_all COMMAND...: SHARE deliveries, interrupted by the command.  The functions `prepare` and
# `mend` of a test break something before, and mend it.
interrupt_all() {
  local n
  BACK=0 INTERRUPTED=0
  for ((n = 0; n < SHARE; n++)); do
    signed || return
    prepare
    begin_delivery
    at_random "$@"
    end_delivery
    if [[ $status -ne 0 ]]; then
      INTERRUPTED=$((INTERRUPTED + 1))
      # Only a killed one cannot tell who has what.
      [[ $status -eq 137 || $output == *cucm-sub* ]] || { show_run; fail "nobody is named"; } ||
        return
    fi
    assert_whole old new || return
    mend
    settle || fail "interruption $n" || return
  done
  assert_one_checksum && assert_settled || return
  echo "$INTERRUPTED of $SHARE did not come to their end; $BACK were taken back" >&2
  [[ $INTERRUPTED -gt 0 || $SHARE -lt 5 ]] || fail "not one delivery was interrupted"
}

prepare() {
  :
}

mend() {
  :
}

kill_delivery() {
  kill -s KILL "$DELIVERY" 2>/dev/null || :
}

@test "the officer's program is killed" {
  SHARE=$((SHARE * 2))
  interrupt_all kill_delivery
}

@test "sshd is killed" {
  mend() { sshd_again sshd; }
  interrupt_all sshd_stop sshd
}

@test "the provider is killed" {
  mend() { provider_start sub2; }
  interrupt_all provider_kill sub2
}

@test "a line is cut somewhere" {
  prepare() {
    if ((RANDOM % 2)); then
      proxy_set line1 cut $((RANDOM % 16000 + 1))
    else
      proxy_set line2 once answer $((RANDOM % 12000 + 1))
    fi
  }
  mend() {
    proxy_set line1 pass
    proxy_set line2 pass
  }
  interrupt_all true
}
