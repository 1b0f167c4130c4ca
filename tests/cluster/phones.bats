#!/usr/bin/env bats
# What every command that signs asks first: the phones.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_certificates pub sub1 tftp2 asa1 capf itl pub.new
  make_tokens 1 2 3
}

setup() {
  cluster_setup
}

# fleet LINE...: reads in "NAME,MODEL,CTL,ITL"; "@FILE" as CTL stands for its SHA-1.
fleet() {
  local line file
  echo "Device Name,Model,CTL,ITL" >fleet.csv
  for line; do
    if [[ $line =~ @([^,]+) ]]; then
      file=${BASH_REMATCH[1]}
      line=${line/"@$file"/$(sha1sum <"$file" | cut -c 1-40)}
    fi
    echo "$line" >>fleet.csv
  done
  ctlsign phones import --replace fleet.csv
  assert_success
}

ITL=0123456789abcdef0123456789abcdef

# Generation 1 lists tokens 1 and 2, generation 2 tokens 2 and 3.
two_generations() {
  first_by_tokens '10.5(2)'
  cp CTLFile.tlv 1.tlv
  change update --add-token --token SAST-3 --token SAST-1
  change update --remove-token "$(openssl x509 -in "$K/sast1.pem" -noout -serial | cut -d = -f 2)" \
    --token SAST-2
  cp CTLFile.tlv 3.tlv
}

@test "a phone that would be locked out stops the command, by name, before a PIN is tried" {
  two_generations
  fleet "SEP001122334401,Cisco 7960,@1.tlv,none" "SEP001122334402,Cisco 7960,@3.tlv,none"
  refused_change 4 '^ctlsign: .*1 phone of 2 would be locked out .*--accept-lockout 1 signs anyway; they hold an earlier CTL.*' \
    update --token SAST-3 --yes --pin-file "$BATS_TEST_TMPDIR/no-such-pin"
  assert_stderr --partial "SEP001122334401 (Cisco 7960): "
  [[ $stderr != *SEP001122334402* ]]
  # The token that all of them know signs without a word.
  change update --token SAST-2
  assert_stderr --partial "2 phones of 2 accept it (0 through TVS)"
}

@test "the list of phones goes to a file, whole" {
  two_generations
  fleet "SEP001122334401,Cisco 7960,@1.tlv,none" "SEP001122334402,Cisco 7960,@3.tlv,none" \
    'SEP001122334403,"Cisco ""7940""",@1.tlv,none'
  refused_change_yes 4 '2 phones of 3' update --token SAST-3 --lockout-list out.csv
  assert_equal "$(cut -d , -f 1 out.csv | tr -d '"' | tr '\n' ' ')" \
    "Device Name SEP001122334401 SEP001122334403 "
  grep -qF '"Cisco ""7940"""' out.csv
  refused_change_yes 1 'no-such-folder' update --token SAST-3 --lockout-list no-such-folder/out.csv
}

@test "the officer's word is the exact number, and the audit log keeps it" {
  two_generations
  fleet "SEP001122334401,Cisco 7960,@1.tlv,none" "SEP001122334402,Cisco 7960,@3.tlv,none"
  refused_change_yes 4 '--accept-lockout says 2, and 1 phone would be' \
    update --token SAST-3 --accept-lockout 2
  refused_change_yes 4 'says 1, and 0 phones would be.*leave it out' \
    update --token SAST-2 --accept-lockout 1
  # By force alone nothing goes where the fleet is known.
  refused_change_yes 4 '1 phone of 2' update --token SAST-3 --force-signer
  change update --token SAST-3 --accept-lockout 1
  assert_stderr --partial "ACCEPTED: 1 phone will be locked out"
  ctlsign audit show --json
  assert_json '[.[] | select(.outcome == "signed and verified") | .what
    | contains("ACCEPTED: 1 phone will be locked out")] | last' true
  assert_json '[.[].act] | any(contains("--accept-lockout 1"))' true
  assert_settled
}

