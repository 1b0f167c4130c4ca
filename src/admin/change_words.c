/*
 * A change in words, before it is signed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what an entry is called -------------------------------------------------------------------
 */

static const char *noun(enum origin origin)
{
	switch (origin) {
	case ORIGIN_TOKEN:
		return _("token");
	case ORIGIN_CALLMANAGER:
		return _("CallManager as SAST");
	case ORIGIN_ITLRECOVERY:
		return _("ITLRecovery as SAST");
	case ORIGIN_TRUST:
		return _("Phone-SAST-trust certificate");
	case ORIGIN_NODE:
		return _("server");
	case ORIGIN_CAPF:
		return _("CAPF");
	case ORIGIN_ALTERNATE_TFTP:
		return _("alternate TFTP server");
	case ORIGIN_FIREWALL:
		return _("firewall");
	case ORIGIN_ENTRY:
	case ORIGIN_KEPT:
		break;
	}
	return _("entry");
}

/* "token 4A:21:9F (CN=SAST-1;O=Acme)", "server cucm-sub3 (10.1.2.5, serial 70:CA)". */
static void name_record(enum origin origin, const struct tl_record *record, struct buffer *out)
{
	const struct bytes dns = tl_string(record->dns);

	buffer_printf(out, "%s ", noun(origin));
	if (origin == ORIGIN_TOKEN || dns.len == 0) {
		text_hex(out, record->serial, ':', false);
		buffer_add(out, " (", 2);
		text_printable(out, tl_string(record->subject));
		buffer_add(out, ")", 1);
		return;
	}
	text_printable(out, dns);
	if (record->ip.len == 4)
		buffer_printf(out, " (%u.%u.%u.%u", record->ip.data[0], record->ip.data[1],
		    record->ip.data[2], record->ip.data[3]);
	else
		buffer_add(out, " (", 2);
	if (record->serial.len > 0) {
		buffer_printf(out, "%s", record->ip.len == 4 ? ", " : "");
		buffer_printf(out, "%s ", _("serial"));
		text_hex(out, record->serial, ':', false);
	}
	buffer_add(out, ")", 1);
}

static void add_line(
    struct buffer *out, const char *fmt, enum origin origin, const struct tl_record *record)
{
	struct buffer name = BUFFER_INIT;
	const char *text;

	name_record(origin, record, &name);
	text = buffer_text(&name);
	/* Untrusted names are printable by now. */
	buffer_printf(out, "  %s %s\n", fmt, text != NULL ? text : "");
	buffer_free(&name);
}

/* ---- the difference ----------------------------------------------------------------------------
 */

static void describe_first(const struct change *c, const struct trustlist *new, struct buffer *out)
{
	for (size_t i = 0; i < new->n_records; i++)
		add_line(out, _("adds"), c->entries.origins[i].origin, &new->records[i]);
}

static bool describe_change(
    const struct change *c, const struct trustlist *new, const struct tl_change *change)
{
	struct buffer *out = &c->result->changes;

	switch (change->kind) {
	case TL_ENTRY_ADDED:
		add_line(out, _("adds"), c->entries.origins[change->new_record - 1].origin,
		    &new->records[change->new_record - 1]);
		return true;
	case TL_ENTRY_REMOVED:
		add_line(out, _("removes"),
		    (enum origin)c->cluster->current.origins[change->old_record - 1],
		    &c->current->records[change->old_record - 1]);
		return true;
	case TL_SIGNER_CHANGED:
		if (c->plan.signer == NULL)
			return false;
		break;
	case TL_HEADER_CHANGED:
		if (strcmp(change->field, "timestamp") == 0)
			return false;
		break;
	case TL_ENTRY_CHANGED:
	case TL_ORDER_CHANGED:
		break;
	}
	buffer_printf(out, "  %s\n", change->text);
	return true;
}

static enum status describe_difference(
    struct change *c, const struct trustlist *new, struct error *err)
{
	struct tl_changes changes;
	bool signer_changes = false;
	size_t told = 0;
	enum status st = tl_diff(c->current, new, &changes, err);

	for (size_t i = 0; st == ST_OK && i < changes.n; i++) {
		signer_changes = signer_changes || changes.items[i].kind == TL_SIGNER_CHANGED;
		told += describe_change(c, new, &changes.items[i]) ? 1 : 0;
	}
	tl_changes_free(&changes);
	if (st != ST_OK)
		return st;
	if (told == 0 || (told == 1 && signer_changes && c->plan.signer != NULL))
		buffer_printf(&c->result->changes, "  %s\n", _("the entries stay as they are"));
	if (c->plan.signer == NULL)
		buffer_printf(&c->result->changes, "  %s\n",
		    _("a token of the current CTL will sign: which one shows when it is inserted"));
	else if (!signer_changes)
		buffer_printf(&c->result->changes, _("  signer stays: %s\n"), c->result->signer);
	return ST_OK;
}

