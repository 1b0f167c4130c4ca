/*
 * Whether a file may be loaded as a PKCS#11 module: its code will run in this process and see PINs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_MODULE_FILE_H
#define CTLSIGN_TOKENS_MODULE_FILE_H

#include "base/error.h"

/*
 * PATH must be absolute and name a regular file (links are followed) that belongs to root or to
 * the user and that nobody else can write; the same goes for the directory it really lies in, for
 * who can write that can put another file in its place, unless it is sticky.  No directory above
 * may be writable by everybody, unless sticky.  Else ST_MODULE with the reason.
 */
enum status module_file_check(const char *path, struct error *err);

#endif
