/*
 * What the files that read ctlproviderd.conf share; private to them.
 *
 * The way of a file: settings_scan() looks over its text and marks where everything stands,
 * libconfuse reads the values, settings_take() turns them into settings.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_SETTINGS_PARTS_H
#define CTLSIGN_PROVIDER_SETTINGS_PARTS_H

#include "provider/provider.h"

#include <confuse.h>

#define SETTINGS_MAX_FILE (1024u * 1024)
/* Bytes of a name; of any other value. */
#define SETTINGS_MAX_NAME 255
#define SETTINGS_MAX_TEXT 1024
/* Values of one list: a cluster has at most 28 nodes. */
#define SETTINGS_MAX_LIST 32
/* More than there are. */
#define SETTINGS_MAX_LINES 32

/* A file that is being read. */
struct settings_reading {
	const char *path;
	char *directory; /* that the file stands in */
	struct {
		const char *name;
		unsigned line;
	} lines[SETTINGS_MAX_LINES]; /* what is set, and where */
	size_t n_lines;
	cfg_t *cfg;
	struct provider_settings *out;
};

/* Adds the place "FILE: line N" to ERR, which is set; returns ST_FORMAT. */
enum status settings_refuse(
    const struct settings_reading *reading, unsigned line, struct error *err);

/* All settings there are, ended by a nameless one. */
cfg_opt_t *settings_schema(void);

/*
 * Looks over TEXT (NUL-terminated, LEN bytes), marks lines, and turns comments into blanks.
 * Refused here: what libconfuse would take without a word.  What it refuses itself is left to it:
 * the text is then cut behind the place.
 */
enum status settings_scan(
    struct settings_reading *reading, char *text, size_t len, struct error *err);

/* The line of the setting NAME; 0 when it is not set. */
unsigned settings_line(const struct settings_reading *reading, const char *name);

/* settings_refuse() at the line of NAME. */
enum status settings_refuse_value(
    const struct settings_reading *reading, const char *name, struct error *err);

/* ---- values; *OUT stays as it is when NAME is not set -------------------------------------- */

/* A copy; empty values, control characters and more than MAX bytes are refused. */
enum status settings_text(const struct settings_reading *reading, const char *name, size_t max,
    char **out, struct error *err);

/* The same, without blanks: a name of a host or a person. */
enum status settings_name(
    const struct settings_reading *reading, const char *name, char **out, struct error *err);

/* A path; relative to the file's folder. */
enum status settings_path(
    const struct settings_reading *reading, const char *name, char **out, struct error *err);

/* A number from 1 to MAX. */
enum status settings_number(const struct settings_reading *reading, const char *name, unsigned max,
    unsigned *out, struct error *err);

/* Copies of a list's values; *OUT is empty. */
enum status settings_list(const struct settings_reading *reading, const char *name, char ***out,
    size_t *n, struct error *err);

/* Everything that the file says. */
enum status settings_take(struct settings_reading *reading, struct error *err);

#endif
