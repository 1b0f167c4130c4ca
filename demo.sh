#!/usr/bin/env bash
# demo.sh - installs what is needed, builds ctlsign, and does the main job on two SoftHSM tokens: a
# lab cluster goes to mixed mode, a certificate changes, the CTL is updated, shown and verified; then
# the cluster goes tokenless, with a fleet of simulated phones of which none is lost.
#
# usage: ./demo.sh [DIRECTORY]     where to leave the result (default: demo)
set -euo pipefail
cd "$(dirname "$0")"
. tests/lib/packages.sh

case ${1:-} in -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
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

step "2. Which tokens are there, and can they sign?"
run ctlsign token list --module "$MODULE"
run ctlsign doctor --module "$MODULE"

step "3. The cluster: its certificates, and the inventory that names them"
certificate() { # FILE COMMON-NAME
  (umask 077; openssl req -x509 -newkey rsa:2048 -nodes -days 1825 -sha256 -keyout "${1%.pem}.key" \
    -out "$1" -subj "/C=PL/ST=Malopolska/L=Krakow/O=Cisco/OU=TAC/CN=$2" 2> /dev/null)
}
mkdir certificates at-pub at-sub at-asa
certificate certificates/cucm-pub.pem cucm-pub.lab
certificate certificates/cucm-sub.pem cucm-sub.lab
certificate certificates/capf.pem CAPF-e9037b69
certificate certificates/itlrecovery.pem ITLRECOVERY_cucm-pub.lab
certificate certificates/asa.pem asa.lab
run ctlsign init --config template.conf --cluster lab --release '10.5(2)'
cat > ctlsign.conf <<END
cluster = "lab"
release = "10.5(2)"
domain = "lab"
export-controlled = yes
modules = {"$MODULE"}

publisher cucm-pub {
    address = "10.1.2.3"
    services = {CallManager, TFTP, CAPF}
    certificate = "certificates/cucm-pub.pem"
    capf-certificate = "certificates/capf.pem"
    deliver = {"at-pub"}
}
subscriber cucm-sub {
    address = "10.1.2.4"
    certificate = "certificates/cucm-sub.pem"
    deliver = {"at-sub"}
}
firewall asa {
    address = "10.1.2.254"
    certificate = "certificates/asa.pem"
    deliver = {"at-asa"}
}
itlrecovery {
    certificate = "certificates/itlrecovery.pem"
    key = "certificates/itlrecovery.key"
}
callmanager {
    key = "certificates/cucm-pub.key"
}
END
echo "# (template.conf explains every setting. This is what was filled in;"
echo "# three folders stand for the servers, where sftp:// and https:// would do as well.)"
run cat ctlsign.conf

step "4. Mixed mode: the first CTL. The last token named signs; its key never leaves it."
echo "# (Without --token, --pin-file and --yes it asks for the tokens, the PIN and whether it is right.)"
run ctlsign set-cluster mixed-mode --tokens --token SAST-2 --token SAST-1 --pin-file pin --yes
run ctlsign status

step "5. Look at the CTL as CUCM's \`show ctl\` does, and check it"
cp CTLFile.tlv CTLFile.1.tlv
run ctlsign show CTLFile.tlv
quietly ctlsign verify CTLFile.tlv
quietly ctlsign lint CTLFile.tlv

step "6. The subscriber's CallManager certificate is regenerated: an update is due"
certificate certificates/cucm-sub.pem cucm-sub.lab
due=0
run ctlsign status || due=$?
echo "  (exit code $due: a timer can watch for 6)"
[ "$due" -eq 6 ]

step "7. Update. First what would change, then the other token signs. One server is down."
run ctlsign update --dry-run
run mv at-sub away
failed=0
run ctlsign update --token SAST-2 --pin-file pin --yes || failed=$?
echo "  (exit code $failed: signed, and not published: every server has its old CTL)"
[ "$failed" -eq 1 ]

step "8. It is up again: every server gets it. Nothing has to be signed again."
run mv away at-sub
run ctlsign publish
run ctlsign nodes
run ctlsign status

step "9. What was, and who did it"
run ctlsign history
run ctlsign audit verify
echo "# Do phones that hold the first list take the second one?"
quietly ctlsign verify --trust CTLFile.1.tlv CTLFile.tlv

step "10. A fleet of simulated phones: each takes a CTL if a SAST of the one that it holds signed it"
fetch() { # PHONE: what a phone without Security By Default does when it starts
  local held=phones/$1/CTLFile.tlv new=at-pub/CTLFile.tlv
  if [ ! -e "$held" ] || cmp -s "$new" "$held" || ctlsign verify --trust "$held" "$new" > /dev/null 2>&1
  then cp "$new" "$held"; else echo "$1 REJECTS the CTL: it is locked out"; return 1; fi
}
read_off() { # what every phone shows, as a CSV
  local phone
  echo "Device Name,Model,CTL,ITL"
  for phone in phones/*; do
    echo "${phone#phones/},Cisco 7960,$(sha1sum < "$phone/CTLFile.tlv" | cut -c1-40),none"
  done
}
all_phones=$(printf 'SEP0011223344%02d ' $(seq 12))
for phone in $all_phones; do mkdir -p "phones/$phone"; fetch "$phone"; done
read_off > phones.csv
run ctlsign phones import phones.csv
run ctlsign phones check

step "11. The cluster is upgraded to 12.5: from tokens to tokenless CTLs, without losing a phone"
run sed -i 's/^release = .*/release = "12.5(1)"/' ctlsign.conf
run sed -i '/^release/a tokenless-signer = ITLRecovery' ctlsign.conf
run ctlsign migrate tokenless --yes
run ctlsign runbook -o before.html

step "12. The first step: the bridge. A token signs, and phones learn to trust the next signer."
run ctlsign migrate next --token SAST-1 --pin-file pin --yes
echo "# All phones fetch it but one, which is switched off."
for phone in ${all_phones% *12 }; do fetch "$phone"; done
read_off > phones.csv
run ctlsign phones import phones.csv
stopped=0
run ctlsign migrate next --yes || stopped=$?
echo "  (exit code $stopped: it would lock out that phone)"
[ "$stopped" -eq 4 ]

step "13. It is back, and has fetched the bridge: the second step. No token signs any more."
fetch SEP001122334412
read_off > phones.csv
run ctlsign phones import phones.csv
run ctlsign migrate next --yes
for phone in $all_phones; do fetch "$phone"; done
read_off > phones.csv
run ctlsign phones import phones.csv
run ctlsign phones check
run ctlsign migrate status
run ctlsign runbook -o runbook.html
run ctlsign explain 'Trust List update failed'
quietly ctlsign verify CTLFile.tlv

step "Done. Everything is in $DIR; the runbook is $DIR/runbook.html"
echo "To look around with the same tokens:"
echo "  cd $DIR; export SOFTHSM2_CONF=\$PWD/softhsm2.conf PATH=$(dirname "$(command -v ctlsign)"):\$PATH"
