#!/usr/bin/env bats
# Which token to take, at a terminal: what stands beside each of several, what was skipped and is
# offered again, the word for one that merely signs, and what is said before anything is asked.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2034,SC2154  # TTY_COLUMNS is for tty_start

load fixture
load collecting

setup_file() {
  collecting_make
  cert_capf capf 4a219f00
  cert_itl_recovery recovery cucm-pub
}

setup() {
  collecting_use
  TTY_COLUMNS=80
}

teardown() {
  tty_stop
}

# standing TOKEN NUMBER TEXT: so it stands in the last menu on the screen; NUMBER may be empty.
standing() {
  local row
  row=$(tty_screen | grep -E "^  [ 1-9]  $1 " | tail -n 1)
  assert_equal "$(tr -s ' ' <<<"${row%% SoftHSM*}" | sed 's/^ //; s/ $//')" \
    "${2:+$2 }$1 $3 $(softhsm_serial "$1")"
}

# A cluster whose first CTL, by SAST-1 and SAST-2, lists CallManager and ITLRecovery as well.
cluster() {
  cp "$BATS_FILE_TMPDIR"/{capf,recovery}.pem .
  cat >ctlsign.conf <<CONF
cluster = "lab"
release = "12.5(1)"
export-controlled = yes
modules = {"$P11MOCK"}
ctl-file = "out/list.tlv"
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, CAPF}
  certificate = "node.pem"
  capf-certificate = "capf.pem"
}
itlrecovery { certificate = "recovery.pem" }
CONF
}

cluster_with_ctl() {
  cluster
  inserted SAST-1 SAST-2
  "$CTLSIGN" set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2 --yes --pin-file pin
  "$CTLSIGN" publish --by-hand --yes
  inserted
}

@test "of several the listed ones come first, and each says how it stands" {
  old_list
  inserted SAST-1 SAST-2 STRANGER OTHER CURVE
  collects 3 --from old.tlv
  tty_wait "or press Enter"
  tty_type ''
  tty_wait "Type the number of one"
  standing SAST-1 1 "in the CTL"
  standing SAST-2 2 "in the CTL"
  standing OTHER 3 "new"
  standing STRANGER 4 "new"
  standing CURVE 5 "cannot sign"
  tty_type 4
  adds STRANGER 1
  tty_wait "Type the number of one" 10 2
  standing SAST-1 1 "in the CTL"
  standing OTHER 3 "new"
  standing CURVE 4 "cannot sign"
  standing STRANGER '' "already added"
  run tty_words
  assert_output --partial "already added $(softhsm_serial STRANGER) SoftHSM slot ID"
  tty_type 2
  adds SAST-2 2
}

@test "without a current list there is nothing to tell them apart by" {
  inserted SAST-1 SAST-2
  collects 2
  tty_wait "or press Enter"
  tty_type ''
  tty_wait "Type the number of one"
  run tty_screen
  refute_output --partial "new  "
  refute_output --partial "in the CTL"
}

@test "what was skipped is offered again by Enter, when nothing else is left" {
  inserted SAST-1 SAST-2 CURVE
  collects 2
  tty_wait "or press Enter"
  tty_type ''
  tty_wait "Type the number of one"
  tty_type "$(tty_screen | awk '/^ +[1-3]  SAST-1 / { print $1; exit }')"
  tty_wait 'Type "add"'
  tty_type skip
  tty_wait "Type the number of one" 10 2
  tty_type "$(tty_screen | tac | awk '/^ +[12]  SAST-2 / { print $1; exit }')"
  tty_wait 'Type "add"' 10 2
  tty_type add
  tty_wait "Added: token 'SAST-2'"
  # The last one that is left is looked at without being chosen, and CURVE is refused for good.
  tty_wait "the signer's key is EC"
  tty_wait "Remove token 'SAST-2' (serial $(softhsm_serial SAST-2)),"
  tty_wait "again about the token"
  run tty_words
  assert_output --partial "and insert token 2 of 2, or press Enter to be asked again about the token that was skipped (Ctrl-C stops):"
  tty_type ''
  tty_wait "Token 2 of 2:"
  tty_wait "Token serial  $(softhsm_serial SAST-1)" 10 2
  tty_type add
  tty_wait "Added: token 'SAST-1'"
  tty_wait "Type the number of the one that is to sign"
}

@test "several that were skipped are counted, and come back together" {
  inserted SAST-1 SAST-2
  collects 1
  tty_wait "or press Enter"
  tty_type ''
  tty_wait "Type the number of one"
  tty_type 1
  tty_wait 'Type "add"'
  tty_type skip
  tty_wait 'Type "add"' 10 2
  tty_type skip
  tty_wait "Insert token 1 of 1, or press Enter"
  run tty_words
  assert_output --partial "to be asked again about the 2 tokens that were skipped (Ctrl-C stops):"
  tty_type ''
  tty_wait "Type the number of one" 10 2
  tty_type 2
  tty_wait 'Type "add"' 10 3
  tty_type add
  tty_wait "Added: token 'SAST-"
}

