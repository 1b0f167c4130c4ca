#!/usr/bin/env bats
# ctlsign token watch, over a module whose tokens come and go, and over SoftHSM.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures
load ../lib/p11mock

setup_file() {
  softhsm_require
  commands_setup_file
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  softhsm_token SAST-1
  softhsm_token 'a long label'
  SERIAL_1=$(softhsm_serial SAST-1)
  SERIAL_2=$(softhsm_serial 'a long label')
  # There is no Smart Card service in this file; tests/vcard has it.
  PCSCLITE_CSOCK_NAME=/nonexistent/pcscd.comm
  export SERIAL_1 SERIAL_2 PCSCLITE_CSOCK_NAME
}

setup() {
  commands_setup
  p11mock_setup "$BATS_TEST_TMPDIR/control"
  WATCHER=
}

teardown() {
  [[ -z $WATCHER ]] || kill -KILL "$WATCHER" 2>/dev/null || :
}

# watch ARG...: begins to watch in the background, into out and err, and waits for the two tokens.
watch() {
  # What the shell starts in the background ignores SIGINT otherwise.
  env --default-signal=INT,QUIT,PIPE "$CTLSIGN" token watch --module "$P11MOCK" "$@" \
    >out 2>err </dev/null 3>&- 4>&- &
  WATCHER=$!
  eventually 5 has_lines 2
}

has_lines() {
  [[ $(wc -l <out) -ge $1 ]]
}

# ended [CODE]: the watch is over by itself, with this exit code, and said nothing on stderr.
ended() {
  local code=0
  wait "$WATCHER" || code=$?
  WATCHER=
  assert_equal "$code" "${1-0}"
  assert_equal "$(<err)" ""
}

# in_time LINES COMMAND...: the command makes the output grow to so many lines within half a second.
in_time() {
  local lines=$1 begin=${EPOCHREALTIME/./} took
  shift
  "$@"
  eventually 5 has_lines "$lines"
  took=$((${EPOCHREALTIME/./} - begin))
  ((took < 500000)) || fail "it took $took microseconds"
}

