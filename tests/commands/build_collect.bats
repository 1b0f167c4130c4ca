#!/usr/bin/env bats
# ctlsign build --collect, --token and --from without a person.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures
load ../lib/tty

PIN=Qz7-4711-pin

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_servers pub sub
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  for n in 1 2 3; do
    softhsm_token "SAST-$n" "$PIN"
    softhsm_import "SAST-$n" 01 "$K/sast$n"
  done
  # A copy of SAST-1's certificate on another token, an EC token, an expired one, an empty one.
  softhsm_token TWIN "$PIN"
  softhsm_import TWIN 01 "$K/sast1"
  softhsm_token CURVE "$PIN"
  softhsm_key CURVE 01 p256 /O=Lab/CN=CURVE
  softhsm_token OLD "$PIN"
  cert_expired "$K/old" OLD
  softhsm_import OLD 01 "$K/old"
  softhsm_token EARLY "$PIN"
  cert_future "$K/early" EARLY
  softhsm_import EARLY 01 "$K/early"
  softhsm_token EMPTY "$PIN"
  # Two that can sign, under two ids.
  softhsm_token DOUBLE "$PIN"
  softhsm_key DOUBLE 01 2048 /O=Lab/CN=DOUBLE-1
  softhsm_key DOUBLE 02 2048 /O=Lab/CN=DOUBLE-2
}

