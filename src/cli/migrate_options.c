/*
 * The options of the commands that plan a migration.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "cli/cluster_options.h"
#include "cli/token_target.h"

#include <string.h>
#include <strings.h>

static bool add_name(const struct migrate_request *request, struct migrate_names *names,
    const char *option, const char *value)
{
	if (names->n == MIGRATE_NAMES_MAX) {
		cli_usage_error(request->command, _("%s is given more than %d times"), option,
		    MIGRATE_NAMES_MAX);
		return false;
	}
	names->list[names->n++] = value;
	return true;
}

/* Hexadecimal digits and colons; which token it is shows later. */
static bool add_serial(const struct migrate_request *request, struct migrate_names *names,
    const char *option, const char *value)
{
	if (value[0] != '\0' && strspn(value, "0123456789abcdefABCDEF:") == strlen(value))
		return add_name(request, names, option, value);
	cli_usage_error(request->command,
	    _("%s takes the serial number of the token's certificate in hexadecimal, not '%s'"),
	    option, value);
	return false;
}

static bool take_lost_key(struct migrate_request *request, const char *value)
{
	bool *slot = NULL;

	if (strcasecmp(value, "callmanager") == 0)
		slot = &request->lost_callmanager;
	else if (strcasecmp(value, "itlrecovery") == 0)
		slot = &request->lost_itlrecovery;
	if (slot == NULL) {
		cli_usage_error(request->command,
		    _("--lost-key takes callmanager or itlrecovery, not '%s'"), value);
		return false;
	}
	if (*slot) {
		cli_usage_error(request->command, _("--lost-key %s is given twice"), value);
		return false;
	}
	return *slot = true;
}

static bool take_flag(const struct migrate_request *request, const char *option, bool *slot)
{
	if (*slot)
		cli_usage_error(request->command, _("%s is given twice"), option);
	else
		return *slot = true;
	return false;
}

static bool take_phones_hold(struct migrate_request *request, const char *value)
{
	unsigned long n;

	if (request->phones_hold > 0) {
		cli_usage_error(request->command, _("%s is given twice"), "--phones-hold");
		return false;
	}
	if (!cli_parse_number(value, 1, INT32_MAX, &n)) {
		cli_usage_error(request->command,
		    _("--phones-hold takes the number of a generation, not '%s'"), value);
		return false;
	}
	request->phones_hold = (int64_t)n;
	return true;
}

static bool take_option(struct migrate_request *request, int option, const char *value)
{
	const struct cli_command *command = request->command;

	switch (option) {
	case MIGRATE_OPTION_PLAN:
		return take_flag(request, "--plan", &request->plan);
	case MIGRATE_OPTION_JSON:
		return take_flag(request, "--json", &request->json);
	case MIGRATE_OPTION_YES:
		return take_flag(request, "--yes", &request->yes);
	case CLI_OPTION_CONFIG:
		return cli_take_once(command, "--config", &request->config, value);
	case MIGRATE_OPTION_SIGNER:
		return cli_take_once(command, "--signer", &request->signer, value);
	case MIGRATE_OPTION_CALLMANAGER:
		return cli_take_once(command, "--callmanager", &request->callmanager, value);
	case MIGRATE_OPTION_ITLRECOVERY:
		return cli_take_once(command, "--itlrecovery", &request->itlrecovery, value);
	case MIGRATE_OPTION_NEW_TOKEN:
		return add_name(request, &request->new_tokens, "--new-token", value);
	case MIGRATE_OPTION_REMOVE_TOKEN:
		return add_serial(request, &request->remove_tokens, "--remove-token", value);
	case MIGRATE_OPTION_LOST_TOKEN:
		return add_serial(request, &request->lost_tokens, "--lost-token", value);
	case MIGRATE_OPTION_PHONES_HOLD:
		return take_phones_hold(request, value);
	case MIGRATE_OPTION_LOST_KEY:
		return take_lost_key(request, value);
	default:
		return cli_modules_option(command, &request->modules, option, value);
	}
}

bool migrate_take_options(
    struct migrate_request *request, const struct option *options, int argc, char **argv, int *rc)
{
	int option;

	while ((option = cli_getopt(request->command, argc, argv, options)) != -1) {
		*rc = option == CLI_OPTION_HELP ? CLI_DONE : CLI_USAGE;
		if (option == CLI_OPTION_HELP || option == CLI_OPTION_BAD ||
		    !take_option(request, option, optarg))
			return false;
	}
	return true;
}