/* ---- mode, digest ------------------------------------------------------------------------------
 */

static const char *mode_name(enum cluster_mode mode)
{
	return mode == MODE_MIXED ? _("mixed mode") : _("non-secure mode");
}

static void describe_mode(struct change *c)
{
	struct buffer *out = &c->result->changes;
	const enum cluster_mode before = cluster_mode(c->cluster);
	const enum cluster_signing signing = cluster_signing(c->cluster);

	if (c->current == NULL || before != c->mode)
		buffer_printf(out, _("  the cluster goes to %s (ClusterSecurityMode %d)\n"),
		    mode_name(c->mode), (int)c->mode);
	if (c->current == NULL || signing == c->signing)
		return;
	if (c->signing == SIGNING_TOKENS)
		buffer_printf(out, "  %s\n", _("the CTL goes from tokenless to tokens"));
	else
		buffer_printf(out, "  %s\n", _("the CTL goes from tokens to tokenless"));
}

static enum status describe_hash(struct change *c, const struct trustlist *new, struct error *err)
{
	struct buffer hash = BUFFER_INIT, hex = BUFFER_INIT;
	enum status st;

	if (c->plan.signer == NULL)
		return ST_OK;
	st = tl_signed_hash(new, &hash, err);
	text_hex(&hex, buffer_bytes(&hash), 0, true);
	if (st == ST_OK && buffer_text(&hex) != NULL)
		c->result->hash = strdup(buffer_text(&hex));
	if (st == ST_OK && c->result->hash == NULL)
		st = error_no_memory(err);
	buffer_free(&hash);
	buffer_free(&hex);
	return st;
}

/* What the signer is in this list; a SAST that nobody knows may sign, too. */
static enum origin signer_origin(const struct change *c)
{
	for (size_t i = 0; i < c->entries.n; i++)
		if (c->entries.entries[i].role == TL_ROLE_SAST &&
		    c->entries.entries[i].certificate != NULL &&
		    X509_cmp(c->entries.entries[i].certificate, c->plan.signer) == 0)
			return c->entries.origins[i].origin;
	return ORIGIN_KEPT;
}

/*
 * Who signs: "token 'SAST-1' (serial 4a21)", "CallManager, key file ccm.key"; before its key is
 * open, by its certificate.
 */
static enum status name_signer(struct change *c, struct error *err)
{
	struct buffer name = BUFFER_INIT;
	enum origin origin;
	const char *text;

	if (c->plan.signer == NULL)
		return ST_OK;
	origin = signer_origin(c);
	if (origin == ORIGIN_CALLMANAGER)
		buffer_printf(&name, "CallManager");
	else if (origin == ORIGIN_ITLRECOVERY)
		buffer_printf(&name, "ITLRecovery");
	if (name.len > 0)
		buffer_printf(&name, ", ");
	if (c->named.signer != NULL)
		buffer_printf(&name, "%s", signer_describe(c->named.signer));
	else
		certificate_subject(c->plan.signer, &name);
	text = buffer_text(&name);
	c->result->signer = text == NULL ? NULL : strdup(text);
	buffer_free(&name);
	return c->result->signer != NULL ? ST_OK : error_no_memory(err);
}

enum status change_describe(struct change *c, struct error *err)
{
	struct trustlist new = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	struct tl_plan plan = c->plan;
	enum status st = name_signer(c, err);

	/* Somebody has to sign for the list to be built; nothing else is told of it then. */
	if (plan.signer == NULL && c->n_sasts > 0)
		plan.signer = c->sasts[0];
	if (st == ST_OK)
		st = tl_build(&plan, &file, err);
	if (st == ST_OK)
		st = tl_read(&new, buffer_bytes(&file), err);
	if (st == ST_OK && c->current == NULL) {
		describe_first(c, &new, &c->result->changes);
		if (c->result->signer != NULL)
			buffer_printf(&c->result->changes, _("  signer: %s\n"), c->result->signer);
	} else if (st == ST_OK) {
		st = describe_difference(c, &new, err);
	}
	if (st == ST_OK) {
		describe_mode(c);
		st = describe_hash(c, &new, err);
	}
	if (st == ST_OK)
		st = buffer_status(&c->result->changes, err);
	tl_free(&new);
	buffer_free(&file);
	return st;
}
