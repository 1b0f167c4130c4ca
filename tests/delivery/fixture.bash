# What the suites of delivery share: a cluster of three nodes on loopback, whose files go to a
# directory that tftpd serves, to an sshd, and to a CTL Provider.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154  # output and stderr are set by bats' run

load ../cluster/fixture
load ../lib/sshd
load ../lib/tftpd
load ../lib/provider

# Seconds that a step may take in these tests.
LIMIT=${LIMIT-3}

# For setup_file: certificates of nodes in K, of providers and officers in PROVIDER_CERTS.
delivery_setup_file() {
  commands_setup_file || return
  command -v jq >/dev/null || skip "jq is not installed"
  sshd_require
  provider_require
  export XDG_STATE_HOME=$BATS_FILE_TMPDIR/state
  make_certificates pub capf itl || return
  # One key serves the subscribers.
  borrow_node_key sub1 sub2 && provider_certificates "$BATS_FILE_TMPDIR/pc"
}

# borrow_node_key NAME...: certificates of nodes, K/NAME, that share a key.
borrow_node_key() {
  local name
  [[ -s $K/shared.key ]] || cert_key "$K/shared.key" 2048 || return
  for name; do
    cp "$K/shared.key" "$K/$name.key" && cert_node "$K/$name" "$name" || return
  done
}

# For setup: the three servers run, and ctlsign.conf is theirs.  NODES names some of them only.
delivery_setup() {
  cluster_setup && delivery_servers "$BATS_TEST_TMPDIR/services" && nodes_conf
}

# delivery_servers DIR
delivery_servers() {
  service_setup "$1" && sshd_setup && mkdir "$SERVICES"/{pub,sub1} || return
  TFTP=
  if [[ " ${NODES-pub sub1 sub2} " == *" pub "* && $UID -eq 0 ]]; then
    tftpd_require
    tftpd_start tftpd "$SERVICES/pub" || return
    TFTP=$(tftpd_url tftpd)
  fi
  if [[ " ${NODES-pub sub1 sub2} " == *" sub1 "* ]]; then
    sshd_start sshd || return
  fi
  if [[ " ${NODES-pub sub1 sub2} " == *" sub2 "* ]]; then
    provider_conf sub2 && provider_start sub2 || return
  fi
}

# For teardown.
delivery_teardown() {
  if [[ -n ${IMMUTABLE-} ]]; then
    chattr -i "$IMMUTABLE" || :
  fi
  service_teardown
}

