#!/usr/bin/env bats
# ctlsign nodes: what every node holds, side by side, over targets that are directories.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154

load delivery

# row NODE PLACE FILE REST-REGEXP: a line with the whole checksums of FILE.
row() {
  assert_line --regexp "^$1 +$2 +$(md5sum <"$3" | cut -d ' ' -f 1) +$(sha1sum <"$3" |
    cut -d ' ' -f 1) +$4$"
}

@test "no CTL yet: it is said" {
  ctlsign nodes
  assert_success
  assert_line 'The cluster has no CTL yet.'
  assert_line --regexp '^cucm-pub +pub +- +- +- +- +none$'
  refute_file state.db
}

@test "all hold the current generation: one checksum, exit code 0" {
  two_published
  local before
  before=$(files_here)
  ctlsign nodes
  assert_success
  refute_stderr
  assert_line --regexp '^Node +Place +MD5 +SHA-1 +Generation +Made +State$'
  row cucm-pub pub CTLFile.tlv '2 +2023-11-14 22:14:20 UTC +current'
  row cucm-sub1 sub CTLFile.tlv '2 +2023-11-14 22:14:20 UTC +current'
  assert_equal "$(wc -l <<<"$output")" 3
  ctlsign nodes --json
  assert_success
  assert_json .current 2
  assert_json .pending null
  assert_json '[.nodes[].sha1] | unique | join(" ")' "$(sha1sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_json '.nodes[0].sha256' "$(sha256sum <CTLFile.tlv | cut -d ' ' -f 1)"
  assert_json '[.nodes[].state] | unique | join(" ")' current
  assert_json '.nodes[0].made' 2023-11-14T22:14:20Z
  assert_json '.nodes[0].by_phone' false
  assert_json '.without | length' 0
  assert_equal "$(files_here)" "$before"
}

@test "odd ones: an earlier generation, a strange file, none; exit code 3" {
  two_published
  cp first.tlv pub/CTLFile.tlv
  ctlsign nodes
  assert_failure 3
  refute_stderr
  row cucm-pub pub first.tlv '1 +2023-11-14 22:13:20 UTC +differs'
  row cucm-sub1 sub CTLFile.tlv '2 .*current'
  assert_line --regexp '^They should hold generation 2'
  assert_line '  ctlsign export current -o CTLFile.tlv'
  echo strange >pub/CTLFile.tlv
  ctlsign nodes
  assert_failure 3
  row cucm-pub pub pub/CTLFile.tlv 'not known +- +differs'
  rm pub/CTLFile.tlv
  ctlsign nodes
  assert_failure 3
  assert_line --regexp '^cucm-pub +pub +- +- +- +- +none$'
  ctlsign nodes --json
  assert_failure 3
  assert_json '.nodes[0].state' none
  assert_json '.nodes[0].odd' true
  assert_json '.nodes[0].there' false
  assert_json '.nodes[0].md5' ''
  assert_json '.nodes[0].generation' null
  assert_json '.nodes[1].odd' false
}

@test "one that cannot be asked: exit code 1, and 3 where another is odd" {
  two_published
  mv sub sub.away
  ctlsign nodes
  assert_failure 1
  refute_stderr
  assert_line --regexp '^cucm-sub1 +sub +- .* not reached$'
  assert_line --regexp '^cucm-sub1: sub: .*does not exist'
  ctlsign nodes --json
  assert_failure 1
  assert_json '.nodes[1].state' not-reached
  assert_json '.nodes[1].error.where' sub
  cp first.tlv pub/CTLFile.tlv
  ctlsign nodes
  assert_failure 3
}

@test "one that is being published: the way on" {
  two_published
  signed_only --timestamp $((STAMP + 120))
  cp CTLFile.tlv sub/
  ctlsign nodes
  assert_failure 3
  row cucm-pub pub pub/CTLFile.tlv '2 .*current'
  row cucm-sub1 sub CTLFile.tlv '3 .*not current yet'
  assert_line 'Generation 3 is signed and not published:'
  assert_line --regexp '^  ctlsign publish +delivers it'
  ctlsign nodes --json
  assert_json .publishing signed
  assert_json .pending 3
  assert_json '.nodes[1].state' pending
}

