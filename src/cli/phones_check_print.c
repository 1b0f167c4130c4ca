/*
 * What ctlsign phones check found, printed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"
#include "cli/phones.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Rows of the table; --json has all. */
#define ROWS_SHOWN 50

/* ---- the table ------------------------------------------------------------------------------ */

struct view {
	const struct fleet_lists *lists;
	const struct fleet_answer *answer;
	bool family; /* has a column */
	struct text_table *table;
	const char *why[ROWS_SHOWN + 1]; /* of each row of the table, with its heads */
	size_t n;
};

static const char *outcome_word(enum phone_outcome outcome)
{
	static const char *const words[N_PHONE_OUTCOMES] = {
	    [PHONE_FIRST] = N_("installed"),
	    [PHONE_UNCHANGED] = N_("has it"),
	    [PHONE_BY_SAST] = N_("installed"),
	    [PHONE_BY_TVS] = N_("by TVS"),
	    [PHONE_REJECTED] = N_("LOCKED OUT"),
	    [PHONE_UNKNOWN] = N_("not known"),
	};

	return _(words[outcome]);
}

static const char *reason(const struct phone_verdict *verdict)
{
	return verdict->why != PHONE_WHY_NOTHING ? phone_why_text(verdict->why)
						 : phone_outcome_text(verdict->outcome);
}

/* What the phones were seen with, and what they may have got since if that is what counts. */
static void put_holds(const struct view *view, const struct fleet_group *group, struct buffer *out)
{
	const char *seen = phones_holds_text(group, view->lists);
	const bool went_on = group->judged < view->lists->n &&
			     !(group->ctl == PHONE_HOLDS_LIST && group->list == group->judged);

	if (went_on)
		buffer_printf(
		    out, _("%s, by now perhaps %s"), seen, view->lists->list[group->judged].name);
	else
		buffer_printf(out, "%s", seen);
}

static void add_group(struct view *view, const struct fleet_group *group)
{
	struct buffer holds = BUFFER_INIT, model = BUFFER_INIT;
	const char *cells[5];
	char number[32];
	size_t n = 0;

	snprintf(number, sizeof(number), "%" PRIu64, group->n);
	put_holds(view, group, &holds);
	if (view->answer->has_fleet)
		buffer_printf(
		    &model, "%s", group->model[0] != '\0' ? group->model : _("not known"));
	else
		fleet_group_text(group, view->lists, &model);
	if (view->answer->has_fleet)
		cells[n++] = number;
	cells[n++] = buffer_text(&model) != NULL ? buffer_text(&model) : "";
	if (view->family)
		cells[n++] = group->family != NULL ? group->family->name : _("not known");
	if (view->answer->has_fleet)
		cells[n++] = buffer_text(&holds) != NULL ? buffer_text(&holds) : "";
	cells[n++] = outcome_word(group->verdict.outcome);
	text_table_row(view->table, cells);
	view->why[view->n++] = reason(&group->verdict);
	buffer_free(&holds);
	buffer_free(&model);
}

static void make_table(struct view *view)
{
	const struct fleet_answer *answer = view->answer;
	const char *cells[5];
	size_t n = 0;

	if (answer->has_fleet)
		cells[n++] = _("Phones");
	cells[n++] = answer->has_fleet ? _("Model") : _("Phones");
	if (view->family)
		cells[n++] = _("Family");
	if (answer->has_fleet)
		cells[n++] = _("Holds");
	cells[n++] = _("Outcome");
	text_table_free(view->table);
	view->table = text_table_new(n);
	text_table_row(view->table, cells);
	view->n = 0;
	view->why[view->n++] = _("Why");
	for (size_t i = 0; i < answer->n_groups && i < ROWS_SHOWN; i++)
		add_group(view, &answer->groups[i]);
}

/* Of the widest line. */
static size_t width_of(struct buffer *table)
{
	const char *at = buffer_text(table);
	size_t widest = 0;
	char line[2048];

	while (at != NULL && *at != '\0') {
		const size_t len = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, at);
		if (text_width(line) > widest)
			widest = text_width(line);
		at += len + (at[len] == '\n');
	}
	return widest;
}

