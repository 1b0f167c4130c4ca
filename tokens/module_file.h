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

/* What exactly is wrong, for whoever wants to mend it. */
enum module_file_fault {
	MODULE_FILE_NONE,     /* nothing is, or it cannot be told */
	MODULE_FILE_NO_FILE,  /* no absolute path, nothing there, or no regular file */
	MODULE_FILE_STRANGER, /* CULPRIT belongs to neither root nor the user */
	MODULE_FILE_WRITABLE, /* others can write CULPRIT */
};

/* The same check; CULPRIT (PATH_MAX bytes) gets the file or directory that the fault is of. */
enum status module_file_examine(
    const char *path, enum module_file_fault *fault, char *culprit, struct error *err);

#endif
