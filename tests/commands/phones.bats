#!/usr/bin/env bats
# ctlsign phones: the fleet.
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
}

setup() {
  cluster_setup
}

teardown() {
  tty_stop
}

# md5_of GENERATION
md5_of() {
  "$CTLSIGN" history --json | jq -r ".[] | select(.number == $1) | .md5"
}

# fleet ROW...: the file phones.csv
fleet() {
  printf '%s\n' 'Device Name,Model,CTL MD5,ITL MD5' "$@" >phones.csv
}

# Another generation, which is another file: its timestamp is not that of the one before.
later_ctl() {
  next_ctl --timestamp "$(($(date +%s) + 5))"
}

ITL=112233445566778899aabbccddeeff00

@test "phones import: what was taken, and which columns" {
  first_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 1),none" "sep001122aabb02,Cisco 7965,none,$ITL"
  ctlsign phones import phones.csv
  assert_success
  refute_stderr
  assert_line --regexp '^Phones in the file +2$'
  assert_line --regexp '^  new +2$'
  assert_line --regexp '^  of the CTL +CTL MD5$'
  ctlsign phones import phones.csv --json
  assert_success
  assert_json '[.imported, .phones, .added, .changed, .same, .bad] | join(" ")' 'true 2 0 0 2 0'
  assert_json '.columns | [.name, .model, .ctl, .itl] | join("|")' 'Device Name|Model|CTL MD5|ITL MD5'
  ctlsign phones show --json
  assert_json '[.[].name] | join(" ")' 'SEP001122AABB01 SEP001122AABB02'
  assert_json '.[0].holds | [.kind, .generation] | join(" ")' 'generation 1'
  assert_json '.[0].outcome' unchanged
  assert_json '.[1].holds.kind' none
}

@test "phones import: the audit log names the file and its SHA-256" {
  fleet "SEP001122AABB01,Cisco 7940,none,none"
  ctlsign phones import phones.csv
  assert_success
  ctlsign audit show --json
  assert_json '.[-1].act' 'phones import'
  assert_json ".[-1].what | contains(\"phones.csv (SHA-256 $(sha256sum phones.csv | cut -d ' ' -f 1))\")" true
  ctlsign audit verify
  assert_success
}

@test "phones import: a wrong row stops it all, and --skip-bad leaves it out" {
  fleet "SEP001122AABB01,Cisco 7940,none,none" "SEP001122AABB02,Cisco 7940,123,none" \
    '"SEP001122AABB03,Cisco 7940,none,none' "SEP001122AABB04,Cisco 7940,none,none"
  ctlsign phones import phones.csv
  assert_failure 1
  assert_line --partial "line 3: CTL: '123' is no checksum"
  assert_line --partial 'line 4: a quote begins here that is not closed'
  assert_stderr --partial '2 rows are wrong, nothing was imported; correct them, or leave them out with --skip-bad'
  ctlsign phones show
  assert_output 'No phones are known: see ctlsign phones import.'
  ctlsign phones import phones.csv --skip-bad --json
  assert_success
  assert_json '[.phones, .bad, .problems[0].line, .problems[1].line] | join(" ")' '2 2 3 4'
  ctlsign phones show --json
  assert_json '[.[].name] | join(" ")' 'SEP001122AABB01 SEP001122AABB04'
}

@test "phones import: a byte-order mark, semicolons, CRLF, tabs, standard input" {
  printf '\xef\xbb\xbfITL;CTL SHA-1;Name\r\n-;not installed;CSFanna\r\n' >phones.csv
  ctlsign phones import phones.csv --json
  assert_success
  assert_json '[.delimiter, .columns.ctl, .phones] | join(" ")' 'semicolon CTL SHA-1 1'
  printf 'Name\tCTL\nTCTBOB\t\n' >tabs.csv
  "$CTLSIGN" phones import - --json <tabs.csv >out.json
  [[ $(jq -r '[.delimiter, .phones, .file] | join(" ")' out.json) == 'tab 1 -' ]]
  ctlsign phones show --json
  assert_json '[.[] | .name + " " + .ctl + " " + .itl] | join(",")' 'CSFanna none none,TCTBOB  '
}

