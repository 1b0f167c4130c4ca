#!/usr/bin/env bats
# What a change meets that is not right: keys, certificates, the inventory, the state file, the
# clock, nobody to ask, another run.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  commands_setup_file
  export XDG_STATE_HOME=$BATS_FILE_TMPDIR/state
  make_certificates pub sub1 tftp2 asa1 capf itl
}

setup() {
  cluster_setup
}

teardown() {
  tty_stop
  if [[ -n ${holder-} ]]; then
    kill "$holder" 2>/dev/null || true
  fi
}

# ---- keys and certificates ----------------------------------------------------------------------

@test "a private key that does not fit: whose is needed is told" {
  first_tokenless '12.5(1)'
  cp certs/sub1.key certs/pub.key
  refused_change_yes 5 'certs/pub.key: .*name the private key of: CN=pub;' update
  refused_change_yes 5 'certs/sub1.key: ' update --sign-with certs/sub1.key
  # Another key that is a SAST's may sign.
  change update --sign-with certs/itl.key
  independent CTLFile.tlv
  assert_json .signer_record 2
}

@test "no key in the inventory, and a key file that is not there" {
  first_tokenless '12.5(1)'
  sed -i 's|key = "certs/pub.key"||' ctlsign.conf
  refused_change_yes 5 'ctlsign.conf: the CallManager key is to sign.*callmanager \{ key' update
  sed -i 's|^callmanager {|callmanager { key = "certs/none.key"|' ctlsign.conf
  refused_change_yes 1 'certs/none.key: .*No such file' update
}

# line_of TEXT: where it stands in ctlsign.conf
line_of() {
  grep -nF -- "$1" ctlsign.conf | head -n 1 | cut -d : -f 1
}

@test "certificates that are missing, unreadable or too long named: file and line" {
  local long line
  first_tokenless '12.5(1)'
  line=$(line_of certs/sub1.pem)
  rm certs/sub1.pem
  refused_change_yes 1 "^ctlsign: ctlsign.conf: line $line: certs/sub1.pem: .*No such file" update
  echo nonsense >certs/sub1.pem
  refused_change_yes 1 "^ctlsign: ctlsign.conf: line $line: certs/sub1.pem: " update
  long=$(printf 'x%.0s' {1..60})
  borrow sub1 long
  cert_make ./long 2048 "/O=$long/O=$long/O=$long/O=$long/CN=sub1"
  cp long.pem certs/sub1.pem
  refused_change_yes 1 \
    "^ctlsign: ctlsign.conf: line $line: certs/sub1.pem: .*longer than 255 characters: CUCM refuses" update
  sed -i 's|certificate = "certs/sub1.pem"||' ctlsign.conf
  refused_change_yes 1 "^ctlsign: ctlsign.conf: line $((line - 2)): subscriber 'cucm-sub1' names no" \
    update
}

# ---- the inventory ------------------------------------------------------------------------------

@test "duplicate names and addresses, an impossible release" {
  local release
  first_tokenless '12.5(1)'
  cp ctlsign.conf good
  printf '%s\n' 'subscriber CUCM-SUB1 { address = "10.1.2.9" }' >>ctlsign.conf
  refused_change_yes 1 "ctlsign.conf: line $(line_of CUCM-SUB1): .*stands twice" update
  cp good ctlsign.conf
  printf '%s\n' 'subscriber sub9 { dns = "cucm-sub1" address = "10.1.2.9" }' >>ctlsign.conf
  refused_change_yes 1 "ctlsign.conf: line $(line_of sub9): .*the same DNS name" update
  cp good ctlsign.conf
  printf '%s\n' 'subscriber sub9 { address = "10.1.2.4" }' >>ctlsign.conf
  refused_change_yes 1 "ctlsign.conf: line $(line_of sub9): .*the same address" update
  for release in '13.0(1)' 12.5x 99 '12.5(0)'; do
    sed "s/12.5(1)/$release/" good >ctlsign.conf
    refused_change_yes 1 "ctlsign.conf: line 2: .*$(printf %q "$release")" update
  done
}

# ---- state, clock, terminal ---------------------------------------------------------------------

sqlite() { # STATEMENT
  "$PYTHON" -c 'import sqlite3, sys
base = sqlite3.connect("state.db")
base.execute(sys.argv[1])
base.commit()' "$1"
}

@test "a state file of a newer version is refused by all, and left alone" {
  local command before
  first_tokenless '12.5(1)'
  sqlite 'pragma user_version = 99'
  before=$(sha256sum state.db CTLFile.tlv)
  for command in 'update --yes' 'update --dry-run' status history 'audit verify'; do
    # shellcheck disable=SC2086
    ctlsign $command
    assert_failure 1
    assert_stderr --regexp '^ctlsign: state.db: .*newer'
  done
  assert_equal "$(sha256sum state.db CTLFile.tlv)" "$before"
}

@test "a state file that is damaged, or another program's" {
  first_tokenless '12.5(1)'
  cp state.db good.db
  head -c 5000 /dev/urandom >state.db
  ctlsign update --yes
  assert_failure 1
  assert_stderr --partial 'ctlsign: state.db: '
  rm state.db*
  sqlite 'create table theirs (x)'
  cp state.db before
  ctlsign update --yes
  assert_failure 1
  assert_stderr --partial 'ctlsign: state.db: '
  assert_same_file state.db before
  rm state.db*
  cp good.db state.db
  change update
}