# nodes_conf: of the three nodes, or of those in NODES.  TARGET_PUB, TARGET_SUB1, TARGET_SUB2 and
# VERIFY are other places than the usual ones; PUBLISH has more lines for that section.
nodes_conf() {
  local nodes=" ${NODES-pub sub1 sub2} "
  printf '%s\n' 'cluster = "lab"' 'release = "12.5(1)"' "modules = {\"$SOFTHSM_MODULE\"}" \
    'export-controlled = yes' >ctlsign.conf
  cat >>ctlsign.conf <<CONF
publisher cucm-pub {
  address = "10.1.2.3"
  services = {CallManager, TFTP, CAPF}
  certificate = "certs/pub.pem"
  capf-certificate = "certs/capf.pem"
  deliver = {"${TARGET_PUB-$SERVICES/pub}"}
  verify = {${VERIFY-${TFTP:+\"$TFTP\"}}}
}
CONF
  [[ $nodes != *" sub1 "* ]] || cat >>ctlsign.conf <<CONF
subscriber cucm-sub1 {
  address = "10.1.2.4"
  certificate = "certs/sub1.pem"
  deliver = {"${TARGET_SUB1-$(sshd_url sshd "$SERVICES/sub1")}"}
}
CONF
  [[ $nodes != *" sub2 "* ]] || cat >>ctlsign.conf <<CONF
subscriber cucm-sub2 {
  address = "10.1.2.5"
  certificate = "certs/sub2.pem"
  deliver = {"${TARGET_SUB2-$(provider_url sub2)}"}
}
CONF
  cat >>ctlsign.conf <<CONF
itlrecovery {
  certificate = "certs/itl.pem"
  key = "certs/itl.key"
}
callmanager {
  key = "certs/pub.key"
}
$(publish_section)
CONF
}

publish_section() {
  cat <<CONF
publish {
  timeout = $LIMIT
  ssh-key = "$SSH_KEY"
  ssh-known-hosts = "$SSH_KNOWN_HOSTS"
  client-certificate = "$PROVIDER_CERTS/${CLIENT-officer}.pem"
  client-key = "$PROVIDER_CERTS/${CLIENT-officer}.key"
  provider-trust = "$PROVIDER_CERTS/providers.pem"
  ${PUBLISH-}
}
CONF
}

# ---- changes ------------------------------------------------------------------------------------

# change ARG...: a changing command that is to succeed without a person, and delivers by itself.
change() {
  NOW=$((NOW + 1))
  ctlsign "$@" --yes --timestamp "$NOW" "${PIN_FILE[@]}"
  assert_success
}

# first: the first generation is everywhere; its CTL is kept as ./old.
first() {
  change set-cluster mixed-mode --tokenless
  cp CTLFile.tlv old
  assert_everywhere old
}

# signed: a new generation that is nowhere yet; its CTL is kept as ./new.
signed() {
  change update --no-publish
  cp CTLFile.tlv new
  refute_same_file old new
}

# publish ARG...: as a script calls it.
publish() {
  ctlsign publish --yes "$@"
}

# ---- who holds what -----------------------------------------------------------------------------

# folder NODE: where its files end up.
folder() {
  case $1 in
  sub2) provider_files sub2 ;;
  *) printf '%s\n' "$SERVICES/$1" ;;
  esac
}

# holds NODE FILE: whether its CTL is FILE's, byte for byte; FILE "none": it has no CTL.
holds() {
  local ctl
  ctl=$(folder "$1")/CTLFile.tlv
  if [[ $2 == none ]]; then
    [[ ! -e $ctl ]]
  else
    cmp -s "$ctl" "$2"
  fi
}

# assert_holds FILE NODE...
assert_holds() {
  local file=$1 node
  shift
  for node; do
    holds "$node" "$file" || { show_run; fail "$node does not hold $file"; } || return
  done
}

assert_everywhere() { # FILE
  local -a nodes
  read -ra nodes <<<"${NODES-pub sub1 sub2}"
  assert_holds "$1" "${nodes[@]}"
}

# assert_whole OLD NEW: every node has one of the two, whole.
assert_whole() {
  local node
  for node in ${NODES-pub sub1 sub2}; do
    holds "$node" "$1" || holds "$node" "$2" || fail "$node holds neither $1 nor $2" || return
  done
}

# assert_nothing_staged: no node has anything but what it serves.
assert_nothing_staged() {
  local node
  for node in ${NODES-pub sub1 sub2}; do
    [[ -z $(find "$(folder "$node")" -name '.*' -type f) ]] ||
      fail "left at $node:" "$(find "$(folder "$node")" -name '.*')" || return
  done
}

# assert_told NODE...: the last run names these nodes to people.
assert_told() {
  local node
  for node; do
    [[ $output$stderr == *"cucm-$node"* ]] || { show_run; fail "$node is not named"; } || return
  done
}

# assert_failed_before_change NODE: the last run failed on account of NODE, in the first phase.
assert_failed_before_change() {
  assert_failure && assert_told "$1" && assert_everywhere old && assert_nothing_staged
}

# assert_one_checksum: ctlsign nodes is content, and every place has the checksum of the CTL file.
assert_one_checksum() {
  local md5
  md5=$(md5sum <CTLFile.tlv | cut -d ' ' -f 1)
  ctlsign nodes
  assert_success || return
  ctlsign nodes --json
  assert_success || return
  assert_json '[.nodes[].md5 | ascii_downcase] | unique | join(" ")' "$md5" || return
  assert_json '[.nodes[].odd] | unique | @json' '[false]'
}

# ---- a bad disk ---------------------------------------------------------------------------------

# break_second_phase NODE: files can be staged in its folder, but none can take the place of
# CTLFile.tlv.  mend_second_phase ends it.
break_second_phase() {
  local file
  file=$(folder "$1")/CTLFile.tlv
  [[ $UID -eq 0 ]] || skip "only root can make a file immutable"
  chattr +i "$file" 2>/dev/null || skip "no file can be made immutable here"
  IMMUTABLE=$file
}

mend_second_phase() {
  chattr -i "$IMMUTABLE" && IMMUTABLE=
}

# on_disk full|read-only|room DIRECTORY: sets ON_DISK, the words in front of a command that is to
# have such a disk.
on_disk() {
  [[ $UID -eq 0 ]] || skip "only root can mount a file system"
  ON_DISK=(unshare -m "$(realpath "$SRCDIR")/tests/delivery/on_disk.sh" "$@")
  "${ON_DISK[@]}" true || skip "nothing can be mounted here"
}

# ---- a bad connection ---------------------------------------------------------------------------

# proxy_start NAME TARGET-PORT: sets PROXY_PORT; proxy_set NAME WORD...: see proxy.py.
proxy_start() {
  local PORT
  service_port && mkdir "$SERVICES/$1" || return
  PROXY_PORT=$PORT
  proxy_set "$1" pass
  service_start "$1" "$PYTHON" "$(realpath "$SRCDIR")/tests/delivery/proxy.py" "$PORT" "$2" \
    "$SERVICES/$1/control" && service_ready "$1" tcp "$PORT"
}

proxy_set() {
  printf '%s\n' "${*:2}" >"$SERVICES/$1/control"
}
