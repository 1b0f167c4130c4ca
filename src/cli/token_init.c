/*
 * ctlsign token init
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/init_target.h"
#include "cli/token_text.h"

#include "base/text.h"
#include "ceremony/confirm_serial.h"
#include "ceremony/terminal.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* CK_TOKEN_INFO has room for no more. */
#define TOKEN_LABEL_MAX 32

enum { OPTION_LABEL = 1, OPTION_ERASE, OPTION_JSON };

struct arguments {
	struct cli_target target;
	const char *label;
	const char *erase;
	bool json;
};

/* ---- options -------------------------------------------------------------------------------- */

static bool take_label(struct arguments *a, const char *value)
{
	char shown[4 * TOKEN_LABEL_MAX + 1];
	const size_t len = strlen(value);
	bool good = len > 0 && len <= TOKEN_LABEL_MAX && value[len - 1] != ' ';

	if (good)
		good = strcmp(text_one_line_into(shown, sizeof(shown), value), value) == 0;
	if (!good) {
		cli_usage_error(&cli_token_init,
		    _("--label takes 1 to %d bytes of text that do not end in a blank, not '%s'"),
		    TOKEN_LABEL_MAX, value);
		return false;
	}
	return cli_take_once(&cli_token_init, "--label", &a->label, value);
}

static bool take_option(struct arguments *a, int option)
{
	switch (option) {
	case OPTION_LABEL:
		return take_label(a, optarg);
	case OPTION_ERASE:
		return cli_take_once(&cli_token_init, "--erase", &a->erase, optarg);
	case OPTION_JSON:
		return a->json = true;
	default:
		return cli_target_option(&cli_token_init, &a->target, option, optarg);
	}
}

/* ---- before anything is destroyed ----------------------------------------------------------- */

static void add_certificates(const struct arguments *a, struct buffer *out)
{
	const struct token_certificate *list;
	size_t n;

	if (tokens_certificates(a->target.tokens, a->target.token, &list, &n, NULL) != ST_OK) {
		buffer_printf(out, "%s", _("Its certificates cannot be read.\n"));
		return;
	}
	if (n == 0) {
		buffer_printf(out, "%s", _("It holds no certificate.\n"));
		return;
	}
	buffer_printf(out,
	    ngettext(
		"It holds %zu certificate:\n", "It holds %zu certificates:\n", (unsigned long)n),
	    n);
	for (size_t i = 0; i < n; i++) {
		struct buffer name = BUFFER_INIT;

		buffer_printf(out, "  ");
		if (tl_name_text(X509_get_subject_name(list[i].x509), TL_NAMES_CUCM, &name, NULL) ==
		    ST_OK)
			text_printable(out, buffer_bytes(&name));
		buffer_add(out, "\n", 1);
		buffer_free(&name);
	}
}

static enum status ask_to_erase(const struct arguments *a, struct error *err)
{
	const struct token_info *token = a->target.token;
	struct buffer situation = BUFFER_INIT;
	const char *text;
	enum status st;

	st = confirm_serial_possible(token, err);
	if (st != ST_OK)
		return st;
	if (!terminal_available()) {
		error_set(err, ST_EXISTS, "%s",
		    _("the token is initialised already, and everything on it would be destroyed"));
		error_where(err, _("token '%s' (serial %s)"), token->label, token->serial);
		error_hint(err, _("if that is meant, give --erase %s"), confirm_serial_word(token));
		return ST_EXISTS;
	}
	buffer_printf(&situation, _("Token '%s' (serial %s) is initialised already.\n"),
	    token->label, token->serial);
	add_certificates(a, &situation);
	buffer_printf(
	    &situation, "%s", _("EVERYTHING on it is destroyed for ever, private keys too.\n"));
	text = buffer_text(&situation);
	st = text != NULL ? confirm_serial_ask(token, text, err) : error_no_memory(err);
	buffer_free(&situation);
	return st;
}

static enum status may_erase(const struct arguments *a, struct error *err)
{
	const struct token_info *token = a->target.token;

	if (a->erase != NULL && token->initialised)
		return confirm_serial_given(token, "--erase", a->erase, err);
	if (a->erase != NULL) {
		error_set(err, ST_NO_TOKEN, "%s",
		    _("--erase is given, and the token is blank: is it the right one?"));
		error_where(err, _("slot %lu (%s)"), token->slot_id, token->reader);
		error_hint(err, "%s", _("leave --erase out for a blank token"));
		return ST_NO_TOKEN;
	}
	return token->initialised ? ask_to_erase(a, err) : ST_OK;
}

/* Two tokens with one label can be told apart by their serial numbers only. */
static void warn_of_label(const struct arguments *a)
{
	char line[256];

	for (size_t i = 0; i < tokens_count(a->target.tokens); i++) {
		const struct token_info *other = tokens_at(a->target.tokens, i);

		if (other == a->target.token || strcmp(other->label, a->label) != 0)
			continue;
		snprintf(line, sizeof(line),
		    _("another token has the label '%s' already (serial %s): name them by their "
		      "serial numbers"),
		    other->label, other->serial);
		cli_warn(line);
		return;
	}
}

/* ---- the work ------------------------------------------------------------------------------- */

