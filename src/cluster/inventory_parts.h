/*
 * What the files that read ctlsign.conf share; private to them.
 *
 * The way of a file: inventory_scan() looks over its text and marks where everything stands,
 * libconfuse reads the values, inventory_take_*() turn them into an inventory, inventory_check()
 * looks at the whole.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_INVENTORY_PARTS_H
#define CTLSIGN_CLUSTER_INVENTORY_PARTS_H

#include "cluster/inventory.h"

#include <confuse.h>

/* Bytes of a name of a section or a DNS name; of any other value. */
#define INVENTORY_MAX_NAME 255
#define INVENTORY_MAX_TEXT 1024
/* Values of one list. */
#define INVENTORY_MAX_LIST 32

/* The top level, 28 nodes, the other servers, and a section each of those without a name. */
#define LAYOUT_MAX_SECTIONS                                                                        \
	(1 + 1 + INVENTORY_MAX_SUBSCRIBERS + INVENTORY_MAX_TFTP + INVENTORY_MAX_MEDIA +            \
	    INVENTORY_MAX_OTHERS + 4)
#define LAYOUT_MAX_SETTINGS 16

/* A section as it stands in the file. */
struct layout_section {
	const cfg_opt_t *kind; /* NULL: the top level */
	char title[INVENTORY_MAX_NAME + 1];
	unsigned line;
	unsigned index; /* among those of its kind, from 0 */
	struct {
		const char *name;
		unsigned line;
	} settings[LAYOUT_MAX_SETTINGS];
	size_t n_settings;
};

/* All of them in the file's order; the first is the top level. */
struct layout {
	struct layout_section sections[LAYOUT_MAX_SECTIONS];
	size_t n;
};

/* A file that is being read. */
struct reading {
	const char *path;
	struct layout layout;
	cfg_t *cfg;
	struct inventory *out;
};

/* A section and its values. */
struct place {
	const struct reading *reading;
	const struct layout_section *section;
	cfg_t *cfg;
};

/* Adds the place "FILE: line N" to ERR, which is set; returns ST_FORMAT. */
enum status inventory_refuse(const struct reading *reading, unsigned line, struct error *err);

/* ---- schema: what may stand in the file ---------------------------------------------------- */

/* The sections and settings of the top level, ended by a nameless one. */
cfg_opt_t *inventory_schema(void);

/* The settings of SECTION. */
const cfg_opt_t *inventory_schema_of(const struct layout_section *section);

/* Of a name with LEN bytes; NULL if there is none. */
const cfg_opt_t *inventory_schema_find(const cfg_opt_t *settings, const char *name, size_t len);

/*
 * The hint for a name that is not known: the nearest one, and all that may stand there.
 */
void inventory_schema_hint(
    const cfg_opt_t *settings, const char *name, size_t len, struct error *err);

/* How many sections of KIND there may be; SHARED: together with other kinds. */
unsigned inventory_schema_limit(const cfg_opt_t *kind, bool *shared);

/* ---- scan ---------------------------------------------------------------------------------- */

/*
 * Looks over TEXT (NUL-terminated, LEN bytes), fills READING's layout, and turns comments into
 * blanks.  Refused here: what libconfuse would take without a word.  What it refuses itself is left
 * to it: the text is then cut behind the place.
 */
enum status inventory_scan(struct reading *reading, char *text, size_t len, struct error *err);

/* The line of SECTION's setting NAME; the section's own when it is not set. */
unsigned layout_line(const struct layout_section *section, const char *name);

/* The section with this title; NULL if there is none. */
const struct layout_section *layout_titled(const struct layout *layout, const char *title);

/* The first section of the kind NAME; NULL if there is none. */
const struct layout_section *layout_first(const struct layout *layout, const char *name);

/* ---- values -------------------------------------------------------------------------------- */

/* SECTION with its values; a place is good as long as READING is. */
struct place inventory_place(const struct reading *reading, const struct layout_section *section);

/* The value of NAME; NULL when it is not set. */
const char *place_value(const struct place *place, const char *name);

