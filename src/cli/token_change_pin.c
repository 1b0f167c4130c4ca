/*
 * ctlsign token change-pin
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_target.h"

#include <stdio.h>

static enum status change(struct cli_target *target, struct error *err)
{
	const struct pin_source pins = ceremony_pin_source(&target->pins);
	char about[512], done[512];
	enum status st;

	snprintf(about, sizeof(about), _("About to change the PIN of token '%s' (serial %s)."),
	    target->token->label, target->token->serial);
	snprintf(done, sizeof(done), _("the PIN of token '%s' (serial %s) is changed"),
	    target->token->label, target->token->serial);
	target->pins.about = about;
	st = token_change_pin(target->tokens, target->token, &pins, err);
	target->pins.about = NULL;
	if (st == ST_OK)
		cli_say_done(done);
	return st;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTION_PIN_ROWS, CLI_OPTION_NEW_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct cli_target target = CLI_TARGET_INIT;
	struct error err;
	const char *name;
	enum status st;
	int option;

	while ((option = cli_getopt(&cli_token_change_pin, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD ||
		    !cli_target_option(&cli_token_change_pin, &target, option, optarg))
			return CLI_USAGE;
	}
	name = cli_only_argument(&cli_token_change_pin, argc, argv, _("TOKEN is missing"));
	if (name == NULL)
		return CLI_USAGE;
	st = cli_target_open(&target, name, &err);
	if (st == ST_OK)
		st = change(&target, &err);
	cli_target_close(&target);
	return st == ST_OK ? CLI_DONE : cli_fail(&err);
}

const struct cli_command cli_token_change_pin = {
    .name = "token change-pin",
    .summary = N_("change a token's PIN"),
    .usage = N_("Usage: ctlsign token change-pin TOKEN [PIN OPTION]... [--module PATH]...\n"
		"                                [--timeout SECONDS]\n"
		"\n"
		"Gives a token a new PIN, by its present one. Each PIN is asked for at the\n"
		"terminal, the new one twice, or read from a file or descriptor.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI\n"
		"  --pin-file FILE    read the present PIN from FILE (mode 600)\n"
		"  --pin-fd N         read it from the open descriptor N\n"
		"  --new-pin-file FILE\n"
		"                     read the new PIN from FILE (mode 600)\n"
		"  --new-pin-fd N     read it from the open descriptor N\n"
		"  --module PATH      use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token change-pin SAST-1\n"),
    .run = run,
};
