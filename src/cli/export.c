/*
 * ctlsign export
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/token_target.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_FORCE = 1 };

struct request {
	const char *config;
	const char *output;
	bool force;
	unsigned long number; /* 0: the current one */
};

/* The folder of PATH, resolved, and what PATH calls the file in it; false when it is not there. */
static bool split(const char *path, char folder[PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');
	char part[PATH_MAX];
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

	*name = slash == NULL ? path : slash + 1;
	if (len >= sizeof(part))
		return false;
	memcpy(part, path, len);
	part[len] = '\0';
	return realpath(len > 0 ? part : ".", folder) != NULL;
}

/* Whether both are the same file, or would be if they were there. */
static bool same_place(const char *a, const char *b)
{
	char folder_a[PATH_MAX], folder_b[PATH_MAX];
	const char *name_a, *name_b;

	if (file_same(a, b))
		return true;
	return split(a, folder_a, &name_a) && split(b, folder_b, &name_b) &&
	       strcmp(folder_a, folder_b) == 0 && strcmp(name_a, name_b) == 0;
}

/* SQLite's own files beside the state are part of it. */
static bool is_state(const char *output, const char *state)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal", ".lock"};
	bool same = false;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]) && !same; i++) {
		struct buffer path = BUFFER_INIT;
		const char *text;

		buffer_printf(&path, "%s%s", state, endings[i]);
		text = buffer_text(&path);
		same = text == NULL || same_place(output, text);
		buffer_free(&path);
	}
	return same;
}

static enum status check_output(const struct request *request, const struct cluster *cluster,
    const struct generation *generation, struct error *err)
{
	enum status st = ST_OK;

	if (is_state(request->output, cluster->inventory.state) ||
	    same_place(request->output, cluster->inventory.path)) {
		st = error_set(err, ST_USAGE, "%s",
		    _("that is the cluster's state or inventory, which a CTL would destroy"));
		error_hint(err, "%s", _("give another name to -o"));
	} else if (generation->number != cluster->current.number &&
		   same_place(request->output, cluster->inventory.ctl_file)) {
		st = error_set(err, ST_USAGE, "%s",
		    _("that is the CTL file in use, and phones do not go back in time"));
		error_hint(err,
		    _("make a new generation of the old content: ctlsign rollback %lld"),
		    (long long)generation->number);
	}
	if (st != ST_OK)
		error_where(err, "%s", request->output);
	return st;
}

static enum status read_back(const char *path, struct bytes expected, struct error *err)
{
	struct buffer back = BUFFER_INIT;
	enum status st = file_read(path, TL_MAX_FILE, &back, NULL, err);

	if (st == ST_OK && !bytes_equal(buffer_bytes(&back), expected)) {
		st = error_set(err, ST_IO, "%s", _("what was written is not what is read back"));
		error_where(err, "%s", path);
		error_hint(err, "%s", _("write it to another disk"));
	}
	buffer_free(&back);
	return st;
}

static enum status write_out(const struct request *request, const struct cluster *cluster,
    const struct generation *generation, struct error *err)
{
	const struct bytes file = buffer_bytes(&generation->ctl);
	enum status st = check_output(request, cluster, generation, err);

	if (st != ST_OK)
		return st;
	st = file_write_durably(request->output, file, request->force, 0644, err);
	if (st == ST_EXISTS)
		error_hint(err, "%s", _("give another name, or replace it with --force"));
	return st == ST_OK ? read_back(request->output, file, err) : st;
}

static void say_done(const struct request *request, const struct generation *generation)
{
	char shown[512], text[768];

	text_printable_into(shown, sizeof(shown), text_bytes(request->output));
	snprintf(text, sizeof(text), _("generation %lld is in %s (SHA-1 %s)"),
	    (long long)generation->number, shown, generation->sha1);
	cli_say_done(text);
}

static int work(const struct request *request)
{
	struct generation older = GENERATION_INIT;
	struct cluster cluster = {.store = NULL};
	const struct generation *wanted = &cluster.current;
	struct error err;
	enum status st = cli_cluster_read(request->config, &cluster, &err);

	if (st == ST_OK &&
	    (cluster.store == NULL || (cluster.current.number == 0 && request->number == 0))) {
		st = error_set(&err, ST_FAILED, "%s", _("there is no generation to export yet"));
		error_hint(&err, "%s", _("make the first: ctlsign set-cluster mixed-mode"));
	} else if (st == ST_OK && request->number > 0) {
		st = store_generation_served(cluster.store, (int64_t)request->number, &older, &err);
		wanted = &older;
	}
	if (st == ST_OK)
		st = write_out(request, &cluster, wanted, &err);
	if (st == ST_OK)
		say_done(request, wanted);
	generation_free(&older);
	cluster_close(&cluster);
	return st == ST_OK ? CLI_DONE : cli_fail(&err);
}

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case 'o':
		return cli_take_once(&cli_export, "--output", &request->output, optarg);
	case OPTION_FORCE:
		return request->force = true;
	default:
		return cli_take_once(&cli_export, "--config", &request->config, optarg);
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
	    {"force", no_argument, NULL, OPTION_FORCE}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL};
	const char *name;
	int option;

	while ((option = cli_getopt(&cli_export, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	name = cli_only_argument(&cli_export, argc, argv, _("GENERATION is missing"));
	if (name == NULL)
		return CLI_USAGE;
	if (strcmp(name, "current") != 0 && !cli_parse_number(name, 1, LONG_MAX, &request.number))
		return cli_usage_error(
		    &cli_export, _("GENERATION is a number or 'current', not '%s'"), name);
	if (request.output == NULL)
		return cli_usage_error(&cli_export, "%s", _("-o FILE is missing"));
	return work(&request);
}

const struct cli_command cli_export = {
    .name = "export",
    .summary = N_("write a generation of the CTL to a file"),
    .usage = N_("Usage: ctlsign export GENERATION -o FILE [--force] [--config FILE]\n"
		"\n"
		"Writes the CTL of a generation to FILE, byte for byte as it was in use.\n"
		"To bring an old one back into use, see: ctlsign rollback --help\n"
		"\n"
		"  GENERATION         its number in `ctlsign history`, or: current\n"
		"  -o, --output FILE  where to; whole or not at all\n"
		"  --force            replace an existing FILE\n"
		"  --config FILE      the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign export 3 -o CTLFile.3.tlv\n"),
    .run = run,
};
