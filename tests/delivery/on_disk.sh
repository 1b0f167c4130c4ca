#!/bin/sh
# Runs a command that sees a disk of its own at a folder, with what the folder has: one that is
# full, one that cannot be written, or one with room.  Needs root.  Exit code 99: cannot be mounted.
#
# usage: unshare -m on_disk.sh full|read-only|room DIRECTORY COMMAND...
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
kind=$1
directory=$2
shift 2
kept=$(mktemp -d) || exit 99
cp -a "$directory/." "$kept" && mount -t tmpfs -o size=256k none "$directory" || exit 99
cp -a "$kept/." "$directory" && chmod 755 "$directory" && rm -r "$kept" || exit 99
case $kind in
full) head -c 1000000 /dev/zero >"$directory/filler" 2>/dev/null ;;
read-only) mount -o remount,ro "$directory" || exit 99 ;;
esac
exec "$@"
