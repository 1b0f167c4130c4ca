/*
 * The commands of the admin shell, and how one is found.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int leave(struct admin *admin, const struct admin_call *call)
{
	(void)call;
	admin->ended = true;
	return CLI_DONE;
}

static const struct admin_command commands[] = {
    {"utils ctl set-cluster mixed-mode", NULL, 0, 0, N_("make and sign the CTL: mixed mode"),
	admin_mixed_mode},
    {"utils ctl set-cluster non-secure-mode", NULL, 0, 0,
	N_("take the servers' certificates out of the CTL: non-secure mode"),
	admin_non_secure_mode},
    {"utils ctl update CTLFile", NULL, 0, 0, N_("make and sign the CTL anew"), admin_update},
    {"utils ctl upgrade", NULL, 0, 0, N_("from a CTL that tokens sign to a tokenless one"),
	admin_upgrade},
    {"utils ctl reset localkey", NULL, 0, 0, N_("sign a tokenless CTL with its other SAST"),
	admin_reset_localkey},
    {"utils sipOAuth-mode", NULL, 0, 0, N_("show the SIP OAuth mode"), admin_sip_oauth_status},
    {"utils sipOAuth-mode enable", NULL, 0, 0, N_("enable it"), admin_sip_oauth_enable},
    {"utils sipOAuth-mode disable", NULL, 0, 0, N_("disable it"), admin_sip_oauth_disable},
    {"utils sipOAuth-mode status", NULL, 0, 0, N_("show it"), admin_sip_oauth_status},
    {"show ctl", NULL, 0, 0, N_("show the CTL file"), admin_show_ctl},
    {"show itl", NULL, 0, 0, N_("show the ITL file beside it"), admin_show_itl},
    {"file list tftp", "PATTERN", 1, 1, N_("list the files that phones are served"),
	admin_file_list},
    {"file delete tftp", "FILE [noconfirm]", 1, 2, N_("delete one of them, such as CTLFile.tlv"),
	admin_file_delete},
    {"run sql", "STATEMENT", 1, ADMIN_WORDS_MAX,
	N_("only the statement that tells the security mode"), admin_sql},
    {"help", "[COMMAND]", 0, ADMIN_WORDS_MAX, N_("list the commands"), admin_help},
    {"?", "[COMMAND]", 0, ADMIN_WORDS_MAX, N_("the same"), admin_help},
    {"exit", NULL, 0, 0, N_("leave"), leave},
    {"quit", NULL, 0, 0, N_("leave"), leave},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct admin_command *admin_command_at(size_t index)
{
	return index < N_COMMANDS ? &commands[index] : NULL;
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static size_t count_words(const char *name)
{
	size_t n = 1;

	while ((name = strchr(name, ' ')) != NULL) {
		name++;
		n++;
	}
	return n;
}

static bool same_word(const char *word, const char *name, size_t len)
{
	return strlen(word) == len && strncasecmp(word, name, len) == 0;
}

bool admin_begins(const struct admin_line *line, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const size_t len = strcspn(name, " ");

		if (len == 0 || !same_word(line->words[i], name, len))
			return false;
		name += len + (name[len] == ' ' ? 1 : 0);
	}
	return true;
}

const struct admin_command *admin_find(const struct admin_line *line, size_t *n_words)
{
	const struct admin_command *found = NULL;

	*n_words = 0;
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const size_t n = count_words(commands[i].name);

		if (n <= *n_words || n > line->n || !admin_begins(line, n, commands[i].name))
			continue;
		found = &commands[i];
		*n_words = n;
	}
	return found;
}

/* ---- help -------------------------------------------------------------------------------------
 */

/* The last word of "utils ctl ?" is the question. */
static size_t words_to_match(const struct admin_line *line)
{
	return line->n > 0 && strcmp(line->words[line->n - 1], "?") == 0 ? line->n - 1 : line->n;
}

static size_t add_commands(const struct admin_line *line, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	const size_t n = words_to_match(line);
	size_t rows = 0;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		const char *arguments = commands[i].arguments;
		char name[96];

		if (!admin_begins(line, n, commands[i].name))
			continue;
		snprintf(name, sizeof(name), "  %s%s%s", commands[i].name,
		    arguments != NULL ? " " : "", arguments != NULL ? arguments : "");
		text_table_row(table, (const char *[]){name, _(commands[i].summary)});
		rows++;
	}
	text_table_print(table, out);
	text_table_free(table);
	return rows;
}

int admin_help(struct admin *admin, const struct admin_call *call)
{
	struct buffer out = BUFFER_INIT;
	struct admin_line line;
	struct error err;
	int rc;

	(void)admin;
	if (admin_line_split(call->rest, &line, &err) != ST_OK)
		return cli_fail(&err);
	if (add_commands(&line, &out) == 0) {
		line.n = 0;
		add_commands(&line, &out);
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}
