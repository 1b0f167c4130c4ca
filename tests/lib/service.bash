# Servers that tests start: a port that no other test has, waiting until they listen, and ending
# them whatever happens.  A server dies with the test that started it, even when that is killed.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

# service_setup DIR: where all servers of this test, or of this file, have their folders.  In setup
# or setup_file; exports SERVICES.  service_teardown in teardown or teardown_file.
service_setup() {
  mkdir -p "$1" || return
  SERVICES=$(realpath "$1")
  SERVICE_PORTS=/tmp/ctlsign-ports.$UID
  export SERVICES SERVICE_PORTS
}

service_teardown() {
  local file
  [[ -d ${SERVICES-} ]] || return 0
  for file in "$SERVICES"/*/pid; do
    [[ ! -e $file ]] || service_kill "$(basename "${file%/pid}")"
  done
  for file in "$SERVICES"/port-*; do
    [[ ! -e $file ]] || rm -f "$SERVICE_PORTS/${file##*/port-}" "$file"
  done
  rmdir "$SERVICE_PORTS" 2>/dev/null || :
}

# service_port: sets PORT to one on which nothing listens, and which is this test's until it ends.
# They lie below those that the kernel gives to clients.
service_port() {
  local n
  for ((n = 0; n < 1000; n++)); do
    PORT=$((20000 + SRANDOM % 12000))
    mkdir -p "$SERVICE_PORTS" 2>/dev/null
    # Only one of several can make the link.
    ln -s "${BATS_ROOT_PID-$$}" "$SERVICE_PORTS/$PORT" 2>/dev/null || continue
    : >"$SERVICES/port-$PORT"
    service_listens tcp "$PORT" || service_listens udp "$PORT" || return 0
  done
  echo "no free port" >&2
  return 1
}

# service_listens tcp|udp PORT
service_listens() {
  local state=0A hex
  [[ $1 == tcp ]] || state=07
  printf -v hex '%04X' "$2"
  cat /proc/net/"$1" /proc/net/"$1"6 2>/dev/null |
    grep -qE ":$hex [0-9A-F]+:0000 $state "
}

# service_start NAME COMMAND [ARG...]: in the background, with its output in $SERVICES/NAME/log.
service_start() {
  local name=$1 directory=$SERVICES/$1
  shift
  mkdir -p "$directory" && rm -f "$directory"/{pid,status} || return
  # shellcheck disable=SC2016  # expanded by the inner shell
  setpriv --pdeathsig KILL bash -c 'cd / && d=$1 && shift || exit
    setpriv --pdeathsig KILL "$@" &
    echo $! >"$d/pid.new" && mv "$d/pid.new" "$d/pid"
    wait $!
    echo $? >"$d/status"' service "$directory" "$@" \
    </dev/null >>"$directory/log" 2>&1 3>&- 4>&- &
  disown
  service_until 10 test -s "$directory/pid" || { echo "$name does not start" >&2; return 1; }
}

# service_ready NAME tcp|udp PORT: waits until it listens.
service_ready() {
  local name=$1
  # The program behind setpriv may have ended at once, as when the port is taken.
  service_until 10 service_listens_or_ended "$@"
  if service_ended "$name" || ! service_listens "$2" "$3"; then
    echo "$name does not listen on port $3:" >&2
    tail -n 20 "$SERVICES/$name/log" >&2
    return 1
  fi
}

service_listens_or_ended() {
  service_listens "$2" "$3" || service_ended "$1"
}

# service_until SECONDS COMMAND [ARG...]
service_until() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.02
  done
}

service_ended() { # NAME
  [[ -s $SERVICES/$1/status ]]
}

service_pid() { # NAME
  cat "$SERVICES/$1/pid"
}

# service_tree NAME: the server's process and all below it.
service_tree() {
  local pid
  pid=$(service_pid "$1") || return
  ps -e -o pid= -o ppid= | awk -v top="$pid" '
    { parent[$1] = $2 }
    END { for (p in parent) { q = p; while (q != top && q in parent) q = parent[q]
      if (q == top) print p } }'
}

# service_signal NAME SIGNAL: to the server and its children.
service_signal() {
  local -a pids
  mapfile -t pids < <(service_tree "$1")
  [[ ${#pids[@]} -eq 0 ]] || kill -s "$2" "${pids[@]}" 2>/dev/null || :
}

# service_stop NAME: asks it to end and waits; fails when its exit code is not 0.
service_stop() {
  kill -s TERM "$(service_pid "$1")" 2>/dev/null
  service_until 10 service_ended "$1" || { service_kill "$1"; echo "$1 does not end" >&2; return 1; }
  rm -f "$SERVICES/$1/pid"
  [[ $(<"$SERVICES/$1/status") == 0 ]] || {
    echo "$1 ended with $(<"$SERVICES/$1/status"):" >&2
    tail -n 40 "$SERVICES/$1/log" >&2
    return 1
  }
}

# service_kill NAME: at once, with all its children.
service_kill() {
  [[ -s $SERVICES/$1/pid ]] || return 0
  # Stopped first: it shall have no child that is not in the list.
  kill -s STOP "$(service_pid "$1")" 2>/dev/null
  service_signal "$1" KILL
  service_until 10 service_ended "$1" || return
  rm -f "$SERVICES/$1/pid"
}
