/*
 * Drift of what is no single entry's: domain, release, digest, the file itself, mode and clock.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

#include <stdio.h>

/* A clock that is off by less is as good as right (seconds). */
#define CLOCK_TOLERANCE 60

static void check_domain(struct drift_work *work)
{
	const char *domain = work->request->inventory->domain;
	char then[DRIFT_NAME_MAX], now[DRIFT_NAME_MAX];

	/* Cisco asks for an update in mixed mode whatever the names are. */
	if (!work->domain_changed || (work->request->mode != MODE_MIXED && !work->domain_renames))
		return;
	text_printable_into(now, sizeof(now), text_bytes(domain != NULL ? domain : ""));
	text_printable_into(then, sizeof(then), text_bytes(work->request->domain));
	if (now[0] == '\0')
		drift_add(work, CODE_DOMAIN, "", drift_todo_update(work),
		    _("the cluster has no domain now, the CTL was made for %s"), then);
	else if (then[0] == '\0')
		drift_add(work, CODE_DOMAIN, now, drift_todo_update(work),
		    _("the cluster's domain is %s now, the CTL was made without one"), now);
	else
		drift_add(work, CODE_DOMAIN, now, drift_todo_update(work),
		    _("the cluster's domain is %s now, the CTL was made for %s"), now, then);
}

static void check_release(struct drift_work *work)
{
	const struct release *now = &work->request->inventory->release;
	const char *crossed = NULL;

	if (work->request->release != NULL &&
	    release_crosses(work->request->release, now, &crossed))
		drift_add(work, CODE_UPGRADE, "", drift_todo_update(work),
		    _("the cluster runs release %s now and the CTL was made for %s: across %s it "
		      "has to be made anew"),
		    now->text, work->request->release->text, crossed != NULL ? crossed : "");
	if (work->request->signing == SIGNING_TOKENLESS && !release_rules(now)->supported)
		drift_add(work, CODE_UNSUPPORTED_RELEASE, "",
		    _("upgrade to a release that is supported, or sign with tokens"),
		    _("Cisco does not support tokenless signing with release %s"), now->text);
}

static void check_digest(struct drift_work *work)
{
	const struct inventory *inventory = work->request->inventory;
	unsigned digest = work->request->current->digest;
	const char *then = tl_digest_name(digest);
	char number[16];

	if (!inventory->has_digest || (unsigned)inventory->digest == digest)
		return;
	(void)snprintf(number, sizeof(number), "%u", digest);
	if (inventory->digest == TL_SHA512)
		drift_add(work, CODE_DIGEST, "", drift_todo_update(work),
		    _("the digest is to be %s, in the CTL it is %s: phones must know it, which "
		      "takes firmware of the age of release 11.5(1)"),
		    tl_digest_name(inventory->digest), then != NULL ? then : number);
	else
		drift_add(work, CODE_DIGEST, "", drift_todo_update(work),
		    _("the digest is to be %s, in the CTL it is %s: phones must know it"),
		    tl_digest_name(inventory->digest), then != NULL ? then : number);
}

static void check_file(struct drift_work *work)
{
	/* Out of mixed mode it is deleted on purpose: that is the way back to the default. */
	if (work->request->file_missing && work->request->mode == MODE_NON_SECURE)
		return;
	if (work->request->file_missing)
		drift_add(work, CODE_DATA_RESTORED, "", drift_todo_update(work),
		    _("the CTL is not there: %s"), work->request->file);
	else if (work->request->file_differs)
		drift_add(work, CODE_DATA_RESTORED, "", drift_todo_update(work),
		    _("%s is not the CTL of the current generation: it was restored or changed"),
		    work->request->file);
}

static void check_mode(struct drift_work *work)
{
	if (work->request->mode == MODE_NON_SECURE && !work->request->file_missing)
		drift_add(work, CODE_LEFT_BEHIND, "",
		    _("delete the CTL on the phones, and CTLFile.tlv on every TFTP server"), "%s",
		    _("the cluster is in non-secure mode and its CTL is still there: phones go "
		      "back to default only when it is deleted on phones and servers"));
}

/* Neither the first CTL nor an update is signed then. */
static void check_export(struct drift_work *work)
{
	const struct inventory *inventory = work->request->inventory;

	if (inventory->export_controlled || work->request->mode != MODE_MIXED)
		return;
	drift_add(work, CODE_EXPORT_CONTROL, "",
	    _("once the cluster is registered so that it allows export-controlled functionality, "
	      "set export-controlled = yes in ctlsign.conf"),
	    "%s",
	    work->request->current == NULL
		? _("export-controlled is no: set-cluster mixed-mode will be refused")
		: _("export-controlled is no: in mixed mode an update will be refused"));
}

static void check_clock(struct drift_work *work)
{
	const struct trustlist *list = work->request->current;
	struct buffer made = BUFFER_INIT, now = BUFFER_INIT;
	const char *made_text, *now_text;

	if (!list->has_timestamp || (time_t)list->timestamp <= work->request->now + CLOCK_TOLERANCE)
		return;
	text_time_local(&made, (time_t)list->timestamp);
	text_time_local(&now, work->request->now);
	made_text = buffer_text(&made);
	now_text = buffer_text(&now);
	if (made_text == NULL || now_text == NULL)
		work->no_memory = true;
	else
		drift_add(work, CODE_CLOCK, "",
		    _("set this machine's clock, before anything is signed"),
		    _("the CTL was made on %s, and this machine's clock says %s"), made_text,
		    now_text);
	buffer_free(&made);
	buffer_free(&now);
}

void drift_settings(struct drift_work *work)
{
	check_export(work);
	if (work->request->current == NULL)
		return;
	check_domain(work);
	check_release(work);
	check_digest(work);
	check_file(work);
	check_mode(work);
	check_clock(work);
}
