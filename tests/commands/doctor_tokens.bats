#!/usr/bin/env bats
# ctlsign doctor: modules, tokens, keys and certificates.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load ../lib/doctor

setup_file() {
  softhsm_require
  commands_setup_file
  make_sasts sast1
  softhsm_setup "$BATS_FILE_TMPDIR/hsm"
  softhsm_token SAST-1
  softhsm_import SAST-1 01 "$K/sast1"
}

setup() {
  doctor_setup
  # SAST-1 for every test, whatever others did to theirs.
  local made=$BATS_FILE_TMPDIR/hsm
  softhsm_setup hsm
  cp -r "$made"/{tokens,pins} hsm/
  p11mock_setup mock
  BEFORE=()
}

teardown() {
  doctor_teardown
}

token() {
  examine --module "$P11MOCK" "$@"
}

# softhsm ARG...: the module without the mock around it.
softhsm() {
  examine --module "$SOFTHSM_MODULE" "$@"
}

in_module() {
  printf '%s --module %s' "$1" "$P11MOCK"
}

@test "ready: a token with its key and certificate; pcscd is not needed for it" {
  token
  is_ready
  told module-file ok "named by --module"
  told module-owner ok "^[^ ]+, 0[0-7]{3}: only root or you"
  told module-loads ok "PKCS#11"
  told module-answers ok "with 1 token$"
  told tokens ok "^1 token$"
  told token-pin ok "not locked"
  told token-key ok "^RSA-2048, id 01$"
  told token-certificate ok "^CN=SAST1;OU=IPCBU;O=Lab;C=PL, valid to 20"
  told service-answers warning "no pcscd runs" "unset PCSCLITE_CSOCK_NAME"
  assert_json "[.checks[] | select(.check == \"token-pin\") | .where] | .[]" \
    "$(softhsm_serial SAST-1)"
  assert_json '[.checks[] | select(.level == "bad")] | length' 0
}

@test "ready, as text: the last line says so" {
  ctlsign doctor --module "$P11MOCK"
  assert_success
  refute_stderr
  assert_line "Token 'SAST-1' (serial $(softhsm_serial SAST-1))"
  assert_equal "${lines[-1]}" "Ready: 1 token can sign."
}

@test "no PIN goes to the token, and it is let go" {
  token
  is_ready
  assert_calls 0 C_Login
  assert_calls 1 C_Finalize
}

@test "the PIN: locked, not set, one try left, a wrong one given, on the reader, not needed" {
  p11mock_set retries '0 3'
  token
  is_not_ready
  told token-pin bad "^the PIN of token 'SAST-1' is locked" \
    "$(in_module 'ctlsign token unblock SAST-1')"
  p11mock_reset
  p11mock_set flags 'clear 0x8'
  token
  is_not_ready
  told token-pin bad "^token 'SAST-1' has no user PIN yet$" \
    "$(in_module 'ctlsign token unblock SAST-1')"
  p11mock_reset
  p11mock_set retries '1 3'
  token
  is_ready
  told token-pin warning "^one try is left" "make sure of the PIN before you type it"
  p11mock_set retries '2 3'
  token
  is_ready
  told token-pin warning "^a wrong PIN was given" "make sure of the PIN before you type it"
  p11mock_reset
  p11mock_set pinpad 1234
  token
  is_ready
  told token-pin ok "typed on the reader"
  p11mock_reset
  p11mock_set flags 'clear 0x4'
  token
  is_ready
  told token-pin ok "^none is needed$"
}

@test "a key without a certificate: it may come from a file" {
  p11mock_set no-certificates
  token
  is_ready
  told token-key ok "^RSA-2048, id 01$"
  told token-certificate warning "fits the key with id 01; CERTFILE is what its CA made for it$" \
    "$(in_module 'ctlsign token import SAST-1 CERTFILE')"
}

