# Targets for the lab cluster, which are directories of this machine; with what a suite over them
# loads, sets up and takes down.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154

load fixtures
load cluster
load ../lib/tty

setup_file() {
  commands_setup_file
  cluster_setup_file
}

# As in cluster.bash, without the lock, in which every run that may change something leaves its name.
files_here() {
  find . -mindepth 1 ! -name 'state.db-wal' ! -name 'state.db-shm' ! -name 'state.db.lock' \
    -printf '%P %y %i %s %T@ %m\n' | LC_ALL=C sort
}

# deliver_to NODE PLACE...: NODE's section of ctlsign.conf gets these targets.
deliver_to() {
  local node=$1 list
  shift
  printf -v list ', "%s"' "$@"
  sed -i "/^[a-z-]* $node {/a\\  deliver = {${list:2}}" ctlsign.conf
}

# Both nodes have a target, pub and sub.
delivery_setup() {
  mkdir pub sub && deliver_to cucm-pub pub && deliver_to cucm-sub1 sub
}

setup() {
  cluster_setup
  delivery_setup
}

teardown() {
  tty_stop
}

# signed_only [ARG...]: the next generation is signed and not published.
signed_only() {
  if [[ -e state.db ]]; then
    ctlsign update --yes --no-publish "$@"
  else
    ctlsign set-cluster mixed-mode --tokenless --yes --no-publish "$@"
  fi
  assert_success
}

# Generation 1 is everywhere, 2 is signed.
second_signed() {
  signed_only --timestamp "$STAMP"
  ctlsign publish
  assert_success
  cp CTLFile.tlv first.tlv
  signed_only --timestamp $((STAMP + 60))
}

# Generation 2 is everywhere; first.tlv is generation 1.
two_published() {
  second_signed
  ctlsign publish
  assert_success
}

# at_pty COLUMNS COMMAND [ARG...]: what the command writes to a terminal, byte for byte.
at_pty() {
  "$PYTHON" - "$@" <<'PYTHON'
import fcntl, os, pty, struct, sys, termios
columns, command = int(sys.argv[1]), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.environ["TERM"] = "xterm"
    os.execvp(command[0], command)
data = b""
while True:
    try:
        part = os.read(fd, 65536)
    except OSError:
        break
    if not part:
        break
    data += part
os.waitpid(pid, 0)
sys.stdout.buffer.write(data)
PYTHON
}