@test "a clock that went backwards" {
  first_tokenless '12.5(1)'
  refused_change_yes 1 'before the one of .*: the clock went backwards' \
    update --timestamp "$((NOW - 1))"
  # The same second will do.
  ctlsign update --yes --timestamp "$NOW"
  assert_success
  carried
  rm -r state.db* CTLFile.tlv
  # By the clock itself: the list is of tomorrow.
  "$CTLSIGN" set-cluster mixed-mode --tokenless --yes --timestamp "$(date -d tomorrow +%s)"
  carried
  refused_change_yes 1 'the clock went backwards; set this computer.s clock right' update
}

@test "nobody to ask: nothing is signed; a dry run touches nothing" {
  local before
  conf '12.5(1)'
  before=$(files_here)
  ctlsign set-cluster mixed-mode --tokenless --dry-run
  assert_success
  assert_output --partial 'adds CallManager of cucm-pub as SAST (10.1.2.3, '
  assert_output --regexp 'SHA-512 that is to be signed: [0-9a-f]{128}'
  assert_equal "$(files_here)" "$before"
  refused_change 2 'there is no terminal; say --yes' set-cluster mixed-mode --tokenless
  change set-cluster mixed-mode --tokenless
  # Who reads an SQLite file in WAL mode leaves an empty log and an index beside it.
  before=$(files_here | grep -v 'state\.db-')
  ctlsign update --dry-run --json
  assert_success
  assert_json '[.dry_run, .generation, .before, .mode, .signing, .md5] | map(tostring) | join(" ")' \
    'true 2 1 mixed tokenless null'
  assert_equal "$(files_here | grep -v 'state\.db-')" "$before"
  [[ ! -s state.db-wal ]]
}

@test "the hash that a dry run shows is the one that is signed" {
  local hash now
  first_tokenless '12.5(1)'
  now=$(($(date +%s) + 5))
  hash=$("$CTLSIGN" update --dry-run --json --timestamp "$now" | jq -r .signed_hash)
  ctlsign update --yes --json --timestamp "$now"
  assert_success
  assert_json .signed_hash "$hash"
  assert_json .sha256 "$(sha256sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_equal "$("$CTLSIGN" audit show --json | jq -r 'map(select(.digest != ""))[-1].digest')" "SHA-512 $hash"
}

@test "a person who says no, and one who says yes" {
  tty_require
  conf '12.5(1)'
  tty_start -- "$CTLSIGN" set-cluster mixed-mode --tokenless
  tty_wait 'Type "yes" to go on'
  tty_type no
  tty_finish
  assert_failure 1
  [[ $output == *"nothing was signed, and nothing has changed"* ]]
  refute_file CTLFile.tlv
  tty_start -- "$CTLSIGN" set-cluster mixed-mode --tokenless
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_finish
  assert_success
  carried
  assert_settled
}

@test "a CTL file that the state knows nothing of is left alone" {
  conf '12.5(1)'
  echo precious >CTLFile.tlv
  refused_change_yes 1 'CTLFile.tlv: a CTL file is there already.*init --from' \
    set-cluster mixed-mode --tokenless
  assert_equal "$(<CTLFile.tlv)" precious
}

@test "commands that need a CTL, before there is one" {
  local command
  conf '12.5(1)'
  for command in update reset-localkey 'set-cluster non-secure-mode' 'rollback 1'; do
    # shellcheck disable=SC2086
    refused_change_yes 1 'has no CTL yet; make the first one' $command
  done
}

# ---- two at once --------------------------------------------------------------------------------

@test "a run that waits at its question keeps others out, who say whom they waited for" {
  tty_require
  first_tokenless '12.5(1)'
  tty_start -- "$CTLSIGN" update
  tty_wait 'Type "yes" to go on'
  # Looking is never kept out.
  ctlsign status
  assert_success
  refused_change_yes 1 \
    "state.db.lock: process $(<"$TTY_DIR/pid") has the state locked since .*: ctlsign update;" \
    set-cluster non-secure-mode
  assert_stderr --partial "has the state locked"
  assert_stderr --partial "waiting up to 10 seconds for it"
  tty_type yes
  tty_finish
  assert_success
  carried
  ctlsign set-cluster non-secure-mode --yes
  assert_success
  carried
  assert_settled
}

@test "a run that has to wait a little waits" {
  first_tokenless '12.5(1)'
  "$PYTHON" -c 'import fcntl, time
with open("state.db.lock", "r+") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    open("held", "w").close()
    time.sleep(2)' 3>&- &
  holder=$!
  eventually 5 test -e held
  change update
  run ! kill -0 "$holder"
  holder=
  assert_settled
}

@test "many at once: each makes a generation of its own" {
  local i name
  conf '12.5(1)'
  # All of them have a target: what is signed is published by the same run.
  with_targets
  "$CTLSIGN" set-cluster mixed-mode --tokenless --yes
  for i in {1..6}; do
    "$CTLSIGN" update --yes >"out.$i" 2>"error.$i" 3>&- &
  done
  wait
  assert_equal "$(cat error.* | grep '^ctlsign: ' | grep -vc 'waiting up to 10 seconds')" 0
  ctlsign history --json
  assert_json 'map(.number) | join(" ")' '1 2 3 4 5 6 7'
  assert_json 'all(.published)' true
  for name in cucm-pub cucm-sub1 tftp2 asa1; do
    cmp CTLFile.tlv "at-$name/CTLFile.tlv"
  done
  assert_settled
}