static void describe(const struct arguments *a, char *out, size_t size)
{
	const struct token_info *token = a->target.token;

	if (token->initialised)
		snprintf(out, size,
		    _("About to ERASE token '%s' (serial %s) and to initialise it as '%s'."),
		    token->label, token->serial, a->label);
	else if (init_is_software(token))
		snprintf(out, size,
		    _("About to initialise a token in software, the blank one in slot %lu (%s) of "
		      "%s, as '%s'."),
		    token->slot_id, token->reader, token->module, a->label);
	else
		snprintf(out, size,
		    _("About to initialise the blank token in slot %lu (%s) of %s as '%s'."),
		    token->slot_id, token->reader, token->module, a->label);
}

/* OpenSC puts the name of the PIN behind the label. */
static void tell_other_label(const struct arguments *a, const struct token_info *token)
{
	char asked[4 * TOKEN_LABEL_MAX + 1], line[512];

	text_printable_into(asked, sizeof(asked), text_bytes(a->label));
	if (strcmp(asked, token->label) == 0)
		return;
	snprintf(line, sizeof(line),
	    _("the module shows it as '%s', not as '%s': name it so, or by its serial number %s"),
	    token->label, asked, token->serial);
	cli_warn(line);
}

static int print_result(const struct arguments *a, const struct token_info *token)
{
	struct text_table *table;
	struct buffer out = BUFFER_INIT, uri = BUFFER_INIT;
	const char *text;
	int rc;

	if (a->json)
		return cli_print_json(cli_token_json(token));
	token_uri(token, NULL, &uri);
	text = buffer_text(&uri);
	table = text_table_new(2);
	text_table_row(table, (const char *[]){_("Label"), token->label});
	text_table_row(table, (const char *[]){_("Serial"), token->serial});
	text_table_row(table, (const char *[]){_("URI"), text != NULL ? text : ""});
	text_table_print(table, &out);
	text_table_free(table);
	rc = cli_print(&out);
	buffer_free(&out);
	buffer_free(&uri);
	return rc;
}

static int work(struct arguments *a, const char *name)
{
	const struct pin_source pins = ceremony_pin_source(&a->target.pins);
	struct init_before before = {0};
	const struct token_info *made = NULL;
	char about[1024];
	struct error err;
	enum status st = init_target_open(&a->target, name, &err);

	if (st == ST_OK)
		st = may_erase(a, &err);
	if (st == ST_OK)
		st = init_remember(&before, &a->target, &err);
	if (st == ST_OK) {
		warn_of_label(a);
		describe(a, about, sizeof(about));
		a->target.pins.about = about;
		st = token_initialise(a->target.tokens, a->target.token, a->label, &pins, &err);
		a->target.pins.about = NULL;
	}
	if (st == ST_OK)
		st = init_find_made(&before, &a->target, a->label, &made, &err);
	init_forget(&before);
	if (st != ST_OK)
		return cli_fail(&err);
	tell_other_label(a, made);
	return print_result(a, made);
}

static int run_init(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {{"label", required_argument, NULL, OPTION_LABEL},
	    {"erase", required_argument, NULL, OPTION_ERASE},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_SO_PIN_ROWS,
	    CLI_OPTION_NEW_PIN_ROWS, CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	int option;

	while ((option = cli_getopt(&cli_token_init, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(a, option))
			return CLI_USAGE;
	}
	if (argc - optind > 1)
		return cli_usage_error(
		    &cli_token_init, _("unexpected argument '%s'"), argv[optind + 1]);
	if (a->label == NULL)
		return cli_usage_error(&cli_token_init, "%s", _("--label LABEL is missing"));
	return work(a, optind < argc ? argv[optind] : NULL);
}

static int run(int argc, char **argv)
{
	struct arguments a = {.target = CLI_TARGET_INIT};
	int rc;

	a.target.modules.administration = true;
	rc = run_init(&a, argc, argv);
	cli_target_close(&a.target);
	return rc;
}

const struct cli_command cli_token_init = {
    .name = "token init",
    .summary = N_("initialise a blank token, or erase one"),
    .usage = N_("Usage: ctlsign token init [TOKEN] --label LABEL [--erase SERIAL]\n"
		"                          [PIN OPTION]... [--json] [--module PATH]...\n"
		"                          [--timeout SECONDS]\n"
		"\n"
		"Initialises a token with a label, an SO PIN and a user PIN; prints its label,\n"
		"serial number and URI. Everything on a token that was initialised before is\n"
		"destroyed, and its serial number has to be typed or given for that.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI;\n"
		"                     slot-id= names a blank one (default: the only blank one)\n"
		"  --label LABEL      the token's new label, at most 32 bytes\n"
		"  --erase SERIAL     erase the token with this serial number\n"
		"  --so-pin-file FILE read the SO PIN from FILE (mode 600): a blank token's\n"
		"                     new one, the present one of a token that is erased\n"
		"  --so-pin-fd N      read it from the open descriptor N\n"
		"  --new-pin-file FILE\n"
		"                     read the new user PIN from FILE (mode 600)\n"
		"  --new-pin-fd N     read it from the open descriptor N\n"
		"  --json             print the token as one JSON object\n"
		"  --module PATH      use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token init --label SAST-1\n"),
    .run = run,
};