@test "a certificate that expired, begins later, or expires soon" {
  local now serial
  serial=$(softhsm_serial SAST-1)
  softhsm_delete SAST-1 cert 01
  cp "$K/sast1.key" old.key
  CERT_FROM=20200101000000Z CERT_TO=20210101000000Z cert_make old 2048 /CN=old
  softhsm_import_cert SAST-1 01 old.pem
  softhsm
  is_not_ready
  told token-key ok "^RSA-2048, id 01$"
  told token-certificate bad "^certificate CN=old expired on 2021-01-01 00:00:00 UTC; CERTFILE is what its CA" \
    "ctlsign token import SAST-1 CERTFILE --replace $serial --module $SOFTHSM_MODULE"

  softhsm_delete SAST-1 cert 01
  cp "$K/sast1.key" next.key
  CERT_FROM=20900101000000Z CERT_TO=20910101000000Z cert_make next 2048 /CN=next
  softhsm_import_cert SAST-1 01 next.pem
  softhsm
  is_not_ready
  told token-certificate bad "^certificate CN=next is not valid before 2090-01-01" \
    "check this computer's clock"

  softhsm_delete SAST-1 cert 01
  cp "$K/sast1.key" soon.key
  now=$(date -u +%s)
  CERT_FROM=20200101000000Z CERT_TO=$(date -u -d "@$((now + 20 * 86400))" +%Y%m%d%H%M%SZ) \
    cert_make soon 2048 /CN=soon
  softhsm_import_cert SAST-1 01 soon.pem
  softhsm
  is_ready
  told token-certificate warning "^certificate CN=soon expires soon, on .* UTC; CERTFILE is what its CA" \
    "ctlsign token import SAST-1 CERTFILE --replace $serial --module $SOFTHSM_MODULE"
}

@test "a certificate under another id is found by its key" {
  softhsm_delete SAST-1 cert 01
  softhsm_import_cert SAST-1 77 "$K/sast1.pem"
  softhsm
  is_ready
  told token-certificate ok "^CN=SAST1"
}

@test "a certificate of another key under the key's id is no match" {
  softhsm_delete SAST-1 cert 01
  cert_make other 2048 /CN=other
  softhsm_import_cert SAST-1 01 other.pem
  softhsm
  told token-certificate warning "fits the key with id 01; CERTFILE is what its CA made for it$" \
    "ctlsign token import SAST-1 CERTFILE --module $SOFTHSM_MODULE"
  told token-certificate - "^CN=other has no key on the token$"
}

@test "an empty token: what makes a key" {
  softhsm_token EMPTY
  softhsm
  is_ready
  told token-key bad "^token 'EMPTY' has no RSA key" \
    "ctlsign token provision EMPTY --subject CN=EMPTY --module $SOFTHSM_MODULE"
  ctlsign doctor --module "$SOFTHSM_MODULE"
  assert_success
  assert_equal "${lines[-2]}" "Ready: 1 token can sign."
  assert_equal "${lines[-1]}" "1 other thing is bad; see above."
}

@test "a certificate alone: its key may show after the login" {
  softhsm_token LATER
  softhsm_import_cert LATER 01 "$K/sast1.pem"
  softhsm_delete SAST-1 privkey 01 && softhsm_delete SAST-1 pubkey 01
  softhsm_delete SAST-1 cert 01
  softhsm
  is_ready
  told token-key warning "^none shows without the PIN"
}

@test "keys that sign no list, and sizes that phones do not like" {
  softhsm_delete SAST-1 privkey 01 && softhsm_delete SAST-1 pubkey 01
  softhsm_delete SAST-1 cert 01
  softhsm_key SAST-1 02 p256 /CN=ec
  softhsm
  is_not_ready
  told token-key - "^id 02 is no RSA key"
  told token-key bad "^token 'SAST-1' has no RSA key" \
    "ctlsign token provision SAST-1 --subject CN=SAST-1 --module $SOFTHSM_MODULE"
  softhsm_key SAST-1 03 1024 /CN=small
  softhsm_key SAST-1 04 4096 /CN=large
  softhsm
  is_ready
  told token-key warning "^RSA-1024, id 03: .*weak$" "use a token with an RSA-2048 key"
  told token-key warning "^RSA-4096, id 04: many phones refuse" "use a token with an RSA-2048 key"
}

@test "tokens whose labels need quotes or are not unique are told by their serial numbers" {
  local mend
  softhsm_token "it's; one"
  softhsm_token TWICE
  softhsm_token TWICE
  softhsm
  assert_json '[.checks[] | select(.check == "token-key" and .level == "bad") | .mend
    | capture("^ctlsign token provision [0-9a-f]{16} --subject (?<dn>[^ ]*) --module ").dn]
    | sort | join(" ")' "CN=TWICE CN=TWICE CN=it-s-one"
  # What stands there is taken as it is by a shell and by the command.
  while read -r mend; do
    eval "set -- $mend"
    shown=("${@:1:2}")
    assert_equal "${shown[*]}" "ctlsign token"
    run_split "$CTLSIGN" token show "$4" --module "$SOFTHSM_MODULE"
    assert_success
  done < <(jq -r '.checks[] | select(.check == "token-key" and .level == "bad") | .mend' \
    <<<"$output")
}

