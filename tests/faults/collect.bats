#!/usr/bin/env bats
# Tokens asked for one by one, at a terminal: what is noticed, what is refused and how, and that every
# way out leaves nothing behind.  The tokens are SoftHSM's, and p11mock plugs them in and out.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2034,SC2154  # TTY_COLUMNS is for tty_start

load fixture
load collecting

setup_file() {
  collecting_make
}

setup() {
  collecting_use
}

teardown() {
  tty_stop
}

@test "two tokens, one after the other; the last one signs" {
  collects 2
  tty_wait "needs 2 tokens"
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  adds SAST-1 1
  tty_wait "Remove token 'SAST-1' (serial"
  inserted
  tty_wait "Insert token 2 of 2"
  inserted SAST-2
  adds SAST-2 2
  tty_wait 'Type "finish"'
  tty_type finish
  tty_wait "PIN of token 'SAST-2'"
  tty_type "$PIN"
  tty_finish
  assert_list_written
  assert_equal "$("$CTLSIGN" show --json "$OUT" | jq -r '.signer.subject, .records[1:][].subject')" \
    "$(printf '%s\n' 'CN=SAST-2;O=Lab' 'CN=SAST-1;O=Lab' 'CN=SAST-2;O=Lab')"
  assert_calls 1 C_Login
  assert_calls 1 C_Sign
  assert_equal "$(cat stdout stderr)" ""
}

@test "every detail of the token is shown before it is added" {
  old_list
  collects 1 --from old.tlv
  tty_wait "Insert token 1 of 1"
  inserted SAST-2
  tty_wait 'Type "use"'
  run tty_screen
  assert_line --regexp '^ *Label +SAST-2$'
  assert_line --regexp "^ *Token serial +$(softhsm_serial SAST-2)\$"
  assert_line --regexp '^ *Manufacturer +SoftHSM project$'
  assert_line --regexp '^ *Subject +CN=SAST-2;O=Lab$'
  assert_line --regexp '^ *Issuer +CN=SAST-2;O=Lab$'
  assert_line --regexp '^ *Key +RSA-2048$'
  assert_line --regexp '^ *Valid from +[0-9-]+ [0-9:]+ UTC$'
  assert_line --regexp '^ *Valid to +[0-9-]+ [0-9:]+ UTC$'
  assert_line --regexp '^ *Current CTL +lists this token$'
  tty_key C-c
  tty_finish
  assert_nothing_written
}

@test "what is inserted at the start is to be removed; Enter goes on with it" {
  inserted STRANGER SAST-1
  collects 1
  tty_wait "Remove all tokens. Still inserted:"
  tty_wait "or press Enter"
  inserted SAST-1
  tty_wait "or press Enter" 10 2
  tty_type ''
  adds SAST-1 1
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_list_written
}

@test "when all are removed it goes on by itself" {
  inserted STRANGER
  collects 1
  tty_wait "or press Enter"
  inserted
  tty_wait "Insert token 1 of 1"
}

@test "of several that are inserted one is chosen by its number" {
  inserted SAST-1 SAST-2
  collects 1
  tty_wait "or press Enter"
  tty_type ''
  tty_wait "Several tokens are inserted:"
  tty_wait "Type the number of one"
  tty_type 7
  tty_wait "Type the number of one" 10 2
  tty_type "$(tty_screen | awk '/^ +[12]  SAST-2 / { print $1; exit }')"
  adds SAST-2 1
}

@test "the same token again is refused by name" {
  collects 2
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  adds SAST-1 1
  tty_wait "Remove token 'SAST-1'"
  inserted
  tty_wait "Insert token 2 of 2"
  inserted SAST-1
  tty_wait "token 'SAST-1' (serial $(softhsm_serial SAST-1)) has been added already; remove it"
  inserted SAST-2
  adds SAST-2 2
}

@test "a token that cannot sign, or that the list does not know, is refused with what to insert" {
  old_list
  collects 1 --from old.tlv
  tty_wait "Insert token 1 of 1"
  inserted CURVE
  tty_wait "token 'CURVE' (serial $(softhsm_serial CURVE)): the signer's key is EC"
  inserted STRANGER
  tty_wait "token 'STRANGER' (serial $(softhsm_serial STRANGER)): the token is no SAST of old.tlv"
  tty_wait "insert one that the list knows: CN=SAST-1;O=Lab, CN=SAST-2;O=Lab"
  inserted SAST-1
  uses SAST-1
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_list_written
  "$CTLSIGN" verify --trust old.tlv "$OUT"
}

@test "a refused token is looked at anew when it comes back" {
  collects 1
  tty_wait "Insert token 1 of 1"
  inserted CURVE
  tty_wait "the signer's key is EC"
  inserted
  sleep 1
  inserted CURVE
  tty_wait "the signer's key is EC" 10 2
}

