# The server of ctlproviderd, with curl: who is let in, what is too much and too slow, signals, and
# how it starts.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154  # stderr is set by run_split, PROVIDER_WRAP is read there

load server

@test "TLS 1.2 and 1.3 are spoken, and nothing older" {
  start
  assert_served --tlsv1.2 --tls-max 1.2
  assert_served --tlsv1.3
  get --tls-max 1.1
  assert_failure
  assert_logged 'refused="unsupported protocol"'
}

# closes WAY [TLS-VERSION]
closes() {
  run python3 "$BATS_TEST_DIRNAME/closes.py" "$1" "$PROVIDER_PORT" \
    "$PROVIDER_CERTS/officer.pem" "$PROVIDER_CERTS/officer.key" "${@:2}"
  assert_success
}

@test "TLS says when a connection ends" {
  start 'timeout = 1'
  local way version
  for version in 1.2 1.3; do
    for way in asked client new idle malformed large; do
      closes "$way" "$version" || fail "$way, TLS $version: $output"
    done
  done
  python3 "$BATS_TEST_DIRNAME/closes.py" ending "$PROVIDER_PORT" \
    "$PROVIDER_CERTS/officer.pem" "$PROVIDER_CERTS/officer.key" >ready 3>&- &
  service_until 5 grep -q ready ready
  provider_stop one
  wait $!
}

@test "HTTP without TLS is not answered" {
  start
  run curl -s --noproxy '*' --max-time 5 "http://127.0.0.1:$PROVIDER_PORT/v1/mode"
  assert_failure
  assert_equal "$output" ""
  assert_logged 'refused="it speaks HTTP without TLS"'
  assert_served
}

@test "a client without a certificate is not let in" {
  start
  run curl -sk --noproxy '*' --max-time 5 "https://127.0.0.1:$PROVIDER_PORT/v1/mode"
  assert_failure
  assert_equal "$output" ""
  assert_logged 'client=127.0.0.1 refused="it showed no certificate"'
}

@test "a certificate that is not on the list is not let in, and the log says whose" {
  start
  refused_as stranger
  assert_logged 'subject="CN=stranger" refused="its certificate is not on the list of clients"'
}

@test "an expired certificate on the list is not let in" {
  start
  refused_as officer-expired
  assert_logged 'subject="CN=officer" refused="its certificate has expired"'
}

@test "a client that is refused hears why" {
  start
  for _ in 1 2 3 4 5; do
    PROVIDER_CLIENT=stranger get -S
    assert_failure
    [[ $stderr == *"alert"* ]] || fail "$stderr"
  done
}

@test "another certificate of the same name is not let in" {
  cert_make "$BATS_TEST_TMPDIR/officer" p256 /CN=officer
  start
  run_split provider_curl one /v1/mode --cert "$BATS_TEST_TMPDIR/officer.pem" \
    --key "$BATS_TEST_TMPDIR/officer.key"
  assert_failure
  assert_logged 'refused="its certificate is not on the list of clients"'
}

@test "a subject cannot write log lines of its own" {
  start
  cert_make "$BATS_TEST_TMPDIR/odd" p256 $'/CN=x"\nclient=1.2.3.4 subject="CN=officer'
  run_split provider_curl one /v1/mode --cert "$BATS_TEST_TMPDIR/odd.pem" \
    --key "$BATS_TEST_TMPDIR/odd.key"
  assert_failure
  assert_logged 'refused='
  run grep -c '^client=1.2.3.4' "$SERVICES/one/log"
  assert_equal "$output" 0
  # Five quotes would be one that the subject put in.
  assert_equal "$(grep refused= "$SERVICES/one/log" | tr -cd '"' | wc -c)" 4
}

@test "each request is one line, without what its body said" {
  start
  provider_code one '/v1/files/CTLFile.tlv?x=1' >code
  assert_equal "$(<code)" 404
  provider_code one $'/v1/mo%0Ade%22' >code
  provider_code one /v1/mode -X PUT -H 'Content-Type: application/json' \
    -d '{"mode": "a secret"}' >code
  assert_logged 'client=127.0.0.1 subject="CN=officer" method="GET" path="/v1/files/CTLFile.tlv" code=404'
  assert_logged 'path="/v1/mo\x0Ade\x22" code=404'
  assert_logged 'method="PUT" path="/v1/mode" code='
  refute_logged secret
  assert_equal "$(grep -c code= "$SERVICES/one/log")" 3
}

