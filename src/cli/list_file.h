/*
 * A trust list file that a command was given, read whole and parsed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_LIST_FILE_H
#define CTLSIGN_CLI_LIST_FILE_H

#include "trustlist/trustlist.h"

#include <time.h>

/* The bytes and the view of them, which live together.  Start from all zero. */
struct list_file {
	struct buffer bytes;
	struct trustlist list;
	time_t mtime;
};

/* Reads PATH; an error's place begins with it.  list_file_free() in any case. */
enum status list_file_read(struct list_file *file, const char *path, struct error *err);
void list_file_free(struct list_file *file);

#endif
