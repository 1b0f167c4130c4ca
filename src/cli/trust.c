/*
 * ctlsign trust add, trust remove
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "cli/cluster_confirm.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/token_target.h"
#include "cli/trust_certificate.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_DRY_RUN = 1, OPTION_YES };

struct request {
	const struct cli_command *command;
	const char *config;
	const char *certificate; /* CERT, or what names one */
	bool dry_run;
	bool yes;
};

/* In a dry run nothing is locked, and no state file is made. */
static enum status open_cluster(
    const struct request *request, struct cluster *out, struct error *err)
{
	return request->dry_run
		   ? cli_cluster_read(request->config, out, err)
		   : cli_cluster_change(request->config, request->command->name, out, err);
}

/* HEADING and the certificate's facts, as the person is to see them before. */
static void describe(const char *heading, size_t width, const X509 *x509, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	char sha256[65];

	trust_certificate_sha256(x509, sha256);
	text_fold(out, heading, width);
	buffer_add(out, "\n", 1);
	certificate_rows(x509, table);
	text_table_row(table, (const char *[]){_("  SHA-256"), sha256});
	text_table_print(table, out);
	text_table_free(table);
}

static enum status ask(
    const struct request *request, const char *heading, const X509 *x509, struct error *err)
{
	const size_t width = cli_width(STDOUT_FILENO);
	struct buffer about = BUFFER_INIT;
	const char *text;
	enum status st;

	if (request->yes)
		return ST_OK;
	/* At a terminal, whatever stdout is. */
	describe(heading, width > 0 ? width : 80, x509, &about);
	text = buffer_text(&about);
	st = text != NULL ? cluster_confirm(text, err) : error_no_memory(err);
	buffer_free(&about);
	return st;
}

static int print_dry_run(const char *heading, const X509 *x509)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	describe(heading, cli_width(STDOUT_FILENO), x509, &out);
	buffer_printf(&out, "%s\n", _("Dry run: nothing was changed."));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* What was done, and what that makes necessary; lines fit a terminal, and are whole elsewhere. */
static int print_done(const char *done, const char *then)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, "%s\n", done);
	text_fold(&out, then, cli_width(STDOUT_FILENO));
	buffer_add(&out, "\n", 1);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* Whether the current CTL has the certificate as SAST; *TRUSTED: and only by Phone-SAST-trust. */
static bool is_sast(const struct cluster *cluster, const X509 *x509, bool *trusted)
{
	const struct tl_record *record = NULL;

	if (cluster->current.number > 0)
		record = tl_find_sast(&cluster->list, x509);
	*trusted = record != NULL &&
		   cluster->current.origins[record - cluster->list.records] == ORIGIN_TRUST;
	return record != NULL;
}

/* The entry of the log, which borrows the text of WHAT. */
static enum status log_entry(
    const struct request *request, struct buffer *what, struct audit_entry *out, struct error *err)
{
	*out = (struct audit_entry){
	    .act = request->command->name, .what = buffer_text(what), .outcome = "done"};
	return buffer_status(what, err);
}

/* ---- add ------------------------------------------------------------------------------------ */

static void warn_of_dates(const struct cluster *cluster, const X509 *x509)
{
	const time_t soon = (time_t)cluster->inventory.expiry_days * 24 * 60 * 60;
	const time_t now = time(NULL);
	char when[CLUSTER_TIME_MAX], text[256];
	time_t from, to;

	if (!tl_certificate_validity(x509, &from, &to))
		return;
	if (from > now) {
		snprintf(text, sizeof(text), _("the certificate is not valid before %s"),
		    cluster_time_local(when, from));
		cli_warn(text);
	}
	if (to - now < soon) {
		snprintf(text, sizeof(text), _("the certificate ends soon, on %s"),
		    cluster_time_local(when, to));
		cli_warn(text);
	}
}

static enum status check_new(const struct cluster *cluster, X509 *x509, struct error *err)
{
	enum status st = trust_certificate_check(x509, time(NULL), err);
	bool unused;

