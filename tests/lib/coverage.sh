#!/bin/sh
# Line coverage of a build that was configured with --enable-coverage and then run: the layers, and
# each parser of input from outside by itself.
#
# usage: coverage.sh BUILD-DIRECTORY
set -eu
cd "$1"
if ! find . -name '*.gcda' | grep -q .; then
  echo "no coverage data: configure with --enable-coverage and run make check first" >&2
  exit 1
fi

# lines OBJECT...: "EXECUTED-PERCENT LINES FILE" of each source that is ours
lines() {
  for object in "$@"; do
    [ -e "$object" ] || continue
    gcov -n "$object" 2> /dev/null | awk '
      /^File/ { file = $0; gsub(/^File .|.$/, "", file); ours = file !~ /^\/usr\// && file ~ /\.c$/ }
      /^Lines executed/ && ours { split($0, part, /[:% ]+/); print part[3], part[5], file; ours = 0 }'
  done
}

sum() { # NAME OBJECT...
  name=$1
  shift
  lines "$@" | awk -v name="$name" '{ all += $2; hit += $1 * $2 / 100 }
    END { printf "  %-28s %6.1f%% of %d lines\n", name, all ? 100 * hit / all : 0, all }'
}

prefix=src/trustlist/
echo "layers:"
for layer in src/base src/trustlist src/ceremony src/cli tokens; do
  # shellcheck disable=SC2046
  sum "$layer" $(find $layer -name '*.gcda' | sort)
done
echo "parsers:"
sum "trust list" ${prefix}read.gcda ${prefix}read_header.gcda ${prefix}read_record.gcda \
  ${prefix}reader.gcda ${prefix}elements.gcda
sum "pkcs11: URI" $(find tokens -name '*selector.gcda')
sum "SPEC" $(find src/cli -name "*spec.gcda")
