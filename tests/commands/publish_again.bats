#!/usr/bin/env bats
# ctlsign publish --again and --out: the current generation for targets that lost it, and the files
# for those that are served by hand.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load fixtures
load cluster
load delivery
load ../lib/tty

setup_file() {
  commands_setup_file
  cluster_setup_file
}

setup() {
  cluster_setup
  delivery_setup
}

teardown() {
  tty_stop
}

# Generation 2 is everywhere; first.tlv is generation 1.
two_published() {
  signed_only --timestamp "$STAMP"
  ctlsign publish
  assert_success
  cp CTLFile.tlv first.tlv
  signed_only --timestamp $((STAMP + 60))
  ctlsign publish
  assert_success
}

@test "--again: a server that was built anew gets the current generation, and only that one" {
  two_published
  local before
  rm sub/*
  before=$(stat -c '%i %Y' pub/CTLFile.tlv)
  ctlsign publish --again
  assert_success
  refute_stderr
  assert_line --regexp '^cucm-pub +pub +done +generation 2 '
  assert_line --regexp '^cucm-sub1 +sub +done +generation 2 '
  assert_line 'Generation 2 was delivered again to:'
  assert_line '  cucm-sub1 (sub): CTLFile.tlv, capf.cer, capf.pem'
  refute_line --regexp '^  cucm-pub '
  assert_only_files sub CTLFile.tlv capf.cer capf.pem
  assert_same_file sub/CTLFile.tlv CTLFile.tlv
  openssl x509 -in certs/capf.pem -outform DER | cmp - sub/capf.cer
  assert_equal "$(stat -c '%i %Y' pub/CTLFile.tlv)" "$before"
  ctlsign nodes
  assert_success
  ctlsign audit show
  assert_line --regexp 'publish --again'
  assert_line --partial 'is again on cucm-sub1 (sub: CTLFile.tlv, capf.cer, capf.pem)'
  ctlsign audit verify
  assert_success
}

@test "--again: a backup that was restored; nodes and publish name it" {
  two_published
  cp first.tlv sub/CTLFile.tlv
  ctlsign nodes
  assert_failure 3
  assert_line '  ctlsign publish --again'
  refused 1 'nothing to publish: generation 2 is current; .*ctlsign publish --again' publish
  ctlsign publish --again --json
  assert_success
  refute_stderr
  assert_json .generation 2
  assert_json .changed true
  assert_json .current true
  assert_json '.targets[0].differed | length' 0
  assert_json '.targets[1].differed | join(" ")' CTLFile.tlv
  assert_json .dry_run null
  assert_same_file sub/CTLFile.tlv CTLFile.tlv
}

@test "--again: only capf.cer differs" {
  two_published
  echo strange >sub/capf.cer
  ctlsign publish --again
  assert_success
  assert_line '  cucm-sub1 (sub): capf.cer'
  openssl x509 -in certs/capf.pem -outform DER | cmp - sub/capf.cer
}

@test "--again: servers get CAPF's certificate of the CTL, also when there is a newer one" {
  two_published
  cp sub/capf.pem capf.before
  echo strange >sub/CTLFile.tlv && rm sub/capf.pem
  cert_capf new-capf 5e6f7a8b && cp new-capf.pem certs/capf.pem
  ctlsign publish --again
  assert_success
  assert_line --partial 'the CAPF certificate of ctlsign.conf is not the one in generation 2'
  assert_line '  cucm-sub1 (sub): CTLFile.tlv, capf.pem'
  assert_same_file sub/capf.pem capf.before
  assert_same_file sub/CTLFile.tlv CTLFile.tlv
}

@test "--again: nothing to do is said, and is no failure" {
  two_published
  ctlsign audit show
  local log=$output
  ctlsign publish --again
  assert_success
  assert_line 'Nothing to deliver: every target holds generation 2.'
  ctlsign audit show
  assert_equal "$output" "$log"
}

@test "--again --dry-run: who differs in what, and nothing is changed" {
  two_published
  cp first.tlv sub/CTLFile.tlv
  local before
  before=$(files_here)
  ctlsign publish --again --dry-run
  assert_success
  assert_stderr 'Dry run: nothing has changed.'
  assert_line --regexp '^cucm-sub1 +sub +not changed +as before '
  assert_line 'Generation 2 would be delivered again to:'
  assert_line '  cucm-sub1 (sub): CTLFile.tlv'
  ctlsign publish --again --dry-run --json
  assert_success
  assert_json .dry_run true
  assert_json .changed false
  assert_json '.targets[1].holds' old
  assert_equal "$(files_here)" "$before"
}

@test "--again: a target that is away does not keep it from another one" {
  two_published
  echo strange >pub/CTLFile.tlv
  mv sub sub.away
  ctlsign publish --again
  assert_failure 1
  assert_line --regexp '^cucm-pub +pub +done +generation 2 '
  assert_line --regexp '^cucm-sub1 +sub +failed +not known '
  assert_line '  cucm-pub (pub): CTLFile.tlv'
  assert_stderr --regexp "^ctlsign: cucm-sub1: not every target is known to hold the current generation; mend that and run 'ctlsign publish --again' again$"
  assert_same_file pub/CTLFile.tlv CTLFile.tlv
  ctlsign audit show
  assert_line --partial 'failed at cucm-sub1 (sub)'
  mv sub.away sub
  ctlsign publish --again
  assert_success
}

@test "--again: refused while a generation is pending, and without a CTL" {
  refused 1 'there is no CTL yet' publish --again --dry-run
  two_published
  signed_only --timestamp $((STAMP + 120))
  cp first.tlv sub/CTLFile.tlv
  refused 1 'generation 3 is signed and not published: .*ctlsign publish; .*--back' publish --again
  refused 1 'generation 3 is signed and not published' publish --again --dry-run
  assert_same_file sub/CTLFile.tlv first.tlv
}

@test "--again: phones' own files, and a node without target" {
  sed -i '/deliver = {"sub"}/d' ctlsign.conf
  signed_only
  ctlsign publish
  assert_success
  ctlsign publish --by-hand --yes
  assert_success
  printf '%s\n' 'publish { phones = {"001122AABBCC", "001122AABBCD"} }' >>ctlsign.conf
  ctlsign publish --again
  assert_success
  assert_line '  cucm-pub (pub): 2 of phones'
  assert_line 'Without a target, and so not looked at: cucm-sub1'
  assert_same_file pub/CTLSEP001122AABBCC.tlv CTLFile.tlv
}

@test "--by-hand --out: the files and the list, and nothing else is changed" {
  sed -i '/deliver = {"sub"}/d' ctlsign.conf
  printf '%s\n' 'publish { phones = {"001122AABBCC"} }' >>ctlsign.conf
  signed_only
  mkdir stick
  ctlsign publish --by-hand --dry-run --out stick
  assert_success
  assert_line 'All these files are in stick'
  assert_line --regexp '^\[ \] cucm-sub1 '
  assert_only_files stick CTLFile.tlv CTLSEP001122AABBCC.tlv capf.cer capf.pem
  assert_same_file stick/CTLFile.tlv CTLFile.tlv
  assert_same_file stick/CTLSEP001122AABBCC.tlv CTLFile.tlv
  openssl x509 -in certs/capf.pem -outform DER | cmp - stick/capf.cer
  openssl x509 -in stick/capf.pem -outform DER | cmp - stick/capf.cer
  assert_equal "$(stat -c %a stick/capf.cer)" 644
  ctlsign status --json
  assert_json .publishing signed
  # What is there already is fine.
  ctlsign publish --by-hand --dry-run --out stick --json
  assert_success
  assert_json .folder stick
}

@test "--by-hand --out: another file is not replaced, and nothing is written then" {
  sed -i '/deliver = {"sub"}/d' ctlsign.conf
  signed_only
  mkdir stick
  echo mine >stick/capf.pem
  refused 1 'stick/capf\.pem: another file is there already, .*; give an empty folder' \
    publish --by-hand --dry-run --out stick
  assert_only_files stick capf.pem
  assert_equal "$(<stick/capf.pem)" mine
  refused 1 'nowhere: cannot write the files here: .*; give a folder that is there' \
    publish --by-hand --dry-run --out nowhere
  refused 1 'ctlsign\.conf: this is not a folder; ' publish --by-hand --dry-run --out ctlsign.conf
}

@test "--by-hand --out: only what is carried; with --even-targets all" {
  sed -i '/deliver = {"pub"}/d' ctlsign.conf
  signed_only
  mkdir stick all
  ctlsign publish --by-hand --dry-run --out stick
  assert_success
  assert_only_files stick CTLFile.tlv
  ctlsign publish --by-hand --even-targets --dry-run --out all
  assert_success
  assert_only_files all CTLFile.tlv capf.cer capf.pem
}

@test "--by-hand --out at a terminal: the files first, then the question" {
  tty_require
  sed -i '/deliver = {"sub"}/d' ctlsign.conf
  signed_only
  ctlsign publish
  assert_success
  assert_line '  ctlsign publish --by-hand --dry-run --out FOLDER'
  mkdir stick
  refused 2 'no terminal to ask at' publish --by-hand --out stick
  assert_only_files stick
  tty_start "$CTLSIGN" publish --by-hand --out stick
  tty_wait 'Type "yes" when all of them have it'
  assert_same_file stick/CTLFile.tlv CTLFile.tlv
  tty_type yes
  tty_finish
  assert_success
  assert_output --partial 'All these files are in stick'
  ctlsign status --json
  assert_json .generation.number 1
}

@test "usage" {
  refused 2 '--resume, --back, --by-hand and --again exclude each other' publish --again --resume
  refused 2 '--resume, --back, --by-hand and --again exclude each other' publish --by-hand --again
  refused 2 '--out needs --by-hand' publish --out x
  refused 2 '--out needs --by-hand' publish --again --out x
  refused 2 '--out and --yes exclude each other' publish --by-hand --yes --out x
  refused 2 '--out is given twice' publish --by-hand --out x --out y
}
