#!/usr/bin/env bats
# ctlsign init: an inventory to fill in, and running clusters taken over.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # status, output and stderr are set by bats' run

load fixtures
load takeover

# ---- an inventory to fill in ---------------------------------------------------------------------

@test "an inventory to fill in, which other commands can read" {
  ctlsign init
  assert_success
  refute_stderr
  assert_line "  ctlsign.conf  an inventory to fill in"
  assert_line "  ctlsign status"
  assert_line "  ctlsign set-cluster mixed-mode --tokens"
  assert_line "  ctlsign set-cluster mixed-mode --tokenless"
  assert_only_files . ctlsign.conf
  assert_mode ctlsign.conf 644
  run_split "$CTLSIGN" history
  assert_success
  assert_output "There is no generation yet."
}

@test "the cluster's name and release are entered" {
  ctlsign init --cluster 'a "quoted" ${HOME}' --release '11.5(1) SU3' --config sub.conf
  assert_success
  assert_line "  ctlsign status --config sub.conf"
  assert_line "  ctlsign set-cluster mixed-mode --tokens --config sub.conf"
  grep -qF 'cluster = "a \"quoted\" \${HOME}"' sub.conf
  grep -qF 'release = "11.5(1)SU3"' sub.conf
}

@test "an inventory to fill in, as JSON" {
  ctlsign init --json
  assert_success
  assert_json .config ctlsign.conf
}

@test "an inventory that is there is not replaced" {
  echo mine >ctlsign.conf
  refused 1 '^ctlsign: .*/ctlsign.conf: .*is there already.*; move it away' init
  refused 1 "^ctlsign: ctlsign.conf: line 1: 'mine' is not known" init --from "$K/CTLFile.tlv"
  rm ctlsign.conf
  ln -s nowhere ctlsign.conf
  refused 1 'is there already' init
  refused 1 'is there already' init --from "$K/CTLFile.tlv"
}

@test "options that make no sense" {
  refused 2 'no release .13.0.' init --release 13.0
  refused 2 'not a release' init --release new --from "$K/CTLFile.tlv"
  refused 2 'unexpected argument' init "$K/CTLFile.tlv"
  refused 2 '--from is given' init --from a --from b
  refused 2 '--cluster takes a name' init --cluster ''
  refused 2 'cannot be the name' init --config state.db
  refused 2 'cannot be the name' init --config certificates/
  refused 1 'none/?: .*No such file' init --config none/ctlsign.conf
}

# ---- a running cluster ---------------------------------------------------------------------------

@test "a running cluster is taken over, and its first status shows no difference" {
  cp "$K/CTLFile.tlv" .
  ctlsign init --from CTLFile.tlv
  assert_success
  refute_stderr
  assert_line "Cluster:      pub"
  assert_line "Release:      10.5(2)"
  assert_line "Mode:         mixed"
  assert_line "Signing:      tokens"
  assert_line --regexp "^Signed by:    token 'SAST1' \(serial [0-9a-f]+\)$"
  assert_line "Servers:      2"
  assert_line "Tokens:       2"
  assert_line "Certificates: 3"
  assert_line --partial "The release was guessed"
  assert_line "  ctlsign status"
  # It was there.
  refute_line --partial "CTLFile.tlv"
  all_there
  no_difference
}

@test "what was taken over is generation 1, without a key in the audit log" {
  ctlsign init --from "$K/CTLFile.tlv"
  assert_success
  run_split "$CTLSIGN" history --json
  assert_json length 1
  assert_json '.[0].reason' "init --from CTLFile.tlv"
  run_split "$CTLSIGN" export 1 -o out.tlv
  assert_success
  assert_same_file out.tlv "$K/CTLFile.tlv"
  run_split "$CTLSIGN" audit verify
  assert_success
  run_split "$CTLSIGN" audit show --json
  assert_json 'map(.signer) | unique | join("")' ""
  assert_json 'map(.outcome) | join(" ")' "done started done"
}

@test "what was taken over has its ports: a change is told" {
  ctlsign init --from "$K/CTLFile.tlv"
  assert_success
  ctlsign ports
  assert_success
  refute_output --partial 'Changed since'
  echo 'ports { ctl-provider = 3444 }' >>ctlsign.conf
  ctlsign ports --json
  assert_success
  assert_json '.[0].port' 3444
  assert_json '.[0].before' 2444
  assert_json '.[1].before' 2000
  run_split "$CTLSIGN" audit show --json
  assert_json '.[0].subject' "setting ports"
}