@test "a blank token, and one that cannot be read, are told as what they are" {
  collects 1
  tty_wait "Insert token 1 of 1"
  p11mock_set flags 'clear 0x400 STRANGER'
  inserted STRANGER
  tty_wait "is blank: it has no key yet. Prepare it with"
  inserted
  p11mock_set fail 'C_GetTokenInfo 0xe1'
  inserted SAST-1
  tty_wait "CKR_TOKEN_NOT_RECOGNIZED"
  tty_wait "Insert token 1 of 1" 10 2
  p11mock_unset fail
  tty_wait "Token serial  $(softhsm_serial SAST-1)"
}

@test "skip leaves a token out; other words ask again" {
  collects 1
  tty_wait "Insert token 1 of 1"
  inserted STRANGER
  tty_wait 'Type "add"'
  tty_type yes
  tty_wait 'Type "add"' 10 2
  tty_type skip
  tty_wait "Insert token 1 of 1" 10 2
  inserted SAST-1
  adds_later=$(softhsm_serial SAST-1)
  tty_wait "Token serial  $adds_later"
}

@test "a token that is pulled out before it is added is not added" {
  collects 1
  tty_wait "Insert token 1 of 1"
  inserted SAST-1
  tty_wait 'Type "add"'
  inserted
  tty_wait "Insert token 1 of 1" 10 2
  inserted SAST-2
  tty_wait "Token serial  $(softhsm_serial SAST-2)"
  tty_wait 'Type "add"' 10 2
  tty_type add
  tty_wait "Added: token 'SAST-2'"
  run tty_screen
  refute_output --partial "Added: token 'SAST-1'"
}

@test "finish signs with the token that is inserted then" {
  collects 2
  adds_both
  tty_wait 'Type "finish"'
  inserted
  tty_wait "Insert the token that is to sign, one of:"
  inserted SAST-1
  tty_wait 'Type "finish"' 10 2
  tty_type finish
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_list_written
  assert_equal "$("$CTLSIGN" show --json "$OUT" | jq -r .signer.subject)" 'CN=SAST-1;O=Lab'
}

@test "a token that the current list does not know may join but not finish" {
  old_list
  collects 2 --from old.tlv
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  adds SAST-1 1
  inserted
  tty_wait "Insert token 2 of 2"
  inserted STRANGER
  adds STRANGER 2
  tty_wait "is inserted, but old.tlv does not list it: it cannot sign."
  inserted SAST-1
  tty_wait 'Type "finish"'
  tty_type finish
  tty_wait "It changes old.tlv, which CN=SAST-2;O=Lab signed:"
  tty_wait "CCM+TFTP"
  tty_wait "PIN of token 'SAST-1'"
  tty_type "$PIN"
  tty_finish
  assert_list_written
  "$CTLSIGN" verify --trust old.tlv "$OUT"
}

@test "with the current list one at least must be able to sign: the last one, if none was before" {
  old_list
  collects 2 --from old.tlv
  tty_wait "Insert token 1 of 2"
  inserted STRANGER
  adds STRANGER 1
  inserted
  tty_wait "Insert token 2 of 2"
  inserted OTHER
  tty_wait "token 'OTHER' (serial $(softhsm_serial OTHER)): the token is no SAST of old.tlv"
  inserted SAST-2
  adds SAST-2 2
  tty_wait 'Type "finish"'
}

@test "at the end a token that was not collected is told so" {
  collects 2
  adds_both
  tty_wait 'Type "finish"'
  inserted STRANGER
  tty_wait "token 'STRANGER' (serial $(softhsm_serial STRANGER)) is inserted, but it was not added"
}

@test "of several that stay inserted the signer is chosen by its number" {
  inserted SAST-1 SAST-2
  collects 2
  tty_wait "or press Enter"
  tty_type SAST-2
  tty_wait "or press Enter" 10 2
  tty_type ''
  tty_wait "Type the number of one"
  tty_type 1
  tty_wait 'Type "add"'
  tty_type add
  tty_wait 'Type "add"' 10 2
  tty_type add
  tty_wait "Type the number of the one that is to sign"
  tty_type finish
  tty_wait "That is no number from 1 to 2."
  # The last one that was added stands first.
  tty_type 2
  tty_wait "PIN of token '$(tty_screen | sed -n "s/^Added: token '\\([^']*\\)'.*/\\1/p" | head -n 1)'"
}

@test "a word that is not understood is answered, however long; nothing is lost" {
  collects 2
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  tty_wait 'Type "add"'
  tty_type "$(printf 'x%.0s' {1..200})"
  tty_wait 'Please type "add" or "skip".'
  tty_type add
  tty_wait "Added: token 'SAST-1'"
  tty_wait "Remove token 'SAST-1'"
  tty_type "$(printf 'y%.0s' {1..200})"
  tty_wait "Remove token 'SAST-1'" 10 2
}

