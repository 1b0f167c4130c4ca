/*
 * What came of a delivery: who holds what, as a table and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_print.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A target is not cut to less than this. */
#define LEAST_TARGET 12

#define CELL_MAX 512

char *cli_publish_hash(char out[CLI_PUBLISH_HASH_MAX], const char *algorithm, struct bytes data)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct buffer hex = BUFFER_INIT;
	size_t len = 0;

	out[0] = '\0';
	if (EVP_Q_digest(NULL, algorithm, NULL, data.data, data.len, hash, &len) == 1)
		text_hex(&hex, (struct bytes){hash, len}, 0, true);
	if (hex.len > 0 && buffer_text(&hex) != NULL)
		snprintf(out, CLI_PUBLISH_HASH_MAX, "%s", buffer_text(&hex));
	buffer_free(&hex);
	return out;
}

size_t cli_publish_width_of(struct buffer *table)
{
	const char *at = buffer_text(table);
	size_t widest = 0;
	char line[2048];

	while (at != NULL && *at != '\0') {
		const size_t len = strcspn(at, "\n"),
			     width = (snprintf(line, sizeof(line), "%.*s", (int)len, at),
				 text_width(line));

		widest = width > widest ? width : widest;
		at += len + (at[len] == '\n' ? 1 : 0);
	}
	return widest;
}

/* ---- colours ----------------------------------------------------------------------------------
 */

/* What is printable has none of these. */
#define MARK_BAD  '\001'
#define MARK_GOOD '\002'
#define MARK_END  '\003'

bool cli_publish_colour(size_t width)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return width > 0 && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0 &&
	       (no_colour == NULL || no_colour[0] == '\0');
}

char *cli_publish_shaded(char *out, size_t size, const char *word, enum cli_publish_shade shade)
{
	if (shade == CLI_PUBLISH_PLAIN)
		snprintf(out, size, "%s", word);
	else
		snprintf(out, size, "%c%s%c", shade == CLI_PUBLISH_BAD ? MARK_BAD : MARK_GOOD, word,
		    MARK_END);
	return out;
}

void cli_publish_add_table(struct buffer *out, const struct buffer *table)
{
	for (size_t i = 0; i < table->len; i++) {
		const char c = (char)table->data[i];

		if (c == MARK_BAD)
			buffer_printf(out, "\033[31m");
		else if (c == MARK_GOOD)
			buffer_printf(out, "\033[32m");
		else if (c == MARK_END)
			buffer_printf(out, "\033[0m");
		else
			buffer_add(out, &c, 1);
	}
	out->failed = out->failed || table->failed;
}

/* ---- words ------------------------------------------------------------------------------------
 */

/* What was staged and never committed was taken away again. */
static const char *state_code(enum publish_step step)
{
	switch (step) {
	case PUBLISH_DONE:
		return "done";
	case PUBLISH_FAILED:
		return "failed";
	case PUBLISH_COMMITTING:
	case PUBLISH_CHECKING:
		return "not-finished";
	default:
		return "not-changed";
	}
}

static const char *phones_code(enum publish_phones phones)
{
	static const char *const codes[] = {
	    [PUBLISH_NOT_ASKED] = "not-asked",
	    [PUBLISH_SAME] = "same",
	    [PUBLISH_DIFFERS] = "differs",
	    [PUBLISH_NO_ANSWER] = "no-answer",
	};

	return codes[phones];
}

static const char *phones_word(enum publish_phones phones)
{
	switch (phones) {
	case PUBLISH_SAME:
		return _("the same");
	case PUBLISH_DIFFERS:
		return _("differs");
	case PUBLISH_NO_ANSWER:
		return _("no answer");
	default:
		return "-";
	}
}

static const char *state_word(enum publish_step step)
{
	switch (step) {
	case PUBLISH_DONE:
		return _("done");
	case PUBLISH_FAILED:
		return _("failed");
	case PUBLISH_COMMITTING:
	case PUBLISH_CHECKING:
		return _("not finished");
	default:
		return _("not changed");
	}
}

static enum cli_publish_shade state_shade(enum publish_step step)
{
	if (step == PUBLISH_FAILED)
		return CLI_PUBLISH_BAD;
	return step == PUBLISH_DONE ? CLI_PUBLISH_GOOD : CLI_PUBLISH_PLAIN;
}

static const char *holds_code(enum publish_holds holds)
{
	static const char *const codes[] = {
	    [PUBLISH_UNKNOWN] = "unknown",
	    [PUBLISH_OLD] = "old",
	    [PUBLISH_NEW] = "new",
	    [PUBLISH_NONE] = "none",
	    [PUBLISH_OTHER] = "other",
	};

	return codes[holds];
}

