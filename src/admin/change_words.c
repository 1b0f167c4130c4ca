/*
 * A change in words, before it is signed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

#include <inttypes.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what an entry is called -------------------------------------------------------------------
 */

/* A sentence for each kind of entry: its name, then its details in parentheses. */
static void put_sentence(
    struct buffer *out, bool adds, enum origin origin, const char *name, const char *details)
{
	switch (origin) {
	case ORIGIN_TOKEN:
		buffer_printf(out,
		    adds ? _("  adds token %s (%s)\n") : _("  removes token %s (%s)\n"), name,
		    details);
		return;
	case ORIGIN_CALLMANAGER:
		buffer_printf(out,
		    adds ? _("  adds CallManager of %s as SAST (%s)\n")
			 : _("  removes CallManager of %s as SAST (%s)\n"),
		    name, details);
		return;
	case ORIGIN_ITLRECOVERY:
		buffer_printf(out,
		    adds ? _("  adds ITLRecovery of %s as SAST (%s)\n")
			 : _("  removes ITLRecovery of %s as SAST (%s)\n"),
		    name, details);
		return;
	case ORIGIN_TRUST:
		buffer_printf(out,
		    adds ? _("  adds Phone-SAST-trust certificate %s (%s)\n")
			 : _("  removes Phone-SAST-trust certificate %s (%s)\n"),
		    name, details);
		return;
	case ORIGIN_NODE:
		buffer_printf(out,
		    adds ? _("  adds server %s (%s)\n") : _("  removes server %s (%s)\n"), name,
		    details);
		return;
	case ORIGIN_CAPF:
		buffer_printf(out,
		    adds ? _("  adds CAPF of %s (%s)\n") : _("  removes CAPF of %s (%s)\n"), name,
		    details);
		return;
	case ORIGIN_ALTERNATE_TFTP:
		buffer_printf(out,
		    adds ? _("  adds alternate TFTP server %s (%s)\n")
			 : _("  removes alternate TFTP server %s (%s)\n"),
		    name, details);
		return;
	case ORIGIN_FIREWALL:
		buffer_printf(out,
		    adds ? _("  adds firewall %s (%s)\n") : _("  removes firewall %s (%s)\n"), name,
		    details);
		return;
	case ORIGIN_ENTRY:
	case ORIGIN_KEPT:
		break;
	}
	buffer_printf(out, adds ? _("  adds entry %s (%s)\n") : _("  removes entry %s (%s)\n"),
	    name, details);
}

/* A SAST without a name goes by its serial, "4A:21:9F (CN=SAST-1;O=Acme)"; a server by its name. */
static void name_record(const struct tl_record *record, struct buffer *name, struct buffer *details)
{
	const struct bytes dns = tl_string(record->dns);

	if (dns.len == 0) {
		text_hex(name, record->serial, ':', false);
		text_printable(details, tl_string(record->subject));
		return;
	}
	text_printable(name, dns);
	if (record->ip.len == 4)
		buffer_printf(details, "%u.%u.%u.%u", record->ip.data[0], record->ip.data[1],
		    record->ip.data[2], record->ip.data[3]);
	if (record->serial.len == 0)
		return;
	if (details->len > 0)
		buffer_add(details, ", ", 2);
	text_hex(details, record->serial, ':', false);
}

static void add_line(
    struct buffer *out, bool adds, enum origin origin, const struct tl_record *record)
{
	struct buffer name = BUFFER_INIT, details = BUFFER_INIT;

	name_record(record, &name, &details);
	/* Untrusted names are printable by now. */
	if (buffer_text(&name) != NULL && buffer_text(&details) != NULL)
		put_sentence(out, adds, origin, buffer_text(&name), buffer_text(&details));
	buffer_free(&name);
	buffer_free(&details);
}

/* ---- the difference ----------------------------------------------------------------------------
 */

static void describe_first(const struct change *c, const struct trustlist *new, struct buffer *out)
{
	for (size_t i = 0; i < new->n_records; i++)
		add_line(out, true, c->entries.origins[i].origin, &new->records[i]);
}

