/*
 * ctlsign token change-pin
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_target.h"

#include <stdio.h>

static void say(
    const struct token_info *token, char *about, size_t about_size, char *done, size_t done_size)
{
	snprintf(about, about_size, _("About to change the PIN of token '%s' (serial %s)."),
	    token->label, token->serial);
	snprintf(done, done_size, _("the PIN of token '%s' (serial %s) is changed"), token->label,
	    token->serial);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTION_PIN_ROWS, CLI_OPTION_NEW_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	static const struct cli_pin_change change = {
	    .command = &cli_token_change_pin,
	    .options = options,
	    .say = say,
	    .run = token_change_pin,
	};

	return cli_change_pins(&change, argc, argv);
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
