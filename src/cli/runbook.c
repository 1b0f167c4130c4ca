/*
 * ctlsign runbook
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/runbook.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OPTION_FORCE = 1, OPTION_FORMAT };

struct request {
	const char *config;
	const char *output; /* NULL: stdout */
	const char *format; /* as typed; NULL: by the output's name */
	bool force;
	bool html;
};

/* ---- what the file is called ------------------------------------------------------------------
 */

static bool ends_with(const char *name, const char *ending)
{
	const size_t len = strlen(name), n = strlen(ending);

	return len > n && strcasecmp(name + len - n, ending) == 0;
}

/* Markdown or HTML; false after a usage error. */
static bool choose_format(struct request *request)
{
	const char *output = request->output;

	if (request->format != NULL) {
		request->html = strcmp(request->format, "html") == 0;
		if (request->html || strcmp(request->format, "markdown") == 0)
			return true;
		cli_usage_error(
		    &cli_runbook, _("--format takes markdown or html, not '%s'"), request->format);
		return false;
	}
	request->html = output != NULL && (ends_with(output, ".html") || ends_with(output, ".htm"));
	if (output == NULL || request->html || ends_with(output, ".md"))
		return true;
	cli_usage_error(&cli_runbook,
	    _("'%s' ends neither in .md nor in .html: say which it is with --format"), output);
	return false;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

/* --force is for an older runbook. */
static enum status check_output(
    const struct request *request, const struct inventory *inventory, struct error *err)
{
	const char *const own[] = {inventory->state, inventory->path, inventory->ctl_file};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (file_same(request->output, own[i])) {
			error_set(err, ST_USAGE, "%s",
			    _("that is the cluster's own file, which a runbook would destroy"));
			error_where(err, "%s", request->output);
			error_hint(err, "%s", _("give another name to -o"));
			return ST_USAGE;
		}
	return ST_OK;
}

static enum status write_file(const struct request *request, const struct inventory *inventory,
    struct buffer *text, struct error *err)
{
	char shown[512], done[768];
	enum status st = check_output(request, inventory, err);

	if (st != ST_OK)
		return st;
	st = file_write_durably(request->output, buffer_bytes(text), request->force, 0644, err);
	if (st == ST_EXISTS)
		error_hint(err, "%s", _("give another name, or replace it with --force"));
	if (st != ST_OK)
		return st;
	text_printable_into(shown, sizeof(shown), text_bytes(request->output));
	snprintf(done, sizeof(done), _("the runbook is in %s"), shown);
	cli_say_done(done);
	return ST_OK;
}

/* The inventory as commands have to name it; NULL when they find it by themselves. */
static const char *named_config(const struct request *request)
{
	const char *named = request->config != NULL ? request->config : getenv("CTLSIGN_CONFIG");

	return named != NULL && named[0] != '\0' ? named : NULL;
}

static int work(const struct request *request)
{
	struct runbook_view *view = calloc(1, sizeof(*view));
	struct buffer text = BUFFER_INIT;
	struct error err;
	enum status st;
	int rc = CLI_DONE;

	if (view == NULL) {
		error_no_memory(&err);
		return cli_fail(&err);
	}
	st = cli_cluster_read(request->config, &view->cluster, &err);
	if (st == ST_OK)
		st = runbook_gather(view, named_config(request), &err);
	if (st == ST_OK) {
		if (request->html)
			runbook_html(&view->runbook, &text);
		else
			runbook_markdown(&view->runbook, &text);
		st = buffer_status(&text, &err);
	}
	if (st == ST_OK && request->output != NULL)
		st = write_file(request, &view->cluster.inventory, &text, &err);
	else if (st == ST_OK)
		rc = cli_print(&text);
	if (st != ST_OK)
		rc = cli_fail(&err);
	buffer_free(&text);
	runbook_view_close(view);
	free(view);
	return rc;
}

/* ---- options -----------------------------------------------------------------------------------
 */

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case 'o':
		return cli_take_once(&cli_runbook, "--output", &request->output, optarg);
	case OPTION_FORMAT:
		return cli_take_once(&cli_runbook, "--format", &request->format, optarg);
	case OPTION_FORCE:
		return request->force = true;
	default:
		return cli_take_once(&cli_runbook, "--config", &request->config, optarg);
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
	    {"format", required_argument, NULL, OPTION_FORMAT},
	    {"force", no_argument, NULL, OPTION_FORCE}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL};
	int option;

	while ((option = cli_getopt(&cli_runbook, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_runbook, _("unexpected argument '%s'"), argv[optind]);
	if (request.force && request.output == NULL)
		return cli_usage_error(&cli_runbook, "%s", _("--force needs -o FILE"));
	return choose_format(&request) ? work(&request) : CLI_USAGE;
}

const struct cli_command cli_runbook = {
    .name = "runbook",
    .summary = N_("write a migration down: what to do, compare and sign"),
    .usage =
	N_("Usage: ctlsign runbook [-o FILE] [--format markdown|html] [--force]\n"
	   "                       [--config FILE]\n"
	   "\n"
	   "Writes the migration that is under way (else the last one) as a paper to work by:\n"
	   "today's state, a picture of the chain of generations, each step with what must be\n"
	   "true before, what to type, checksums to compare on phones and the way back, and\n"
	   "room for signatures. What is done already is filled in. Without a migration: the\n"
	   "state, and how to begin one. It changes nothing and needs no token.\n"
	   "\n"
	   "  -o, --output FILE  write to FILE, which is not replaced: Markdown if it ends in\n"
	   "                     .md, HTML if it ends in .html or .htm (default: Markdown on\n"
	   "                     standard output)\n"
	   "  --format FORMAT    markdown or html, whatever the file is called\n"
	   "  --force            replace an existing FILE\n"
	   "  --config FILE      the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
	   "\n"
	   "Example: to be printed before the night\n"
	   "  ctlsign runbook -o runbook.html\n"),
    .run = run,
};
