/*
 * The options that say where PINs come from, for all commands that need one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PIN_OPTIONS_H
#define CTLSIGN_CLI_PIN_OPTIONS_H

#include "cli/cli.h"
#include "ceremony/ceremony.h"

enum {
	CLI_OPTION_PIN_FILE = 1100,
	CLI_OPTION_PIN_FD,
	CLI_OPTION_SO_PIN_FILE,
	CLI_OPTION_SO_PIN_FD,
	CLI_OPTION_NEW_PIN_FILE,
	CLI_OPTION_NEW_PIN_FD,
};

#define CLI_OPTION_PIN_ROWS                                                                        \
	{"pin-file", required_argument, NULL, CLI_OPTION_PIN_FILE},                                \
	{                                                                                          \
		"pin-fd", required_argument, NULL, CLI_OPTION_PIN_FD                               \
	}
#define CLI_OPTION_SO_PIN_ROWS                                                                     \
	{"so-pin-file", required_argument, NULL, CLI_OPTION_SO_PIN_FILE},                          \
	{                                                                                          \
		"so-pin-fd", required_argument, NULL, CLI_OPTION_SO_PIN_FD                         \
	}
#define CLI_OPTION_NEW_PIN_ROWS                                                                    \
	{"new-pin-file", required_argument, NULL, CLI_OPTION_NEW_PIN_FILE},                        \
	{                                                                                          \
		"new-pin-fd", required_argument, NULL, CLI_OPTION_NEW_PIN_FD                       \
	}

/* Whether OPTION is one of the above. */
bool cli_is_pin_option(int option);

/*
 * Takes one of the above into PINS, which began as CEREMONY_PINS_INIT.  False after a usage error:
 * given twice, both a file and a descriptor for one PIN, a descriptor that is not open for reading.
 */
bool cli_pin_option(
    const struct cli_command *command, struct ceremony_pins *pins, int option, const char *value);

#endif
