# A lab cluster for the suites of its commands: a publisher and a subscriber with certificates, and
# keys of CallManager and ITLRecovery in PEM files, so that a tokenless CTL needs no token.
#
# Load fixtures.bash first.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2119

# For setup_file, behind commands_setup_file: K/pub, K/sub1, K/capf, K/recovery, once a file.
cluster_setup_file() {
  make_servers pub sub1 || return
  cert_capf "$K/capf" 1a2b3c4d && cert_itl_recovery "$K/recovery" cucm-pub.lab.example
}

# For setup: the test's own folder, with the cluster's files in it.
cluster_setup() {
  commands_setup || return
  # The program counts wrong PINs there.
  XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  export XDG_STATE_HOME
  unset CTLSIGN_CONFIG
  mkdir certs && cp "$K"/{pub,sub1,capf,recovery}.pem certs/ &&
    cp "$K/pub.key" certs/callmanager.key && cp "$K/recovery.key" certs/recovery.key &&
    cluster_conf
}

# cluster_conf [LINE...]: writes ctlsign.conf, with these lines in it.
# shellcheck disable=SC2120  # tests give them
cluster_conf() {
  cat >ctlsign.conf <<CONF
cluster = "lab"
release = "12.5(1)"
domain = "lab.example"
export-controlled = yes
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, CAPF}
  certificate = "certs/pub.pem"
  capf-certificate = "certs/capf.pem"
}
subscriber cucm-sub1 {
  address = "10.1.2.4"
  certificate = "certs/sub1.pem"
}
itlrecovery {
  certificate = "certs/recovery.pem"
  key = "certs/recovery.key"
}
callmanager { key = "certs/callmanager.key" }
CONF
  [[ $# -eq 0 ]] || printf '%s\n' "$@" >>ctlsign.conf
}

# As in fixtures.bash, without the files that SQLite keeps beside the state while somebody looks.
files_here() {
  find . -mindepth 1 ! -name 'state.db-wal' ! -name 'state.db-shm' -printf '%P %y %i %s %T@ %m\n' |
    LC_ALL=C sort
}

# The first CTL, signed by CallManager, and carried to the servers.
first_ctl() {
  ctlsign set-cluster mixed-mode --tokenless --yes "$@"
  assert_success && carried
}

# Another one, whether it is needed or not.
next_ctl() {
  ctlsign update --yes "$@"
  assert_success && carried
}

# new_certificate NAME: the file certs/NAME.pem gets a new certificate of the same name.
new_certificate() {
  CERT_SERIAL=${2-$(cert_random_serial)} cert_node "$BATS_TEST_TMPDIR/new-$1" "$1.lab" &&
    cp "$BATS_TEST_TMPDIR/new-$1.pem" "certs/$1.pem"
}

# state_sql STATEMENT: done to the state file behind the program's back, as somebody does
# who knows how to pass by its triggers.
state_sql() {
  "$PYTHON" - "$1" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect("state.db")
triggers = db.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
for name, _ in triggers:
    db.execute(f'drop trigger "{name}"')
db.execute(sys.argv[1])
for _, sql in triggers:
    db.execute(sql)
db.commit()
db.close()
PYTHON
}
