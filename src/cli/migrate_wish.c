/*
 * What an officer wants of a migration: certificates and serials of the command line, found and
 * checked.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "cli/cluster_options.h"
#include "cli/trust_certificate.h"

#include <ctype.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* ---- certificates ------------------------------------------------------------------------------
 */

/* Opens the modules at the first URI. */
struct reader {
	const struct migrate_request *request;
	const struct cluster *cluster;
	struct tokens *tokens;
};

static enum status read_token(struct reader *reader, const char *uri, X509 **out, struct error *err)
{
	struct cli_modules modules = reader->request->modules;
	struct token_selector *selector = NULL;
	enum status st = ST_OK;

	if (reader->tokens == NULL) {
		st = cli_modules_of_inventory(&modules, &reader->cluster->inventory, err);
		if (st == ST_OK)
			st = cli_modules_open(&modules, &reader->tokens, err);
	}
	if (st == ST_OK)
		st = token_selector_parse(uri, &selector, err);
	if (st == ST_OK)
		st = tokens_certificate(reader->tokens, selector, out, err);
	token_selector_free(selector);
	return st;
}

/* PLACE is a file, or a pkcs11: URI where the certificate of a token is meant. */
static enum status read_one(
    struct reader *reader, const char *place, bool token, X509 **out, struct error *err)
{
	enum status st = token && token_selector_is_uri(place) ? read_token(reader, place, out, err)
							       : certificate_read(place, out, err);

	if (st != ST_OK)
		return st;
	st = trust_certificate_check(*out, time(NULL), err);
	if (st != ST_OK)
		error_where(err, "%s", place);
	return st;
}

static enum status read_all(struct reader *reader, const struct migrate_names *names, bool token,
    X509 **out, size_t *n, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < names->n; i++) {
		st = read_one(reader, names->list[i], token, &out[*n], err);
		if (out[*n] != NULL)
			(*n)++;
		for (size_t j = 0; st == ST_OK && j + 1 < *n; j++)
			if (X509_cmp(out[j], out[*n - 1]) == 0) {
				st = error_set(
				    err, ST_USAGE, "%s", _("the same certificate is given twice"));
				error_where(err, "%s", names->list[i]);
			}
	}
	return st;
}

/* ---- serials -----------------------------------------------------------------------------------
 */

static enum status no_such_token(
    X509 *const *tokens, size_t n, const char *typed, size_t matches, struct error *err)
{
	struct buffer names = BUFFER_INIT;
	const char *text;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buffer_add(&names, ", ", 2);
		text_hex(&names, tl_certificate_serial(tokens[i]), ':', false);
		buffer_add(&names, " (", 2);
		certificate_subject(tokens[i], &names);
		buffer_add(&names, ")", 1);
	}
	text = buffer_text(&names);
	if (matches == 0)
		error_set(
		    err, ST_NO_TOKEN, _("the current CTL has no token with serial %s"), typed);
	else
		error_set(err, ST_AMBIGUOUS,
		    _("%zu tokens of the current CTL begin with serial %s"), matches, typed);
	if (n > 0)
		error_hint(err, _("it lists: %s"), text != NULL ? text : "");
	else
		error_hint(err, "%s", _("it lists none: it is tokenless"));
	buffer_free(&names);
	return matches == 0 ? ST_NO_TOKEN : ST_AMBIGUOUS;
}

/* The tokens of the current CTL that NAMES are the serials of. */
static enum status find_tokens(const struct cluster *cluster, const struct migrate_names *names,
    X509 **out, size_t *n, struct error *err)
{
	X509 **tokens = calloc(cluster->list.n_records + 1, sizeof(*tokens));
	size_t n_tokens;
	enum status st = ST_OK;

	if (tokens == NULL)
		return error_no_memory(err);
	n_tokens = cluster_tokens(cluster, tokens);
	for (size_t i = 0; st == ST_OK && i < names->n; i++) {
		size_t matches = 0, at = 0;
		bool whole = false;

		for (size_t j = 0; j < n_tokens && !whole; j++) {
			if (!certificate_serial_fits(tokens[j], names->list[i], &whole))
				continue;
			matches = whole ? 1 : matches + 1;
			at = j;
		}
		if (matches != 1) {
			st = no_such_token(tokens, n_tokens, names->list[i], matches, err);
		} else if (*n == MIGRATE_CERTIFICATES_MAX || !X509_up_ref(tokens[at])) {
			st = error_set(err, ST_LIMIT, _("more than %d certificates are named"),
			    MIGRATE_CERTIFICATES_MAX);
		} else {
			out[(*n)++] = tokens[at];
		}
	}
	free(tokens);
	return st;
}

