/*
 * ctlsign trust list
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/token_target.h"
#include "cli/trust_certificate.h"

enum { OPTION_JSON = 1 };

static bool in_ctl(const struct cluster *cluster, const struct trusted *item)
{
	return cluster->current.number > 0 && tl_find_sast(&cluster->list, item->x509) != NULL;
}

static int list_json(const struct cluster *cluster, const struct trusted_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct trusted *item = &list->items[i];
		json_t *json = certificate_json(item->x509);

		json_object_set_new(json, "added", cluster_time_json(item->stored->added));
		json_object_set_new(json, "note", json_string(item->stored->note));
		json_object_set_new(json, "in_ctl", json_boolean(in_ctl(cluster, item)));
		json_array_append_new(array, json);
	}
	return cli_print_json(array);
}

static void put_certificate(
    const struct cluster *cluster, const struct trusted *item, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	char when[CLUSTER_TIME_MAX];

	certificate_rows(item->x509, table);
	text_table_row(table, (const char *[]){_("  SHA-256"), item->sha256});
	text_table_row(
	    table, (const char *[]){_("  Added"), cluster_time_local(when, item->stored->added)});
	text_table_row(table, (const char *[]){_("  From"), item->stored->note});
	text_table_row(table, (const char *[]){_("  In the CTL"),
				  in_ctl(cluster, item) ? _("yes") : _("not yet: update it")});
	text_table_print(table, out);
	text_table_free(table);
}

static int list_text(const struct cluster *cluster, const struct trusted_list *list)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (list->n == 0)
		buffer_printf(&out, "%s\n", _("Phone-SAST-trust is empty."));
	for (size_t i = 0; i < list->n; i++) {
		buffer_printf(
		    &out, i == 0 ? _("Certificate %zu\n") : _("\nCertificate %zu\n"), i + 1);
		put_certificate(cluster, &list->items[i], &out);
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int list_all(const char *config, bool as_json)
{
	struct cluster cluster = {.store = NULL};
	struct trusted_list list = {.n = 0};
	struct error err;
	enum status st = cli_cluster_read(config, &cluster, &err);
	int rc;

	if (st == ST_OK)
		st = trusted_list_read(cluster.store, &list, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else
		rc = as_json ? list_json(&cluster, &list) : list_text(&cluster, &list);
	trusted_list_free(&list);
	cluster_close(&cluster);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	const char *config = NULL;
	bool json = false;
	int option;

	while ((option = cli_getopt(&cli_trust_list, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (!cli_take_once(&cli_trust_list, "--config", &config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_trust_list, _("unexpected argument '%s'"), argv[optind]);
	return list_all(config, json);
}

const struct cli_command cli_trust_list = {
    .name = "trust list",
    .summary = N_("list the certificates of Phone-SAST-trust"),
    .usage = N_("Usage: ctlsign trust list [--json] [--config FILE]\n"
		"\n"
		"Lists the certificates in Phone-SAST-trust, oldest first, and whether the\n"
		"current CTL has them as SAST already.\n"
		"\n"
		"  --json         print a JSON array\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign trust list\n"),
    .run = run,
};
