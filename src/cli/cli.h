/*
 * The command layer: the only code that reads arguments and prints results.  stdout is results,
 * stderr is talk.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_H
#define CTLSIGN_CLI_H

#include "base/bytes.h"
#include "base/error.h"
#include "tokens/tokens.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

/* Exit codes.  Never renumbered; ctlsign(1) lists them. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NOT_VERIFIED = 3,
	CLI_LOCKOUT = 4,
	CLI_TOKEN = 5,
	CLI_UPDATE_DUE = 6,
};

struct cli_command {
	const char *name;    /* "build", "token list" */
	const char *summary; /* one line for `ctlsign --help` */
	const char *usage;   /* what `--help` prints: synopsis, options, an example */
	/* Printed behind it, when not NULL: options that several commands share, then an example.
	 */
	const char *shared_usage;
	const char *example;
	/* argv[0] is the command's name; returns an exit code. */
	int (*run)(int argc, char **argv);
};

extern const struct cli_command cli_token_list;
extern const struct cli_command cli_token_show;
extern const struct cli_command cli_token_watch;
extern const struct cli_command cli_token_provision;
extern const struct cli_command cli_token_import;
extern const struct cli_command cli_token_export;
extern const struct cli_command cli_token_init;
extern const struct cli_command cli_token_change_pin;
extern const struct cli_command cli_token_unblock;
extern const struct cli_command cli_build;
extern const struct cli_command cli_show;
extern const struct cli_command cli_verify;
extern const struct cli_command cli_lint;
extern const struct cli_command cli_diff;
extern const struct cli_command cli_doctor;
extern const struct cli_command cli_init;
extern const struct cli_command cli_set_cluster_mixed_mode;
extern const struct cli_command cli_set_cluster_non_secure_mode;
extern const struct cli_command cli_update;
extern const struct cli_command cli_reset_localkey;
extern const struct cli_command cli_rollback;
extern const struct cli_command cli_publish;
extern const struct cli_command cli_nodes;
extern const struct cli_command cli_status;
extern const struct cli_command cli_history;
extern const struct cli_command cli_export;
extern const struct cli_command cli_trust_add;
extern const struct cli_command cli_trust_remove;
extern const struct cli_command cli_trust_list;
extern const struct cli_command cli_audit_show;
extern const struct cli_command cli_audit_verify;
extern const struct cli_command cli_sip_oauth;
extern const struct cli_command cli_ports;
extern const struct cli_command cli_phones_import;
extern const struct cli_command cli_phones_show;
extern const struct cli_command cli_phones_check;
extern const struct cli_command cli_phones_families;
extern const struct cli_command cli_migrate_tokenless;
extern const struct cli_command cli_migrate_tokens;
extern const struct cli_command cli_migrate_rotate;
extern const struct cli_command cli_migrate_join_cluster;
extern const struct cli_command cli_migrate_status;
extern const struct cli_command cli_migrate_next;
extern const struct cli_command cli_migrate_abort;
extern const struct cli_command cli_runbook;
extern const struct cli_command cli_explain;
extern const struct cli_command cli_admin;

/* Finds and runs the command in argv; returns the program's exit code. */
int cli_main(int argc, char **argv);

/*
 * Runs the command that argv begins with ("token", "list", ...), as cli_main() does, for a command
 * that runs others; argv may be reordered.  Returns its exit code.
 */
int cli_run(int argc, char **argv);

/*
 * How many letters of TYPED have to be put in, taken out or changed until it is NAME, which has 63
 * at most; upper and lower case are the same.
 */
size_t cli_distance(const char *typed, const char *name);

/* Which exit code a status is. */
enum cli_exit cli_exit_code(enum status status);

/* Prints the error as one line on stderr and returns its exit code. */
int cli_fail(const struct error *err);

/* Columns of the terminal that FD is; 0 where it is none, and lines stay whole. */
size_t cli_width(int fd);

/* A line on stderr that is no failure: "ctlsign: warning: TEXT". */
void cli_warn(const char *text);

/*
 * The next option of COMMAND, as getopt_long() returns it; -1 at the end.  --help prints the usage
 * and returns CLI_OPTION_HELP; an unknown option or a missing value prints an error and returns
 * CLI_OPTION_BAD.  OPTIONS must contain CLI_OPTION_HELP_ROW.
 */
#define CLI_OPTION_HELP 'h'
#define CLI_OPTION_BAD	'?'
#define CLI_OPTION_HELP_ROW                                                                        \
	{                                                                                          \
		"help", no_argument, NULL, CLI_OPTION_HELP                                         \
	}
int cli_getopt(
    const struct cli_command *command, int argc, char **argv, const struct option *options);

/*
 * The options of a command that has --json and no other.  False when the command has to end, with
 * its exit code in *RC.
 */
bool cli_take_json_only(
    const struct cli_command *command, int argc, char **argv, bool *json, int *rc);

/* A usage error of COMMAND on stderr, with the way to its help; returns CLI_USAGE. */
int cli_usage_error(const struct cli_command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints BUF, or JSON (which it frees), on stdout.  Returns CLI_DONE, or CLI_FAILED with an error
 * when stdout cannot take it. */
int cli_print(struct buffer *buf);
int cli_print_json(json_t *json);

/*
 * Whether all that was printed has reached stdout: CLI_DONE, or CLI_FAILED with an error.  The
 * reason is taken from errno, which the caller sets to 0 before it prints.
 */
int cli_finish_stdout(void);

/* A file name as a JSON string; bytes that are no UTF-8 become escapes. */
json_t *cli_json_path(const char *path);

/* A whole number from MIN to MAX and nothing else. */
bool cli_parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *out);

/* ---- options that several commands share ---------------------------------------------------- */

#define CLI_MAX_MODULES 32

/* --module PATH (repeated) and --timeout SECONDS. */
struct cli_modules {
	const char *paths[CLI_MAX_MODULES];
	size_t n;
	unsigned timeout_ms;
	bool administration; /* tokens_options.administration */
};

enum { CLI_OPTION_MODULE = 1000, CLI_OPTION_TIMEOUT };

#define CLI_OPTION_MODULE_ROWS                                                                     \
	{"module", required_argument, NULL, CLI_OPTION_MODULE},                                    \
	{                                                                                          \
		"timeout", required_argument, NULL, CLI_OPTION_TIMEOUT                             \
	}

/* Takes one of the two options; false after having printed a usage error. */
bool cli_modules_option(
    const struct cli_command *command, struct cli_modules *modules, int option, const char *value);

/* tokens_open() with these options; modules that were left out are told on stderr. */
enum status cli_modules_open(
    const struct cli_modules *modules, struct tokens **out, struct error *err);

#endif
