#!/usr/bin/env bats
# ctlsign doctor: the Smart Card service in all its states, and how it is told.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load ../lib/doctor

setup_file() {
  softhsm_require
  commands_setup_file
}

setup() {
  doctor_setup
  ROOT=$PWD/root
  mkdir "$ROOT"
  # A module that is none: nothing is found through it, and nothing of this computer is looked at.
  MODULE=(--module "$PWD/none.so")
  BEFORE=()
}

teardown() {
  doctor_teardown
}

# put PATH...: files below ROOT that are not empty.
put() {
  local path
  for path; do
    mkdir -p "$ROOT/${path%/*}" && echo '[Unit]' >"$ROOT/$path" && chmod 755 "$ROOT/$path" || return
  done
}

# point PATH TARGET: a link below ROOT.
point() {
  mkdir -p "$ROOT/${1%/*}" && ln -s "$2" "$ROOT/$1"
}

systemd_root() {
  mkdir -p "$ROOT/run/systemd/system"
  put usr/sbin/pcscd lib/systemd/system/pcscd.{socket,service}
}

look() {
  examine --root "$ROOT" "${MODULE[@]}"
  is_not_ready
}

# Where no other pcscd can be: /run is empty.
in_empty_run() {
  # shellcheck disable=SC2016  # for the inner shell
  BEFORE=(unshare -rm sh -c 'mount -t tmpfs none /run && exec "$@"' sh)
  "${BEFORE[@]}" true 2>/dev/null || skip "no mount namespace can be had here"
  unset PCSCLITE_CSOCK_NAME
}

# As somebody who is not root.
as_nobody() {
  # The folders of bats are not for everybody.
  cp -r "$ROOT" "$SOCKETS/root" && ROOT=$SOCKETS/root || return
  cp "$CTLSIGN" "$SOCKETS/ctlsign" && CTLSIGN=$SOCKETS/ctlsign || return
  [[ $(id -u) -eq 0 ]] || return 0
  command -v setpriv >/dev/null || skip "setpriv is not installed"
  # LeakSanitizer cannot look into a process that nobody may look into.
  BEFORE=(env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0"
    setpriv --reuid 65534 --regid 65534 --clear-groups)
  cd / && "${BEFORE[@]}" "$CTLSIGN" --version >/dev/null || skip "nobody cannot run the program"
}

@test "nothing installed" {
  look
  told service-installed bad "^pcscd is not installed$" "apt-get install pcscd"
  told service-autostart - "pcscd is not installed"
  told service-permitted - "does not answer"
  levels readers -
}

@test "nothing installed: other package managers" {
  put usr/bin/dnf
  look
  told service-installed bad "not installed" "dnf install pcsc-lite"
  rm "$ROOT/usr/bin/dnf"
  put sbin/apk
  look
  told service-installed bad "not installed" "apk add pcsc-lite"
}

@test "pcscd must be a program to be installed" {
  mkdir -p "$ROOT/usr/sbin/pcscd"
  look
  levels service-installed bad
  rmdir "$ROOT/usr/sbin/pcscd"
  put usr/sbin/pcscd
  look
  told service-installed ok "^/usr/sbin/pcscd$"
  assert_json '.checks[] | select(.check == "service-installed") | .where' /usr/sbin/pcscd
  assert_json '.checks[] | select(.check == "service-answers") | .where' "$PCSCLITE_CSOCK_NAME"
  chmod 644 "$ROOT/usr/sbin/pcscd"
  look
  levels service-installed bad
}

@test "systemd: the socket is enabled, wherever the link is" {
  local folder
  systemd_root
  for folder in etc/systemd/system run/systemd/system lib/systemd/system usr/lib/systemd/system; do
    point "$folder/sockets.target.wants/pcscd.socket" ../pcscd.socket
    look
    told service-autostart ok "^by /$folder/sockets.target.wants/pcscd.socket$"
    rm "$ROOT/$folder/sockets.target.wants/pcscd.socket"
  done
  point etc/systemd/system/multi-user.target.wants/pcscd.service /lib/systemd/system/pcscd.service
  look
  told service-autostart ok "multi-user.target.wants/pcscd.service$"
}

@test "systemd: disabled" {
  systemd_root
  look
  told service-autostart bad "^pcscd.socket is not enabled$" "systemctl enable --now pcscd.socket"
  # A link to nothing takes the enabling of the distribution back.
  point lib/systemd/system/sockets.target.wants/pcscd.socket ../pcscd.socket
  point etc/systemd/system/sockets.target.wants/pcscd.socket /dev/null
  look
  levels service-autostart bad
}