/* ---- anchors whose key is lost -----------------------------------------------------------------
 */

/* The one of the current CTL, else the inventory's; NULL: neither has any. */
static X509 *anchor_of(const struct cluster *cluster, enum origin origin)
{
	const struct inventory *inventory = &cluster->inventory;

	for (size_t i = 0; cluster->current.number > 0 && i < cluster->list.n_records; i++)
		if (cluster->current.origins[i] == (char)origin &&
		    cluster->list.records[i].x509 != NULL)
			return cluster->list.records[i].x509;
	return origin == ORIGIN_ITLRECOVERY ? inventory->itlrecovery.x509
					    : inventory_publisher(inventory)->certificate.x509;
}

static enum status add_lost(
    const struct cluster *cluster, enum origin origin, struct migrate_wish *out, struct error *err)
{
	X509 *anchor = anchor_of(cluster, origin);

	if (anchor == NULL) {
		error_set(err, ST_FAILED, "%s",
		    _("neither the current CTL nor ctlsign.conf has a certificate of this key"));
		error_where(err, "--lost-key %s",
		    origin == ORIGIN_ITLRECOVERY ? "itlrecovery" : "callmanager");
		error_hint(err, "%s", _("leave the option out"));
		return ST_FAILED;
	}
	if (out->n_lost == MIGRATE_CERTIFICATES_MAX || !X509_up_ref(anchor))
		return error_set(err, ST_LIMIT, _("more than %d certificates are named"),
		    MIGRATE_CERTIFICATES_MAX);
	out->lost[out->n_lost++] = anchor;
	return ST_OK;
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static enum status take_signer(
    const struct migrate_request *request, struct migrate_wish *out, struct error *err)
{
	if (request->signer == NULL)
		return ST_OK;
	out->has_signer = true;
	if (strcasecmp(request->signer, "CallManager") == 0) {
		out->signer = SIGNER_CALLMANAGER;
	} else if (strcasecmp(request->signer, "ITLRecovery") == 0) {
		out->signer = SIGNER_ITLRECOVERY;
	} else {
		error_set(err, ST_USAGE, _("'%s' signs no tokenless CTL"), request->signer);
		error_where(err, "--signer");
		error_hint(err, "%s", _("it is CallManager or ITLRecovery"));
		return ST_USAGE;
	}
	return ST_OK;
}

static enum status read_files(const struct migrate_request *request, struct reader *reader,
    struct migrate_wish *out, struct error *err)
{
	enum status st =
	    read_all(reader, &request->new_tokens, true, out->tokens, &out->n_tokens, err);

	if (st == ST_OK)
		st = read_all(reader, &request->foreign, false, out->foreign, &out->n_foreign, err);
	if (st == ST_OK && request->callmanager != NULL)
		st = read_one(reader, request->callmanager, false, &out->callmanager, err);
	if (st == ST_OK && request->itlrecovery != NULL)
		st = read_one(reader, request->itlrecovery, false, &out->itlrecovery, err);
	return st;
}

enum status migrate_wish_make(const struct migrate_request *request, const struct cluster *cluster,
    struct migrate_wish *out, struct error *err)
{
	struct reader reader = {.request = request, .cluster = cluster};
	enum status st;

	out->end = request->end;
	st = take_signer(request, out, err);
	if (st == ST_OK)
		st = find_tokens(
		    cluster, &request->remove_tokens, out->without, &out->n_without, err);
	if (st == ST_OK)
		st = find_tokens(cluster, &request->lost_tokens, out->lost, &out->n_lost, err);
	if (st == ST_OK && request->lost_callmanager)
		st = add_lost(cluster, ORIGIN_CALLMANAGER, out, err);
	if (st == ST_OK && request->lost_itlrecovery)
		st = add_lost(cluster, ORIGIN_ITLRECOVERY, out, err);
	if (st == ST_OK)
		st = read_files(request, &reader, out, err);
	tokens_close(reader.tokens);
	return st;
}
