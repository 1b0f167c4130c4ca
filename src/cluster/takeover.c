/*
 * Taking over a running cluster: what its CTL says, turned into an inventory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/takeover_parts.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The release that has such a list, as far as the list tells.  It is the list's make-up that
 * decides, not its digest: by another release's rules the first update would change the SASTs.
 */
static const char *guess_release(const struct taking *t)
{
	const bool anchors = t->callmanager != NO_RECORD || t->itlrecovery != NO_RECORD;

	if (t->out->signing == SIGNING_TOKENS)
		return anchors ? "12.5(1)" : "10.5(2)";
	if (t->itlrecovery == NO_RECORD)
		return "10.5(1)";
	return t->itlrecovery_signs || t->list->digest == TL_SHA512 ? "12.5(1)" : "11.5(1)";
}

static enum status set_release(struct taking *t, struct error *err)
{
	const char *given = t->request->release;
	const enum status st =
	    release_parse(given != NULL ? given : guess_release(t), &t->out->release, err);
	const struct release_rules *rules;

	t->out->release_guessed = given == NULL;
	if (st != ST_OK)
		return st;
	rules = release_rules(&t->out->release);
	if (t->out->signing == SIGNING_TOKENLESS && !rules->tokenless) {
		error_set(err, ST_USAGE,
		    _("release %s has no tokenless signing, but the list is signed so"),
		    t->out->release.text);
		error_hint(err, "%s", _("give the release that the cluster runs"));
		return ST_USAGE;
	}
	if (t->itlrecovery_signs && !rules->itlrecovery_may_sign) {
		error_set(err, ST_USAGE,
		    _("release %s does not sign with ITLRecovery, but the list is signed so"),
		    t->out->release.text);
		error_hint(err, "%s", _("give the release that the cluster runs"));
		return ST_USAGE;
	}
	return ST_OK;
}

static enum status check_list(const struct trustlist *list, struct error *err)
{
	const struct bytes name = tl_string(list->filename);

	if (name.len >= 3 && strncasecmp((const char *)name.data, "ITL", 3) == 0) {
		error_set(err, ST_FORMAT, "%s", _("this is an ITL, not a CTL"));
		error_hint(err, "%s", _("take the CTLFile.tlv of the cluster's TFTP server"));
		return ST_FORMAT;
	}
	if (list->n_records > TAKING_MAX_RECORDS)
		return error_set(err, ST_LIMIT,
		    _("the list has %zu records, more than any cluster can have"), list->n_records);
	return ST_OK;
}

enum status cluster_takeover(
    const struct takeover_request *request, struct takeover *out, struct error *err)
{
	const struct trustlist *list = request->list;
	struct taking t = {.request = request,
	    .list = list,
	    .out = out,
	    .capf = NO_RECORD,
	    .callmanager = NO_RECORD,
	    .itlrecovery = NO_RECORD};
	enum status st = check_list(list, err);

	*out = (struct takeover){.conf = BUFFER_INIT};
	if (st != ST_OK)
		return st;
	t.servers = calloc(list->n_records + 1, sizeof(*t.servers));
	out->origins = calloc(list->n_records + 1, 1);
	if (t.servers == NULL || out->origins == NULL)
		st = error_no_memory(err);
	if (st == ST_OK)
		st = taking_find_servers(&t, err);
	if (st == ST_OK)
		st = taking_find_sasts(&t, err);
	if (st == ST_OK)
		st = taking_sort_servers(&t, err);
	if (st == ST_OK)
		st = set_release(&t, err);
	if (st == ST_OK) {
		taking_name_servers(&t);
		st = taking_write(&t, err);
	}
	free(t.servers);
	return st;
}

/* Every SAST has to be one: it is remembered by its certificate. */
static enum status check_sasts(const struct taking *t, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < t->list->n_records && st == ST_OK; i++)
		if (t->list->records[i].has_role && t->list->records[i].role == TL_ROLE_SAST)
			st = taking_need_certificate(t, i, err);
	return st;
}

static void find_mode_and_signing(const struct trustlist *list, struct takeover *out)
{
	const struct tl_record *signer = tl_signer_record(list);

	out->mode = MODE_NON_SECURE;
	out->signing = SIGNING_TOKENS;
	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *r = &list->records[i];

		if (taking_is_server(r) && r->certificate.data != NULL)
			out->mode = MODE_MIXED;
		if (r == signer && (out->origins[i] == ORIGIN_CALLMANAGER ||
				       out->origins[i] == ORIGIN_ITLRECOVERY))
			out->signing = SIGNING_TOKENLESS;
	}
	/* A list that no token signs has none. */
	for (size_t i = 0; i < list->n_records; i++)
		if (out->signing == SIGNING_TOKENLESS && out->origins[i] == ORIGIN_TOKEN)
			out->origins[i] = ORIGIN_TRUST;
}

enum status cluster_takeover_known(const struct trustlist *list, const struct inventory *inventory,
    struct takeover *out, struct error *err)
{
	const struct taking t = {.list = list, .out = out};
	enum status st = check_list(list, err);

	*out = (struct takeover){.conf = BUFFER_INIT};
	if (st == ST_OK)
		st = check_sasts(&t, err);
	if (st != ST_OK)
		return st;
	if (tl_signer_record(list) == NULL)
		return error_set(
		    err, ST_NOT_VERIFIED, "%s", _("no SAST of the list is its signer"));
	out->origins = calloc(list->n_records + 1, 1);
	if (out->origins == NULL)
		return error_no_memory(err);
	cluster_classify(list, inventory, out->origins);
	find_mode_and_signing(list, out);
	out->release = inventory->release;
	return ST_OK;
}

void takeover_free(struct takeover *takeover)
{
	for (size_t i = 0; i < takeover->n_files; i++) {
		free(takeover->files[i].name);
		buffer_free(&takeover->files[i].pem);
	}
	free(takeover->files);
	free(takeover->origins);
	buffer_free(&takeover->conf);
	*takeover = (struct takeover){.conf = BUFFER_INIT};
}

enum status taking_refuse(const struct taking *t, size_t record, struct error *err)
{
	const struct tl_record *r = &t->list->records[record];
	struct bytes name = tl_string(r->dns);
	char shown[96];

	if (name.len == 0)
		name = tl_string(r->subject);
	text_printable_into(shown, sizeof(shown), name);
	if (shown[0] != '\0')
		error_where(err, _("record %zu: %s"), record + 1, shown);
	else
		error_where(err, _("record %zu"), record + 1);
	return err != NULL ? err->status : ST_FAILED;
}

enum status taking_need_certificate(const struct taking *t, size_t record, struct error *err)
{
	X509 *decoded = NULL;

	if (t->list->records[record].x509 != NULL)
		return ST_OK;
	/* Decoding it tells why it is not there. */
	if (tl_record_x509(&t->list->records[record], &decoded, err) == ST_OK)
		error_set(err, ST_FAILED, "%s", _("its certificate was not decoded"));
	X509_free(decoded);
	return taking_refuse(t, record, err);
}
