# What the server of ctlproviderd does with clients that are slow, silent, or many.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154  # output, stderr and status are set by bats and run_split

load server

@test "a client that says nothing is put out" {
  start 'timeout = 2'
  slow handshake
  assert_equal "$status" 0
  assert_logged 'refused="the handshake took too long"'
  [[ ${output%.*} -ge 2 && ${output%.*} -le 5 ]] || fail "after $output s"
}

@test "headers that come a byte at a time do not keep a connection" {
  start 'timeout = 2'
  slow headers
  assert_equal "$status" 0
  [[ ${output%.*} -ge 1 && ${output%.*} -le 5 ]] || fail "after $output s"
  assert_logged 'refused="no complete request came in time"'
}

@test "a body that comes a byte at a time does not keep a connection" {
  start 'timeout = 2'
  slow body
  assert_equal "$status" 0
  [[ ${output%.*} -ge 1 && ${output%.*} -le 5 ]] || fail "after $output s"
  assert_logged 'refused="no complete request came in time"'
  [[ ! -e $(provider_files one)/CTLFile.tlv ]]
}

@test "answers that nobody reads do not keep a connection" {
  start 'timeout = 2'
  slow answers
  assert_equal "$status" 0
  [[ ${output%.*} -ge 1 && ${output%.*} -le 8 ]] || fail "after $output s"
  assert_logged 'note="the answer was read too slowly"'
}

@test "a connection that does nothing is closed without a word" {
  start 'timeout = 1'
  run timeout 10 openssl s_client -quiet -connect "127.0.0.1:$PROVIDER_PORT" \
    -cert "$PROVIDER_CERTS/officer.pem" -key "$PROVIDER_CERTS/officer.key" </dev/zero
  [[ $status -ne 124 ]] || fail "it was not closed"
  refute_logged code=200
}

@test "a body that is cut off stores nothing" {
  start
  { printf 'PUT /v1/files/CTLFile.tlv HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nshort'
    sleep 0.5; } | timeout 5 openssl s_client -connect "127.0.0.1:$PROVIDER_PORT" \
      -cert "$PROVIDER_CERTS/officer.pem" -key "$PROVIDER_CERTS/officer.key" >/dev/null 2>&1 || :
  assert_served
  assert_logged 'path="/v1/mode" code=200'
  refute_logged 'method="PUT"'
  [[ ! -e $(provider_files one)/CTLFile.tlv ]]
}

@test "a hundred connections at once are all answered, though fewer are let in at a time" {
  start 'max-connections = 20' 'max-per-client = 100'
  seq 100 | xargs -P 100 -I ,, curl -s --noproxy '*' --max-time 30 \
    --cacert "$PROVIDER_CERTS/providers.pem" --cert "$PROVIDER_CERTS/officer.pem" \
    --key "$PROVIDER_CERTS/officer.key" -o /dev/null -w '%{http_code}\n' \
    "$(provider_url one /v1/mode)" >codes
  assert_equal "$(sort codes | uniq -c | tr -s ' ')" " 100 200"
}

@test "one address has only so many connections" {
  start 'max-per-client = 2' 'timeout = 5'
  exec {a}<>"/dev/tcp/127.0.0.1/$PROVIDER_PORT" {b}<>"/dev/tcp/127.0.0.1/$PROVIDER_PORT"
  sleep 0.3
  get
  assert_failure
  assert_logged 'refused="too many connections from this address"'
  exec {a}>&- {b}>&-
  service_until 5 provider_curl one /v1/mode
  assert_served
}

@test "silent clients do not keep out one that has a certificate" {
  start 'max-connections = 4' 'max-per-client = 10' 'timeout = 60'
  local a b c d
  exec {a}<>"/dev/tcp/127.0.0.1/$PROVIDER_PORT" {b}<>"/dev/tcp/127.0.0.1/$PROVIDER_PORT" \
    {c}<>"/dev/tcp/127.0.0.1/$PROVIDER_PORT" {d}<>"/dev/tcp/127.0.0.1/$PROVIDER_PORT"
  sleep 0.3
  assert_served --max-time 10
  assert_logged 'refused="it made room: there are too many connections"'
  exec {a}>&- {b}>&- {c}>&- {d}>&-
}