static char *holds_word(char out[CELL_MAX], const struct publish_row *row, int64_t generation)
{
	switch (row->holds) {
	case PUBLISH_NEW:
		if (row->place->needs_ctl)
			snprintf(out, CELL_MAX, _("generation %lld"), (long long)generation);
		else
			snprintf(out, CELL_MAX, "%s", _("the new files"));
		break;
	case PUBLISH_OLD:
		snprintf(out, CELL_MAX, "%s", _("as before"));
		break;
	case PUBLISH_NONE:
		snprintf(out, CELL_MAX, "%s", _("none, as before"));
		break;
	case PUBLISH_OTHER:
		snprintf(out, CELL_MAX, "%s", _("another file"));
		break;
	default:
		snprintf(out, CELL_MAX, "%s", _("not known"));
		break;
	}
	return out;
}

/* ---- the table --------------------------------------------------------------------------------
 */

/* TARGET: columns that it may have; 0: all. */
static void put_table(
    struct buffer *out, const struct publish_result *result, size_t target, bool colour)
{
	struct text_table *table = text_table_new(6);

	text_table_row(table, (const char *[]){_("Node"), _("Target"), _("State"), _("Holds"),
				  _("Phones"), _("Time")});
	for (size_t i = 0; i < result->n_rows; i++) {
		const struct publish_row *row = &result->rows[i];
		char place[CELL_MAX], shown[CELL_MAX], holds[CELL_MAX], took[32], state[64];

		text_printable_into(place, sizeof(place), text_bytes(row->place->target->text));
		if (target > 0)
			cli_publish_cut_middle(shown, sizeof(shown), place, target);
		snprintf(took, sizeof(took), _("%u.%u s"), row->ms / 1000, row->ms % 1000 / 100);
		text_table_row(
		    table, (const char *[]){row->place->node, target > 0 ? shown : place,
			       cli_publish_shaded(state, sizeof(state), state_word(row->step),
				   colour ? state_shade(row->step) : CLI_PUBLISH_PLAIN),
			       holds_word(holds, row, result->generation), phones_word(row->phones),
			       took});
	}
	text_table_print(table, out);
	text_table_free(table);
}

/* A terminal that is too narrow has the targets cut. */
static void fit_table(struct buffer *out, const struct publish_result *result, size_t width)
{
	struct buffer table = BUFFER_INIT;
	const bool colour = cli_publish_colour(width);
	size_t wide, longest = 0;

	put_table(&table, result, 0, colour);
	wide = cli_publish_width_of(&table);
	if (width > 0 && wide > width) {
		for (size_t i = 0; i < result->n_rows; i++) {
			const size_t w = text_width(result->rows[i].place->target->text);

			longest = w > longest ? w : longest;
		}
		longest =
		    longest > wide - width + LEAST_TARGET ? longest - (wide - width) : LEAST_TARGET;
		buffer_reset(&table);
		put_table(&table, result, longest, colour);
	}
	cli_publish_add_table(out, &table);
	buffer_free(&table);
}

/* Errors of targets that are done did not matter, but somebody should know. */
static void put_errors(struct buffer *out, const struct publish_result *result, size_t width)
{
	for (size_t i = 0; i < result->n_rows; i++) {
		const struct publish_row *row = &result->rows[i];
		struct buffer text = BUFFER_INIT;
		char line[2048];

		if (row->err.status == ST_OK)
			continue;
		buffer_printf(
		    &text, "%s: %s", row->place->node, error_line(&row->err, line, sizeof(line)));
		if (buffer_text(&text) != NULL)
			text_fold(out, buffer_text(&text), width);
		buffer_add(out, "\n", 1);
		buffer_free(&text);
	}
}

void cli_publish_put(struct buffer *out, const struct publish_result *result, size_t width)
{
	if (result->n_rows > 0)
		fit_table(out, result, width);
	put_errors(out, result, width);
	if (result->note != NULL) {
		text_fold(out, result->note, width);
		buffer_add(out, "\n", 1);
	}
}

