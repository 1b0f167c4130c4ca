/*
 * The one SQL statement that runbooks ask for: which security mode the cluster has.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "base/text.h"
#include "cli/cluster_options.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME "ClusterSecurityMode"
#define STATEMENT                                                                                  \
	"run sql select paramname,paramvalue from processconfig where paramname='" NAME "'"
#define COLUMNS_MAX 2

enum column { PARAMNAME, PARAMVALUE };

static const char *const column_names[] = {"paramname", "paramvalue"};

struct query {
	enum column columns[COLUMNS_MAX];
	size_t n;
};

/* ---- reading the statement --------------------------------------------------------------------
 */

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

/* WORD in any case, and not the beginning of a longer one. */
static bool take_word(const char **at, const char *word)
{
	const size_t len = strlen(word);

	skip_blanks(at);
	if (strncasecmp(*at, word, len) != 0 || isalnum((unsigned char)(*at)[len]) ||
	    (*at)[len] == '_')
		return false;
	*at += len;
	return true;
}

static bool take_sign(const char **at, char sign)
{
	skip_blanks(at);
	if (**at != sign)
		return false;
	(*at)++;
	return true;
}

static bool take_column(const char **at, struct query *query)
{
	for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++) {
		if (query->n == COLUMNS_MAX || !take_word(at, column_names[i]))
			continue;
		query->columns[query->n++] = (enum column)i;
		return true;
	}
	return false;
}

static bool take_columns(const char **at, struct query *query)
{
	do {
		if (!take_column(at, query))
			return false;
	} while (take_sign(at, ','));
	return true;
}

/* 'ClusterSecurityMode', with either kind of quotes. */
static bool take_name(const char **at)
{
	char quote;

	skip_blanks(at);
	quote = **at;
	if (quote != '\'' && quote != '"')
		return false;
	(*at)++;
	return take_word(at, NAME) && take_sign(at, quote);
}

static bool parse(const char *text, struct query *query)
{
	bool good = take_word(&text, "select") && take_columns(&text, query) &&
		    take_word(&text, "from") && take_word(&text, "processconfig") &&
		    take_word(&text, "where") && take_word(&text, "paramname") &&
		    take_sign(&text, '=') && take_name(&text);

	if (!good)
		return false;
	take_sign(&text, ';');
	skip_blanks(&text);
	return *text == '\0';
}

/* ---- the answer -------------------------------------------------------------------------------
 */

/* A line of the table: cells as wide as the longer of name and value, a blank between. */
static void put_row(
    const struct query *query, const char *const cells[], const size_t widths[], struct buffer *out)
{
	for (size_t i = 0; i < query->n; i++) {
		const enum column column = query->columns[i];

		if (i + 1 < query->n) {
			text_pad(out, cells[column], widths[column]);
			buffer_add_u8(out, ' ');
		} else {
			buffer_printf(out, "%s", cells[column]);
		}
	}
	buffer_add_u8(out, '\n');
}

static int print(const struct query *query, enum cluster_mode mode)
{
	static const char line[] = "===================";
	const char *const values[] = {NAME, mode == MODE_MIXED ? "1" : "0"};
	const size_t widths[] = {strlen(NAME), strlen(column_names[PARAMVALUE])};
	const char *const lines[] = {
	    line + strlen(line) - widths[PARAMNAME], line + strlen(line) - widths[PARAMVALUE]};
	struct buffer out = BUFFER_INIT;
	int rc;

	put_row(query, column_names, widths, &out);
	put_row(query, lines, widths, &out);
	put_row(query, values, widths, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

int admin_sql(struct admin *admin, const struct admin_call *call)
{
	struct cluster cluster = {.store = NULL};
	struct query query = {.n = 0};
	struct error err;
	int rc;

	if (!parse(call->rest, &query)) {
		error_set(&err, ST_USAGE, "%s",
		    _("there is no database here, and one statement that is answered"));
		error_hint(&err, _("it is: %s"), STATEMENT);
		return cli_fail(&err);
	}
	if (cli_cluster_read(admin->config, &cluster, &err) == ST_OK)
		rc = print(&query, cluster_mode(&cluster));
	else
		rc = cli_fail(&err);
	cluster_close(&cluster);
	return rc;
}
