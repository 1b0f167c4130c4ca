#!/usr/bin/env bash
# test.sh - installs what the tests need, builds ctlsign in several ways, and runs every test.
#
# usage: ./test.sh [--quick]
#   --quick   the gcc build only: no clang, no sanitizers, no valgrind, no distcheck
#
# The last line reads: N passed, N failed, N skipped
set -uo pipefail
cd "$(dirname "$0")" || exit 99
. tests/lib/packages.sh

QUICK=no
for argument in "$@"; do
  case $argument in
    --quick) QUICK=yes ;;
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option '$argument'; see: ./test.sh --help" >&2; exit 2 ;;
  esac
done

passed=0 failed=0 skipped=0
failures=()

say() { printf '\n== %s\n' "$*"; }

# count RESULT NAME: one check that is no make check of its own
count() {
  if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); failures+=("$2"); fi
}

# sum FILE NAME: adds what `make check` printed; a run that printed no totals is a failure
sum() {
  local p f s
  p=$(awk '/^# (PASS|XFAIL):/ {n += $3} END {print n + 0}' "$1")
  f=$(awk '/^# (FAIL|XPASS|ERROR):/ {n += $3} END {print n + 0}' "$1")
  s=$(awk '/^# SKIP:/ {n += $3} END {print n + 0}' "$1")
  [ "$p" -gt 0 ] || { f=$((f + 1)); failures+=("$2: no test ran"); }
  [ "$f" -eq 0 ] || failures+=("$2: $f failed")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  echo "$2: $p passed, $f failed, $s skipped"
}

# build_and_check NAME CONFIGURE-ARGUMENT...
build_and_check() {
  local name=$1 dir=build/$1 jobs
  shift
  jobs=$(nproc)
  say "$name: configure, build, check"
  rm -rf "$dir" && mkdir -p "$dir"
  if ! (cd "$dir" && ../../configure --enable-werror "$@" > configure.out 2>&1); then
    tail -n 20 "$dir/configure.out"; count 1 "$name: configure"; return
  fi
  if ! make -C "$dir" -j"$jobs" > "$dir/make.out" 2>&1; then
    grep -E 'error|warning' "$dir/make.out" | head -n 20; count 1 "$name: build"; return
  fi
  count 0 "$name: build"
  make -C "$dir" -j"$jobs" check > "$dir/check.out" 2>&1
  grep -E '^(not ok|FAIL|ERROR|XPASS|SKIP):?' "$dir/check.out" | sort -u | head -n 60
  if grep -qE '^# (FAIL|ERROR|XPASS): +[1-9]' "$dir/check.out"; then
    grep -hA12 '^not ok' "$dir/test-suite.log" 2> /dev/null | grep '^#' | head -n 80
  fi
  sum "$dir/check.out" "$name"
}

needed_packages test || exit 1
say "autoreconf"
mkdir -p build
if ! autoreconf -fi > build/autoreconf.out 2>&1; then
  cat build/autoreconf.out
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

build_and_check gcc CC=gcc
if [ "$QUICK" = no ]; then
  build_and_check clang CC=clang
  build_and_check sanitizers CC=gcc --enable-sanitizers CFLAGS='-g -O1'

  say "valgrind: unit tests and commands leak nothing"
  make -C build/gcc check-valgrind > build/gcc/valgrind.out 2>&1
  count $? "valgrind (build/gcc/valgrind.out)"
  tail -n 3 build/gcc/valgrind.out

  say "distcheck: the tarball builds, passes its tests, installs and uninstalls"
  # What takes long, and looks at servers, cards and faults, has run three times by now.
  tests=$(ls tests/unit/test_*.c tests/{cluster,commands,independent,lib,migrate,simulator}/*.bats \
    tests/checks/{layers,man,sources,words}.sh | sed 's/\.c$//' | tr '\n' ' ')
  make -C build/gcc -j"$(nproc)" distcheck TESTS="$tests" > build/gcc/distcheck.out 2>&1
  count $? "distcheck (build/gcc/distcheck.out)"
  tail -n 3 build/gcc/distcheck.out
fi

if [ "$failed" -gt 0 ]; then
  say "what failed"
  printf '%s\n' "${failures[@]}"
fi
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
