#!/usr/bin/env bats
# ctlsign token watch through OpenSC and a Smart Card service: cards, readers, and a service that
# dies, comes back and hangs.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run
# shellcheck disable=SC2030,SC2031  # every test has its own WATCHER

load ../lib/assertions
load ../lib/vcard

setup_file() {
  [[ -x ${CTLSIGN-} ]] || { echo "CTLSIGN must name the program" >&2; return 1; }
  CTLSIGN=$(realpath "$CTLSIGN")
  export CTLSIGN LC_ALL=C.UTF-8
  vcard_require
  cert_make "$BATS_FILE_TMPDIR/key" 2048 /O=Lab/CN=SAST-1
}

# The service is killed here: every test has its own.
setup() {
  vcard_require
  cd "$BATS_TEST_TMPDIR" || return
  vcard_setup "$BATS_TEST_TMPDIR/vcard"
  vcard_piv card 0 /O=Lab/CN=SAST-1 --9a "$BATS_FILE_TMPDIR/key" --no-9c
  WATCHER=
}

teardown() {
  [[ -z $WATCHER ]] || kill -KILL "$WATCHER" 2>/dev/null || :
  vcard_teardown
}

watch() {
  "$CTLSIGN" token watch --module "$OPENSC_MODULE" >out 2>err </dev/null 3>&- 4>&- &
  WATCHER=$!
  eventually 10 has_lines 1
}

has_lines() {
  [[ $(wc -l <out) -ge $1 ]]
}

events() {
  sed -E 's/.* UTC  ([a-z]+) .*/\1/' out | tr '\n' ' '
}

ended() { # CODE
  local code=0
  wait "$WATCHER" || code=$?
  WATCHER=
  assert_equal "$code" "$1"
  assert_equal "$(<err)" ""
}

# in_time LINES COMMAND...: the command makes the output grow to so many lines within a second from
# when it has done its work; pcscd itself takes up to 0.4 s of it.  Adds the time to TOOK.
in_time() {
  local lines=$1 begin took
  shift
  "$@" >/dev/null
  begin=${EPOCHREALTIME/./}
  eventually 10 has_lines "$lines"
  took=$((${EPOCHREALTIME/./} - begin))
  TOOK+=("$took")
  ((took < 1000000)) || fail "it took $took microseconds"
}

# Half of the events at least were told within half a second.
mostly_in_half_a_second() {
  local sorted
  mapfile -t sorted < <(printf '%s\n' "${TOOK[@]}" | sort -n)
  ((sorted[${#TOOK[@]} / 2] < 500000)) || fail "microseconds:" "${sorted[@]}"
}

# What its threads have used and how often they ran: "NANOSECONDS TIMES".
used() {
  cat /proc/"$WATCHER"/task/*/schedstat | awk '{ ns += $1; n += $3 } END { print ns, n }'
}

service_pid() {
  pgrep -f "^/usr/sbin/pcscd .*--config $VCARD_RUN/"
}

kill_service() {
  kill -KILL "$(service_pid)"
}

start_service() {
  "$VCARD_PYTHON" "$VCARD_HOME/private_pcscd.py" "$VCARD_RUN" </dev/null >pcscd.log 2>&1 3>&- 4>&- &
  echo $! >"$VCARD_RUN/pcscd.pid"
  disown
  vcard_until 10 vcard_has_readers
}

@test "a card that is removed and inserted is told within half a second" {
  watch
  TOOK=()
  for i in 1 2 3; do
    in_time $((2 * i)) vcard_ctl card eject
    in_time $((2 * i + 1)) vcard_ctl card insert
    sleep 0.5
  done
  mostly_in_half_a_second
  kill "$WATCHER"
  ended 143
  assert_equal "$(events)" "present removed inserted removed inserted removed inserted "
  assert_equal "$(grep -c 'SAST-1  [0-9a-f]*  Virtual PCD 00 00$' out)" 7
}

@test "two cards in two readers" {
  watch
  vcard_piv other 1 /O=Lab/CN=SAST-2 --9a "$BATS_FILE_TMPDIR/key" --no-9c --out
  in_time 2 vcard_ctl other insert
  in_time 3 vcard_ctl card eject
  kill "$WATCHER"
  ended 143
  assert_equal "$(events)" "present inserted removed "
  assert_equal "$(sed -n '2s/.*00 0/0/p' out) $(sed -n '3s/.*00 0/0/p' out)" "01 00"
}

@test "nothing runs while nothing happens: for 10 s, exactly" {
  watch
  sleep 2
  before=$(used)
  sleep 10
  assert_equal "$(used)" "$before"
  in_time 2 vcard_ctl card eject
}

@test "a service that dies and comes back" {
  watch
  sleep 1.5
  in_time 2 kill_service
  vcard_kill card || :
  sleep 1.5
  start_service
  vcard_restart card
  eventually 10 has_lines 3
  # It is a real watch again.
  sleep 1.5
  in_time 4 vcard_ctl card eject
  kill "$WATCHER"
  ended 143
  assert_equal "$(events)" "present removed inserted removed "
}

@test "a service that was started later" {
  kill_service
  vcard_kill card || :
  "$CTLSIGN" token watch --module "$OPENSC_MODULE" >out 2>err </dev/null 3>&- 4>&- &
  WATCHER=$!
  sleep 1
  start_service
  vcard_restart card
  eventually 10 has_lines 1
  sleep 1.5
  before=$(used)
  sleep 2
  assert_equal "$(used)" "$before"
  in_time 2 vcard_ctl card eject
  kill "$WATCHER"
  ended 143
  assert_equal "$(events)" "inserted removed "
}

@test "a service that hangs does not keep the watch from ending" {
  watch
  sleep 1.5
  kill -STOP "$(service_pid)"
  before=$(used)
  sleep 2
  assert_equal "$(used)" "$before"
  kill "$WATCHER"
  sleep 0.2
  # OpenSC cannot be finalised now; who does not want to wait for that says it twice.
  kill "$WATCHER"
  begin=$SECONDS
  ended 143
  ((SECONDS - begin < 2))
  kill -CONT "$(service_pid)"
}
