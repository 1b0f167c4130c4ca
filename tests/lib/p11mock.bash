# The fault-injecting PKCS#11 module (tests/p11mock/README.md) for bats suites.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

# p11mock_setup DIR: an empty control directory with a log; exports P11MOCK_DIR and P11MOCK, the
# module's path.  Skips the test when CTLSIGN_TEST_P11MOCK names no module.
p11mock_setup() {
  [[ -n ${CTLSIGN_TEST_P11MOCK-} ]] || skip "CTLSIGN_TEST_P11MOCK names no module"
  P11MOCK=$(realpath -e "$CTLSIGN_TEST_P11MOCK") || return
  mkdir -p "$1" || return
  P11MOCK_DIR=$(realpath "$1")
  P11MOCK_MODULE=${SOFTHSM_MODULE:-/usr/lib/softhsm/libsofthsm2.so}
  export P11MOCK P11MOCK_DIR P11MOCK_MODULE
  p11mock_reset
}

# p11mock_set FILE [LINE...]: writes a control file; without lines it is empty.
p11mock_set() {
  local file=$1 new
  shift
  new=$(mktemp "$P11MOCK_DIR/.new.XXXXXX") || return
  if [[ $# -gt 0 ]]; then
    printf '%s\n' "$@" >"$new"
  fi
  mv "$new" "$P11MOCK_DIR/$file"
}

# p11mock_unset FILE...
p11mock_unset() {
  (cd "$P11MOCK_DIR" && rm -f -- "$@")
}

# p11mock_get FILE: prints a control file.
p11mock_get() {
  cat "$P11MOCK_DIR/$1"
}

# No faults, and an empty log.
p11mock_reset() {
  find "$P11MOCK_DIR" -mindepth 1 -delete
  : >"$P11MOCK_DIR/log"
}

p11mock_clear_log() {
  : >"$P11MOCK_DIR/log"
}

# p11mock_count FUNCTION [CKR [NOTE]]: how many calls the log has; CKR as 0x... in lower case.
p11mock_count() {
  local line=$1
  if [[ $# -gt 1 ]]; then
    line="$*"
    grep -cxF -- "$line" "$P11MOCK_DIR/log" || true
  else
    grep -c "^$line " "$P11MOCK_DIR/log" || true
  fi
}

# assert_calls N FUNCTION [CKR [NOTE]]
assert_calls() {
  local n=$1 have
  shift
  have=$(p11mock_count "$@")
  if [[ $have != "$n" ]]; then
    printf '%s\n' "expected $n calls of $*, saw $have:" >&2
    cat "$P11MOCK_DIR/log" >&2
    return 1
  fi
}

# p11mock_wait_hanging [FUNCTION [SECONDS]]: until a call hangs.
p11mock_wait_hanging() {
  local end=$((SECONDS + ${2-10} + 1))
  until [[ -f $P11MOCK_DIR/hanging && $(<"$P11MOCK_DIR/hanging") == "${1-C_}"* ]]; do
    if ((SECONDS >= end)); then
      echo "no call of ${1-any function} hangs" >&2
      return 1
    fi
    sleep 0.02
  done
}
