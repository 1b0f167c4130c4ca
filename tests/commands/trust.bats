#!/usr/bin/env bats
# ctlsign trust: Phone-SAST-trust.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load ../lib/tty
load cluster

setup_file() {
  commands_setup_file
  cluster_setup_file
  CERT_SERIAL=4a219c07 cert_itl_recovery "$K/other" cucm2-pub.lab2.example
  CERT_SERIAL=4a219c08 cert_node "$K/ccm2" cucm2-pub.lab2.example
  cert_expired "$K/ended" cucm2-pub.lab2.example
  cert_future "$K/future" cucm2-pub.lab2.example
  cert_node "$K/ec" cucm2-pub.lab2.example p256
  make_sasts sast1
  make_odd_rsa rsa3072 768
  cert_make "$K/long" 2048 "$(cert_subject long)/OU=$(printf 'A%.0s' {1..60})/OU=$(printf 'B%.0s' {1..60})/OU=$(printf 'C%.0s' {1..60})/OU=$(printf 'D%.0s' {1..60})"
}

setup() {
  cluster_setup
}

teardown() {
  tty_stop
}

sha256_of() {
  openssl x509 -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1
}

@test "trust add: PEM and DER; an update is due then, and makes them SASTs" {
  first_ctl
  ctlsign trust add "$K/other.pem" --yes
  assert_success
  refute_stderr
  assert_line 'Added to Phone-SAST-trust.'
  assert_line 'An update of the CTL is due: ctlsign update'
  ctlsign trust add "$K/ccm2.der" --yes
  assert_success
  ctlsign status --json
  assert_failure 6
  assert_json '[.items[] | select(.code == "trust-added")] | length' 2
  ctlsign trust list --json
  assert_json '[.[].in_ctl] | join(" ")' 'false false'
  next_ctl
  ctlsign trust list --json
  assert_json '[.[].in_ctl] | join(" ")' 'true true'
  independent CTLFile.tlv
  ctlsign status
  assert_success
}

@test "trust list: nothing, and what there is" {
  ctlsign trust list
  assert_success
  assert_output 'Phone-SAST-trust is empty.'
  ctlsign trust list --json
  assert_json length 0
  refute_file state.db
  ctlsign trust add "$K/other.pem" --yes
  ctlsign trust list
  assert_success
  assert_line --regexp '^  Subject +CN=ITLRECOVERY_cucm2-pub'
  assert_line --regexp '^  Serial +4A:21:9C:07$'
  assert_line --regexp "^  SHA-256 +$(sha256_of "$K/other.pem")\$"
  assert_line --regexp '^  From +.*other\.pem$'
  assert_line --regexp '^  In the CTL +not yet'
  ctlsign trust list --json
  assert_json '.[0].sha256' "$(sha256_of "$K/other.pem")"
  assert_json '.[0].in_ctl' false
  assert_json '.[0].added | test("^20[0-9-]+T[0-9:]+Z$")' true
}

@test "trust add, remove: an audit entry each, with serial and SHA-256" {
  ctlsign trust add "$K/other.pem" --yes
  ctlsign trust remove 4a219c07 --yes
  assert_success
  ctlsign audit show --json
  assert_json length 2
  assert_json '.[0].act' 'trust add'
  assert_json '.[1].act' 'trust remove'
  assert_json ".[1].what | contains(\"serial 4a219c07, SHA-256 $(sha256_of "$K/other.pem")\")" true
  ctlsign audit verify
  assert_success
}

@test "trust add: the same one twice" {
  ctlsign trust add "$K/other.pem" --yes
  ctlsign trust add "$K/other.der" --yes
  assert_failure 1
  assert_one_line_error 'in Phone-SAST-trust already.*trust list'
  ctlsign audit show --json
  assert_json length 1
}

@test "trust add: what phones could not use is refused" {
  local name
  ctlsign trust add "$K/ended.pem" --yes
  assert_failure 1
  assert_one_line_error 'ended\.pem: .*ended on 2015-01-01'
  ctlsign trust add "$K/ec.pem" --yes
  assert_failure 1
  assert_one_line_error 'ec\.pem: .*RSA'
  ctlsign trust add "$K/rsa3072.pem" --yes
  assert_failure 1
  assert_one_line_error 'rsa3072\.pem: .*3072'
  ctlsign trust add "$K/long.pem" --yes
  assert_failure 1
  assert_one_line_error 'long\.pem: .*over 255'
  echo rubbish >rubbish.pem
  cat "$K/other.pem" "$K/ccm2.pem" >two.pem
  for name in rubbish.pem two.pem none.pem; do
    ctlsign trust add "$name" --yes
    assert_failure 1
    assert_one_line_error "$name"
  done
  ctlsign trust list
  assert_output 'Phone-SAST-trust is empty.'
}

