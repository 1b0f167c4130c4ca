/*
 * The table of commands, and how one is found.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct cli_command *const commands[] = {
    &cli_init,
    &cli_set_cluster_mixed_mode,
    &cli_set_cluster_non_secure_mode,
    &cli_update,
    &cli_reset_localkey,
    &cli_rollback,
    &cli_publish,
    &cli_nodes,
    &cli_status,
    &cli_history,
    &cli_export,
    &cli_trust_add,
    &cli_trust_remove,
    &cli_trust_list,
    &cli_audit_show,
    &cli_audit_verify,
    &cli_phones_import,
    &cli_phones_show,
    &cli_phones_check,
    &cli_phones_families,
    &cli_migrate_tokenless,
    &cli_migrate_tokens,
    &cli_migrate_rotate,
    &cli_migrate_join_cluster,
    &cli_migrate_status,
    &cli_migrate_next,
    &cli_migrate_abort,
    &cli_runbook,
    &cli_explain,
    &cli_sip_oauth,
    &cli_ports,
    &cli_admin,
    &cli_token_list,
    &cli_token_show,
    &cli_token_watch,
    &cli_token_provision,
    &cli_token_import,
    &cli_token_export,
    &cli_token_init,
    &cli_token_change_pin,
    &cli_token_unblock,
    &cli_build,
    &cli_show,
    &cli_verify,
    &cli_lint,
    &cli_diff,
    &cli_doctor,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Whether the command's name is GROUP and another word, as "token list" is in the group "token". */
static bool is_in_group(const struct cli_command *command, const char *group)
{
	const size_t len = strlen(group);

	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

static void add_commands(const char *group, struct buffer *out)
{
	struct text_table *table = text_table_new(2);

	for (size_t i = 0; i < N_COMMANDS; i++) {
		char name[64];

		if (group != NULL && !is_in_group(commands[i], group))
			continue;
		snprintf(name, sizeof(name), "  %s", commands[i]->name);
		text_table_row(table, (const char *[]){name, _(commands[i]->summary)});
	}
	text_table_print(table, out);
	text_table_free(table);
}

static int print_group_help(const char *group)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, _("Usage: ctlsign %s COMMAND [OPTION]...\n\nCommands:\n"), group);
	add_commands(group, &out);
	buffer_printf(&out,
	    _("\n  ctlsign %s COMMAND --help   what a command does, its options, an example\n"),
	    group);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int print_help(void)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, "%s",
	    _("Usage: ctlsign COMMAND [OPTION]...\n"
	      "\n"
	      "Signs Cisco Certificate Trust Lists with keys that never leave their USB tokens.\n"
	      "\n"
	      "Commands:\n"));
	add_commands(NULL, &out);
	buffer_printf(&out, "%s",
	    _("\n"
	      "  ctlsign COMMAND --help   what a command does, its options, an example\n"
	      "  ctlsign help COMMAND     the same\n"
	      "  ctlsign --version        which version this is\n"
	      "\n"
	      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 verification failed,\n"
	      "4 phones would be locked out, 5 token or PIN trouble, 6 an update is due.\n"
	      "\n"
	      "Example: which tokens are there?\n"
	      "  ctlsign token list\n"));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* How many words of argv (from argv[0]) are the command's name; 0: it is another one. */