@test "a certificate whose key is not among those on the token is refused" {
  softhsm_token SPLIT "$PIN"
  softhsm_key SPLIT 01 2048 /O=Lab/CN=SPLIT
  softhsm_delete SPLIT privkey 01
  softhsm_delete SPLIT pubkey 01
  softhsm_import_key SPLIT 02 "$BATS_FILE_TMPDIR/sast.key"
  run_split setsid --wait "${COLLECT[@]}" --collect 1 --token SPLIT --pin-file pin
  assert_failure 5
  assert_stderr --partial "token 'SPLIT' (serial $(softhsm_serial SPLIT)): the token shows keys, and none belongs to its certificate; insert a token that has"
}

@test "after a wrong PIN the tokens need not be asked for again" {
  collects 2
  adds_both
  tty_wait 'Type "finish"'
  tty_type f
  tty_wait "PIN of token 'SAST-2'"
  tty_type "$WRONG_PIN"
  tty_wait "The same tokens again, without being asked for them: --collect 2 --token 'pkcs11:"
  tty_finish
  assert_failure 5
}

@test "at 80 columns no word is broken" {
  local serial
  old_list
  TTY_COLUMNS=80
  collects 2 --from old.tlv
  tty_wait "Insert token 1 of 2"
  inserted CURVE
  tty_wait "insert a token with an RSA key"
  inserted SAST-1
  adds SAST-1 1
  inserted
  inserted SAST-2
  adds SAST-2 2
  tty_wait 'Type "finish"'
  tty_type f
  tty_wait "PIN of token 'SAST-2'"
  serial=$(softhsm_serial CURVE)
  output=$(tty_words)
  assert_output --partial "out/list.tlv needs 2 tokens, which are asked for one by one. One of them at least must be in old.tlv: it signs. The others may be new. Ctrl-C ends this at any time, and nothing is written."
  assert_output --partial "token 'CURVE' (serial $serial): the signer's key is EC, and only RSA signs trust lists; insert a token with an RSA key of 2048 bits"
  assert_output --partial "About to sign out/list.tlv: CTLFile.tlv with 3 entries (2 SAST), digest SHA-512, dated 20"
  assert_output --partial "It changes old.tlv, which CN=SAST-2;O=Lab signed:"
  TTY_COLUMNS=
}

@test "tokens that are named are not asked for" {
  inserted SAST-1
  collects 2 --token SAST-1
  tty_wait "or press Enter"
  inserted
  tty_wait "Insert token 2 of 2"
  inserted SAST-2
  tty_wait 'Type "add"'
  tty_type add
  tty_wait 'Type "finish"'
}

# Ctrl-C at this point ends cleanly.
leaves_cleanly() {
  tty_key C-c
  tty_finish
  assert_killed 2
  assert_nothing_written
  assert_calls 0 C_Login
  assert_equal "$(tty_echo)" echo
}

@test "Ctrl-C at each question: the terminal is back, nothing was logged in to or written" {
  inserted SAST-1
  collects 2
  tty_wait "or press Enter"
  leaves_cleanly

  inserted
  collects 2
  tty_wait "Insert token 1 of 2"
  leaves_cleanly

  collects 2
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  tty_wait 'Type "add"'
  leaves_cleanly

  inserted
  collects 2
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  adds SAST-1 1
  tty_wait "Remove token 'SAST-1'"
  leaves_cleanly

  inserted SAST-1 SAST-2
  collects 2
  tty_wait "or press Enter"
  tty_type ''
  tty_wait "Type the number of one"
  leaves_cleanly

  inserted
  collects 2
  tty_wait "Insert token 1 of 2"
  inserted SAST-1
  adds SAST-1 1
  inserted SAST-2
  adds SAST-2 2
  tty_wait 'Type "finish"'
  leaves_cleanly
}

@test "Ctrl-Z stops at a question, and fg asks again" {
  printf '%s\n' "exec $(printf '%q ' "${COLLECT[@]}" --collect 1)" >collect.sh
  echo "PS1='ready> '" >rc
  tty_start -- bash --noprofile --rcfile rc -i
  tty_wait 'ready>'
  tty_type 'bash collect.sh'
  tty_wait "Insert token 1 of 1"
  tty_key C-z
  tty_wait Stopped
  inserted SAST-1
  tty_type fg
  tty_wait "Token serial  $(softhsm_serial SAST-1)"
}

@test "a module that hangs ends the collection with its name" {
  collects 1 --timeout 2
  tty_wait "Insert token 1 of 1"
  p11mock_set hang C_GetSlotList
  p11mock_wait_hanging C_GetSlotList
  sleep 3
  tty_key C-c
  tty_finish
  assert_nothing_written
}

@test "killed at the question it leaves nothing" {
  collects 1
  tty_wait "Insert token 1 of 1"
  tty_signal KILL
  tty_finish
  assert_nothing_written
}