@test "a body that is too large is refused, whether its length is told or not" {
  start
  head -c 1200000 /dev/zero >large
  run provider_code one /v1/files/CTLFile.tlv -T large
  assert_equal "$output" 413
  run provider_code one /v1/files/CTLFile.tlv -T large -H 'Expect: 100-continue'
  assert_equal "$output" 413
  provider_code one /v1/files/CTLFile.tlv -T large -H 'Transfer-Encoding: chunked' >code || :
  [[ $(<code) == 413 || $(<code) == 000 ]] || fail "$(<code)"
  assert_logged 'code=413'
  [[ ! -e $(provider_files one)/CTLFile.tlv ]]
  assert_served
}

@test "headers that are too large are refused" {
  start
  run provider_code one /v1/mode -H "X-Large: $(printf '%017000d' 0)"
  assert_equal "$output" 400
  assert_logged 'code=400'
  assert_served
}

@test "a method that nobody knows, and one that is not allowed, are refused" {
  start
  run provider_code one /v1/mode -X FROB
  assert_equal "$output" 405
  run_split provider_curl one /v1/node -X DELETE -i
  assert_line --regexp '^HTTP/1.1 405 '
  assert_line --regexp '^Allow: '
}

@test "HEAD has the headers of GET and no body" {
  start
  run_split provider_curl one /v1/mode -I
  assert_success
  assert_line --regexp '^HTTP/1.1 200 OK'
  assert_line --regexp '^Content-Length: [1-9]'
  assert_served
}

@test "a connection carries many requests" {
  start
  run_split provider_curl one /v1/mode "$(provider_url one /v1/mode)" \
    "$(provider_url one /v1/mode)" -w '%{num_connects}\n' -o /dev/null -o /dev/null -o /dev/null
  assert_success
  assert_output $'0\n0\n1' || assert_output $'1\n0\n0'
}

# start_with_list: "one" reads $SERVICES/one/mine.pem, which holds both officers.
start_with_list() {
  provider_conf one
  cp "$PROVIDER_CERTS/clients.pem" "$SERVICES/one/mine.pem"
  chmod 644 "$SERVICES/one/mine.pem"
  sed -i "s|^clients = .*|clients = \"$SERVICES/one/mine.pem\"|" "$SERVICES/one/ctlproviderd.conf"
  provider_start one
}

# take_off: only the stranger is on the list from now on.
take_off() {
  cp "$PROVIDER_CERTS/stranger.pem" "$SERVICES/one/mine.pem"
  kill -HUP "$(service_pid one)"
  assert_logged "mine.pem: 1 client is let in"
}

@test "with IPv6 a whole /64 counts as one address" {
  [[ $EUID -eq 0 ]] || skip "needs root"
  command -v ip >/dev/null || skip "ip is not installed"
  unshare -n true 2>/dev/null || skip "there is no network of its own here"
  provider_conf one 'max-per-client = 2' 'timeout = 30' 'threads = 1'
  sed -i 's/^listen = .*/listen = {"[fd00:1::1]:2444"}/' "$SERVICES/one/ctlproviderd.conf"
  # shellcheck disable=SC2016  # expanded by the inner shell
  run timeout 30 unshare -n bash -c 'ip link set lo up || exit 77
    for n in 1::1 1::2 1::3 1::4 2::1; do
      ip -6 addr add "fd00:$n/64" dev lo nodad || exit 77
    done
    "$1" --config "$2" &
    trap "kill -9 $!; wait" EXIT
    python3 "$3" fd00:1::1 2444 fd00:1::2 fd00:1::3 fd00:1::4 fd00:2::1' \
    net "$CTLPROVIDERD" "$SERVICES/one/ctlproviderd.conf" "$BATS_TEST_DIRNAME/addresses.py" 3>&-
  [[ $status -ne 77 ]] || skip "no IPv6 here"
  assert_success
  assert_line "fd00:1::3 stays"
  assert_line "fd00:1::4 is put out"
  assert_line "fd00:2::1 stays"
  assert_line --partial 'client=fd00:1::4 refused="too many connections from this address"'
}

