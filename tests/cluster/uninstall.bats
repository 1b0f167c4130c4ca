#!/usr/bin/env bats
# Taking the program away leaves what belongs to its users: inventory, state, CTL, history.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # output and stderr are set by bats' run

load fixture

setup_file() {
  commands_setup_file
  make_certificates pub sub1 tftp2 asa1 capf itl
}

setup() {
  cluster_setup
  BUILD=$(dirname "$CTLSIGN")
  [[ -e $BUILD/Makefile ]] || skip "the program stands in no build tree"
  unset MAKEFLAGS MAKELEVEL MFLAGS
}

@test "make uninstall leaves configuration, state and CTL where they are" {
  local root=$BATS_TEST_TMPDIR/root etc before
  make -C "$BUILD" install prefix=/usr sysconfdir=/etc DESTDIR="$root" >/dev/null 2>&1
  etc=$root/etc/ctlsign
  mkdir -p "$etc"
  SETTINGS=("export-controlled = yes")
  conf '12.5(1)'
  sed -i 's|^modules.*||' ctlsign.conf
  cp -r ctlsign.conf certs "$etc"
  CTLSIGN_CONFIG=$etc/ctlsign.conf change set-cluster mixed-mode --tokenless
  before=$(cd "$etc" && find . -type f -exec sha256sum {} + | sort)
  [[ $before == *CTLFile.tlv* && $before == *state.db* ]]
  [[ -x $root/usr/bin/ctlsign && -e $root/usr/share/man/man5/ctlsign.conf.5 ]]
  make -C "$BUILD" uninstall prefix=/usr sysconfdir=/etc DESTDIR="$root" >/dev/null 2>&1
  [[ ! -e $root/usr/bin/ctlsign ]]
  assert_equal "$(cd "$etc" && find . -type f -exec sha256sum {} + | sort)" "$before"
  ctlsign status --config "$etc/ctlsign.conf"
  assert_success
}
