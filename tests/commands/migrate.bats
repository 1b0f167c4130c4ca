#!/usr/bin/env bats
# ctlsign migrate: plans, their journal, and the steps, one after the other.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load ../cluster/fixture
load migrate

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_certificates pub sub1 tftp2 asa1 capf itl other itl2
  make_tokens 1 2
}

setup() {
  cluster_setup
}

# From a release whose token CTL does not list the anchors.
old_tokens() {
  first_by_tokens '10.5(2)' && sed -i 's/10.5(2)/12.5(1)/' ctlsign.conf
}

@test "tokens to tokenless from an old release: the bridge comes by itself, and nothing is begun by --plan" {
  old_tokens
  before=$(files_here)
  ctlsign migrate tokenless --plan
  assert_success
  assert_line --partial '2 steps, each of which'
  assert_output --partial 'Step 1 of 2: Bridge: signed by a token'
  assert_output --partial 'Step 2 of 2: Tokenless: signed by CallManager'
  assert_output --partial 'every phone holds the CTL of step 1'
  # 72 columns, but for words that are longer.
  assert_equal "$(awk 'length > 72' <<<"$output")" ""
  ctlsign migrate tokenless --plan --json
  assert_success
  assert_json .found true
  assert_json .migration null
  assert_json '[.steps[].signing] | join(",")' 'tokens,tokenless'
  assert_json '.steps[1].signer' "$(sha256_of "$K/pub.pem")"
  assert_json '.steps[1].sasts | sort | join(" ")' \
    "$(printf '%s\n' "$(sha256_of "$K/pub.pem")" "$(sha256_of "$K/itl.pem")" | LC_ALL=C sort | paste -sd ' ')"
  assert_json '[.steps[].outcomes.rejected] | any' false
  ctlsign migrate status
  assert_success
  assert_output 'No migration is under way.'
  assert_equal "$(files_here | grep -v state.db)" "$(grep -v state.db <<<"$before")"
}

@test "tokens to tokenless: an officer's word, step by step, and its end" {
  old_tokens
  cp CTLFile.tlv 1.tlv
  ctlsign migrate tokenless
  assert_failure 2
  assert_stderr --partial 'there is no terminal'
  ctlsign migrate tokenless --yes
  assert_success
  assert_output --partial 'Migration 1 is begun; nothing is signed yet.'
  ctlsign migrate tokenless --yes
  assert_failure 1
  assert_one_line_error 'a migration is under way since .*ctlsign migrate status.*ctlsign migrate abort'
  ctlsign migrate status
  assert_failure 6
  assert_line '  ctlsign migrate next'
  by=SAST-1
  ctlsign migrate status --json
  [[ $(jq -r '.steps[0].title' <<<"$output") != *SAST2* ]] || by=SAST-2
  NOW=$((NOW + 1))
  ctlsign migrate next --yes --timestamp "$NOW" --token "$by" "${PIN_FILE[@]}"
  assert_success
  assert_line 'Step 1 of 2 is signed. Once every server has it:'
  waits 1 'step 1 of 2 is signed as generation 2, and not on every server yet; .*ctlsign publish'
  ctlsign migrate status --json
  assert_failure 6
  assert_json .place pending
  assert_json .type 'ctlsign publish'
  carried
  follows 1.tlv CTLFile.tlv
  cp CTLFile.tlv 2.tlv

  ctlsign migrate status --json
  assert_failure 6
  assert_json .place ready
  assert_json .next 2
  assert_json '.steps[0].generation' 2
  assert_json '.steps[0].sha1' "$(sha1sum <2.tlv | cut -d ' ' -f 1)"
  assert_json '.conditions[] | select(.code == "phones-hold").state' not-known
  assert_json .type 'ctlsign migrate next --phones-hold 2'
  waits 4 'step 2 of 2 waits'
  assert_stderr --partial '--phones-hold 2'
  waits 2 'that is generation 2' --phones-hold 1
  waits 2 'that is generation 2' --phones-hold 3
  next --phones-hold 2
  follows 2.tlv CTLFile.tlv
  looks=$(look CTLFile.tlv)
  [[ $looks == "signer=6 "* ]]
  assert_equal "$(grep '^SAST' <<<"$looks")" "$(sasts pub itl)"

  ctlsign migrate status --json
  assert_success
  assert_json .place finished
  assert_json '.steps[1].said_phones_hold' 2
  ctlsign migrate next
  assert_success
  assert_output 'All steps are done: the migration is finished.'
  ctlsign migrate status --json
  assert_success
  assert_json .migration null
  ctlsign audit show --json
  # The word stands there once, with the signature.
  assert_json '[.[] | select(tostring | contains("--phones-hold 2"))] | length > 0' true
  assert_settled
}

