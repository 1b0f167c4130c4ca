/*
 * What the commands share that change a cluster's CTL: their options, the run, what is printed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_CHANGE_OPTIONS_H
#define CTLSIGN_CLI_CHANGE_OPTIONS_H

#include "admin/change.h"
#include "cli/cluster_options.h"
#include "cli/pin_options.h"

struct cli_change {
	const struct cli_command *command;
	const char *config;
	struct cli_modules modules;
	struct ceremony_pins pins;
	const char *named[COLLECT_MAX];
	struct change_request request;
	bool no_publish;
	bool json;
	unsigned seen; /* options that may be given once, a bit each */
};

#define CLI_CHANGE_INIT                                                                            \
	{                                                                                          \
		.pins = CEREMONY_PINS_INIT                                                         \
	}

/* The first ones are flags or may be given once; those of one command have their own numbers. */
enum {
	CLI_CHANGE_DRY_RUN = 1300,
	CLI_CHANGE_YES,
	CLI_CHANGE_SIGN_WITH,
	CLI_CHANGE_FORCE_SIGNER,
	CLI_CHANGE_ACCEPT_LOCKOUT,
	CLI_CHANGE_LOCKOUT_LIST,
	CLI_CHANGE_PHONES_HOLD,
	CLI_CHANGE_NO_LINT,
	CLI_CHANGE_NO_PUBLISH,
	CLI_CHANGE_TIMESTAMP,
	CLI_CHANGE_JSON,
	CLI_CHANGE_TOKENS,
	CLI_CHANGE_TOKENLESS,
	CLI_CHANGE_ADD_TOKEN,
	CLI_CHANGE_REMOVE_TOKEN,
	CLI_CHANGE_TOKEN,
};

#define CLI_CHANGE_ROWS                                                                            \
	CLI_OPTION_CONFIG_ROW, {"dry-run", no_argument, NULL, CLI_CHANGE_DRY_RUN},                 \
	    {"yes", no_argument, NULL, CLI_CHANGE_YES},                                            \
	    {"token", required_argument, NULL, CLI_CHANGE_TOKEN},                                  \
	    {"sign-with", required_argument, NULL, CLI_CHANGE_SIGN_WITH},                          \
	    {"force-signer", no_argument, NULL, CLI_CHANGE_FORCE_SIGNER},                          \
	    {"accept-lockout", required_argument, NULL, CLI_CHANGE_ACCEPT_LOCKOUT},                \
	    {"lockout-list", required_argument, NULL, CLI_CHANGE_LOCKOUT_LIST},                    \
	    {"phones-hold", required_argument, NULL, CLI_CHANGE_PHONES_HOLD},                      \
	    {"no-lint", no_argument, NULL, CLI_CHANGE_NO_LINT},                                    \
	    {"no-publish", no_argument, NULL, CLI_CHANGE_NO_PUBLISH},                              \
	    {"timestamp", required_argument, NULL, CLI_CHANGE_TIMESTAMP},                          \
	    {"json", no_argument, NULL, CLI_CHANGE_JSON}, CLI_OPTION_PIN_ROWS,                     \
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW,                                           \
	{                                                                                          \
		NULL, 0, NULL, 0                                                                   \
	}

/* The lines of --help that explain them: cli_command.shared_usage. */
extern const char cli_change_usage[];

/*
 * Reads the options of OPTIONS into CHANGE; what is left of argv stands from optind on.  False when
 * the command has to end, with its exit code in *RC.
 */
bool cli_change_read(
    struct cli_change *change, int argc, char **argv, const struct option *options, int *rc);

/* Opens the cluster, does what the request says, and prints what came of it: the exit code. */
int cli_change_run(struct cli_change *change);

/* What came of a change, for a command that goes on after it. */
struct cli_change_done {
	int64_t generation; /* that was signed; 0: none */
	bool current;	    /* it is on every server */
};

/*
 * The same in CLUSTER, which was opened for changing and whose modules are chosen; DONE may be
 * NULL. CLUSTER is not used otherwise afterwards, but for its state.
 */
int cli_change_run_on(
    struct cli_change *change, struct cluster *cluster, struct cli_change_done *done);

#endif