@test "phones that ask TVS accept what it vouches for, and only they" {
  first_by_tokens '10.5(2)'
  sed -i -e 's/services = {CallManager, TFTP, CAPF, CTIManager}/services = {CallManager, TFTP, CAPF, CTIManager, TVS}/' \
    -e 's/10.5(2)/11.5(1)/' ctlsign.conf
  # CallManager stands in the CTL, as a server: TVS knows it.
  fleet "SEP001122334401,Cisco 8841,@CTLFile.tlv,$ITL" "SEP001122334402,Cisco 7960,@CTLFile.tlv,none"
  refused_change_yes 4 '1 phone of 2' set-cluster mixed-mode --tokenless
  assert_stderr --partial "SEP001122334402 (Cisco 7960)"
  # Without its ITL the other one cannot ask; of an unknown one it cannot be told.
  fleet "SEP001122334401,Cisco 8841,@CTLFile.tlv,none"
  refused_change_yes 4 '1 phone of 1' set-cluster mixed-mode --tokenless
  fleet "SEP001122334409,Cisco 8841,@CTLFile.tlv,"
  refused_change_yes 4 '0 phones of 1 would be locked out .* of 1 more it cannot be told; --accept-lockout 1 .*phones import' \
    set-cluster mixed-mode --tokenless
  assert_stderr --partial "of 1 phone it cannot be told"
  assert_stderr --partial "SEP001122334409 (Cisco 8841): "
  fleet "SEP001122334401,Cisco 8841,@CTLFile.tlv,$ITL"
  change set-cluster mixed-mode --tokenless
  assert_stderr --partial "1 phone of 1 accepts it (1 through TVS)"
  assert_settled
}

@test "phones of which nothing is known are no reason to stop where any phone would do" {
  first_by_tokens '10.5(2)'
  fleet "SEP001122334401,,,"
  change update --token SAST-1
  assert_stderr --partial "of 1 phone it cannot be told whether it accepts the CTL"
}

@test "a dry run that cannot know who signs does not pretend to have asked" {
  first_by_tokens '10.5(2)'
  change update --add-token --token SAST-3 --token SAST-1
  ctlsign update --dry-run
  assert_success
  [[ $stderr != *"was not asked"* ]]
  ctlsign update --dry-run \
    --remove-token "$(openssl x509 -in "$K/sast1.pem" -noout -serial | cut -d = -f 2)"
  assert_success
  assert_stderr --partial "what phones would do was not asked: who signs is not known yet"
}

@test "a digest that phones do not know stops it, too" {
  first_by_tokens '10.5(2)'
  sed -i -e '1i digest = "sha512"' -e 's/10.5(2)/11.5(1)/' ctlsign.conf
  fleet "SEP001122334401,Cisco 7960,@CTLFile.tlv,none"
  refused_change_yes 4 '1 phone of 1.*digest = sha1' update --token SAST-1
}

@test "without a fleet: phones that still hold a CTL of the last 30 days" {
  two_generations
  refused_change_yes 4 'phones that still hold generation 1 would reject.*--phones-hold 3' \
    update --token SAST-3
  refused_change_yes 2 '--phones-hold 4: there is no such generation.*current one is 3' \
    update --token SAST-3 --phones-hold 4
  refused_change_yes 4 'hold generation 1' update --token SAST-3 --phones-hold 1
  refused_change_yes 2 'nobody has said.*phones import' update --token SAST-3 --accept-lockout 1
  change update --token SAST-3 --phones-hold 2
  ctlsign audit show --json
  assert_json '[.[] | select(.outcome == "signed and verified") | .what
    | contains("the officer says that every phone holds generation 2 or a later one")] | last' true
}

@test "the officer's word also stands above what was seen" {
  two_generations
  fleet "SEP001122334401,Cisco 7960,@1.tlv,none"
  refused_change_yes 4 '1 phone of 1' update --token SAST-3
  change update --token SAST-3 --phones-hold 2
  assert_stderr --partial "warning: 1 phone was last seen with a CTL that would lock it out; --phones-hold 2 overrules that"
}

@test "a dry run asks, too" {
  two_generations
  fleet "SEP001122334401,Cisco 7960,@1.tlv,none"
  ctlsign update --sign-with "$K/sast3.key" --dry-run
  assert_failure 4
  ctlsign update --sign-with "$K/sast2.key" --dry-run
  assert_success
  assert_output --partial "1 phone of 1 accepts it"
}

@test "a token that the current CTL does not list is judged by the fleet, too" {
  first_by_tokens '10.5(2)'
  cp CTLFile.tlv 1.tlv
  sed -i 's/10.5(2)/12.5(1)/' ctlsign.conf
  change update --token SAST-1
  change set-cluster mixed-mode --tokenless --phones-hold 2
  fleet "SEP001122334401,Cisco 7960,@CTLFile.tlv,none" "SEP001122334402,Cisco 7960,@1.tlv,none"
  refused_change_yes 4 '2 phones of 2 would be locked out.*--accept-lockout 2 ' \
    set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2 --lockout-list out.csv
  grep -q SEP001122334401 out.csv
}
