#!/usr/bin/env bats
# An update that is killed, or has no room on the disk, at any of its writes: the CTL file is whole
# and phones take it, the next run understands what is there, and the audit log holds.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

# The calls that change something on the disk.
WRITES='write pwrite64 fsync fdatasync ftruncate fallocate linkat renameat rename unlink unlinkat'

setup_file() {
  commands_setup_file
  command -v strace >/dev/null || skip "strace is not installed"
  command -v jq >/dev/null || skip "jq is not installed"
  (cd "$BATS_FILE_TMPDIR" && strace -f -qq -o trace -e inject=getppid:error=EPERM true 2>/dev/null) ||
    skip "strace may not trace here"
  # LeakSanitizer does not work under strace.
  export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
  export XDG_STATE_HOME=$BATS_FILE_TMPDIR/state
  make_certificates pub sub1 tftp2 asa1 capf itl
  # A cluster with one generation, of which an update adds the subscriber.
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR/made
  mkdir "$BATS_TEST_TMPDIR"
  cluster_setup
  tokenless_conf
  sed -i '/^subscriber/,/^}/d' ctlsign.conf
  "$CTLSIGN" set-cluster mixed-mode --tokenless --yes --timestamp "$STAMP"
  carried
  tokenless_conf
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  MADE=$BATS_FILE_TMPDIR/made/here
  UPDATE=("$CTLSIGN" update --yes --timestamp "$((STAMP + 1))")
}

tokenless_conf() {
  SOFTHSM_MODULE=/nowhere.so conf '12.5(1)'
}

# fresh: the cluster with its one generation in ./here
fresh() {
  cd "$BATS_TEST_TMPDIR" && rm -rf here && cp -a "$MADE" here && cd here || return
}

# The same before its first generation.
fresh_without_state() {
  fresh && rm -f state.db* CTLFile.tlv
}

# count_calls COMMAND...: sets COUNT[CALL] to how often each call is made by the main thread.
count_calls() {
  local call n
  declare -gA COUNT=()
  strace -f -qq -o ../trace -e "trace=${WRITES// /,}" "$@" >/dev/null 2>&1 || fail "$(<../trace)"
  while read -r n call; do
    COUNT[$call]=$n
  done < <(awk '{main = main ? main : $1} $1 == main {sub(/\(.*/, "", $2); print $2}' ../trace |
    sort | uniq -c)
}

file_hash() {
  if [[ -e CTLFile.tlv ]]; then sha256sum <CTLFile.tlv; else echo none; fi
}

# Of all generations that were in use, from the state.
history_hashes() {
  "$CTLSIGN" history --json | jq -r '.[].sha256'
}

# What is signed and waits for the servers is carried to them.
carried_if_pending() {
  ctlsign status --json
  [[ $(jq .pending <<<"$output") == null ]] && return
  # The run that was killed may have to be abandoned first.
  "$CTLSIGN" publish --by-hand --yes >../said 2>&1 ||
    grep -qE 'nothing is (signed|waiting)|abandoned' ../said || fail "$(<../said)"
}

# Whether the CTL file has the entries of the update.
is_new() {
  [[ $("$CTLSIGN" show --json CTLFile.tlv | jq '.records | length') -eq 7 ]]
}

# assert_understood WHERE: after a run that ended in the middle.  The CTL file is one that phones of
# the first generation take, the looks work, and the next run brings it to an end.
assert_understood() {
  local where=$1 hash
  hash=$(sha256sum <CTLFile.tlv | cut -d ' ' -f 1)
  quietly verify --trust "$MADE/CTLFile.tlv" CTLFile.tlv || fail "$where: the file" || return
  # An update is due, unless the file is the new one.
  ctlsign status
  [[ $status -eq 6 ]] || { [[ $status -eq 0 ]] && is_new; } ||
    { show_run; fail "$where: status"; } || return
  ctlsign audit verify
  assert_success || fail "$where: audit verify" || return
  carried_if_pending || return
  ctlsign update --yes --timestamp "$((STAMP + 2))"
  assert_success || fail "$where: the next update" || return
  carried
  assert_settled || fail "$where: settled" || return
  is_new || fail "$where: the entries" || return
  # The file that was there was a generation, and the first one still is.
  history_hashes >hashes
  grep -qxF "$hash" hashes || fail "$where: the file was no generation" || return
  assert_equal "$(head -n 1 hashes)" "$(sha256sum <"$MADE/CTLFile.tlv" | cut -d ' ' -f 1)"
}

