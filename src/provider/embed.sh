#!/bin/sh
# Writes a C file with the bytes of FILE as an array NAME and its length NAME_len, on stdout.
#
# usage: embed.sh FILE NAME HEADER
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
set -eu
[ $# -eq 3 ] || { echo "usage: embed.sh FILE NAME HEADER" >&2; exit 2; }
[ -s "$1" ] || { echo "embed.sh: $1: not there, or empty" >&2; exit 1; }
cat <<TOP
/* Made by src/provider/embed.sh from ${1##*/}: do not edit. */
#include "$3"

const unsigned char $2[] = {
TOP
LC_ALL=C od -An -v -tu1 "$1" | sed 's/  */,/g; s/^,/	/; s/$/,/'
cat <<END
};

const size_t $2_len = sizeof($2);
END