@test "systemd: masked, the socket or what it starts" {
  local unit folder
  systemd_root
  point lib/systemd/system/sockets.target.wants/pcscd.socket ../pcscd.socket
  for folder in etc run; do
    for unit in pcscd.socket pcscd.service; do
      point "$folder/systemd/system/$unit" /dev/null
      look
      told service-autostart bad "^$unit is masked" "systemctl unmask $unit"
      rm "$ROOT/$folder/systemd/system/$unit"
    done
  done
  : >"$ROOT/etc/systemd/system/pcscd.socket"
  look
  told service-autostart bad "^pcscd.socket is masked" "systemctl unmask pcscd.socket"
}

@test "sysv init: started, stopped, no links" {
  put usr/sbin/pcscd etc/init.d/pcscd etc/inittab
  point etc/rc2.d/S02pcscd ../init.d/pcscd
  look
  told service-autostart ok "^by /etc/rc2.d/S02pcscd$"
  mv "$ROOT/etc/rc2.d/S02pcscd" "$ROOT/etc/rc2.d/K02pcscd"
  look
  told service-autostart bad "no start link" "update-rc.d pcscd enable"
  rm "$ROOT/etc/rc2.d/K02pcscd"
  look
  told service-autostart bad "no start link" "update-rc.d pcscd defaults"
}

@test "OpenRC: in the default runlevel, and not" {
  put usr/sbin/pcscd etc/init.d/pcscd sbin/openrc-run
  look
  told service-autostart bad "default runlevel" "rc-update add pcscd default"
  point etc/runlevels/default/pcscd /etc/init.d/pcscd
  look
  told service-autostart ok "^by /etc/runlevels/default/pcscd$"
}

@test "an image that does not tell what starts services: whoever knows pcscd" {
  put usr/sbin/pcscd
  look
  told service-autostart warning "neither systemd nor sysv init nor OpenRC" /usr/sbin/pcscd
  point etc/rc2.d/S02pcscd ../init.d/pcscd
  look
  told service-autostart ok "S02pcscd"
  put lib/systemd/system/pcscd.socket
  point etc/systemd/system/pcscd.socket /dev/null
  look
  told service-autostart bad "masked" "systemctl unmask pcscd.socket"
}

@test "an image with systemd, which does not run, and sysv's links, which do not count" {
  systemd_root
  rm -r "$ROOT/run"
  point sbin/init /lib/systemd/systemd
  point etc/rc2.d/S02pcscd ../init.d/pcscd
  look
  told service-autostart bad "^pcscd.socket is not enabled$" "systemctl enable --now pcscd.socket"
}

@test "not running: the command is that of what starts services" {
  in_empty_run
  systemd_root
  look
  told service-answers bad "^pcscd does not run: there is no /run/pcscd/pcscd.comm$" \
    "systemctl enable --now pcscd.socket"
  point etc/systemd/system/sockets.target.wants/pcscd.socket ../pcscd.socket
  look
  told service-answers bad "does not run" "systemctl restart pcscd.socket"
  point etc/systemd/system/pcscd.socket /dev/null
  look
  told service-answers bad "does not run" \
    "systemctl unmask pcscd.service pcscd.socket && systemctl enable --now pcscd.socket"
  rm -r "$ROOT"/{run,lib,etc}
  put etc/inittab etc/init.d/pcscd
  look
  told service-answers bad "does not run" "service pcscd start"
  rm "$ROOT/etc/inittab"
  mkdir -p "$ROOT/run/openrc"
  look
  told service-answers bad "does not run" "rc-service pcscd start"
  rm "$ROOT/usr/sbin/pcscd"
  look
  told service-answers bad "does not run" "apt-get install pcscd"
}

@test "a socket that PCSCLITE_CSOCK_NAME names and nobody listens at" {
  look
  told service-answers bad "^no pcscd runs at $PCSCLITE_CSOCK_NAME, .*: No such file" \
    "unset PCSCLITE_CSOCK_NAME"
  told environment warning "^PCSCLITE_CSOCK_NAME=" "unset PCSCLITE_CSOCK_NAME"
  fake_pcscd stale
  look
  told service-answers bad "^no pcscd runs at .*: Connection refused$" "unset PCSCLITE_CSOCK_NAME"
  PCSCLITE_CSOCK_NAME=/tmp/$(printf '%0120d' 1)
  look
  levels service-answers bad
}

@test "pcscd hangs up at once" {
  fake_pcscd drop
  look
  told service-answers bad "hangs up at once" "unset PCSCLITE_CSOCK_NAME"
  levels service-permitted -
}

@test "pcscd takes connections and never answers: told after five seconds" {
  local begin=$SECONDS
  fake_pcscd hang
  look
  told service-answers bad "does not answer: it hangs$" "unset PCSCLITE_CSOCK_NAME"
  levels readers -
  ((SECONDS - begin < 12)) || fail "took $((SECONDS - begin)) s"
}