# cpu_ns PID: the processor time of all its threads.
cpu_ns() {
  cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

@test "what is there, what goes and what comes: lined up, each within half a second" {
  watch
  in_time 3 p11mock_set removed SAST-1
  in_time 4 p11mock_unset removed
  kill -TERM "$WATCHER"
  ended 143
  time='[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC'
  output=$(<out)
  assert_line --regexp "^$time  present   SAST-1        $SERIAL_1  SoftHSM slot ID 0x"
  assert_line --regexp "^$time  present   a long label  $SERIAL_2  SoftHSM slot ID 0x"
  assert_equal "$(sed -nE "3s/^$time  (.*)  SoftHSM slot ID 0x.*/\1/p" out)" \
    "removed   SAST-1        $SERIAL_1"
  assert_equal "$(sed -nE "4s/^$time  (.*)  SoftHSM slot ID 0x.*/\1/p" out)" \
    "inserted  SAST-1        $SERIAL_1"
  assert_equal "$(wc -l <out)" 4
}

@test "--json: one object a line, with the token's keys" {
  watch --json
  in_time 3 p11mock_set removed "$SERIAL_2"
  in_time 4 p11mock_unset removed
  kill -TERM "$WATCHER"
  ended 143
  assert_equal "$(jq -r .event out | tr '\n' ' ')" "present present removed inserted "
  sed -n 3p out >removed
  sed -n 4p out >inserted
  for file in removed inserted; do
    assert_json '[.label, .serial, .module, .pin] | join("|")' \
      "a long label|$SERIAL_2|$P11MOCK|ready" "$file"
    assert_json '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")' true \
      "$file"
    assert_json '.uri | startswith("pkcs11:")' true "$file"
    assert_json '.slot | type' number "$file"
  done
  # The same keys as in the list, and two more.
  "$CTLSIGN" token list --json --module "$P11MOCK" >list
  assert_equal "$(jq -c 'del(.event, .time, .initialised) | keys' inserted)" "$(jq -c '.tokens[0] | keys' list)"
}

@test "a blank token is told as blank" {
  p11mock_set flags 'clear 0x400 SAST-1'
  watch --json
  assert_equal "$(jq -r 'select(.initialised | not) | .event' out)" present
  p11mock_unset flags
  eventually 5 has_lines 4
  kill -TERM "$WATCHER"
  ended 143
  assert_equal "$(tail -n 2 out | jq -r '[.event, .initialised, .label] | join(" ")')" \
    "$(printf '%s\n' 'removed false SAST-1' 'inserted true SAST-1')"
}

@test "--timeout ends the watch with 0, and puts the module in order" {
  begin=${EPOCHREALTIME/./}
  watch --timeout 1
  ended
  took=$((${EPOCHREALTIME/./} - begin))
  ((took >= 1000000 && took < 3000000)) || fail "it took $took microseconds"
  assert_equal "$(wc -l <out)" 2
  assert_equal "$(tail -n 1 "$P11MOCK_DIR/log")" "C_Finalize 0x0"
}

@test "without any token it waits for one" {
  p11mock_set removed '*'
  "$CTLSIGN" token watch --timeout 3 --module "$P11MOCK" >out 2>err 3>&- 4>&- &
  WATCHER=$!
  sleep 0.5
  assert_equal "$(<out)" ""
  in_time 2 p11mock_unset removed
  ended
  assert_equal "$(grep -c inserted out)" 2
}

@test "a signal ends it at once, with everything in order" {
  for signal in INT:130 TERM:143 HUP:129; do
    p11mock_reset
    : >out
    watch
    kill -"${signal%:*}" "$WATCHER"
    begin=${EPOCHREALTIME/./}
    ended "${signal#*:}"
    ((${EPOCHREALTIME/./} - begin < 1000000)) || fail "it took long"
    assert_equal "$(tail -n 1 "$P11MOCK_DIR/log")" "C_Finalize 0x0"
  done
}

@test "nohup: an ignored signal stays ignored" {
  watch --timeout 2
  (trap '' HUP; exec env "$CTLSIGN" token watch --module "$P11MOCK" --timeout 1) >second \
    2>>err 3>&- 4>&- &
  second=$!
  eventually 5 test -s second
  kill -HUP "$second"
  wait "$second"
  ended
}

@test "a reader that has seen enough ends it quietly, even when nothing happens" {
  p11mock_set removed SAST-1
  run_split bash -c '"$CTLSIGN" token watch --module "$P11MOCK" --timeout 20 | head -n 1
    echo "${PIPESTATUS[*]} after $SECONDS s"'
  assert_success
  refute_stderr
  assert_line --regexp '^0 0 after [0-3] s$'
  assert_equal "$(tail -n 1 "$P11MOCK_DIR/log")" "C_Finalize 0x0"
}

@test "an output that cannot be written is told" {
  run_split bash -c '"$CTLSIGN" token watch --module "$P11MOCK" --timeout 20 >/dev/full'
  assert_failure 1
  assert_equal "$stderr" "ctlsign: cannot write the result: No space left on device"
}

@test "a module that fails is told once, its tokens count as removed, and it may come back" {
  watch --json
  p11mock_set fail "C_GetSlotList 0x5"
  eventually 5 has_lines 4
  sleep 1.5
  p11mock_unset fail
  in_time 6 :
  kill -TERM "$WATCHER"
  wait "$WATCHER" || :
  WATCHER=
  assert_equal "$(jq -r .event out | tr '\n' ' ')" \
    "present present removed removed inserted inserted "
  assert_equal "$(wc -l <err)" 1
  output=$(<err)
  assert_output --regexp "^ctlsign: warning: $P11MOCK: C_GetSlotList failed: "
}

@test "no processor time while nothing happens with SoftHSM: under 50 ms in 10 s" {
  "$CTLSIGN" token watch --module "$SOFTHSM_MODULE" --timeout 14 >out 2>err 3>&- 4>&- &
  WATCHER=$!
  eventually 5 has_lines 2
  sleep 1.5
  before=$(cpu_ns "$WATCHER")
  sleep 10
  after=$(cpu_ns "$WATCHER")
  ((after - before < 50000000)) || fail "$((after - before)) ns in 10 s"
  ended
}

@test "SoftHSM: a token that another program deletes is told as removed" {
  softhsm_token 'for a while'
  "$CTLSIGN" token watch --json --module "$SOFTHSM_MODULE" --timeout 5 >out 2>err 3>&- 4>&- &
  WATCHER=$!
  eventually 5 has_lines 3
  softhsm2-util --delete-token --token 'for a while' >/dev/null
  eventually 5 has_lines 4
  wait "$WATCHER"
  WATCHER=
  assert_equal "$(tail -n 1 out | jq -r '.event + " " + .label')" "removed for a while"
  assert_equal "$(grep -c '^ctlsign: warning: .*C_GetTokenInfo failed' err)" 1
}

@test "wrong usage" {
  refused 2 "^ctlsign: --timeout takes 1 to 86400 seconds, not '0'" token watch --timeout 0
  refused 2 "^ctlsign: --timeout takes 1 to 86400 seconds, not '1s'" token watch --timeout 1s
  refused 2 "^ctlsign: unexpected argument 'SAST-1'" token watch SAST-1
  refused 2 "^ctlsign: unknown option '--uri'" token watch --uri
  refused 5 "^ctlsign: /nonexistent.so: " token watch --module /nonexistent.so
}