setup() {
  commands_setup
  printf '%s\n' "$PIN" >"$BATS_TEST_TMPDIR/pin"
  chmod 600 "$BATS_TEST_TMPDIR/pin"
  PUB=(--ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.3")
}

collect() {
  quietly build -o out.tlv --timestamp "$STAMP" --module "$SOFTHSM_MODULE" \
    --pin-file "$BATS_TEST_TMPDIR/pin" "$@"
}

# told TEXT: a regular expression for the text, whose lines are joined; * stands for anything.
told() {
  tr -s '[:space:]' ' ' <<<"$1" | sed 's/ $//; s/[][().+?{}|^$\\]/\\&/g; s/\*/.*/g'
}

collect_refused() { # CODE TEXT ARG...
  local code=$1 text=$2
  shift 2
  refused "$code" "$(told "$text")" build -o out.tlv --timestamp "$STAMP" \
    --module "$SOFTHSM_MODULE" --pin-file "$BATS_TEST_TMPDIR/pin" "$@"
}

# A list by SAST-1 and SAST-2 to start from; signed by the second.
old_list() {
  collect --collect 2 --token SAST-1 --token SAST-2 "${PUB[@]}" "$@"
  mv out.tlv old.tlv
}

@test "tokens that are named join as SASTs in their order, and the last one signs" {
  collect --collect 2 --token SAST-1 --token pkcs11:token=SAST-2 "${PUB[@]}"
  independent out.tlv
  assert_json '[.records[].subject] | join(" ")' \
    "CN=SAST1;OU=IPCBU;O=Lab;C=PL CN=SAST2;OU=IPCBU;O=Lab;C=PL CN=pub.lab;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
  assert_json .signer_record 2
}

@test "tokens stand where --collect stands among the entries" {
  collect --sast "$K/sast3.pem" "${PUB[@]}" --collect 1 --token SAST-1 --capf "$K/sub.pem"
  independent out.tlv
  assert_json '[.records[].role] | join(" ")' "SAST CCM+TFTP SAST CAPF"
  assert_json .signer_record 3
}

@test "--sign-with goes before the last token" {
  collect --collect 2 --token SAST-1 --token SAST-2 --sign-with pkcs11:token=SAST-1 "${PUB[@]}"
  independent out.tlv
  assert_json .signer_record 1
}

@test "without a terminal too few names end at once, and the option is named" {
  local begin=$SECONDS
  collect_refused 5 "2 tokens are to be collected, 1 named, and there is no terminal to ask at;
    name each with --token URI, or run it at a terminal" \
    --collect 2 --token SAST-1 "${PUB[@]}"
  ((SECONDS - begin < 5))
  collect_refused 5 "1 token is to be collected, 0 named, and there is no terminal*" \
    --collect 1 "${PUB[@]}"
}

@test "more names than tokens, --token alone, and odd numbers are usage errors" {
  collect_refused 2 "2 tokens are named, and 1 is to be collected" \
    --collect 1 --token SAST-1 --token SAST-2 "${PUB[@]}"
  collect_refused 2 "--token answers what --collect asks; give --collect N*" \
    --token SAST-1 --sast "$K/sast1.pem" --sign-with "$K/sast1.key"
  collect_refused 2 "--collect takes 1 to 16 tokens, not '0'*" --collect 0
  collect_refused 2 "--collect takes 1 to 16 tokens, not '17'*" --collect 17
  collect_refused 2 "--collect is given twice*" --collect 1 --collect 1
}

@test "the same token twice is refused by name, whatever it is called by" {
  local serial
  serial=$(softhsm_serial SAST-1)
  collect_refused 5 "token 'SAST-1' (serial $serial): this token has been added already;
    remove it, and insert another one" --collect 2 --token SAST-1 --token "$serial" "${PUB[@]}"
  collect_refused 5 "token 'TWIN' (serial *): the token carries the certificate of one that has
    been added already; insert a token with a key of its own" \
    --collect 2 --token SAST-1 --token TWIN "${PUB[@]}"
}

@test "a token that cannot sign is refused by name" {
  collect_refused 5 "token 'CURVE' (serial *): the signer's key is EC, and only RSA signs trust
    lists; insert a token with an RSA key of 2048 bits" --collect 1 --token CURVE "${PUB[@]}"
  collect_refused 5 "token 'EMPTY' (serial *): the token carries no certificate; insert a token
    that carries one, or give it a key and a certificate with \`ctlsign token provision\`" \
    --collect 1 --token EMPTY "${PUB[@]}"
  collect_refused 5 "token 'OLD' (serial *): the token's certificate expired on *; insert a token
    whose certificate is still valid" --collect 1 --token OLD "${PUB[@]}"
  collect_refused 5 "token 'EARLY' (serial *): the token's certificate is not valid before *; check
    this computer's clock, or insert another token" --collect 1 --token EARLY "${PUB[@]}"
  collect_refused 5 "no token matches 'NOWHERE'*" --collect 1 --token NOWHERE "${PUB[@]}"
}

@test "of several certificates one must be named; the one that the list knows is taken" {
  collect_refused 5 "token 'DOUBLE' (serial *): the token carries 2 certificates that could stand for
    it; name one by its URI, as in --token 'pkcs11:*id=%0*" --collect 1 --token DOUBLE "${PUB[@]}"
  collect --collect 2 --token SAST-1 --token "pkcs11:token=DOUBLE;id=%02" "${PUB[@]}"
  independent out.tlv
  assert_json '.records[1].subject' "CN=DOUBLE-2;O=Lab"
  mv out.tlv old.tlv
  collect --from old.tlv --collect 1 --token DOUBLE
  independent out.tlv
  assert_json .signer_record 2
}

@test "--from keeps entries, digest, names and version, and adds what is given" {
  old_list --digest sha256 --signer-version 1.1 --names rfc4514
  collect --from old.tlv --collect 1 --token SAST-1 --ccm-tftp "$K/sub.pem,dns=sub.lab,ip=10.1.2.4"
  independent out.tlv
  assert_json '[.records[].dns_name] | join(",")' ",,pub.lab,sub.lab"
  assert_json '[.records[].ip_address] | join(",")' "0.0.0.0,0.0.0.0,10.1.2.3,10.1.2.4"
  assert_json .signer_record 1
  ctlsign verify --trust old.tlv out.tlv
  "$CTLSIGN" diff --json old.tlv out.tlv >diff.json || true
  assert_equal "$(jq -r '[.changes[].field] | sort | join(" ")' diff.json)" "entry signer"
}

@test "--from does not add an entry twice" {
  old_list
  collect --from old.tlv --collect 1 --token SAST-1 "${PUB[@]}" --sast "$K/sast2.pem" \
    --ccm-tftp "$K/pub.pem,dns=pub.lab,ip=10.1.2.9"
  independent out.tlv
  assert_json '[.records[] | .role + " " + .ip_address] | join(",")' \
    "SAST 0.0.0.0,SAST 0.0.0.0,CCM+TFTP 10.1.2.3,CCM+TFTP 10.1.2.9"
}

@test "--from with an option: the option wins" {
  old_list --digest sha256
  collect --from old.tlv --collect 1 --token SAST-1 --digest sha1 --filename CTLother.tlv
  "$CTLSIGN" show --json out.tlv >show.json
  assert_equal "$(jq -r .digest show.json)" sha1
  assert_equal "$(jq -r .filename show.json)" CTLother.tlv
}

@test "--from with a key that the list knows needs no --collect" {
  old_list
  quietly build -o out.tlv --from old.tlv --sign-with "$K/sast1.key"
  ctlsign verify --trust old.tlv out.tlv
}

@test "--from --collect 1 demands a token that the list knows" {
  old_list
  collect_refused 4 "token 'SAST-3' (serial *): the token is no SAST of old.tlv: phones that hold that
    list would reject what it signs; insert one that the list knows:
    CN=SAST1;OU=IPCBU;O=Lab;C=PL, CN=SAST2;OU=IPCBU;O=Lab;C=PL" \
    --from old.tlv --collect 1 --token SAST-3
  refute_file out.tlv
}

@test "--from --collect 2: a new token may join, but not sign" {
  old_list
  collect --from old.tlv --collect 2 --token SAST-3 --token SAST-2
  independent out.tlv
  assert_json '[.records[].role] | join(" ")' "SAST SAST CCM+TFTP SAST"
  ctlsign verify --trust old.tlv out.tlv
  rm out.tlv
  collect_refused 4 "token 'SAST-3' (serial *): the last token named signs, and it is no SAST of
    old.tlv: phones would reject the list; name one that the list knows last, or with --sign-with" \
    --from old.tlv --collect 2 --token SAST-2 --token SAST-3
  collect_refused 4 "the new list's signer CN=SAST3;* is no SAST of the old list; sign with one
    of the old list's SASTs*" \
    --from old.tlv --sast "$K/sast3.pem" --sign-with pkcs11:token=SAST-3
}

@test "--from a list that was changed after it was signed is not signed again" {
  old_list
  # The same list with another time: whole, and unsigned.
  "$PYTHON" - <<'PYTHON'
data = bytearray(open("old.tlv", "rb").read())
at = data.index(bytes.fromhex("0f0004"))
data[at + 6] ^= 1
open("changed.tlv", "wb").write(data)
PYTHON
  collect_refused 3 "changed.tlv: *; start from the list that the phones hold, as a TFTP server has
    it" --from changed.tlv --collect 1 --token SAST-1
}

@test "--from a file that is damaged, missing or no list is refused with its place" {
  printf 'junk' >junk.tlv
  collect_refused 1 "junk.tlv: *" --from junk.tlv --collect 1 --token SAST-1
  collect_refused 1 "missing.tlv: *" --from missing.tlv --collect 1 --token SAST-1
}

@test "--from and --output may be one file with --force, and a failure leaves it" {
  old_list
  cp old.tlv kept.tlv
  refused 4 "token 'SAST-3'*" build -o old.tlv --force --module "$SOFTHSM_MODULE" --from old.tlv \
    --collect 1 --token SAST-3
  assert_same_file old.tlv kept.tlv
  quietly build -o old.tlv --force --module "$SOFTHSM_MODULE" --pin-file "$BATS_TEST_TMPDIR/pin" \
    --from old.tlv --collect 1 --token SAST-1
  ctlsign verify --trust kept.tlv old.tlv
}