@test "tokenless to tokens: a certificate from a file, one from a token; Phone-SAST-trust is empty after it" {
  first_tokenless '12.5(1)'
  cp CTLFile.tlv 1.tlv
  ctlsign migrate tokens --new-token "$K/sast1.pem" --yes
  assert_failure 2
  assert_stderr --partial 'two are needed'
  ctlsign migrate tokens --new-token "$K/sast1.pem" --new-token "$K/sast1.pem" --yes
  assert_failure 2
  assert_stderr --partial 'given twice'
  ctlsign migrate tokens --new-token "$K/sast1.pem" --new-token pkcs11:token=SAST-2 --yes
  assert_success
  next
  follows 1.tlv CTLFile.tlv
  cp CTLFile.tlv 2.tlv
  assert_equal "$(look 2.tlv | grep '^SAST' | sort)" "$(sasts pub itl 1 2 | sort)"
  ctlsign migrate status --json
  title=$(jq -r '.steps[1].title' <<<"$output")
  by=SAST-1
  [[ $title != *SAST2* ]] || by=SAST-2
  next --phones-hold 2 --token "$by"
  follows 2.tlv CTLFile.tlv
  ctlsign trust list --json
  assert_json length 0
  ctlsign migrate next
  assert_success
  assert_settled
  ctlsign status --json
  assert_json .signing tokens
  refute_in_files "$PIN" .
}

@test "with a fleet: phones that are behind hold the step up, by name and number" {
  old_tokens
  fleet SEP000000000001,7940,1 SEP000000000002,7940,1 SEP000000000003,8841,1
  ctlsign migrate tokenless --yes
  assert_success
  assert_output --partial '3 phones, last seen'
  assert_equal "$(grep -c '3 accept it by SAST' <<<"$output")" 2
  ctlsign migrate status --json
  by=SAST-1
  [[ $(jq -r '.steps[0].title' <<<"$output") != *SAST2* ]] || by=SAST-2
  next --token "$by"
  fleet SEP000000000001,7940,1 SEP000000000002,7940,2 SEP000000000003,8841,2
  ctlsign migrate status
  assert_failure 6
  assert_output --partial '2 of 3 phones hold generation 2'
  waits 4 'step 2 of 2 waits'
  fleet SEP000000000001,7940,2 SEP000000000002,7940,2 SEP000000000003,8841,2
  ctlsign migrate status --json
  assert_json .ready true
  assert_json .phones_hold 3
  next
  ctlsign migrate next
  assert_success
  assert_settled
}

@test "an officer may accept that just so many phones are locked out" {
  old_tokens
  fleet SEP000000000001,7940,1 SEP000000000002,7940,1
  ctlsign migrate tokenless --yes
  assert_success
  ctlsign migrate status --json
  by=SAST-1
  [[ $(jq -r '.steps[0].title' <<<"$output") != *SAST2* ]] || by=SAST-2
  next --token "$by"
  fleet SEP000000000001,7940,1 SEP000000000002,7940,2
  waits 4 'step 2 of 2 waits.*--accept-lockout 1 is the officer.s word' --lockout-list l.csv
  assert_stderr --partial 'SEP000000000001 (7940), generation 1: '
  [[ $stderr != *SEP000000000002* ]]
  assert_equal "$(grep -c SEP l.csv)" 1
  waits 4 '--accept-lockout says 2, and 1 phone would be locked out' --accept-lockout 2
  # What was said to a run that signs nothing counts for no other one.
  echo wrong >no-key.pem
  ctlsign migrate next --yes --accept-lockout 1 --sign-with no-key.pem
  assert_failure
  ctlsign migrate status --json
  assert_json '.steps[1].accepted_lockout' 0
  waits 4 'step 2 of 2 waits'
  next --accept-lockout 1
  ctlsign migrate status --json
  assert_json .place finished
  assert_json '.steps[1].accepted_lockout' 1
  ctlsign audit show --json
  assert_json '[.[].what | select(contains("locked out"))] | length > 0' true
}

