#!/usr/bin/env bats
# ctlsign init --from, where the inventory is there and its state was lost.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # status, output and stderr are set by bats' run

load fixtures
load takeover

require_strace() {
  # LeakSanitizer does not work under strace.
  export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
  command -v strace >/dev/null || skip "strace is not installed"
  strace -f -qq -o trace -e inject=getppid:error=EPERM true 2>/dev/null ||
    skip "strace may not trace here"
  rm trace
}

# A cluster that was taken over, whose state is gone.
lost_state() {
  ctlsign init --from "$K/CTLFile.tlv" --release '11.0(1)'
  assert_success
  rm state.db
  sed -i '1i domain = "lab"' ctlsign.conf
}

# It begins anew with that CTL.
anew() {
  ctlsign init --from "$K/CTLFile.tlv"
  assert_success
  assert_line "  state.db  the state, with this CTL as generation 1"
  assert_line "ctlsign.conf is kept; its state starts anew with this list as generation 1: earlier history is not here."
  all_there . state.db.lock
}

@test "a state that was lost begins anew, and the inventory and certificates are kept" {
  local before
  lost_state
  before=$(find ctlsign.conf certificates CTLFile.tlv -printf '%P %i %s %T@\n')
  anew
  refute_stderr
  assert_line "Release:      11.0(1)"
  assert_line "Mode:         mixed"
  assert_line "Signing:      tokens"
  assert_line "Tokens:       2"
  refute_line --partial "Certificates:"
  refute_line --partial guessed
  refute_line --partial "  the CTL"
  no_difference
  assert_equal "$(find ctlsign.conf certificates CTLFile.tlv -printf '%P %i %s %T@\n')" "$before"
  run_split "$CTLSIGN" history --json
  assert_json '.[0] | .number, .reason, .release' "1
init --from CTLFile.tlv
11.0(1)"
  run_split "$CTLSIGN" audit verify
  assert_success
  # Now both are there.
  refused 1 "^ctlsign: ctlsign.conf: this cluster is there already, at generation 1.*'ctlsign status'" \
    init --from "$K/CTLFile.tlv"
}

@test "a lost state: the CTL file is written where there is none, and another is refused" {
  lost_state
  build_with sast2 CTLFile.tlv --force
  refused 1 'CTLFile.tlv: another CTL is there already' init --from "$K/CTLFile.tlv"
  rm CTLFile.tlv
  ctlsign init --from "$K/CTLFile.tlv" --json
  assert_success
  assert_json '.config_kept, .certificates_folder, .ctl_file_written, .generation' "true
null
true
1"
  assert_same_file CTLFile.tlv "$K/CTLFile.tlv"
  no_difference
}

@test "a lost state: state and CTL file are made where the inventory says" {
  lost_state
  rm CTLFile.tlv
  mkdir kept served
  sed -i -e 's|^state = .*|state = "kept/s.db"|' -e 's|^ctl-file = .*|ctl-file = "served/CTL.tlv"|' \
    ctlsign.conf
  ctlsign init --from "$K/CTLFile.tlv"
  assert_success
  assert_line "  kept/s.db       the state, with this CTL as generation 1"
  assert_same_file served/CTL.tlv "$K/CTLFile.tlv"
  assert_file kept/s.db
  no_difference
}

@test "a state without a generation is as good as none, and its audit log stays" {
  lost_state
  run_split "$CTLSIGN" set-cluster mixed-mode --tokenless --yes
  assert_failure
  assert_file state.db
  anew
  no_difference
  run_split "$CTLSIGN" audit verify
  assert_success
}

@test "a lost tokenless state: other clusters' certificates are Phone-SAST-trust again" {
  "$CTLSIGN" build -o CTLFile.tlv --timestamp "$STAMP" --sign-with "$K/pub.key" --digest sha256 \
    --sast "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" --sast "$K/sast1.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  ctlsign init --from CTLFile.tlv
  assert_success
  rm state.db
  ctlsign init --from CTLFile.tlv
  assert_success
  assert_line "Signing:      tokenless"
  assert_line "Trusted:      1"
  run_split "$CTLSIGN" trust list --json
  assert_json length 1
  no_difference
}

@test "a lost state: what cannot begin anew changes nothing" {
  lost_state
  refused 2 "leave out --cluster and --release" init --from "$K/CTLFile.tlv" --release '12.5(1)'
  cp "$K/CTLFile.tlv" bad.tlv
  patch_byte bad.tlv $(($(stat -c %s bad.tlv) - 1))
  refused 3 '^ctlsign: bad.tlv: ' init --from bad.tlv
  make_list sast1 ITLFile.tlv --filename ITLFile.tlv
  refused 1 'ITLFile.tlv: this is an ITL' init --from ITLFile.tlv
  rm certificates/sub-callmanager.pem
  refused 1 'ctlsign.conf: line [0-9]+: .*sub-callmanager.pem' init --from "$K/CTLFile.tlv"
}

@test "killed while a lost state begins anew: it is there, or the next run makes it" {
  require_strace
  local call n
  lost_state
  rm CTLFile.tlv
  cp -r . ../lost
  for call in pwrite64 fdatasync; do
    for ((n = 1; ; n += 3)); do
      rm -rf ./* && cp -r ../lost/. .
      run_split strace -f -qq -o trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
        "$CTLSIGN" init --from "$K/CTLFile.tlv"
      [[ $status -ne 0 ]] || break
      assert_killed 9
      ctlsign init --from "$K/CTLFile.tlv"
      [[ $status -eq 0 ]] || assert_one_line_error 'this cluster is there already, at generation 1'
      assert_same_file CTLFile.tlv "$K/CTLFile.tlv"
      no_difference
      run_split "$CTLSIGN" audit verify
      assert_success
    done
    [[ $n -gt 1 ]] || fail "$call was never called"
  done
}