@test "phones import: what is no list of phones" {
  local name
  : >empty.csv
  echo 'Name,CTL' >header.csv
  echo 'SEP001122AABB01,none' >headless.csv
  echo 'Name,Model' >noctl.csv
  printf '\xff\xfeN\0a\0m\0e\0' >utf16.csv
  head -c 100000 "$CTLSIGN" >binary.csv
  for name in empty.csv header.csv headless.csv noctl.csv utf16.csv binary.csv none.csv .; do
    ctlsign phones import "$name"
    assert_failure 1
    assert_one_line_error "^ctlsign: ${name//./\\.}: "
  done
}

@test "phones import: --replace forgets the others, without it they stay" {
  fleet "SEP001122AABB01,Cisco 7940,none,none" "SEP001122AABB02,Cisco 7940,none,none"
  ctlsign phones import phones.csv
  fleet "SEP001122AABB02,Cisco 7940,,none"
  ctlsign phones import phones.csv --json
  assert_json '[.same, .changed, .removed] | join(" ")' '1 0 0'
  ctlsign phones import phones.csv --replace --json
  assert_json '[.same, .removed] | join(" ")' '1 1'
  ctlsign phones show --json
  assert_json '[.[].name] | join(" ")' SEP001122AABB02
}

@test "phones import: a file without models leaves those that are known" {
  fleet "SEP001122AABB01,Cisco 7940,none,none" "SEP001122AABB02,Cisco 7965,none,none"
  ctlsign phones import phones.csv
  printf '%s\n' 'Name,CTL' 'SEP001122AABB02,none' 'SEP001122AABB01,none' >phones.csv
  ctlsign phones import phones.csv --json
  assert_success
  assert_json '[.same, .changed] | join(" ")' '2 0'
  ctlsign phones show --json
  assert_json '[.[].model] | join(",")' 'Cisco 7940,Cisco 7965'
}

@test "phones import: --seen" {
  fleet "SEP001122AABB01,Cisco 7940,none,none"
  ctlsign phones import phones.csv --seen 2026-01-02T03:04:05Z
  assert_success
  ctlsign phones show --json
  assert_json '.[0].seen' 2026-01-02T03:04:05Z
  ctlsign phones import phones.csv --seen 1767323046
  ctlsign phones show --json
  assert_json '.[0].seen' 2026-01-02T03:04:06Z
  ctlsign phones import phones.csv --seen yesterday
  assert_failure 2
  ctlsign phones import phones.csv --seen 2999-01-01
  assert_failure 2
  assert_stderr --partial 'is in the future'
}

@test "phones check: who would be locked out, and their list" {
  # A 7940 knows no other one.
  cluster_conf 'digest = sha1'
  first_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 1),none" "SEP001122AABB02,Cisco 7965,$(md5_of 1),none" \
    "SEP001122AABB03,Cisco 7940,none,none" "SEP001122AABB04,Cisco 7940,,none"
  ctlsign phones import phones.csv
  assert_success
  ctlsign phones check
  assert_success
  assert_line 'No phone would be locked out.'
  ctlsign phones check --signer certs/recovery.pem --json
  assert_success
  assert_json '.outcomes | [.first, .sast, .rejected, .unknown] | join(" ")' '1 2 0 1'
  ctlsign phones check --signer certs/recovery.pem
  assert_line '1 phone cannot be judged: it is not known which CTL it holds'
  # Whoever had none, or nobody knows what, may have fetched generation 1 since.
  ctlsign phones check --signer "$K/other.pem" --list visit.csv --json
  assert_failure 4
  assert_json '.outcomes.rejected' 4
  assert_json '[.groups[] | [.outcome, .why, .judged] | join(" ")] | unique | join(",")' 'rejected no-itl 1,rejected no-sbd 1'
  assert_json '[.groups[].phones] | add' 4
  [[ $(cut -d , -f 1 visit.csv | tr -d '"' | tr '\n' ' ') == \
    'Device Name SEP001122AABB01 SEP001122AABB02 SEP001122AABB03 SEP001122AABB04 ' ]]
  ctlsign phones check --signer "$K/other.pem"
  assert_failure 4
  assert_line '4 phones would be locked out.'
  assert_line --partial 'no CTL, by now perhaps generation 1'
}