@test "a CTL from elsewhere is copied beside the inventory" {
  mkdir lab
  ctlsign init --from "$K/CTLFile.tlv" --config lab/ctlsign.conf --cluster Lab --release '11.0(1)'
  assert_success
  assert_line "Cluster:      Lab"
  assert_line "Release:      11.0(1)"
  assert_line "  lab/CTLFile.tlv   the CTL"
  assert_line "  ctlsign status --config lab/ctlsign.conf"
  refute_line --partial guessed
  all_there lab
  assert_only_files . lab
  assert_mode lab/CTLFile.tlv 644
  assert_mode lab/certificates 755
  assert_mode lab/state.db 600
  no_difference --config lab/ctlsign.conf
}

@test "the certificates are the list's" {
  ctlsign init --from "$K/CTLFile.tlv"
  assert_success
  assert_same_file <(openssl x509 -in certificates/pub-callmanager.pem -outform DER) \
    <(openssl x509 -in "$K/pub.pem" -outform DER)
  assert_same_file <(openssl x509 -in certificates/pub-capf.pem -outform DER) \
    <(openssl x509 -in "$K/capf.pem" -outform DER)
  assert_same_file <(openssl x509 -in certificates/sub-callmanager.pem -outform DER) \
    <(openssl x509 -in "$K/sub.pem" -outform DER)
}

@test "the same as JSON" {
  ctlsign init --from "$K/CTLFile.tlv" --json
  assert_success
  assert_json .config ctlsign.conf
  assert_json .certificates_folder certificates
  assert_json .state state.db
  assert_json .ctl_file CTLFile.tlv
  assert_json .ctl_file_written true
  assert_json .cluster pub
  assert_json .release "10.5(2)"
  assert_json .release_guessed true
  assert_json .mode mixed
  assert_json .signing tokens
  assert_json '[.servers, .tokens, .trust, .certificates, .generation] | map(tostring) | join(" ")' \
    "2 2 0 3 1"
}

@test "servers that the list does not name are the same to the first status" {
  "$CTLSIGN" build -o CTLFile.tlv --timestamp "$STAMP" --sign-with "$K/sast1.key" --digest sha256 \
    --sast "$K/sast1.pem" --sast "$K/sast2.pem" --ccm-tftp "$K/pub.pem,ip=10.1.2.3" \
    --ccm-tftp "$K/sub.pem,ip=10.1.2.4"
  ctlsign init --from CTLFile.tlv
  assert_success
  no_difference
  assert_json .items '[]'
}

@test "a tokenless list: other clusters' certificates become Phone-SAST-trust" {
  "$CTLSIGN" build -o list.tlv --timestamp "$STAMP" --sign-with "$K/pub.key" --digest sha256 \
    --sast "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" --sast "$K/sast1.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3"
  mkdir lab
  ctlsign init --from list.tlv --config lab/ctlsign.conf
  assert_success
  assert_line "Signing:      tokenless"
  assert_line "Tokens:       0"
  assert_line "Trusted:      1"
  run_split "$CTLSIGN" trust list --json --config lab/ctlsign.conf
  assert_success
  assert_json length 1
  no_difference --config lab/ctlsign.conf
}

# ---- lists that are not taken over ---------------------------------------------------------------

@test "a list whose signature does not hold is refused" {
  cp "$K/CTLFile.tlv" bad.tlv
  patch_byte bad.tlv $(($(stat -c %s bad.tlv) - 1))
  refused 3 '^ctlsign: bad.tlv: ' init --from bad.tlv
}

@test "files that are no list, or none at all" {
  echo text >text
  refused 1 '^ctlsign: text' init --from text
  refused 1 '^ctlsign: none: .*No such file' init --from none
  head -c 3000 "$K/CTLFile.tlv" >short
  refused 1 '^ctlsign: short: ' init --from short
}

@test "a list that no inventory calls for is refused with its record" {
  make_list sast1 list.tlv --tftp "$K/sub.pem,dns=pub.lab,ip=10.1.2.9"
  refused 1 '^ctlsign: list.tlv: record 4: pub.lab: record 3 has the same name.*ctlsign build' \
    init --from list.tlv
}

@test "what somebody else has there is left alone, and named" {
  mkdir certificates
  refused 1 '/certificates: this folder is there already' init --from "$K/CTLFile.tlv"
  rmdir certificates
  echo mine >state.db
  refused 1 '/state.db: this file is there already' init --from "$K/CTLFile.tlv"
  rm state.db
  build_with sast2 CTLFile.tlv
  refused 1 'CTLFile.tlv: another CTL is there already' init --from "$K/CTLFile.tlv"
  # The same one may be there.
  cp "$K/CTLFile.tlv" CTLFile.tlv
  ctlsign init --from "$K/CTLFile.tlv"
  assert_success
  all_there
}

