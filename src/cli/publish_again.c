/*
 * What came of delivering the current generation again.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_again.h"

#include "admin/todo.h"
#include "base/text.h"
#include "cli/publish_print.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SHOWN 512

static bool differed(const struct publish_row *row)
{
	for (size_t i = 0; i < row->place->n_files; i++)
		if (row->place->files[i].odd)
			return true;
	return false;
}

/* "  cucm-sub1 (sub): CTLFile.tlv, capf.cer, 2 of phones" */
static void put_row(struct buffer *out, const struct publish_row *row)
{
	char target[NAME_MAX_SHOWN];
	const char *comma = "";
	size_t phones = 0;

	text_printable_into(target, sizeof(target), text_bytes(row->place->target->text));
	buffer_printf(out, "  %s (%s): ", row->place->node, target);
	for (size_t i = 0; i < row->place->n_files; i++) {
		const struct publish_file *file = &row->place->files[i];

		if (!file->odd)
			continue;
		if (strncmp(file->name, "CTLSEP", 6) == 0) {
			phones++;
			continue;
		}
		buffer_printf(out, "%s%s", comma, file->name);
		comma = ", ";
	}
	if (phones > 0)
		buffer_printf(
		    out, ngettext("%s%zu of phones", "%s%zu of phones", phones), comma, phones);
	buffer_add(out, "\n", 1);
}

/* What nothing is delivered to. */
static void put_without(struct buffer *out, const struct publish_plan *plan)
{
	struct buffer names = BUFFER_INIT;

	for (size_t i = 0; i < plan->n_places; i++)
		if (plan->places[i].target == NULL && plan->places[i].needs_ctl)
			buffer_printf(
			    &names, "%s%s", names.len > 0 ? ", " : "", plan->places[i].node);
	if (names.len > 0 && buffer_text(&names) != NULL)
		buffer_printf(out,
		    _("Without a target, and so not looked at: %s\n"
		      "The file for these, should they need it:\n"
		      "  ctlsign export current -o CTLFile.tlv\n"),
		    buffer_text(&names));
	buffer_free(&names);
}

static void put_rows(struct buffer *out, const struct publish_result *result, bool look_only)
{
	for (size_t i = 0; i < result->n_rows; i++)
		if (differed(&result->rows[i]) && (look_only || result->rows[i].changed))
			put_row(out, &result->rows[i]);
}

static bool any(const struct publish_result *result, bool look_only)
{
	for (size_t i = 0; i < result->n_rows; i++)
		if (differed(&result->rows[i]) && (look_only || result->rows[i].changed))
			return true;
	return false;
}

/* What has to be done on the nodes that got something. */
static void put_todo(
    struct buffer *out, const struct inventory *inventory, const struct publish_result *result)
{
	const char **nodes = calloc(result->n_rows + 1, sizeof(*nodes));
	struct buffer todo = BUFFER_INIT;
	size_t n = 0;

	if (nodes == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < result->n_rows; i++)
		if (differed(&result->rows[i]) && result->rows[i].changed)
			nodes[n++] = result->rows[i].place->node;
	buffer_printf(out, "%s", _("Now:\n"));
	admin_todo_again(inventory, nodes, n, &todo);
	cli_publish_put_steps(out, &todo);
	buffer_free(&todo);
	free(nodes);
}

void cli_publish_again_put(struct buffer *out, const struct inventory *inventory,
    const struct publish_result *result, bool look_only, bool done)
{
	const long long number = (long long)result->generation;

	if (any(result, look_only)) {
		if (look_only)
			buffer_printf(
			    out, _("Generation %lld would be delivered again to:\n"), number);
		else
			buffer_printf(out, _("Generation %lld was delivered again to:\n"), number);
		put_rows(out, result, look_only);
		if (!look_only)
			put_todo(out, inventory, result);
	} else if (done) {
		buffer_printf(
		    out, _("Nothing to deliver: every target holds generation %lld.\n"), number);
	}
	put_without(out, &result->plan);
}

json_t *cli_publish_again_json(const struct publish_result *result, bool look_only)
{
	json_t *object = cli_publish_json(result), *targets = json_object_get(object, "targets");

	for (size_t i = 0; i < result->n_rows; i++) {
		const struct publish_place *place = result->rows[i].place;
		json_t *names = json_array();

		for (size_t k = 0; k < place->n_files; k++)
			if (place->files[k].odd)
				json_array_append_new(names, json_string(place->files[k].name));
		json_object_set_new(json_array_get(targets, i), "differed", names);
	}
	if (look_only)
		json_object_set_new(object, "dry_run", json_true());
	return object;
}
