#!/bin/sh
# House rules that a script can see: no file over 500 lines, every public function has a comment,
# no bag-of-everything file names, every file says what it is and under which licence.
#
# usage: sources.sh [SOURCE-DIRECTORY]     prints TAP
set -u
cd "${1:-${SRCDIR:-.}}" || exit 99

number=0
failed=0
report() { # NAME OFFENDERS
  number=$((number + 1))
  if [ -z "$2" ]; then echo "ok $number - $1"; else
    failed=1; echo "not ok $number - $1"; echo "$2" | sed 's/^/# /'
  fi
}

sources=$(find src tokens tests -name '*.[ch]' | sort)
scripts=$(find tests -name '*.sh' -o -name '*.bash' -o -name '*.bats' -o -name '*.py' | sort)
if [ -z "$sources" ]; then echo "Bail out! no sources here"; exit 99; fi

report "no file has more than 500 lines" \
  "$(wc -l $sources $scripts | awk '$2 != "total" && $1 > 500 {print $2 ": " $1 " lines"}')"

report "no file is called util, misc, common or helpers" \
  "$(echo "$sources" "$scripts" | tr ' ' '\n' | grep -E '/(util|utils|misc|common|helpers?)\.')"

report "every source says its licence" "$(grep -L 'SPDX-License-Identifier: ISC' $sources)"

# A declaration at file level of a header with no comment ending on the line before it.  Those that
# share one comment stand together without a blank line; NAME_free() says itself what it does.
report "every public function has a comment" "$(for header in $(echo "$sources" | grep '^\(src\|tokens\)/.*\.h$'); do
  awk -v file="$header" '
    /\*\/[ \t]*$/ { commented = 1; next }
    /^$/ { commented = 0; next }
    /^[a-z].*\(/ && !/^(typedef|struct [a-z_]+ \{|static|extern|enum [a-z_]+ \{|#)/ {
      if (!commented && !/_free\(/) print file ":" FNR ": " $0
    }' "$header"
done)"

echo "1..$number"
exit $failed
