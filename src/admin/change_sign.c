/*
 * Signing with a journal: at every moment the next run can tell what this one did.
 *
 *   1. audit "started"                        state
 *   2. the key signs, the result is verified  memory
 *   3. the generation is pending              state
 *   4. the CTL file is replaced, read back    file
 *   5. the journal of its delivery begins     state
 *
 * Killed before 4: the file is the old one, and the next run abandons what is pending.  After 4:
 * the file is the new one, and the next run begins the journal.  The generation is the current one
 * only when it is on all servers: src/publish/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "admin/port_memory.h"
#include "base/text.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The texts of the audit entries of one change. */
struct story {
	struct audit_entry entry;
	struct buffer what;
	struct buffer digest;
	struct buffer outcome;
};

static void tell_story(struct change *c, struct story *story)
{
	const char *changes = buffer_text(&c->result->changes);

	buffer_printf(&story->what, "generation %lld:", (long long)c->result->number);
	/* One line: what was shown to the person. */
	for (const char *p = changes != NULL ? changes : ""; *p != '\0'; p++) {
		if (*p == '\n' && p[1] != '\0')
			buffer_add(&story->what, ";", 1);
		else if (*p != '\n' && (*p != ' ' || p[1] != ' '))
			buffer_add(&story->what, p, 1);
	}
	buffer_printf(&story->digest, "%s %s", c->result->digest_name,
	    c->result->hash != NULL ? c->result->hash : "");
	story->entry.act = c->request->command;
	story->entry.what = buffer_text(&story->what);
	story->entry.signer = c->result->signer;
	story->entry.digest = buffer_text(&story->digest);
}

static void free_story(struct story *story)
{
	buffer_free(&story->what);
	buffer_free(&story->digest);
	buffer_free(&story->outcome);
}

static const struct audit_entry *failed(struct story *story, const struct error *err)
{
	buffer_reset(&story->outcome);
	buffer_printf(&story->outcome, "failed: %s: %s", status_name(err->status), err->what);
	story->entry.outcome = buffer_text(&story->outcome);
	return &story->entry;
}

/* ---- the journal -------------------------------------------------------------------------------
 */

static char *copy(const char *text)
{
	return strdup(text != NULL ? text : "");
}

static char *serial_of(const X509 *certificate)
{
	struct buffer hex = BUFFER_INIT;
	char *serial;

	text_hex(&hex, tl_certificate_serial(certificate), 0, true);
	serial = copy(buffer_text(&hex));
	buffer_free(&hex);
	return serial;
}

static enum status make_generation(
    const struct change *c, struct generation *generation, struct error *err)
{
	const struct inventory *inventory = &c->cluster->inventory;
	const struct generation *old = c->request->kind == CHANGE_ROLLBACK ? &c->old : NULL;

	buffer_add(&generation->ctl, c->result->ctl.data, c->result->ctl.len);
	generation->signer = copy(c->result->signer);
	generation->signer_serial = serial_of(c->plan.signer);
	generation->digest = copy(c->result->digest_name);
	generation->reason = copy(c->request->command);
	generation->origins = calloc(c->entries.n + 1, 1);
	/* Old content is of an old release. */
	generation->release = copy(old != NULL ? old->release : inventory->release.text);
	generation->domain = copy(old != NULL ? old->domain : inventory->domain);
	generation->file = copy(inventory->ctl_file);
	generation->mode = (int)c->mode;
	generation->signing = (int)c->signing;
	if (generation->signer == NULL || generation->signer_serial == NULL ||
	    generation->digest == NULL || generation->reason == NULL ||
	    generation->origins == NULL || generation->release == NULL ||
	    generation->domain == NULL || generation->file == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < c->entries.n; i++)
		generation->origins[i] = (char)c->entries.origins[i].origin;
	return buffer_status(&generation->ctl, err);
}

static enum status commit(
    struct change *c, const struct ceremony *ceremony, struct story *story, struct error *err)
{
	struct generation generation = GENERATION_INIT;
	enum status st = make_generation(c, &generation, err);