@test "SIGHUP takes a client off the list, also within a connection" {
  start_with_list
  assert_served
  { printf 'GET /v1/mode HTTP/1.1\r\nHost: x\r\n\r\n'
    service_until 5 test -e changed
    printf 'GET /v1/mode HTTP/1.1\r\nHost: x\r\n\r\n'
    sleep 1; } | timeout 20 openssl s_client -quiet -connect "127.0.0.1:$PROVIDER_PORT" \
      -cert "$PROVIDER_CERTS/officer.pem" -key "$PROVIDER_CERTS/officer.key" >answers 2>/dev/null &
  service_until 5 grep -qs 'HTTP/1.1 200' answers
  take_off
  touch changed
  wait $! || :
  grep -q 'HTTP/1.1 403' answers || fail "$(<answers)"
  refused_as officer
  PROVIDER_CLIENT=stranger assert_served
}

@test "a client that was taken off the list gets nothing with whatever it asks first" {
  start_with_list
  local way
  local -A asked=()
  for way in CONNECT FROB TRACE OPTIONS together; do
    # shellcheck disable=SC2094  # the argument is a word, the output a file
    python3 "$BATS_TEST_DIRNAME/taken_off.py" "$way" "$PROVIDER_PORT" \
      "$PROVIDER_CERTS/officer.pem" "$PROVIDER_CERTS/officer.key" >"$way" 2>&1 3>&- &
    asked[$way]=$!
    service_until 5 grep -q ready "$way"
  done
  take_off
  touch changed
  for way in "${!asked[@]}"; do
    wait "${asked[$way]}" || fail "$way: $(<"$way")"
  done
  PROVIDER_CLIENT=stranger assert_served
}

@test "SIGHUP with a file that cannot be used leaves the list as it was" {
  start_with_list
  head -c 200 "$PROVIDER_CERTS/clients.pem" >"$SERVICES/one/mine.pem"
  kill -HUP "$(service_pid one)"
  assert_logged "the list of clients stays as it was: $SERVICES/one/mine.pem: "
  assert_served
}

@test "a change is in the log at once" {
  start
  provider_code one /v1/mode -X PUT -H 'Content-Type: application/json' -d '{"mode": 1}' >code
  kill -9 "$(service_pid one)"
  assert_equal "$(<code)" 200
  grep -q 'method="PUT" path="/v1/mode" code=200' "$SERVICES/one/log" ||
    fail "$(<"$SERVICES/one/log")"
}

is_gone() { # PID
  ! kill -0 "$1" 2>/dev/null
}

@test "a log that nobody reads holds nothing up, and what is lost is counted" {
  provider_conf one 'threads = 2'
  mkfifo pipe
  local reader n pid
  exec {reader}<>pipe
  "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf" 2>pipe 3>&- {reader}>&- &
  pid=$!
  service_until 10 provider_curl one /v1/mode
  # More than a pipe holds.
  for n in 1 2 3; do
    provider_curl one "/v1/mode?[1-400]" -o /dev/null -w '%{http_code}\n' >"codes$n"
  done
  assert_equal "$(sort -u codes1 codes2 codes3)" 200
  assert_equal "$(cat codes1 codes2 codes3 | wc -l)" 1200
  # There is room again.
  timeout 1 cat <&"$reader" >read1 || :
  assert_served
  sleep 0.5
  timeout 1 cat <&"$reader" >read2 || :
  grep -qE '^[1-9][0-9]* log lines were lost$' read1 read2 || fail "$(tail -3 read1 read2)"
  # And full it ends, too.
  provider_curl one "/v1/mode?[1-900]" -o /dev/null
  kill -TERM "$pid"
  service_until 10 is_gone "$pid" || { kill -9 "$pid"; fail "it hangs"; }
  wait "$pid"
  exec {reader}>&-
}

