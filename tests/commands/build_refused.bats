#!/usr/bin/env bats
# What ctlsign build refuses: the exit code, one line that says why, and no file made or changed.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub
  make_odd_rsa huge 1026
  # Three primes are found faster than two.
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_keygen_primes:3 \
    -out "$K/three.key" 2>/dev/null
  cert_make "$K/three" 3072 /CN=three
}

setup() {
  commands_setup
}

# refused_build CODE REGEXP ARG...: with a signer and two SAST entries, to out.tlv.
refused_build() {
  local code=$1 pattern=$2
  shift 2
  [[ " $* " == *' --timestamp'[\ =]* ]] || set -- --timestamp "$STAMP" "$@"
  refused "$code" "$pattern" build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" \
    --sast "$K/sast2.pem" "$@"
}

# refused_entry CODE REGEXP SPEC: as a CCM entry.
refused_entry() {
  refused_build "$1" "$2" --ccm "$3"
}

@test "what is missing is named" {
  refused 2 '^ctlsign: -o FILE is missing; see: ctlsign build --help$' \
    build --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
  refused 2 '^ctlsign: --sign-with KEY is missing, or --collect N; see: ' build -o out.tlv --sast "$K/sast1.pem"
  refused 2 '^ctlsign: there is no --sast entry' build -o out.tlv --sign-with "$K/sast1.key"
  refused 2 '^ctlsign: there is no --sast entry' \
    build -o out.tlv --sign-with "$K/sast1.key" --ccm "$K/sast1.pem"
  refused 2 'missing; see: ctlsign build --help$' build
}

@test "options without their values, unknown ones and stray words" {
  for option in -o --output --sign-with --sast --ccm --ccm-tftp --tftp --capf --firewall \
    --app-server --tvs --filename --digest --timestamp --signer-version --names --pin-file --pin-fd \
    --module --timeout; do
    refused 2 "^ctlsign: option '$option' needs a value; see: ctlsign build --help$" build "$option"
  done
  refused_build 2 "^ctlsign: unknown option '--sasts'; " --sasts x
  refused_build 2 "^ctlsign: unknown option '-x'; " -x
  refused_build 2 "^ctlsign: option '--force=yes' takes no value; " --force=yes
  refused_build 2 "^ctlsign: unexpected argument 'stray'; " stray
}

@test "bad values of options" {
  refused_build 2 "^ctlsign: --digest takes sha1, sha256 or sha512, not 'md5'; " --digest md5
  refused_build 2 "not ''" --digest ''
  refused_build 2 "not 'SHA384'" --digest SHA384
  for value in -1 4294967296 1e9 '' ' 1' 0x10 99999999999999999999999; do
    refused_build 2 "^ctlsign: --timestamp takes .*, not '$value'; " --timestamp "$value"
  done
  for value in 1 1.2 2.0 1.0.0 ''; do
    refused_build 2 "^ctlsign: --signer-version takes 1.0 or 1.1, not '$value'; " \
      --signer-version "$value"
  done
  refused_build 2 "^ctlsign: --names takes cucm or rfc4514, not 'windows'; " --names windows
  for value in '' a/b 'a b' $'a\tb' $'\xff' "$(printf 'x%.0s' {1..256})"; do
    refused_build 2 "^ctlsign: --filename takes a plain file name" --filename "$value"
  done
  for value in x -1 ''; do
    refused_build 2 "^ctlsign: --pin-fd takes " --pin-fd "$value"
  done
  for value in 0 3601 x; do
    refused_build 2 "^ctlsign: --timeout takes 1 to 3600 seconds, not '$value'; " --timeout "$value"
  done
  refused_build 2 '^ctlsign: --pin-file and --pin-fd exclude each other' --pin-file x --pin-fd 3 \
    3<"$K/sast1.pem"
}

