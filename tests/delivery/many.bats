#!/usr/bin/env bats
# The largest cluster: 28 nodes, each with a target of its own, all at once.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # tests are subshells; bats sets output, stderr

load fixture

setup_file() {
  local n
  local -a names=()
  delivery_setup_file
  for ((n = 1; n < 28; n++)); do
    names+=("node$n")
  done
  borrow_node_key "${names[@]}"
}

setup() {
  cluster_setup
  service_setup "$BATS_TEST_TMPDIR/services"
  sshd_setup
}

teardown() {
  delivery_teardown
}

# targets N-DIRECTORIES N-PROVIDERS N-SSHDS: sets TARGET[0..27] and FOLDER[0..27]; all that are
# neither are folders behind the sshds, in turn.
targets() {
  local n name directories=$1 providers=$2 sshds=$3
  declare -ga TARGET=() FOLDER=()
  for ((n = 0; n < sshds; n++)); do
    sshd_launch "sshd$n"
  done
  for ((n = 0; n < sshds; n++)); do
    service_ready "sshd$n" tcp "$(sshd_port "sshd$n")"
  done
  for ((n = 0; n < 28; n++)); do
    if ((n >= directories && n < directories + providers)); then
      provider_conf "node$n" && provider_start "node$n" || return
      FOLDER+=("$(provider_files "node$n")")
      TARGET+=("$(provider_url "node$n")")
      continue
    fi
    FOLDER+=("$SERVICES/folder$n")
    mkdir "$SERVICES/folder$n"
    if ((n < directories)); then
      TARGET+=("$SERVICES/folder$n")
    else
      TARGET+=("$(sshd_url "sshd$((n % sshds))" "$SERVICES/folder$n")")
    fi
  done
}

# A publisher, 16 subscribers, 2 TFTP servers, 9 media servers.
kind() { # N
  if (($1 == 0)); then echo publisher
  elif (($1 <= 16)); then echo subscriber
  elif (($1 <= 18)); then echo tftp
  else echo media; fi
}

many_conf() {
  local n
  printf '%s\n' 'cluster = "large"' 'release = "12.5(1)"' 'export-controlled = yes' \
    'publisher cucm-node0 {' '  address = "10.1.0.1"' '  services = {CallManager, TFTP, CAPF}' \
    '  certificate = "certs/pub.pem"' '  capf-certificate = "certs/capf.pem"' \
    "  deliver = {\"${TARGET[0]}\"}" '}'
  for ((n = 1; n < 28; n++)); do
    printf '%s\n' "$(kind "$n") cucm-node$n {" "  address = \"10.1.1.$n\"" \
      "  certificate = \"certs/node$n.pem\"" "  deliver = {\"${TARGET[n]}\"}" '}'
  done
  printf '%s\n' 'itlrecovery {' '  certificate = "certs/itl.pem"' '  key = "certs/itl.key"' '}' \
    'callmanager { key = "certs/pub.key" }'
  LIMIT=20 publish_section
}

# assert_all FILE|none: every node has the list, but media servers, and CAPF's certificate, but the
# publisher; nothing else lies there.
assert_all() {
  local n
  for ((n = 0; n < 28; n++)); do
    if [[ $1 == none ]]; then
      assert_only_files "${FOLDER[n]}" || return
    else
      case $(kind "$n") in
      publisher) assert_only_files "${FOLDER[n]}" CTLFile.tlv ;;
      media) assert_only_files "${FOLDER[n]}" capf.cer capf.pem ;;
      *) assert_only_files "${FOLDER[n]}" CTLFile.tlv capf.cer capf.pem ;;
      esac || return
      [[ ! -e ${FOLDER[n]}/CTLFile.tlv ]] || assert_same_file "${FOLDER[n]}/CTLFile.tlv" "$1" ||
        return
      [[ $n -eq 0 ]] || { cmp "${FOLDER[n]}/capf.cer" "$K/capf.der" &&
        cmp "${FOLDER[n]}/capf.pem" "$K/capf.pem"; } || return
    fi
  done
}

@test "28 folders behind one sshd" {
  targets 0 0 1
  many_conf >ctlsign.conf
  change set-cluster mixed-mode --tokenless
  assert_all CTLFile.tlv
  ctlsign nodes
  assert_success
  cp CTLFile.tlv old
  change update
  refute_same_file old CTLFile.tlv
  assert_all CTLFile.tlv
}

@test "28 targets of all kinds, some sshds, some providers; one of them is down" {
  targets 4 6 6
  many_conf >ctlsign.conf
  sshd_stop sshd3
  NOW=$((NOW + 1))
  ctlsign set-cluster mixed-mode --tokenless --yes --timestamp "$NOW"
  assert_failure
  [[ $output$stderr == *cucm-node15* ]] || { show_run; fail "not named"; }
  assert_all none
  sshd_again sshd3
  publish --resume
  assert_success
  assert_all CTLFile.tlv
  cp CTLFile.tlv old
  provider_kill node5
  NOW=$((NOW + 1))
  ctlsign update --yes --timestamp "$NOW"
  assert_failure
  [[ $output$stderr == *cucm-node5* ]] || { show_run; fail "not named"; }
  assert_all old
  provider_start node5
  publish --back
  assert_success
  assert_all old
  change update
  assert_all CTLFile.tlv
  ctlsign nodes
  assert_success
  assert_settled
}
