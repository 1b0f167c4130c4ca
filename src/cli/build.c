/*
 * ctlsign build
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	OPTION_SIGN_WITH = 1,
	OPTION_FILENAME,
	OPTION_DIGEST,
	OPTION_TIMESTAMP,
	OPTION_SIGNER_VERSION,
	OPTION_NAMES,
	OPTION_PIN_FILE,
	OPTION_PIN_FD,
	OPTION_FORCE,
	OPTION_NO_LINT,
	OPTION_ENTRY = 2000, /* plus the role */
};

static const struct option options[] = {
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
    {"pin-file", required_argument, NULL, OPTION_PIN_FILE},
    {"pin-fd", required_argument, NULL, OPTION_PIN_FD},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"no-lint", no_argument, NULL, OPTION_NO_LINT},
    CLI_OPTION_MODULE_ROWS,
    CLI_OPTION_HELP_ROW,
    {NULL, 0, NULL, 0},
};

static bool bad_value(const char *name, const char *allowed, const char *value)
{
	cli_usage_error(&cli_build, _("--%s takes %s, not '%s'"), name, allowed, value);
	return false;
}

/* A name in the file: phones ask for it by TFTP, so nothing but a plain file name will do. */
static bool set_filename(struct build *build, const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++) {
		if (value[i] <= ' ' || value[i] > '~' || value[i] == '/')
			len = 0;
	}
	if (len == 0 || len > NAME_MAX)
		return bad_value("filename", _("a plain file name such as CTLFile.tlv"), value);
	build->plan.filename = value;
	return true;
}

static bool set_signer_version(struct build *build, const char *value)
{
	if (strcmp(value, "1.0") != 0 && strcmp(value, "1.1") != 0)
		return bad_value("signer-version", _("1.0 or 1.1"), value);
	build->plan.has_signer_version = true;
	build->plan.signer_version[0] = 1;
	build->plan.signer_version[1] = value[2] == '1' ? 1 : 0;
	return true;
}

static bool set_names(struct build *build, const char *value)
{
	if (strcmp(value, "cucm") == 0)
		build->plan.names = TL_NAMES_CUCM;
	else if (strcmp(value, "rfc4514") == 0)
		build->plan.names = TL_NAMES_RFC4514;
	else
		return bad_value("names", _("cucm or rfc4514"), value);
	return true;
}

static bool set_timestamp(struct build *build, const char *value)
{
	unsigned long seconds;

	if (!cli_parse_number(value, 0, UINT32_MAX, &seconds))
		return bad_value("timestamp", _("seconds since 1970, at most 4294967295"), value);
	build->plan.timestamp = (uint32_t)seconds;
	return true;
}

static bool set_pin_fd(struct build *build, const char *value)
{
	unsigned long fd;

	if (!cli_parse_number(value, 0, INT_MAX, &fd))
		return bad_value("pin-fd", _("the number of an open descriptor"), value);
	build->pins.fd = (int)fd;
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

/* Takes one option; false after having told what is wrong with it. */
static bool take_option(struct build *build, int option, const char *value, int *exit_code)
{
	if (option >= OPTION_ENTRY)
		return add_entry(build, (unsigned)option - OPTION_ENTRY, value, exit_code);
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
		return tl_digest_parse(value, &build->plan.digest) ||
		       bad_value("digest", _("sha1, sha256 or sha512"), value);
	case OPTION_TIMESTAMP:
		return set_timestamp(build, value);
	case OPTION_SIGNER_VERSION:
		return set_signer_version(build, value);
	case OPTION_NAMES:
		return set_names(build, value);
	case OPTION_PIN_FILE:
		build->pins.file = value;
		return true;
	case OPTION_PIN_FD:
		return set_pin_fd(build, value);
	case OPTION_FORCE:
		build->force = true;
		return true;
	case OPTION_NO_LINT:
		build->no_lint = true;
		return true;
	default:
		return cli_modules_option(&cli_build, &build->modules, option, value);
	}
}

static enum status open_signer(struct build *build, const struct pin_source *pins,
    struct token_selector **selector, struct signer **signer, struct error *err)
{
	struct token_signer_request request = {
	    .candidates = build->sast, .n_candidates = build->n_sast, .pins = pins};
	enum status st;

	if (!token_selector_is_uri(build->key))
		return pem_signer_open(build->key, build->sast, build->n_sast, pins, signer, err);
	st = token_selector_parse(build->key, selector, err);
	if (st != ST_OK)
		return st;
	request.selector = *selector;
	return token_signer_open(build->tokens, &request, signer, err);
}

static void print_findings(const struct tl_findings *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct tl_finding *f = &found->items[i];
		char line[512];

		if (f->severity == TL_ADVICE)
			continue;
		if (f->record > 0)
			snprintf(line, sizeof(line), _("record %zu: %s"), f->record, f->text);
		else
			snprintf(line, sizeof(line), "%s", f->text);
		cli_warn(line);
	}
}

/* What a person is told before giving a PIN for it. */
static void describe_plan(const struct build *build, char *out, size_t size)
{
	char shown[512];

	text_printable_into(shown, sizeof(shown), text_bytes(build->output));
	snprintf(out, size,
	    ngettext("About to sign %s: %zu entry, digest %s.",
		"About to sign %s: %zu entries, digest %s.", build->n_entries),
	    shown, build->n_entries, tl_digest_name(build->plan.digest));
}

