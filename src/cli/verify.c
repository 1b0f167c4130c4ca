/*
 * ctlsign verify
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/file_walk.h"
#include "cli/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_JSON = 1, OPTION_TRUST, OPTION_JOBS };

/* More threads than this only wait for the disk. */
#define MAX_JOBS 64

struct run {
	struct file_walk walk;
	bool json;
	bool progress; /* stderr is a terminal */
	bool drawn;    /* a progress line stands there */
	struct timespec last;
	size_t files;
	size_t failed;
	int exit_code; /* of the first failure, or of a failure to print */
};

static const char *next(void *context)
{
	struct run *run = context;

	return file_walk_next(&run->walk);
}

static void clear_progress(struct run *run)
{
	if (run->drawn)
		fputs("\r\033[K", stderr);
	run->drawn = false;
}

/* At most five times a second, and only once it takes that long. */
static void draw_progress(struct run *run)
{
	struct timespec now;
	long ms;

	if (!run->progress || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	ms = (now.tv_sec - run->last.tv_sec) * 1000 + (now.tv_nsec - run->last.tv_nsec) / 1000000;
	if (ms < 200)
		return;
	run->last = now;
	run->drawn = true;
	fprintf(stderr, "\r\033[K");
	fprintf(stderr, ngettext("%zu file checked", "%zu files checked", run->files), run->files);
}

static void print_json_line(struct run *run, const char *path, const struct error *err)
{
	json_t *json =
	    json_pack("{s:o, s:b}", "file", cli_json_path(path), "verified", err == NULL);
	char *line;

	if (err != NULL) {
		json_object_set_new(json, "status", json_string(status_name(err->status)));
		json_object_set_new(json, "reason", json_string(err->what));
		json_object_set_new(json, "where", json_string(err->where));
		json_object_set_new(json, "hint", json_string(err->hint));
	}
	line = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(json);
	if (line == NULL)
		run->exit_code = CLI_FAILED;
	else
		puts(line);
	free(line);
}

static void report(void *context, const char *path, const struct error *err)
{
	struct run *run = context;

	run->files++;
	if (err != NULL) {
		int code = (int)cli_exit_code(err->status);

		run->failed++;
		clear_progress(run);
		if (run->exit_code == CLI_DONE || code == CLI_NOT_VERIFIED)
			run->exit_code = code;
		if (!run->json)
			cli_fail(err);
	}
	if (run->json)
		print_json_line(run, path, err);
	draw_progress(run);
}

/* What stands behind the last file: a folder that could not be read, and how many failed. */
static int finish(struct run *run)
{
	struct error err;

	clear_progress(run);
	for (; file_walk_problem(&run->walk, &err); run->failed++) {
		cli_fail(&err);
		if (run->exit_code == CLI_DONE)
			run->exit_code = CLI_FAILED;
	}
	if (run->failed > 0 && run->files > 1)
		fprintf(stderr,
		    ngettext("ctlsign: %zu of %zu files failed\n",
			"ctlsign: %zu of %zu files failed\n", run->failed),
		    run->failed, run->files);
	if (run->files == 0 && run->exit_code == CLI_DONE) {
		fputs(_("ctlsign: there is no .tlv file to verify\n"), stderr);
		run->exit_code = CLI_FAILED;
	}
	errno = 0;
	if (cli_finish_stdout() != CLI_DONE && run->exit_code == CLI_DONE)
		run->exit_code = CLI_FAILED;
	return run->exit_code;
}

static unsigned default_jobs(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1u : n > MAX_JOBS ? MAX_JOBS : (unsigned)n;
}

static int verify(struct run *run, const char *trust, unsigned jobs)
{
	struct tl_batch batch = {.next = next, .report = report, .context = run, .threads = jobs};
	struct list_file old = {0};
	struct error err;
	enum status st = ST_OK;
	int rc;

	if (trust != NULL) {
		st = list_file_read(&old, trust, &err);
		batch.old = &old.list;
	}
	if (st == ST_OK) {
		run->progress = isatty(STDERR_FILENO) == 1;
		clock_gettime(CLOCK_MONOTONIC, &run->last);
		st = tl_verify_batch(&batch, &err);
		/* A file's failure has been reported; anything else has not. */
		rc = st != ST_OK && run->failed == 0 ? cli_fail(&err) : finish(run);
	} else {
		rc = cli_fail(&err);
	}
	list_file_free(&old);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"trust", required_argument, NULL, OPTION_TRUST},
	    {"jobs", required_argument, NULL, OPTION_JOBS}, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	unsigned long jobs = default_jobs();
	struct run run = {.exit_code = CLI_DONE};
	const char *trust = NULL;
	int option, rc;

	while ((option = cli_getopt(&cli_verify, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			run.json = true;
		else if (option == OPTION_TRUST)
			trust = optarg;
		else if (!cli_parse_number(optarg, 1, MAX_JOBS, &jobs))
			return cli_usage_error(
			    &cli_verify, _("--jobs takes 1 to %d, not '%s'"), MAX_JOBS, optarg);
	}
	if (optind == argc)
		return cli_usage_error(&cli_verify, "%s", _("FILE is missing"));
	file_walk_start(&run.walk, argv + optind, (size_t)(argc - optind));
	rc = verify(&run, trust, (unsigned)jobs);
	file_walk_end(&run.walk);
	return rc;
}

const struct cli_command cli_verify = {
    .name = "verify",
    .summary = N_("check signatures, and who may sign"),
    .usage = N_("Usage: ctlsign verify [--trust OLDFILE] [--jobs N] [--json] FILE...\n"
		"\n"
		"Checks that each file's signature is valid by the SAST entry that its header\n"
		"names. A FILE that is a directory stands for the .tlv files in it. Silent when\n"
		"all is well; else says which file failed and why (exit code 3).\n"
		"\n"
		"  --trust OLDFILE  the signer must also be a SAST entry of this list, as for a\n"
		"                   phone that holds it\n"
		"  --jobs N         threads (default: one a processor)\n"
		"  --json           print one JSON object a line for every file\n"
		"\n"
		"Example: may phones with the old list be given the new one?\n"
		"  ctlsign verify --trust CTLFile.tlv CTLFile.new.tlv\n"),
    .run = run,
};
