/*
 * What a change is refused for before anybody is asked for a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- mode and signing ------------------------------------------------------------------------ */

static enum status no_ctl(const char *why, struct error *err)
{
	error_set(err, ST_FAILED, "%s", why);
	error_hint(err, "%s",
	    _("make the first one with: ctlsign set-cluster mixed-mode --tokens (or --tokenless); "
	      "take over a running cluster with: ctlsign init --from CTLFile.tlv"));
	return ST_FAILED;
}

static enum status decide_mixed(struct change *c, struct error *err)
{
	c->mode = MODE_MIXED;
	if (c->request->signing != CHANGE_SIGNING_KEEP || c->current != NULL)
		return ST_OK;
	if (c->request->n_named > 0) {
		c->signing = SIGNING_TOKENS;
		return ST_OK;
	}
	error_set(err, ST_USAGE, "%s",
	    _("this is the cluster's first CTL: it has to be said who signs it"));
	error_hint(err, "%s", _("say --tokens or --tokenless"));
	return ST_USAGE;
}

static enum status decide_reset(struct change *c, struct error *err)
{
	const struct release_rules *rules = release_rules(&c->cluster->inventory.release);

	if (c->signing != SIGNING_TOKENLESS) {
		error_set(err, ST_FAILED, "%s",
		    _("the CTL is signed by tokens, so there is no local key to go back from"));
		error_hint(err, "%s", _("sign with a token that phones know: ctlsign update"));
		return ST_FAILED;
	}
	if (rules->tokenless_itlrecovery)
		return ST_OK;
	error_set(err, ST_FAILED,
	    _("release %s lists no second SAST in a tokenless CTL, so none can sign in its place"),
	    c->cluster->inventory.release.text);
	error_hint(err, "%s", _("delete the CTL on phones that are locked out, by hand"));
	return ST_FAILED;
}

/* The generation whose content comes back. */
static enum status decide_rollback(struct change *c, struct error *err)
{
	enum status st;

	if (c->request->generation == c->cluster->current.number) {
		error_set(err, ST_USAGE, _("generation %lld is the current one"),
		    (long long)c->request->generation);
		error_hint(err, "%s", _("see them all with: ctlsign history"));
		return ST_USAGE;
	}
	st = store_generation(c->cluster->store, c->request->generation, &c->old, err);
	if (st == ST_OK)
		st = tl_read(&c->old_list, buffer_bytes(&c->old.ctl), err);
	if (st == ST_OK)
		st = tl_decode_certificates(&c->old_list, NULL, 0, err);
	if (st == ST_OK && strlen(c->old.origins) != c->old_list.n_records)
		st = error_set(err, ST_FORMAT,
		    _("the state does not tell what the records of generation %lld are"),
		    (long long)c->request->generation);
	if (st != ST_OK)
		return st;
	c->mode = c->old.mode == MODE_MIXED ? MODE_MIXED : MODE_NON_SECURE;
	c->signing = c->old.signing == SIGNING_TOKENLESS ? SIGNING_TOKENLESS : SIGNING_TOKENS;
	return ST_OK;
}

static enum status check_tokenless(const struct change *c, struct error *err)
{
	const struct inventory *inventory = &c->cluster->inventory;

	if (c->signing != SIGNING_TOKENLESS || release_rules(&inventory->release)->tokenless)
		return ST_OK;
	error_set(err, ST_FAILED, _("release %s has no tokenless CTL: that came with 10.0(1)"),
	    inventory->release.text);
	error_where(err, "%s", inventory->path);
	error_hint(err, "%s", _("sign with tokens: --tokens"));
	return ST_FAILED;
}

enum status change_decide(struct change *c, struct error *err)
{
	const struct change_request *r = c->request;
	enum status st = ST_OK;

	c->mode = cluster_mode(c->cluster);
	c->signing = cluster_signing(c->cluster);
	if (r->signing != CHANGE_SIGNING_KEEP)
		c->signing =
		    r->signing == CHANGE_SIGNING_TOKENS ? SIGNING_TOKENS : SIGNING_TOKENLESS;
	if (c->current == NULL && r->kind != CHANGE_MIXED_MODE)
		return no_ctl(_("this cluster has no CTL yet"), err);
	switch (r->kind) {
	case CHANGE_MIXED_MODE:
		st = decide_mixed(c, err);
		break;
	case CHANGE_NON_SECURE_MODE:
		c->mode = MODE_NON_SECURE;
		break;
	case CHANGE_UPDATE:
		break;
	case CHANGE_RESET_LOCALKEY:
		st = decide_reset(c, err);
		break;
	case CHANGE_ROLLBACK:
		st = decide_rollback(c, err);
		break;
	}
	if (st == ST_OK && c->signing == SIGNING_TOKENLESS &&
	    (r->add_token || r->remove_token != NULL)) {
		error_set(err, ST_USAGE, "%s",
		    _("the CTL is tokenless, so no token can be added or removed"));
		error_hint(err, "%s",
		    _("to go to tokens see MIGRATING in ctlsign-set-cluster-mixed-mode(1): ctlsign "
		      "trust add "
		      "comes first"));
		return ST_USAGE;
	}
	if (st == ST_OK && c->signing == SIGNING_TOKENLESS && r->n_named > 0) {
		error_set(err, ST_USAGE, "%s",
		    _("the CTL is tokenless, so no token is asked for that --token could answer"));
		error_hint(
		    err, "%s", _("leave --token out, or name a key on a token with --sign-with"));
		return ST_USAGE;
	}
	return st == ST_OK ? check_tokenless(c, err) : st;
}

