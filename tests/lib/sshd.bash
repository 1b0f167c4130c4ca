# OpenSSH's sshd as an SFTP server for bats suites: on loopback, as the present user, with host keys
# and a client's key of its own.  Load service.bash's setup first.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=service.bash
source "${BASH_SOURCE[0]%/*}/service.bash"

# sshd_require: skips when there is none.
sshd_require() {
  SSHD=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) ||
    skip "sshd is not installed (Debian: openssh-server)"
  export SSHD
}

# sshd_setup: the client's key SSH_KEY and the file SSH_KNOWN_HOSTS; SSH_USER logs in.
sshd_setup() {
  SSH_KEY=$SERVICES/id_ed25519
  SSH_KNOWN_HOSTS=$SERVICES/known_hosts
  SSH_USER=$(id -un)
  export SSH_KEY SSH_KNOWN_HOSTS SSH_USER
  : >"$SSH_KNOWN_HOSTS"
  ssh-keygen -q -t ed25519 -N '' -C client -f "$SSH_KEY" || return
  # Where sshd locks itself in before somebody has logged in; systemd makes it otherwise.
  [[ $UID -ne 0 || -d /run/sshd ]] || mkdir -m 755 /run/sshd
}

# sshd_start NAME [PORT]: a server of its own, known in SSH_KNOWN_HOSTS; sets SSHD_PORT.
sshd_start() {
  sshd_launch "$@" && service_ready "$1" tcp "$SSHD_PORT"
}

# sshd_launch NAME [PORT]: the same without waiting.
sshd_launch() {
  local name=$1 directory=$SERVICES/$1 PORT=${2-}
  mkdir -p "$directory" || return
  [[ -n $PORT ]] || service_port || return
  SSHD_PORT=$PORT
  printf '%s\n' "$PORT" >"$directory/port"
  cp "$SSH_KEY.pub" "$directory/authorized_keys" || return
  [[ -e $directory/host_key ]] ||
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$directory/host_key" || return
  cat >"$directory/sshd_config" <<CONF
ListenAddress 127.0.0.1:$PORT
HostKey $directory/host_key
AuthorizedKeysFile $directory/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 500
LogLevel VERBOSE
Subsystem sftp internal-sftp
CONF
  grep -q "^\[127.0.0.1\]:$PORT " "$SSH_KNOWN_HOSTS" || sshd_trust "$name" || return
  sshd_run "$name"
}

# SSHD_WRAP: an array of words in front of the daemon's command line.
sshd_run() { # NAME
  service_start "$1" ${SSHD_WRAP+"${SSHD_WRAP[@]}"} "$SSHD" -D -e -f "$SERVICES/$1/sshd_config"
}

sshd_port() { # NAME
  cat "$SERVICES/$1/port"
}

# sshd_url NAME DIRECTORY: how the inventory writes it.
sshd_url() {
  printf 'sftp://%s@127.0.0.1:%s%s\n' "$SSH_USER" "$(sshd_port "$1")" "$2"
}

# sshd_trust NAME [PORT]: its present key becomes the known one, of PORT (of what stands in front of
# it) if given.
sshd_trust() {
  local port=${2-} type key
  [[ -n $port ]] || port=$(sshd_port "$1") || return
  read -r type key _ <"$SERVICES/$1/host_key.pub" || return
  sed -i "/^\[127.0.0.1\]:$port /d" "$SSH_KNOWN_HOSTS" &&
    printf '[127.0.0.1]:%s %s %s\n' "$port" "$type" "$key" >>"$SSH_KNOWN_HOSTS"
}

# sshd_stop NAME: it and all its connections end at once; sshd_again NAME: on the same port.
sshd_stop() {
  service_kill "$1"
}

sshd_again() {
  sshd_run "$1" && service_ready "$1" tcp "$(sshd_port "$1")"
}

# sshd_new_host_key NAME: as if another machine had its address now.
sshd_new_host_key() {
  sshd_stop "$1" && rm -f "$SERVICES/$1"/host_key{,.pub} &&
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$SERVICES/$1/host_key" && sshd_again "$1"
}

# sshd_refuse NAME: the client's key may not log in any more; sshd_allow NAME.
sshd_refuse() {
  : >"$SERVICES/$1/authorized_keys"
}

sshd_allow() {
  cp "$SSH_KEY.pub" "$SERVICES/$1/authorized_keys"
}

# sshd_freeze NAME, sshd_thaw NAME: it, and every connection that it has, stands still.
sshd_freeze() {
  kill -s STOP "$(service_pid "$1")" && service_signal "$1" STOP
}

sshd_thaw() {
  service_signal "$1" CONT
}
