/*
 * Settings files: what ctlsign.conf and ctlproviderd.conf have in common.
 *
 * The way of a file: its text is looked over, and where everything stands is marked; libconfuse
 * reads the values; conf_text() and the others check and copy them for those who know the settings.
 * What libconfuse would take without a word, but differently from how it looks, is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CONF_H
#define CTLSIGN_CONF_H

#include "base/error.h"

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a name; of any other value. */
#define CONF_MAX_NAME 255
#define CONF_MAX_TEXT 1024
/* Values of most lists. */
#define CONF_MAX_LIST 32
/* Settings of one section: more than any has. */
#define CONF_MAX_SETTINGS 32

/*
 * What tables of settings are made of.  All values are strings to libconfuse: its numbers fail when
 * errno is left over from an earlier call, and what is allowed is told better by those who know the
 * setting.
 */
#define CONF_SETTING(name)	  CFG_STR(name, NULL, CFGF_NODEFAULT)
#define CONF_LIST(name)		  CFG_STR_LIST(name, NULL, CFGF_NODEFAULT)
#define CONF_SECTION(name, parts) CFG_SEC(name, parts, CFGF_NONE)
#define CONF_NAMED(name, parts)	  CFG_SEC(name, parts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)
#define CONF_END		  CFG_END()

struct conf;

/* What may stand in a file. */
struct conf_grammar {
	cfg_opt_t *settings; /* of the top level, ended by CONF_END */
	size_t max_file;     /* bytes */
	const char *form;    /* the hint when libconfuse refuses it; marked with N_() */
	/* No comments between slash and star, no \x41 in strings, no guess at misspelt names. */
	bool simple;
	/* Names of sections may hold blanks. */
	bool blanks_in_names;
	/* Refuses one more section KIND, on LINE.  NULL: there is no kind. */
	enum status (*may_open)(
	    const struct conf *conf, const cfg_opt_t *kind, unsigned line, struct error *err);
};

/* A section as it stands in the file. */
struct conf_section {
	const cfg_opt_t *kind; /* NULL: the top level */
	char title[CONF_MAX_NAME + 1];
	unsigned line;
	unsigned index; /* among those of its kind, from 0 */
	struct {
		const char *name;
		unsigned line;
	} settings[CONF_MAX_SETTINGS];
	size_t n_settings;
};

/* A file that was read. */
struct conf {
	const char *path;
	char *directory; /* that it stands in; "." for the working directory */
	const struct conf_grammar *grammar;
	struct conf_section *sections; /* in the file's order; the first is the top level */
	size_t n_sections;
	cfg_t *cfg;
};

/* A section and its values; good as long as the file. */
struct conf_place {
	const struct conf *conf;
	const struct conf_section *section;
	cfg_t *cfg;
};

/*
 * Reads PATH, which is kept: ST_FORMAT with "FILE: line N" when GRAMMAR does not allow what stands
 * there.  Not for two threads at a time.  conf_free() in any case; start from all zero.
 */
enum status conf_read(
    const char *path, const struct conf_grammar *grammar, struct conf *out, struct error *err);
void conf_free(struct conf *conf);

/* The section with this title, the first of the kind NAME; NULL if there is none. */
const struct conf_section *conf_titled(const struct conf *conf, const char *title);
const struct conf_section *conf_first(const struct conf *conf, const char *name);

/* SECTION with its values. */
struct conf_place conf_at(const struct conf *conf, const struct conf_section *section);

/* The line of SECTION's setting NAME; the section's own when it is not set. */
unsigned conf_line(const struct conf_section *section, const char *name);

/* Whether NAME is set, if only to an empty list. */
bool conf_is_set(const struct conf_place *place, const char *name);

/* The value of NAME, unchecked; NULL when it is not set. */
const char *conf_value(const struct conf_place *place, const char *name);

/* ---- refusals: ERR is set already in the first two; all return ST_FORMAT --------------------- */

/* Adds the place "FILE: line N". */
enum status conf_refuse(const struct conf *conf, unsigned line, struct error *err);
/* The same with the line of NAME. */
enum status conf_refuse_value(const struct conf_place *place, const char *name, struct error *err);
/* NAME's value is none of those ALLOWED. */
enum status conf_refuse_choice(
    const struct conf_place *place, const char *name, const char *allowed, struct error *err);
/* NAME's VALUE is no IP address. */
enum status conf_refuse_address(
    const struct conf_place *place, const char *name, const char *value, struct error *err);
/* NAME is missing; EXAMPLE is a value for it. */
enum status conf_refuse_missing(
    const struct conf *conf, const char *name, const char *example, struct error *err);

/* ---- values: copies, checked ----------------------------------------------------------------- */

/*
 * NAME's value, NULL when it is not set.  Empty values, control characters and more than MAX bytes
 * are refused.
 */
enum status conf_text(
    const struct conf_place *place, const char *name, size_t max, char **out, struct error *err);

/* Room for a name made printable. */
#define CONF_SHOWN_NAME (4 * CONF_MAX_NAME + 1)

/* Whether TEXT has no blanks and nothing that is escaped when it is shown, which it is in SHOWN. */
bool conf_is_name(const char *text, char shown[CONF_SHOWN_NAME]);

/* A path; relative to the file's folder. */
enum status conf_path(
    const struct conf_place *place, const char *name, char **out, struct error *err);

/* PATH from the folder of the file; NULL when memory is short. */
char *conf_resolve(const struct conf *conf, const char *path);

/* A number from 1 to MAX; *OUT stays as it is when NAME is not set. */
enum status conf_number(const struct conf_place *place, const char *name, unsigned max,
    unsigned *out, struct error *err);

/* A list's values, MAX at the most; conf_strings_free() in any case. */
enum status conf_list(const struct conf_place *place, const char *name, unsigned max, char ***out,
    size_t *n, struct error *err);
void conf_strings_free(char **list, size_t n); /* takes NULL */

#endif
