#!/usr/bin/env bats
# The test library itself: assertions fail when they should, tokens and terminals work.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load assertions
load softhsm
load p11mock
load tty

teardown() {
  tty_stop
}

# fails COMMAND [ARG...]: the assertion must not hold.
fails() {
  if ("$@") 2>/dev/null; then
    echo "holds, but should not: $*" >&2
    return 1
  fi
}

@test "exit codes are told apart" {
  run_split true
  assert_success
  fails assert_failure
  run_split sh -c 'exit 3'
  assert_failure
  assert_failure 3
  fails assert_failure 4
  fails assert_success
  run_split sh -c 'kill -9 $$'
  fails assert_failure
  assert_killed 9
}

@test "output and lines are compared" {
  run_split printf 'one\ntwo words\n'
  assert_output $'one\ntwo words'
  fails assert_output one
  assert_output --partial words
  fails assert_output --partial three
  assert_line "two words"
  fails assert_line two
  assert_line --regexp '^t.o '
  refute_line three
  fails refute_line one
  fails refute_output
  refute_stderr
}

@test "an error is one line of the right form" {
  run_split sh -c 'echo "ctlsign: token gone; insert it" >&2; exit 6'
  assert_one_line_error 'token gone'
  fails assert_one_line_error 'another'
  fails refute_stderr
  run_split sh -c 'echo "ctlsign: a"  >&2; echo "ctlsign: b" >&2'
  fails assert_one_line_error
  run_split sh -c 'echo "ctlsign: ends with a stop." >&2'
  fails assert_one_line_error
  run_split sh -c 'printf "ctlsign: \033[1mbold\n" >&2'
  fails assert_one_line_error
  run_split sh -c 'echo result; echo "ctlsign: text" >&2'
  fails assert_one_line_error
  run_merged sh -c 'echo "ctlsign: text" >&2'
  fails assert_one_line_error
}

@test "a command of run_split has no terminal" {
  run_split sh -c 'echo hello >/dev/tty'
  assert_failure
}

@test "files and JSON are looked at" {
  cd "$BATS_TEST_TMPDIR"
  mkdir d
  echo text >d/a
  touch d/.hidden
  assert_file d/a
  fails assert_file d/.hidden
  fails refute_file d/a
  refute_file d/b
  assert_only_files d a .hidden
  fails assert_only_files d a
  refute_in_files 4711 d
  fails refute_in_files text d
  chmod 640 d/a
  assert_mode d/a 640
  cp d/a d/b
  assert_same_file d/a d/b
  fails refute_same_file d/a d/b
  run_split echo '{"a":[1,{"b":"x"}]}'
  assert_json '.a[1].b' x
  fails assert_json '.a[0]' 2
  mkdir empty
  assert_only_files empty
}

@test "certificates have the names, serials and dates asked for" {
  cd "$BATS_TEST_TMPDIR"
  CERT_SERIAL=70000000000000000000000000000abc cert_node node cucm-1
  assert_equal "$CERT" node.pem
  assert_equal "$(cert_serial node.pem)" 70000000000000000000000000000abc
  run_split openssl x509 -in node.pem -noout -subject -nameopt RFC2253
  assert_output "subject=CN=cucm-1,OU=TAC,O=Cisco,L=Krakow,ST=Malopolska,C=PL"
  openssl x509 -in node.pem -noout -checkend 0
  CERT_SERIAL=abc cert_expired old old-node 1024
  assert_equal "$(cert_serial old.pem)" 0abc
  run_split openssl x509 -in old.pem -noout -subject -nameopt RFC2253
  assert_output "subject=CN=old-node,OU=TAC,O=Cisco,L=Krakow,ST=Malopolska,C=PL"
  run_split openssl x509 -in old.pem -noout -enddate
  assert_output "notAfter=Jan  1 00:00:00 2015 GMT"
  run_split openssl x509 -in old.pem -noout -ext extendedKeyUsage
  assert_output --partial "TLS Web Server Authentication"
  cert_ca ca 2048 "/O=Lab/CN=Lab CA"
  cert_sast sast 0054f509 ca
  openssl verify -CAfile ca.pem sast.pem
  run_split openssl x509 -in sast.der -inform DER -noout -subject -nameopt utf8,sep_comma_plus_space
  assert_output "subject=O=Cisco Systems, OU=IPCBU, CN=SAST-ADN0054f509        "
  cert_capf capf 0a1b2c3d p256
  cert_itl_recovery itl cucm-1.example.com
  run_split openssl x509 -in itl.pem -noout -subject
  assert_output --partial "CN = ITLRECOVERY_cucm-1.example.com"
}