# ---- all or nothing ------------------------------------------------------------------------------

require_strace() {
  # LeakSanitizer does not work under strace.
  export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
  command -v strace >/dev/null || skip "strace is not installed"
  strace -f -qq -o trace -e inject=getppid:error=EPERM true 2>/dev/null ||
    skip "strace may not trace here"
  rm trace
}

# with_fault CALL FAULT: a takeover into lab/ with a fault in its system calls.
with_fault() {
  run_split strace -f -qq -o trace -e "trace=$1" -e "inject=$1:$2" \
    "$CTLSIGN" init --from "$K/CTLFile.tlv" --config lab/ctlsign.conf
}

# killed_at CALL STEP: killed at each STEPth call, a second run does all that the first had not, and
# what is there is whole as soon as the inventory is.
killed_at() {
  local call=$1 step=$2 n
  for ((n = 1; ; n += step)); do
    mkdir lab
    with_fault "$call" "signal=KILL:when=$n"
    [[ $status -ne 0 ]] || break
    assert_killed 9
    if [[ -e lab/ctlsign.conf ]]; then
      ctlsign init --from "$K/CTLFile.tlv" --config lab/ctlsign.conf
      assert_failure 1
      assert_one_line_error 'is there already'
    else
      ctlsign init --from "$K/CTLFile.tlv" --config lab/ctlsign.conf
      assert_success
    fi
    all_there lab || fail "killed at $call $n"
    no_difference --config lab/ctlsign.conf
    rm -r lab
  done
  [[ $n -gt 1 ]] || fail "$call was never called"
  all_there lab
  rm -r lab
}

@test "killed while it makes its files: the next run begins anew" {
  require_strace
  killed_at mkdirat 1
  killed_at write 9
  killed_at pwrite64 17
  killed_at rename 1
  killed_at syncfs 1
}

@test "killed while its files appear: the next run takes them back" {
  require_strace
  killed_at renameat2 1
  killed_at fsync 1
  killed_at unlinkat 1
}

@test "what was put in the place of a killed run's files is left alone" {
  require_strace
  mkdir lab
  with_fault renameat2 signal=KILL:when=2
  assert_killed 9
  assert_file lab/certificates/pub-capf.pem
  rm -r lab/certificates trace
  mkdir lab/certificates
  echo mine >lab/certificates/pub-capf.pem
  ctlsign init --from "$K/CTLFile.tlv" --config lab/ctlsign.conf
  assert_failure 1
  assert_one_line_error 'lab/certificates: this folder is there already'
  assert_equal "$(<lab/certificates/pub-capf.pem)" mine
  assert_only_files lab certificates
}

@test "an inventory to fill in begins without what a killed takeover left" {
  require_strace
  mkdir lab
  with_fault renameat2 signal=KILL:when=4
  assert_killed 9
  assert_file lab/state.db
  ctlsign init --config lab/ctlsign.conf
  assert_success
  assert_only_files lab ctlsign.conf
}

@test "a takeover that fails leaves nothing" {
  require_strace
  local call
  mkdir lab
  for call in mkdirat:1 mkdirat:2 write:3 pwrite64:2 syncfs:1 renameat2:1 renameat2:2 renameat2:3 \
    renameat2:4 fdatasync:1; do
    with_fault "${call%:*}" "error=ENOSPC:when=${call#*:}"
    assert_failure 1
    assert_one_line_error 'No space left on device|state file' || fail "$call"
    assert_only_files lab || fail "$call"
  done
  # The last flush: everything was in its place by then.
  with_fault fsync error=EIO:when=2
  assert_failure 1
  assert_only_files lab
}

@test "a full disk: nothing is left" {
  [[ $(id -u) -eq 0 ]] || skip "only root can mount a file system"
  mkdir lab
  printf '%s\n' 'mount -t tmpfs -o size=48k none lab || exit 99' '"$@" 3>&- 4>&-' 'status=$?' \
    'LC_ALL=C ls -A lab >names' 'exit $status' >small-disk
  run_split unshare -m bash small-disk "$CTLSIGN" init --from "$K/CTLFile.tlv" \
    --config lab/ctlsign.conf
  [[ $status -ne 99 ]] || skip "nothing can be mounted here"
  assert_failure 1
  assert_one_line_error
  [[ ! -s names ]] || fail "left behind: $(<names)"
}

@test "two runs at once: the second is told so" {
  local lock
  exec {lock}<.
  flock -n "$lock"
  refused 1 "another 'ctlsign init' works here" init --from "$K/CTLFile.tlv"
  refused 1 "another 'ctlsign init' works here" init
  exec {lock}<&-
}
