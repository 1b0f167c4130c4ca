#!/usr/bin/env bats
# The servers that the other suites start do what those take for granted.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load ../lib/assertions
load ../lib/sshd
load ../lib/tftpd

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  service_setup "$BATS_TEST_TMPDIR/services"
}

teardown() {
  service_teardown
}

sftp_put() { # NAME FILE DIRECTORY
  printf 'put %s %s\n' "$2" "$3" | sftp -b - -P "$(sshd_port "$1")" -F none -i "$SSH_KEY" \
    -o IdentitiesOnly=yes -o "UserKnownHostsFile=$SSH_KNOWN_HOSTS" -o StrictHostKeyChecking=yes \
    -o ConnectTimeout=2 "$SSH_USER@127.0.0.1"
}

@test "sshd: serves who has the key, and stops, freezes, and changes its key" {
  local pid
  sshd_require
  sshd_setup
  sshd_start one
  mkdir there
  echo text >file
  sftp_put one file "$PWD/there/"
  assert_same_file file there/file
  sshd_refuse one
  run sftp_put one file "$PWD/there/"
  [[ $status -ne 0 && $output == *"Permission denied"* ]]
  sshd_allow one
  sshd_freeze one
  run sftp_put one file "$PWD/there/"
  [[ $status -ne 0 && $output == *"timed out"* ]]
  sshd_thaw one
  sshd_new_host_key one
  run sftp_put one file "$PWD/there/"
  [[ $status -ne 0 && $output == *"IDENTIFICATION HAS CHANGED"* ]]
  sshd_trust one
  sftp_put one file "$PWD/there/second"
  assert_same_file file there/second
  pid=$(service_pid one)
  sshd_stop one
  run kill -0 "$pid"
  [[ $status -ne 0 ]]
}

@test "in.tftpd: a client gets what lies there" {
  tftpd_require
  mkdir there
  head -c 20000 /dev/urandom >there/CTLFile.tlv
  tftpd_start one "$PWD/there"
  tftp_get one CTLFile.tlv got
  assert_same_file got there/CTLFile.tlv
  run tftp_get one missing got
  [[ $status -ne 0 ]]
  curl -s "$(tftpd_url one)/CTLFile.tlv" >got
  assert_same_file got there/CTLFile.tlv
}

@test "ports: none is given twice, and they are free again behind the test" {
  local -a ports=()
  local n port
  for ((n = 0; n < 50; n++)); do
    service_port
    ports+=("$PORT")
  done
  assert_equal "$(printf '%s\n' "${ports[@]}" | sort -u | wc -l)" 50
  service_teardown
  for port in "${ports[@]}"; do
    [[ ! -L $SERVICE_PORTS/$port ]] || fail "$port is still taken"
  done
}
