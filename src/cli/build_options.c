/*
 * The options of `ctlsign build`.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"
#include "cli/pin_options.h"

#include <limits.h>
#include <string.h>

const struct option build_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"sign-with", required_argument, NULL, OPTION_SIGN_WITH},
    {"sast", required_argument, NULL, OPTION_ENTRY + TL_ROLE_SAST},
    {"ccm", required_argument, NULL, OPTION_ENTRY + TL_ROLE_CCM},
    {"ccm-tftp", required_argument, NULL, OPTION_ENTRY + TL_ROLE_CCM_TFTP},
    {"tftp", required_argument, NULL, OPTION_ENTRY + TL_ROLE_TFTP},
    {"capf", required_argument, NULL, OPTION_ENTRY + TL_ROLE_CAPF},
    /* CUCM lists a firewall as CCM. */
    {"firewall", required_argument, NULL, OPTION_ENTRY + TL_ROLE_CCM},
    {"app-server", required_argument, NULL, OPTION_ENTRY + TL_ROLE_APP_SERVER},
    {"tvs", required_argument, NULL, OPTION_ENTRY + TL_ROLE_TVS},
    {"filename", required_argument, NULL, OPTION_FILENAME},
    {"digest", required_argument, NULL, OPTION_DIGEST},
    {"timestamp", required_argument, NULL, OPTION_TIMESTAMP},
    {"signer-version", required_argument, NULL, OPTION_SIGNER_VERSION},
    {"names", required_argument, NULL, OPTION_NAMES},
    CLI_OPTION_PIN_ROWS,
    {"from", required_argument, NULL, OPTION_FROM},
    {"collect", required_argument, NULL, OPTION_COLLECT},
    {"token", required_argument, NULL, OPTION_TOKEN},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"no-lint", no_argument, NULL, OPTION_NO_LINT},
    CLI_OPTION_MODULE_ROWS,
    CLI_OPTION_HELP_ROW,
    {NULL, 0, NULL, 0},
};

/* A name in the file: phones ask for it by TFTP, so nothing but a plain file name will do. */
static bool set_filename(struct build *build, const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++) {
		if (value[i] <= ' ' || value[i] > '~' || value[i] == '/')
			len = 0;
	}
	if (len == 0 || len > NAME_MAX) {
		cli_usage_error(&cli_build,
		    _("--filename takes a plain file name such as CTLFile.tlv, not '%s'"), value);
		return false;
	}
	build->plan.filename = value;
	return true;
}

static bool set_digest(struct build *build, const char *value)
{
	if (tl_digest_parse(value, &build->plan.digest))
		return true;
	cli_usage_error(&cli_build, _("--digest takes sha1, sha256 or sha512, not '%s'"), value);
	return false;
}

static bool set_signer_version(struct build *build, const char *value)
{
	if (strcmp(value, "1.0") != 0 && strcmp(value, "1.1") != 0) {
		cli_usage_error(
		    &cli_build, _("--signer-version takes 1.0 or 1.1, not '%s'"), value);
		return false;
	}
	build->plan.has_signer_version = true;
	build->plan.signer_version[0] = 1;
	build->plan.signer_version[1] = value[2] == '1' ? 1 : 0;
	return true;
}

static bool set_names(struct build *build, const char *value)
{
	if (strcmp(value, "cucm") == 0) {
		build->plan.names = TL_NAMES_CUCM;
	} else if (strcmp(value, "rfc4514") == 0) {
		build->plan.names = TL_NAMES_RFC4514;
	} else {
		cli_usage_error(&cli_build, _("--names takes cucm or rfc4514, not '%s'"), value);
		return false;
	}
	return true;
}

static bool set_timestamp(struct build *build, const char *value)
{
	unsigned long seconds;

	if (!cli_parse_number(value, 0, UINT32_MAX, &seconds)) {
		cli_usage_error(&cli_build,
		    _("--timestamp takes seconds since 1970, at most 4294967295, not '%s'"), value);
		return false;
	}
	build->plan.timestamp = (uint32_t)seconds;
	return true;
}

static bool add_entry(struct build *build, unsigned role, const char *value, int *exit_code)
{
	struct error err;

	if (build_add_entry(build, role, value, &err) == ST_OK)
		return true;
	*exit_code = cli_fail(&err);
	return false;
}

/* The option's bit in `seen`; 0 for one that may be repeated. */
static unsigned bit_of(int option)
{
	if (option == 'o')
		return 1u;
	return option <= OPTION_FROM ? 1u << option : 0;
}

bool build_was_given(const struct build *build, int option)
{
	return (build->seen & bit_of(option)) != 0;
}

/* The last of two values would win in silence. */
static bool given_twice(struct build *build, int option)
{
	const struct option *row = build_options;
	const unsigned bit = bit_of(option);

	if ((build->seen & bit) == 0) {
		build->seen |= bit;
		return false;
	}
	while (row->val != option)
		row++;
	cli_usage_error(&cli_build, _("--%s is given twice"), row->name);
	return true;
}

bool build_take_option(struct build *build, int option, const char *value, int *exit_code)
{
	if (option >= OPTION_ENTRY)
		return add_entry(build, (unsigned)option - OPTION_ENTRY, value, exit_code);
	if (given_twice(build, option))
		return false;
	switch (option) {
	case 'o':
		build->output = value;
		return true;
	case OPTION_SIGN_WITH:
		build->key = value;
		return true;
	case OPTION_FILENAME:
		return set_filename(build, value);
	case OPTION_DIGEST:
		return set_digest(build, value);
	case OPTION_TIMESTAMP:
		return set_timestamp(build, value);
	case OPTION_SIGNER_VERSION:
		return set_signer_version(build, value);
	case OPTION_NAMES:
		return set_names(build, value);
	case OPTION_FROM:
	case OPTION_COLLECT:
	case OPTION_TOKEN:
		return build_collect_option(build, option, value);
	case OPTION_FORCE:
		build->force = true;
		return true;
	case OPTION_NO_LINT:
		build->no_lint = true;
		return true;
	default:
		if (cli_is_pin_option(option))
			return cli_pin_option(&cli_build, &build->pins, option, value);
		return cli_modules_option(&cli_build, &build->modules, option, value);
	}
}

/* A value that is there and not empty. */
static bool is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

int build_check_options(const struct build *build)
{
	bool has_sast = build->collect.wanted > 0 || build->collect.from != NULL;

	for (size_t i = 0; i < build->n_entries; i++)
		has_sast = has_sast || build->entries[i].role == TL_ROLE_SAST;
	if (!is_set(build->output))
		return cli_usage_error(&cli_build, "%s", _("-o FILE is missing"));
	if (!is_set(build->key) && (build->key != NULL || build->collect.wanted == 0))
		return cli_usage_error(
		    &cli_build, "%s", _("--sign-with KEY is missing, or --collect N"));
	if (build->collect.n_named > 0 && build->collect.wanted == 0)
		return cli_usage_error(
		    &cli_build, "%s", _("--token answers what --collect asks; give --collect N"));
	if (!has_sast)
		return cli_usage_error(
		    &cli_build, "%s", _("there is no --sast entry, and the signer must be one"));
	return CLI_DONE;
}