void phones_put_table(const struct text_table *table, const char *const *last, size_t n,
    size_t width, struct buffer *out)
{
	struct buffer rows = BUFFER_INIT, line = BUFFER_INIT;
	size_t columns, longest = 0;
	const char *at;

	text_table_print(table, &rows);
	columns = width_of(&rows) + 2;
	for (size_t i = 0; i < n; i++)
		longest = text_width(last[i]) > longest ? text_width(last[i]) : longest;
	at = buffer_text(&rows);
	for (size_t i = 0; i < n && at != NULL && *at != '\0'; i++) {
		const size_t len = strcspn(at, "\n");

		buffer_reset(&line);
		buffer_add(&line, at, len);
		if (width == 0 || columns + longest <= width) {
			text_pad(
			    out, buffer_text(&line) != NULL ? buffer_text(&line) : "", columns);
			buffer_printf(out, "%s\n", last[i]);
		} else {
			buffer_add(out, at, len);
			buffer_reset(&line);
			buffer_printf(&line, "    %s", last[i]);
			buffer_add(out, "\n", 1);
			text_fold(out, buffer_text(&line) != NULL ? buffer_text(&line) : "", width);
			buffer_add(out, "\n", 1);
		}
		at += len + (at[len] == '\n');
	}
	if (buffer_text(&rows) == NULL)
		out->failed = true;
	buffer_free(&rows);
	buffer_free(&line);
}

/* Fits the table to the terminal: without the families, then with reasons on lines of their own. */
static void put_groups(struct view *view, struct buffer *out)
{
	const size_t width = cli_width(STDOUT_FILENO);
	struct buffer whole = BUFFER_INIT;

	view->family = view->answer->has_fleet;
	make_table(view);
	phones_put_table(view->table, view->why, view->n, 0, &whole);
	if (view->family && width > 0 && width_of(&whole) > width) {
		view->family = false;
		make_table(view);
	}
	phones_put_table(view->table, view->why, view->n, width, out);
	text_table_free(view->table);
	view->table = NULL;
	buffer_free(&whole);
	if (view->answer->n_groups > ROWS_SHOWN)
		buffer_printf(out,
		    ngettext("... and %zu more group: --json has all\n",
			"... and %zu more groups: --json has all\n",
			view->answer->n_groups - ROWS_SHOWN),
		    view->answer->n_groups - ROWS_SHOWN);
}

/* ---- sentences ------------------------------------------------------------------------------ */

static void put_counts(const struct fleet_answer *answer, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	char number[32];

	for (unsigned i = 0; i < N_PHONE_OUTCOMES; i++) {
		if (answer->by_outcome[i] == 0)
			continue;
		snprintf(number, sizeof(number), "%12" PRIu64, answer->by_outcome[i]);
		text_table_row(table, (const char *[]){number, phone_outcome_text(i)});
	}
	text_table_print(table, out);
	text_table_free(table);
}

static void put_missing(const struct fleet_answer *answer, struct buffer *out)
{
	uint64_t by_why[N_PHONE_WHYS] = {0};

	for (size_t i = 0; i < answer->n_groups; i++)
		if (answer->groups[i].verdict.outcome == PHONE_UNKNOWN)
			by_why[answer->groups[i].verdict.why] += answer->groups[i].n;
	for (unsigned i = 0; i < N_PHONE_WHYS; i++)
		if (by_why[i] > 0)
			buffer_printf(out,
			    ngettext("%" PRIu64 " phone cannot be judged: %s\n",
				"%" PRIu64 " phones cannot be judged: %s\n",
				(unsigned long)by_why[i]),
			    by_why[i], phone_why_text(i));
}

static void put_list(uint64_t n, const char *list_file, struct buffer *out)
{
	struct buffer path = BUFFER_INIT;
	const char *shown;

	if (list_file == NULL)
		return;
	cluster_put_path(&path, list_file);
	shown = buffer_text(&path) != NULL ? buffer_text(&path) : "";
	buffer_printf(out, n > 0 ? _("Their names are in %s\n") : _("%s lists no phone\n"), shown);
	buffer_free(&path);
}

static void put_locked_out(
    const struct fleet_answer *answer, const char *list_file, struct buffer *out)
{
	const uint64_t n = answer->by_outcome[PHONE_REJECTED];

	if (n == 0)
		buffer_printf(out, "%s\n", _("No phone would be locked out."));
	else
		buffer_printf(out,
		    ngettext("%" PRIu64 " phone would be locked out.\n",
			"%" PRIu64 " phones would be locked out.\n", (unsigned long)n),
		    n);
	put_list(n, list_file, out);
}

