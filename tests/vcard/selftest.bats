#!/usr/bin/env bats
# The virtual cards themselves, with OpenSC's tools only: what other suites rely on.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # status and output are set by bats' run

load ../lib/assertions
load ../lib/vcard

WRONG_SO_PIN=3537363231383831

setup_file() {
  vcard_require || return 0
  vcard_setup "$BATS_FILE_TMPDIR/vcard"
  cert_make "$BATS_FILE_TMPDIR/first" 2048 /O=Lab/CN=SAST-1
  cert_make "$BATS_FILE_TMPDIR/second" 2048 /O=Lab/CN=SAST-1/OU=9c
  vcard_piv card 0 /O=Lab/CN=SAST-1 --9a "$BATS_FILE_TMPDIR/first" --9c "$BATS_FILE_TMPDIR/second"
  vcard_hsm hsm 1
}

teardown_file() {
  vcard_teardown
}

setup() {
  vcard_require
  cd "$BATS_TEST_TMPDIR" || return
  echo 'text to sign' >text
  vcard_renew card
  vcard_renew hsm
}

# p11 READER ARG...: pkcs11-tool on the token in that reader.
p11() {
  local reader=$1
  shift
  run pkcs11-tool --module "$OPENSC_MODULE" --slot-index "$reader" "$@"
}

p11_does() {
  p11 "$@"
  assert_success
}

# refused_with CKR READER ARG...
refused_with() {
  local ckr=$1
  shift
  p11 "$@"
  assert_failure
  assert_line --partial "rv = $ckr"
}

flags() { # READER
  pkcs11-tool --module "$OPENSC_MODULE" --list-slots |
    awk -v reader=" 0$1\$" '/^Slot/ { here = $0 ~ reader }
      here && /token flags/ { sub(/.*: /, ""); print }'
}

