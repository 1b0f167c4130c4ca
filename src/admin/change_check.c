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

#define ONE_DAY 86400

/* ---- what is under way ----------------------------------------------------------------------- */

enum status change_check_pending(const struct change *c, struct error *err)
{
	const int64_t number = c->cluster->pending.number;

	if (number == 0)
		return ST_OK;
	switch (c->cluster->phase) {
	case DELIVERY_CARRY:
		error_set(err, ST_FAILED,
		    _("generation %lld is signed, and nobody has said yet that all servers have "
		      "it"),
		    (long long)number);
		error_hint(err, "%s",
		    _("when it was carried to all: ctlsign publish --by-hand; to drop it: ctlsign "
		      "publish --back"));
		break;
	case DELIVERY_COMMIT:
	case DELIVERY_BACK:
		error_set(err, ST_FAILED,
		    c->cluster->phase == DELIVERY_BACK
			? _("generation %lld is being taken back, and some servers may have it")
			: _("generation %lld is on some servers, and may not be on others"),
		    (long long)number);
		error_hint(err, "%s",
		    _("end that first with ctlsign publish --resume or --back; a server that is "
		      "gone for good is taken out of ctlsign.conf, then --resume"));
		break;
	default:
		error_set(err, ST_FAILED, _("generation %lld is signed, and not published yet"),
		    (long long)number);
		error_hint(err, "%s",
		    _("deliver it with: ctlsign publish; or drop it with: ctlsign publish --back"));
		break;
	}
	return ST_FAILED;
}

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
	if (!c->request->dry_run) {
		st = store_audit(c->cluster->store, &alarm, err);
		if (st != ST_OK)
			return st;
		c->request->warn(c->request->context,
		    _("alarm " CHANGE_EXPORT_CONTROL_ALARM ": recorded in the audit log"));
	}
	error_set(err, ST_FAILED, "%s", CHANGE_EXPORT_CONTROL);
	error_hint(
	    err, _("Once it is registered, set export-controlled = yes in %s"), inventory->path);
	return ST_FAILED;
}

/* ---- the clock --------------------------------------------------------------------------------
 */

/* A list from the future would keep every later one out. */
static enum status check_future(const struct change *c, time_t now, struct error *err)
{
	struct buffer then = BUFFER_INIT;

	if (!c->request->has_timestamp || (time_t)c->plan.timestamp <= now + ONE_DAY)
		return ST_OK;
	text_time_local(&then, (time_t)c->plan.timestamp);
	error_set(err, ST_USAGE,
	    _("--timestamp is %s, more than a day ahead: no later CTL could follow it"),
	    buffer_text(&then));
	error_hint(err, "%s", _("give the time of today, or leave --timestamp out"));
	buffer_free(&then);
	return ST_USAGE;
}

/* The latest list that phones may have: the current one, or another that is or was served. */
static uint32_t latest_timestamp(const struct change *c)
{
	uint32_t latest = 0;

	if (c->current != NULL && c->current->has_timestamp)
		latest = c->current->timestamp;
	if (c->served.is_other && c->served.list.has_timestamp && c->served.list.timestamp > latest)
		latest = c->served.list.timestamp;
	for (size_t i = 0; i < c->n_withdrawn; i++)
		if (c->withdrawn[i].list.has_timestamp && c->withdrawn[i].list.timestamp > latest)
			latest = c->withdrawn[i].list.timestamp;
	return latest;
}

static enum status goes_back(const struct change *c, time_t now, struct error *err)
{
	struct buffer new = BUFFER_INIT, old = BUFFER_INIT;
	const uint32_t latest = latest_timestamp(c);
	const bool future = (time_t)latest > now + ONE_DAY;

	text_time_local(&new, (time_t)c->plan.timestamp);
	text_time_local(&old, (time_t)latest);
	error_set(err, ST_FAILED,
	    _("the new CTL would be dated %s, before the one of %s that phones have: the clock "
	      "went backwards"),
	    buffer_text(&new), buffer_text(&old));
	if (future && !c->request->has_timestamp)
		error_hint(err,
		    _("compare this computer's clock; if it is right and the current CTL is in the "
		      "future, give --timestamp %lu"),
		    (unsigned long)latest + 1);
	else
		error_hint(err, "%s", _("set this computer's clock right, or give --timestamp"));
	buffer_free(&new);
	buffer_free(&old);
	return ST_FAILED;
}

enum status change_set_time(struct change *c, struct error *err)
{
	const time_t now = time(NULL);
	const bool behind_future = (time_t)latest_timestamp(c) > now + ONE_DAY;

	c->plan.timestamp = c->request->has_timestamp ? c->request->timestamp : (uint32_t)now;
	if (!c->request->has_timestamp && (now < 0 || now > (time_t)UINT32_MAX))
		return error_set(err, ST_FAILED, "%s",
		    _("this computer's clock shows a time that a CTL cannot hold"));
	/* Behind one from the future there is no other way than further ahead. */
	if (!behind_future && check_future(c, now, err) != ST_OK)
		return ST_USAGE;
	if (latest_timestamp(c) <= c->plan.timestamp)
		return ST_OK;
	return goes_back(c, now, err);
}
