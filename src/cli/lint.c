/*
 * ctlsign lint
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/list_file.h"

#include "ceremony/ceremony.h"
#include "trustlist/trustlist.h"

#include <stdio.h>
#include <time.h>

enum { OPTION_JSON = 1, OPTION_EXPIRY };

static json_t *findings_json(const char *path, const struct tl_findings *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->n; i++) {
		const struct tl_finding *f = &found->items[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:s, s:s}", "severity",
			      tl_severity_name(f->severity), "code", f->code, "record",
			      (json_int_t)f->record, "text", f->text, "hint", f->hint));
	}
	return json_pack("{s:o, s:o}", "file", cli_json_path(path), "findings", list);
}

static const char *severity_text(enum tl_severity severity)
{
	switch (severity) {
	case TL_ERROR:
		return _("error");
	case TL_WARNING:
		return _("warning");
	case TL_ADVICE:
		break;
	}
	return _("advice");
}

static void print_finding(const struct tl_finding *f, struct buffer *out)
{
	if (f->record > 0)
		buffer_printf(
		    out, _("%s: record %zu: %s"), severity_text(f->severity), f->record, f->text);
	else
		buffer_printf(out, "%s: %s", severity_text(f->severity), f->text);
	buffer_printf(out, " [%s]\n", f->code);
	if (f->hint[0] != '\0')
		buffer_printf(out, "    %s\n", f->hint);
}

static int print(const char *path, const struct tl_findings *found, bool json)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (json)
		return cli_print_json(findings_json(path, found));
	for (size_t i = 0; i < found->n; i++)
		print_finding(&found->items[i], &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int lint(const char *path, unsigned expiry_days, bool json)
{
	struct list_file file = {0};
	struct tl_findings found = {0};
	bool errors = false;
	struct error err;
	enum status st;
	int rc;

	st = list_file_read(&file, path, &err);
	if (st == ST_OK)
		st = tl_lint(&file.list, time(NULL), expiry_days, &found, &err);
	if (st != ST_OK) {
		rc = cli_fail(&err);
	} else {
		for (size_t i = 0; i < found.n; i++)
			errors = errors || found.items[i].severity == TL_ERROR;
		rc = print(path, &found, json);
		if (rc == CLI_DONE && errors)
			rc = CLI_NOT_VERIFIED;
	}
	tl_findings_free(&found);
	list_file_free(&file);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"expiry-days", required_argument, NULL, OPTION_EXPIRY}, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	unsigned long days = CEREMONY_EXPIRY_DAYS;
	bool json = false;
	int option;

	while ((option = cli_getopt(&cli_lint, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (!cli_parse_number(optarg, 0, 36500, &days))
			return cli_usage_error(
			    &cli_lint, _("--expiry-days takes 0 to 36500, not '%s'"), optarg);
	}
	if (optind != argc - 1)
		return cli_usage_error(&cli_lint, "%s",
		    optind == argc ? _("FILE is missing") : _("one file at a time"));
	return lint(argv[optind], (unsigned)days, json);
}

const struct cli_command cli_lint = {
    .name = "lint",
    .summary = N_("find what would hurt on real phones"),
    .usage = N_("Usage: ctlsign lint FILE [--expiry-days DAYS] [--json]\n"
		"\n"
		"Reports errors (phones will reject the list or an entry), warnings and advice.\n"
		"Silent when there is nothing to say. Exit code 3 if there is an error.\n"
		"\n"
		"  --expiry-days DAYS  how soon is soon for a certificate's end (default 30)\n"
		"  --json              print one JSON object\n"
		"\n"
		"Example:\n"
		"  ctlsign lint CTLFile.tlv\n"),
    .run = run,
};
