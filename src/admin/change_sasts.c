/*
 * The SASTs of the new list: who may sign it, and what must stay so that phones trust somebody.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include <openssl/x509.h>
#include <stdlib.h>

/* ---- who is a SAST, and who may sign -----------------------------------------------------------
 */

static const X509 *current_anchor(const struct change *c, enum origin origin)
{
	if (c->current == NULL)
		return NULL;
	for (size_t i = 0; i < c->current->n_records; i++)
		if (c->cluster->current.origins[i] == (char)origin)
			return c->current->records[i].x509;
	return NULL;
}

static bool is_current_anchor(const struct change *c, const X509 *certificate)
{
	const X509 *anchors[] = {
	    current_anchor(c, ORIGIN_CALLMANAGER), current_anchor(c, ORIGIN_ITLRECOVERY)};

	for (size_t i = 0; i < 2; i++)
		if (anchors[i] != NULL && X509_cmp(anchors[i], certificate) == 0)
			return true;
	return false;
}

static bool may_sign(const struct change *c, enum origin origin, const X509 *certificate)
{
	const bool was_tokenless =
	    c->current != NULL && cluster_signing(c->cluster) == SIGNING_TOKENLESS;
	const bool is_anchor = origin == ORIGIN_CALLMANAGER || origin == ORIGIN_ITLRECOVERY;

	if (change_is_forced(c))
		return true;
	/* The plan of a migration may let an anchor sign for tokens that are lost. */
	if (c->request->signer != NULL && is_anchor &&
	    X509_cmp(c->request->signer, certificate) == 0)
		return true;
	/* From tokenless to tokens today's signer may make the bridge. */
	if (c->signing == SIGNING_TOKENS)
		return origin == ORIGIN_TOKEN ||
		       (was_tokenless && (is_anchor || is_current_anchor(c, certificate)));
	/* An old anchor that stays a SAST by way of Phone-SAST-trust bridges to its successor. */
	return is_anchor || is_current_anchor(c, certificate);
}

enum status change_list_sasts(struct change *c, struct error *err)
{
	c->sasts = calloc(c->entries.n + 1, sizeof(*c->sasts));
	c->signers = calloc(c->entries.n + 1, sizeof(*c->signers));
	if (c->sasts == NULL || c->signers == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < c->entries.n; i++) {
		const struct tl_entry *entry = &c->entries.entries[i];

		if (entry->role != TL_ROLE_SAST || entry->certificate == NULL)
			continue;
		c->sasts[c->n_sasts++] = entry->certificate;
		if (c->request->signer != NULL &&
		    X509_cmp(c->request->signer, entry->certificate) != 0)
			continue;
		if (may_sign(c, c->entries.origins[i].origin, entry->certificate))
			c->signers[c->n_signers++] = entry->certificate;
	}
	return ST_OK;
}

static size_t count(const struct change *c, enum origin origin)
{
	size_t n = 0;

	for (size_t i = 0; i < c->entries.n; i++)
		n += c->entries.origins[i].origin == origin;
	return n;
}

/* ---- what must stay ----------------------------------------------------------------------------
 */

/* Whether the current list has the anchor, and the new one has it no more. */
static bool leaves(const struct change *c, enum origin origin)
{
	const X509 *old = current_anchor(c, origin);

	return old != NULL && !change_is_sast(c, old);
}

/* From tokenless to the tokens of a release that lists nobody else: that is the way. */
static bool goes_to_tokens_alone(const struct change *c)
{
	return c->signing == SIGNING_TOKENS && cluster_signing(c->cluster) == SIGNING_TOKENLESS &&
	       count(c, ORIGIN_CALLMANAGER) + count(c, ORIGIN_ITLRECOVERY) == 0;
}

/* Tokens of the new list that the current one has, too. */
static size_t common_tokens(const struct change *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->entries.n; i++)
		n += c->entries.origins[i].origin == ORIGIN_TOKEN &&
		     tl_find_sast(c->current, c->entries.entries[i].certificate) != NULL;
	return n;
}