void cli_publish_put_steps(struct buffer *out, struct buffer *lines)
{
	const char *text = buffer_text(lines);
	size_t n = 0;

	while (text != NULL && *text != '\0') {
		const size_t len = strcspn(text, "\n");

		buffer_printf(out, "  %zu. %.*s\n", ++n, (int)len, text);
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	out->failed = out->failed || lines->failed;
}

static bool is_named_before(const struct publish_result *result, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (result->rows[i].step == PUBLISH_FAILED &&
		    result->rows[i].place->node == result->rows[index].place->node)
			return true;
	return false;
}

/* Behind "REASON: " of ROW in WHAT; NULL where that does not begin so. */
static const char *behind_reason(const struct publish_row *row, const char *what)
{
	const size_t len = strlen(row->err.what);

	if (row->step != PUBLISH_FAILED || len == 0 || strncmp(what, row->err.what, len) != 0 ||
	    strncmp(what + len, ": ", 2) != 0)
		return NULL;
	return what + len + 2;
}

void cli_publish_shorten(const struct publish_result *result, struct error *err)
{
	struct buffer names = BUFFER_INIT;
	const char *rest = NULL;
	char told[sizeof(err->what)];

	for (size_t i = 0; i < result->n_rows; i++) {
		if (rest == NULL)
			rest = behind_reason(&result->rows[i], err->what);
		if (result->rows[i].step == PUBLISH_FAILED && !is_named_before(result, i))
			buffer_printf(
			    &names, "%s%s", names.len > 0 ? ", " : "", result->rows[i].place->node);
	}
	if (rest != NULL && buffer_text(&names) != NULL) {
		text_cut_into(told, sizeof(told), rest);
		text_cut_into(err->what, sizeof(err->what), told);
		text_cut_into(err->where, sizeof(err->where), buffer_text(&names));
	}
	buffer_free(&names);
}

/* ---- what of it is shown in little room -------------------------------------------------------
 */

char *cli_publish_cut_middle(char *out, size_t size, const char *text, size_t columns)
{
	const size_t room = columns > 3 ? columns - 3 : 0, head = room / 3;
	const char *tail = text + strlen(text);
	char end[CELL_MAX];

	if (columns == 0 || text_width(text) <= columns)
		return text_cut_into(out, size, text);
	/* Too little for both ends. */
	if (head == 0)
		return cluster_text_shorten(out, size, text, columns);
	/* A character at a time: the end is what tells places apart. */
	for (const char *at = tail; at > text; at--) {
		if ((at[-1] & 0xC0) == 0x80)
			continue;
		text_cut_into(end, sizeof(end), at - 1);
		if (text_width(end) > room - head)
			break;
		tail = at - 1;
	}
	text_cut_into(end, sizeof(end), tail);
	/* Shortened, it ends in the dots that are wanted. */
	cluster_text_shorten(out, size, text, head + 3);
	if (strlen(out) + strlen(end) < size)
		strcat(out, end);
	return out;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

json_t *cli_publish_error_json(const struct error *err)
{
	if (err->status == ST_OK)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s}", "status", status_name(err->status), "where",
	    err->where, "what", err->what, "hint", err->hint);
}

json_t *cli_publish_place_json(const struct publish_place *place)
{
	char md5[CLI_PUBLISH_HASH_MAX], sha1[CLI_PUBLISH_HASH_MAX], sha256[CLI_PUBLISH_HASH_MAX];
	json_t *files = json_array();

	for (size_t i = 0; i < place->n_files; i++) {
		const struct publish_file *file = &place->files[i];

		json_array_append_new(files,
		    json_pack("{s:s, s:I, s:s, s:s, s:s}", "name", file->name, "length",
			(json_int_t)file->data.len, "md5", cli_publish_hash(md5, "MD5", file->data),
			"sha1", cli_publish_hash(sha1, "SHA1", file->data), "sha256",
			cli_publish_hash(sha256, "SHA256", file->data)));
	}
	return json_pack("{s:s, s:s, s:o, s:b, s:o}", "node", place->node, "address",
	    place->address, "target",
	    place->target != NULL ? cli_json_path(place->target->text) : json_null(), "needs_ctl",
	    place->needs_ctl, "files", files);
}

static json_t *row_json(const struct publish_row *row)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:I, s:o}", "node", row->place->node,
	    "address", row->place->address, "target", cli_json_path(row->place->target->text),
	    "state", state_code(row->step), "holds", holds_code(row->holds), "phones",
	    phones_code(row->phones), "ms", (json_int_t)row->ms, "error",
	    cli_publish_error_json(&row->err));
}

json_t *cli_publish_json(const struct publish_result *result)
{
	json_t *targets = json_array(), *by_hand = json_array();

	for (size_t i = 0; i < result->n_rows; i++)
		json_array_append_new(targets, row_json(&result->rows[i]));
	for (size_t i = 0; i < result->plan.n_places; i++)
		if (result->plan.places[i].target == NULL)
			json_array_append_new(
			    by_hand, cli_publish_place_json(&result->plan.places[i]));
	return json_pack("{s:I, s:b, s:b, s:o, s:o, s:o}", "generation",
	    (json_int_t)result->generation, "changed", result->changed, "current", result->current,
	    "targets", targets, "by_hand", by_hand, "note",
	    result->note != NULL ? json_string(result->note) : json_null());
}