@test "only blank ones: what initialises one" {
  rm -rf hsm/tokens/*
  softhsm
  is_not_ready
  told tokens bad "^no token is there, only SoftHSM's free slot .for a token in software.$" \
    "ctlsign token init --label SAST-1 --module $SOFTHSM_MODULE"
  # In a module that is not called SoftHSM it is a blank token.
  p11mock_set show-empty
  token
  is_not_ready
  told tokens bad "^no token is there but 1 blank one, which is not initialised$" \
    "$(in_module 'ctlsign token init --label SAST-1')"
  # One of several has to be named.
  softhsm_token SECOND
  p11mock_set flags 'clear 0x400'
  token
  is_not_ready
  told tokens bad "^no token is there but 2 blank ones, which are not initialised$" \
    "$(in_module "ctlsign token init pkcs11:slot-id=1 --label SAST-1")"
}

@test "SoftHSM's free slot is never proposed beside another module" {
  rm -rf hsm/tokens/*
  cp "$SOFTHSM_MODULE" libsofthsm2.so
  examine --module "$P11MOCK" --module "$PWD/libsofthsm2.so"
  is_not_ready
  told tokens bad "^no token is there, only SoftHSM's free slot" "mend first what is bad above"
  assert_json '[.checks[] | select(.mend | test("token init"))] | length' 0
}

@test "a locked PIN makes nothing else bad: a CA's certificate beside the key" {
  cert_make ca 2048 /CN=ca
  softhsm_import_cert SAST-1 09 ca.pem
  p11mock_set retries '0 3'
  token
  is_not_ready
  told token-certificate - "^CN=ca has no key on the token$"
  levels token-certificate ok -
  assert_json '[.checks[] | select(.level == "bad") | .check] | join(" ")' token-pin
}

@test "every bad thing has a mend" {
  rm -rf hsm/tokens/*
  examine --module none.so --module "$PWD" --module "$P11MOCK"
  assert_json '[.checks[] | select(.level == "bad" and .mend == "")] | length' 0
}

@test "a module: not there, a folder, not absolute" {
  examine --module "$PWD/none.so" --module "$PWD" --module none.so
  is_not_ready
  told module-file bad "^cannot find the module: No such file" \
    "give the path of a module that is installed"
  told module-file bad "not a regular file" "give the path of a module that is installed"
  told module-file bad "not absolute" "give the path of a module that is installed"
}

# begins_with MEND WHAT ARG...: what is said last of all.
begins_with() {
  run_split "$CTLSIGN" doctor "${@:3}"
  assert_failure 5
  assert_equal "${lines[-3]}" "NOT READY: $2"
  assert_equal "${lines[-2]}" "Begin with this; then ask again:"
  assert_equal "${lines[-1]}" "  $1"
}

@test "a module that was named and cannot be used is what to begin with, not pcscd" {
  local mend="give the path of a module that is installed"
  begins_with "$mend" "/none.so: cannot find the module: No such file or directory" \
    --module /none.so
  begins_with "$mend" "none.so: the module's path is not absolute" --module none.so
  cp "$P11MOCK" mine.so
  chmod 666 mine.so
  # Who is not root is told to be it.
  run_split "$CTLSIGN" doctor --module "$PWD/mine.so"
  assert_failure 5
  assert_equal "${lines[-1]}" "  chmod go-w $PWD/mine.so"
  # A registered module would be named by its folder; of two the broken one is told.
  softhsm_delete SAST-1 privkey 01 && softhsm_delete SAST-1 pubkey 01
  softhsm_delete SAST-1 cert 01
  begins_with "$mend" "/none.so: cannot find the module: No such file or directory" \
    --module "$P11MOCK" --module /none.so
}

@test "a module whose path cannot be printed" {
  local odd=$PWD/$'mock\x01.so'
  cp "$P11MOCK" "$odd"
  examine --module "$odd" --module "$odd"
  is_ready
  levels module-owner ok
  told module-owner ok "^[^ ]+, 0[0-7]{3}: only root or you"
}

@test "a module that others can write, or replace: it is not loaded" {
  cp "$P11MOCK" mine.so
  chmod 666 mine.so
  examine --module "$PWD/mine.so"
  is_not_ready
  told module-owner bad "others can write the module's file" "chmod go-w $PWD/mine.so"
  assert_calls 0 C_Initialize
  chmod 644 mine.so
  mkdir -m 777 "open door"
  mv mine.so "open door"
  examine --module "$PWD/open door/mine.so"
  told module-owner bad "others can write the module's directory" "chmod go-w '$PWD/open door'"
  assert_calls 0 C_Initialize
  eval "$(jq -r '.checks[] | select(.check == "module-owner") | .mend' <<<"$output")"
  examine --module "$PWD/open door/mine.so"
  is_ready
}

@test "a module in the hands of a stranger" {
  [[ $(id -u) -eq 0 ]] || skip "only root can give a file away"
  cp "$P11MOCK" mine.so
  chown 65534 mine.so
  examine --module "$PWD/mine.so"
  is_not_ready
  told module-owner bad "belongs to neither root nor you" "chown root $PWD/mine.so"
}

@test "a file that is no module, or no PKCS#11 module" {
  local libc
  echo junk >junk.so
  libc=$(ldd "$P11MOCK" | awk '$1 ~ /^libc\.so/ { print $3 }')
  examine --module "$PWD/junk.so" --module "$libc"
  is_not_ready
  told module-loads bad "^cannot load the module: " \
    "check that the token's software is installed completely and for this processor"
  told module-loads bad "has no C_GetFunctionList$" "name the PKCS#11 module of the token's maker"
}

@test "SoftHSM without its configuration" {
  SOFTHSM2_CONF=/nowhere
  softhsm
  is_not_ready
  told module-answers bad "C_Initialize failed: .*CKR_GENERAL_ERROR" "unset SOFTHSM2_CONF"
  # Nothing here needs pcscd, so that is not what to begin with.
  levels service-answers warning
}

@test "one module that is broken hides no other" {
  examine --module "$PWD/none.so" --module "$P11MOCK"
  is_ready
  levels module-file bad ok
  levels module-answers ok
}

@test "a module that is named twice is looked at once" {
  token --module "$P11MOCK"
  is_ready
  levels module-answers ok
}

# A hanging call is given up after five seconds, and is the only one.
hangs_in() { # FUNCTION CHECK
  local begin=$SECONDS
  p11mock_set hang "$1"
  token
  is_not_ready
  told "$2" bad "^stopped answering: $1 did not come back within 5 seconds$" \
    "unplug the token, plug it in again, and start again"
  ((SECONDS - begin < 9)) || fail "took $((SECONDS - begin)) s"
}

@test "a module that hangs in C_Initialize" {
  hangs_in C_Initialize module-answers
}

@test "a module that hangs in C_GetSlotList" {
  hangs_in C_GetSlotList module-answers
}

@test "a token that hangs when objects are looked for" {
  hangs_in C_FindObjects token-key
}

@test "a module that hangs at the end does not keep its result back for long" {
  local begin=$SECONDS
  p11mock_set hang C_Finalize
  token
  is_ready
  ((SECONDS - begin < 5)) || fail "took $((SECONDS - begin)) s"
}

@test "modules that are slow: those that come too late are not asked" {
  local n modules=()
  p11mock_set delay 'C_Initialize 4900'
  for n in 1 2 3 4 5; do
    cp "$P11MOCK" $n.so
    modules+=(--module "$PWD/$n.so")
  done
  examine "${modules[@]}"
  told module-answers bad "everything together took too long" "mend first what does not answer"
}

@test "a slot that is broken" {
  p11mock_set fail 'C_GetTokenInfo 0x30'
  token
  is_not_ready
  told module-answers bad "^$P11MOCK: slot [0-9]+ '.*': C_GetTokenInfo failed: .*CKR_DEVICE_ERROR" \
    "unplug the token, plug it in again, and try again"
  told tokens bad "^no module finds a token$" "mend first what is bad above"
  ctlsign doctor --module "$P11MOCK"
  assert_failure 5
  assert_line --regexp "^NOT READY: no pcscd runs"
  # Beside a token that can be read it is a warning.
  softhsm_token SECOND
  p11mock_set fail 'C_GetTokenInfo 0x30 1'
  token
  levels module-answers ok warning
}