# killed_everywhere PREPARE CHECK COMMAND...: once for each write that the command makes.
killed_everywhere() {
  local prepare=$1 check=$2 call n old=0 new=0 before
  shift 2
  "$prepare"
  before=$(file_hash)
  count_calls "$@"
  [[ ${#COUNT[@]} -gt 3 ]] || fail "calls: ${!COUNT[*]}"
  for call in "${!COUNT[@]}"; do
    for ((n = 1; n <= COUNT[$call]; n++)); do
      "$prepare"
      run strace -f -qq -o ../trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" "$@"
      [[ $status -eq 137 ]] || fail "$call $n did not kill: $status"
      if [[ $(file_hash) == "$before" ]]; then
        old=$((old + 1))
      else
        new=$((new + 1))
      fi
      "$check" "killed at $call $n"
    done
  done
  echo "${#COUNT[@]} calls; old file $old times, new file $new times" >&2
  [[ $old -gt 5 && $new -gt 3 ]] || fail "old $old, new $new: not where it matters"
}

@test "killed at each write of an update" {
  killed_everywhere fresh assert_understood "${UPDATE[@]}"
}

@test "killed behind the file, and ctl-file names another one since: the next run finishes it" {
  local n before hash
  fresh
  before=$(file_hash)
  count_calls "${UPDATE[@]}"
  for ((n = 1; n <= ${COUNT[fsync]-0}; n++)); do
    fresh
    run strace -f -qq -o ../trace -e trace=fsync -e "inject=fsync:signal=KILL:when=$n" "${UPDATE[@]}"
    [[ $status -eq 137 ]] || fail "fsync $n did not kill: $status"
    [[ $(file_hash) == "$before" ]] || break
  done
  [[ $(file_hash) != "$before" ]] || fail "never behind the file"
  hash=$(sha256sum <CTLFile.tlv | cut -d ' ' -f 1)
  mkdir other && cp "$MADE/CTLFile.tlv" other
  sed -i '1i ctl-file = "other/CTLFile.tlv"' ctlsign.conf
  # From another folder, too.
  cd other
  ctlsign sip-oauth enable --config ../ctlsign.conf
  assert_success
  [[ $stderr == *"generation 2 is signed, and not published" ]] || fail "$stderr"
  cd ..
  assert_equal "$(history_hashes | tail -n 1)" "$hash"
  assert_equal "$("$CTLSIGN" audit show --json | jq -r '.[] | select(.what == "generation 2") | .outcome' |
    tail -n 1)" "signed: the run was interrupted after its CTL file was written"
  carried --config ctlsign.conf
  ctlsign audit verify
  assert_success
}

# Phones have no list yet: what is there is the first, or nothing.
assert_first_understood() {
  local where=$1
  ctlsign status
  [[ $status -eq 0 || $status -eq 6 ]] || { show_run; fail "$where: status"; } || return
  if [[ -e CTLFile.tlv ]]; then
    quietly verify CTLFile.tlv || fail "$where: the file" || return
    cp CTLFile.tlv first.tlv
  fi
  carried_if_pending || return
  ctlsign set-cluster mixed-mode --tokenless --yes --timestamp "$((STAMP + 2))"
  assert_success || fail "$where: once more" || return
  carried
  [[ ! -e first.tlv ]] || quietly verify --trust first.tlv CTLFile.tlv || fail "$where" || return
  assert_settled || fail "$where: settled"
}

@test "killed at each write of the first generation" {
  killed_everywhere fresh_without_state assert_first_understood \
    "$CTLSIGN" set-cluster mixed-mode --tokenless --yes --timestamp "$STAMP"
}

@test "no room at each write of an update: the old list or the new one, and it says which" {
  local call n failed=0 before after
  fresh
  before=$(sha256sum <CTLFile.tlv)
  count_calls "${UPDATE[@]}"
  for call in write pwrite64 ftruncate fallocate fsync fdatasync linkat renameat; do
    for ((n = 1; n <= ${COUNT[$call]-0}; n++)); do
      fresh
      run_split strace -f -qq -o ../trace -e "trace=$call" -e "inject=$call:error=ENOSPC:when=$n" \
        "${UPDATE[@]}"
      grep -q INJECTED ../trace || fail "$call $n was not met"
      after=$(sha256sum <CTLFile.tlv)
      if [[ $status -eq 0 || $stderr == *"ctlsign: cannot write the result: No space"* ]]; then
        # What was lost was talk, or of no weight.
        [[ $after != "$before" ]] || fail "$call $n: done, and nothing is new"
      else
        assert_failure 1
        failed=$((failed + 1))
        # Once it is signed and written, what fails is publishing it.
        [[ $after == "$before" || $("$CTLSIGN" status --json | jq .pending) == 2 ]] ||
          fail "$call $n: failed, and the file is new: $stderr"
        [[ $(tail -n 1 <<<"$stderr") == "ctlsign: "* ]] || fail "$call $n: $stderr"
      fi
      assert_understood "no room at $call $n"
    done
  done
  echo "failed $failed times" >&2
  [[ $failed -gt 5 ]] || fail "only $failed failed"
}

@test "a disk that is really full: one line says so, and with room again it goes on" {
  [[ $(id -u) -eq 0 ]] || skip "only root can mount a file system"
  mkdir disk
  # shellcheck disable=SC2016  # expanded by the inner shell
  printf '%s\n' 'mount -t tmpfs -o size=400k none disk || exit 99' "cp -a '$MADE'/. disk" 'cd disk' \
    'head -c 1000000 /dev/zero >filler 2>/dev/null' '"$@" 3>&- 4>&-' 'status=$?' \
    'cp CTLFile.tlv ../after' '"$1" status >../looked 2>&1' \
    'echo "status: $?" >>../looked' \
    'rm filler' '"$@" >../again 2>&1 3>&- 4>&- || exit 98' '"$1" audit verify || exit 97' \
    'cp CTLFile.tlv ../new' 'exit $status' >script
  run_split unshare -m bash script "${UPDATE[@]}"
  [[ $status -ne 99 ]] || skip "nothing can be mounted here"
  assert_failure 1
  [[ $(tail -n 1 <<<"$stderr") == "ctlsign: "*[Nn]"o space left"* ||
    $(tail -n 1 <<<"$stderr") == "ctlsign: "*"full"* ]] || { show_run; fail "not told"; }
  # Looking needs no room.
  grep -qx 'status: 6' looked || fail "$(<looked)"
  assert_same_file after "$MADE/CTLFile.tlv"
  quietly verify --trust after new
}
