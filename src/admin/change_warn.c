/*
 * What a person should know of a new list before saying yes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void warn(const struct change *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void warn(const struct change *c, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->request->warn(c->request->context, line);
}

/* ---- the list ----------------------------------------------------------------------------------
 */

static void warn_of_tokens(const struct change *c)
{
	size_t tokens = 0;

	for (size_t i = 0; i < c->entries.n; i++)
		tokens += c->entries.origins[i].origin == ORIGIN_TOKEN;
	if (c->signing == SIGNING_TOKENS && tokens == 1)
		warn(c, "%s",
		    _("the CTL would list one token only: add a second one, and keep them in two "
		      "places"));
}

static void warn_of_capf(const struct change *c)
{
	if (c->current != NULL ||
	    (inventory_publisher(&c->cluster->inventory)->services & SERVICE_CAPF) != 0)
		return;
	warn(c, "%s",
	    _("CAPF does not run on the publisher: activated before the first CTL it saves an "
	      "update"));
}

static void warn_of_digest(const struct change *c)
{
	if (c->current == NULL || (unsigned)c->plan.digest == c->current->digest)
		return;
	warn(c,
	    _("the digest changes from %s to %s: phones that do not know %s reject the CTL "
	      "(SHA-512 "
	      "needs firmware of 11.5(1)'s age)"),
	    tl_digest_name(c->current->digest), tl_digest_name(c->plan.digest),
	    tl_digest_name(c->plan.digest));
}

static bool same(const X509 *a, const X509 *b)
{
	return a != NULL && b != NULL && X509_cmp(a, b) == 0;
}

/* Whether the cluster has this certificate today, in its inventory or among its tokens and trust.
 */
static bool is_of_today(const struct change *c, const X509 *certificate)
{
	const struct inventory *inventory = &c->cluster->inventory;
	bool found = same(inventory->itlrecovery.x509, certificate);

	for (size_t i = 0; i < inventory->n_nodes; i++)
		found = found || same(inventory->nodes[i].certificate.x509, certificate) ||
			same(inventory->nodes[i].capf.x509, certificate);
	for (size_t i = 0; i < inventory->n_alternate_tftp; i++)
		found = found || same(inventory->alternate_tftp[i].certificate.x509, certificate);
	for (size_t i = 0; i < inventory->n_firewalls; i++)
		found = found || same(inventory->firewalls[i].certificate.x509, certificate);
	for (size_t i = 0; i < inventory->n_entries; i++)
		found = found || same(inventory->entries[i].certificate.x509, certificate);
	for (size_t i = 0; i < c->cluster->n_trust; i++)
		found = found || same(c->cluster->trust[i], certificate);
	for (size_t i = 0; i < c->current->n_records; i++)
		found = found || (c->cluster->current.origins[i] == ORIGIN_TOKEN &&
				     same(c->current->records[i].x509, certificate));
	return found;
}

/* An old list may name what was taken out of use for a reason. */
static void warn_of_rollback(const struct change *c)
{
	if (c->request->kind != CHANGE_ROLLBACK)
		return;
	for (size_t i = 0; i < c->entries.n; i++) {
		const struct tl_entry *entry = &c->entries.entries[i];
		struct buffer name = BUFFER_INIT;
		bool sast;

		if (entry->certificate == NULL || is_of_today(c, entry->certificate))
			continue;
		sast = entry->role == TL_ROLE_SAST;
		certificate_subject(entry->certificate, &name);
		buffer_add(&name, ", ", 2);
		text_hex(&name, tl_certificate_serial(entry->certificate), ':', false);
		if (buffer_text(&name) != NULL && sast)
			warn(c,
			    _("phones would trust again what this cluster has no more: the SAST "
			      "%s"),
			    buffer_text(&name));
		else if (buffer_text(&name) != NULL)
			warn(c,
			    _("the certificate of %s comes back, and this cluster has it no more "
			      "(%s): phones would refuse a server that shows another one"),
			    entry->dns != NULL ? entry->dns : "", buffer_text(&name));
		buffer_free(&name);
	}
}

bool change_is_forced(const struct change *c)
{
	return c->request->force_signer || c->request->has_accept_lockout;
}

void change_warn_of_list(const struct change *c)
{
	warn_of_tokens(c);
	warn_of_capf(c);
	warn_of_digest(c);
	warn_of_rollback(c);
}
