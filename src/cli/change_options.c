/*
 * The options of the commands that change a cluster's CTL.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"

#include <string.h>

const char cli_change_usage[] =
    N_("  --dry-run             show the difference and the digest, and touch nothing\n"
       "  --yes                 do not ask whether it is right\n"
       "  --token TOKEN         a token that needs not be asked for (repeat); the last\n"
       "                        one signs\n"
       "  --sign-with KEY       sign with this key: a pkcs11: URI or a PEM file\n"
       "  --force-signer        sign even if phones do not know the signer; where a fleet\n"
       "                        was read in, --accept-lockout is asked for, too\n"
       "  --accept-lockout N    sign though just N phones of the fleet are locked out\n"
       "  --lockout-list FILE   write the phones that would be to FILE (CSV)\n"
       "  --phones-hold N       my word: every phone holds generation N or a later one\n"
       "  --no-lint             sign even what lint calls an error\n"
       "  --no-publish          sign only: ctlsign publish delivers it later\n"
       "  --timestamp EPOCH     seconds since 1970 (default now)\n"
       "  --pin-file FILE       read the PIN or passphrase from FILE (mode 600)\n"
       "  --pin-fd N            read it from the open descriptor N\n"
       "  --config FILE         the inventory (default: ctlsign.conf here, else the\n"
       "                        system's)\n"
       "  --module PATH         use this PKCS#11 module (repeat for several)\n"
       "  --timeout SECONDS     how long a module may take to answer (default 20)\n"
       "  --json                print what came of it as JSON\n");

static const char *name_of(const struct option *options, int option)
{
	while (options->name != NULL && options->val != option)
		options++;
	return options->name != NULL ? options->name : "";
}

static bool take_timestamp(struct cli_change *change, const char *value)
{
	unsigned long seconds;

	if (!cli_parse_number(value, 0, UINT32_MAX, &seconds)) {
		cli_usage_error(change->command,
		    _("--timestamp takes seconds since 1970, at most 4294967295, not '%s'"), value);
		return false;
	}
	change->request.has_timestamp = true;
	change->request.timestamp = (uint32_t)seconds;
	return true;
}

/* Hexadecimal digits and colons; which token it is shows later. */
static bool take_serial(struct cli_change *change, const char *value)
{
	if (value[0] == '\0' || strspn(value, "0123456789abcdefABCDEF:") != strlen(value)) {
		cli_usage_error(change->command,
		    _("--remove-token takes the serial number of the token's certificate in "
		      "hexadecimal, not '%s'"),
		    value);
		return false;
	}
	change->request.remove_token = value;
	return true;
}

static bool take_token(struct cli_change *change, const char *value)
{
	if (change->request.n_named == COLLECT_MAX) {
		cli_usage_error(
		    change->command, _("--token is given more than %d times"), COLLECT_MAX);
		return false;
	}
	change->named[change->request.n_named++] = value;
	return true;
}

/* Phones that may be locked out: how many, exactly. */
static bool take_lockout(struct cli_change *change, const char *value)
{
	unsigned long n;

	if (!cli_parse_number(value, 1, UINT32_MAX, &n)) {
		cli_usage_error(change->command,
		    _("--accept-lockout takes the exact number of phones, not '%s'"), value);
		return false;
	}
	change->request.has_accept_lockout = true;
	change->request.accept_lockout = n;
	return true;
}

static bool take_phones_hold(struct cli_change *change, const char *value)
{
	unsigned long n;

	if (!cli_parse_number(value, 1, INT32_MAX, &n)) {
		cli_usage_error(change->command,
		    _("--phones-hold takes the number of a generation, not '%s'"), value);
		return false;
	}
	change->request.phones_hold = (int64_t)n;
	return true;
}

static bool take_signing(struct cli_change *change, enum change_signing signing)
{
	if (change->request.signing != CHANGE_SIGNING_KEEP) {
		cli_usage_error(
		    change->command, "%s", _("--tokens and --tokenless exclude each other"));
		return false;
	}
	change->request.signing = signing;
	return true;
}

static bool take_option(struct cli_change *change, int option, const char *value)
{
	struct change_request *request = &change->request;

	switch (option) {
	case CLI_OPTION_CONFIG:
		change->config = value;
		return true;
	case CLI_CHANGE_DRY_RUN:
		return request->dry_run = true;
	case CLI_CHANGE_YES:
		return request->yes = true;
	case CLI_CHANGE_FORCE_SIGNER:
		return request->force_signer = true;
	case CLI_CHANGE_ACCEPT_LOCKOUT:
		return take_lockout(change, value);
	case CLI_CHANGE_LOCKOUT_LIST:
		request->lockout_list = value;
		return true;
	case CLI_CHANGE_PHONES_HOLD:
		return take_phones_hold(change, value);
	case CLI_CHANGE_NO_LINT:
		return request->no_lint = true;
	case CLI_CHANGE_NO_PUBLISH:
		return change->no_publish = true;
	case CLI_CHANGE_JSON:
		return change->json = true;
	case CLI_CHANGE_ADD_TOKEN:
		return request->add_token = true;
	case CLI_CHANGE_SIGN_WITH:
		request->key = value;
		return true;
	case CLI_CHANGE_TIMESTAMP:
		return take_timestamp(change, value);
	case CLI_CHANGE_REMOVE_TOKEN:
		return take_serial(change, value);
	case CLI_CHANGE_TOKENS:
		return take_signing(change, CHANGE_SIGNING_TOKENS);
	case CLI_CHANGE_TOKENLESS:
		return take_signing(change, CHANGE_SIGNING_TOKENLESS);
	case CLI_CHANGE_TOKEN:
		return take_token(change, value);
	default:
		break;
	}
	if (cli_is_pin_option(option))
		return cli_pin_option(change->command, &change->pins, option, value);
	return cli_modules_option(change->command, &change->modules, option, value);
}

/* The bit in `seen`; 0 for one that may be repeated or looks after itself. */
static unsigned bit_of(int option)
{
	if (option == CLI_OPTION_CONFIG)
		return 1u;
	if (option >= CLI_CHANGE_DRY_RUN && option <= CLI_CHANGE_REMOVE_TOKEN)
		return 2u << (option - CLI_CHANGE_DRY_RUN);
	return 0;
}

bool cli_change_read(
    struct cli_change *change, int argc, char **argv, const struct option *options, int *rc)
{
	int option;

	*rc = CLI_USAGE;
	while ((option = cli_getopt(change->command, argc, argv, options)) != -1) {
		const unsigned bit = bit_of(option);

		if (option == CLI_OPTION_HELP)
			*rc = CLI_DONE;
		if (option == CLI_OPTION_HELP || option == CLI_OPTION_BAD)
			return false;
		if ((change->seen & bit) != 0) {
			cli_usage_error(
			    change->command, _("--%s is given twice"), name_of(options, option));
			return false;
		}
		change->seen |= bit;
		if (!take_option(change, option, optarg))
			return false;
	}
	if (change->request.n_named > 0 && change->request.signing == CHANGE_SIGNING_TOKENLESS) {
		cli_usage_error(
		    change->command, "%s", _("--token and --tokenless exclude each other"));
		return false;
	}
	return true;
}
