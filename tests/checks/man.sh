#!/bin/sh
# The manual pages say what the program does: every command has its page, every option of its
# --help stands in the page and the other way round, the lists of exit codes, lint codes and JSON
# keys are complete, and mandoc has nothing to complain of.
#
# usage: man.sh [SOURCE-DIRECTORY]     prints TAP
# CTLSIGN: the program (./ctlsign)     MAN_DIR: the folder with the built *.1 pages (./man)
set -u
source_dir=${1:-${SRCDIR:-.}}
CTLSIGN=${CTLSIGN:-./ctlsign}
MAN_DIR=${MAN_DIR:-./man}
LC_ALL=C
export LC_ALL
unset LANGUAGE

if ! "$CTLSIGN" --version > /dev/null; then echo "Bail out! $CTLSIGN does not run"; exit 99; fi
if [ ! -r "$MAN_DIR/ctlsign.1" ]; then echo "Bail out! no ctlsign.1 in $MAN_DIR"; exit 99; fi

number=0
failed=0
report() { # NAME OFFENDERS
  number=$((number + 1))
  if [ -z "$2" ]; then echo "ok $number - $1"; else
    failed=1; echo "not ok $number - $1"; echo "$2" | sed 's/^/# /'
  fi
}
skip() { # NAME REASON
  number=$((number + 1))
  echo "ok $number - $1 # SKIP $2"
}

# "token init" is in ctlsign-token-init.1, "token list" in ctlsign-token.1
page_of() {
  page=$MAN_DIR/ctlsign-$(echo "$1" | tr ' ' '-').1
  [ -r "$page" ] || page=$MAN_DIR/ctlsign-${1%% *}.1
  echo "$page"
}

# The command's part of its page: of a page with several commands, the section of that name.
part_of() { # COMMAND PAGE
  awk -v command="$1" '
    { lines[NR] = $0 }
    $0 == ".Ss " command { start = NR }
    start && !end && NR > start && /^\.S[sh] / { end = NR }
    END {
      first = start ? start : 1
      last = start && end ? end - 1 : NR
      for (i = first; i <= last; i++) print lines[i]
    }' "$2"
}

# Options that a page explains: "-o" and "--output" of ".It Fl o Ar file , Fl -output Ar file"
page_options() {
  awk '/^\.It Fl / { for (i = 1; i < NF; i++) if ($i == "Fl") print "-" $(i + 1) }' | sort -u
}

# Options that a help text explains: lines that begin with two blanks and an option
help_options() {
  sed -n 's/^  \(-[^ ]*, \)\{0,1\}\(--[a-z][a-z0-9-]*\).*/\1\2/p' | tr -d ' ' | tr ',' '\n' | sort -u
}

only_in_first() { # A B NAME-OF-A NAME-OF-B: lists of words, one a line
  for word in $1; do
    echo "$2" | grep -qxF -e "$word" || echo "$word is in $3, not in $4"
  done
}

# What one list has and the other has not
differences() { # NAME-OF-A A NAME-OF-B B
  only_in_first "$2" "$4" "$1" "$3"
  only_in_first "$4" "$2" "$3" "$1"
}

help=$("$CTLSIGN" --help)
commands=$(echo "$help" | awk -F '   *' '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $2 }')
report "--help lists commands" "$([ -n "$commands" ] || echo "$help")"
report "--help shows an example" \
  "$(echo "$help" | grep -A 1 '^Example' | grep -q '^  ctlsign' || echo "$help")"

check_command() { # COMMAND
  page=$(page_of "$1")
  # shellcheck disable=SC2086
  text=$("$CTLSIGN" $1 --help) || text=""
  report "$1: --help prints its usage" \
    "$(echo "$text" | grep -q "^Usage: ctlsign $1" || echo "$text")"
  report "$1: --help shows an example" \
    "$(echo "$text" | grep -A 1 '^Example' | grep -q "^  ctlsign $1" || echo "no line '  ctlsign $1'")"
  if [ ! -r "$page" ]; then report "$1: its page exists" "$page is missing"; return; fi
  report "$1: its page exists" ""
  report "$1: its page has the same options as --help" "$(differences \
    "--help" "$(echo "$text" | help_options)" "$page" "$(part_of "$1" "$page" | page_options)")"
  report "$1: ctlsign.1 lists it" \
    "$(grep -q "^\.It Cm $1\$" "$MAN_DIR/ctlsign.1" || echo "no line '.It Cm $1'")"
}
while read -r command; do check_command "$command"; done <<END
$commands
END

for page in "$MAN_DIR"/*.1; do
  name=${page##*/}
  missing=""
  for section in NAME SYNOPSIS DESCRIPTION "EXIT STATUS" EXAMPLES "SEE ALSO"; do
    grep -q "^\.Sh $section\$" "$page" || missing="$missing
no section $section"
  done
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$page" | grep -q '^\$ ctlsign ' || missing="$missing
no example"
  report "$name: has its sections and an example" "$missing"
  report "$name: everything is filled in" "$(grep -n '@[A-Z_]*@' "$page")"
done

page_codes=$(sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It \([0-9]*\)$/\1/p' "$MAN_DIR/ctlsign.1")
help_codes=$(echo "$help" | sed -n '/^Exit codes:/,/^$/p' | grep -oE '[0-9]+')
report "exit codes are the same in --help and ctlsign.1" \
  "$(differences "--help" "$help_codes" "ctlsign.1" "$page_codes")"

lint=$source_dir/src/trustlist/lint.c
if [ -r "$lint" ]; then
  codes=$(sed -n 's/^[[:space:]]*\[LINT_[A-Z0-9_]*\] = "\(.*\)",$/\1/p' "$lint" | sort)
  told=$(sed -n '/^\.Sh CODES/,/^\.Sh /s/^\.It Cm \(.*\) Pq .*/\1/p' "$MAN_DIR/ctlsign-lint.1" |
    sed 's/ , /\n/g' | sort)
  report "ctlsign-lint.1 lists all codes" "$([ -n "$codes" ] || echo "no code found in $lint"
    differences "lint.c" "$codes" "the page" "$told")"
else
  skip "ctlsign-lint.1 lists all codes" "no sources here"
fi

json=$source_dir/src/trustlist/show_json.c
if [ -r "$json" ]; then
  keys=$(grep -oE 'put\(object, "[a-z0-9_]+"' "$json" | cut -d '"' -f 2 | sort -u)
  told=$(sed -n '/^\.Sh JSON/,/^\.Sh E/s/^\.It Va [\\ ]*\([a-z0-9_]*\) Ta .*/\1/p' \
    "$MAN_DIR/ctlsign-show.1" | sort -u)
  report "ctlsign-show.1 lists all JSON keys" "$([ -n "$keys" ] || echo "no key found in $json"
    differences "show_json.c" "$keys" "the page" "$told")"
else
  skip "ctlsign-show.1 lists all JSON keys" "no sources here"
fi

for page in "$MAN_DIR"/*.[15]; do
  if command -v mandoc > /dev/null; then
    report "${page##*/}: mandoc has nothing to complain of" \
      "$(mandoc -T lint -W warning "$page" 2>&1)"
  else
    skip "${page##*/}: mandoc has nothing to complain of" "mandoc is not installed"
  fi
done

echo "1..$number"
exit $failed