@test "SIGTERM ends it well, with the answer that it was asked for" {
  start
  assert_served
  provider_stop one
  assert_equal "$(<"$SERVICES/one/status")" 0
  assert_logged ending
  # Lines that were kept are written.
  assert_logged 'path="/v1/mode" code=200'
}

@test "a port in use is told with its address" {
  start
  provider_conf two
  sed -i "s/^listen = .*/listen = {\"127.0.0.1:$(<"$SERVICES/one/port")\"}/" \
    "$SERVICES/two/ctlproviderd.conf"
  run_split "$CTLPROVIDERD" --config "$SERVICES/two/ctlproviderd.conf"
  assert_failure 1
  [[ $stderr == *"cannot listen on 127.0.0.1:$(<"$SERVICES/one/port"): Address already in use"*"ss -ltnp"* ]]
  assert_served
}

@test "a setting that is wrong is told with its line" {
  provider_conf one
  printf 'timeout = soon\n' >>"$SERVICES/one/ctlproviderd.conf"
  run_split "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf" --check
  assert_failure 1
  assert_equal "$stderr" "ctlproviderd: $SERVICES/one/ctlproviderd.conf: line \
$(wc -l <"$SERVICES/one/ctlproviderd.conf"): 'timeout' cannot be 'soon'; write a number from 1 to 600"
}

@test "--check says that all is fine, and opens no port" {
  start
  run_split "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf" --check
  assert_success
  assert_output "$SERVICES/one/ctlproviderd.conf is fine: 2 clients are let in"
  assert_equal "$stderr" ""
}

# check_refuses TEXT: with the settings as they are.
check_refuses() {
  run_split "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf" --check
  assert_failure 1
  [[ $stderr == *"$1"* ]] || fail "$stderr"
}

@test "a key that others may read, of another certificate, or with a passphrase is refused" {
  local conf=$SERVICES/one/ctlproviderd.conf
  provider_conf one
  cp "$PROVIDER_CERTS/server.key" "$SERVICES/one/mine.key"
  chmod 644 "$SERVICES/one/mine.key"
  sed -i "s|^key = .*|key = mine.key|" "$conf"
  check_refuses "mine.key: others can read or change the key (mode 0644); run: chmod 600 "
  chmod 640 "$SERVICES/one/mine.key"
  run_split "$CTLPROVIDERD" --config "$conf" --check
  assert_success
  chmod 600 "$SERVICES/one/mine.key"
  cp "$PROVIDER_CERTS/officer.key" "$SERVICES/one/mine.key"
  check_refuses "mine.key: the key does not belong to the certificate"
  openssl pkey -in "$PROVIDER_CERTS/server.key" -aes256 -passout pass:x \
    -out "$SERVICES/one/mine.key"
  check_refuses "mine.key: the key is protected by a passphrase"
  : >"$SERVICES/one/mine.key"
  check_refuses "mine.key: this is no private key in PEM form"
  rm "$SERVICES/one/mine.key"
  check_refuses "mine.key: cannot look at the key: No such file or directory"
}

@test "a list of clients that is empty, damaged, or holds a key is refused" {
  local list=$SERVICES/one/mine.pem
  provider_conf one
  sed -i "s|^clients = .*|clients = mine.pem|" "$SERVICES/one/ctlproviderd.conf"
  : >"$list"
  check_refuses "mine.pem: the list of clients holds no certificate in PEM form"
  cat "$PROVIDER_CERTS/officer.pem" "$PROVIDER_CERTS/officer.key" >"$list"
  check_refuses "mine.pem: the list of clients holds something that is no certificate"
  { cat "$PROVIDER_CERTS/officer.pem"; head -c 300 "$PROVIDER_CERTS/stranger.pem"; } >"$list"
  check_refuses "mine.pem: what follows certificate 1 of the file is damaged"
  printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >"$list"
  check_refuses "mine.pem: certificate 1 of the file cannot be read"
}

