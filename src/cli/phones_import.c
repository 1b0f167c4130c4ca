/*
 * ctlsign phones import
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/progress.h"
#include "cli/token_target.h"
#include "phone/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OPTION_REPLACE = 1, OPTION_SKIP_BAD, OPTION_SEEN, OPTION_JSON };

struct request {
	const char *config;
	const char *seen; /* as it was given; NULL: not */
	struct fleet_import import;
	bool json;
};

/* ---- times ---------------------------------------------------------------------------------- */

/* "2026-11-23", "2026-11-23T14:05[:09][Z]" or seconds since 1970; local time without Z. */
static bool parse_time(const char *text, time_t *out)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
	unsigned long seconds;

	if (cli_parse_number(text, 0, 253402300799, &seconds)) {
		*out = (time_t)seconds;
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, forms[i], &tm);

		if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0))
			continue;
		*out = *end == 'Z' ? timegm(&tm) : mktime(&tm);
		return *out >= 0;
	}
	return false;
}

/* Unless told otherwise the phones were read when the file was written. */
static time_t seen_of(const char *path)
{
	const time_t now = time(NULL);
	struct stat sb;

	if (strcmp(path, "-") == 0 || stat(path, &sb) != 0 || !S_ISREG(sb.st_mode) ||
	    sb.st_mtime > now || sb.st_mtime < 0)
		return now;
	return sb.st_mtime;
}

/* ---- what came of it ------------------------------------------------------------------------ */

static const char *delimiter_name(char delimiter)
{
	return delimiter == ',' ? "comma" : delimiter == ';' ? "semicolon" : "tab";
}

static json_t *column_json(const char *title)
{
	return title[0] != '\0' ? json_string(title) : json_null();
}

static int print_json(
    const struct request *request, const struct fleet_imported *done, bool imported)
{
	json_t *problems = json_array();

	for (size_t i = 0; i < done->n_problems; i++)
		json_array_append_new(
		    problems, json_pack("{s:I,s:s}", "line", (json_int_t)done->problems[i].line,
				  "text", done->problems[i].text));
	return cli_print_json(
	    json_pack("{s:b,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:{s:o,s:o,s:o,s:o},s:o}",
		"imported", imported, "file", cli_json_path(request->import.path), "seen",
		cluster_time_json(request->import.seen), "phones", (json_int_t)done->rows, "added",
		(json_int_t)done->added, "changed", (json_int_t)done->changed, "same",
		(json_int_t)done->same, "removed", (json_int_t)done->removed, "bad",
		(json_int_t)done->bad, "delimiter", delimiter_name(done->delimiter), "columns",
		"name", column_json(done->columns[0]), "model", column_json(done->columns[1]),
		"ctl", column_json(done->columns[2]), "itl", column_json(done->columns[3]),
		"problems", problems));
}

static void put_count(struct text_table *table, const char *what, uint64_t n)
{
	char number[32];

	snprintf(number, sizeof(number), "%" PRIu64, n);
	text_table_row(table, (const char *[]){what, number});
}

static void put_done(
    const struct request *request, const struct fleet_imported *done, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	char when[CLUSTER_TIME_MAX];

	put_count(table, _("Phones in the file"), done->rows);
	put_count(table, _("  new"), done->added);
	put_count(table, _("  changed"), done->changed);
	put_count(table, _("  as before"), done->same);
	if (request->import.replace)
		put_count(table, _("Removed"), done->removed);
	if (done->bad > 0)
		put_count(table, _("Wrong rows left out"), done->bad);
	text_table_row(
	    table, (const char *[]){_("Seen"), cluster_time_local(when, request->import.seen)});
	text_table_print(table, out);
	text_table_free(table);
}

static void put_columns(const struct fleet_imported *done, struct buffer *out)
{
	const char *const kinds[] = {
	    _("Column of the name"), _("  of the model"), _("  of the CTL"), _("  of the ITL")};
	struct text_table *table = text_table_new(2);

	for (size_t i = 0; i < 4; i++)
		text_table_row(
		    table, (const char *[]){kinds[i],
			       done->columns[i][0] != '\0' ? done->columns[i] : _("none")});
	text_table_print(table, out);
	text_table_free(table);
}

