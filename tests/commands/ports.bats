#!/usr/bin/env bats
# ctlsign ports: who listens where, what has changed, and --check against listeners on 127.0.0.x.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load cluster

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup
}

teardown() {
  [[ ! -s $BATS_TEST_TMPDIR/listener.pid ]] || kill "$(<"$BATS_TEST_TMPDIR/listener.pid")" || :
}

# listen TCP-PORT... -- UDP-PORT...: on 127.0.0.2 and 127.0.0.3; a TFTP server answers as the real
# ones do, from another port, and says that it has no such file.
listen() {
  "$PYTHON" - "$BATS_TEST_TMPDIR/ready" "$@" >"$BATS_TEST_TMPDIR/listener.log" 2>&1 3>&- 4>&- <<'PYTHON' &
import select, socket, sys
words = sys.argv[2:]
cut = words.index("--")
tcp, udp = [], []
for host in ("127.0.0.2", "127.0.0.3"):
    for port in words[:cut]:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, int(port)))
        s.listen(16)
        tcp.append(s)
    for port in words[cut + 1:]:
        s = socket.socket(type=socket.SOCK_DGRAM)
        s.bind((host, int(port)))
        udp.append((s, host))
open(sys.argv[1], "w").close()
while True:
    for s in select.select(tcp + [u for u, _ in udp], [], [])[0]:
        if s in tcp:
            s.accept()[0].close()
            continue
        data, peer = s.recvfrom(600)
        host = next(h for u, h in udp if u is s)
        answer = socket.socket(type=socket.SOCK_DGRAM)
        answer.bind((host, 0))
        if data == b"\0\1CTLFile.tlv\0octet\0":
            answer.sendto(b"\0\5\0\1no such file\0", peer)
        answer.close()
PYTHON
  echo $! >"$BATS_TEST_TMPDIR/listener.pid"
  disown
  eventually 10 test -e "$BATS_TEST_TMPDIR/ready" ||
    { cat "$BATS_TEST_TMPDIR/listener.log" >&2; return 1; }
}

# The cluster on this computer: all ports where nobody else is.
local_conf() {
  cluster_conf 'ports { sccp = 42000 sccp-tls = 42443 sip-tls = 45061 sip-oauth = 45090
  sip-oauth-mra = 45091 tftp = 40069 tftp-http = 46970 tftp-https = 46971 tftp-https2 = 46972 }'
  sed -i 's/10\.1\.2\.3/127.0.0.2/; s/10\.1\.2\.4/127.0.0.3/' ctlsign.conf
}

@test "ports: the defaults, who listens, and what is closed in these modes" {
  ctlsign ports
  assert_success
  refute_stderr
  assert_equal "$(wc -l <<<"$output")" 12
  assert_line --regexp '^CTL Provider +2444 +TCP +nobody$'
  assert_line --regexp '^SCCP +2000 +TCP +cucm-pub, cucm-sub1$'
  assert_line --regexp '^SCCP over TLS +2443 +TCP +cucm-pub, cucm-sub1 +only in mixed mode$'
  assert_line --regexp '^SIP over TLS +5061 +TCP +.* +only in mixed mode$'
  assert_line --regexp '^TVS +2445 +TCP +nobody$'
  assert_line --regexp '^SIP OAuth +5090 +TCP +.* +only in SIP OAuth mode$'
  assert_line --regexp '^SIP OAuth over MRA +5091 +TCP +.* +only in SIP OAuth mode$'
  assert_line --regexp '^TFTP +69 +UDP +cucm-pub, cucm-sub1$'
  assert_line --regexp '^TFTP over HTTP +6970 +TCP '
  assert_line --regexp '^TFTP over HTTPS +6971 +TCP '
  assert_line --regexp '^TFTP over HTTPS \(second\) +6972 +TCP '
}

@test "ports: services, alternate TFTP servers, and the SIP OAuth mode count" {
  sed -i 's/services = .*/services = {CallManager, TVS, "CTL-Provider"}/; /capf-certificate/d' ctlsign.conf
  printf '%s\n' 'alternate-tftp old-tftp { address = "10.1.2.9" certificate = "certs/pub.pem" }' >>ctlsign.conf
  ctlsign sip-oauth enable
  ctlsign ports
  assert_success
  assert_line --regexp '^CTL Provider +2444 +TCP +cucm-pub$'
  assert_line --regexp '^TVS +2445 +TCP +cucm-pub$'
  assert_line --regexp '^TFTP +69 +UDP +cucm-sub1, old-tftp$'
  assert_line --regexp '^TFTP over HTTP +6970 +TCP +cucm-sub1$'
  assert_line --regexp '^SIP OAuth +5090 +TCP +cucm-pub, cucm-sub1$'
}

@test "ports: others than the defaults are marked; the TLS port follows SCCP's" {
  cluster_conf 'ports { sccp = 3000 }'
  ctlsign ports
  assert_success
  assert_line --regexp '^SCCP +3000 +TCP +.* +not the default, 2000$'
  assert_line --regexp '^SCCP over TLS +3443 +TCP +.* +not the default, 2443; only in mixed mode$'
}