static int match(const struct cli_command *command, int argc, char **argv)
{
	const char *space = strchr(command->name, ' ');
	size_t first = space != NULL ? (size_t)(space - command->name) : strlen(command->name);

	if (argc < 1 || strlen(argv[0]) != first || memcmp(argv[0], command->name, first) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return argc >= 2 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

/* The second words of a group, with ", " between. */
static void add_second_words(const char *group, struct buffer *out)
{
	const size_t start = out->len;

	for (size_t i = 0; i < N_COMMANDS; i++)
		if (is_in_group(commands[i], group))
			buffer_printf(out, "%s%s", out->len > start ? ", " : "",
			    commands[i]->name + strlen(group) + 1);
}

/* Appends the command, or the group, that TYPED may have been meant for; nothing if none is near.
 */
static void add_nearest(const char *typed, struct buffer *out)
{
	/* Of a short word few letters may differ, else it could be any. */
	size_t nearest = strlen(typed) / 3 + 1;
	const char *found = NULL, *whole = NULL;
	size_t found_len = 0;

	for (size_t i = 0; i < N_COMMANDS && typed[0] != '\0'; i++) {
		const char *name = commands[i]->name, *space = strchr(name, ' ');
		const size_t len = space != NULL ? (size_t)(space - name) : strlen(name);
		char first[64];
		size_t d;

		/* The group was left out. */
		if (space != NULL && whole == NULL && strcmp(space + 1, typed) == 0)
			whole = name;
		snprintf(first, sizeof(first), "%.*s", (int)len, name);
		d = cli_distance(typed, first);
		if (d < nearest) {
			nearest = d;
			found = name;
			found_len = len;
		}
	}
	/* One letter off a first word is nearer than a second word: "tokens list". */
	if (whole != NULL && nearest > 1)
		buffer_printf(out, "%s", whole);
	else if (found != NULL)
		buffer_add(out, found, found_len);
}

static int unknown_in_group(const char *group, const char *shown)
{
	struct buffer words = BUFFER_INIT;

	add_second_words(group, &words);
	fprintf(stderr,
	    _("ctlsign: there is no command '%s %s'; after '%s' stands one of: %s; see: ctlsign "
	      "%s --help\n"),
	    group, shown, group, buffer_text(&words) != NULL ? buffer_text(&words) : "", group);
	buffer_free(&words);
	return CLI_USAGE;
}

static int unknown(int argc, char **argv)
{
	struct buffer near = BUFFER_INIT;
	char shown[128];
	bool group = false;

	for (size_t i = 0; i < N_COMMANDS; i++)
		group = group || is_in_group(commands[i], argv[0]);
	if (group && argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return print_group_help(argv[0]);
	if (group && argc < 2) {
		fprintf(stderr, _("ctlsign: '%s' needs a second word; see: ctlsign %s --help\n"),
		    argv[0], argv[0]);
		return CLI_USAGE;
	}
	text_printable_into(shown, sizeof(shown), text_bytes(argv[group ? 1 : 0]));
	if (group)
		return unknown_in_group(argv[0], shown);
	add_nearest(argv[0], &near);
	if (near.len > 0 && buffer_text(&near) != NULL)
		fprintf(stderr,
		    _("ctlsign: there is no command '%s'; did you mean '%s'? see: ctlsign "
		      "--help\n"),
		    shown, buffer_text(&near));
	else
		fprintf(
		    stderr, _("ctlsign: there is no command '%s'; see: ctlsign --help\n"), shown);
	buffer_free(&near);
	return CLI_USAGE;
}

int cli_run(int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		int words = match(commands[i], argc, argv);

		if (words > 0) {
			/* From the start, also after another command's options were read. */
			optind = 0;
			return commands[i]->run(argc - words + 1, argv + words - 1);
		}
	}
	return unknown(argc, argv);
}

static int dispatch(int argc, char **argv)
{
	static char help_option[] = "--help";
	char shown[128];

	if (argc < 2) {
		fputs(_("ctlsign: which command? see: ctlsign --help\n"), stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("ctlsign %s\n", PACKAGE_VERSION);
		return CLI_DONE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help();
	if (strcmp(argv[1], "help") == 0) {
		if (argc == 2)
			return print_help();
		/* `help build` is `build --help`: the words move up, --help goes behind them. */
		memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof(*argv));
		argv[argc - 1] = help_option;
	}
	if (argv[1][0] == '-') {
		fprintf(stderr, _("ctlsign: unknown option '%s'; see: ctlsign --help\n"),
		    text_printable_into(shown, sizeof(shown), text_bytes(argv[1])));
		return CLI_USAGE;
	}
	return cli_run(argc - 1, argv + 1);
}

int cli_main(int argc, char **argv)
{
	int rc = dispatch(argc, argv);

	/* Usage texts and versions are printed without looking. */
	errno = 0;
	return rc == CLI_DONE ? cli_finish_stdout() : rc;
}