@test "tokens carry the keys and certificates put on them" {
  softhsm_require
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  softhsm_token "token one" 4711
  softhsm_token two
  softhsm_key "token one" 0a 1024 /CN=signer
  assert_file "$CERT" "$KEY"
  softhsm_key two 0b p256 /CN=elliptic
  run_split pkcs11-tool --module "$SOFTHSM_MODULE" --token-label "token one" -O
  assert_line --partial "Certificate Object; type = X.509 cert"
  assert_line --regexp 'subject: +DN: CN=signer'
  assert_line --regexp 'ID: +0a'
  echo data >"$BATS_TEST_TMPDIR/data"
  pkcs11-tool --module "$SOFTHSM_MODULE" --token-label "token one" --login --pin 4711 --sign \
    --id 0a -m SHA256-RSA-PKCS -i "$BATS_TEST_TMPDIR/data" -o "$BATS_TEST_TMPDIR/sig"
  openssl x509 -in "$SOFTHSM_DIR/src/$(softhsm_serial "token one")-0a.pem" -noout -pubkey \
    >"$BATS_TEST_TMPDIR/public"
  openssl dgst -sha256 -verify "$BATS_TEST_TMPDIR/public" -signature "$BATS_TEST_TMPDIR/sig" "$BATS_TEST_TMPDIR/data"
  softhsm_delete two cert 0b
  run_split pkcs11-tool --module "$SOFTHSM_MODULE" --token-label two -O
  refute_line --partial "Certificate Object"
}

@test "the fault-injecting module obeys, and its log counts calls" {
  softhsm_require
  softhsm_setup "$BATS_TEST_TMPDIR/hsm"
  p11mock_setup "$BATS_TEST_TMPDIR/control"
  ! grep -q __asan_init "$P11MOCK" || skip "pkcs11-tool cannot load a sanitizer build"
  softhsm_token one
  p11mock_set retries "2 3 one"
  run_split pkcs11-tool --module "$P11MOCK" --token-label one --login --pin 9999 -O
  assert_failure
  assert_equal "$(p11mock_get retries)" "1 3 one"
  assert_calls 1 C_Login 0xa0
  assert_calls 1 C_Login
  fails assert_calls 2 C_Login
  p11mock_set removed
  run_split pkcs11-tool --module "$P11MOCK" --token-label one -O
  assert_failure
  p11mock_reset
  p11mock_set hang C_GetInfo
  pkcs11-tool --module "$P11MOCK" -I >"$BATS_TEST_TMPDIR/out" 3>&- &
  p11mock_wait_hanging C_GetInfo
  assert_calls 0 C_GetInfo
  p11mock_unset hang
  wait $!
  assert_calls 1 C_GetInfo 0x0
}

@test "a command at a terminal is seen, answered, interrupted" {
  tty_require
  cd "$BATS_TEST_TMPDIR"
  # shellcheck disable=SC2016
  tty_start --stdout out bash -c \
    'printf "Name? " >/dev/tty; read -r n </dev/tty; echo "result $n"; exit 5'
  tty_wait "Name?"
  tty_type "a'b \$c"
  tty_finish
  assert_failure 5
  assert_line --partial "Name?"
  assert_equal "$(<out)" "result a'b \$c"

  tty_start sh -c 'echo ready; exec sleep 60'
  tty_wait ready
  fails tty_wait never 0
  tty_key C-c
  tty_finish
  assert_killed 2

  tty_start sh -c 'echo ready; exec sleep 60'
  tty_wait ready
  tty_signal TERM
  tty_finish
  assert_killed 15
}

@test "stopping the terminal ends the command" {
  tty_require
  # shellcheck disable=SC2016
  tty_start sh -c 'echo ready; exec sleep 60'
  tty_wait ready
  pid=$(<"$TTY_DIR/pid")
  kill -0 "$pid"
  directory=$TTY_DIR
  tty_stop
  # A dead process may wait for its parent a while longer.
  ended() { [[ ! -d /proc/$pid ]] || grep -q '^State:.*Z' "/proc/$pid/status"; }
  eventually 5 ended
  refute_file "$directory"
}
