/*
 * What the parts of `ctlsign build` share: its options, and the entries with their certificates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_BUILD_H
#define CTLSIGN_CLI_BUILD_H

#include "cli/cli.h"
#include "cli/spec.h"
#include "ceremony/ceremony.h"
#include "trustlist/trustlist.h"

struct build_entry {
	unsigned role;
	struct cli_spec spec;
	X509 *certificate; /* NULL until build_load() */
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

	struct tokens *tokens; /* open only when a URI is among the inputs */
	struct tl_entry *planned;
	X509 **sast; /* the SAST entries' certificates, borrowed from the entries */
	size_t n_sast;
};

extern const struct option build_options[];

/* Takes one option of the table; false, with *EXIT_CODE set, after having told what is wrong. */
bool build_take_option(struct build *build, int option, const char *value, int *exit_code);

/* Whether all is there that must be: CLI_DONE, or the exit code of what was told. */
int build_check_options(const struct build *build);

/* Appends an entry from the option's value. */
enum status build_add_entry(
    struct build *build, unsigned role, const char *spec, struct error *err);

/*
 * Refuses an output that is one of the inputs or cannot be written, then opens modules if any URI
 * needs them, reads every certificate, and fills planned and sast.
 */
enum status build_load(struct build *build, struct error *err);

/* After a failure with --sign-with: adds what else its value may have been meant to be. */
void build_hint_at_key(const struct build *build, struct error *err);

/* Releases everything, tokens last. */
void build_free(struct build *build);

#endif
