/*
 * ctlsign phones families
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/families.h"

#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPTION_JSON = 1, OPTION_FILE };

/* ---- JSON -------------------------------------------------------------------------------------
 */

static json_t *answer_json(enum phone_answer answer)
{
	return answer == PHONE_MAYBE ? json_null() : json_boolean(answer == PHONE_YES);
}

static json_t *family_json(const struct phone_family *family, const char *models)
{
	json_t *json = json_object(), *digests = json_object();

	for (unsigned i = TL_SHA1; i <= TL_SHA512; i++)
		json_object_set_new(digests, tl_digest_name(i), answer_json(family->digests[i]));
	json_object_set_new(json, "family", json_string(family->name));
	json_object_set_new(json, "models", json_string(models));
	json_object_set_new(json, "security_by_default", answer_json(family->security_by_default));
	json_object_set_new(json, "digests", digests);
	json_object_set_new(json, "largest_key",
	    family->largest_key != 0 ? json_integer(family->largest_key) : json_null());
	return json;
}

static int list_json(const struct phone_families *families)
{
	const struct phone_family *family;
	json_t *array = json_array();
	const char *models;

	for (size_t i = 0; (family = phone_families_at(families, i, &models)) != NULL; i++)
		json_array_append_new(array, family_json(family, models));
	return cli_print_json(array);
}

/* ---- text -------------------------------------------------------------------------------------
 */

static const char *answer_text(enum phone_answer answer)
{
	switch (answer) {
	case PHONE_NO:
		return _("no");
	case PHONE_YES:
		return _("yes");
	default:
		return _("not known");
	}
}

static void put_family(
    const struct phone_family *family, const char *models, size_t width, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	struct buffer text = BUFFER_INIT;
	char key[32];

	buffer_printf(&text, "  %s\n", models);
	buffer_printf(out, "%s\n", family->name);
	if (buffer_text(&text) != NULL)
		text_fold(out, buffer_text(&text), width);
	buffer_free(&text);
	snprintf(key, sizeof(key), "%u", family->largest_key);
	text_table_row(table,
	    (const char *[]){_("  Security By Default"), answer_text(family->security_by_default)});
	text_table_row(
	    table, (const char *[]){_("  SHA-256"), answer_text(family->digests[TL_SHA256])});
	text_table_row(
	    table, (const char *[]){_("  SHA-512"), answer_text(family->digests[TL_SHA512])});
	text_table_row(table,
	    (const char *[]){_("  Largest key"), family->largest_key != 0 ? key : _("not known")});
	text_table_print(table, out);
	text_table_free(table);
}

static int list_text(const struct phone_families *families)
{
	const size_t width = cli_width(STDOUT_FILENO);
	const struct phone_family *family;
	struct buffer out = BUFFER_INIT;
	const char *models;
	int rc;

	for (size_t i = 0; (family = phone_families_at(families, i, &models)) != NULL; i++) {
		buffer_printf(&out, "%s", i > 0 ? "\n" : "");
		put_family(family, models, width, &out);
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* ---- the command ------------------------------------------------------------------------------
 */

/* The inventory, if there is one: without a cluster there still is the built-in table. */
static enum status read_inventory(
    const char *config, struct inventory *inventory, struct error *err)
{
	const char *path = cli_config_path(config);
	const char *named = config != NULL ? config : getenv("CTLSIGN_CONFIG");
	enum status st;

	if ((named == NULL || named[0] == '\0') && access(path, F_OK) != 0)
		return ST_OK;
	st = inventory_read(path, inventory, err);
	if (st != ST_OK)
		cli_hint_at_init(path, err);
	return st;
}

static int list(const char *config, const char *file, bool json)
{
	struct inventory inventory = {.path = NULL};
	struct phone_families *families = NULL;
	enum status st = ST_OK;
	struct error err;
	int rc;

	if (file == NULL)
		st = read_inventory(config, &inventory, &err);
	if (st == ST_OK)
		st = phone_families_open(
		    file != NULL ? file : inventory.phone_families, &families, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else
		rc = json ? list_json(families) : list_text(families);
	phone_families_close(families);
	inventory_free(&inventory);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"file", required_argument, NULL, OPTION_FILE}, CLI_OPTION_CONFIG_ROW,
	    CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	const struct cli_command *const command = &cli_phones_families;
	const char *config = NULL, *file = NULL;
	bool json = false;
	int option;

	while ((option = cli_getopt(command, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (option == OPTION_FILE
			     ? !cli_take_once(command, "--file", &file, optarg)
			     : !cli_take_once(command, "--config", &config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(command, _("unexpected argument '%s'"), argv[optind]);
	if (file != NULL && config != NULL)
		return cli_usage_error(command, "%s",
		    _("--file and --config exclude each other: the one is the file, the other "
		      "names it"));
	return list(config, file, json);
}

const struct cli_command cli_phones_families = {
    .name = "phones families",
    .summary = N_("list what models of phones can do"),
    .usage = N_("Usage: ctlsign phones families [--file FILE] [--json] [--config FILE]\n"
		"\n"
		"Lists the families of phones, in the order in which a model is looked for: their\n"
		"models, whether they have Security By Default, which digests they know beside\n"
		"SHA-1, and the largest RSA key that they can check. Those of the cluster's file\n"
		"(phone-families in ctlsign.conf) come first, then the built-in ones.\n"
		"\n"
		"  --file FILE    with the families of this file, to check it; no ctlsign.conf is\n"
		"                 needed\n"
		"  --json         print a JSON array\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign phones families --file families.conf\n"),
    .run = run,
};
