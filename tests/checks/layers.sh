#!/bin/sh
# An arrow between layers only ever points down: reads every #include and fails on one that does
# not.  Also: who may include <libp11.h>, p11-kit's and PC/SC's headers, and that of tokens/,
# src/trustlist/ and src/conf/ nobody else sees more than their one public header.
#
# usage: layers.sh [SOURCE-DIRECTORY]     prints TAP
set -u
cd "${1:-${SRCDIR:-.}}" || exit 99

# layer: what it may include besides itself
allowed() {
  case $1 in
    base)      echo "" ;;
    conf)      echo "base" ;;
    trustlist) echo "base" ;;
    tokens)    echo "base" ;;
    cluster)   echo "base conf trustlist" ;;
    store)     echo "base" ;;
    ceremony)  echo "base trustlist tokens" ;;
    phone)     echo "base conf trustlist cluster store" ;;
    admin)     echo "base trustlist tokens cluster store ceremony phone" ;;
    publish)   echo "base trustlist tokens cluster store ceremony" ;;
    migrate)   echo "base trustlist cluster store phone" ;;
    cli)       echo "base trustlist tokens cluster store ceremony admin migrate publish phone" ;;
    provider)  echo "base conf trustlist" ;;
    main)      echo "base trustlist tokens ceremony cli provider" ;;
    *)         return 1 ;;
  esac
}

layer_of() {
  case $1 in
    src/main.c|src/ctlproviderd.c) echo main ;;
    src/*/*)    echo "$1" | sed 's|^src/\([^/]*\)/.*|\1|' ;;
    tokens/*)   echo tokens ;;
  esac
}

number=0
failed=0
report() { # RESULT NAME [DETAIL...]
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then echo "ok $number - $2"; else
    failed=1; echo "not ok $number - $2"; shift 2; printf '# %s\n' "$@"
  fi
}

files=$(find src tokens -name '*.[ch]' | sort)
if [ -z "$files" ]; then echo "Bail out! no sources here"; exit 99; fi

up=""
for file in $files; do
  layer=$(layer_of "$file")
  if ! may=$(allowed "$layer"); then up="$up
$file: its folder is no layer: add it to tests/checks/layers.sh and CONTRIBUTING.md"; continue; fi
  for include in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$file"); do
    to=${include%%/*}
    [ "$to" = "$layer" ] && continue
    case " $may " in *" $to "*) ;; *) up="$up
$file includes $include: $layer may include only itself and:${may:+ $may}" ;; esac
  done
done
report "$([ -z "$up" ]; echo $?)" "no include points up" "$up"

# only_public FOLDER HEADER SOURCE...: of FOLDER, the sources include HEADER and no other.
only_public() {
  folder=$1 header=$2
  shift 2
  inside=$(grep -HE "#[[:space:]]*include[[:space:]]*\"$folder/" "$@" /dev/null |
    grep -v "\"$folder/$header\"")
  report "$([ -z "$inside" ]; echo $?)" "others see only $header of $folder" "$inside"
}
# shellcheck disable=SC2046  # one word a file
only_public tokens tokens.h $(find src -name '*.[ch]')
# shellcheck disable=SC2046
only_public trustlist trustlist.h $(find src tokens -name '*.[ch]' | grep -v '^src/trustlist/')
# shellcheck disable=SC2046
only_public conf conf.h $(find src tokens -name '*.[ch]' | grep -v '^src/conf/')

owner() { # HEADER-PATTERN ALLOWED-FOLDERS NAME: folders as an expression
  bad=$(grep -lE "#[[:space:]]*include[[:space:]]*<($1)" $files | grep -vE "^($2)/")
  report "$([ -z "$bad" ]; echo $?)" "$3 is included in $2 only" "$bad"
}
owner 'libp11\.h' tokens '<libp11.h>'
owner 'p11-kit/' tokens '<p11-kit/...>'
owner 'winscard\.h' tokens '<winscard.h>'
owner 'sqlite3\.h' src/store '<sqlite3.h>'
owner 'confuse\.h' src/conf '<confuse.h>'
owner 'libssh/' src/publish '<libssh/...>'
owner 'curl/' src/publish '<curl/...>'
owner 'csv\.h' src/phone '<csv.h>'
owner 'event2/' src/provider '<event2/...>'
owner 'histedit\.h' src/cli '<histedit.h>'

printing=$(grep -nE '(^|[^a-z_])(printf|puts|fputs|fprintf|perror)[[:space:]]*\(' \
  $(echo "$files" | grep -vE '^src/(cli/|main\.c|ctlproviderd\.c)') | grep -vE '^\S+:\s*(\*|/\*)')
report "$([ -z "$printing" ]; echo $?)" "only the command layer prints" "$printing"

echo "1..$number"
exit $failed
