# CTL Providers for bats suites: certificates, settings, and the daemon that CTLPROVIDERD names.
# Load service.bash's setup first.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034  # ports are for the tests

# shellcheck source-path=SCRIPTDIR source=service.bash
source "${BASH_SOURCE[0]%/*}/service.bash"
# shellcheck source-path=SCRIPTDIR source=certs.bash
source "${BASH_SOURCE[0]%/*}/certs.bash"

provider_require() {
  [[ -x ${CTLPROVIDERD-} ]] || { echo "CTLPROVIDERD must name the daemon" >&2; return 1; }
  CTLPROVIDERD=$(realpath "$CTLPROVIDERD")
  export CTLPROVIDERD
  command -v curl >/dev/null || skip "curl is not installed"
}

# provider_certificates DIR: PROVIDER_CERTS=DIR, where stand, each with its key:
#   server           for localhost and 127.0.0.1
#   server-expired   the same, ended years ago
#   server-other     for another host's name
#   server-unknown   that nobody trusts
#   officer, officer-expired, stranger   clients; the last one is on no list
# and the lists providers.pem (all servers but the unknown one) and clients.pem (both officers).
provider_certificates() {
  local here=DNS:localhost,IP:127.0.0.1 name
  local -a server=(-addext extendedKeyUsage=serverAuth) client=(-addext extendedKeyUsage=clientAuth)
  mkdir -p "$1" || return
  PROVIDER_CERTS=$(realpath "$1")
  export PROVIDER_CERTS
  for name in server server-unknown; do
    cert_make "$PROVIDER_CERTS/$name" p256 /CN=localhost -addext "subjectAltName=$here" \
      "${server[@]}" || return
  done
  CERT_FROM=20200101000000Z CERT_TO=20210101000000Z cert_make "$PROVIDER_CERTS/server-expired" \
    p256 /CN=localhost -addext "subjectAltName=$here" "${server[@]}" || return
  cert_make "$PROVIDER_CERTS/server-other" p256 /CN=other.lab.example \
    -addext subjectAltName=DNS:other.lab.example "${server[@]}" || return
  cert_make "$PROVIDER_CERTS/officer" p256 /CN=officer "${client[@]}" &&
    cert_make "$PROVIDER_CERTS/stranger" p256 /CN=stranger "${client[@]}" || return
  CERT_FROM=20200101000000Z CERT_TO=20210101000000Z \
    cert_make "$PROVIDER_CERTS/officer-expired" p256 /CN=officer "${client[@]}" || return
  (cd "$PROVIDER_CERTS" && cat server.pem server-expired.pem server-other.pem >providers.pem &&
    cat officer.pem officer-expired.pem >clients.pem)
}

# provider_conf NAME [LINE...]: the settings of a new provider, with these lines in them; its files
# stand in $SERVICES/NAME/tftp.  PROVIDER_SERVER names another of the server's certificates.  Sets
# PROVIDER_PORT.
provider_conf() {
  local name=$1 directory=$SERVICES/$1 PORT
  shift
  mkdir -p "$directory"/{tftp,state} && chmod 700 "$directory/state" || return
  if [[ -e $directory/port ]]; then
    PORT=$(<"$directory/port")
  else
    service_port || return
  fi
  PROVIDER_PORT=$PORT
  printf '%s\n' "$PORT" >"$directory/port"
  if [[ $UID -eq 0 ]]; then
    # It does not serve as root.
    provider_let_in "$directory" && chown nobody "$directory"/{tftp,state} || return
    set -- 'user = "nobody"' "$@"
  fi
  printf '%s\n' "node = \"$name\"" \
    "directory = \"$directory/tftp\"" "state = \"$directory/state\"" \
    "certificate = \"$PROVIDER_CERTS/${PROVIDER_SERVER-server}.pem\"" \
    "key = \"$PROVIDER_CERTS/${PROVIDER_SERVER-server}.key\"" \
    "clients = \"$PROVIDER_CERTS/clients.pem\"" "listen = {\"127.0.0.1:$PORT\"}" \
    "$@" >"$directory/ctlproviderd.conf"
}

# provider_let_in DIRECTORY: everybody may pass through the folders of bats that it stands in.
provider_let_in() {
  local directory=$1
  while [[ $directory == "${BATS_RUN_TMPDIR-/nowhere}"* ]]; do
    chmod a+x "$directory" || return
    directory=${directory%/*}
  done
}

# provider_start NAME: the provider of provider_conf, again after provider_stop or provider_kill.
# PROVIDER_WRAP: an array of words in front of the daemon's command line.
provider_start() {
  service_start "$1" ${PROVIDER_WRAP+"${PROVIDER_WRAP[@]}"} "$CTLPROVIDERD" --config "$SERVICES/$1/ctlproviderd.conf" &&
    service_ready "$1" tcp "$(<"$SERVICES/$1/port")"
}

# provider_stop NAME: it is asked to, and fails unless it ends well; provider_kill NAME: at once.
provider_stop() {
  service_stop "$1"
}

provider_kill() {
  service_kill "$1"
}

provider_freeze() { # NAME
  service_signal "$1" STOP
}

provider_thaw() { # NAME
  service_signal "$1" CONT
}

# provider_url NAME [PATH]
provider_url() {
  printf 'https://127.0.0.1:%s%s\n' "$(<"$SERVICES/$1/port")" "${2-}"
}

provider_files() { # NAME: the folder that phones are served from
  printf '%s\n' "$SERVICES/$1/tftp"
}

# provider_curl NAME PATH [CURL-ARGUMENT...]: as the officer, or as PROVIDER_CLIENT.
provider_curl() {
  local name=$1 path=$2 who=$PROVIDER_CERTS/${PROVIDER_CLIENT-officer}
  shift 2
  curl -s --noproxy '*' --max-time 20 --cacert "$PROVIDER_CERTS/providers.pem" \
    --cert "$who.pem" --key "$who.key" "$@" "$(provider_url "$name" "$path")"
}

# provider_code NAME PATH [CURL-ARGUMENT...]: only the HTTP status; the body goes to ./answer.
provider_code() {
  local name=$1 path=$2
  shift 2
  provider_curl "$name" "$path" -o answer -w '%{http_code}\n' "$@"
}
