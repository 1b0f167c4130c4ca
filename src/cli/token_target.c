/*
 * One token as the object of a command.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_target.h"

#include "base/text.h"
#include "ceremony/object_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool cli_target_option(
    const struct cli_command *command, struct cli_target *target, int option, const char *value)
{
	if (cli_is_pin_option(option))
		return cli_pin_option(command, &target->pins, option, value);
	return cli_modules_option(command, &target->modules, option, value);
}

enum status cli_target_select(struct cli_target *target, const char *name, struct error *err)
{
	enum status st = token_selector_parse(name, &target->selector, err);

	if (st == ST_OK && token_selector_names_object(target->selector)) {
		st = error_set(err, ST_USAGE, "%s",
		    _("the URI names an object on the token, where the token alone is meant"));
		error_hint(err, "%s", _("leave id=, object= and type= out; an id goes to --id"));
	}
	return st;
}

enum status cli_target_open(struct cli_target *target, const char *name, struct error *err)
{
	enum status st = cli_target_select(target, name, err);

	if (st == ST_OK)
		st = cli_modules_open(&target->modules, &target->tokens, err);
	if (st == ST_OK)
		st = tokens_find(target->tokens, target->selector, &target->token, err);
	return st;
}

enum status cli_target_again(struct cli_target *target, struct error *err)
{
	enum status st = tokens_refresh(target->tokens, err);

	return st == ST_OK ? tokens_find(target->tokens, target->selector, &target->token, err)
			   : st;
}

static enum status change_pins(
    struct cli_target *target, const struct cli_pin_change *change, struct error *err)
{
	const struct pin_source pins = ceremony_pin_source(&target->pins);
	char about[512], done[512];
	enum status st;

	change->say(target->token, about, sizeof(about), done, sizeof(done));
	target->pins.about = about;
	st = change->run(target->tokens, target->token, &pins, err);
	target->pins.about = NULL;
	if (st == ST_OK)
		cli_say_done(done);
	return st;
}

int cli_change_pins(const struct cli_pin_change *change, int argc, char **argv)
{
	struct cli_target target = CLI_TARGET_INIT;
	struct error err;
	const char *name;
	enum status st;
	int option;

	while ((option = cli_getopt(change->command, argc, argv, change->options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD ||
		    !cli_target_option(change->command, &target, option, optarg))
			return CLI_USAGE;
	}
	name = cli_only_argument(change->command, argc, argv, _("TOKEN is missing"));
	if (name == NULL)
		return CLI_USAGE;
	target.modules.administration = change->administration;
	st = cli_target_open(&target, name, &err);
	if (st == ST_OK)
		st = change_pins(&target, change, &err);
	cli_target_close(&target);
	return st == ST_OK ? CLI_DONE : cli_fail(&err);
}

void cli_target_close(struct cli_target *target)
{
	tokens_close(target->tokens);
	token_selector_free(target->selector);
}

bool cli_take_once(
    const struct cli_command *command, const char *name, const char **slot, const char *value)
{
	if (*slot != NULL) {
		cli_usage_error(command, _("%s is given twice"), name);
		return false;
	}
	*slot = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cli_take_id(const struct cli_command *command, struct buffer *id, const char *value)
{
	const size_t len = strlen(value);
	bool good = len > 0 && len % 2 == 0 && len / 2 <= OBJECT_ID_MAX;

	if (id->len > 0) {
		cli_usage_error(command, _("%s is given twice"), "--id");
		return false;
	}
	for (size_t i = 0; good && i < len; i += 2) {
		int high = hex_digit(value[i]), low = hex_digit(value[i + 1]);

		good = high >= 0 && low >= 0;
		if (good)
			buffer_add_u8(id, (unsigned)high * 16 + (unsigned)low);
	}
	if (!good)
		cli_usage_error(command,
		    _("--id takes pairs of hexadecimal digits such as 01, at most %d, not '%s'"),
		    OBJECT_ID_MAX, value);
	return good;
}

bool cli_take_label(const struct cli_command *command, const char **slot, const char *value)
{
	char shown[4 * OBJECT_LABEL_MAX + 1];
	const size_t len = strlen(value);
	bool good = len > 0 && len <= OBJECT_LABEL_MAX;

	/* What is not as people see it has control characters or is no UTF-8. */
	if (good)
		good = strcmp(text_one_line_into(shown, sizeof(shown), value), value) == 0;
	if (!good) {
		cli_usage_error(command, _("--label takes 1 to %d bytes of text, not '%s'"),
		    OBJECT_LABEL_MAX, value);
		return false;
	}
	return cli_take_once(command, "--label", slot, value);
}

const char *cli_only_argument(
    const struct cli_command *command, int argc, char **argv, const char *missing)
{
	if (optind == argc - 1)
		return argv[optind];
	if (optind == argc)
		cli_usage_error(command, "%s", missing);
	else
		cli_usage_error(command, _("unexpected argument '%s'"), argv[optind + 1]);
	return NULL;
}

void cli_say_done(const char *text)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "ctlsign: %s\n", text);
}
