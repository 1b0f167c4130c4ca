/*
 * ctlsign show
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* CUCM says so on its own command line when there is no file; the error follows on stderr. */
static void say_not_found(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct stat sb;

	if (stat(path, &sb) == 0 || errno != ENOENT)
		return;
	if (strncmp(name, "ITL", 3) == 0)
		fputs(_("Length of ITL file: 0\nITL File not found.\n"), stdout);
	else
		fputs(_("Length of CTL file: 0\nCTL File not found.\n"), stdout);
}

static int print(const struct trustlist *list, const struct tl_show_info *info, bool json)
{
	struct buffer out = BUFFER_INIT;
	struct error err;
	int rc;

	if (json)
		return cli_print_json(tl_show_json(list, info));
	if (tl_show(list, info, &out, &err) != ST_OK)
		rc = cli_fail(&err);
	else
		rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int show(const char *path, bool json)
{
	struct tl_show_info info = {.file = path, .now = time(NULL)};
	struct tl_verifier *verifier = tl_verifier_new();
	struct list_file file = {0};
	struct error err, reason;
	enum status st, verified;
	int rc;

	st = verifier != NULL ? list_file_read(&file, path, &err) : error_no_memory(&err);
	if (st == ST_OK)
		st = tl_decode_certificates(&file.list, NULL, 0, &err);
	if (st != ST_OK) {
		if (!json)
			say_not_found(path);
		rc = cli_fail(&err);
	} else {
		verified = tl_verify(verifier, &file.list, &reason);
		info.mtime = file.mtime;
		info.verified = verified == ST_OK;
		info.not_verified_reason = verified == ST_OK ? NULL : reason.what;
		rc = print(&file.list, &info, json);
		if (rc == CLI_DONE && verified != ST_OK)
			rc = CLI_NOT_VERIFIED;
	}
	tl_verifier_free(verifier);
	list_file_free(&file);
	return rc;
}

static int run(int argc, char **argv)
{
	bool json;
	int rc;

	if (!cli_take_json_only(&cli_show, argc, argv, &json, &rc))
		return rc;
	if (optind != argc - 1)
		return cli_usage_error(&cli_show, "%s",
		    optind == argc ? _("FILE is missing") : _("one file at a time"));
	return show(argv[optind], json);
}

const struct cli_command cli_show = {
    .name = "show",
    .summary = N_("show what is in a CTL or ITL file"),
    .usage = N_("Usage: ctlsign show FILE [--json]\n"
		"\n"
		"Prints a CTL or ITL file as CUCM's `show ctl` does: checksums, header, records,\n"
		"who signed, and whether the file verifies (exit code 3 if it does not).\n"
		"\n"
		"  --json  print one JSON object\n"
		"\n"
		"Example:\n"
		"  ctlsign show CTLFile.tlv\n"),
    .run = run,
};
