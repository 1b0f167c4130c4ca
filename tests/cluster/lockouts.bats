#!/usr/bin/env bats
# Steps that would lock phones out, or leave a key trusted that should not be, by ways that are not
# the obvious ones.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1 sast2 sast3
  make_certificates pub sub1 tftp2 asa1 capf itl other
  make_tokens 1 2 3
}

setup() {
  cluster_setup
}

serial_of() { # N: of token N's certificate
  openssl x509 -in "$K/sast$1.pem" -noout -serial | cut -d = -f 2
}

sasts_of() { # FILE: their common names
  look "$1" | sed -n 's/^SAST|CN=\([^|]*\)|.*/\1/p' | tr '\n' ' '
}

@test "a token that is removed is gone, also when it stands in Phone-SAST-trust" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  ctlsign trust add "$K/sast1.pem" --yes
  ctlsign trust add "$K/sast2.pem" --yes
  change update
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2 --phones-hold "$(current)"
  change update --add-token --remove-token "$(serial_of 1)" --token SAST-3 --token SAST-2 --phones-hold "$(current)"
  assert_stderr --partial "removes token"
  assert_stderr --partial "the removed token leaves Phone-SAST-trust, too"
  [[ " $(sasts_of CTLFile.tlv) " != *" SAST1 "* ]]
  ctlsign trust list --json
  assert_json length 1
  assert_settled
  refused_change_yes 5 '' update --sign-with pkcs11:token=SAST-1
}

@test "phones may have the file that stands there: its SASTs have to know the signer, too" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  cp CTLFile.tlv ours.tlv
  # Somebody else signed one that knows token 3 only.
  quietly build -o CTLFile.tlv --force --sign-with "$K/sast3.key" --sast "$K/sast3.pem" \
    --sast "$K/other.pem" --ccm-tftp "$K/pub.pem,dns=cucm-pub,ip=10.1.2.3" --timestamp "$NOW"
  cp CTLFile.tlv theirs.tlv
  refused_change_yes 4 'CTLFile.tlv: .*no SAST of the CTL that they have' update --token SAST-1
  ctlsign update --token SAST-1 --dry-run
  assert_failure 4
  # By force it goes, and theirs is kept.
  change update --token SAST-1 --force-signer
  cmp CTLFile.tlv.before-2 theirs.tlv
  assert_settled
  # One that knows the signer is replaced, and kept.
  quietly build -o CTLFile.tlv --force --sign-with "$K/sast1.key" --sast "$K/sast1.pem" \
    --sast "$K/sast3.pem" --ccm-tftp "$K/pub.pem,dns=cucm-pub,ip=10.1.2.3" --timestamp "$NOW"
  cp CTLFile.tlv theirs.tlv
  change update --token SAST-1
  assert_stderr --partial "data was restored, or somebody else signed it"
  cmp CTLFile.tlv.before-3 theirs.tlv
  # What is no list at all is not replaced in silence.
  echo scribble >CTLFile.tlv
  refused_change_yes 1 'CTLFile.tlv: .*ctlsign export current' update --token SAST-1
}

@test "a release that was lowered by a slip does not take both anchors out" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  sed -i 's/12.5(1)/10.5(2)/' ctlsign.conf
  refused_change_yes 4 'both recovery anchors.*release' update --token SAST-1
  change update --token SAST-1 --force-signer
  assert_equal "$(sasts_of CTLFile.tlv)" "SAST1 SAST2 "
  ctlsign history --json
  assert_json '.[-1].reason' 'update --force-signer'
}

@test "in a CTL of tokens a token signs, and one stays" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  refused_change_yes 5 'name the private key of: CN=SAST1' update --sign-with certs/pub.key
  change update --remove-token "$(serial_of 2)" --token SAST-1
  assert_stderr --partial "would list one token only"
  refused_change_yes 4 'no token left' \
    update --remove-token "$(serial_of 1)" --sign-with certs/pub.key
}