@test "what was skipped and removed is not promised" {
  inserted SAST-1
  collects 1
  tty_wait "or press Enter"
  tty_type ''
  tty_wait 'Type "add"'
  tty_type skip
  tty_wait "Insert token 1 of 1, or press Enter"
  inserted
  tty_wait "Insert token 1 of 1 (Ctrl-C stops):"
}

@test "one that merely signs is used, not added; another word asks again" {
  old_list
  inserted SAST-1
  collects 1 --from old.tlv
  tty_wait "or press Enter"
  tty_type ''
  tty_wait 'Type "use" to sign with this token, "skip" to leave it out:'
  tty_type add
  tty_wait 'Please type "use" or "skip".'
  tty_type skip
  tty_wait "Insert token 1 of 1, or press Enter"
  tty_type ''
  tty_wait 'Type "use"' 10 3
  tty_type use
  tty_wait "To sign with: token 'SAST-1' (serial $(softhsm_serial SAST-1))."
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_list_written
}

@test "one that joins a list that another key signs is added, listed or not" {
  old_list
  inserted SAST-1
  collects 1 --from old.tlv --sign-with pkcs11:token=SAST-1
  tty_wait "or press Enter"
  tty_type ''
  adds SAST-1 1
}

@test "who will sign is said before anything is asked" {
  collects 2
  tty_wait "Insert token 1 of 2"
  run tty_words
  assert_output --partial "one by one. When all are added you are asked which one of them signs. Ctrl-C"
  old_list
  collects 2 --from old.tlv
  tty_wait "Insert token 1 of 2"
  run tty_words
  assert_output --partial "one by one. One of them at least must be in old.tlv: it signs. The others may be new. Ctrl-C"
  inserted SAST-1
  collects 2 --sign-with pkcs11:token=SAST-1
  tty_wait "or press Enter"
  run tty_words
  assert_output --partial "one by one. Ctrl-C"
  inserted
  collects 1
  tty_wait "Insert token 1 of 1"
  run tty_words
  assert_output --partial "out/list.tlv needs 1 token. Ctrl-C"
}

@test "after Ctrl-C the message stands on a line of its own" {
  tty_start -- "${COLLECT[@]}" --collect 1
  tty_wait "Insert token 1 of 1"
  tty_key C-c
  tty_finish
  assert_killed 2
  assert_equal "$(tail -n 2 <<<"$(sed '/^$/d' <<<"$output")")" \
    "Insert token 1 of 1 (Ctrl-C stops): ^C
ctlsign: cancelled; nothing was changed"
}

@test "the first CTL of a cluster: there is none yet, and one of the tokens will sign" {
  cluster
  tty_start --stdout stdout --stderr stderr -- "$CTLSIGN" set-cluster mixed-mode --tokens
  tty_wait "Insert token 1 of 2"
  run tty_words
  assert_output --partial "When all are added you are asked which one of them signs."
  inserted SAST-1
  tty_wait 'Type "add"'
  run tty_screen
  assert_line --regexp '^ *Current CTL +none yet$'
}

@test "update: only tokens are named as what to insert, and the one that signs is used" {
  cluster_with_ctl
  printf '%s\n' 'alternate-tftp tftp2 { address = "10.1.2.9"' 'certificate = "second.pem" }' \
    >>ctlsign.conf
  tty_start --stdout stdout --stderr stderr -- "$CTLSIGN" update
  tty_wait "Insert token 1 of 1"
  inserted STRANGER
  tty_wait "token 'STRANGER' (serial $(softhsm_serial STRANGER)):"
  run tty_words
  assert_output --partial "insert one that the list knows: CN=SAST-1;O=Lab, CN=SAST-2;O=Lab Insert token 1 of 1"
  inserted SAST-2
  uses SAST-2
}

@test "update --add-token: one is in the CTL, the other new, and that is said first" {
  cluster_with_ctl
  inserted SAST-1 STRANGER
  tty_start --stdout stdout --stderr stderr -- "$CTLSIGN" update --add-token
  tty_wait "or press Enter"
  run tty_words
  assert_output --regexp '^ ?[^.]* new [^.]*\. Ctrl-C ends this'
  refute_output --partial "The others may be new."
  tty_type ''
  tty_wait "Type the number of one"
  standing SAST-1 1 "in the CTL"
  standing STRANGER 2 "new"
}
