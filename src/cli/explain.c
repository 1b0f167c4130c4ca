/*
 * ctlsign explain
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/explain.h"

#include "base/text.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_JSON = 1 };

/* Room for "DeviceTLInfo 9". */
#define TITLE_MAX 24

/* What it is called: the text, or the alarm and its code, which is put into OUT. */
static const char *title_of(const struct phone_saying *saying, char out[TITLE_MAX])
{
	if (saying->text != NULL)
		return saying->text;
	snprintf(out, TITLE_MAX, "DeviceTLInfo %d", saying->code);
	return out;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static json_t *lines_json(const char *lines)
{
	json_t *array = json_array();

	while (lines != NULL && *lines != '\0') {
		const size_t len = strcspn(lines, "\n");

		json_array_append_new(array, json_stringn(lines, len));
		lines += len + (lines[len] == '\n');
	}
	return array;
}

static json_t *saying_json(const struct phone_saying *saying)
{
	json_t *json = json_object();

	json_object_set_new(
	    json, "text", saying->text != NULL ? json_string(saying->text) : json_null());
	json_object_set_new(
	    json, "code", saying->text == NULL ? json_integer(saying->code) : json_null());
	json_object_set_new(json, "means", json_string(_(saying->means)));
	json_object_set_new(
	    json, "causes", lines_json(saying->causes != NULL ? _(saying->causes) : NULL));
	json_object_set_new(
	    json, "todo", lines_json(saying->todo != NULL ? _(saying->todo) : NULL));
	return json;
}

/* ---- text -------------------------------------------------------------------------------------
 */

/* "  TEXT" for each line, folded under its own first character. */
static void put_lines(const char *heading, const char *lines, size_t width, struct buffer *out)
{
	struct buffer text = BUFFER_INIT;

	if (lines == NULL)
		return;
	buffer_printf(out, "\n%s\n", heading);
	while (*lines != '\0') {
		const size_t len = strcspn(lines, "\n");

		buffer_printf(&text, "  %.*s\n", (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
	if (buffer_text(&text) != NULL)
		text_fold(out, buffer_text(&text), width);
	buffer_free(&text);
}

static void put_saying(const struct phone_saying *saying, struct buffer *out)
{
	const size_t width = cli_width(STDOUT_FILENO);
	struct buffer means = BUFFER_INIT;
	char title[TITLE_MAX];

	buffer_printf(out, "%s\n", title_of(saying, title));
	buffer_printf(&means, "  %s\n", _(saying->means));
	if (buffer_text(&means) != NULL)
		text_fold(out, buffer_text(&means), width);
	buffer_free(&means);
	put_lines(_("Why"), saying->causes != NULL ? _(saying->causes) : NULL, width, out);
	put_lines(_("What to do"), saying->todo != NULL ? _(saying->todo) : NULL, width, out);
}

/* "TITLE  MEANING"; what does not fit goes on below the meaning. */
static void put_row(
    const char *title, const char *means, size_t column, size_t width, struct buffer *out)
{
	struct buffer line = BUFFER_INIT;
	const size_t begin = out->len;

	text_pad(&line, "", column);
	buffer_printf(&line, "%s\n", means);
	if (buffer_text(&line) != NULL)
		text_fold(out, buffer_text(&line), width);
	/* Titles are ASCII, and shorter than the blanks that they take the place of. */
	if (!out->failed && out->len >= begin + column)
		memcpy(out->data + begin, title, strlen(title));
	buffer_free(&line);
}

static void put_all(struct buffer *out)
{
	const size_t width = cli_width(STDOUT_FILENO);
	const struct phone_saying *saying;
	char title[TITLE_MAX];
	size_t column = 0;

	for (size_t i = 0; (saying = phone_saying_at(i)) != NULL; i++)
		if (strlen(title_of(saying, title)) + 2 > column)
			column = strlen(title_of(saying, title)) + 2;
	for (size_t i = 0; (saying = phone_saying_at(i)) != NULL; i++)
		put_row(title_of(saying, title), _(saying->means), column,
		    width > column + 20 ? width : 0, out);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int print(struct buffer *out)
{
	const int rc = cli_print(out);

	buffer_free(out);
	return rc;
}

static int explain_all(bool json)
{
	struct buffer out = BUFFER_INIT;
	const struct phone_saying *saying;
	json_t *array;

	if (!json) {
		put_all(&out);
		return print(&out);
	}
	array = json_array();
	for (size_t i = 0; (saying = phone_saying_at(i)) != NULL; i++)
		json_array_append_new(array, saying_json(saying));
	return cli_print_json(array);
}

static int explain(const char *status, bool json)
{
	const struct phone_saying *saying = phone_explain(status);
	struct buffer out = BUFFER_INIT;
	char shown[160];
	struct error err;

	if (saying == NULL) {
		error_set(&err, ST_FAILED, _("no status is known that says '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(status)));
		error_hint(&err, "%s", _("see those that are: ctlsign explain"));
		return cli_fail(&err);
	}
	if (json)
		return cli_print_json(saying_json(saying));
	put_saying(saying, &out);
	return print(&out);
}

/* The words of the command line are one status: nobody has to think of quotes. */
static int explain_words(char *const *words, bool json)
{
	struct buffer status = BUFFER_INIT;
	struct error err;
	int rc;

	for (size_t i = 0; words[i] != NULL; i++)
		buffer_printf(&status, "%s%s", i > 0 ? " " : "", words[i]);
	if (buffer_text(&status) == NULL) {
		error_no_memory(&err);
		rc = cli_fail(&err);
	} else {
		rc = explain(buffer_text(&status), json);
	}
	buffer_free(&status);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	bool json = false;
	int option;

	while ((option = cli_getopt(&cli_explain, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		json = true;
	}
	return optind == argc ? explain_all(json) : explain_words(argv + optind, json);
}

const struct cli_command cli_explain = {
    .name = "explain",
    .summary = N_("say what a phone's status means, and what to do"),
    .usage = N_("Usage: ctlsign explain [--json] [STATUS...]\n"
		"\n"
		"Says what a phone means by a status message of its trust lists, or by a code of\n"
		"the alarm DeviceTLInfo: what happened, why it may have, and what to look at.\n"
		"STATUS is the message, a line of a log that it stands in, or the code. Without\n"
		"it: the list of all.\n"
		"\n"
		"  --json  print a JSON object; without STATUS an array of them\n"
		"\n"
		"Example:\n"
		"  ctlsign explain Trust List update failed\n"),
    .run = run,
};