static enum status check_anchors(const struct change *c, struct error *err)
{
	if (c->current == NULL || c->request->force_signer || goes_to_tokens_alone(c) ||
	    !leaves(c, ORIGIN_CALLMANAGER) || !leaves(c, ORIGIN_ITLRECOVERY))
		return ST_OK;
	if (c->request->kind == CHANGE_ROLLBACK && common_tokens(c) >= 2) {
		c->request->warn(
		    c->request->context, _("CallManager and ITLRecovery leave the CTL, as the old "
					   "one did not list them: "
					   "its tokens are all that phones know then"));
		return ST_OK;
	}
	error_set(err, ST_LOCKOUT, "%s",
	    _("both recovery anchors, CallManager and ITLRecovery, would leave the CTL in one "
	      "step: "
	      "phones that miss this one CTL would know neither of the next"));
	error_hint(err, "%s",
	    _("put the old certificate of one of them back into ctlsign.conf (and look at its "
	      "release), update, wait until all phones have that CTL, then change the other one; "
	      "--force-signer does it anyway"));
	return ST_LOCKOUT;
}

static bool loses_token(const struct change *c)
{
	for (size_t i = 0; c->current != NULL && i < c->current->n_records; i++)
		if (c->cluster->current.origins[i] == ORIGIN_TOKEN &&
		    c->current->records[i].x509 != NULL &&
		    !change_is_sast(c, c->current->records[i].x509))
			return true;
	return false;
}

/* Certificates of other clusters are nobody's own. */
static enum status check_tokens(const struct change *c, struct error *err)
{
	const size_t tokens = count(c, ORIGIN_TOKEN);
	const size_t own = tokens + count(c, ORIGIN_CALLMANAGER) + count(c, ORIGIN_ITLRECOVERY);

	/* Who has one token only, and takes none away, has to be able to go on with it. */
	if (c->signing != SIGNING_TOKENS || c->request->kind == CHANGE_ROLLBACK ||
	    (tokens > 0 && (own >= 2 || (c->n_before > 0 && !loses_token(c)))))
		return ST_OK;
	if (tokens == 0)
		error_set(err, ST_LOCKOUT, "%s",
		    _("the CTL would have no token left, and tokens are to sign it"));
	else
		error_set(err, ST_LOCKOUT, "%s",
		    _("the CTL would have fewer than two SAST entries of this cluster: who loses "
		      "that one token loses the phones"));
	error_hint(err, "%s",
	    _("add a token in the same step: ctlsign update --add-token --remove-token SERIAL"));
	return ST_LOCKOUT;
}

/* Its certificate may stand for something else, too. */
static enum status check_removed(const struct change *c, struct error *err)
{
	if (c->removed == NULL || !change_is_sast(c, c->removed))
		return ST_OK;
	error_set(err, ST_LOCKOUT, "%s",
	    _("the token that is to be removed would stay a SAST, as something else in "
	      "ctlsign.conf "
	      "has its certificate"));
	error_hint(err, "%s", _("take its certificate out of ctlsign.conf first"));
	return ST_LOCKOUT;
}

static bool is_planned(const struct change *c, const X509 *certificate)
{
	for (size_t i = 0; i < c->request->n_sasts; i++)
		if (X509_cmp(c->request->sasts[i], certificate) == 0)
			return true;
	return false;
}

static enum status differs(const X509 *certificate, bool is_listed, struct error *err)
{
	struct buffer name = BUFFER_INIT;

	change_name_with_serial(certificate, &name);
	if (is_listed)
		error_set(err, ST_FAILED,
		    _("the CTL would trust %s, and the plan knows nothing of that"),
		    buffer_text(&name));
	else
		error_set(err, ST_FAILED, _("the CTL would not trust %s, as the plan has it"),
		    buffer_text(&name));
	error_hint(err, "%s",
	    _("ctlsign.conf has changed since the plan was made (its release, a certificate): "
	      "change it back, or end the migration with ctlsign migrate abort, and begin it "
	      "again"));
	buffer_free(&name);
	return ST_FAILED;
}

/* A step of a migration is the very CTL that was planned, or none. */
static enum status check_planned(const struct change *c, struct error *err)
{
	if (!c->request->has_sasts)
		return ST_OK;
	for (size_t i = 0; i < c->n_sasts; i++)
		if (!is_planned(c, c->sasts[i]))
			return differs(c->sasts[i], true, err);
	for (size_t i = 0; i < c->request->n_sasts; i++)
		if (!change_is_sast(c, c->request->sasts[i]))
			return differs(c->request->sasts[i], false, err);
	return ST_OK;
}

enum status change_check_sasts(struct change *c, struct error *err)
{
	enum status st = check_planned(c, err);

	if (st == ST_OK)
		st = check_tokens(c, err);

	if (st == ST_OK)
		st = check_removed(c, err);
	return st == ST_OK ? check_anchors(c, err) : st;
}
