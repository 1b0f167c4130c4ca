/*
 * ctlsign phones show
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/phones.h"
#include "cli/token_target.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { OPTION_OUTCOME = 1, OPTION_MODEL, OPTION_HOLDS, OPTION_BEHIND, OPTION_LIMIT, OPTION_JSON };

/* Columns line up as wide as those of the first so many phones: a million are not kept for it. */
#define ROWS_AT_ONCE 1000

struct request {
	const char *config;
	const char *outcome, *model, *holds, *limit;
	bool behind;
	bool json;
	unsigned outcomes; /* a bit each; 0: all */
	bool has_holds;
	enum phone_holds ctl; /* PHONE_HOLDS_LIST: `generation` */
	unsigned long generation;
	unsigned long most; /* phones; 0: all */
};

struct shower {
	const struct request *request;
	const struct phones_scene *scene;
	size_t newest; /* list that is served; lists.n: none */
	struct text_table *table;
	const char *outcomes[ROWS_AT_ONCE + 1]; /* of each row of the table, with its heads */
	size_t in_table;
	uint64_t n, passed;
};

/* ---- which ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct shower *s, const struct fleet_group *group)
{
	const struct request *r = s->request;
	const struct fleet_lists *lists = &s->scene->world.lists;

	if (r->outcomes != 0 && (r->outcomes & 1u << group->verdict.outcome) == 0)
		return false;
	if (r->model != NULL && strcasecmp(r->model, group->model) != 0)
		return false;
	if (r->has_holds && (group->ctl != r->ctl || (r->ctl == PHONE_HOLDS_LIST &&
							 lists->list[group->list].list.generation !=
							     (int64_t)r->generation)))
		return false;
	return !r->behind || (s->newest < lists->n &&
				 (group->ctl != PHONE_HOLDS_LIST || group->list != s->newest));
}

/* ---- JSON, a phone at a time ---------------------------------------------------------------- */

static enum status put_json(struct shower *s, const struct fleet_phone *phone, struct error *err)
{
	const struct fleet_group *group = phone->group;
	json_t *json = json_pack("{s:s,s:s,s:o,s:s,s:s,s:o,s:s,s:s}", "name", phone->name, "model",
	    group->model, "holds", phones_holds_json(group, &s->scene->world.lists), "ctl",
	    phone->ctl, "itl", phone->itl, "seen", cluster_time_json(phone->seen), "outcome",
	    phone_outcome_name(group->verdict.outcome), "why", phone_why_name(group->verdict.why));

	if (json == NULL)
		return error_no_memory(err);
	fputs(s->n == 0 ? "[\n  " : ",\n  ", stdout);
	json_dumpf(json, stdout, JSON_COMPACT);
	json_decref(json);
	return ST_OK;
}

/* ---- the table ------------------------------------------------------------------------------ */

static void begin_table(struct shower *s)
{
	s->table = text_table_new(5);
	s->in_table = 0;
	text_table_row(
	    s->table, (const char *[]){_("Name"), _("Model"), _("Holds"), _("ITL"), _("Seen")});
	s->outcomes[s->in_table++] = _("Outcome");
}

static void print_table(struct shower *s)
{
	struct buffer out = BUFFER_INIT;

	phones_put_table(s->table, s->outcomes, s->in_table, cli_width(STDOUT_FILENO), &out);
	if (out.len > 0)
		fwrite(out.data, 1, out.len, stdout);
	buffer_free(&out);
	text_table_free(s->table);
	s->table = NULL;
}

static void put_row(struct shower *s, const struct fleet_phone *phone)
{
	const struct fleet_group *group = phone->group;
	const struct phone_verdict *verdict = &group->verdict;
	char when[CLUSTER_TIME_MAX];

	if (s->in_table > ROWS_AT_ONCE)
		print_table(s);
	if (s->table == NULL)
		begin_table(s);
	s->outcomes[s->in_table++] = s->scene->offered == NULL ? "-"
				     : verdict->why != PHONE_WHY_NOTHING
					 ? phone_why_text(verdict->why)
					 : phone_outcome_text(verdict->outcome);
	text_table_row(
	    s->table, (const char *[]){phone->name, group->model,
			  phones_holds_text(group, &s->scene->world.lists),
			  phones_answer_text(group->itl), cluster_time_local(when, phone->seen)});
}

static enum status put(void *context, const struct fleet_phone *phone, struct error *err)
{
	struct shower *s = context;
	enum status st = ST_OK;

	if (!is_wanted(s, phone->group))
		return ST_OK;
	if (s->request->most > 0 && s->n >= s->request->most) {
		s->passed++;
		return ST_OK;
	}
	if (s->request->json)
		st = put_json(s, phone, err);
	else
		put_row(s, phone);
	s->n++;
	/* Nobody reads on. */
	if (st == ST_OK && ferror(stdout))
		st = error_set(err, ST_CANCELLED, "%s", _("nobody reads on"));
	return st;
}

/* ---- the command ---------------------------------------------------------------------------- */