	for (size_t i = 0; st == ST_OK && i < cluster->n_trust; i++)
		if (X509_cmp(cluster->trust[i], x509) == 0)
			st = error_set(err, ST_EXISTS, "%s",
			    _("the certificate is in Phone-SAST-trust already"));
	if (st == ST_EXISTS)
		error_hint(err, "%s", _("see: ctlsign trust list"));
	if (st != ST_OK)
		return st;
	warn_of_dates(cluster, x509);
	if (is_sast(cluster, x509, &unused))
		cli_warn(_("the certificate is a SAST of the current CTL already"));
	return ST_OK;
}

static enum status store_new(
    const struct request *request, struct cluster *cluster, X509 *x509, struct error *err)
{
	struct buffer what = BUFFER_INIT;
	struct audit_entry audit;
	unsigned char *der = NULL;
	char note[256];
	const int len = i2d_X509(x509, &der);
	enum status st;

	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be written"));
	buffer_printf(&what, "adds to Phone-SAST-trust: ");
	trust_certificate_name(x509, &what);
	st = log_entry(request, &what, &audit, err);
	text_printable_into(note, sizeof(note), text_bytes(request->certificate));
	if (st == ST_OK)
		st = store_trust_add(
		    cluster->store, (struct bytes){der, (size_t)len}, note, &audit, err);
	OPENSSL_free(der);
	buffer_free(&what);
	return st;
}

static int print_added(const struct cluster *cluster, const X509 *x509)
{
	const char *then;
	bool unused;

	if (cluster->current.number == 0)
		then = _("The first CTL will list it as SAST.");
	else if (is_sast(cluster, x509, &unused))
		then = _("The current CTL lists it already: no update is due for it.");
	else
		then = _("An update of the CTL is due: ctlsign update\n"
			 "Wait until the phones have the new CTL before they are moved to that "
			 "cluster, or before that token signs.");
	return print_done(_("Added to Phone-SAST-trust."), then);
}

static int add(const struct request *request)
{
	struct cluster cluster = {.store = NULL};
	X509 *x509 = NULL;
	struct error err;
	enum status st = certificate_read(request->certificate, &x509, &err);
	int rc = CLI_DONE;

	if (st == ST_OK)
		st = open_cluster(request, &cluster, &err);
	if (st == ST_OK) {
		st = check_new(&cluster, x509, &err);
		if (st != ST_OK)
			error_where(&err, "%s", request->certificate);
	}
	if (st == ST_OK && request->dry_run) {
		rc = print_dry_run(_("This certificate would be added to Phone-SAST-trust:"), x509);
	} else if (st == ST_OK) {
		st = ask(request,
		    _("This certificate, of another cluster or of a token that is to sign later, "
		      "becomes a SAST: who has its key can sign lists that your phones take. It "
		      "is added to Phone-SAST-trust:"),
		    x509, &err);
		if (st == ST_OK)
			st = store_new(request, &cluster, x509, &err);
		if (st == ST_OK)
			rc = print_added(&cluster, x509);
	}
	X509_free(x509);
	cluster_close(&cluster);
	return st == ST_OK ? rc : cli_fail(&err);
}

/* ---- remove --------------------------------------------------------------------------------- */

static enum status drop(const struct request *request, struct cluster *cluster,
    const struct trusted *item, struct error *err)
{
	struct buffer what = BUFFER_INIT;
	struct audit_entry audit;
	enum status st;

	buffer_printf(&what, "removes from Phone-SAST-trust: ");
	trust_certificate_name(item->x509, &what);
	st = log_entry(request, &what, &audit, err);
	if (st == ST_OK)
		st = store_trust_remove(
		    cluster->store, buffer_bytes(&item->stored->certificate), &audit, err);
	buffer_free(&what);
	return st;
}

static int print_removed(const struct cluster *cluster, const X509 *x509)
{
	const char *then;
	bool trusted;

	if (!is_sast(cluster, x509, &trusted))
		then = _("The current CTL does not list it: no update is due for that.");
	else if (trusted)
		then = _("An update of the CTL is due: ctlsign update");
	else
		then = _("The current CTL lists it for another reason, too: no update is due for "
			 "that.");
	return print_done(_("Removed from Phone-SAST-trust."), then);
}

