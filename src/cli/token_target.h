/*
 * What the commands that change one token share: their TOKEN, its module, its PINs, and the words
 * that name objects on it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_TOKEN_TARGET_H
#define CTLSIGN_CLI_TOKEN_TARGET_H

#include "ceremony/ceremony.h"
#include "cli/cli.h"
#include "cli/pin_options.h"

struct cli_target {
	struct cli_modules modules;
	struct ceremony_pins pins;
	struct tokens *tokens;
	struct token_selector *selector;
	const struct token_info *token;
};

#define CLI_TARGET_INIT                                                                            \
	{                                                                                          \
		.pins = CEREMONY_PINS_INIT                                                         \
	}

/* Takes --module, --timeout and the options of PINs; false after a usage error. */
bool cli_target_option(
    const struct cli_command *command, struct cli_target *target, int option, const char *value);

/* Parses NAME into `selector`; a URI that names an object on a token is ST_USAGE. */
enum status cli_target_select(struct cli_target *target, const char *name, struct error *err);

/* Opens the modules and finds the token that NAME says.  cli_target_close() in any case. */
enum status cli_target_open(struct cli_target *target, const char *name, struct error *err);

/* Finds the token again, in a new snapshot. */
enum status cli_target_again(struct cli_target *target, struct error *err);

/* Closes the modules; may be called whatever came of the opening. */
void cli_target_close(struct cli_target *target);

/* A command that changes a token's PIN and nothing else. */
struct cli_pin_change {
	const struct cli_command *command;
	const struct option *options; /* of PINs and modules */
	bool administration;	      /* tokens_options.administration */
	/* The sentences before the PINs, and after. */
	void (*say)(const struct token_info *token, char *about, size_t about_size, char *done,
	    size_t done_size);
	enum status (*run)(struct tokens *tokens, const struct token_info *token,
	    const struct pin_source *pins, struct error *err);
};

/* All of such a command, from its arguments to its exit code. */
int cli_change_pins(const struct cli_pin_change *change, int argc, char **argv);

/*
 * Takes the value of an option that may be given once, into *SLOT (NULL before); false after a
 * usage error.  NAME is the option with its dashes.
 */
bool cli_take_once(
    const struct cli_command *command, const char *name, const char **slot, const char *value);

/* --id HEX into ID (empty before); --label of an object.  False after a usage error. */
bool cli_take_id(const struct cli_command *command, struct buffer *id, const char *value);
bool cli_take_label(const struct cli_command *command, const char **slot, const char *value);

/* The one argument that is left, or NULL after a usage error. */
const char *cli_only_argument(
    const struct cli_command *command, int argc, char **argv, const char *missing);

/* TEXT as a line on stderr, when a person reads it: what was done. */
void cli_say_done(const char *text);

#endif