@test "bad SPECs" {
  local form='write it as CERTIFICATE\[,dns=NAME\]\[,ip=ADDRESS\]$'
  refused_entry 2 "^ctlsign: dns= is given twice: 'a'; $form" "$K/pub.pem,dns=a,dns=b"
  refused_entry 2 "^ctlsign: ip= is given twice: '1.2.3.4'; $form" "$K/pub.pem,ip=1.2.3.4,ip=1.2.3.5"
  for address in 1.2.3 1.2.3.4.5 256.1.1.1 '' host ::g '1.2.3.4 '; do
    refused_entry 2 "^ctlsign: this is not an IP address: '$address'; " "$K/pub.pem,ip=$address"
  done
  for name in '' 'a b' 'a_b/c' $'a\nb' 'ä' "$(printf 'x%.0s' {1..255})"; do
    refused_entry 2 "^ctlsign: this is not a host name: '" "$K/pub.pem,dns=$name"
  done
  refused_entry 2 "^ctlsign: the certificate is missing: " ''
  refused_entry 2 "^ctlsign: the certificate is missing: " ',dns=a,ip=1.2.3.4'
  # What is no option belongs to the file's name.
  refused_entry 1 "^ctlsign: $K/pub.pem,DNS=a: cannot open the file: No such file" "$K/pub.pem,DNS=a"
  refused_entry 1 "^ctlsign: $K/pub.pem,dns=a,x: cannot open the file" "$K/pub.pem,dns=a,x,ip=1.2.3.4"
}

@test "certificate files that are none" {
  mkdir folder
  mkfifo fifo
  : >empty
  head -c 2000 /dev/urandom >garbage
  head -c 400 "$K/pub.der" >cut.der
  { cat "$K/pub.der"; echo; } >long.der
  head -n 8 "$K/pub.pem" >cut.pem
  head -c 300000 /dev/zero >large
  refused_entry 1 '^ctlsign: nothere: cannot open the file: No such file or directory; if a token is meant, write pkcs11:token=nothere$' nothere
  refused_entry 1 '^ctlsign: folder: ' folder
  refused_entry 1 '^ctlsign: fifo: ' fifo
  refused_entry 1 '^ctlsign: large: the file is larger than 262144 bytes' large
  for file in empty garbage cut.der cut.pem "$K/pub.key"; do
    refused_entry 1 "^ctlsign: $file: this is no X.509 certificate in PEM or DER form; " "$file"
  done
  refused_entry 1 '^ctlsign: long.der: 1 bytes? follow' long.der
}

@test "a file with two certificates: which one is meant is not guessed" {
  cat "$K/pub.pem" "$K/sast1.pem" >two.pem
  refused_entry 1 '^ctlsign: two.pem: the file holds more than one certificate; ' two.pem
}

@test "a file that may not be read" {
  [[ $(id -u) -ne 0 ]] || skip "root reads everything"
  cp "$K/pub.pem" secret.pem
  chmod 000 secret.pem
  refused_entry 1 '^ctlsign: secret.pem: cannot open the file: Permission denied$' secret.pem
}

@test "a key that belongs to no SAST entry" {
  refused 5 "^ctlsign: $K/server.key: this key belongs to none of the list's SAST entries .*--sast" \
    build -o out.tlv --sign-with "$K/server.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm "$K/pub.pem,dns=a"
}

@test "key files that are none" {
  mkdir folder
  mkfifo fifo
  : >empty
  head -n 8 "$K/sast1.key" >cut.key
  head -c 70000 /dev/zero >large
  for key in nothere folder fifo empty cut.key large "$K/sast1.pem" "$K/sast1.der"; do
    refused 1 "^ctlsign: $key: " build -o out.tlv --sign-with "$key" --sast "$K/sast1.pem"
  done
}

@test "an RSA-3072 signer: the format has no code for it" {
  refused 1 '^ctlsign: RSA-3072 has no modulus code in the format; use a 2048-bit key$' \
    build -o out.tlv --sign-with "$K/three.key" --sast "$K/three.pem" --sast "$K/sast1.pem"
}

@test "a signer with an EC key" {
  cert_make ./ec p256 /CN=ec
  refused 5 '^ctlsign: ec.key: trust lists are signed with RSA keys only; ' \
    build -o out.tlv --sign-with ec.key --sast ec.pem --sast "$K/sast1.pem"
}

@test "another SAST with the signer's serial and issuer before it" {
  borrow server a
  borrow sast2 b
  CERT_SERIAL=1234 cert_make ./a 2048 /CN=twin
  CERT_SERIAL=1234 cert_make ./b 2048 /CN=twin
  refused 5 "another SAST entry has the signer's serial and issuer" \
    build -o out.tlv --sign-with b.key --sast a.pem --sast b.pem
}

