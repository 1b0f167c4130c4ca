/*
 * ctlsign token unblock
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_target.h"

#include <stdio.h>

static void say(
    const struct token_info *token, char *about, size_t about_size, char *done, size_t done_size)
{
	snprintf(about, about_size,
	    _("About to give token '%s' (serial %s) a new PIN, by its SO PIN or PUK."),
	    token->label, token->serial);
	snprintf(done, done_size, _("token '%s' (serial %s) has a new PIN"), token->label,
	    token->serial);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTION_SO_PIN_ROWS, CLI_OPTION_NEW_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	static const struct cli_pin_change change = {
	    .command = &cli_token_unblock,
	    .options = options,
	    .administration = true,
	    .say = say,
	    .run = token_unblock,
	};

	return cli_change_pins(&change, argc, argv);
}

const struct cli_command cli_token_unblock = {
    .name = "token unblock",
    .summary = N_("give a locked token a new PIN, by its SO PIN or PUK"),
    .usage = N_("Usage: ctlsign token unblock TOKEN [PIN OPTION]... [--module PATH]...\n"
		"                             [--timeout SECONDS]\n"
		"\n"
		"Gives a token a new PIN by its SO PIN, or by the PUK of a card that has one,\n"
		"whether its PIN is locked or forgotten. What is on the token stays. Each PIN is\n"
		"asked for at the terminal, the new one twice, or read from a file or\n"
		"descriptor.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI\n"
		"  --so-pin-file FILE read the SO PIN or PUK from FILE (mode 600)\n"
		"  --so-pin-fd N      read it from the open descriptor N\n"
		"  --new-pin-file FILE\n"
		"                     read the new PIN from FILE (mode 600)\n"
		"  --new-pin-fd N     read it from the open descriptor N\n"
		"  --module PATH      use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token unblock SAST-1\n"),
    .run = run,
};
