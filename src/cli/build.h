/*
 * What the parts of `ctlsign build` share: its options, and the entries with their certificates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_BUILD_H
#define CTLSIGN_CLI_BUILD_H

#include "cli/cli.h"
#include "cli/spec.h"
#include "cli/list_file.h"
#include "ceremony/ceremony.h"
#include "ceremony/collect.h"
#include "trustlist/trustlist.h"

struct build_entry {
	unsigned role;
	struct cli_spec spec;
	X509 *certificate; /* NULL until build_load() */
};

/* --from, --collect and --token. */
struct build_collect {
	const char *from; /* NULL: not given */
	struct list_file current;
	struct tl_makings makings; /* of it */
	size_t wanted;		   /* tokens; 0: none are collected */
	size_t before_entry;	   /* how many entries stand before --collect */
	const char *named[COLLECT_MAX];
	size_t n_named;
	struct collection collection;
};

struct build {
	struct cli_modules modules;
	struct ceremony_pins pins;
	const char *output;
	const char *key; /* --sign-with: a pkcs11: URI or a key file */
	bool force;
	bool no_lint;
	unsigned seen; /* options that may be given once, a bit each */
	struct build_entry *entries;
	size_t n_entries;
	struct tl_plan plan; /* all but entries and signer */
	struct build_collect collect;

	struct tokens *tokens; /* open only when a token is among the inputs */
	struct tl_entry *planned;
	X509 **sast; /* the SAST entries' certificates, borrowed from the entries */
	size_t n_sast;
};

/* Up to OPTION_FROM each may be given once. */
enum {
	OPTION_SIGN_WITH = 1,
	OPTION_FILENAME,
	OPTION_DIGEST,
	OPTION_TIMESTAMP,
	OPTION_SIGNER_VERSION,
	OPTION_NAMES,
	OPTION_FORCE,
	OPTION_NO_LINT,
	OPTION_COLLECT,
	OPTION_FROM,
	OPTION_TOKEN,
	OPTION_ENTRY = 2000, /* plus the role */
};

extern const struct option build_options[];

/* Takes one option of the table; false, with *EXIT_CODE set, after having told what is wrong. */
bool build_take_option(struct build *build, int option, const char *value, int *exit_code);

/* Whether all is there that must be: CLI_DONE, or the exit code of what was told. */
int build_check_options(const struct build *build);

/* Appends an entry from the option's value. */
enum status build_add_entry(
    struct build *build, unsigned role, const char *spec, struct error *err);

/* Whether the option with this value of getopt_long() was given. */
bool build_was_given(const struct build *build, int option);

/*
 * Refuses an output that is one of the inputs or cannot be written, reads the list to start from,
 * then opens modules if any token is needed, reads every certificate, collects tokens, and fills
 * planned and sast.
 */
enum status build_load(struct build *build, struct error *err);

/* Takes --from, --collect or --token; false after a usage error. */
bool build_collect_option(struct build *build, int option, const char *value);

/* Reads the list that --from names, and takes over the settings that no option has set. */
enum status build_read_current(struct build *build, struct error *err);

/* Collects the tokens that --collect wants; which of them signs is asked by build_finish(). */
enum status build_collect(struct build *build, struct error *err);
enum status build_finish(struct build *build, struct error *err);

/* The list in words: its entries, and what changes against the list of --from. */
enum status build_describe(const struct build *build, struct buffer *out, struct error *err);

/* After a failure with --sign-with: adds what else its value may have been meant to be. */
void build_hint_at_key(const struct build *build, struct error *err);

/* Releases everything, tokens last. */
void build_free(struct build *build);

#endif