@test "certificates of other clusters are not counted, and do not sign" {
  conf '10.5(2)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  ctlsign trust add "$K/other.pem" --yes
  change update --token SAST-1
  refused_change_yes 4 'fewer than two SAST entries of this cluster' \
    update --remove-token "$(serial_of 2)" --token SAST-1
  refused_change_yes 5 'name the private key of' update --sign-with "$K/other.key"
}

@test "from tokenless to tokens today's signer may make the bridge" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  cp CTLFile.tlv 1.tlv
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2 --sign-with certs/pub.key
  follows 1.tlv CTLFile.tlv
  cp CTLFile.tlv 2.tlv
  # Phones that missed it are thought of.
  refused_change_yes 4 'phones that still hold generation 1 would reject' update --token SAST-1
  change update --token SAST-1 --phones-hold 2
  follows 2.tlv CTLFile.tlv
}

@test "a change of digest is told before it is signed" {
  conf '12.5(1)'
  sed -i '1i digest = sha1' ctlsign.conf
  change set-cluster mixed-mode --tokenless
  sed -i '1s/.*/digest = sha512/' ctlsign.conf
  ctlsign status
  assert_failure 6
  change update
  assert_stderr --partial "the digest changes from SHA-1 to SHA-512: phones that do not know"
}

@test "a rollback says what it brings back" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  change update --add-token --remove-token "$(serial_of 1)" --token SAST-3 --token SAST-2
  cp "$K/other.pem" certs/sub1.pem
  change update --token SAST-2
  change rollback 1 --token SAST-2
  assert_stderr --partial "phones would trust again what this cluster has no more: the SAST CN=SAST1"
  assert_stderr --partial "the certificate of cucm-sub1 comes back"
  ctlsign status
  assert_failure 6
}

@test "a passphrase is asked for after the difference was shown and said yes to" {
  tty_require
  conf '12.5(1)'
  openssl rsa -in certs/pub.key -aes256 -passout "pass:$PIN" -out locked.key 2>/dev/null
  sed -i 's|certs/pub.key|locked.key|' ctlsign.conf
  tty_start --stderr ../stderr -- "$CTLSIGN" set-cluster mixed-mode --tokenless
  tty_wait 'Type "yes" to go on'
  grep -q 'that is to be signed' ../stderr
  tty_type yes
  tty_wait 'assphrase'
  tty_type "$PIN"
  tty_finish
  assert_success
  carried
  assert_settled
  ctlsign update --dry-run
  assert_success
}

@test "a time far ahead is refused: no later CTL could follow it" {
  conf '12.5(1)'
  refused_change_yes 2 'more than a day ahead' set-cluster mixed-mode --tokenless \
    --timestamp 4294967295
}

@test "nothing to update is told as such" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  change update
  assert_stderr --partial "nothing changes but time and signature"
  refused_change_yes 2 'tokenless, so no token is asked for' update --token SAST-1
}

@test "the file that stands there may write the same signer in another way" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  quietly build -o CTLFile.tlv --force --names rfc4514 --sign-with certs/pub.key \
    --sast certs/pub.pem --sast certs/itl.pem --timestamp "$NOW" \
    --ccm-tftp certs/pub.pem,dns=cucm-pub,ip=10.1.2.3
  refused_change_yes 4 'CTLFile.tlv: .*no SAST of the CTL that they have' update
}

@test "a later file that stands there is not followed by an earlier one" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  quietly build -o CTLFile.tlv --force --from CTLFile.tlv --sign-with certs/pub.key \
    --timestamp $((NOW + 100))
  refused_change_yes 1 'that phones have: the clock went backwards' update --timestamp $((NOW + 50))
  # A later one follows; a copy that is there already is not replaced.
  echo precious >CTLFile.tlv.before-2
  cp CTLFile.tlv theirs.tlv
  NOW=$((NOW + 100))
  change update
  assert_stderr --partial "another list, which stands in the CTL file, is replaced"
  assert_equal "$(cat CTLFile.tlv.before-2)" precious
  cmp CTLFile.tlv.before-2.1 theirs.tlv
}