@test "a phone that is lost either way: no plan, whom to visit, exit code 4" {
  old_tokens
  echo "Device Name,Model,CTL,ITL" >fleet.csv
  echo "SEP000000000001,7940,$(sha1_of 1),none" >>fleet.csv
  echo "SEP000000000002,7940,0123456789abcdef0123456789abcdef01234567,none" >>fleet.csv
  ctlsign phones import fleet.csv --replace
  assert_success
  ctlsign migrate tokenless --plan
  assert_failure 4
  assert_output --partial 'There is no way there that every phone accepts.'
  assert_output --partial 'To be visited first:'
  assert_output --partial 'NOT SAFE'
  assert_output --partial 'phones show --outcome unknown'
  assert_output --partial 'erase it on'
  assert_stderr 'ctlsign: no plan that every phone accepts'
  ctlsign migrate tokenless --yes
  assert_failure 4
  ctlsign migrate tokenless --plan --json
  assert_failure 4
  assert_json .found false
  assert_json .visit_phones 1
  assert_json 'has("steps")' false
  assert_json '.unsafe_steps | length > 0' true
  ctlsign migrate status
  assert_output 'No migration is under way.'
}

@test "somebody changes the cluster: noticed, explained, planned anew, signed by nobody" {
  old_tokens
  ctlsign migrate tokenless --yes
  assert_success
  change set-cluster non-secure-mode --token SAST-1
  ctlsign migrate status --json
  assert_failure 6
  assert_json .place changed
  ctlsign migrate status
  assert_output --partial 'CHANGED'
  assert_output --partial 'is no step of the plan'
  waits 1 'the plan was made anew, and nothing was signed; .*ctlsign migrate next'
  ctlsign migrate status --json
  assert_json .replanned 1
  assert_json .place ready
}

@test "an update for a new server is no change of the plan" {
  old_tokens
  sed -i 's/12.5(1)/10.5(2)/' ctlsign.conf
  ctlsign migrate rotate --remove-token "$(serial_of 1)" --new-token "$K/sast3.pem" --yes
  assert_success
  sed -i 's/10.1.2.4/10.1.2.14/' ctlsign.conf
  change update --token SAST-2
  ctlsign migrate status --json
  assert_failure 6
  assert_json .place ready
  assert_json .replanned 0
}

@test "abort says what stays, and another migration can begin" {
  old_tokens
  ctlsign migrate abort --yes
  assert_failure 1
  assert_one_line_error 'no migration is under way'
  ctlsign migrate tokenless --yes
  assert_success
  ctlsign migrate abort
  assert_failure 2
  assert_stderr --partial 'migrate status, then give --yes'
  ctlsign migrate abort --yes
  assert_success
  assert_line --partial '0 of 2 steps are signed.'
  assert_line --partial 'What stays: generation 1'
  assert_output --partial 'in a safe state'
  assert_line 'The migration is ended.'
  ctlsign migrate status
  assert_success
  waits 1 'no migration is under way'
  ctlsign migrate tokenless --yes
  assert_success
  assert_output --partial 'Migration 2 is begun'
  ctlsign audit verify
  assert_success
}

