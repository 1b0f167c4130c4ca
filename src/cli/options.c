/*
 * Reading options, and the options that several commands share.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_usage_error(const struct cli_command *command, const char *fmt, ...)
{
	char what[512], shown[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fprintf(stderr, _("ctlsign: %s; see: ctlsign %s --help\n"),
	    text_one_line_into(shown, sizeof(shown), what), command->name);
	return CLI_USAGE;
}

/*
 * The short options of a table, for getopt_long(): those whose value is a letter.  The colon in
 * front tells a missing value apart from an unknown option.
 */
static void short_options(const struct option *options, char *out, size_t size)
{
	size_t n = 0;

	out[n++] = ':';
	for (; options->name != NULL && n + 3 < size; options++) {
		if (options->val < 'A' || options->val > 'z')
			continue;
		out[n++] = (char)options->val;
		if (options->has_arg == required_argument)
			out[n++] = ':';
	}
	out[n] = '\0';
}

static bool is_known(const struct option *options, int value)
{
	while (options->name != NULL && options->val != value)
		options++;
	return options->name != NULL;
}

/* In the middle of "-xyz" optind still stands before it; optopt then has the letter. */
static void tell_bad_option(
    const struct cli_command *command, char **argv, const struct option *options)
{
	if (optopt == 0)
		cli_usage_error(command, _("unknown option '%s'"), argv[optind - 1]);
	else if (is_known(options, optopt))
		cli_usage_error(command, _("option '%s' takes no value"), argv[optind - 1]);
	else
		cli_usage_error(command, _("unknown option '-%c'"), optopt);
}

/*
 * getopt_long() takes any beginning of a name that is not ambiguous.  In a runbook that would
 * change its meaning with the next option that begins alike, and "--no" must not switch off a
 * check.
 */
static bool is_whole(char **argv, const struct option *row)
{
	const char *word = argv[optind - 1];
	size_t len = strlen(row->name);

	/* A value that stands in a word of its own has the option before it. */
	if (row->has_arg == required_argument && optarg == word)
		word = argv[optind - 2];
	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, row->name, len) == 0 &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

int cli_getopt(
    const struct cli_command *command, int argc, char **argv, const struct option *options)
{
	char letters[64];
	int option, row = -1;

	opterr = 0;
	short_options(options, letters, sizeof(letters));
	option = getopt_long(argc, argv, letters, options, &row);
	if (row >= 0 && option != '?' && option != ':' && !is_whole(argv, &options[row])) {
		cli_usage_error(
		    command, _("options are not abbreviated; is --%s meant?"), options[row].name);
		return CLI_OPTION_BAD;
	}
	if (option == CLI_OPTION_HELP) {
		fputs(_(command->usage), stdout);
		if (command->shared_usage != NULL)
			fputs(_(command->shared_usage), stdout);
		if (command->example != NULL)
			fputs(_(command->example), stdout);
	} else if (option == ':') {
		cli_usage_error(command, _("option '%s' needs a value"), argv[optind - 1]);
		option = CLI_OPTION_BAD;
	} else if (option == '?') {
		tell_bad_option(command, argv, options);
	}
	return option;
}

bool cli_take_json_only(
    const struct cli_command *command, int argc, char **argv, bool *json, int *rc)
{
	enum { OPTION_JSON = 1 };
	static const struct option options[] = {
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	int option;

	*json = false;
	while ((option = cli_getopt(command, argc, argv, options)) != -1) {
		if (option != OPTION_JSON) {
			*rc = option == CLI_OPTION_HELP ? CLI_DONE : CLI_USAGE;
			return false;
		}
		*json = true;
	}
	return true;
}

bool cli_parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	/* strtoul() would take a sign, and leading space. */
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *out >= min && *out <= max;
}

bool cli_modules_option(
    const struct cli_command *command, struct cli_modules *modules, int option, const char *value)
{
	unsigned long seconds;

	if (option == CLI_OPTION_MODULE) {
		if (modules->n == CLI_MAX_MODULES) {
			cli_usage_error(
			    command, _("--module is given more than %d times"), CLI_MAX_MODULES);
			return false;
		}
		modules->paths[modules->n++] = value;
		return true;
	}
	if (!cli_parse_number(value, 1, 3600, &seconds)) {
		cli_usage_error(command, _("--timeout takes 1 to 3600 seconds, not '%s'"), value);
		return false;
	}
	modules->timeout_ms = (unsigned)seconds * 1000;
	return true;
}

enum status cli_modules_open(
    const struct cli_modules *modules, struct tokens **out, struct error *err)
{
	const struct tokens_options options = {.modules = modules->paths,
	    .n_modules = modules->n,
	    .timeout_ms = modules->timeout_ms,
	    .administration = modules->administration};
	enum status st = tokens_open(&options, out, err);

	if (st != ST_OK)
		return st;
	for (size_t i = 0; i < tokens_problem_count(*out); i++) {
		char line[2048];

		cli_warn(error_line(tokens_problem_at(*out, i), line, sizeof(line)));
	}
	return ST_OK;
}
