/*
 * ctlsign admin
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "cli/cluster_options.h"
#include "cli/pin_options.h"
#include "cli/token_target.h"

#include <string.h>
#include <unistd.h>

enum { OPTION_YES = 1, OPTION_TOKEN, OPTION_SIGN_WITH, OPTION_COMMAND = 'c' };

struct request {
	struct admin admin;
	const char *command;
	const char *key;
	size_t n_tokens;
	/* Only looked at, so that a mistake is told at once; the commands read them again. */
	struct cli_modules modules;
	struct ceremony_pins pins;
};

static bool pass_on(struct request *request, const char *name, const char *value)
{
	struct admin *admin = &request->admin;

	if (admin->n_passed + 2 > ADMIN_PASSED_MAX)
		return cli_usage_error(&cli_admin, "%s", _("there are too many options")), false;
	admin->passed[admin->n_passed++] = name;
	admin->passed[admin->n_passed++] = value;
	return true;
}

static bool take_token(struct request *request, const char *value)
{
	if (request->n_tokens++ == COLLECT_MAX) {
		cli_usage_error(&cli_admin, _("--token is given more than %d times"), COLLECT_MAX);
		return false;
	}
	request->admin.names_token = true;
	return pass_on(request, "--token", value);
}

static bool take_option(struct request *request, int option, const char *value)
{
	switch (option) {
	case OPTION_YES:
		return request->admin.yes = true;
	case OPTION_COMMAND:
		return cli_take_once(&cli_admin, "-c", &request->command, value);
	case CLI_OPTION_CONFIG:
		return cli_take_once(&cli_admin, "--config", &request->admin.config, value);
	case OPTION_TOKEN:
		return take_token(request, value);
	case OPTION_SIGN_WITH:
		return cli_take_once(&cli_admin, "--sign-with", &request->key, value) &&
		       pass_on(request, "--sign-with", value);
	case CLI_OPTION_PIN_FILE:
	case CLI_OPTION_PIN_FD:
		return cli_pin_option(&cli_admin, &request->pins, option, value) &&
		       pass_on(request, option == CLI_OPTION_PIN_FILE ? "--pin-file" : "--pin-fd",
			   value);
	default:
		return cli_modules_option(&cli_admin, &request->modules, option, value) &&
		       pass_on(
			   request, option == CLI_OPTION_MODULE ? "--module" : "--timeout", value);
	}
}

static bool read_options(struct request *request, int argc, char **argv, int *rc)
{
	static const struct option options[] = {
	    {"command", required_argument, NULL, OPTION_COMMAND},
	    {"yes", no_argument, NULL, OPTION_YES},
	    {"token", required_argument, NULL, OPTION_TOKEN},
	    {"sign-with", required_argument, NULL, OPTION_SIGN_WITH}, CLI_OPTION_CONFIG_ROW,
	    CLI_OPTION_PIN_ROWS, CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	int option;

	*rc = CLI_USAGE;
	while ((option = cli_getopt(&cli_admin, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			*rc = CLI_DONE;
		if (option == CLI_OPTION_HELP || option == CLI_OPTION_BAD ||
		    !take_option(request, option, optarg))
			return false;
	}
	if (optind < argc) {
		cli_usage_error(&cli_admin,
		    _("unexpected argument '%s'; a command is given with -c"), argv[optind]);
		return false;
	}
	if (request->command == NULL && request->pins.pin.fd == STDIN_FILENO) {
		cli_usage_error(&cli_admin, "%s",
		    _("--pin-fd 0 is standard input, which the commands come from"));
		return false;
	}
	return true;
}

/* Who has no cluster here is told before the first command. */
static bool has_cluster(const struct admin *admin, int *rc)
{
	struct cluster cluster = {.store = NULL};
	struct error err;
	const enum status st = cli_cluster_read(admin->config, &cluster, &err);

	cluster_close(&cluster);
	if (st != ST_OK)
		*rc = cli_fail(&err);
	return st == ST_OK;
}

static int run(int argc, char **argv)
{
	struct request request = {.pins = CEREMONY_PINS_INIT};
	bool known;
	int rc;

	if (!read_options(&request, argc, argv, &rc))
		return rc;
	if (request.command != NULL)
		return admin_run_line(&request.admin, request.command, &known);
	if (!has_cluster(&request.admin, &rc))
		return rc;
	if (isatty(STDIN_FILENO))
		return admin_run_shell(&request.admin);
	return admin_run_book(&request.admin);
}

const struct cli_command cli_admin = {
    .name = "admin",
    .summary = N_("a shell with the commands of CUCM's own command line"),
    .usage =
	N_("Usage: ctlsign admin [-c COMMAND] [OPTION]...\n"
	   "\n"
	   "Takes the commands that CUCM's own command line has for the CTL, so that a\n"
	   "runbook for it can be followed line by line: at the prompt, where Tab completes\n"
	   "them and help lists them; one with -c; or a file of them on standard input, which\n"
	   "ends at the first that fails. Before anything is signed the difference is shown,\n"
	   "and one question is asked at the terminal.\n"
	   "\n"
	   "  -c, --command COMMAND run this command and end with its exit code\n"
	   "  --yes                 do not ask; needed where there is no terminal\n"
	   "  --token TOKEN         a token that needs not be asked for (repeat); the last\n"
	   "                        one signs\n"
	   "  --sign-with KEY       sign with this key: a pkcs11: URI or a PEM file\n"
	   "  --pin-file FILE       read the PIN or passphrase from FILE (mode 600)\n"
	   "  --pin-fd N            read it from the open descriptor N, a line for each command\n"
	   "  --config FILE         the inventory (default: ctlsign.conf here, else the\n"
	   "                        system's)\n"
	   "  --module PATH         use this PKCS#11 module (repeat for several)\n"
	   "  --timeout SECONDS     how long a module may take to answer (default 20)\n"
	   "\n"
	   "Example: a runbook that nobody watches\n"
	   "  ctlsign admin --yes < runbook.txt\n"),
    .run = run,
};