@test "--check finds what the start refuses: users and directories" {
  local conf=$SERVICES/one/ctlproviderd.conf
  provider_conf one
  cp "$conf" good.conf
  sed -i '/^user = /d' "$conf"
  printf 'user = no-such-user-here\n' >>"$conf"
  run_split "$CTLPROVIDERD" --config "$conf" --check
  assert_failure 2
  [[ $stderr == *"there is no user 'no-such-user-here'"* ]] || fail "$stderr"
  if [[ $EUID -eq 0 ]]; then
    sed -i '/^user = /d' "$conf"
    run_split "$CTLPROVIDERD" --config "$conf" --check
    assert_failure 2
    [[ $stderr == *"it does not serve as root; write user = "* ]] || fail "$stderr"
  fi
  cp good.conf "$conf"
  local which words="cannot write into the"
  for which in tftp state; do
    mv "$SERVICES/one/$which" away
    refuse_both "$SERVICES/one/$which: $words" "No such file or directory; make it for"
    : >"$SERVICES/one/$which"
    refuse_both "$SERVICES/one/$which: $words" "Not a directory"
    rm "$SERVICES/one/$which"
    mv away "$SERVICES/one/$which"
    chmod 555 "$SERVICES/one/$which"
    refuse_both "$SERVICES/one/$which: $words" "Permission denied; let the provider's user"
    chmod 755 "$SERVICES/one/$which"
  done
  run_split "$CTLPROVIDERD" --config "$conf" --check
  assert_success
}

# refuse_both TEXT...: neither --check nor the start goes well, and both say so.
refuse_both() {
  local text how
  for how in --check ""; do
    run_split timeout 10 "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf" $how
    assert_failure 1
    for text; do
      [[ $stderr == *"$text"* ]] || fail "$how: $stderr"
    done
  done
}

@test "certificates that are handed out are looked at by --check" {
  provider_conf one 'tvs-certificate = none.pem'
  check_refuses "none.pem: cannot open the file"
}

@test "root without a user is refused, and with one it gives everything up" {
  [[ $EUID -eq 0 ]] || skip "needs root"
  start
  assert_equal "$(process_status Uid)" "$(id -u nobody | sed 's/.*/&\t&\t&\t&/')"
  assert_equal "$(process_status CapEff)" 0000000000000000
  assert_equal "$(process_status CapPrm)" 0000000000000000
  assert_equal "$(process_status NoNewPrivs)" 1
  provider_stop one
  sed -i '/^user = /d' "$SERVICES/one/ctlproviderd.conf"
  run_split "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf"
  assert_failure 2
  [[ $stderr == "ctlproviderd: it does not serve as root; write user = "* ]]
  printf 'user = no-such-user-here\n' >>"$SERVICES/one/ctlproviderd.conf"
  run_split "$CTLPROVIDERD" --config "$SERVICES/one/ctlproviderd.conf"
  assert_failure 2
  [[ $stderr == *"there is no user 'no-such-user-here'"* ]]
}

@test "it takes a socket of systemd, and says when it is ready" {
  command -v systemd-socket-activate >/dev/null || skip "systemd-socket-activate is not installed"
  provider_conf one
  PROVIDER_WRAP=(systemd-socket-activate -l "127.0.0.1:$PROVIDER_PORT")
  sed -i 's/^listen = .*/listen = {"192.0.2.1:1"}/' "$SERVICES/one/ctlproviderd.conf"
  provider_start one
  assert_served
  assert_logged 'on sockets of systemd'
}

@test "options" {
  run_split "$CTLPROVIDERD" --help
  assert_success
  assert_line --partial '--config FILE'
  assert_line '  ctlproviderd --config ctlproviderd.conf --check'
  run_split "$CTLPROVIDERD" --version
  assert_success
  assert_output --regexp '^ctlproviderd [0-9]'
  run_split "$CTLPROVIDERD" --frob
  assert_failure 2
  assert_equal "$stderr" "ctlproviderd: there is no option '--frob'; see ctlproviderd --help"
  run_split "$CTLPROVIDERD" --config
  assert_failure 2
  run_split "$CTLPROVIDERD" more
  assert_failure 2
  run_split "$CTLPROVIDERD" --config /nonexistent.conf
  assert_failure 1
  assert_equal "$stderr" \
    "ctlproviderd: /nonexistent.conf: cannot open the file: No such file or directory"
}