static enum status sign(struct build *build, struct error *err)
{
	char about[640];
	const struct pin_source pins = ceremony_pin_source(&build->pins);
	struct token_selector *selector = NULL;
	struct tl_findings found = {0};
	struct ceremony ceremony = {.plan = &build->plan,
	    .path = build->output,
	    .replace = build->force,
	    .ignore_lint = build->no_lint};
	struct signer *signer = NULL;
	enum status st;

	describe_plan(build, about, sizeof(about));
	build->pins.about = about;
	st = open_signer(build, &pins, &selector, &signer, err);
	if (st == ST_OK) {
		ceremony.signer = signer;
		build->plan.signer = signer_certificate(signer);
		st = ceremony_run(&ceremony, &found, err);
		if (st == ST_OK)
			print_findings(&found);
	}
	tl_findings_free(&found);
	signer_free(signer);
	token_selector_free(selector);
	return st;
}

/* What must be there before anything is opened; CLI_DONE when all is. */
static int check_complete(const struct build *build)
{
	bool has_sast = false;

	for (size_t i = 0; i < build->n_entries; i++)
		has_sast = has_sast || build->entries[i].role == TL_ROLE_SAST;
	if (build->output == NULL)
		return cli_usage_error(&cli_build, "%s", _("-o FILE is missing"));
	if (build->key == NULL)
		return cli_usage_error(&cli_build, "%s", _("--sign-with KEY is missing"));
	if (!has_sast)
		return cli_usage_error(
		    &cli_build, "%s", _("there is no --sast entry, and the signer must be one"));
	if (build->pins.file != NULL && build->pins.fd >= 0)
		return cli_usage_error(
		    &cli_build, "%s", _("--pin-file and --pin-fd exclude each other"));
	return CLI_DONE;
}

static int build_run(struct build *build, int argc, char **argv)
{
	int rc = CLI_USAGE, option;
	struct error err;
	enum status st;

	while ((option = cli_getopt(&cli_build, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(build, option, optarg, &rc))
			return rc;
	}
	if (optind < argc)
		return cli_usage_error(&cli_build, _("unexpected argument '%s'"), argv[optind]);
	rc = check_complete(build);
	if (rc != CLI_DONE)
		return rc;
	st = build_load(build, &err);
	if (st == ST_OK)
		st = sign(build, &err);
	return st == ST_OK ? CLI_DONE : cli_fail(&err);
}

static int run(int argc, char **argv)
{
	struct build build = {.pins = {.fd = -1},
	    .plan = {.digest = TL_SHA512,
		.names = TL_NAMES_CUCM,
		.filename = "CTLFile.tlv",
		.timestamp = (uint32_t)time(NULL)}};
	int rc = build_run(&build, argc, argv);

	build_free(&build);
	return rc;
}

const struct cli_command cli_build = {
    .name = "build",
    .summary = N_("build a CTL or ITL file and sign it"),
    .usage = N_("Usage: ctlsign build -o FILE --sign-with KEY ENTRY... [OPTION]...\n"
		"\n"
		"Builds a trust list from the entries, in their order, signs it once, verifies\n"
		"it, and writes it. Silent when all is well; on any failure FILE is left as it\n"
		"was.\n"
		"\n"
		"ENTRY is one of these options; each may be repeated:\n"
		"  --sast SPEC         System Administrator Security Token: may sign lists.\n"
		"                      Tokens; for tokenless lists CallManager and ITLRecovery\n"
		"  --ccm-tftp SPEC     CallManager and TFTP on one server\n"
		"  --ccm SPEC          CallManager\n"
		"  --tftp SPEC         TFTP, also an alternate TFTP server\n"
		"  --capf SPEC         Certificate Authority Proxy Function\n"
		"  --firewall SPEC     ASA firewall (shown as CCM)\n"
		"  --app-server SPEC   application server\n"
		"  --tvs SPEC          Trust Verification Service\n"
		"\n"
		"SPEC is CERTIFICATE[,dns=NAME][,ip=ADDRESS]; CERTIFICATE is a PEM or DER file or\n"
		"a pkcs11: URI. KEY is a pkcs11: URI or a PEM private key file; its certificate\n"
		"must be one of the --sast entries.\n"
		"\n"
		"  -o, --output FILE         the file to write\n"
		"  --sign-with KEY           the key that signs\n"
		"  --force                   replace an existing FILE\n"
		"  --filename NAME           the name inside the file (default CTLFile.tlv)\n"
		"  --digest ALGORITHM        sha1, sha256 or sha512 (default sha512)\n"
		"  --timestamp EPOCH         seconds since 1970 (default now)\n"
		"  --signer-version VERSION  1.0 or 1.1 (default: left out)\n"
		"  --names STYLE             cucm or rfc4514 (default cucm)\n"
		"  --pin-file FILE           read the PIN or passphrase from FILE (mode 600)\n"
		"  --pin-fd N                read it from the open descriptor N\n"
		"  --no-lint                 sign even what lint calls an error\n"
		"  --module PATH             use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS         how long a module may take to answer (default 20)\n"
		"\n"
		"Example: a CTL signed by token SAST-1\n"
		"  ctlsign build -o CTLFile.tlv --sign-with 'pkcs11:token=SAST-1' \\\n"
		"      --sast 'pkcs11:token=SAST-1' --sast 'pkcs11:token=SAST-2' \\\n"
		"      --ccm-tftp cucm-pub.pem,dns=cucm-pub,ip=10.1.2.3 --capf capf.pem\n"),
    .run = run,
};
