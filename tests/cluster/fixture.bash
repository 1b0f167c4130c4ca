# What the suites of a cluster share: its certificates, three tokens, a ctlsign.conf of any release,
# and looks at the CTL that only the independent reader takes part in.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154  # output and stderr are set by bats' run

load ../commands/fixtures
load ../lib/tty

# A PIN that stands nowhere by chance.
PIN=Qz7-4711-pin

# make_certificates NAME...: K/NAME with a key of its own, and the name that CUCM gives it.
make_certificates() {
  local name
  for name; do
    case $name in
    capf*) cert_capf "$K/$name" 4a219f00 ;;
    itl*) cert_itl_recovery "$K/$name" cucm-pub ;;
    *) cert_node "$K/$name" "$name" ;;
    esac || return
  done
}

# make_tokens N...: SAST-N in the file's store, of K/sastN.
make_tokens() {
  local n
  softhsm_setup "$BATS_FILE_TMPDIR/hsm" || return
  for n; do
    softhsm_token "SAST-$n" "$PIN" && softhsm_import "SAST-$n" 01 "$K/sast$n" || return
  done
}

# For setup: an empty folder with the certificates and keys in certs, and a PIN file.
cluster_setup() {
  commands_setup || return
  mkdir certs && cp "$K"/*.pem "$K"/*.key certs || return
  (umask 077 && printf '%s\n' "$PIN" >"$BATS_TEST_TMPDIR/pin") || return
  PIN_FILE=(--pin-file "$BATS_TEST_TMPDIR/pin")
  NOW=$STAMP
}

# The settings of a test that are not the usual ones: an array SETTINGS of lines for the top, the
# place of CallManager's key in CALLMANAGER_KEY, and lines for the end in EXTRA.
#
# conf RELEASE: a publisher with CAPF, a subscriber, an alternate TFTP server, a firewall.
conf() {
  printf '%s\n' 'cluster = "lab"' "release = \"$1\"" "modules = {\"$SOFTHSM_MODULE\"}" \
    "${SETTINGS[@]-export-controlled = yes}" >ctlsign.conf
  cat >>ctlsign.conf <<CONF
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, CAPF, CTIManager}
  certificate = "certs/pub.pem"
  capf-certificate = "certs/capf.pem"
}
subscriber cucm-sub1 {
  address = "10.1.2.4"
  certificate = "certs/sub1.pem"
}
alternate-tftp tftp2 {
  address = "10.9.9.2"
  certificate = "certs/tftp2.pem"
}
firewall asa1 {
  address = "10.1.2.1"
  certificate = "certs/asa1.pem"
}
itlrecovery {
  certificate = "certs/itl.pem"
  key = "certs/itl.key"
}
callmanager {
  key = "${CALLMANAGER_KEY-certs/pub.key}"
}
${EXTRA-}
CONF
}

# change ARG...: a changing command that is to succeed without a person, and what it signed is
# carried to the servers.  Every list is dated a second after the one before.
change() {
  NOW=$((NOW + 1))
  ctlsign "$@" --yes --timestamp "$NOW" "${PIN_FILE[@]}"
  assert_success && carried
}

# current: the number of the current generation.
current() {
  "$CTLSIGN" history --json | jq '.[] | select(.current).number'
}

# The first generation of a conf.
first_by_tokens() { # RELEASE
  conf "$1" && change set-cluster mixed-mode --token SAST-1 --token SAST-2
}

first_tokenless() { # RELEASE
  conf "$1" && change set-cluster mixed-mode --tokenless
}

# What a change that is refused must leave: the CTL file itself and the generations.
generations_and_file() {
  if [[ -e CTLFile.tlv ]]; then
    stat -c '%i %Y' CTLFile.tlv && sha256sum <CTLFile.tlv
  fi
  if [[ -e state.db ]]; then
    "$CTLSIGN" history --json --config "$OLD_CONF" | jq -c '[.[].sha256]'
  else
    echo '[]'
  fi
}

# refused_change CODE REGEXP ARG...: it ends with CODE, its last line says so and matches, nothing
# was printed as a result, and CTL file and generations are as they were.
refused_change() {
  local code=$1 pattern=$2 before last
  shift 2
  OLD_CONF=$BATS_TEST_TMPDIR/conf-to-look
  # The history can be looked at with an inventory that is wrong, too.
  [[ -e $OLD_CONF ]] || sed "s|^modules.*|state = \"$PWD/state.db\"|" ctlsign.conf >"$OLD_CONF"
  before=$(generations_and_file)
  ctlsign "$@"
  assert_failure "$code" || return
  last=$(tail -n 1 <<<"$stderr")
  [[ $last == "ctlsign: "* && $last =~ $pattern ]] ||
    { show_run; fail "the last line does not match: $pattern"; } || return
  refute_output || return
  assert_equal "$(generations_and_file)" "$before"
}

refused_change_yes() { # CODE REGEXP ARG...
  refused_change "$@" --yes "${PIN_FILE[@]}"
}

# ---- looks at a list ----------------------------------------------------------------------------

# A line for the header and one for each record, from what the independent reader says:
#   signer=2 sha512 CTLFile.tlv
#   SAST|CN=SAST1||0.0.0.0|1 2 3 4 5 6 7 8 9 10|<SHA-256 of the certificate, its beginning>
look() { # FILE
  independent "$1"
  jq -r '"signer=\(.signer_record) \(.header.digest) \(.header.file_name)",
    (.records[] | [.role, ((.subject // "") | split(";")[0]), .dns_name, .ip_address,
      (.order | map(tostring) | join(" ")), ((.certificate.sha256 // "")[0:16])] | join("|"))' \
    <<<"$output"
}

WHOLE="1 2 3 4 5 6 7 8 9 10"
BARE="1 2 4 10"

fingerprint() { # FILE: of a certificate in PEM form
  openssl x509 -in "$1" -outform DER | sha256sum | cut -c 1-16
}

# record ROLE SUBJECT DNS IP CERTIFICATE: the line of a whole record.
record() {
  printf '%s|%s|%s|%s|%s|%s\n' "$1" "$2" "$3" "$4" "$WHOLE" "$(fingerprint "$5")"
}

bare_record() { # ROLE DNS IP
  printf '%s||%s|%s|%s|\n' "$1" "$2" "$3" "$BARE"
}

# sasts NAME...: the lines of SASTs: token numbers, pub, itl.
sasts() {
  local name
  for name; do
    case $name in
    [0-9]*) record SAST "CN=SAST$name" "" 0.0.0.0 "$K/sast$name.pem" ;;
    pub*) record SAST "CN=$name" cucm-pub 10.1.2.3 "$K/$name.pem" ;;
    itl*) record SAST CN=ITLRECOVERY_cucm-pub cucm-pub 10.1.2.3 "$K/$name.pem" ;;
    esac
  done
}

# servers [PUB-CERTIFICATE]: the lines of the servers and CAPF in mixed mode.
servers() {
  record CCM+TFTP "CN=${1-pub}" cucm-pub 10.1.2.3 "$K/${1-pub}.pem"
  capf
  record CCM+TFTP CN=sub1 cucm-sub1 10.1.2.4 "$K/sub1.pem"
  record TFTP CN=tftp2 tftp2 10.9.9.2 "$K/tftp2.pem"
  record CCM CN=asa1 asa1 10.1.2.1 "$K/asa1.pem"
}

capf() {
  record CAPF CN=CAPF-4a219f00 cucm-pub 10.1.2.3 "$K/capf.pem"
}

bare_servers() {
  bare_record CCM+TFTP cucm-pub 10.1.2.3
  capf
  bare_record CCM+TFTP cucm-sub1 10.1.2.4
  bare_record TFTP tftp2 10.9.9.2
  bare_record CCM asa1 10.1.2.1
}

# body FILE OUT: the records without the header.
body() {
  local length
  length=$("$PYTHON" "$SRCDIR/tests/independent/ctlread.py" "$1" | jq .header.length)
  tail -c "+$((length + 1))" "$1" >"$2"
}

# follows OLD NEW: phones that hold OLD take NEW.
follows() {
  quietly verify --trust "$1" "$2"
}

# State, log and file agree: no drift, a log that is whole, the file of the current generation.
assert_settled() {
  ctlsign status
  assert_success || return
  ctlsign audit verify
  assert_success || return
  ctlsign history --json
  assert_json '.[] | select(.current).sha256' "$(sha256sum <CTLFile.tlv | cut -d ' ' -f 1)"
}
