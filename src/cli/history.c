/*
 * ctlsign history
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_JSON = 1 };

/* As much of a SHA-1 as tells generations apart. */
#define HASH_SHOWN 12

/* And as much as still does, where there is little room. */
#define HASH_SHORT 8

/* Reason and signer are not cut to less than this. */
#define LEAST_COLUMNS	8
#define LONGEST_COLUMNS 40

/* Where a generation goes: one of the two. */
struct target {
	struct text_table *table;
	json_t *list;
	int64_t current;
	bool narrow;   /* the whole table is too wide for the terminal */
	bool days;     /* and so it is with times: only the day is told */
	size_t reason; /* columns that there are */
	size_t signer;
	size_t widest_reason; /* columns that it takes */
	size_t widest_signer;
	size_t n; /* rows */
};

static enum status put_json(void *context, const struct generation *generation, struct error *err)
{
	struct target *target = context;
	json_t *json = cluster_generation_json(generation);

	if (json == NULL ||
	    json_object_set_new(
		json, "current", json_boolean(generation->number == target->current)) != 0 ||
	    json_object_set_new(
		json, "published", json_boolean(generation->state == GENERATION_DONE)) != 0) {
		json_decref(json);
		return error_no_memory(err);
	}
	return json_array_append_new(target->list, json) == 0 ? ST_OK : error_no_memory(err);
}

/* "SAST-1" of "token 'SAST-1' (serial 4a21)", "CallManager" of "CallManager, key file FILE". */
static char *short_signer(char *out, size_t size, const char *signer)
{
	const char *quote = strchr(signer, '\''), *end = strrchr(signer, '\'');
	const char *comma = strstr(signer, ", ");

	if (comma != NULL && (quote == NULL || comma < quote))
		snprintf(out, size, "%.*s", (int)(comma - signer), signer);
	else if (quote != NULL && end > quote + 1)
		snprintf(out, size, "%.*s", (int)(end - quote - 1), quote + 1);
	else
		text_cut_into(out, size, signer);
	return out;
}

static void put_narrow_row(
    struct target *target, const struct generation *g, const char *number, char *when, char *sha1)
{
	char name[128], reason[256], signer[128];
	const size_t told = strlen(target->days ? "2026-11-23" : "2026-11-23 14:05");

	/* Whole is it in JSON. */
	if (strlen(when) > told)
		when[told] = '\0';
	sha1[HASH_SHORT] = '\0';
	short_signer(name, sizeof(name), g->signer);
	cluster_text_shorten(reason, sizeof(reason), g->reason, target->reason);
	cluster_text_shorten(signer, sizeof(signer), name, target->signer);
	if (text_width(reason) > target->widest_reason)
		target->widest_reason = text_width(reason);
	if (text_width(signer) > target->widest_signer)
		target->widest_signer = text_width(signer);
	text_table_row(target->table,
	    (const char *[]){number, when, cluster_mode_word(g->mode), sha1, reason, signer});
}

static enum status put_row(void *context, const struct generation *g, struct error *err)
{
	struct target *target = context;
	char number[64], when[CLUSTER_TIME_MAX], sha1[HASH_SHOWN + 1];

	(void)err;
	target->n++;
	if (g->state == GENERATION_PENDING)
		snprintf(number, sizeof(number), _("%lld (not published)"), (long long)g->number);
	else if (g->state == GENERATION_ABANDONED)
		snprintf(number, sizeof(number), _("%lld (taken back)"), (long long)g->number);
	else if (g->number == target->current)
		snprintf(number, sizeof(number), _("%lld (current)"), (long long)g->number);
	else
		snprintf(number, sizeof(number), "%lld", (long long)g->number);
	snprintf(sha1, sizeof(sha1), "%s", g->sha1);
	cluster_time_local(when, g->made);
	if (target->narrow)
		put_narrow_row(target, g, number, when, sha1);
	else
		text_table_row(
		    target->table, (const char *[]){number, when, cluster_mode_word(g->mode),
				       g->digest, sha1, g->reason, g->signer});
	return ST_OK;
}