@test "pcscd and a module hang, and another one too: less than thirty seconds" {
  p11mock_setup "$BATS_TEST_TMPDIR/mock"
  cp "$P11MOCK" second.so
  p11mock_set hang C_Initialize
  fake_pcscd hang
  MODULE=(--module "$P11MOCK" --module "$PWD/second.so")
  look
  levels module-answers bad bad
  told service-answers bad "it hangs$" "unset PCSCLITE_CSOCK_NAME"
}

@test "no permission: the socket, its group, a folder" {
  fake_pcscd drop
  chmod 600 "$PCSCLITE_CSOCK_NAME"
  [[ $(id -u) -eq 0 ]] || chmod 000 "$PCSCLITE_CSOCK_NAME"
  as_nobody
  look
  levels service-answers -
  told service-permitted bad "^the permissions of $PCSCLITE_CSOCK_NAME \(mode 0.*keep you out$" \
    "chmod a+rw $PCSCLITE_CSOCK_NAME"
  mkdir "$SOCKETS/folder"
  mv "$PCSCLITE_CSOCK_NAME" "$SOCKETS/folder/socket"
  PCSCLITE_CSOCK_NAME=$SOCKETS/folder/socket
  chmod 000 "$SOCKETS/folder"
  look
  told service-permitted bad "^the permissions of $SOCKETS/folder \(mode 0000" \
    "chmod a+x $SOCKETS/folder"
  chmod 700 "$SOCKETS/folder"
}

@test "no permission: a group that has it" {
  [[ $(id -u) -eq 0 ]] || skip "only root can give a socket to another group"
  getent group tty >/dev/null || skip "there is no group tty"
  put usr/sbin/pcscd
  fake_pcscd drop
  chgrp tty "$PCSCLITE_CSOCK_NAME" && chmod 660 "$PCSCLITE_CSOCK_NAME"
  as_nobody
  look
  told service-permitted bad "\(mode 0660, group tty\)" "usermod -aG tty nobody"
  run_split "${BEFORE[@]}" "$CTLSIGN" doctor --root "$ROOT"
  assert_failure 5
  assert_line "           then:          log out and in again; until then nothing changes"
  assert_equal "${lines[-2]}" \
    "Begin with this, as root; then log out and in again, and ask again:"
  assert_equal "${lines[-1]}" "  usermod -aG tty nobody"
}

@test "the system's own pcscd hangs: it is started anew, wherever its program is" {
  in_empty_run
  # shellcheck disable=SC2016  # for the inner shell
  BEFORE=(unshare -rm sh -c 'mount -t tmpfs none /run && mkdir /run/pcscd && {
      "$0" "$1" /run/pcscd/pcscd.comm hang 3>&- 4>&- & } && server=$! && shift &&
    until test -S /run/pcscd/pcscd.comm; do sleep 0.05; done &&
    { "$@"; rc=$?; kill $server; exit $rc; }' "$PYTHON" "$SRCDIR/tests/lib/fake_pcscd.py")
  look
  told service-answers bad "it hangs$" "pkill -x pcscd; sleep 1; pcscd"
  put usr/sbin/pcscd
  look
  told service-answers bad "it hangs$" "pkill -x pcscd; sleep 1; /usr/sbin/pcscd"
}

@test "polkit refuses somebody else than root: the rule that mends it" {
  local user
  put usr/sbin/pcscd usr/share/polkit-1/actions/org.debian.pcsc-lite.policy
  fake_pcscd drop
  chmod 777 "$PCSCLITE_CSOCK_NAME"
  if [[ $(id -u) -eq 0 ]]; then
    look
    levels service-permitted -
  fi
  as_nobody
  user=$("${BEFORE[@]}" id -un)
  look
  levels service-answers ok
  told service-permitted bad "^polkit keeps you out" "echo 'polkit.addRule(function(a, s) { if \
(a.id.indexOf(\"org.debian.pcsc-lite.access_\") == 0 && s.user == \"$user\") return \
polkit.Result.YES; });' >/etc/polkit-1/rules.d/50-pcscd-$user.rules"
}

@test "JSON: keys and types, and only known words" {
  look
  assert_json '[.ready, .checks | type] | join(" ")' "boolean array"
  assert_json '[.checks[] | keys_unsorted | join(" ")] | unique | .[]' "check level what mend where"
  assert_json '[.checks[][] | type] | unique | .[]' string
  assert_json '[.checks[].level] - ["ok", "warning", "bad", "-"] | length' 0
  assert_json '[.checks[].check] | join(" ")' "service-installed service-answers \
service-autostart service-permitted module-file readers tokens p11-kit environment memory terminal"
  assert_json '[.checks[] | select(.level == "bad" and .mend == "")] | length' 0
}

