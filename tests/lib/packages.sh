# Debian packages that building, trying and testing need; sourced by demo.sh and test.sh.

PACKAGES_BUILD="autoconf automake libtool autoconf-archive pkg-config gcc libc6-dev make
  libssl-dev libp11-dev libp11-kit-dev libpcsclite-dev libjansson-dev libconfuse-dev libsqlite3-dev libedit-dev
  libcsv-dev
  libssh-dev libcurl4-openssl-dev libevent-dev
  libcunit1-dev xz-utils"
PACKAGES_DEMO="softhsm2 openssl"
PACKAGES_TEST="opensc pcscd vsmartcard-vpcd bats clang libclang-rt-14-dev valgrind mandoc tmux jq python3 python3-cryptography
  opensc-pkcs11 p11-kit e2fsprogs procps git util-linux file strace
  openssh-server openssh-client openssh-sftp-server tftpd-hpa tftp-hpa curl iproute2"

# needed_packages demo|test: installs what is missing, as root or through sudo
needed_packages() {
  local wanted="$PACKAGES_BUILD $PACKAGES_DEMO" missing="" package sudo="" log
  [ "$1" = test ] && wanted="$wanted $PACKAGES_TEST"
  for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  log=$(mktemp) || return 1
  echo "installing:$missing"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || { echo "these packages are missing, and there is no sudo; as root: apt-get install$missing" >&2; return 1; }
    sudo=sudo
  fi
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive sh -c '
    apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh $missing > "$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "apt-get could not install:$missing" >&2
    return 1
  }
  rm -f "$log"
}