static bool describe_change(
    const struct change *c, const struct trustlist *new, const struct tl_change *change)
{
	struct buffer *out = &c->result->changes;

	switch (change->kind) {
	case TL_ENTRY_ADDED:
		add_line(out, true, c->entries.origins[change->new_record - 1].origin,
		    &new->records[change->new_record - 1]);
		return true;
	case TL_ENTRY_REMOVED:
		add_line(out, false,
		    (enum origin)c->cluster->current.origins[change->old_record - 1],
		    &c->current->records[change->old_record - 1]);
		return true;
	case TL_SIGNER_CHANGED:
		if (c->plan.signer == NULL)
			return false;
		break;
	case TL_HEADER_CHANGED:
		/* Of an unsigned list nobody can say that the signature is another one. */
		if (strcmp(change->field, "timestamp") == 0 ||
		    strcmp(change->field, "encoding") == 0)
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
	if (c->served.is_other)
		buffer_printf(&c->result->changes, "%s",
		    _("  another list, which stands in the CTL file, is replaced\n"));
	else if (!c->served.exists)
		buffer_printf(
		    &c->result->changes, "%s", _("  the CTL file, which is gone, comes back\n"));
	else if (told == 0 && c->mode == cluster_mode(c->cluster))
		buffer_printf(&c->result->changes, "%s",
		    _("  nothing changes but time and signature: phones need not be given it\n"));
	if (c->plan.signer == NULL && c->key != NULL)
		buffer_printf(&c->result->changes, "  %s\n",
		    _("the key is locked: whose it is shows when it is opened"));
	else if (c->plan.signer == NULL)
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

/* What the phones of the fleet will do. */
static void describe_phones(struct change *c)
{
	struct buffer *out = &c->result->changes;
	const struct change_phones *phones = &c->phones;
	const uint64_t safe =
	    phones->n - phones->by_outcome[PHONE_REJECTED] - phones->by_outcome[PHONE_UNKNOWN];

	if (!phones->known)
		return;
	buffer_printf(out,
	    ngettext("  %" PRIu64 " phone of %" PRIu64 " accepts it (%" PRIu64 " through TVS)\n",
		"  %" PRIu64 " phones of %" PRIu64 " accept it (%" PRIu64 " through TVS)\n",
		(unsigned long)safe),
	    safe, phones->n, phones->by_outcome[PHONE_BY_TVS]);
	if (phones->by_outcome[PHONE_UNKNOWN] > 0)
		buffer_printf(out,
		    ngettext("  of %" PRIu64 " phone it cannot be told\n",
			"  of %" PRIu64 " phones it cannot be told\n",
			(unsigned long)phones->by_outcome[PHONE_UNKNOWN]),
		    phones->by_outcome[PHONE_UNKNOWN]);
	if (phones->doubtful > 0)
		buffer_printf(out,
		    ngettext("  ACCEPTED: %" PRIu64 " phone may be locked out\n",
			"  ACCEPTED: %" PRIu64 " phones may be locked out\n",
			(unsigned long)phones->doubtful),
		    phones->doubtful);
	if (phones->by_outcome[PHONE_REJECTED] > 0)
		buffer_printf(out,
		    ngettext("  ACCEPTED: %" PRIu64 " phone will be locked out\n",
			"  ACCEPTED: %" PRIu64 " phones will be locked out\n",
			(unsigned long)phones->by_outcome[PHONE_REJECTED]),
		    phones->by_outcome[PHONE_REJECTED]);
}

/* What the person forced stands in the log, too. */
static void describe_options(struct change *c)
{
	struct buffer *out = &c->result->changes;

	if (c->untrusted)
		buffer_printf(out, "%s", _("  the removed token leaves Phone-SAST-trust, too\n"));
	if (c->unknown)
		buffer_printf(out, "%s",
		    _("  FORCED: phones do not know this signer and will reject the CTL\n"));
	if (c->request->no_lint)
		buffer_printf(out, "%s", _("  FORCED: signed whatever lint says\n"));
	if (c->request->phones_hold > 0)
		buffer_printf(out,
		    _("  the officer says that every phone holds generation %lld or a later one\n"),
		    (long long)c->request->phones_hold);
	describe_phones(c);
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
		describe_options(c);
		describe_mode(c);
		st = describe_hash(c, &new, err);
	}
	if (st == ST_OK)
		st = buffer_status(&c->result->changes, err);
	tl_free(&new);
	buffer_free(&file);
	return st;
}