@test "phones check: a file, whose signature has to be valid" {
  first_ctl
  cp CTLFile.tlv first.tlv
  later_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 2),none"
  ctlsign phones import phones.csv
  ctlsign phones check --against CTLFile.tlv --json
  assert_success
  assert_json '.outcomes.unchanged' 1
  ctlsign phones check --against first.tlv --json
  assert_success
  assert_json '.outcomes.sast' 1
  printf '\xff' | dd of=first.tlv bs=1 seek=300 conv=notrunc status=none
  ctlsign phones check --against first.tlv
  [[ $status -eq 3 || $status -eq 1 ]]
  refute_output
}

@test "phones check: without phones, the kinds of phones" {
  ctlsign phones check
  assert_success
  assert_output --partial 'There is no CTL yet'
  first_ctl
  ctlsign phones check
  assert_success
  assert_line --partial 'No phones are known'
  assert_line --partial 'phones without Security By Default that hold generation 1'
  ctlsign phones check --signer "$K/other.pem" --json
  assert_failure 4
  assert_json .fleet false
  assert_json '[.groups[] | select(.outcome == "rejected")] | length' 2
}

@test "phones check: who has not fetched the newest, and the officer's word" {
  first_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 1),none"
  ctlsign phones import phones.csv --seen 2026-01-02
  later_ctl
  ctlsign phones check --json
  assert_json .behind 1
  ctlsign phones show --behind --json
  assert_json length 1
  ctlsign phones check --phones-hold 2 --json
  assert_success
  assert_json '.groups[0] | [.outcome, .judged] | join(" ")' 'unchanged 2'
  ctlsign phones check --phones-hold 7
  assert_failure 1
  assert_one_line_error 'generation 7.*ctlsign history'
}

@test "phones check: the CTL file of this machine is served, whatever the history says" {
  cluster_conf 'digest = sha1'
  first_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 1),none"
  ctlsign phones import phones.csv
  ctlsign phones check --signer certs/recovery.pem
  assert_success
  # Somebody else's, older than all that was seen.
  run -0 "$CTLSIGN" build -o CTLFile.tlv --force --sign-with "$K/other.key" --sast "$K/other.pem" \
    --sast certs/recovery.pem --ccm-tftp "$K/other.pem,dns=x" --digest sha1
  touch -d 2020-01-01 CTLFile.tlv
  ctlsign phones check --signer certs/pub.pem --json
  assert_failure 4
  assert_json '.groups[0] | [.holds.generation, .outcome, .judged] | join(" ")' '1 rejected 0'
  # The officer's word is about generations.
  ctlsign phones check --signer certs/pub.pem --phones-hold 1
  assert_failure 4
  assert_output --partial CTLFile.tlv
  ctlsign phones check --signer certs/recovery.pem --json
  assert_success
  fleet "SEP001122AABB01,Cisco 7940,$(md5sum CTLFile.tlv | cut -d ' ' -f 1),none"
  ctlsign phones import phones.csv --replace
  ctlsign phones show --json
  assert_json '.[0].holds | [.kind, (.file | contains("CTLFile.tlv"))] | join(" ")' 'file true'
  # What is no list no phone loads.
  echo scribble >CTLFile.tlv
  ctlsign phones check --json
  assert_json '.groups[0].holds.kind' other
}

@test "phones check: no cell of the list is a formula" {
  cluster_conf 'digest = sha1'
  first_ctl
  fleet "-1,=1+2,$(md5_of 1),none" "SEP001122AABB02,Cisco 7940,$(md5_of 1),none"
  ctlsign phones import phones.csv
  assert_success
  ctlsign phones check --signer "$K/other.pem" --list visit.csv
  assert_line --partial 'would be locked out'
  run cut -d , -f 1,2 visit.csv
  assert_line "\"'-1\",\"'=1+2\""
  assert_line '"SEP001122AABB02","Cisco 7940"'
}

