# What the suites of a PIN's traces share: a command that waits inside a module, and a look into its
# memory.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154

# hangs_at FUNCTION COMMAND...: the command waits in this call of the module; sets pid.
hangs_at() {
  p11mock_set hang "$1"
  "${@:2}" >stdout 2>stderr 3>&- &
  pid=$!
  p11mock_wait_hanging "$1"
}

# let_go: the call returns; sets status.
let_go() {
  p11mock_unset hang
  status=0
  wait "$pid" || status=$?
  pid=
}

# in_memory PID TEXT: how often TEXT stands in the process's readable memory.
in_memory() {
  python3 - "$@" <<'PYTHON'
import sys
pid, text, found = sys.argv[1], sys.argv[2].encode(), 0
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
    for line in maps:
        span, access = line.split()[:2]
        if access[0] != "r" or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
            continue
        start, end = (int(number, 16) for number in span.split("-"))
        if end - start > 1 << 30:  # a sanitizer's
            continue
        memory.seek(start)
        try:
            found += memory.read(end - start).count(text)
        except OSError:
            pass
print(found)
PYTHON
}

# assert_no_pin FILE...: exists, and holds no PIN.  The environment of a process that cannot be
# dumped is for root only.
assert_no_pin() {
  local file
  for file; do
    [[ $file != /proc/*/environ || $(id -u) -eq 0 ]] || continue
    [[ -r $file ]] || fail "cannot read $file" || return
    ! grep -qaF -- "$PIN" "$file" || fail "the PIN is in $file" || return
  done
}

# goes_on_to FUNCTION: the call returns, and the command waits in this one.
goes_on_to() {
  p11mock_set hang "$1"
  for _ in {1..200}; do
    [[ $(cat mock/hanging 2>/dev/null) != "$1" ]] || return 0
    sleep 0.05
  done
  fail "it never came to $1"
}

# For teardown.
traces_end() {
  if [[ -n ${pid-} ]]; then
    kill -KILL "$pid" 2>/dev/null || true
  fi
}
