#!/usr/bin/env bats
# Passphrases of key files: where ctlsign build takes them from, and what it says without them.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures
load ../lib/tty

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  openssl pkey -in "$K/sast1.key" -aes-256-cbc -passout pass:'open sesame' -out "$K/locked.key"
}

setup() {
  commands_setup
  printf 'open sesame\n' >pass
  chmod 600 pass
}

teardown() {
  tty_stop
}

# refused_locked CODE REGEXP ARG...
refused_locked() {
  local code=$1 pattern=$2
  shift 2
  refused "$code" "$pattern" build -o out.tlv --sign-with "$K/locked.key" --sast "$K/sast1.pem" \
    --sast "$K/sast2.pem" --timestamp "$STAMP" "$@"
}

# assert_signed FILE: the same bytes as with the key in the clear.
assert_signed() {
  quietly build -o plain.tlv --force --sign-with "$K/sast1.key" --sast "$K/sast1.pem" \
    --sast "$K/sast2.pem" --timestamp "$STAMP"
  assert_same_file plain.tlv "$1"
}

sign_locked() {
  quietly build --sign-with "$K/locked.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --timestamp "$STAMP" "$@"
}

@test "the passphrase from a file, with and without a line end" {
  sign_locked -o a.tlv --pin-file pass
  assert_signed a.tlv
  for text in 'open sesame' 'open sesame\r\n' 'open sesame\nsecond line\n'; do
    # shellcheck disable=SC2059
    printf "$text" >pass
    sign_locked -o a.tlv --pin-file pass --force
    assert_signed a.tlv
  done
}

@test "the passphrase from a descriptor" {
  sign_locked -o a.tlv --pin-fd 7 7<pass
  assert_signed a.tlv
  sign_locked -o b.tlv --pin-fd 0 <pass
  assert_signed b.tlv
}

@test "the passphrase from a FIFO" {
  mkfifo -m 600 fifo
  printf 'open sesame\n' >fifo &
  sign_locked -o a.tlv --pin-file fifo
  wait
  assert_signed a.tlv
}

@test "a wrong passphrase" {
  printf 'close sesame\n' >pass
  refused_locked 5 "^ctlsign: .*locked.key: the passphrase does not open this key; " --pin-file pass
  refused_locked 5 "does not open this key" --pin-fd 7 7<pass
  [[ $stderr != *sesame* ]]
}

@test "no passphrase and no terminal" {
  refused_locked 5 'is encrypted and there is no terminal to ask at; .*--pin-file FILE or --pin-fd N'
}

@test "passphrase files that are refused" {
  chmod 640 pass
  refused_locked 1 '^ctlsign: .*pass: others can read the PIN file \(mode 0640\); .*chmod 600' \
    --pin-file pass
  chmod 604 pass
  refused_locked 1 'mode 0604' --pin-file pass
  (umask 077; : >empty; mkdir folder; head -c 5000 /dev/zero | tr '\0' x >long; printf 'a\0b\n' >nul)
  refused_locked 1 'No such file or directory' --pin-file nothere
  refused_locked 1 'the PIN is empty' --pin-file empty
  refused_locked 1 'the PIN file is no regular file' --pin-file folder
  refused_locked 1 'the PIN is longer than' --pin-file long
  refused_locked 1 'the PIN contains a NUL byte' --pin-file nul
  refused_locked 2 '--pin-fd takes the number of a descriptor that is open for reading' --pin-fd 77
}

@test "a PIN file that is not needed is not read" {
  quietly build -o a.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --pin-file nothere
}

@test "the person at the terminal is asked; stdout and stderr stay silent" {
  tty_require
  tty_start --stdout out --stderr err -- "$CTLSIGN" build -o a.tlv --sign-with "$K/locked.key" \
    --sast "$K/sast1.pem" --sast "$K/sast2.pem" --timestamp "$STAMP"
  tty_wait "Passphrase of the key file $K/locked.key:"
  tty_type 'open sesame'
  tty_finish
  assert_success
  refute_output --partial 'open sesame'
  # The warning that this list earns is all there is.
  [[ ! -s out ]]
  assert_equal "$(grep -vc 'has no CCM, CCM+TFTP or TFTP record' err)" 0
  assert_signed a.tlv
}

@test "Ctrl-C and an empty line end it, and nothing is written" {
  tty_require
  for key in C-c Enter; do
    tty_start --stdout out --stderr err -- "$CTLSIGN" build -o a.tlv --sign-with "$K/locked.key" \
      --sast "$K/sast1.pem" --sast "$K/sast2.pem" --ccm-tftp "$K/sast1.pem,dns=pub"
    tty_wait "Passphrase of the key file"
    tty_key "$key"
    tty_finish
    # Ctrl-C ends the program as it ends others, so that a loop in a shell ends too.
    if [[ $key == C-c ]]; then assert_equal "$status" 130; else assert_failure 1; fi
    assert_equal "$(wc -l <err)" 1
    grep -q '^ctlsign: .*cancelled' err
    refute_file a.tlv
  done
}
