/*
 * The admin shell: the command names of CUCM's own command line, and what stands behind them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_ADMIN_H
#define CTLSIGN_CLI_ADMIN_H

#include "base/bytes.h"
#include "ceremony/collect.h"
#include "cli/admin_line.h"
#include "cli/cli.h"

/* Two words for each option, and one that is given once. */
#define ADMIN_PASSED_MAX (2 * (COLLECT_MAX + CLI_MAX_MODULES + 8))

/* What the shell was started with, and how it ends. */
struct admin {
	const char *config; /* --config; NULL: as every command finds its own */
	bool yes;
	bool names_token; /* --token is among what is passed on */
	/* Options for the commands that sign, as they were given. */
	const char *passed[ADMIN_PASSED_MAX];
	size_t n_passed;
	bool ended; /* exit, quit */
};

/* A command of the shell as it was called. */
struct admin_call {
	char **arguments; /* the words behind the command's name */
	size_t n;
	const char *rest; /* the same as it was typed, with its quotes */
};

struct admin_command {
	const char *name;      /* "utils ctl update CTLFile" */
	const char *arguments; /* "PATTERN"; NULL: there are none */
	size_t min, max;       /* how many */
	const char *summary;   /* one line for help */
	int (*run)(struct admin *admin, const struct admin_call *call); /* returns an exit code */
};

/* The commands, in the order of `help`; NULL behind the last. */
const struct admin_command *admin_command_at(size_t index);

/*
 * The command whose name LINE begins with, the longest one; *N_WORDS are its name's.  Upper and
 * lower case are the same.  NULL: there is none.
 */
const struct admin_command *admin_find(const struct admin_line *line, size_t *n_words);

/* Whether the first N words of LINE are the beginning of NAME, whole words. */
bool admin_begins(const struct admin_line *line, size_t n, const char *name);

/* The command whose name takes the fewest changes of a letter to come from LINE; never NULL. */
const struct admin_command *admin_nearest(const struct admin_line *line);

/*
 * What Tab does behind BEFORE, the line as far as the cursor: appends to INSERT what there is only
 * one way to go on with, and to CHOICES the words that are possible, a blank between, when there
 * are several and nothing to insert.
 */
void admin_complete(const char *before, struct buffer *insert, struct buffer *choices);

/* Runs one line; a comment or an empty one is CLI_DONE.  *KNOWN: it named a command. */
int admin_run_line(struct admin *admin, const char *line, bool *known);

/* Runs the lines of stdin: as a runbook that ends at its first failure, or for a person. */
int admin_run_book(struct admin *admin);
int admin_run_shell(struct admin *admin);

/* Lists the commands whose names begin with the words of CALL, or all. */
int admin_help(struct admin *admin, const struct admin_call *call);

/* ---- the commands, in their own files ---------------------------------------------------------
 */

/* Change the CTL: admin_change.c. */
int admin_mixed_mode(struct admin *admin, const struct admin_call *call);
int admin_non_secure_mode(struct admin *admin, const struct admin_call *call);
int admin_update(struct admin *admin, const struct admin_call *call);
int admin_upgrade(struct admin *admin, const struct admin_call *call);
int admin_reset_localkey(struct admin *admin, const struct admin_call *call);

/* Look, or set SIP OAuth mode: admin_show.c, admin_sql.c. */
int admin_show_ctl(struct admin *admin, const struct admin_call *call);
int admin_show_itl(struct admin *admin, const struct admin_call *call);
int admin_sip_oauth_enable(struct admin *admin, const struct admin_call *call);
int admin_sip_oauth_disable(struct admin *admin, const struct admin_call *call);
int admin_sip_oauth_status(struct admin *admin, const struct admin_call *call);
int admin_sql(struct admin *admin, const struct admin_call *call);

/* The folders that phones are served from: admin_files.c. */
int admin_file_list(struct admin *admin, const struct admin_call *call);
int admin_file_delete(struct admin *admin, const struct admin_call *call);

#endif