static void put_behind(
    const struct phones_scene *scene, const struct fleet_answer *answer, struct buffer *out)
{
	const struct fleet_lists *lists = &scene->world.lists;
	const size_t newest = fleet_newest(lists);

	if (answer->behind > 0 && newest < lists->n)
		buffer_printf(out,
		    ngettext("%" PRIu64 " phone did not hold %s yet when it was seen.\n",
			"%" PRIu64 " phones did not hold %s yet when they were seen.\n",
			(unsigned long)answer->behind),
		    answer->behind, lists->list[newest].name);
}

static void put_fleet(const struct phones_scene *scene, const struct fleet_answer *answer,
    const char *list_file, struct buffer *out)
{
	char oldest[CLUSTER_TIME_MAX], newest[CLUSTER_TIME_MAX];
	struct view view = {.lists = &scene->world.lists, .answer = answer};

	buffer_printf(out,
	    ngettext("%" PRIu64 " phone, seen between %s and %s:\n",
		"%" PRIu64 " phones, seen between %s and %s:\n", (unsigned long)answer->n),
	    answer->n, cluster_time_local(oldest, answer->oldest),
	    cluster_time_local(newest, answer->newest));
	if (scene->offered == NULL) {
		put_list(0, list_file, out);
		return;
	}
	put_counts(answer, out);
	buffer_add(out, "\n", 1);
	put_groups(&view, out);
	buffer_add(out, "\n", 1);
	put_missing(answer, out);
	put_behind(scene, answer, out);
	put_locked_out(answer, list_file, out);
}

static void put_classes(const struct phones_scene *scene, const struct fleet_answer *answer,
    const char *list_file, struct buffer *out)
{
	struct view view = {.lists = &scene->world.lists, .answer = answer};

	text_fold(out,
	    _("No phones are known (see ctlsign phones import), so these are the kinds of phones "
	      "that there may be:"),
	    cli_width(STDOUT_FILENO));
	buffer_add(out, "\n", 1);
	put_groups(&view, out);
	put_list(0, list_file, out);
}

static int print_text(
    const struct phones_scene *scene, const struct fleet_answer *answer, const char *list_file)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (scene->offered == NULL)
		buffer_printf(&out, "%s\n",
		    _("There is no CTL yet: every phone takes the first one as it comes."));
	else
		buffer_printf(&out, _("Offered: %s\n"), scene->name);
	if (answer->has_fleet)
		put_fleet(scene, answer, list_file, &out);
	else if (scene->offered != NULL)
		put_classes(scene, answer, list_file, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *group_json(const struct phones_scene *scene, const struct fleet_group *group)
{
	const struct fleet_lists *lists = &scene->world.lists;
	json_t *json = json_pack("{s:s,s:o,s:o,s:s,s:I,s:s,s:s}", "model", group->model, "family",
	    group->family != NULL ? json_string(group->family->name) : json_null(), "holds",
	    phones_holds_json(group, lists), "itl", phones_answer_name(group->itl), "phones",
	    (json_int_t)group->n, "outcome", phone_outcome_name(group->verdict.outcome), "why",
	    phone_why_name(group->verdict.why));

	json_object_set_new(json, "judged",
	    group->judged < lists->n
		? json_integer((json_int_t)lists->list[group->judged].list.generation)
		: json_null());
	return json;
}

static int print_json(
    const struct phones_scene *scene, const struct fleet_answer *answer, const char *list_file)
{
	json_t *groups = json_array(), *outcomes = json_object(), *json;

	for (size_t i = 0; i < answer->n_groups; i++)
		json_array_append_new(groups, group_json(scene, &answer->groups[i]));
	for (unsigned i = 0; i < N_PHONE_OUTCOMES; i++)
		json_object_set_new(outcomes, phone_outcome_name(i),
		    json_integer((json_int_t)answer->by_outcome[i]));
	json = json_pack("{s:o,s:b,s:I,s:o,s:I,s:o}", "offered",
	    scene->offered != NULL ? cli_json_path(scene->name) : json_null(), "fleet",
	    answer->has_fleet, "phones", (json_int_t)answer->n, "outcomes", outcomes, "behind",
	    (json_int_t)answer->behind, "groups", groups);
	json_object_set_new(
	    json, "oldest", answer->has_fleet ? cluster_time_json(answer->oldest) : json_null());
	json_object_set_new(
	    json, "newest", answer->has_fleet ? cluster_time_json(answer->newest) : json_null());
	if (list_file != NULL)
		json_object_set_new(json, "list", cli_json_path(list_file));
	return cli_print_json(json);
}

int phones_check_print(const struct phones_scene *scene, const struct fleet_answer *answer,
    const char *list_file, bool json)
{
	return json ? print_json(scene, answer, list_file) : print_text(scene, answer, list_file);
}
