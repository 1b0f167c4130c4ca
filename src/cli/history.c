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

enum { OPTION_JSON = 1 };

/* As much of a SHA-1 as tells generations apart. */
#define HASH_SHOWN 12

/* Where a generation goes: one of the two. */
struct target {
	struct text_table *table;
	json_t *list;
	int64_t current;
};

static enum status put_json(void *context, const struct generation *generation, struct error *err)
{
	struct target *target = context;
	json_t *json = cluster_generation_json(generation);

	if (json == NULL || json_object_set_new(json, "current",
				json_boolean(generation->number == target->current)) != 0) {
		json_decref(json);
		return error_no_memory(err);
	}
	return json_array_append_new(target->list, json) == 0 ? ST_OK : error_no_memory(err);
}

static enum status put_row(void *context, const struct generation *g, struct error *err)
{
	struct target *target = context;
	char number[64], when[CLUSTER_TIME_MAX], sha1[HASH_SHOWN + 1];

	(void)err;
	if (g->number == target->current)
		snprintf(number, sizeof(number), _("%lld (current)"), (long long)g->number);
	else
		snprintf(number, sizeof(number), "%lld", (long long)g->number);
	snprintf(sha1, sizeof(sha1), "%s", g->sha1);
	text_table_row(
	    target->table, (const char *[]){number, cluster_time_local(when, g->made),
			       cluster_mode_word(g->mode), g->digest, sha1, g->reason, g->signer});
	return ST_OK;
}

static int print_json(const struct cluster *cluster)
{
	struct target target = {.list = json_array(), .current = cluster->current.number};
	struct error err;
	enum status st = ST_OK;

	if (cluster->store != NULL)
		st = store_generations(cluster->store, put_json, &target, &err);
	if (st == ST_OK)
		return cli_print_json(target.list);
	json_decref(target.list);
	return cli_fail(&err);
}

static int print_table(const struct cluster *cluster)
{
	struct target target = {.table = text_table_new(7), .current = cluster->current.number};
	struct buffer out = BUFFER_INIT;
	struct error err;
	enum status st = ST_OK;
	int rc;

	text_table_row(target.table, (const char *[]){_("Generation"), _("Made"), _("Mode"),
					 _("Digest"), "SHA-1", _("Reason"), _("Signed by")});
	if (cluster->store != NULL && cluster->current.number > 0)
		st = store_generations(cluster->store, put_row, &target, &err);
	if (st == ST_OK && cluster->current.number > 0)
		text_table_print(target.table, &out);
	else if (st == ST_OK)
		buffer_printf(&out, "%s\n", _("There is no generation yet."));
	rc = st == ST_OK ? cli_print(&out) : cli_fail(&err);
	buffer_free(&out);
	text_table_free(target.table);
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
    .usage = N_("Usage: ctlsign history [--json] [--config FILE]\n"
		"\n"
		"Lists every generation of the cluster's CTL that was in use, oldest first: its\n"
		"number, when it was made, the mode, its digest, the beginning of the file's\n"
		"SHA-1, the command that made it, and who signed it.\n"
		"\n"
		"  --json         print a JSON array with all that is kept\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign history\n"),
    .run = run,
};