static void put_end(struct shower *s, const struct fleet_answer *answer)
{
	char text[256];

	if (s->request->json) {
		fputs(s->n == 0 ? "[]\n" : "\n]\n", stdout);
		return;
	}
	if (s->table != NULL)
		print_table(s);
	if (!answer->has_fleet)
		puts(_("No phones are known: see ctlsign phones import."));
	else if (s->n == 0)
		puts(_("No phone is like that."));
	if (s->passed > 0) {
		snprintf(text, sizeof(text),
		    ngettext("%" PRIu64 " more phone is not shown",
			"%" PRIu64 " more phones are not shown", (unsigned long)s->passed),
		    s->passed);
		cli_warn(text);
	}
}

static int show(const struct request *request)
{
	const struct phones_wish wish = {.against = NULL};
	struct phones_scene scene = {.offered = NULL};
	struct fleet_answer answer = {.has_fleet = false};
	struct shower shower = {.request = request, .scene = &scene};
	struct error err;
	enum status st = phones_scene_open(&scene, request->config, &wish, &err);

	if (st == ST_OK)
		st = fleet_ask(&scene.question, &answer, &err);
	errno = 0;
	if (st == ST_OK) {
		shower.newest = fleet_newest(&scene.world.lists);
		st = fleet_each(&scene.question, &answer, put, &shower, &err);
	}
	if (st == ST_OK)
		put_end(&shower, &answer);
	text_table_free(shower.table);
	fleet_answer_free(&answer);
	phones_scene_close(&scene);
	if (st != ST_OK && st != ST_CANCELLED)
		return cli_fail(&err);
	return cli_finish_stdout();
}

static bool take_option(struct request *request, int option)
{
	static const struct cli_command *const command = &cli_phones_show;

	switch (option) {
	case OPTION_OUTCOME:
		return cli_take_once(command, "--outcome", &request->outcome, optarg);
	case OPTION_MODEL:
		return cli_take_once(command, "--model", &request->model, optarg);
	case OPTION_HOLDS:
		return cli_take_once(command, "--holds", &request->holds, optarg);
	case OPTION_LIMIT:
		return cli_take_once(command, "--limit", &request->limit, optarg);
	case OPTION_BEHIND:
		return request->behind = true;
	case OPTION_JSON:
		return request->json = true;
	default:
		return cli_take_once(command, "--config", &request->config, optarg);
	}
}

/* "rejected,unknown" */
static bool parse_outcomes(struct request *request)
{
	const char *at = request->outcome;

	while (at != NULL) {
		const size_t len = strcspn(at, ",");
		enum phone_outcome outcome;
		char word[16];

		if (len >= sizeof(word))
			return false;
		memcpy(word, at, len);
		word[len] = '\0';
		if (!phone_outcome_parse(word, &outcome))
			return false;
		request->outcomes |= 1u << outcome;
		at = at[len] == ',' ? at + len + 1 : NULL;
	}
	return true;
}

static bool parse_holds(struct request *request)
{
	if (request->holds == NULL)
		return true;
	request->has_holds = true;
	if (strcmp(request->holds, "none") == 0)
		request->ctl = PHONE_HOLDS_NONE;
	else if (strcmp(request->holds, "unknown") == 0)
		request->ctl = PHONE_HOLDS_UNKNOWN;
	else if (strcmp(request->holds, "other") == 0)
		request->ctl = PHONE_HOLDS_OTHER;
	else
		request->ctl = PHONE_HOLDS_LIST;
	return request->ctl != PHONE_HOLDS_LIST ||
	       cli_parse_number(request->holds, 1, LONG_MAX, &request->generation);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"outcome", required_argument, NULL, OPTION_OUTCOME},
	    {"model", required_argument, NULL, OPTION_MODEL},
	    {"holds", required_argument, NULL, OPTION_HOLDS},
	    {"behind", no_argument, NULL, OPTION_BEHIND},
	    {"limit", required_argument, NULL, OPTION_LIMIT},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.json = false};
	int option;

	while ((option = cli_getopt(&cli_phones_show, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_phones_show, _("unexpected argument '%s'"), argv[optind]);
	if (!parse_outcomes(&request))
		return cli_usage_error(&cli_phones_show,
		    _("'%s' is no outcome: first, unchanged, sast, tvs, rejected or unknown"),
		    request.outcome);
	if (!parse_holds(&request))
		return cli_usage_error(&cli_phones_show,
		    _("'%s' is neither the number of a generation nor none, unknown or other"),
		    request.holds);
	if (request.limit != NULL && !cli_parse_number(request.limit, 1, LONG_MAX, &request.most))
		return cli_usage_error(
		    &cli_phones_show, _("'%s' is no number of phones"), request.limit);
	return show(&request);
}

const struct cli_command cli_phones_show = {
    .name = "phones show",
    .summary = N_("list the phones, what they hold, and what they do with the CTL"),
    .usage = N_("Usage: ctlsign phones show [options]\n"
		"\n"
		"Lists the phones by name: model, the CTL that each held when it was seen,\n"
		"whether it has an ITL, when it was seen, and what it does with the CTL that is\n"
		"signed and on its way, else with the current one.\n"
		"\n"
		"  --outcome LIST  only these, with commas between: first, unchanged, sast, tvs,\n"
		"                  rejected, unknown\n"
		"  --model MODEL   only phones of this model\n"
		"  --holds WHAT    only phones that hold this generation; none, unknown or other\n"
		"  --behind        only phones that did not hold the newest generation\n"
		"  --limit N       not more than N phones\n"
		"  --json          print a JSON array\n"
		"  --config FILE   the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign phones show --outcome rejected,unknown\n"),
    .run = run,
};
