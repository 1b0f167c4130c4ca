#!/usr/bin/env bats
# ctlsign publish: what it shows, asks and refuses, over targets that are directories.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load delivery

# published NUMBER: it is the current one, and both targets have it.
published() {
  assert_same_file pub/CTLFile.tlv CTLFile.tlv
  assert_same_file sub/CTLFile.tlv CTLFile.tlv
  ctlsign status --json
  assert_json .generation.number "$1"
  assert_json .pending null
}

@test "nothing to publish, to go on with or to take back: what there is instead" {
  refused 1 'there is no CTL yet; sign the first with: ctlsign set-cluster mixed-mode' \
    publish --dry-run
  signed_only
  ctlsign publish
  assert_success
  refused 1 'nothing to publish: generation 1 is current; .*ctlsign nodes' publish
  refused 1 'nothing to go on with: generation 1 is current' publish --resume
  refused 1 'nothing to take back: generation 1 is current; .*ctlsign rollback' publish --back
  refused 1 'nothing to publish' publish --by-hand --yes
  refused 1 'nothing to publish' publish --dry-run
}

@test "every target has it: a row each, then what to do" {
  signed_only
  assert_only_files pub
  ctlsign publish
  assert_success
  refute_stderr
  assert_line --regexp '^Node +Target +State +Holds +Phones +Time$'
  assert_line --regexp '^cucm-pub +pub +done +generation 1 +- +[0-9]+\.[0-9] s$'
  assert_line --regexp '^cucm-sub1 +sub +done +generation 1 +- +[0-9]+\.[0-9] s$'
  assert_line 'Generation 1 is the current one.'
  assert_line Now:
  assert_line '  1. restart TFTP, CallManager and CTIManager, where they run, on: cucm-pub, cucm-sub1'
  assert_line '  2. reset the phones, and see that they say "Trust List updated"'
  assert_line --regexp '^  3\. .*Unity Connection'
  assert_line '  4. see that all servers hold the same: ctlsign nodes'
  refute_line --regexp '^  5'
  published 1
  assert_only_files pub CTLFile.tlv
  assert_only_files sub CTLFile.tlv capf.cer capf.pem
  openssl x509 -in certs/capf.pem -outform DER | cmp - sub/capf.cer
}

@test "--json: rows for scripts" {
  signed_only
  ctlsign publish --json
  assert_success
  refute_stderr
  assert_json .generation 1
  assert_json .changed true
  assert_json .current true
  assert_json '.targets | length' 2
  assert_json '[.targets[].node] | join(" ")' 'cucm-pub cucm-sub1'
  assert_json '[.targets[].state] | unique | join(" ")' "done"
  assert_json '[.targets[].holds] | unique | join(" ")' new
  assert_json '.targets[1].target' sub
  assert_json '.targets[1].address' 10.1.2.4
  assert_json '.targets[0].phones' not-asked
  assert_json '.targets[0].error' null
  assert_json '.by_hand | length' 0
}