@test "phones show: options" {
  first_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 1),none" "SEP001122AABB02,Cisco 7965,none,none" \
    "SEP001122AABB03,Cisco 7965,00112233445566778899aabbccddeeff,none" "SEP001122AABB04,Cisco 7965,,"
  ctlsign phones import phones.csv
  ctlsign phones show --holds 1 --json
  assert_json '[.[].name] | join(" ")' SEP001122AABB01
  ctlsign phones show --holds none --json
  assert_json '[.[].name] | join(" ")' SEP001122AABB02
  ctlsign phones show --holds other --json
  assert_json '.[0] | [.name, .holds.checksum] | join(" ")' 'SEP001122AABB03 00112233445566778899aabbccddeeff'
  ctlsign phones show --holds unknown --json
  assert_json '[.[].name] | join(" ")' SEP001122AABB04
  ctlsign phones show --model 'cisco 7965' --limit 2 --json
  assert_json '[.[].name] | join(" ")' 'SEP001122AABB02 SEP001122AABB03'
  ctlsign phones show --outcome unchanged,first
  assert_success
  assert_line --partial SEP001122AABB01
  refute_output --partial SEP001122AABB03
  ctlsign phones show --outcome good
  assert_failure 2
  ctlsign phones show --holds good
  assert_failure 2
  ctlsign phones check --against x --digest sha1
  assert_failure 2
}

@test "phones check: a list of nobody" {
  first_ctl
  ctlsign phones check --list none.csv
  assert_success
  assert_line 'none.csv lists no phone'
  fleet "SEP001122AABB01,Cisco 7965,none,none"
  ctlsign phones import phones.csv
  ctlsign phones check --list none.csv
  assert_success
  assert_line 'No phone would be locked out.'
  assert_line 'none.csv lists no phone'
  refute_line --partial 'Their names'
  assert_equal "$(wc -l <none.csv)" 1
  ctlsign phones check --signer "$K/other.pem" --list visit.csv
  assert_failure 4
  assert_line 'Their names are in visit.csv'
  ctlsign phones check --json
  assert_json 'has("list")' false
}

@test "phones check, phones show: at 72 columns nothing is cut" {
  tty_require
  cluster_conf 'digest = sha1'
  first_ctl
  fleet "SEP001122AABB01,Cisco 7940,$(md5_of 1),none" "SEP001122AABB02,Cisco 7965,none,none"
  ctlsign phones import phones.csv
  ctlsign phones check --signer "$K/other.pem" --json
  local why
  TTY_COLUMNS=72 tty_start "$CTLSIGN" phones check --signer "$K/other.pem"
  tty_finish
  assert_failure 4
  printf '%s\n' "$output" >shown
  # The table: what stands above it are sentences.
  run awk '/^Phones/ { table = 1 } table && length > 72' shown
  refute_output
  run cat shown
  assert_line '    Why'
  refute_line --partial '...'
  # The reason stands under its row, whole.
  why=$(tr -s ' \n' ' ' <shown)
  TTY_COLUMNS=250 tty_start "$CTLSIGN" phones check --signer "$K/other.pem"
  tty_finish
  assert_line --regexp '^Phones +Model +Family +Holds +Outcome +Why$'
  [[ $why == *"$(sed -n 's/^1  .*LOCKED OUT  //p' <<<"$output" | head -n 1)"* ]]
  TTY_COLUMNS=72 tty_start "$CTLSIGN" phones show
  tty_finish
  assert_success
  assert_line --regexp '^Name +Model +Holds +ITL +Seen$'
  assert_line '    Outcome'
  assert_line --regexp '^    [a-z]'
  refute_line --regexp '^ {1,3}[^ ]'
  ctlsign phones show
  assert_line --regexp '^Name +Model +Holds +ITL +Seen +Outcome$'
}

@test "phones import: what spreadsheets make of it" {
  printf 'sep=;\r\nName;CTL\r\nCSFanna;1.23E+31\r\n' >phones.csv
  ctlsign phones import phones.csv
  assert_failure 1
  assert_line "line 3: CTL: '1.23E+31': a spreadsheet has changed this number: format the column as text, and export again"
  printf 'sep=;\r\nName;CTL\r\nCSFanna;none\r\n' >phones.csv
  ctlsign phones import phones.csv --json
  assert_success
  assert_json .delimiter semicolon
}