@test "join-cluster: certificates go to Phone-SAST-trust with the step, and asked for they are" {
  first_tokenless '12.5(1)'
  cp CTLFile.tlv 1.tlv
  ctlsign migrate join-cluster --yes
  assert_failure 2
  assert_one_line_error 'CERT is missing'
  ctlsign migrate join-cluster "$K/itl2.pem" "$K/other.pem" --yes
  assert_success
  ctlsign trust list --json
  assert_json length 0
  ctlsign migrate next --dry-run
  assert_success
  assert_output --partial 'CN=other'
  ctlsign trust list --json
  assert_json length 0
  next
  follows 1.tlv CTLFile.tlv
  ctlsign trust list --json
  assert_json length 2
  assert_equal "$(look CTLFile.tlv | grep -c '^SAST')" 4
  ctlsign migrate next
  assert_success
  assert_settled
}

@test "a run that was killed between trust and signature goes on" {
  first_tokenless '12.5(1)'
  ctlsign migrate join-cluster "$K/itl2.pem" "$K/other.pem" --yes
  assert_success
  # As if it had been killed after the first of two.
  ctlsign trust add "$K/itl2.pem" --yes
  assert_success
  next
  ctlsign trust list --json
  assert_json length 2
  ctlsign migrate status
  assert_success
}

@test "a certificate in Phone-SAST-trust that the plan does not know stops the step" {
  first_tokenless '12.5(1)'
  ctlsign migrate join-cluster "$K/itl2.pem" --yes
  assert_success
  ctlsign trust add "$K/other.pem" --yes
  assert_success
  waits 1 'Phone-SAST-trust has a certificate that the plan knows nothing of'
  ctlsign trust remove "$K/other.pem" --yes
  assert_success
  next
}

@test "rotate: a new CallManager certificate has to stand in ctlsign.conf by its step" {
  first_tokenless '12.5(1)'
  cp CTLFile.tlv 1.tlv
  ctlsign migrate rotate --callmanager "$K/other.pem" --yes
  assert_success
  for _ in 1 2 3 4 5 6; do
    ctlsign migrate status --json
    place=$(jq -r .place <<<"$output")
    [[ $place != finished ]] || break
    if jq -e '.conditions[] | select(.code == "inventory-callmanager" and .state == "not-met")' <<<"$output" >/dev/null; then
      waits 1 'waits'
      assert_stderr --partial 'NOT MET: ctlsign.conf: line 8 names another certificate'
      sed -i 's|"certs/pub.pem"|"certs/other.pem"|; s|"certs/pub.key"|"certs/other.key"|' ctlsign.conf
      continue
    fi
    n=$(jq .next <<<"$output")
    hold=()
    [[ $n -eq 1 ]] || hold=(--phones-hold "$(jq ".steps[$((n - 2))].generation" <<<"$output")")
    next "${hold[@]}"
    follows "$((n)).tlv" CTLFile.tlv
    cp CTLFile.tlv "$((n + 1)).tlv"
  done
  assert_equal "$place" finished
  assert_equal "$(look CTLFile.tlv | grep '^SAST' | grep -c 'CN=other')" 1
}

@test "a serial that fits none or several; a signer that is none; words that are wrong" {
  first_by_tokens '12.5(1)'
  ctlsign migrate tokenless --lost-token 00112233 --plan
  assert_failure 5
  assert_stderr --partial 'has no token with serial 00112233; it lists: '
  ctlsign migrate tokenless --lost-token xyz --plan
  assert_failure 2
  assert_stderr --partial '--lost-token takes the serial number'
  ctlsign migrate tokenless --signer nobody --plan
  assert_failure 2
  assert_stderr --partial "it is CallManager or ITLRecovery"
  ctlsign migrate tokenless --signer ITLRecovery --plan
  assert_success
  assert_output --partial 'Tokenless: signed by ITLRecovery'
  assert_output --partial 'Enter tokenless-signer = ITLRecovery in ctlsign.conf'
  ctlsign migrate tokenless --phones-hold 7 --plan
  assert_failure 2
  assert_stderr --partial 'the newest generation is 1'
  ctlsign migrate tokens --plan
  assert_failure 2
  assert_stderr --partial '--new-token is missing'
  ctlsign migrate tokenless --lost-token "$(serial_of 1 | head -c 8)" --plan
  assert_success
}