static int remove_one(const struct request *request)
{
	struct cluster cluster = {.store = NULL};
	struct trusted_list list = {.n = 0};
	const struct trusted *item = NULL;
	struct error err;
	enum status st = open_cluster(request, &cluster, &err);
	int rc = CLI_DONE;

	if (st == ST_OK)
		st = trusted_list_read(cluster.store, &list, &err);
	if (st == ST_OK)
		st = trusted_find(&list, request->certificate, &item, &err);
	if (st == ST_OK && request->dry_run) {
		rc = print_dry_run(
		    _("This certificate would be removed from Phone-SAST-trust:"), item->x509);
	} else if (st == ST_OK) {
		st = ask(request,
		    _("This certificate is removed from Phone-SAST-trust. If nothing else makes "
		      "it a SAST, phones no longer take what its key signs once the CTL is "
		      "updated:"),
		    item->x509, &err);
		if (st == ST_OK)
			st = drop(request, &cluster, item, &err);
		if (st == ST_OK)
			rc = print_removed(&cluster, item->x509);
	}
	trusted_list_free(&list);
	cluster_close(&cluster);
	return st == ST_OK ? rc : cli_fail(&err);
}

/* ---- options -------------------------------------------------------------------------------- */

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_DRY_RUN:
		return request->dry_run = true;
	case OPTION_YES:
		return request->yes = true;
	default:
		return cli_take_once(request->command, "--config", &request->config, optarg);
	}
}

/* True when all is taken and the command is to do its work; else *RC is its exit code. */
static bool take_options(
    struct request *request, const struct option *options, int argc, char **argv, int *rc)
{
	int option;

	while ((option = cli_getopt(request->command, argc, argv, options)) != -1) {
		*rc = option == CLI_OPTION_HELP ? CLI_DONE : CLI_USAGE;
		if (option == CLI_OPTION_HELP || option == CLI_OPTION_BAD ||
		    !take_option(request, option))
			return false;
	}
	return true;
}

static const struct option change_options[] = {{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"yes", no_argument, NULL, OPTION_YES}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
    {NULL, 0, NULL, 0}};

static int run_add(int argc, char **argv)
{
	struct request request = {.command = &cli_trust_add};
	int rc = CLI_USAGE;

	if (!take_options(&request, change_options, argc, argv, &rc))
		return rc;
	request.certificate = cli_only_argument(&cli_trust_add, argc, argv, _("CERT is missing"));
	return request.certificate != NULL ? add(&request) : CLI_USAGE;
}

static int run_remove(int argc, char **argv)
{
	struct request request = {.command = &cli_trust_remove};
	int rc = CLI_USAGE;

	if (!take_options(&request, change_options, argc, argv, &rc))
		return rc;
	request.certificate =
	    cli_only_argument(&cli_trust_remove, argc, argv, _("CERT is missing"));
	return request.certificate != NULL ? remove_one(&request) : CLI_USAGE;
}

const struct cli_command cli_trust_add = {
    .name = "trust add",
    .summary = N_("trust a certificate of another cluster, or of a future token"),
    .usage = N_("Usage: ctlsign trust add CERT [--dry-run] [--yes] [--config FILE]\n"
		"\n"
		"Adds a certificate to Phone-SAST-trust: another cluster's ITLRecovery or\n"
		"CallManager, for phones that are moved to that cluster, or that of a token that\n"
		"is to sign later. With the next update it is a SAST of the CTL, and phones take\n"
		"the lists that it signs. Asks before.\n"
		"\n"
		"  CERT           a file with one certificate, PEM or DER\n"
		"  --dry-run      show what would be added, and change nothing\n"
		"  --yes          do not ask\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign trust add ITLRecovery-cluster2.pem\n"),
    .run = run_add,
};

const struct cli_command cli_trust_remove = {
    .name = "trust remove",
    .summary = N_("trust such a certificate no longer"),
    .usage = N_("Usage: ctlsign trust remove CERT [--dry-run] [--yes] [--config FILE]\n"
		"\n"
		"Removes a certificate from Phone-SAST-trust. With the next update it is no\n"
		"longer a SAST of the CTL. Asks before.\n"
		"\n"
		"  CERT           its file, its SHA-256, or its serial number in hexadecimal\n"
		"  --dry-run      show what would be removed, and change nothing\n"
		"  --yes          do not ask\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign trust remove 4A:21:9C:07\n"),
    .run = run_remove,
};
