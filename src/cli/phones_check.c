/*
 * ctlsign phones check
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "cli/cluster_options.h"
#include "cli/phones.h"
#include "cli/token_target.h"
#include "phone/lockouts.h"

#include <limits.h>

enum {
	OPTION_AGAINST = 1,
	OPTION_SIGNER,
	OPTION_DIGEST,
	OPTION_PHONES_HOLD,
	OPTION_LIST,
	OPTION_JSON
};

struct request {
	const char *config;
	const char *phones_hold;
	const char *list;
	struct phones_wish wish;
	bool json;
};

/* Whether anybody would be locked out: a phone, or a class of phones where there is no fleet. */
static bool somebody_is(const struct fleet_answer *answer, enum phone_outcome outcome)
{
	for (size_t i = 0; i < answer->n_groups; i++)
		if (answer->groups[i].verdict.outcome == outcome)
			return true;
	return false;
}

static int answer_question(
    const struct request *request, struct phones_scene *scene, struct error *err)
{
	struct fleet_answer answer = {.has_fleet = false};
	enum status st = fleet_ask(&scene->question, &answer, err);
	int rc = CLI_DONE;

	if (st == ST_OK && request->list != NULL)
		st = phone_lockouts_write(&scene->question, &answer, request->list, err);
	if (st == ST_OK)
		rc = phones_check_print(scene, &answer, request->list, request->json);
	if (st == ST_OK && rc == CLI_DONE && scene->offered != NULL &&
	    somebody_is(&answer, PHONE_REJECTED))
		rc = CLI_LOCKOUT;
	fleet_answer_free(&answer);
	return st == ST_OK ? rc : cli_fail(err);
}

static int check(const struct request *request, int64_t phones_hold)
{
	struct phones_scene scene = {.offered = NULL};
	struct error err;
	enum status st = ST_OK;
	int rc;

	if (request->list != NULL)
		st = file_check_writable(request->list, true, &err);
	if (st == ST_OK)
		st = phones_scene_open(&scene, request->config, &request->wish, &err);
	scene.question.phones_hold = phones_hold;
	rc = st == ST_OK ? answer_question(request, &scene, &err) : cli_fail(&err);
	phones_scene_close(&scene);
	return rc;
}

static bool take_option(struct request *request, int option)
{
	static const struct cli_command *const command = &cli_phones_check;

	switch (option) {
	case OPTION_AGAINST:
		return cli_take_once(command, "--against", &request->wish.against, optarg);
	case OPTION_SIGNER:
		return cli_take_once(command, "--signer", &request->wish.signer, optarg);
	case OPTION_DIGEST:
		return cli_take_once(command, "--digest", &request->wish.digest, optarg);
	case OPTION_PHONES_HOLD:
		return cli_take_once(command, "--phones-hold", &request->phones_hold, optarg);
	case OPTION_LIST:
		return cli_take_once(command, "--list", &request->list, optarg);
	case OPTION_JSON:
		return request->json = true;
	default:
		return cli_take_once(command, "--config", &request->config, optarg);
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"against", required_argument, NULL, OPTION_AGAINST},
	    {"signer", required_argument, NULL, OPTION_SIGNER},
	    {"digest", required_argument, NULL, OPTION_DIGEST},
	    {"phones-hold", required_argument, NULL, OPTION_PHONES_HOLD},
	    {"list", required_argument, NULL, OPTION_LIST},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.json = false};
	unsigned long phones_hold = 0;
	enum tl_digest digest;
	int option;

	while ((option = cli_getopt(&cli_phones_check, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_phones_check, _("unexpected argument '%s'"), argv[optind]);
	if (request.wish.against != NULL &&
	    (request.wish.signer != NULL || request.wish.digest != NULL))
		return cli_usage_error(&cli_phones_check, "%s",
		    _("--against has a signer and a digest: it goes without these options"));
	if (request.wish.digest != NULL && !tl_digest_parse(request.wish.digest, &digest))
		return cli_usage_error(&cli_phones_check,
		    _("'%s' is no digest: sha1, sha256 or sha512"), request.wish.digest);
	if (request.phones_hold != NULL &&
	    !cli_parse_number(request.phones_hold, 1, LONG_MAX, &phones_hold))
		return cli_usage_error(
		    &cli_phones_check, _("'%s' is no number of a generation"), request.phones_hold);
	return check(&request, (int64_t)phones_hold);
}

const struct cli_command cli_phones_check = {
    .name = "phones check",
    .summary = N_("tell what every phone does with a CTL"),
    .usage = N_("Usage: ctlsign phones check [options]\n"
		"\n"
		"Tells what every phone would do with the CTL that is signed and on its way, else\n"
		"with the current one: how many install it and why, which would be locked out,\n"
		"and which have not fetched the newest one yet. Without phones (see ctlsign\n"
		"phones import) it does so for classes of phones. Exit code 4: some phone would\n"
		"be locked out.\n"
		"\n"
		"  --against FILE     with this CTL\n"
		"  --signer CERT      with the current CTL, signed by this certificate\n"
		"  --digest DIGEST    ... with sha1, sha256 or sha512\n"
		"  --phones-hold N    every phone holds generation N or a later one, whatever was\n"
		"                     seen: the officer's word\n"
		"  --list FILE        write the phones that would be locked out to FILE, as CSV\n"
		"  --json             print a JSON object\n"
		"  --config FILE      the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign phones check --signer new-token.pem --list visit.csv\n"),
    .run = run,
};
