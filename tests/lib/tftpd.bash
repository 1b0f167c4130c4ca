# A TFTP server for bats suites: tftpd-hpa on a port of loopback that needs no privileges, and a
# client.  Load service.bash's setup first.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034  # ports are for the tests

# shellcheck source-path=SCRIPTDIR source=service.bash
source "${BASH_SOURCE[0]%/*}/service.bash"

# tftpd_require: skips where it cannot run: it locks itself into its folder and gives up root's
# privileges, so that it needs them at first.
tftpd_require() {
  TFTPD=$(PATH=$PATH:/usr/sbin:/sbin command -v in.tftpd) ||
    skip "in.tftpd is not installed (Debian: tftpd-hpa)"
  [[ $UID -eq 0 ]] || skip "in.tftpd can only be started by root"
  export TFTPD
}

# tftpd_start NAME DIRECTORY [PORT]: serves the files of DIRECTORY; sets TFTPD_PORT.
tftpd_start() {
  local name=$1 directory=$2 PORT=${3-}
  [[ -n $PORT ]] || service_port || return
  TFTPD_PORT=$PORT
  # Files have to be readable for everybody, as they are in a TFTP folder.
  chmod a+rx "$directory" &&
    service_start "$name" "$TFTPD" --listen --foreground --ipv4 --user nobody --secure \
      --address "127.0.0.1:$PORT" "$directory" || return
  printf '%s\n' "$PORT" >"$SERVICES/$name/port"
  service_ready "$name" udp "$PORT"
}

tftpd_url() { # NAME
  printf 'tftp://127.0.0.1:%s\n' "$(<"$SERVICES/$1/port")"
}

tftpd_stop() { # NAME
  service_kill "$1"
}

# tftp_get NAME FILE OUT: the download of a phone, by a client that is not the program's.
tftp_get() {
  local port
  port=$(<"$SERVICES/$1/port")
  rm -f "$3"
  if command -v tftp >/dev/null && tftp -V 2>&1 | grep -q hpa; then
    tftp -m binary 127.0.0.1 "$port" -c get "$2" "$3" && [[ -s $3 ]]
  else
    curl -s -o "$3" "tftp://127.0.0.1:$port/$2"
  fi
}