	story->entry.outcome = "signed and verified";
	if (st == ST_OK)
		st = store_begin(c->cluster->store, &generation, &story->entry, err);
	if (st != ST_OK) {
		store_audit(c->cluster->store, failed(story, err), NULL);
		generation_free(&generation);
		return st;
	}
	c->result->number = generation.number;
	st = ceremony_write(ceremony, buffer_bytes(&c->result->ctl), err);
	story->entry.outcome = "written to the CTL file of this machine";
	if (st == ST_OK)
		st = store_deliver(c->cluster->store, generation.number, DELIVERY_SIGNED, NULL, 0,
		    &story->entry, err);
	/* Where the file cannot be put back, the generation stays pending: the next run settles it.
	 */
	if (st != ST_OK && change_put_back(c))
		store_abandon(c->cluster->store, generation.number, failed(story, err), NULL);
	generation_free(&generation);
	return st;
}

/* ---- the ports that were told ------------------------------------------------------------------
 */

/* What `ctlsign ports` compares with.  The CTL is made by now: a failure is no more than told. */
static void remember_ports(struct change *c, struct story *story)
{
	struct buffer now = BUFFER_INIT, then = BUFFER_INIT;
	char line[2048];
	struct error err;
	enum status st = store_setting(c->cluster->store, ADMIN_PORTS_SETTING, &then, &err);

	admin_ports_text(&c->cluster->inventory, &now);
	story->entry.what = "ports of the inventory";
	story->entry.outcome = "done";
	story->entry.signer = story->entry.digest = NULL;
	if (st == ST_OK && !bytes_equal(buffer_bytes(&now), buffer_bytes(&then)))
		st = store_set(
		    c->cluster->store, ADMIN_PORTS_SETTING, buffer_text(&now), &story->entry, &err);
	if (st != ST_OK)
		c->request->warn(c->request->context, error_line(&err, line, sizeof(line)));
	buffer_free(&now);
	buffer_free(&then);
}

/*
 * A token that is removed is not trusted as something else either.  Done first: until the new CTL
 * is there the current one lists it as a token all the same.
 */
static enum status forget_removed(struct change *c, struct error *err)
{
	const struct audit_entry audit = {.act = c->request->command,
	    .what = "Phone-SAST-trust: the token that is to be removed is taken out",
	    .outcome = "done"};
	unsigned char *der = NULL;
	enum status st;
	int len;

	if (!c->untrusted)
		return ST_OK;
	len = i2d_X509((X509 *)(uintptr_t)c->removed, &der);
	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be encoded"));
	st = store_trust_remove(c->cluster->store, (struct bytes){der, (size_t)len}, &audit, err);
	OPENSSL_free(der);
	return st;
}

/* Nothing came of it: it is trusted as before. */
static void trust_again(struct change *c)
{
	const struct audit_entry audit = {.act = c->request->command,
	    .what = "Phone-SAST-trust: the token that was to be removed is put back",
	    .outcome = "done"};
	unsigned char *der = NULL;
	const int len = i2d_X509((X509 *)(uintptr_t)c->removed, &der);

	if (len > 0)
		store_trust_add(c->cluster->store, (struct bytes){der, (size_t)len},
		    "put back after a failed update", &audit, NULL);
	OPENSSL_free(der);
}

enum status change_sign(struct change *c, struct error *err)
{
	struct ceremony ceremony = {.plan = &c->plan,
	    .signer = c->named.signer,
	    .current = c->stranger ? NULL : c->current,
	    .path = c->cluster->inventory.ctl_file,
	    .replace = true,
	    .ignore_lint = c->request->no_lint};
	struct story story = {.entry = {.outcome = "started"}};
	char about[256];
	bool forgotten;
	enum status st;

	tell_story(c, &story);
	snprintf(about, sizeof(about), _("About to sign generation %lld of cluster %s."),
	    (long long)c->result->number, c->cluster->inventory.cluster);
	c->request->pins->about = about;
	st = forget_removed(c, err);
	forgotten = c->untrusted && st == ST_OK;
	if (st == ST_OK)
		st = change_keep_served(c, err);
	if (st == ST_OK)
		st = store_audit(c->cluster->store, &story.entry, err);
	if (st == ST_OK) {
		st = change_unlock_key(c, err);
		ceremony.signer = c->named.signer;
		if (st == ST_OK)
			st = ceremony_make(&ceremony, &c->result->ctl, err);
		if (st != ST_OK)
			store_audit(c->cluster->store, failed(&story, err), NULL);
		else
			st = commit(c, &ceremony, &story, err);
	}
	c->request->pins->about = NULL;
	if (st != ST_OK && forgotten)
		trust_again(c);
	if (st == ST_OK)
		remember_ports(c, &story);
	free_story(&story);
	return st;
}