@test "where there is no CTL yet, and no state file" {
  conf '12.5(1)'
  ctlsign migrate tokenless --plan
  assert_failure 1
  assert_one_line_error 'there is no CTL yet.*ctlsign set-cluster mixed-mode'
  ctlsign migrate status
  assert_success
  assert_output 'No migration is under way.'
}

@test "tokenless with ITLRecovery as signer though ctlsign.conf says CallManager" {
  first_by_tokens '12.5(1)'
  cp CTLFile.tlv 1.tlv
  ctlsign migrate tokenless --signer ITLRecovery --yes
  assert_success
  assert_output --partial ': 1 step,'
  next
  follows 1.tlv CTLFile.tlv
  [[ $(look CTLFile.tlv) == signer=2* ]]
  ctlsign migrate next
  assert_success
  assert_settled
}

@test "status: --config is typed again, MD5 stands beside SHA-1, and the last migration is told" {
  old_tokens
  fleet SEP000000000001,7940,1 SEP000000000002,7940,1
  ctlsign migrate tokenless --signer ITLRecovery --yes
  assert_success
  ctlsign migrate status --config ./ctlsign.conf
  assert_failure 6
  assert_line '  ctlsign migrate next --config ./ctlsign.conf'
  assert_output --partial 'tokenless-signer = ITLRecovery'
  ctlsign migrate status --config ./ctlsign.conf --json
  assert_json .type 'ctlsign migrate next --config ./ctlsign.conf'
  by=SAST-1
  [[ $(jq -r '.steps[0].title' <<<"$output") != *SAST2* ]] || by=SAST-2
  next --token "$by"
  ctlsign migrate status
  assert_output --partial "MD5 $(md5sum <CTLFile.tlv | cut -d ' ' -f 1)"
  fleet SEP000000000001,7940,2 SEP000000000002,7940,2
  next
  ctlsign migrate next
  assert_success
  assert_output 'All steps are done: the migration is finished; 2 of 2 phones have not been seen with it: ctlsign phones check'
  assert_stderr --partial 'Enter tokenless-signer = ITLRecovery'
  ctlsign migrate status
  assert_success
  assert_line 'No migration is under way.'
  assert_output --partial '1, to tokenless signing: finished'
  assert_output --partial '0 of 2 phones hold generation 3'
  ctlsign migrate status --json
  assert_json .migration null
  assert_json .last.state finished
  assert_json .last.generation 3
  assert_json .last.phones_hold 0
}

@test "phones were seen with an older CTL only: counted once, and the bridge says why it is there" {
  old_tokens
  fleet SEP000000000001,7940,1 SEP000000000002,7940,1
  change update --token SAST-2
  ctlsign migrate tokenless --plan --json
  assert_success
  assert_json '.steps | length' 2
  assert_json .older true
  assert_json '[.steps[].outcomes | [.[]] | add] | unique | join(",")' 2
  ctlsign migrate tokenless --plan
  assert_output --partial 'phones were last seen with an older CTL;'
  fleet SEP000000000001,7940,2 SEP000000000002,7940,2
  ctlsign migrate tokenless --plan --json
  assert_json '.steps | length' 1
  assert_json .older false
}

@test "whose firmware nobody knows: what is missing is said, and a phone without a CTL stops nothing" {
  old_tokens
  sed -i '1a digest = sha512' ctlsign.conf
  change update --token SAST-2
  # Seen after that for sure.
  sleep 2
  echo "Device Name,Model,CTL,ITL" >fleet.csv
  echo "SEP000000000001,7975,none,none" >>fleet.csv
  ctlsign phones import fleet.csv --replace
  assert_success
  ctlsign migrate tokenless --plan --json
  assert_success
  assert_json .left_out 1
  ctlsign migrate tokenless --plan
  assert_success
  assert_output --partial 'without a CTL: not known whether it knows SHA-512;'
  sed -i 's/digest = sha512/digest = sha256/' ctlsign.conf
  ctlsign migrate tokenless --plan
  assert_failure 4
  assert_output --partial 'phone-families in'
  [[ $output != *'rase '* ]]
}