@test "trust add: a certificate that is not valid yet, or ends soon, is warned of" {
  ctlsign trust add "$K/future.pem" --yes
  assert_success
  assert_stderr --partial 'warning: the certificate is not valid before 2120-01-01'
  cluster_conf 'expiry-days = 3650'
  ctlsign trust add "$K/other.pem" --yes
  assert_success
  assert_stderr --partial 'warning: the certificate ends soon'
}

@test "trust add: a SAST of the current CTL is told" {
  first_ctl
  ctlsign trust add certs/recovery.pem --yes
  assert_success
  assert_stderr --partial 'a SAST of the current CTL already'
  assert_line 'The current CTL lists it already: no update is due for it.'
  ctlsign trust remove certs/recovery.pem --yes
  assert_success
  assert_line 'The current CTL lists it for another reason, too: no update is due for that.'
  ctlsign status
  assert_success
}

@test "trust: an update is due only when the CTL has to change" {
  ctlsign trust add "$K/other.pem" --yes
  assert_line 'The first CTL will list it as SAST.'
  first_ctl
  ctlsign trust add "$K/ccm2.pem" --yes
  assert_line 'An update of the CTL is due: ctlsign update'
  assert_line --partial 'before they are moved to that cluster, or before that token signs'
  ctlsign trust remove "$K/ccm2.pem" --yes
  assert_line 'The current CTL does not list it: no update is due for that.'
  refute_output --partial 'is due: '
  ctlsign status
  assert_success
  ctlsign trust remove "$K/other.pem" --yes
  assert_line 'An update of the CTL is due: ctlsign update'
  ctlsign status
  assert_failure 6
}

@test "trust add: lines fit the terminal" {
  tty_require
  first_ctl
  TTY_COLUMNS=60 tty_start "$CTLSIGN" trust add "$K/other.pem" --yes
  tty_finish
  assert_success
  assert_line 'Wait until the phones have the new CTL before they are moved'
  assert_line 'to that cluster, or before that token signs.'
}

@test "trust remove: by file, by SHA-256, by serial with colons" {
  local word
  for word in "$K/other.pem" "$K/other.der" "$(sha256_of "$K/other.pem")" 4A:21:9C:07 0004A219C07; do
    ctlsign trust add "$K/other.pem" --yes
    assert_success
    ctlsign trust remove "$word" --yes
    assert_success
    assert_line 'Removed from Phone-SAST-trust.'
    ctlsign trust list --json
    assert_json length 0
  done
}

@test "trust remove: one that is not there, and a serial number that two have" {
  ctlsign trust add "$K/other.pem" --yes
  ctlsign trust remove 77 --yes
  assert_failure 1
  assert_one_line_error "'77' is no certificate of Phone-SAST-trust.*trust list"
  ctlsign trust remove "$K/ccm2.pem" --yes
  assert_failure 1
  assert_one_line_error 'ccm2\.pem'
  CERT_SERIAL=4a219c07 cert_node "$BATS_TEST_TMPDIR/twin" cucm3-pub.lab3.example
  ctlsign trust add "$BATS_TEST_TMPDIR/twin.pem" --yes
  ctlsign trust remove 4a219c07 --yes
  assert_failure 1
  assert_one_line_error 'more than one.*SHA-256'
  ctlsign trust remove "$(sha256_of "$BATS_TEST_TMPDIR/twin.pem")" --yes
  assert_success
  ctlsign trust list --json
  assert_json length 1
  assert_json '.[0].sha256' "$(sha256_of "$K/other.pem")"
}

@test "trust add, remove --dry-run: shown, and nothing changed" {
  ctlsign trust add "$K/other.pem" --dry-run
  assert_success
  assert_line --regexp '^  Serial +4A:21:9C:07$'
  assert_line 'Dry run: nothing was changed.'
  refute_file state.db state.db.lock
  ctlsign trust add "$K/other.pem" --yes
  ctlsign trust remove 4a219c07 --dry-run
  assert_success
  assert_line 'Dry run: nothing was changed.'
  ctlsign trust list --json
  assert_json length 1
}

@test "trust: without a terminal --yes is needed" {
  ctlsign trust add "$K/other.pem"
  assert_failure 2
  assert_one_line_error 'no terminal to ask at; .*--yes'
  ctlsign trust list --json
  assert_json length 0
}

@test "trust add: the question at a terminal" {
  tty_require
  tty_start "$CTLSIGN" trust add "$K/other.pem"
  tty_wait 'Type "yes" to go on'
  tty_screen | grep -q '4A:21:9C:07'
  tty_type y
  tty_wait 'Please type "yes" in full'
  tty_type n
  tty_finish
  assert_failure 1
  assert_output --partial 'cancelled: nothing was changed'
  ctlsign trust list --json
  assert_json length 0
  tty_start "$CTLSIGN" trust add "$K/other.pem"
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_finish
  assert_success
  ctlsign trust list --json
  assert_json length 1
}

@test "trust: usage" {
  refused 2 'CERT is missing' trust add
  refused 2 'CERT is missing' trust remove
  refused 2 "unexpected argument 'x'" trust list x
  refused 2 'needs a second word' trust
}