/* inventory_refuse() at the line of NAME. */
enum status place_refuse(const struct place *place, const char *name, struct error *err);

/*
 * A copy of NAME's value, NULL when it is not set.  Empty values, control characters and more than
 * MAX bytes are refused.
 */
enum status place_text(
    const struct place *place, const char *name, size_t max, char **out, struct error *err);

/* The same without blanks and without what cannot be printed: a DNS name. */
enum status place_dns(const struct place *place, const char *name, char **out, struct error *err);

/* A path; relative to the file's folder. */
enum status place_path(const struct place *place, const char *name, char **out, struct error *err);

/* A number from 1 to MAX; *OUT stays as it is when NAME is not set. */
enum status place_number(
    const struct place *place, const char *name, unsigned max, unsigned *out, struct error *err);

/* Copies of a list's values, MAX at the most. */
enum status place_list(const struct place *place, const char *name, unsigned max, char ***out,
    size_t *n, struct error *err);

void inventory_strings_free(char **list, size_t n); /* takes NULL */

/* An IP address, but none that means "any"; *OUT stays as it is when NAME is not set. */
enum status place_address(
    const struct place *place, const char *name, struct inventory_address *out, struct error *err);

/* The path of a certificate; its line is the section's when NAME is not set. */
enum status place_certificate(const struct place *place, const char *name,
    struct inventory_certificate *out, struct error *err);

/* A private key: a path or a pkcs11: URI. */
enum status place_key(
    const struct place *place, const char *name, struct inventory_key *out, struct error *err);

/* PATH from the folder of ctlsign.conf; NULL when memory is short. */
char *inventory_resolve(const struct inventory *inventory, const char *path);

/* `deliver` and `verify`; after the ports, one of which is a target's default. */
enum status place_targets(
    const struct place *place, struct inventory_targets *out, struct error *err);
enum status place_urls(const struct place *place, struct inventory_urls *out, struct error *err);
void inventory_targets_free(struct inventory_targets *targets);

/* ---- addresses ----------------------------------------------------------------------------- */

/* "SCHEME://[USER@]HOST[:PORT][PATH]".  Start from all zero; url_free() in any case. */
struct url {
	char *user;	  /* decoded; NULL */
	char *host;	  /* without brackets */
	unsigned port;	  /* 0: not said */
	const char *path; /* as it stands in the text; "", or begins with '/' */
};

/* The length of SCHEME before "://"; 0 when TEXT does not begin so. */
size_t url_scheme_length(const char *text);

/* Whether it begins with this one, in any case. */
bool url_has_scheme(const char *text, const char *scheme);

/* TEXT, which has a scheme.  Errors are without their place. */
enum status url_parse(const char *text, struct url *out, struct error *err);
void url_free(struct url *url);

/* A copy with its "%41" replaced; control characters are refused. */
enum status url_decode(const char *text, size_t len, char **out, struct error *err);

/* ---- the inventory ------------------------------------------------------------------------- */

/* The top level's settings and those of itlrecovery and callmanager. */
enum status inventory_take_settings(struct reading *reading, struct error *err);
enum status inventory_take_ports(struct reading *reading, struct error *err);
enum status inventory_take_publish(struct reading *reading, struct error *err);
/* Nodes and other servers; after the settings, whose domain they need. */
enum status inventory_take_servers(struct reading *reading, struct error *err);
enum status inventory_take_services(
    const struct place *place, struct inventory_node *node, struct error *err);

/* Names and addresses that stand twice, addresses that are missing. */
enum status inventory_check(const struct reading *reading, struct error *err);
/* Targets that stand twice, or are the CTL file of this machine. */
enum status inventory_check_targets(const struct reading *reading, struct error *err);

/* IPv4 or IPv6; false, and none in OUT, for anything else. */
bool inventory_address_parse(const char *text, struct inventory_address *out);
/* Both there, and the same. */
bool inventory_address_equal(const struct inventory_address *a, const struct inventory_address *b);

#endif