@test "--dry-run: files and places, and nothing is touched" {
  signed_only
  local before
  before=$(files_here)
  ctlsign publish --dry-run
  assert_success
  assert_stderr 'Dry run: nothing has changed.'
  assert_line 'Generation 1 of the CTL'
  assert_line "CTLFile.tlv, $(stat -c %s CTLFile.tlv) bytes"
  assert_line "  MD5    $(md5sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_line "  SHA-1  $(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_line --regexp '^cucm-pub +10\.1\.2\.3 +pub +CTLFile\.tlv$'
  assert_line --regexp '^cucm-sub1 +10\.1\.2\.4 +sub +CTLFile\.tlv, capf\.cer, capf\.pem$'
  ctlsign publish --dry-run --json
  assert_success
  assert_json .dry_run true
  assert_json .publishing signed
  assert_json '[.places[1].files[].name] | join(" ")' 'CTLFile.tlv capf.cer capf.pem'
  assert_json '.places[0].files[0].sha256' "$(sha256sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_equal "$(files_here)" "$before"
}

@test "a target that is away: nothing changes anywhere; it goes on when it is back" {
  second_signed
  mv sub sub.away
  ctlsign publish
  assert_failure 1
  assert_line --regexp '^cucm-pub +pub +not changed +as before '
  assert_line --regexp '^cucm-sub1 +sub +failed +not known '
  assert_line --regexp '^cucm-sub1: sub: .*directory does not exist'
  assert_stderr --regexp "^ctlsign: cucm-sub1: nothing was changed anywhere; .*'ctlsign publish'.*'ctlsign publish --back'"
  assert_same_file pub/CTLFile.tlv first.tlv
  assert_only_files pub CTLFile.tlv
  ctlsign publish --json
  assert_failure 1
  assert_json .changed false
  assert_stderr --regexp '^ctlsign: cucm-sub1: sub: the directory does not exist: nothing was changed'
  assert_json '.targets[0].holds' old
  assert_json '.targets[0].state' not-changed
  assert_json '.targets[1].state' failed
  assert_json '.targets[1].error.where' sub
  mv sub.away sub
  ctlsign publish --resume
  assert_success
  assert_stderr 'ctlsign: no target has changed yet: generation 2 is delivered from the start'
  published 2
}

@test "--back: shown, asked, and all is as before" {
  tty_require
  second_signed
  refused 2 'no terminal to ask at; look with --dry-run, then give --yes' publish --back
  ctlsign publish --back --dry-run
  assert_success
  assert_line 'Generation 2 is taken back.'
  assert_line 'No target has changed.'
  assert_line --regexp '/CTLFile\.tlv gets the content of generation 1, and generation 2 is abandoned'
  tty_start "$CTLSIGN" publish --back
  tty_wait 'Type "yes" to go on'
  tty_type no
  tty_finish
  assert_failure 1
  assert_output --partial 'cancelled: nothing was changed'
  tty_start "$CTLSIGN" publish --back
  tty_wait 'Type "yes" to go on'
  tty_type yes
  tty_finish
  assert_success
  assert_output --partial 'Generation 2 is taken back: generation 1 is the current one.'
  assert_same_file CTLFile.tlv first.tlv
  published 1
}

@test "--back of the first one: there is no CTL, here or there" {
  signed_only
  ctlsign publish --back --yes
  assert_success
  refute_stderr
  assert_line --regexp '^cucm-pub +pub +done +none, as before '
  assert_line 'Generation 1 is taken back: there is no CTL.'
  refute_file CTLFile.tlv
  assert_only_files pub
  refused 1 'there is no CTL yet' publish
}

# Generation 2 is on all targets, and phones get it from nowhere.
half_done() {
  signed_only --timestamp "$STAMP"
  ctlsign publish
  assert_success
  cp CTLFile.tlv first.tlv
  sed -i '/deliver = {"sub"}/a\  verify = {"http://127.0.0.1:1"}' ctlsign.conf
  signed_only --timestamp $((STAMP + 60))
  ctlsign publish
  assert_failure 1
  assert_line --regexp '^cucm-pub +pub +done +generation 2 '
  assert_line --regexp '^cucm-sub1 +sub +failed +generation 2 +no answer '
  assert_line --regexp '^cucm-sub1: http://127\.0\.0\.1:1'
  # The reason stands in the line above, once.
  assert_stderr --regexp "^ctlsign: cucm-sub1: [^:]*; .*'ctlsign publish --resume'"
}

@test "a delivery that was begun: plain publish goes on, and says so" {
  half_done
  ctlsign publish --dry-run --json
  assert_json .publishing begun
  sed -i '/verify = /d' ctlsign.conf
  ctlsign publish
  assert_success
  assert_stderr 'ctlsign: going on with the delivery of generation 2, which was begun'
  published 2
}

# The way back began, and the subscriber's target could not be written to.
going_back() {
  half_done
  rm -r sub
  ctlsign publish --back --yes
  assert_failure 1
  mkdir sub
  ctlsign status --json
  assert_json .publishing going-back
}

@test "one that is being taken back: only a yes turns round" {
  tty_require
  going_back
  refused 1 'generation 2 is being taken back; .*--back.*--resume' publish
  refused 2 'no terminal to ask at; .*--yes' publish --resume
  tty_start "$CTLSIGN" publish --resume
  tty_wait 'Type "yes" to go on'
  tty_type no
  tty_finish
  assert_failure 1
  assert_output --partial 'This turns round'
  assert_output --partial 'finish taking it back with: ctlsign publish --back'
  ctlsign status --json
  assert_json .publishing going-back
  sed -i '/verify = /d' ctlsign.conf
  ctlsign publish --resume --yes
  assert_success
  assert_stderr 'ctlsign: turning round: generation 2 was being taken back, and is delivered after all'
  published 2
}

@test "what is to do after reset-localkey: the usual signer again" {
  signed_only
  ctlsign publish
  assert_success
  refute_line --partial 'the usual signer'
  ctlsign reset-localkey --yes --no-publish
  assert_success
  ctlsign publish
  assert_success
  assert_line --regexp '^  3\. when all phones have this CTL: ctlsign update, .*the usual signer'
}

@test "phones would get another file: the column says so" {
  mkdir served
  "$PYTHON" -u -m http.server -b 127.0.0.1 -d served 0 >http.out 2>/dev/null &
  local pid=$! port
  for _ in {1..100}; do
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' http.out)
    [[ $port ]] && break
    sleep 0.1
  done
  sed -i "/deliver = {\"sub\"}/a\  verify = {\"http://127.0.0.1:$port\"}" ctlsign.conf
  signed_only
  ctlsign publish
  assert_failure 1
  assert_line --regexp '^cucm-sub1 +sub +failed +generation 1 +differs '
  ctlsign publish --json
  assert_json '.targets[1].phones' differs
  cp CTLFile.tlv served/
  ctlsign publish
  kill "$pid"
  assert_success
  assert_line --regexp '^cucm-sub1 +sub +done +generation 1 +the same '
}

@test "--back of a delivery that was begun: what each target gets, and what cannot be undone" {
  half_done
  ctlsign publish --back --dry-run
  assert_success
  assert_line --regexp "^pub +CTLFile\.tlv +MD5 $(md5sum <first.tlv | cut -d ' ' -f 1)$"
  assert_line --regexp "^sub +CTLFile\.tlv +MD5 $(md5sum <first.tlv | cut -d ' ' -f 1)$"
  assert_line --regexp '^Phones that have loaded the new CTL keep it'
  ctlsign publish --back --json --yes
  assert_success
  assert_json .current false
  assert_json '[.targets[].holds] | unique | join(" ")' old
  assert_same_file CTLFile.tlv first.tlv
  published 1
}

# The subscriber has no target any more.
by_hand_setup() {
  sed -i '/deliver = {"sub"}/d' ctlsign.conf
  signed_only
}

@test "a node without target: it waits until that is served by hand" {
  by_hand_setup
  ctlsign publish
  assert_success
  assert_line --regexp '^cucm-pub +pub +done '
  refute_line --regexp '^cucm-sub1 '
  assert_line --regexp 'Generation 1 is not the current one yet. It is carried by hand to: cucm-sub1$'
  assert_line '  ctlsign publish --by-hand'
  assert_same_file pub/CTLFile.tlv CTLFile.tlv
  ctlsign status --json
  assert_json .generation null
  assert_json .publishing by-hand
  ctlsign publish --by-hand --dry-run
  assert_line --partial '1 target is not in this list: it has its files already.'
  ctlsign nodes
  assert_line 'Generation 1 waits to be carried to servers by hand:'
  ctlsign publish --by-hand --yes
  assert_success
  assert_line 'Generation 1 is the current one.'
  assert_line --regexp '^  1\. restart TFTP'
  ctlsign status --json
  assert_json .generation.number 1
  ctlsign audit show
  assert_line --regexp 'publish --by-hand'
}

@test "--by-hand --dry-run: the list for paper" {
  by_hand_setup
  ctlsign publish --by-hand --dry-run
  assert_success
  refute_stderr
  assert_line 'Cluster lab, generation 1 of the CTL: to be carried by hand'
  assert_line "CTLFile.tlv, $(stat -c %s CTLFile.tlv) bytes"
  assert_line "  MD5    $(md5sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_line "  SHA-1  $(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_line --regexp '^capf\.cer, [0-9]+ bytes$'
  assert_line --partial "On this machine the CTL is $PWD/CTLFile.tlv"
  assert_line --regexp '^\[ \] cucm-sub1 +10\.1\.2\.4 +/usr/local/cm/tftp +CTLFile\.tlv, capf\.cer, capf\.pem$'
  refute_line --regexp '^\[ \] cucm-pub '
  assert_line --partial '1 target is not in this list: ctlsign publish serves it.'
  ctlsign publish --by-hand --even-targets --dry-run
  assert_line --regexp '^\[ \] cucm-pub +10\.1\.2\.3 +pub +CTLFile\.tlv$'
  refute_file pub/CTLFile.tlv
}

@test "--by-hand at a terminal: only yes counts" {
  tty_require
  by_hand_setup
  ctlsign publish
  assert_success
  refused 2 'no terminal to ask at; print the list with --dry-run, then give --yes' \
    publish --by-hand
  tty_start "$CTLSIGN" publish --by-hand
  tty_wait 'Type "yes" when all of them have it'
  tty_type no
  tty_finish
  assert_failure 1
  assert_output --partial '[ ] cucm-sub1'
  assert_output --partial 'still is not the current one'
  ctlsign status --json
  assert_json .generation null
  tty_start "$CTLSIGN" publish --by-hand
  tty_wait 'Type "yes" when all of them have it'
  tty_type yes
  tty_finish
  assert_success
  ctlsign status --json
  assert_json .generation.number 1
}

@test "--by-hand: not over targets that hold something else, unless told" {
  by_hand_setup
  ctlsign publish --by-hand --yes
  assert_failure 1
  assert_line --regexp '^cucm-pub +pub +failed '
  assert_stderr --regexp "'ctlsign publish --resume'.*'--even-targets'"
  ctlsign publish --by-hand --even-targets --yes
  assert_failure 1
  assert_stderr --regexp '^ctlsign: cucm-pub: 1 target was read, and has not the generation; '
  mv pub pub.away
  ctlsign publish --by-hand --even-targets --yes
  assert_success
  ctlsign status --json
  assert_json .generation.number 1
}

@test "on a narrow terminal: a list instead of a table, and no word is cut" {
  tty_require
  local long=a/very/long/name/for/a/folder/that/a/tftp/service/may/have
  mkdir -p "$long"
  sed -i "s|deliver = {\"pub\"}|deliver = {\"$long\"}|" ctlsign.conf
  by_hand_setup
  TTY_COLUMNS=72 tty_start "$CTLSIGN" publish --dry-run
  tty_finish
  assert_success
  assert_line 'cucm-pub, 10.1.2.3'
  assert_line "    $long"
  assert_line 'cucm-sub1, 10.1.2.4'
  assert_line '    (by hand)'
  assert_line '    CTLFile.tlv, capf.cer, capf.pem'
  TTY_COLUMNS=72 tty_start "$CTLSIGN" publish --by-hand --dry-run
  tty_finish
  assert_success
  assert_line '[ ] cucm-sub1, 10.1.2.4'
  assert_line '    /usr/local/cm/tftp'
  assert_line '    CTLFile.tlv, capf.cer, capf.pem'
}

@test "--by-hand where every node has a target" {
  signed_only
  refused 1 'no node has to be served by hand: .*ctlsign publish; or give --even-targets' \
    publish --by-hand --yes
}

@test "phones' own files: told as one, not a thousand" {
  printf '%s\n' 'publish { phones = {"00:11:22:aa:bb:cc", "001122AABBCD"} }' >>ctlsign.conf
  signed_only
  ctlsign publish --dry-run
  assert_success
  assert_line 'The CTL under the names of 2 phones: CTLSEP001122AABBCC.tlv, CTLSEP001122AABBCD.tlv'
  assert_line --regexp '^cucm-pub .* CTLFile\.tlv, 2 of phones$'
  ctlsign publish
  assert_success
  assert_same_file pub/CTLSEP001122AABBCC.tlv CTLFile.tlv
  assert_same_file sub/CTLSEP001122AABBCD.tlv CTLFile.tlv
}

@test "on a terminal: the steps while they are done, and gone at the end" {
  signed_only
  at_pty 100 "$CTLSIGN" publish >raw
  grep -q 'staging' raw
  grep -q 'committing\|checking' raw
  # It goes up over its two lines, and clears what stands below.
  grep -qF $'\e[2A\r\e[J' raw
  grep -qF $'\e[32mdone' raw
  tr '\r\n' ' |' <raw | sed 's/.*\x1b\[J//' | tr '|' '\n' >last
  grep -qE '^Node +Target ' last
  refute_in_files staging last
  # In colour, and the columns behind it stand where they stand without.
  grep -qE $'^cucm-pub +pub +\e\\[32mdone\e\\[0m +generation 1 ' last
  published 1
}

@test "on a terminal: no colour where NO_COLOR says so, no lines on a dumb one" {
  signed_only
  NO_COLOR=1 at_pty 100 "$CTLSIGN" publish >raw
  grep -q 'staging' raw
  refute_in_files $'\e[3' raw
  signed_only
  at_pty 100 env TERM=dumb "$CTLSIGN" publish >raw
  refute_in_files $'\e' raw
  grep -q 'Generation 2 is the current one' raw
}

@test "on a narrow terminal: the targets are cut in the middle" {
  tty_require
  local long=a/very/long/name/for/a/folder/that/a/tftp/service/may/have
  mkdir -p "$long"
  sed -i "s|deliver = {\"sub\"}|deliver = {\"$long\"}|" ctlsign.conf
  signed_only
  TTY_COLUMNS=72 tty_start "$CTLSIGN" publish
  tty_finish
  assert_success
  assert_line --regexp '^cucm-sub1 +a/very.*\.\.\..*/may/have +done +generation 1 '
  printf '%s\n' "$output" >shown
  run awk 'length > 72' shown
  refute_output
}

@test "many targets: one line for all of them" {
  local -a names=()
  local i
  for i in {1..20}; do
    mkdir "t$i"
    names+=("t$i")
  done
  sed -i '/deliver = {"pub"}/d' ctlsign.conf
  deliver_to cucm-pub "${names[@]}"
  signed_only
  at_pty 100 "$CTLSIGN" publish >raw
  grep -qE '(staging|committing|checking) [0-9]+ of 21' raw
  grep -qF $'\e[1A\r\e[J' raw
  for i in {1..20}; do
    assert_same_file "t$i/CTLFile.tlv" CTLFile.tlv
  done
}

@test "usage" {
  refused 2 "unexpected argument 'x'" publish x
  refused 2 '--resume, --back, --by-hand and --again exclude each other' publish --back --resume
  refused 2 '--resume, --back, --by-hand and --again exclude each other' publish --by-hand --back
  refused 2 '--even-targets needs --by-hand' publish --even-targets
  refused 2 '--timeout takes 1 to 3600 seconds' publish --timeout 0
  refused 2 '--config is given twice' publish --config a --config b
  refused 2 '--pin-file and --pin-fd exclude each other' publish --pin-file a --pin-fd 0
}