@test "text: level, check and finding lined up, the mend below, what to begin with at the end" {
  put usr/sbin/pcscd
  ctlsign doctor --root "$ROOT" "${MODULE[@]}"
  assert_failure 5
  refute_stderr
  assert_equal "${lines[0]}" "Smart Card service"
  assert_equal "${lines[1]}" "  ok       installed      /usr/sbin/pcscd"
  assert_equal "${lines[2]}" "  bad      answers        no pcscd runs at $PCSCLITE_CSOCK_NAME, which \
PCSCLITE_CSOCK_NAME names: No such file or directory"
  assert_equal "${lines[3]}" "           run:           unset PCSCLITE_CSOCK_NAME"
  assert_line "Module $PWD/none.so"
  assert_line "  bad      found          cannot find the module: No such file or directory"
  assert_line --regexp "^NOT READY: .*/none.so: cannot find the module: No such file"
  assert_equal "${lines[-2]}" "Begin with this; then ask again:"
  assert_equal "${lines[-1]}" "  give the path of a module that is installed"
  refute_output --partial $'\e'
}

# screen WIDTH: the terminal's screen, and its colours.
screen() {
  tty_tmux capture-pane -p -e >colours
  tty_tmux capture-pane -p | sed 's/ *$//'
}

@test "at a terminal: broken at its width, in colour unless NO_COLOR" {
  tty_require
  # shellcheck disable=SC2016  # for the inner shell
  tty_start sh -c 'stty cols 80; exec "$0" doctor --root "$1" --module /none.so' "$CTLSIGN" "$ROOT"
  tty_finish 20
  assert_equal "$status" 5
  assert_equal "$(screen | awk 'length($0) > 80')" ""
  screen | grep -q '^                          which PCSCLITE_CSOCK_NAME names' ||
    fail "not broken:" "$(screen)"
  grep -q $'\e\[1m\e\[31mbad' colours || fail "no colour:" "$(cat -v colours)"
  export NO_COLOR=1
  tty_start "$CTLSIGN" doctor --root "$ROOT" --module /none.so
  tty_finish 20
  screen >text
  cmp <(sed 's/ *$//' colours) text
  grep -q '^  ok       terminal       PINs can be asked for here$' text
}

@test "the environment and what PINs need" {
  look
  told terminal warning "there is none" \
    "give the PIN with --pin-file, or work at a terminal"
  told memory ok "swap"
  SOFTHSM2_CONF=/nowhere OPENSC_CONF=$CTLSIGN OPENSC_DRIVER=piv P11_KIT_NO_USER_CONFIG=1 \
    P11_KIT_DEBUG='' examine "${MODULE[@]}"
  told environment bad "^SOFTHSM2_CONF names a file that cannot be read: /nowhere" \
    "unset SOFTHSM2_CONF"
  told environment ok "^OPENSC_CONF=$CTLSIGN$"
  told environment warning "^OPENSC_DRIVER=piv" "unset OPENSC_DRIVER"
  told environment warning "^P11_KIT_NO_USER_CONFIG is set" "unset P11_KIT_NO_USER_CONFIG"
  told environment ok "^P11_KIT_DEBUG is set$"
}

@test "memory that cannot be locked" {
  [[ $(id -u) -ne 0 ]] || as_nobody
  BEFORE+=(prlimit --memlock=4096:4096)
  command -v prlimit >/dev/null || skip "prlimit is not installed"
  look
  told memory warning "^only 4 KiB may be locked" \
    "echo '$("${BEFORE[@]}" id -un) - memlock 1024' >/etc/security/limits.d/ctlsign.conf"
}

@test "a file of p11-kit that cannot be used" {
  [[ $(id -u) -ne 0 ]] || skip "root has no p11-kit configuration of its own"
  mkdir -p config/pkcs11/modules
  echo junk >config/pkcs11/modules/junk.module
  XDG_CONFIG_HOME=$PWD/config examine "${MODULE[@]}"
  told p11-kit bad "junk.module: line 1 is not understood$" \
    'write a line as "name: value"; see pkcs11.conf(5)'
}

@test "a reader on the USB that pcscd does not know is only told when pcscd answers" {
  mkdir -p "$ROOT/sys/bus/usb/devices/1-2:1.0"
  echo 0b >"$ROOT/sys/bus/usb/devices/1-2:1.0/bInterfaceClass"
  look
  told readers - "pcscd does not answer"
}

@test "usage errors" {
  refused 2 "unexpected argument 'x'; see: ctlsign doctor --help" doctor x
  refused 2 "--root takes a directory, not '/nowhere'" doctor --root /nowhere
  refused 2 "--root takes a directory, not ''" doctor --root ''
  refused 2 "--root" doctor --root / --root /
  refused 2 "unknown option '--timeout'" doctor --timeout 3
}