@test "who has one token left goes on with it, and out of mixed mode" {
  conf '10.5(2)'
  ctlsign build -o one.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --timestamp "$NOW" \
    --ccm-tftp certs/pub.pem,dns=cucm-pub,ip=10.1.2.3 \
    --capf certs/capf.pem,dns=cucm-pub,ip=10.1.2.3
  assert_success
  ctlsign init --from one.tlv
  assert_success
  change update --token SAST-1
  assert_stderr --partial "would list one token only"
  change set-cluster non-secure-mode --token SAST-1
  change set-cluster mixed-mode --token SAST-1
  change update --add-token --token SAST-2 --token SAST-1
  assert_equal "$(sasts_of CTLFile.tlv)" "SAST1 SAST2 "
}

@test "a new CallManager certificate where it is the only SAST: the old key bridges" {
  conf '10.5(1)'
  change set-cluster mixed-mode --tokenless
  cp CTLFile.tlv 1.tlv
  cp certs/pub.pem certs/old.pem
  cp certs/pub.key certs/old.key
  cp "$K/other.pem" certs/pub.pem
  cp "$K/other.key" certs/pub.key
  refused_change_yes 4 'ctlsign trust add the old certificate.*--sign-with OLDKEY' update
  ctlsign trust add certs/old.pem --yes
  change update --sign-with certs/old.key
  cp CTLFile.tlv 2.tlv
  follows 1.tlv 2.tlv
  change update --phones-hold "$(current)"
  follows 2.tlv CTLFile.tlv
}

@test "back across an upgrade: the tokens that both lists have are enough, and that is said" {
  conf '10.5(2)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  sed -i 's/10.5(2)/12.5(1)/' ctlsign.conf
  change update --token SAST-1
  cp CTLFile.tlv 2.tlv
  change rollback 1 --token SAST-1
  assert_stderr --partial "CallManager and ITLRecovery leave the CTL"
  follows 2.tlv CTLFile.tlv
}

@test "a removal that fails leaves Phone-SAST-trust as it was" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2
  ctlsign trust add "$K/sast1.pem" --yes
  (umask 077 && echo 0000 >bad-pin)
  refused_change 5 '' update --yes --remove-token "$(serial_of 1)" --token SAST-2 --pin-file bad-pin
  ctlsign trust list --json
  assert_json length 1
  ctlsign audit verify
  assert_success
}

@test "out of mixed mode the CTL may be deleted, as it is told to" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  change set-cluster non-secure-mode
  rm CTLFile.tlv
  ctlsign status --json
  assert_success
  assert_json '.items | length' 0
  change set-cluster mixed-mode
  assert_stderr --partial "the CTL file, which is gone, comes back"
  assert_settled
}

@test "a dry run does not promise what would be refused" {
  conf '12.5(1)'
  change set-cluster mixed-mode --tokenless
  change set-cluster mixed-mode --tokens --token SAST-1 --token SAST-2 --sign-with certs/pub.key
  ctlsign update --dry-run
  assert_success
  assert_output --partial "a token of the current CTL will sign"
}

@test "while a list is on its way no other is signed, and it is told which way on" {
  first_tokenless '12.5(1)'
  NOW=$((NOW + 1))
  ctlsign update --yes --no-publish --timestamp "$NOW"
  assert_success
  refused_change_yes 1 'generation 2 is signed, and not published yet; .*ctlsign publish' update
  refused_change_yes 1 'generation 2 is signed' set-cluster non-secure-mode
  refused_change_yes 1 'generation 2 is signed' rollback 1
  refused_change_yes 1 'generation 2 is signed' reset-localkey
  refused_change 1 'generation 2 is signed' update --dry-run
  ctlsign publish
  refused_change_yes 1 'nobody has said yet that all servers have it; .*--by-hand' update
  ctlsign publish --back --yes
  assert_success
  change update
}
