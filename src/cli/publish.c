/*
 * ctlsign publish
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/todo.h"
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/pin_options.h"
#include "cli/publish_again.h"
#include "cli/publish_ask.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <unistd.h>

enum {
	OPTION_RESUME = 1,
	OPTION_BACK,
	OPTION_BY_HAND,
	OPTION_AGAIN,
	OPTION_EVEN_TARGETS,
	OPTION_OUT,
	OPTION_DRY_RUN,
	OPTION_YES,
	OPTION_JSON,
};

static const char *act_of(const struct publish_command *request)
{
	if (request->kind == CLI_PUBLISH_BACK)
		return "publish --back";
	if (request->kind == CLI_PUBLISH_AGAIN)
		return "publish --again";
	if (request->kind == CLI_PUBLISH_BY_HAND)
		return request->even_targets ? "publish --by-hand --even-targets"
					     : "publish --by-hand";
	return request->resume ? "publish --resume" : "publish";
}

/* What a person may not expect from the words of the command. */
static void say_what_is_done(const struct publish_command *request, const struct cluster *cluster)
{
	const long long number = (long long)cluster->pending.number;
	char text[160];

	if (request->kind != CLI_PUBLISH_FORTH || request->json)
		return;
	if (cluster->phase == DELIVERY_COMMIT)
		snprintf(text, sizeof(text),
		    _("going on with the delivery of generation %lld, which was begun"), number);
	else if (cluster->phase == DELIVERY_BACK)
		snprintf(text, sizeof(text),
		    _("turning round: generation %lld was being taken back, and is delivered "
		      "after all"),
		    number);
	else if (request->resume && cluster->phase == DELIVERY_SIGNED)
		snprintf(text, sizeof(text),
		    _("no target has changed yet: generation %lld is delivered from the start"),
		    number);
	else
		return;
	fprintf(stderr, "ctlsign: %s\n", text);
}

/* ---- after ------------------------------------------------------------------------------------
 */

static void put_by_hand(const struct publish_result *result, struct buffer *out)
{
	const struct publish_plan *plan = &result->plan;
	struct buffer names = BUFFER_INIT;

	for (size_t i = 0; i < plan->n_places; i++)
		if (plan->places[i].target == NULL && plan->places[i].needs_ctl)
			buffer_printf(
			    &names, "%s%s", names.len > 0 ? ", " : "", plan->places[i].node);
	buffer_printf(out,
	    _("Generation %lld is not the current one yet. It is carried by hand to: %s\n"
	      "The files and the list of what goes where, in a folder and on paper:\n"
	      "  ctlsign publish --by-hand --dry-run --out FOLDER\n"
	      "What goes where, and that it is done:\n"
	      "  ctlsign publish --by-hand\n"),
	    (long long)result->generation, buffer_text(&names) != NULL ? buffer_text(&names) : "");
	buffer_free(&names);
}

static void put_current(
    const struct cluster *cluster, const struct publish_result *result, struct buffer *out)
{
	struct buffer todo = BUFFER_INIT;

	buffer_printf(
	    out, _("Generation %lld is the current one.\nNow:\n"), (long long)result->generation);
	admin_todo(&cluster->inventory, (enum cluster_mode)cluster->pending.mode,
	    admin_is_reset_localkey(cluster->pending.reason), &todo);
	cli_publish_put_steps(out, &todo);
	buffer_free(&todo);
}

static void put_outcome(const struct publish_command *request, const struct cluster *cluster,
    const struct publish_result *result, struct buffer *out)
{
	const long long number = (long long)result->generation;
	const long long before = (long long)cluster->current.number;

	if (request->kind == CLI_PUBLISH_BACK && before > 0)
		buffer_printf(out,
		    _("Generation %lld is taken back: generation %lld is the current one.\n"),
		    number, before);
	else if (request->kind == CLI_PUBLISH_BACK)
		buffer_printf(out, _("Generation %lld is taken back: there is no CTL.\n"), number);
	else if (result->current)
		put_current(cluster, result, out);
	else
		put_by_hand(result, out);
}