/* ---- the gate of export control -------------------------------------------------------------- */

/* CUCM stops set-cluster mixed-mode, and what makes a new CTL in mixed mode. */
static bool is_gated(const struct change *c)
{
	return c->mode == MODE_MIXED && c->request->kind != CHANGE_RESET_LOCALKEY;
}

enum status change_check_export(struct change *c, struct error *err)
{
	const struct inventory *inventory = &c->cluster->inventory;
	const struct audit_entry alarm = {.act = c->request->command,
	    .what = "alarm " CHANGE_EXPORT_CONTROL_ALARM,
	    .outcome = "refused: export-controlled functionality is not allowed"};
	enum status st = ST_OK;

	if (!is_gated(c) || inventory->export_controlled)
		return ST_OK;
	if (!c->request->dry_run)
		st = store_audit(c->cluster->store, &alarm, err);
	if (st != ST_OK)
		return st;
	c->request->warn(c->request->context,
	    _("alarm " CHANGE_EXPORT_CONTROL_ALARM ": recorded in the audit log"));
	error_set(err, ST_FAILED, "%s", CHANGE_EXPORT_CONTROL);
	error_hint(
	    err, _("Once it is registered, set export-controlled = yes in %s"), inventory->path);
	return ST_FAILED;
}

/* ---- the SASTs --------------------------------------------------------------------------------
 */

static const X509 *current_anchor(const struct change *c, enum origin origin)
{
	for (size_t i = 0; i < c->current->n_records; i++)
		if (c->cluster->current.origins[i] == (char)origin)
			return c->current->records[i].x509;
	return NULL;
}

static bool stays_sast(const struct change *c, const X509 *certificate)
{
	for (size_t i = 0; i < c->n_sasts; i++)
		if (X509_cmp(c->sasts[i], certificate) == 0)
			return true;
	return false;
}

/* Whether the anchor is replaced by another certificate. */
static bool is_replaced(const struct change *c, enum origin origin)
{
	const X509 *old = current_anchor(c, origin);

	if (old == NULL || stays_sast(c, old))
		return false;
	for (size_t i = 0; i < c->entries.n; i++)
		if (c->entries.origins[i].origin == origin)
			return true;
	return false;
}

enum status change_check_sasts(struct change *c, struct error *err)
{
	if (c->signing == SIGNING_TOKENS && c->n_sasts < 2) {
		error_set(err, ST_LOCKOUT, "%s",
		    _("the CTL would have fewer than two SAST entries: who loses that one token "
		      "loses the phones"));
		error_hint(err, "%s",
		    _("add a token in the same step: ctlsign update --add-token --remove-token "
		      "SERIAL"));
		return ST_LOCKOUT;
	}
	if (c->current == NULL || c->request->force_signer || !is_replaced(c, ORIGIN_CALLMANAGER) ||
	    !is_replaced(c, ORIGIN_ITLRECOVERY))
		return ST_OK;
	error_set(err, ST_LOCKOUT, "%s",
	    _("both recovery anchors, CallManager and ITLRecovery, have new certificates: phones "
	      "that miss this one CTL would trust nobody any more"));
	error_hint(err, "%s",
	    _("put the old certificate of one of them back into ctlsign.conf, update, wait until "
	      "all phones have that CTL, then change the other one; --force-signer does it "
	      "anyway"));
	return ST_LOCKOUT;
}

/* ---- the clock --------------------------------------------------------------------------------
 */

enum status change_set_time(struct change *c, struct error *err)
{
	struct buffer now = BUFFER_INIT, then = BUFFER_INIT;
	const time_t seconds = time(NULL);

	c->plan.timestamp = c->request->has_timestamp ? c->request->timestamp : (uint32_t)seconds;
	if (!c->request->has_timestamp && (seconds < 0 || seconds > (time_t)UINT32_MAX))
		return error_set(err, ST_FAILED, "%s",
		    _("this computer's clock shows a time that a CTL cannot hold"));
	if (c->current == NULL || !c->current->has_timestamp ||
	    c->current->timestamp <= c->plan.timestamp)
		return ST_OK;
	text_time_local(&now, (time_t)c->plan.timestamp);
	text_time_local(&then, (time_t)c->current->timestamp);
	error_set(err, ST_FAILED,
	    _("the new CTL would be dated %s, before the current one of %s: the clock went "
	      "backwards"),
	    buffer_text(&now), buffer_text(&then));
	error_hint(err, "%s", _("set this computer's clock right, or give --timestamp"));
	buffer_free(&now);
	buffer_free(&then);
	return ST_FAILED;
}
