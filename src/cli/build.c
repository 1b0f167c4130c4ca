/*
 * ctlsign build
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/text.h"
#include "ceremony/named_signer.h"
#include "ceremony/terminal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void print_findings(const struct tl_findings *found)
{
	char line[CEREMONY_FINDING_MAX];

	for (size_t i = 0; i < found->n; i++)
		if (found->items[i].severity != TL_ADVICE)
			cli_warn(ceremony_finding_line(&found->items[i], line));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Phones load a CTL and an ITL under names of their own, and compare the name inside. */
static void warn_of_name(const struct build *build)
{
	const char *outside = base_name(build->output), *inside = build->plan.filename;
	char line[640];

	if ((strncmp(outside, "CTL", 3) != 0 || strncmp(inside, "ITL", 3) != 0) &&
	    (strncmp(outside, "ITL", 3) != 0 || strncmp(inside, "CTL", 3) != 0))
		return;
	snprintf(line, sizeof(line),
	    _("the file is to be called %s, but the name inside is %s; give --filename"), outside,
	    inside);
	cli_warn(line);
}

/* Whatever is wrong with the list is told before a PIN is asked for, while one can still stop. */
static enum status prepare(const struct build *build, struct error *err)
{
	struct tl_findings found = {0};
	enum status st = ceremony_prepare(&build->plan, build->no_lint, &found, err);

	if (st == ST_OK) {
		print_findings(&found);
		warn_of_name(build);
	}
	tl_findings_free(&found);
	return st;
}

static enum status sign(struct build *build, struct error *err)
{
	const struct pin_source pins = ceremony_pin_source(&build->pins);
	struct named_signer named = {0};
	struct ceremony ceremony = {.plan = &build->plan,
	    .current = build->collect.from != NULL ? &build->collect.current.list : NULL,
	    .path = build->output,
	    .replace = build->force,
	    .ignore_lint = build->no_lint};
	struct buffer about = BUFFER_INIT;
	enum status st;

	st = build_describe(build, &about, err);
	build->pins.about = buffer_text(&about);
	if (st == ST_OK)
		st = named_signer_open(
		    &named, build->key, build->sast, build->n_sast, build->tokens, &pins, err);
	if (st != ST_OK)
		build_hint_at_key(build, err);
	if (st == ST_OK) {
		ceremony.signer = named.signer;
		build->plan.signer = signer_certificate(named.signer);
		st = ceremony_run(&ceremony, err);
	}
	named_signer_close(&named);
	build->pins.about = NULL;
	buffer_free(&about);
	return st;
}

/* Whoever has been asked for tokens need not be asked for them again. */
static void tell_how_to_repeat(const struct build *build)
{
	const struct collection *collection = &build->collect.collection;
	struct buffer line = BUFFER_INIT;
	const char *text;

	if (collection->n == 0 || collection->n <= build->collect.n_named ||
	    terminal_interrupted() != 0)
		return;
	buffer_printf(&line,
	    _("The same tokens again, without being asked for them: --collect %zu"), collection->n);
	for (size_t i = 0; i < collection->n; i++)
		buffer_printf(&line, " --token '%s'", collection->list[i].uri);
	text = buffer_text(&line);
	if (text != NULL && collection->n == build->collect.wanted)
		terminal_say(text, NULL);
	buffer_free(&line);
}

static int build_run(struct build *build, int argc, char **argv)
{
	int rc = CLI_USAGE, option;
	struct error err;
	enum status st;

	while ((option = cli_getopt(&cli_build, argc, argv, build_options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !build_take_option(build, option, optarg, &rc))
			return rc;
	}
	if (optind < argc)
		return cli_usage_error(&cli_build, _("unexpected argument '%s'"), argv[optind]);
	rc = build_check_options(build);
	if (rc != CLI_DONE)
		return rc;
	st = build_load(build, &err);
	if (st == ST_OK)
		st = prepare(build, &err);
	if (st == ST_OK)
		st = build_finish(build, &err);
	if (st == ST_OK)
		st = sign(build, &err);
	if (st == ST_OK)
		return CLI_DONE;
	rc = cli_fail(&err);
	tell_how_to_repeat(build);
	return rc;
}

static int run(int argc, char **argv)
{
	struct build build = {.pins = CEREMONY_PINS_INIT,
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
		"       ctlsign build -o FILE --collect N [--token TOKEN]... [--from CTLFILE]\n"
		"                     [ENTRY]... [OPTION]...\n"
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
		"  --collect N               ask for N tokens one by one, add each as a SAST, and\n"
		"                            sign with the one that is inserted at the end\n"
		"  --token TOKEN             a token that --collect needs not ask for (repeat);\n"
		"                            the last one signs\n"
		"  --from CTLFILE            start from this list: its entries and settings stay,\n"
		"                            and one of its SASTs must sign\n"
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