static int print_text(const struct publish_command *request, const struct cluster *cluster,
    const struct publish_result *result, bool done)
{
	const size_t width = cli_width(STDOUT_FILENO);
	struct buffer out = BUFFER_INIT, text = BUFFER_INIT;
	int rc;

	cli_publish_put(&out, result, width);
	if (request->kind == CLI_PUBLISH_AGAIN)
		cli_publish_again_put(&text, &cluster->inventory, result, request->dry_run, done);
	else if (done)
		put_outcome(request, cluster, result, &text);
	if (text.len > 0 && buffer_text(&text) != NULL)
		text_fold(&out, buffer_text(&text), width);
	rc = cli_print(&out);
	buffer_free(&out);
	buffer_free(&text);
	return rc;
}

static json_t *json_of(const struct publish_command *request, const struct publish_result *result)
{
	return request->kind == CLI_PUBLISH_AGAIN ? cli_publish_again_json(result, request->dry_run)
						  : cli_publish_json(result);
}

static int deliver(const struct publish_command *request, struct cluster *cluster)
{
	struct ceremony_pins pins = request->pins;
	struct cli_modules modules = request->modules;
	const struct cli_publish how = {.act = act_of(request),
	    .pins = &pins,
	    .modules = &modules,
	    .timeout_ms = request->modules.timeout_ms,
	    .json = request->json,
	    .kind = request->kind,
	    .even_targets = request->even_targets,
	    .look_only = request->dry_run};
	struct publish_result result = {.generation = 0};
	struct error err;
	enum status st = cli_publish_ask(request, cluster, &err);
	int rc = CLI_DONE;

	if (st == ST_OK) {
		say_what_is_done(request, cluster);
		st = cli_publish_run(cluster, &how, &result, &err);
	}
	/* What failed before any target was asked is an error and nothing else. */
	if (st == ST_OK || result.n_rows > 0)
		rc = request->json ? cli_print_json(json_of(request, &result))
				   : print_text(request, cluster, &result, st == ST_OK);
	if (st != ST_OK && !request->json)
		cli_publish_shorten(&result, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else if (request->dry_run && !request->json)
		fputs(_("Dry run: nothing has changed.\n"), stderr);
	publish_result_free(&result);
	return rc;
}

/* ---- options ----------------------------------------------------------------------------------
 */

static bool take_kind(struct publish_command *request, enum cli_publish_kind kind, bool resume)
{
	if ((request->kind != CLI_PUBLISH_FORTH || request->resume) &&
	    (request->kind != kind || request->resume != resume)) {
		cli_usage_error(&cli_publish, "%s",
		    _("--resume, --back, --by-hand and --again exclude each other"));
		return false;
	}
	request->kind = kind;
	request->resume = resume;
	return true;
}

static bool take_option(struct publish_command *request, int option)
{
	switch (option) {
	case OPTION_RESUME:
		return take_kind(request, CLI_PUBLISH_FORTH, true);
	case OPTION_BACK:
		return take_kind(request, CLI_PUBLISH_BACK, false);
	case OPTION_BY_HAND:
		return take_kind(request, CLI_PUBLISH_BY_HAND, false);
	case OPTION_AGAIN:
		return take_kind(request, CLI_PUBLISH_AGAIN, false);
	case OPTION_OUT:
		return cli_take_once(&cli_publish, "--out", &request->out, optarg);
	case OPTION_EVEN_TARGETS:
		return request->even_targets = true;
	case OPTION_DRY_RUN:
		return request->dry_run = true;
	case OPTION_YES:
		return request->yes = true;
	case OPTION_JSON:
		return request->json = true;
	case CLI_OPTION_CONFIG:
		return cli_take_once(&cli_publish, "--config", &request->config, optarg);
	default:
		if (cli_is_pin_option(option))
			return cli_pin_option(&cli_publish, &request->pins, option, optarg);
		return cli_modules_option(&cli_publish, &request->modules, option, optarg);
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"resume", no_argument, NULL, OPTION_RESUME},
	    {"back", no_argument, NULL, OPTION_BACK},
	    {"by-hand", no_argument, NULL, OPTION_BY_HAND},
	    {"again", no_argument, NULL, OPTION_AGAIN},
	    {"out", required_argument, NULL, OPTION_OUT},
	    {"even-targets", no_argument, NULL, OPTION_EVEN_TARGETS},
	    {"dry-run", no_argument, NULL, OPTION_DRY_RUN}, {"yes", no_argument, NULL, OPTION_YES},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct publish_command request = {.pins = CEREMONY_PINS_INIT};
	struct cluster cluster = {.store = NULL};
	struct error err;
	enum status st;
	int option, rc;

	while ((option = cli_getopt(&cli_publish, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_publish, _("unexpected argument '%s'"), argv[optind]);
	if (request.even_targets && request.kind != CLI_PUBLISH_BY_HAND)
		return cli_usage_error(&cli_publish, "%s", _("--even-targets needs --by-hand"));
	if (request.out != NULL && request.kind != CLI_PUBLISH_BY_HAND)
		return cli_usage_error(&cli_publish, "%s", _("--out needs --by-hand"));
	if (request.out != NULL && request.yes)
		return cli_usage_error(&cli_publish, "%s",
		    _("--out and --yes exclude each other: what is only written now was not "
		      "carried yet"));
	st = request.dry_run ? cli_cluster_read(request.config, &cluster, &err)
			     : cli_cluster_change(request.config, act_of(&request), &cluster, &err);
	if (st == ST_OK)
		st = cli_publish_check(&request, &cluster, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else
		/* Who lacks what is only known when all were asked. */
		rc = request.dry_run && request.kind != CLI_PUBLISH_AGAIN
			 ? cli_publish_dry_run(&request, &cluster)
			 : deliver(&request, &cluster);
	cluster_close(&cluster);
	return rc;
}

const struct cli_command cli_publish = {
    .name = "publish",
    .summary = N_("deliver the signed CTL to all servers, or to none"),
    .usage = N_("Usage: ctlsign publish [--resume | --back | --by-hand | --again] [OPTION]...\n"
		"\n"
		"Delivers the generation that is signed and not published: puts a temporary file\n"
		"on every target of ctlsign.conf and reads it back, and only when all have it\n"
		"renames it on all. It is the current generation when every server has it.\n"
		"\n"
		"  --resume         go on with a delivery that failed or was interrupted\n"
		"  --back           take it back: every target gets what it held before\n"
		"  --by-hand        say that the servers without a target have it, too; shows\n"
		"                   the list of files and places first\n"
		"  --again          deliver the current generation again, to the targets that\n"
		"                   hold something else: a server that was built anew, say\n"
		"  --out FOLDER     with --by-hand: write the files to be carried there first\n"
		"  --even-targets   with --by-hand: those with a target were carried to, too\n"
		"  --dry-run        show what would be done, or the list, and touch nothing but\n"
		"                   the folder of --out\n"
		"  --yes            do not ask\n"
		"  --json           print what came of it as JSON\n"
		"  --config FILE    the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"  --pin-file FILE  read the PIN or passphrase of the key that CTL Providers\n"
		"                   know from FILE (mode 600)\n"
		"  --pin-fd N       read it from the open descriptor N\n"
		"  --module PATH    use this PKCS#11 module for it (repeat for several)\n"
		"  --timeout SECONDS\n"
		"                   how long each step of a target, or a module, may take\n"
		"                   (default: timeout in ctlsign.conf, 30)\n"
		"\n"
		"Example: a server was down, and is back\n"
		"  ctlsign publish --resume\n"),
    .run = run,
};