assert_state() { # NAME FIELD VALUE ...
  local name=$1 state
  shift
  state=$(vcard_ctl "$name" state)
  while [[ $# -gt 0 ]]; do
    assert_equal "$1 $(jq -r ".$1" <<<"$state")" "$1 $2" || return
    shift 2
  done
}

# send HEX...: APDUs, in one session; the status words of the answers are the output.
send() {
  local -a options=()
  local apdu
  for apdu; do
    options+=(--send-apdu "$apdu")
  done
  run opensc-tool --reader 0 --card-driver default "${options[@]}"
  assert_success
  output=$(sed -n 's/^Received (SW1=0x\(..\), SW2=0x\(..\)).*/\1\2/p' <<<"$output" | paste -sd' ')
}

# signs READER ID PIN CERTIFICATE: a signature that openssl verifies.
signs() {
  p11_does "$1" --login --pin "$3" --sign --id "$2" -m SHA256-RSA-PKCS -i text -o signature
  openssl x509 -in "$4" -noout -pubkey >public
  openssl dgst -sha256 -verify public -signature signature text
}

@test "PIV: both keys sign, and openssl verifies; 9c takes its PIN a second time" {
  assert_state card inserted true tries 3 puk_tries 3 signatures 0 verifies 0
  signs 0 01 "$VCARD_PIN" "$(vcard_cert card 9a)"
  assert_state card signatures 1 verifies 1
  signs 0 02 "$VCARD_PIN" "$(vcard_cert card 9c)"
  assert_state card signatures 2 verifies 3 wrong_pins 0
  # The token is called as its certificate.
  run pkcs11-tool --module "$OPENSC_MODULE" --list-slots
  assert_line --regexp 'token label +: SAST-1$'
  p11_does 0 --read-object --type cert --id 01 -o read.der
  assert_same_file read.der "$BATS_FILE_TMPDIR/first.der"
  p11_does 0 --read-object --type cert --id 02 -o read.der
  assert_same_file read.der "$BATS_FILE_TMPDIR/second.der"
  # No PIN stands in a file of the card or of pcscd.
  refute_in_files "$VCARD_PIN" "$VCARD_DIR" "$VCARD_RUN"
  refute_in_files "$VCARD_PUK" "$VCARD_DIR" "$VCARD_RUN"
}

@test "PIV: without a PIN no key signs; 9c wants it right before, 9a once" {
  local pin sign_9a sign_9c aid=00A404000BA000000308000010000100
  pin=$(printf '%s' "$VCARD_PIN" | od -An -tx1 | tr -d ' \n')FFFF
  # An empty challenge is refused only after the PIN was looked at.
  sign_9a=0087079A047C028200 sign_9c=0087079C047C028200
  send "$aid" "$sign_9a" "$sign_9c" "0020008008$pin" "$sign_9c" "$sign_9a" "$sign_9c" "$sign_9a"
  assert_output "9000 6982 6982 9000 6A80 6A80 6982 6A80"
}

@test "PIV: wrong PINs count down to the lock, and the flags follow" {
  assert_equal "$(flags 0)" "login required, rng, token initialized, PIN initialized"
  refused_with CKR_PIN_INCORRECT 0 --login --pin 111111 --list-objects
  assert_state card tries 2 wrong_pins 1
  # OpenSC does not know how many tries a PIV card had, so cannot tell that some are used.
  assert_equal "$(flags 0)" "login required, rng, token initialized, PIN initialized"
  p11_does 0 --login --pin "$VCARD_PIN" --list-objects
  assert_state card tries 3 wrong_pins 1
  for left in 2 1; do
    refused_with CKR_PIN_INCORRECT 0 --login --pin 111111 --list-objects
    assert_state card tries "$left"
  done
  [[ $(flags 0) == *'final user PIN try'* ]]
  refused_with CKR_PIN_LOCKED 0 --login --pin 111111 --list-objects
  assert_state card tries 0 wrong_pins 4
  [[ $(flags 0) == *'user PIN locked'* ]]
  refused_with CKR_PIN_LOCKED 0 --login --pin "$VCARD_PIN" --list-objects
  assert_state card tries 0 wrong_pins 4 puk_tries 3
}

@test "PIV: the PUK unlocks, and has tries of its own" {
  for _ in 1 2; do
    refused_with CKR_PIN_INCORRECT 0 --login --pin 111111 --list-objects
  done
  refused_with CKR_PIN_LOCKED 0 --login --pin 111111 --list-objects
  run pkcs15-tool --unblock-pin --auth-id 01 --puk 11112222 --new-pin 246802
  assert_failure
  assert_state card tries 0 puk_tries 2
  run pkcs15-tool --unblock-pin --auth-id 01 --puk "$VCARD_PUK" --new-pin 246802
  assert_success
  assert_state card tries 3 puk_tries 3
  signs 0 01 246802 "$(vcard_cert card 9a)"
}

@test "PIV: a changed PIN and spent tries outlive removal and a killed card" {
  vcard_eject card
  vcard_piv own 0 /CN=own --9a "$BATS_FILE_TMPDIR/first" --no-9c
  p11_does 0 --login --pin "$VCARD_PIN" --change-pin --new-pin 975310
  refused_with CKR_PIN_INCORRECT 0 --login --pin "$VCARD_PIN" --list-objects
  local serial
  serial=$(pkcs11-tool --module "$OPENSC_MODULE" -L | grep serial)
  vcard_eject own
  assert_state own inserted false tries 2
  vcard_insert own
  assert_state own inserted true tries 2
  vcard_kill own
  vcard_restart own
  assert_state own tries 2 wrong_pins 1
  assert_equal "$(pkcs11-tool --module "$OPENSC_MODULE" -L | grep serial)" "$serial"
  signs 0 01 975310 "$(vcard_cert own 9a)"
}

# An initialised SmartCard-HSM in reader 1.
ready_hsm() {
  p11_does 1 --init-token --label SAST-2 --so-pin "$VCARD_SO_PIN"
  p11_does 1 --init-pin --login --login-type so --so-pin "$VCARD_SO_PIN" --new-pin "$VCARD_PIN"
}

make_key() { # ID LABEL
  p11_does 1 --login --pin "$VCARD_PIN" --keypairgen --key-type rsa:2048 --id "$1" --label "$2"
}

@test "HSM: an empty card takes no PIN" {
  assert_state hsm inserted true tries 0 puk_tries 0
  refused_with CKR_GENERAL_ERROR 1 --login --pin "$VCARD_PIN" --list-objects
  refused_with CKR_GENERAL_ERROR 1 --init-pin --login --login-type so --so-pin "$VCARD_SO_PIN" \
    --new-pin "$VCARD_PIN"
  assert_state hsm wrong_pins 0
}

@test "HSM: from empty to a signature, a certificate, and empty again" {
  ready_hsm
  assert_state hsm tries 3 puk_tries 15
  run pkcs11-tool --module "$OPENSC_MODULE" --list-slots
  assert_line --regexp 'token label +: SAST-2 \(UserPIN\)$'
  make_key 0a1b sast-key
  p11_does 1 --read-object --type pubkey --id 0a1b -o public.der
  p11_does 1 --login --pin "$VCARD_PIN" --sign --id 0a1b -m SHA256-RSA-PKCS -i text -o signature
  openssl dgst -sha256 -verify public.der -keyform DER -signature signature text
  assert_state hsm signatures 1

  openssl pkey -pubin -inform DER -in public.der -out public
  openssl x509 -new -force_pubkey public -subj /O=Lab/CN=SAST-2 -days 9 \
    -signkey "$BATS_FILE_TMPDIR/first.key" -outform DER -out made.der
  p11_does 1 --login --pin "$VCARD_PIN" --write-object made.der --type cert --id 0a1b \
    --label sast-key
  p11_does 1 --read-object --type cert --id 0a1b -o read.der
  assert_same_file read.der made.der
  p11_does 1 --login --pin "$VCARD_PIN" --sign --id 0a1b -m RSA-PKCS -i text -o signature
  assert_state hsm signatures 2

  p11_does 1 --login --pin "$VCARD_PIN" --delete-object --type cert --id 0a1b
  p11_does 1 --login --pin "$VCARD_PIN" --delete-object --type privkey --id 0a1b
  p11_does 1 --login --pin "$VCARD_PIN" --list-objects
  refute_line --regexp '^(Private|Public) Key Object|^Certificate Object'
}

@test "HSM: keys do not leave the card, and outlive it; a new initialisation takes them" {
  ready_hsm
  make_key 01 one
  make_key 02 two
  vcard_eject hsm
  vcard_insert hsm
  p11_does 1 --login --pin "$VCARD_PIN" --list-objects --type privkey
  assert_equal "$(grep -c '^Private Key Object' <<<"$output")" 2
  assert_equal "$(grep -c 'sensitive, always sensitive, never extractable, local' <<<"$output")" 2
  refused_with CKR_PIN_INCORRECT 1 --init-token --label SAST-3 --so-pin "$WRONG_SO_PIN"
  assert_state hsm puk_tries 14
  p11_does 1 --init-token --label SAST-3 --so-pin "$VCARD_SO_PIN"
  assert_state hsm puk_tries 15
  p11_does 1 --init-pin --login --login-type so --so-pin "$VCARD_SO_PIN" --new-pin "$VCARD_PIN"
  p11_does 1 --login --pin "$VCARD_PIN" --list-objects
  refute_line --partial 'Key Object'
}

@test "HSM: PIN changed, counted, locked, and unlocked by the SO PIN" {
  ready_hsm
  p11_does 1 --login --pin "$VCARD_PIN" --change-pin --new-pin 9753102468
  refused_with CKR_PIN_INCORRECT 1 --login --pin "$VCARD_PIN" --list-objects
  assert_state hsm tries 2
  [[ $(flags 1) == *'user PIN count low'* ]]
  refused_with CKR_PIN_INCORRECT 1 --login --pin "$VCARD_PIN" --list-objects
  [[ $(flags 1) == *'final user PIN try'* ]]
  refused_with CKR_PIN_LOCKED 1 --login --pin "$VCARD_PIN" --list-objects
  [[ $(flags 1) == *'user PIN locked'* ]]
  refused_with CKR_PIN_LOCKED 1 --login --pin 9753102468 --list-objects
  # OpenSC keeps the SO PIN, and lets the card look at it only when it is used.
  refused_with CKR_PIN_INCORRECT 1 --init-pin --login --login-type so --so-pin "$WRONG_SO_PIN" \
    --new-pin "$VCARD_PIN"
  assert_state hsm tries 0 puk_tries 14
  p11_does 1 --init-pin --login --login-type so --so-pin "$VCARD_SO_PIN" --new-pin "$VCARD_PIN"
  assert_state hsm tries 3 puk_tries 15
  p11_does 1 --login --pin "$VCARD_PIN" --list-objects
}

@test "two cards at once, each with its own PIN; one leaves, the other stays" {
  vcard_eject hsm
  vcard_piv card-2 1 /O=Lab/CN=SAST-1 --9a "$BATS_FILE_TMPDIR/second" --no-9c --pin 777777
  signs 0 01 "$VCARD_PIN" "$(vcard_cert card 9a)"
  signs 1 01 777777 "$(vcard_cert card-2 9a)"
  refused_with CKR_PIN_INCORRECT 1 --login --pin "$VCARD_PIN" --list-objects
  assert_state card tries 3 signatures 1
  assert_state card-2 tries 2 signatures 1
  vcard_eject card
  run pkcs11-tool --module "$OPENSC_MODULE" --list-token-slots
  assert_equal "$(grep -c '^Slot' <<<"$output")" 1
  assert_line --partial 'Virtual PCD 00 01'
  vcard_insert card
  run pkcs11-tool --module "$OPENSC_MODULE" --list-token-slots
  assert_equal "$(grep -c '^Slot' <<<"$output")" 2
}

@test "a card that starts outside, one that is slow, and one that leaves after its PIN" {
  vcard_eject hsm
  vcard_hsm hsm-2 1 --out
  assert_state hsm-2 inserted false
  refused_with CKR_TOKEN_NOT_PRESENT 1 --list-objects
  vcard_insert hsm-2
  p11_does 1 --list-objects
  vcard_ctl card slow 0.5
  local begin=$EPOCHREALTIME
  signs 0 01 "$VCARD_PIN" "$(vcard_cert card 9a)"
  [[ $((${EPOCHREALTIME/./} - ${begin/./})) -ge 500000 ]]
  vcard_ctl card slow 0
  vcard_ctl card remove-after-verify
  p11 0 --login --pin "$VCARD_PIN" --sign --id 01 -m SHA256-RSA-PKCS -i text -o none
  assert_failure
  assert_state card inserted false signatures 1 verifies 2 tries 3
  vcard_insert card
  signs 0 01 "$VCARD_PIN" "$(vcard_cert card 9a)"
}

@test "a card that hangs keeps its reader until it goes on, or is pulled out" {
  vcard_ctl card hang
  run timeout 0.5 pkcs11-tool --module "$OPENSC_MODULE" --slot-index 0 --list-objects
  assert_equal "$status" 124
  vcard_ctl card unhang
  signs 0 01 "$VCARD_PIN" "$(vcard_cert card 9a)"
  vcard_ctl card hang
  run timeout 0.5 pkcs11-tool --module "$OPENSC_MODULE" --slot-index 0 --list-objects
  assert_equal "$status" 124
  vcard_eject card
  vcard_ctl card unhang
  vcard_insert card
  signs 0 01 "$VCARD_PIN" "$(vcard_cert card 9a)"
}

# What a shell of its own does: cards, their process ids in `pids`, and a long wait.
stage() { # DIRECTORY
  cat <<SCRIPT
source "$BATS_TEST_DIRNAME/../lib/vcard.bash"
cd "$1" && vcard_setup vcard && vcard_hsm one 0 && vcard_hsm two 1 || exit
cat "\$VCARD_RUN"/*.pid >pids.new && echo "\$VCARD_RUN" >run && mv pids.new pids
SCRIPT
}

@test "a test that is killed leaves no process behind" {
  stage "$PWD" >script
  echo 'sleep 60' >>script
  bash script >log 2>&1 3>&- 4>&- &
  local shell=$!
  eventually 10 test -f pids || { cat log; return 1; }
  assert_equal "$(wc -l <pids)" 3
  local pid
  while read -r pid; do
    kill -0 "$pid"
  done <pids
  kill -KILL "$shell"
  while read -r pid; do
    eventually 5 vcard_ended "$pid"
  done <pids
  rm -r "$(<run)"
}

@test "an ordinary user can have cards, and two suites at once do not meet" {
  local -a as_nobody=()
  if [[ $(id -u) -eq 0 ]]; then
    command -v setpriv >/dev/null || skip "setpriv is not installed"
    as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    "${as_nobody[@]}" test -r "$VCARD_HOME/vcard.py" || skip "nobody cannot read the sources"
    [[ -z $("${as_nobody[@]}" "$VCARD_PYTHON" "$VCARD_HOME/private_pcscd.py" --check) ]] ||
      skip "an ordinary user has no namespaces here"
  fi
  local bench
  bench=$(mktemp -d /tmp/ctlsign-nobody.XXXXXX)
  chmod 777 "$bench"
  stage "$bench" >script
  cat >>script <<'SCRIPT'
pkcs11-tool --module "$OPENSC_MODULE" --list-token-slots | grep 'token label'
vcard_teardown
SCRIPT
  chmod 644 script
  run "${as_nobody[@]}" bash -s <script
  rm -rf "$bench"
  assert_success
  assert_equal "$(tr -s ' ' <<<"$output")" \
    $' token label : SmartCard-HSM (UserPIN)\n token label : SmartCard-HSM (UserPIN)'
  # Those are not to be seen here.
  run pkcs11-tool --module "$OPENSC_MODULE" --list-token-slots
  assert_equal "$(grep 'token label' <<<"$output" | tr -s ' ')" \
    $' token label : SAST-1\n token label : SmartCard-HSM (UserPIN)'
}
