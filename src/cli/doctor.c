/*
 * ctlsign doctor
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/doctor.h"
#include "cli/cli.h"
#include "cli/token_target.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* What one thing may take to answer, and all modules together. */
#define ANSWER_MS  5000
#define MODULES_MS 18000

enum { OPTION_JSON = 1, OPTION_MODULE, OPTION_ROOT };

struct request {
	bool json;
	const char *modules[CLI_MAX_MODULES];
	size_t n_modules;
	const char *root_option;
	char root[PATH_MAX]; /* without a slash at its end */
};

/* Gathers, then tells: how bad a thing is depends on whether a token is there without it. */
static int examine(const struct request *request)
{
	const struct tokens_options options = {
	    .modules = request->modules, .n_modules = request->n_modules, .timeout_ms = ANSWER_MS};
	struct doctor doctor = {.root = request->root, .modules_named = request->n_modules > 0};
	struct tokens_survey *survey;
	struct error err;
	int rc;

	smartcard_service_look(request->root, ANSWER_MS, &doctor.service);
	if (tokens_survey_open(&options, MODULES_MS, &survey, &err) != ST_OK)
		return cli_fail(&err);
	doctor.survey = survey;
	doctor_count_tokens(&doctor);
	doctor_service(&doctor);
	doctor_modules(&doctor);
	doctor_readers(&doctor);
	doctor_tokens(&doctor);
	doctor_config(&doctor);
	if (doctor.failed) {
		error_no_memory(&err);
		rc = cli_fail(&err);
	} else {
		rc = request->json ? cli_print_json(doctor_json(&doctor)) : doctor_print(&doctor);
	}
	if (rc == CLI_DONE && doctor.n_usable == 0)
		rc = CLI_TOKEN;
	doctor_free(&doctor);
	tokens_survey_close(survey);
	return rc;
}

static bool take_root(const char *value, struct request *request)
{
	size_t len = strlen(value);
	struct stat st;

	if (!cli_take_once(&cli_doctor, "--root", &request->root_option, value))
		return false;
	while (len > 0 && value[len - 1] == '/')
		len--;
	if (value[0] == '\0' || len >= PATH_MAX / 2 || stat(value, &st) != 0 ||
	    !S_ISDIR(st.st_mode)) {
		cli_usage_error(&cli_doctor, _("--root takes a directory, not '%s'"), value);
		return false;
	}
	memcpy(request->root, value, len);
	request->root[len] = '\0';
	return true;
}

static bool take_module(const char *value, struct request *request)
{
	if (request->n_modules == CLI_MAX_MODULES) {
		cli_usage_error(
		    &cli_doctor, _("--module is given more than %d times"), CLI_MAX_MODULES);
		return false;
	}
	request->modules[request->n_modules++] = value;
	return true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"module", required_argument, NULL, OPTION_MODULE},
	    {"root", required_argument, NULL, OPTION_ROOT}, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.n_modules = 0};
	int option;

	while ((option = cli_getopt(&cli_doctor, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			request.json = true;
		else if (option == OPTION_MODULE && !take_module(optarg, &request))
			return CLI_USAGE;
		else if (option == OPTION_ROOT && !take_root(optarg, &request))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_doctor, _("unexpected argument '%s'"), argv[optind]);
	return examine(&request);
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .summary = N_("find out why a token is not there"),
    .usage = N_("Usage: ctlsign doctor [--module PATH]... [--json] [--root DIR]\n"
		"\n"
		"Checks everything between this program and a token's key, in order: the Smart\n"
		"Card service, PKCS#11 modules, readers, cards, tokens, keys and certificates,\n"
		"configuration. What is bad is followed by what mends it. No PIN is needed.\n"
		"Exit code 0: at least one token can sign; 5: none can.\n"
		"\n"
		"  --module PATH  look at this PKCS#11 module (repeat for several); without it,\n"
		"                 at those that p11-kit registers\n"
		"  --json         print one JSON object\n"
		"  --root DIR     look for pcscd, unit files and start links below DIR, as in an\n"
		"                 image that is not running\n"
		"\n"
		"Example:\n"
		"  ctlsign doctor\n"),
    .run = run,
};
