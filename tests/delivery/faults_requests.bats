#!/usr/bin/env bats
# What a client can send to a CTL Provider, by curl: bodies that are too large, slow or cut, lists
# that are forged, withdrawn or somebody else's.  Its file stays the old one, whole.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  delivery_setup_file
  make_sasts other
}

setup() {
  NODES="pub sub2"
  delivery_setup
  first
  signed
}

teardown() {
  delivery_teardown
}

# put FILE CODE [CURL-ARGUMENT...]: it is answered with CODE, whichever way it comes.
put() {
  local file=$1 code=$2 path
  shift 2
  for path in /v1/files/CTLFile.tlv /v1/staged/CTLFile.tlv; do
    assert_equal "$(provider_code sub2 "$path" -T "$file" "$@")" "$code" || cat answer
  done
}

# assert_refused FILE CODE: and the reason is one line.
assert_refused() {
  put "$1" "$2" || return
  [[ $(jq -r .error answer) == ?* && $(jq -r .error answer | wc -l) -eq 1 ]] ||
    fail "no reason: $(<answer)" || return
  assert_holds old sub2
}

@test "it takes the new list, and refuses the old one then" {
  put new 200
  assert_holds new sub2
  assert_equal "$(provider_code sub2 /v1/files/CTLFile.tlv -T old)" 409
  assert_holds new sub2
  assert_equal "$(provider_code sub2 /v1/staged/CTLFile.tlv -T old)" 409
  assert_holds new sub2
}

@test "forged: a changed byte, a cut file, another signer, no list at all" {
  local size n
  size=$(stat -c %s new)
  for n in 20 $((size / 2)) $((size - 3)); do
    cp new forged
    patch_byte forged "$n"
    assert_refused forged 422
  done
  head -c $((size - 100)) new >forged
  assert_refused forged 422
  (cat new && echo more) >forged
  assert_refused forged 422
  "$CTLSIGN" build -o forged2 --timestamp "$((STAMP + 100))" --sign-with "$K/other.key" \
    --sast "$K/other.pem" --sast "$K/pub.pem" --ccm-tftp "$K/pub.pem,dns=pub,ip=10.1.2.3"
  assert_refused forged2 422
  head -c 5000 /dev/urandom >forged
  assert_refused forged 422
  # The one that is right is taken behind all that.
  put new 200
  assert_holds new sub2
}

@test "too large: refused, told before it is sent or cut off" {
  head -c 2000000 /dev/zero >large
  put large 413
  assert_holds old sub2
  # Without a length that would tell.
  run provider_code sub2 /v1/files/CTLFile.tlv -T - -H 'Transfer-Encoding: chunked' <large
  [[ $output == 413 || $output == 000 ]] || fail "$output"
  assert_holds old sub2
  put new 200
}

# tls: sends its stdin to the provider, and prints what comes back.
tls() {
  timeout 20 openssl s_client -quiet -connect "127.0.0.1:$(<"$SERVICES/sub2/port")" \
    -cert "$PROVIDER_CERTS/officer.pem" -key "$PROVIDER_CERTS/officer.key" \
    -CAfile "$PROVIDER_CERTS/providers.pem" "$@"
}

# The head of a request that stores a file as long as this one.
put_head() { # FILE
  printf 'PUT /v1/files/CTLFile.tlv HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n' \
    "$(stat -c %s "$1")"
}

# crawl FILE: a hundred octets every tenth of a second, for as long as anybody takes them.
crawl() {
  local n
  put_head "$1"
  for ((n = 0; n < $(stat -c %s "$1"); n += 100)); do
    tail -c "+$((n + 1))" "$1" | head -c 100 || return 0
    sleep 0.1
  done
}

@test "slow: it ends, and others are served meanwhile" {
  local begin=$SECONDS pid
  provider_stop sub2
  provider_conf sub2 'timeout = 1'
  provider_start sub2
  crawl new 2>/dev/null | tls >said 2>&1 &
  pid=$!
  # One that only connects.
  exec 7<>/dev/tcp/127.0.0.1/"$(<"$SERVICES/sub2/port")"
  provider_curl sub2 /v1/files/CTLFile.tlv -f -o got
  assert_same_file got old
  wait "$pid" || :
  # The whole would have taken ten seconds.
  ((SECONDS - begin < 6)) || fail "took $((SECONDS - begin)) s: $(<said)"
  refute_in_files "200 OK" said
  assert_holds old sub2
  # It has hung up on who said nothing.
  status=0
  read -r -t 5 -u 7 _ || status=$?
  exec 7>&-
  [[ $status -eq 1 ]] || fail "it still waits, or speaks: $status"
  put new 200
}

@test "cut in the middle of the body: nothing of it is used" {
  local n
  for n in 1 3000 6000; do
    (put_head new && head -c "$n" new) | tls -no_ign_eof >said 2>&1 || :
    refute_in_files "200 OK" said
    assert_holds old sub2
  done
  assert_nothing_staged
  put new 200
}

@test "who is not on the list hears nothing" {
  local client
  for client in stranger officer-expired; do
    PROVIDER_CLIENT=$client run provider_code sub2 /v1/files/CTLFile.tlv
    [[ $status -ne 0 && $output == *000 ]] || fail "$client: $status $output"
  done
  run curl -s --cacert "$PROVIDER_CERTS/providers.pem" "$(provider_url sub2 /v1/mode)"
  [[ $status -ne 0 && -z $output ]] || fail "without a certificate: $output"
  run curl -s --tls-max 1.1 --ciphers 'DEFAULT:@SECLEVEL=0' \
    --cacert "$PROVIDER_CERTS/providers.pem" --cert "$PROVIDER_CERTS/officer.pem" \
    --key "$PROVIDER_CERTS/officer.key" "$(provider_url sub2 /v1/mode)"
  [[ $status -ne 0 && -z $output ]] || fail "with TLS 1.1: $output"
}

@test "names that lead elsewhere, and methods that there are not" {
  local path
  for path in /v1/files/../state/mode /v1/files/%2e%2e%2fstate /v1/files/passwd \
    /v1/files/CTLSEP00112233445.tlv /v1/files/ctlfile.tlv /v1/nothing / ; do
    assert_equal "$(provider_code sub2 "$path" --path-as-is)" 404
  done
  assert_equal "$(provider_code sub2 /v1/files/CTLFile.tlv -X DELETE)" 405
  assert_equal "$(provider_code sub2 /v1/mode -X PUT -H 'Content-Type: application/json' \
    -d '{"mode":7}')" 400
  assert_equal "$(provider_curl sub2 /v1/mode | jq .mode)" 1
}