@test "names over 255 bytes" {
  local long
  long=/C=PL$(printf '/OU=%060d' 1 2 3 4)
  borrow server long
  cert_make ./long 2048 "$long/CN=x"
  refused_entry 1 '^ctlsign: entry 3: a name of 2[5-9][0-9] bytes is longer than 255' long.pem,dns=a
  refused 1 'is longer than 255' build -o out.tlv --sign-with long.key --sast long.pem
}

@test "more than phones load" {
  local -a many=()
  for i in {1..45}; do
    many+=(--ccm "$K/pub.pem,dns=host$i")
  done
  refused_build 1 '^ctlsign: the list would have [67][0-9]* bytes, and phones do not load more than 65536; ' \
    "${many[@]}"
}

@test "what lint calls an error is not signed, unless told to" {
  refused_build 3 '^ctlsign: phones would reject the list, so it was not signed: .*no phone takes over 4096; ' \
    --ccm "$K/huge.pem,dns=huge"
  ctlsign build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm "$K/huge.pem,dns=huge" --no-lint
  assert_success
  refute_output
  assert_stderr --regexp '^ctlsign: warning: record 3: [^'$'\n'']*no phone takes over 4096; '
  independent out.tlv
}

@test "an existing file is left alone without --force" {
  echo precious >out.tlv
  refused_build 1 '^ctlsign: out.tlv: the file exists and is left as it is; .*--force'
  ln -s nowhere dangling
  refused 1 '^ctlsign: dangling: ' build -o dangling --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
}

@test "--force replaces the file, keeps its mode, and follows a link" {
  echo precious >real
  chmod 640 real
  ln -s real out.tlv
  build_with sast1 out.tlv --force
  assert_only_files . out.tlv real
  [[ -L out.tlv ]]
  assert_mode real 640
  independent real
  build_with sast1 fresh.tlv --force
  assert_mode fresh.tlv 644
  assert_same_file real fresh.tlv
}

@test "a failed build with --force leaves the old file whole" {
  build_with sast1 out.tlv
  echo >garbage
  refused_build 1 'garbage' --force --ccm garbage
  refused_build 3 'phones would reject' --force --ccm "$K/huge.pem"
  refused 1 'RSA-3072' build -o out.tlv --force --sign-with "$K/three.key" --sast "$K/three.pem"
  refused 5 'belongs to none' build -o out.tlv --force --sign-with "$K/three.key" --sast "$K/sast1.pem"
}

@test "the output is never one of the inputs, not even with --force" {
  local same='the output file is also one of the inputs; write to another file$'
  cp "$K/sast1.pem" cert.pem
  cp "$K/sast1.key" key.pem
  echo 1234 >pin
  chmod 600 pin
  ln -s cert.pem link.pem
  ln key.pem hard.pem
  mkdir sub
  ln -s ../pin sub/pin
  for file in cert.pem key.pem pin ./cert.pem "$PWD/key.pem" link.pem hard.pem sub/pin; do
    refused 2 "^ctlsign: $file: $same" build -o "$file" --force --pin-file pin \
      --sign-with key.pem --sast cert.pem --sast "$K/sast2.pem"
    refused 2 "^ctlsign: $file: $same" build -o "$file" --pin-file pin --sign-with hard.pem \
      --sast link.pem,dns=a
  done
}

@test "outputs that cannot be written" {
  mkdir folder
  mkfifo fifo
  refused 1 '^ctlsign: folder: this is a directory' \
    build -o folder --force --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
  refused 1 '^ctlsign: fifo: this is not a regular file' \
    build -o fifo --force --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
  refused 1 '^ctlsign: none/out.tlv: .*No such file or directory' \
    build -o none/out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
  refused 1 '^ctlsign: /dev/full: ' \
    build -o /dev/full --force --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
  refused 2 '^ctlsign: -o FILE is missing; ' build -o '' --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
  refused 1 'this is not a file name|directory' \
    build -o folder/ --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
}

@test "a directory that may not be written, before any PIN is asked for" {
  [[ $(id -u) -ne 0 ]] || skip "root writes everywhere"
  mkdir folder
  chmod 555 folder
  refused 1 '^ctlsign: folder/out.tlv: cannot write into the directory' \
    build -o folder/out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem"
}
