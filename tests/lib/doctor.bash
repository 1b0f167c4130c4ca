# What the suites of `ctlsign doctor` share: a run as JSON, a look into it, misbehaving services.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154  # output is set by bats' run

load ../commands/fixtures
load ../lib/p11mock
load ../lib/tty

# For setup: a folder for sockets, whose paths must be short, and no variable of the developer's.
doctor_setup() {
  commands_setup || return
  # Somebody else than root may have to get in.
  SOCKETS=$(mktemp -d /tmp/ctlsign-doctor.XXXXXX) && chmod 755 "$SOCKETS" || return
  unset SOFTHSM2_CONF OPENSC_CONF OPENSC_DRIVER NO_COLOR "${!P11_KIT_@}"
  export PCSCLITE_CSOCK_NAME=$SOCKETS/none
}

doctor_teardown() {
  tty_stop
  [[ -z ${FAKE_PID-} ]] || kill "$FAKE_PID" 2>/dev/null || :
  rm -rf "$SOCKETS"
}

# fake_pcscd MODE: see fake_pcscd.py; exports PCSCLITE_CSOCK_NAME.
fake_pcscd() {
  export PCSCLITE_CSOCK_NAME=$SOCKETS/$1
  "$PYTHON" "$SRCDIR/tests/lib/fake_pcscd.py" "$PCSCLITE_CSOCK_NAME" "$1" 3>&- 4>&- &
  FAKE_PID=$!
  eventually 10 test -S "$PCSCLITE_CSOCK_NAME"
}

# examine ARG...: `ctlsign doctor --json ARG...` says so and no more, in less than 30 seconds.
examine() {
  local begin=$SECONDS
  run_split "${BEFORE[@]}" "$CTLSIGN" doctor --json "$@"
  refute_stderr || return
  ((SECONDS - begin < 30)) || fail "took $((SECONDS - begin)) s"
  assert_json 'keys_unsorted | join(" ")' "ready checks"
}

is_ready() {
  assert_json .ready true && assert_success
}

is_not_ready() {
  assert_json .ready false && assert_failure 5
}

# told CHECK LEVEL WHAT-REGEXP [MEND]: exactly one of the checks is so.
told() {
  local found
  found=$(jq --arg check "$1" --arg level "$2" --arg what "$3" --arg mend "${4-}" '
    [.checks[] | select(.check == $check and .level == $level and .mend == $mend
      and (.what | test($what)))] | length' <<<"$output") || return
  [[ $found == 1 ]] || { show_run; fail "$found of the checks are: $*"; }
}

# levels CHECK LEVEL...: the levels of all findings of this check.
levels() {
  assert_json "[.checks[] | select(.check == \"$1\") | .level] | join(\" \")" "${*:2}"
}