@test "one that is on some servers, and on its way back: what goes on with it" {
  two_published
  sed -i '/deliver = {"sub"}/a\  verify = {"http://127.0.0.1:1"}' ctlsign.conf
  signed_only --timestamp $((STAMP + 120))
  ctlsign publish
  assert_failure 1
  ctlsign nodes
  assert_line 'Generation 3 is on some servers, and may not be on others:'
  assert_line '  ctlsign publish --resume     goes on with it'
  mv sub sub.away
  ctlsign publish --back --yes
  assert_failure 1
  ctlsign nodes
  assert_line 'Generation 3 is being taken back, and may still be on some servers:'
  assert_line '  ctlsign publish --back       goes on with that'
  ctlsign nodes --json
  assert_json .publishing going-back
}

@test "nodes without target or address are told" {
  sed -i '/deliver = {"sub"}/d' ctlsign.conf
  ctlsign nodes
  assert_success
  assert_line --regexp 'Not asked, .*: cucm-sub1$'
  ctlsign nodes --json
  assert_json '.without | join(" ")' cucm-sub1
  sed -i '/deliver = /d' ctlsign.conf
  ctlsign nodes
  assert_failure 1
  assert_line --regexp 'Not asked, .*: cucm-pub, cucm-sub1$'
  assert_stderr --regexp '^ctlsign: no node could be asked'
}

@test "a server that phones ask, and that is not there" {
  two_published
  sed -i '/deliver = {"sub"}/a\  verify = {"http://127.0.0.1:1"}' ctlsign.conf
  ctlsign nodes
  assert_failure 1
  assert_line --regexp '^cucm-sub1 +http://127\.0\.0\.1:1 +- .* not reached$'
  ctlsign nodes --json
  assert_json '.nodes[2].by_phone' true
}

@test "a certificate of the inventory that cannot be read is no reason not to ask" {
  two_published
  rm certs/sub1.pem
  ctlsign nodes
  assert_success
}

@test "on a narrow terminal: checksums are shortened, then places" {
  tty_require
  local long=a/very/long/name/for/a/folder/that/a/tftp/service/may/have width md5 sha1
  mkdir -p "$long"
  sed -i "s|deliver = {\"sub\"}|deliver = {\"$long\"}|" ctlsign.conf
  two_published
  md5=$(md5sum <CTLFile.tlv)
  sha1=$(sha1sum <CTLFile.tlv)
  for width in 72 80; do
    TTY_COLUMNS=$width tty_start "$CTLSIGN" nodes
    tty_finish
    assert_success
    assert_line --regexp "^cucm-sub1 +a/very.*\.\.\..*may/have +${sha1:0:8}  2  .*current"
    printf '%s\n' "$output" >shown
    run awk -v width="$width" 'length > width' shown
    refute_output
  done
  TTY_COLUMNS=135 tty_start "$CTLSIGN" nodes
  tty_finish
  assert_line --regexp "^cucm-sub1 +$long +${md5:0:8}  ${sha1:0:8}  2 "
  TTY_COLUMNS=160 tty_start "$CTLSIGN" nodes
  tty_finish
  assert_line --regexp "^cucm-sub1 +$long +${md5:0:12}  ${sha1:0:12}  2 "
}

@test "on a terminal: states in colour, unless NO_COLOR says otherwise" {
  two_published
  cp first.tlv pub/CTLFile.tlv
  at_pty 160 "$CTLSIGN" nodes >raw
  grep -qF $'\e[31mdiffers\e[0m' raw
  grep -qF $'\e[32mcurrent\e[0m' raw
  NO_COLOR=1 at_pty 160 "$CTLSIGN" nodes >raw
  refute_in_files $'\e' raw
  ctlsign nodes
  printf '%s\n' "$output" >plain
  refute_in_files $'\e' plain
}

@test "usage" {
  refused 2 "unexpected argument 'x'" nodes x
  refused 2 '--timeout takes 1 to 3600 seconds' nodes --timeout x
  refused 2 '--config is given twice' nodes --config a --config b
  refused 2 '--pin-file and --pin-fd exclude each other' nodes --pin-file a --pin-fd 0
  mkdir empty && cd empty
  refused 1 'ctlsign\.conf: .*ctlsign init' nodes
}
