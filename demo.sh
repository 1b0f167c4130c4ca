#!/usr/bin/env bash
# demo.sh - installs what is needed, builds ctlsign, and does the main job on two SoftHSM tokens:
# a signed, shown and verified CTL, and a second generation signed by the other token.
#
# usage: ./demo.sh [DIRECTORY]     where to leave the result (default: demo)
set -euo pipefail
cd "$(dirname "$0")"
. tests/lib/packages.sh

case ${1:-} in -h|--help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
DIR=$(realpath -m "${1:-demo}")
if [ -e "$DIR" ] && [ ! -e "$DIR/.ctlsign-demo" ]; then
  echo "demo.sh: $DIR exists and is not an earlier demo; name another directory" >&2
  exit 2
fi

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || step() { printf '\n== %s\n' "$*"; }

# run COMMAND...: prints it as one would type it, then runs it
run() {
  local word line='$'
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./=:,@%+-]*) line+=" '$word'" ;;
      *) line+=" $word" ;;
    esac
  done
  # long ones over several lines, broken before their options
  if [ ${#line} -gt 80 ]; then line=${line// --/$' \\\n    --'}; fi
  printf '%s\n' "$line"
  "$@"
}

# quietly COMMAND...: the same for one that says nothing when all is well
quietly() {
  run "$@"
  echo "  (silent, exit code 0: all is well)"
}

needed_packages demo
if [ ! -x build/demo/ctlsign ] || ! make -q -C build/demo ctlsign 2> /dev/null; then
  step "Building ctlsign (build/demo)"
  mkdir -p build/demo
  ( { [ -x configure ] || autoreconf -fi; } && cd build/demo &&
    { [ -e Makefile ] || ../../configure; } && make -j"$(nproc)" ctlsign
  ) > build/demo.out 2>&1 || { tail -n 20 build/demo.out >&2; exit 1; }
fi
PATH=$PWD/build/demo:$PATH

rm -rf "$DIR"
mkdir -p "$DIR/tokens"
touch "$DIR/.ctlsign-demo"
cd "$DIR"

MODULE=/usr/lib/softhsm/libsofthsm2.so
[ -e "$MODULE" ] || MODULE=$(find /usr/lib -name libsofthsm2.so | head -n 1)
printf '%s\n' "directories.tokendir = $DIR/tokens" 'objectstore.backend = file' \
  'log.level = ERROR' 'slots.removable = true' > softhsm2.conf
export SOFTHSM2_CONF=$DIR/softhsm2.conf
(umask 077; echo 12345678 > so-pin; echo 1234 > pin)

step "1. Two tokens. Each makes its own key; its certificate is signed with it."
for token in SAST-1 SAST-2; do
  run ctlsign token init --label "$token" --module "$MODULE" --so-pin-file so-pin --new-pin-file pin
  run ctlsign token provision "$token" --subject "CN=$token,OU=IPCBU,O=Lab,C=PL" \
    --module "$MODULE" --pin-file pin
done

step "2. Certificates of a cluster: two CallManager+TFTP nodes, CAPF, ITLRecovery, a firewall"
certificate() { # FILE COMMON-NAME
  openssl req -x509 -newkey rsa:2048 -nodes -days 1825 -sha256 -keyout /dev/null -out "$1" \
    -subj "/C=PL/ST=Malopolska/L=Krakow/O=Cisco/OU=TAC/CN=$2" 2> /dev/null
}
certificate cucm-pub.pem cucm-pub.lab
certificate cucm-sub.pem cucm-sub.lab
certificate capf.pem CAPF-e9037b69
certificate itlrecovery.pem ITLRECOVERY_cucm-pub.lab
certificate asa.pem asa.lab
ls -- *.pem

step "3. Which tokens are there, and can they sign?"
run ctlsign token list --module "$MODULE"
run ctlsign doctor --module "$MODULE"

step "4. Build the first CTL from two tokens. The last one signs it; its key never leaves the token."
echo "# (Without --token and --pin-file it asks for the tokens, one by one, and for the PIN.)"
quietly ctlsign build -o CTLFile.tlv --module "$MODULE" \
  --collect 2 --token SAST-2 --token SAST-1 --pin-file pin \
  --sast itlrecovery.pem \
  --ccm-tftp cucm-pub.pem,dns=cucm-pub.lab,ip=10.1.2.3 \
  --capf capf.pem,dns=cucm-pub.lab,ip=10.1.2.3

step "5. Look at it as CUCM's \`show ctl\` does"
run ctlsign show CTLFile.tlv

step "6. Check it: signature and signer, then what would hurt on phones"
quietly ctlsign verify CTLFile.tlv
quietly ctlsign lint CTLFile.tlv

step "7. A second generation from the first: a subscriber and a firewall join. The other token signs."
quietly ctlsign build -o CTLFile.2.tlv --module "$MODULE" --from CTLFile.tlv \
  --collect 1 --token SAST-2 --pin-file pin \
  --ccm-tftp cucm-sub.pem,dns=cucm-sub.lab,ip=10.1.2.4 \
  --firewall asa.pem,dns=asa.lab,ip=10.1.2.254

step "8. What changes, and do phones with the first list take the second one?"
run ctlsign diff CTLFile.tlv CTLFile.2.tlv
quietly ctlsign verify --trust CTLFile.tlv CTLFile.2.tlv

step "Done. Everything is in $DIR"
echo "To look around with the same tokens:"
echo "  cd $DIR; export SOFTHSM2_CONF=\$PWD/softhsm2.conf PATH=$(dirname "$(command -v ctlsign)"):\$PATH"