static void put_problems(const struct fleet_imported *done, struct buffer *out)
{
	for (size_t i = 0; i < done->n_problems; i++)
		buffer_printf(out, _("line %" PRIu64 ": %s\n"), done->problems[i].line,
		    done->problems[i].text);
	if (done->bad > done->n_problems)
		buffer_printf(out,
		    ngettext("... and %" PRIu64 " more\n", "... and %" PRIu64 " more\n",
			(unsigned long)(done->bad - done->n_problems)),
		    done->bad - done->n_problems);
}

static int print_text(
    const struct request *request, const struct fleet_imported *done, bool imported)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (imported)
		put_done(request, done, &out);
	if (imported || done->bad > 0)
		put_columns(done, &out);
	put_problems(done, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int import(struct request *request)
{
	struct cluster cluster = {.store = NULL};
	struct fleet_imported done = {0};
	struct progress progress = {.running = false};
	struct error err;
	enum status st;
	int rc = CLI_DONE;

	st = cli_cluster_change(request->config, request->import.act, &cluster, &err);
	if (st == ST_OK) {
		request->import.store = cluster.store;
		progress_begin(&progress, _("Reading the phones"));
		st = fleet_import(&request->import, &done, &err);
		progress_end(&progress);
		/* Of a file that is no list of phones at all nothing is to be told. */
		if (st == ST_OK || done.bad > 0)
			rc = request->json ? print_json(request, &done, st == ST_OK)
					   : print_text(request, &done, st == ST_OK);
	}
	fleet_imported_free(&done);
	cluster_close(&cluster);
	return st == ST_OK ? rc : cli_fail(&err);
}

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_REPLACE:
		return request->import.replace = true;
	case OPTION_SKIP_BAD:
		return request->import.skip_bad = true;
	case OPTION_JSON:
		return request->json = true;
	case OPTION_SEEN:
		return cli_take_once(&cli_phones_import, "--seen", &request->seen, optarg);
	default:
		return cli_take_once(&cli_phones_import, "--config", &request->config, optarg);
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"replace", no_argument, NULL, OPTION_REPLACE},
	    {"skip-bad", no_argument, NULL, OPTION_SKIP_BAD},
	    {"seen", required_argument, NULL, OPTION_SEEN},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.import = {.act = cli_phones_import.name}};
	int option;

	while ((option = cli_getopt(&cli_phones_import, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	request.import.path =
	    cli_only_argument(&cli_phones_import, argc, argv, _("FILE is missing"));
	if (request.import.path == NULL)
		return CLI_USAGE;
	request.import.seen = seen_of(request.import.path);
	if (request.seen != NULL && !parse_time(request.seen, &request.import.seen))
		return cli_usage_error(&cli_phones_import,
		    _("'%s' is no time: write 2026-11-23, 2026-11-23T14:05:09 or seconds since "
		      "1970"),
		    request.seen);
	if (request.import.seen > time(NULL) + 60)
		return cli_usage_error(
		    &cli_phones_import, _("'%s' is in the future"), request.seen);
	return import(&request);
}

const struct cli_command cli_phones_import = {
    .name = "phones import",
    .summary = N_("take over from a CSV file which phone holds which CTL"),
    .usage = N_("Usage: ctlsign phones import FILE|- [options]\n"
		"\n"
		"Reads which phone holds which CTL and ITL from a CSV file, and keeps it in the\n"
		"state file: ctlsign phones check, and every command that signs, asks it. The\n"
		"first row names the columns, in any order: Device Name, Model, CTL MD5 (or\n"
		"SHA-1), ITL MD5; others are passed over. If a row is wrong nothing is imported.\n"
		"\n"
		"  FILE           the CSV file; - is standard input\n"
		"  --replace      the file is the whole fleet: other phones are forgotten\n"
		"  --skip-bad     leave out rows that are wrong, and take the others\n"
		"  --seen TIME    when the phones were read: 2026-11-23, 2026-11-23T14:05:09,\n"
		"                 or seconds since 1970 (default: when the file was written)\n"
		"  --json         print a JSON object\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign phones import phones.csv --replace\n"),
    .run = run,
};