static enum status fill_table(
    const struct cluster *cluster, struct target *target, struct buffer *out, struct error *err)
{
	enum status st;

	target->table = text_table_new(target->narrow ? 6 : 7);
	if (target->narrow)
		text_table_row(target->table, (const char *[]){_("Generation"), _("Made"),
						  _("Mode"), "SHA-1", _("Reason"), _("Signed by")});
	else
		text_table_row(
		    target->table, (const char *[]){_("Generation"), _("Made"), _("Mode"),
				       _("Digest"), "SHA-1", _("Reason"), _("Signed by")});
	st = store_history(cluster->store, put_row, target, err);
	buffer_reset(out);
	text_table_print(target->table, out);
	text_table_free(target->table);
	return st;
}

/* Of the widest line. */
static size_t width_of(struct buffer *table)
{
	const char *at = buffer_text(table);
	size_t widest = 0;
	char line[2048];

	for (; at != NULL && *at != '\0'; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (text_width(line) > widest)
			widest = text_width(line);
	}
	return widest;
}

/*
 * Fits the table to a terminal of WIDTH columns: without the digest, and with Reason and Signed by
 * cut, the longer one first; then without the times of the days.
 */
static enum status fit_table(const struct cluster *cluster, size_t width, struct target *target,
    struct buffer *out, struct error *err)
{
	enum status st;
	size_t over;

	target->narrow = true;
	target->reason = target->signer = LONGEST_COLUMNS;
	st = fill_table(cluster, target, out, err);
	if (st != ST_OK || width_of(out) <= width)
		return st;
	over = width_of(out) - width;
	target->reason = target->widest_reason;
	target->signer = target->widest_signer;
	for (; over > 0; over--) {
		size_t *longer =
		    target->reason >= target->signer ? &target->reason : &target->signer;

		if (*longer <= LEAST_COLUMNS)
			break;
		--*longer;
	}
	st = fill_table(cluster, target, out, err);
	if (st != ST_OK || width_of(out) <= width)
		return st;
	target->days = true;
	return fill_table(cluster, target, out, err);
}

static int print_json(const struct cluster *cluster)
{
	struct target target = {.list = json_array(), .current = cluster->current.number};
	struct error err;
	enum status st = ST_OK;

	if (cluster->store != NULL)
		st = store_history(cluster->store, put_json, &target, &err);
	if (st == ST_OK)
		return cli_print_json(target.list);
	json_decref(target.list);
	return cli_fail(&err);
}

static int print_table(const struct cluster *cluster)
{
	struct target target = {.current = cluster->current.number};
	const size_t width = cli_width(STDOUT_FILENO);
	struct buffer out = BUFFER_INIT;
	struct error err;
	enum status st = ST_OK;
	int rc;

	if (cluster->store != NULL)
		st = fill_table(cluster, &target, &out, &err);
	if (st == ST_OK && target.n == 0) {
		buffer_reset(&out);
		buffer_printf(&out, "%s\n", _("There is no generation yet."));
	}
	if (st == ST_OK && width > 0 && width_of(&out) > width)
		st = fit_table(cluster, width, &target, &out, &err);
	rc = st == ST_OK ? cli_print(&out) : cli_fail(&err);
	buffer_free(&out);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct cluster cluster = {.store = NULL};
	const char *config = NULL;
	bool json = false;
	struct error err;
	int option, rc;

	while ((option = cli_getopt(&cli_history, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (!cli_take_once(&cli_history, "--config", &config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_history, _("unexpected argument '%s'"), argv[optind]);
	if (cli_cluster_read(config, &cluster, &err) != ST_OK)
		rc = cli_fail(&err);
	else
		rc = json ? print_json(&cluster) : print_table(&cluster);
	cluster_close(&cluster);
	return rc;
}

const struct cli_command cli_history = {
    .name = "history",
    .summary = N_("list the generations of the CTL"),
    .usage =
	N_("Usage: ctlsign history [--json] [--config FILE]\n"
	   "\n"
	   "Lists every generation of the cluster's CTL that was in use, also those that were\n"
	   "taken back, and the one that is not published yet, oldest first: its\n"
	   "number, when it was made, the mode, its digest, the beginning of the file's\n"
	   "SHA-1, the command that made it, and who signed it; shortened where the\n"
	   "terminal is too narrow.\n"
	   "\n"
	   "  --json         print a JSON array with all that is kept\n"
	   "  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
	   "\n"
	   "Example:\n"
	   "  ctlsign history\n"),
    .run = run,
};