@test "ports: changed since the current CTL, with what to restart" {
  first_ctl
  cluster_conf 'ports { ctl-provider = 3444 sip-tls = 6061 }'
  ctlsign ports
  assert_success
  assert_line 'Changed since generation 1 of the CTL:'
  assert_line '  CTL Provider: 3444, was 2444'
  assert_line --regexp '^    do: restart the CTL Provider'
  assert_line '  SIP over TLS: 6061, was 5061'
  assert_line --regexp '^    do: restart CallManager on these nodes, then reset the phones$'
  ctlsign ports --json
  assert_json '.[] | select(.service == "sip-tls") | .before' 5061
  next_ctl
  ctlsign ports
  refute_output --partial 'Changed since'
}

@test "ports --json" {
  ctlsign ports --json
  assert_success
  assert_json length 11
  assert_json '.[0].service' ctl-provider
  assert_json '.[1].port' 2000
  assert_json '.[1].default' 2000
  assert_json '.[1].before' null
  assert_json '.[1].open' true
  assert_json '.[2].open' false
  assert_json '.[7].transport' udp
  assert_json '.[7].nodes[1].name' cucm-sub1
  assert_json '.[7].nodes[1] | has("answer")' false
}

@test "ports --check: all that should listen do" {
  local_conf
  listen 42000 46970 46971 46972 -- 40069
  ctlsign ports --check
  assert_success
  refute_stderr
  assert_line --regexp '^cucm-pub +SCCP +TCP 42000 +reachable +yes$'
  assert_line --regexp '^cucm-sub1 +TFTP +UDP 40069 +reachable +yes$'
  assert_line --regexp '^cucm-sub1 +SCCP over TLS +TCP 42443 +refused: nobody listens there +no$'
}

@test "ports --check: one that is refused fails, and is named" {
  local_conf
  listen 42000 46971 46972 -- 
  ctlsign ports --check
  assert_failure 1
  assert_line --regexp '^cucm-pub +TFTP over HTTP +TCP 46970 +refused: nobody listens there +yes$'
  assert_line --regexp '^cucm-pub +TFTP +UDP 40069 +refused: nobody listens there +yes$'
  assert_stderr --regexp '^ctlsign: 4 of the ports that should listen cannot be reached'
  ctlsign ports --check --json
  assert_failure 1
  assert_json '.[] | select(.service == "tftp-http") | .nodes[0].answer' refused
  assert_json '.[] | select(.service == "sccp") | .nodes[0].answer' reachable
}

@test "ports --check: in mixed mode the TLS ports should listen" {
  local_conf
  listen 42000 46970 46971 46972 -- 40069
  first_ctl
  ctlsign ports --check
  assert_failure 1
  assert_stderr --regexp '^ctlsign: 4 of the ports'
  assert_line --regexp '^cucm-pub +SIP over TLS +TCP 45061 +refused.* +yes$'
}

@test "ports --check: a TFTP server that is silent, and no longer than three seconds" {
  local_conf
  listen 42000 46970 46971 46972 -- 40069
  kill -STOP "$(<"$BATS_TEST_TMPDIR/listener.pid")"
  local start=$EPOCHREALTIME took
  ctlsign ports --check
  took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
  kill -CONT "$(<"$BATS_TEST_TMPDIR/listener.pid")"
  assert_failure 1
  assert_line --regexp '^cucm-pub +TFTP +UDP 40069 +no answer +yes$'
  [[ $took -ge 2900 && $took -lt 6000 ]] || fail "it took $took ms"
}

@test "ports --check: a node without an address is not asked, and told" {
  local_conf
  printf '%s\n' 'media ivr { services = {TVS} }' >>ctlsign.conf
  listen 42000 46970 46971 46972 -- 40069
  ctlsign ports --check
  assert_failure 1
  assert_line --regexp '^ivr +TVS +TCP 2445 +not asked: it has no address in ctlsign\.conf +yes$'
  assert_stderr --regexp '^ctlsign: 1 of the ports'
}

@test "ports --check: IPv6" {
  local_conf
  sed -i 's/127\.0\.0\.3/::1/' ctlsign.conf
  [[ -s /proc/net/if_inet6 ]] || skip "no IPv6 here"
  listen 42000 46970 46971 46972 -- 40069
  ctlsign ports --check
  assert_failure 1
  assert_line --regexp '^cucm-pub +TFTP +UDP 40069 +reachable +yes$'
  assert_line --regexp '^cucm-sub1 +SCCP +TCP 42000 +refused: nobody listens there +yes$'
  assert_line --regexp '^cucm-sub1 +TFTP +UDP 40069 +refused: nobody listens there +yes$'
}

@test "ports: usage" {
  refused 2 "unexpected argument 'x'" ports x
}
