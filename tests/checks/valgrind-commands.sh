#!/bin/sh
# The commands leak nothing and touch nothing that is not theirs, in good and in bad runs.
# Env: CTLSIGN, CTLSIGN_SRCDIR, VALGRIND (the whole command line).   prints TAP
set -u
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# try EXPECTED-EXIT NAME COMMAND...
try() {
  want=$1 name=$2
  shift 2
  number=$((number + 1))
  $VALGRIND "$@" > "$work/out" 2> "$work/err"
  got=$?
  if [ "$got" -eq "$want" ]; then echo "ok $number - $name"; else
    failed=1
    echo "not ok $number - $name (exit $got, not $want)"
    sed 's/^/# /' "$work/err"
  fi
}

cert() { # FILE CN [KEYOUT]
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$2" -out "$1" \
    -keyout "${3:-/dev/null}" 2> /dev/null
}
cd "$work" || exit 99
cert a.pem A a.key
cert b.pem B
set -- --sast a.pem --sast b.pem --ccm-tftp "b.pem,dns=b,ip=10.0.0.1"
try 0 "build with a key file" "$CTLSIGN" build -o one.tlv --sign-with a.key "$@"
try 1 "build refuses to replace" "$CTLSIGN" build -o one.tlv --sign-with a.key "$@"
try 5 "build with a key that fits no entry" "$CTLSIGN" build -o two.tlv --sign-with a.key --sast b.pem
try 0 "show" "$CTLSIGN" show one.tlv
try 0 "show --json" "$CTLSIGN" show --json one.tlv
try 0 "verify" "$CTLSIGN" verify one.tlv one.tlv
try 0 "lint" "$CTLSIGN" lint --expiry-days 1 one.tlv
try 0 "diff" "$CTLSIGN" diff one.tlv one.tlv
head -c 500 one.tlv > cut.tlv
try 1 "show of a cut file" "$CTLSIGN" show cut.tlv
sed 's/b/c/' one.tlv > bent.tlv
try 3 "verify of a bent file" "$CTLSIGN" verify bent.tlv
try 2 "a wrong option" "$CTLSIGN" show --wrong

# A tokenless cluster, its phones, and a migration, all with key files.
cert pub.pem pub pub.key
cert itl.pem ITLRECOVERY_pub itl.key
cert new.pem pub new.key
cat > ctlsign.conf <<CONF
cluster = "lab"
release = "12.5(1)"
export-controlled = yes
publisher pub {
  address = "10.1.2.3"
  certificate = "pub.pem"
  deliver = {"at-pub"}
}
itlrecovery { certificate = "itl.pem"  key = "itl.key" }
callmanager { key = "pub.key" }
CONF
mkdir at-pub
try 0 "set-cluster" "$CTLSIGN" set-cluster mixed-mode --tokenless --yes
printf 'Name,Model,CTL,ITL\nSEP001122334401,7960,%s,none\nSEP001122334402,8841,none,\n' \
  "$(sha1sum < CTLFile.tlv | cut -c1-40)" > phones.csv
try 0 "phones import" "$CTLSIGN" phones import phones.csv
printf 'Name,Model,CTL,ITL\nSEP0,7960,12,none\n' > bad.csv
try 1 "phones import of bad rows" "$CTLSIGN" phones import bad.csv
try 0 "phones show" "$CTLSIGN" phones show --json
try 4 "phones check" "$CTLSIGN" phones check --signer new.pem --list out.csv
try 0 "migrate rotate" "$CTLSIGN" migrate rotate --callmanager new.pem --yes
try 6 "migrate status" "$CTLSIGN" migrate status --json
cp new.pem pub.pem && cp new.key pub.key
try 0 "migrate next" "$CTLSIGN" migrate next --yes
try 0 "runbook" "$CTLSIGN" runbook -o book.html
try 0 "explain" "$CTLSIGN" explain 'DeviceTLInfo 9'

if command -v softhsm2-util > /dev/null && [ -e /usr/lib/softhsm/libsofthsm2.so ]; then
  mkdir tokens
  echo "directories.tokendir = $work/tokens" > softhsm2.conf
  SOFTHSM2_CONF=$work/softhsm2.conf
  export SOFTHSM2_CONF
  softhsm2-util --init-token --free --label T --so-pin 12345678 --pin 1234 > /dev/null
  openssl pkey -in a.key -outform DER -out a.der
  openssl x509 -in a.pem -outform DER -out a.crt
  for object in privkey:a.der cert:a.crt; do
    pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label T --login --pin 1234 \
      --id 01 --write-object "${object#*:}" --type "${object%%:*}" > /dev/null 2>&1
  done
  (umask 077; echo 1234 > pin)
  module="--module /usr/lib/softhsm/libsofthsm2.so --timeout 120"
  # shellcheck disable=SC2086
  {
    try 0 "token list" "$CTLSIGN" token list $module
    try 0 "token show" "$CTLSIGN" token show T $module --json
    try 0 "build with a token" "$CTLSIGN" build -o three.tlv $module --pin-file pin \
      --sign-with pkcs11:token=T --sast pkcs11:token=T --sast b.pem
    (umask 077; echo 9999 > wrong)
    try 5 "build with a wrong PIN" "$CTLSIGN" build -o four.tlv $module --pin-file wrong \
      --sign-with pkcs11:token=T --sast pkcs11:token=T --sast b.pem
  }
fi
echo "1..$number"
exit $failed
