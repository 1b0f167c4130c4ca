/*
 * The first state of a cluster that is taken over: its CTL becomes generation 1.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/begin_state.h"

#include "admin/begin.h"
#include "admin/port_memory.h"
#include "base/text.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* What the state file is told, in words. */
struct words {
	struct buffer act; /* "init --from CTLFile.tlv", which is the reason, too */
	struct buffer what;
	struct buffer signer;
	struct buffer serial;
};

static void words_free(struct words *w)
{
	buffer_free(&w->act);
	buffer_free(&w->what);
	buffer_free(&w->signer);
	buffer_free(&w->serial);
}

static void put_signer(struct words *w, X509 *certificate, char origin)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	struct bytes cn = {NULL, 0};
	char name[128];
	const char *serial;

	if (at >= 0) {
		const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));

		cn = (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
	}
	text_printable_into(name, sizeof(name), cn);
	text_hex(&w->serial, tl_certificate_serial(certificate), 0, true);
	serial = buffer_text(&w->serial);
	if (serial == NULL)
		return;
	if (origin == ORIGIN_CALLMANAGER)
		buffer_printf(&w->signer, _("CallManager '%s' (serial %s)"), name, serial);
	else if (origin == ORIGIN_ITLRECOVERY)
		buffer_printf(&w->signer, _("ITLRecovery '%s' (serial %s)"), name, serial);
	else
		buffer_printf(&w->signer, _("token '%s' (serial %s)"), name, serial);
}

static enum status put_words(struct words *w, const struct begin_parts *parts, struct error *err)
{
	const struct tl_record *signer = tl_signer_record(parts->list);
	const char *from = parts->from;
	const char *base = strrchr(from, '/');
	char shown[256];

	text_printable_into(shown, sizeof(shown), text_bytes(base != NULL ? base + 1 : from));
	buffer_printf(&w->act, BEGIN_REASON "%s", shown);
	text_printable_into(shown, sizeof(shown), text_bytes(from));
	buffer_printf(&w->what, "taken over from %s", shown);
	/* It verified, so all of them are there. */
	put_signer(w, signer->x509, parts->takeover->origins[signer - parts->list->records]);
	if (buffer_text(&w->signer) == NULL)
		return error_no_memory(err);
	buffer_printf(&w->what, ", signed by %s", buffer_text(&w->signer));
	if (buffer_text(&w->act) == NULL || buffer_text(&w->what) == NULL ||
	    buffer_text(&w->serial) == NULL)
		return error_no_memory(err);
	return ST_OK;
}

static char *copy(struct buffer *text)
{
	return strdup(buffer_text(text));
}

static enum status fill_generation(struct generation *generation, struct words *w,
    const struct begin_parts *parts, struct error *err)
{
	const struct trustlist *list = parts->list;
	const struct takeover *takeover = parts->takeover;
	const char *digest = tl_digest_name(list->digest), *domain = parts->inventory->domain;

	buffer_add(&generation->ctl, list->file.data, list->file.len);
	generation->signer = copy(&w->signer);
	generation->signer_serial = copy(&w->serial);
	generation->digest = strdup(digest != NULL ? digest : "");
	generation->reason = copy(&w->act);
	generation->origins = strdup(takeover->origins);
	generation->release = strdup(takeover->release.text);
	generation->domain = strdup(domain != NULL ? domain : "");
	generation->file = strdup(parts->file);
	generation->mode = (int)takeover->mode;
	generation->signing = (int)takeover->signing;
	if (generation->signer == NULL || generation->signer_serial == NULL ||
	    generation->digest == NULL || generation->reason == NULL ||
	    generation->origins == NULL || generation->release == NULL ||
	    generation->domain == NULL || generation->file == NULL)
		return error_no_memory(err);
	return buffer_status(&generation->ctl, err);
}

static enum status add_trust(struct store *store, const struct trustlist *list,
    const struct takeover *takeover, const char *note, const struct audit_entry *audit,
    struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < list->n_records && st == ST_OK; i++) {
		if (takeover->origins[i] != ORIGIN_TRUST)
			continue;
		st = store_trust_add(store, list->records[i].certificate, note, audit, err);
		/* From a run that was killed, or it stands twice. */
		if (st == ST_EXISTS)
			st = ST_OK;
	}
	return st;
}

/* What 'ctlsign ports' compares with. */
static enum status set_ports(struct store *store, const struct inventory *inventory,
    struct audit_entry *audit, struct error *err)
{
	struct buffer ports = BUFFER_INIT;
	enum status st;

	admin_ports_text(inventory, &ports);
	audit->what = "ports of the inventory";
	st = buffer_status(&ports, err);
	if (st == ST_OK)
		st = store_set(store, ADMIN_PORTS_SETTING, buffer_text(&ports), audit, err);
	buffer_free(&ports);
	return st;
}

/* The generation is done last: what a run that was killed left undone is made by the next one. */
enum status begin_generation(struct store *store, const struct begin_parts *parts, char **signer,
    int64_t *number, struct error *err)
{
	struct words w = {.act = BUFFER_INIT};
	struct generation generation = GENERATION_INIT;
	struct audit_entry audit = {.outcome = "done"};
	enum status st = put_words(&w, parts, err);

	if (st == ST_OK)
		st = fill_generation(&generation, &w, parts, err);
	if (st == ST_OK) {
		audit.act = buffer_text(&w.act);
		audit.what = "adds a certificate of another cluster to Phone-SAST-trust";
		st = add_trust(
		    store, parts->list, parts->takeover, buffer_text(&w.act), &audit, err);
	}
	if (st == ST_OK)
		st = set_ports(store, parts->inventory, &audit, err);
	if (st == ST_OK) {
		/* No key was used: neither signer nor digest. */
		audit.what = buffer_text(&w.what);
		audit.outcome = "started";
		st = store_begin(store, &generation, &audit, err);
		audit.outcome = "done";
	}
	if (st == ST_OK)
		st = store_finish(store, generation.number, &audit, err);
	if (st == ST_OK) {
		*number = generation.number;
		*signer = copy(&w.signer);
		st = *signer != NULL ? ST_OK : error_no_memory(err);
	}
	generation_free(&generation);
	words_free(&w);
	return st;
}

enum status begin_state(
    const char *path, const struct begin_parts *parts, char **signer, struct error *err)
{
	struct store *store = NULL;
	int64_t number;
	enum status st = store_open(path, STORE_CHANGE, "init", STORE_WAIT_MS, &store, err);

	if (st == ST_OK)
		st = begin_generation(store, parts, signer, &number, err);
	store_close(store);
	return st;
}
