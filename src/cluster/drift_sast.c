/*
 * Drift of CAPF and of those who may sign: tokens, CallManager, ITLRecovery, Phone-SAST-trust.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

/* Why a SAST that is missing matters. */
static const char *todo_for_missing(const struct drift_work *work, enum origin origin)
{
	if (origin == ORIGIN_TOKEN)
		return drift_todo_update(work);
	if (work->request->signing == SIGNING_TOKENS)
		return _("update the CTL: phones must have one that lists it before tokenless "
			 "signing can begin");
	return _("update the CTL: phones must have one that lists it before it can sign, if the "
		 "usual signer's key is lost or new");
}

static void tell_missing(struct drift_work *work, size_t entry)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum origin origin = drift_origin_of_entry(work, entry);
	char name[DRIFT_NAME_MAX], whose[DRIFT_TITLE_MAX], serial[DRIFT_SERIAL_MAX];

	drift_entry_name(name, work, entry);
	drift_whose(whose, work, entry);
	drift_serial(serial, tl_certificate_serial(planned->certificate));
	switch (origin) {
	case ORIGIN_CAPF:
		drift_add(work, CODE_CAPF_ACTIVATED, name, drift_todo_update(work),
		    _("CAPF is active on %s and not in the CTL: serial %s"), name, serial);
		break;
	case ORIGIN_TRUST:
		drift_add(work, CODE_TRUST_ADDED, name, drift_todo_update(work),
		    _("%s is not in the CTL as SAST: serial %s"), whose, serial);
		break;
	case ORIGIN_TOKEN:
		drift_add(work, CODE_SAST_MISSING, name, todo_for_missing(work, origin),
		    _("%s is not in the CTL as SAST: serial %s"), whose, serial);
		break;
	default:
		drift_add(work, CODE_SAST_MISSING, name, todo_for_missing(work, origin),
		    _("%s is not in the CTL as SAST, and release %s calls for it: serial %s"),
		    whose, work->request->inventory->release.text, serial);
		break;
	}
}

static void tell_surplus(struct drift_work *work, size_t record)
{
	const struct tl_record *r = &work->request->current->records[record];
	char name[DRIFT_NAME_MAX], serial[DRIFT_SERIAL_MAX];

	drift_record_name(name, r);
	drift_serial(serial, r->serial);
	if (drift_origin_of_record(work, record) == ORIGIN_TRUST)
		drift_add(work, CODE_TRUST_REMOVED, name, drift_todo_update(work),
		    _("%s stands in the CTL as SAST and no longer in Phone-SAST-trust: serial %s"),
		    name, serial);
	else
		drift_add(work, CODE_SAST_SURPLUS, name, drift_todo_update(work),
		    _("%s stands in the CTL as SAST and is not called for: serial %s"), name,
		    serial);
}

static void warn_of_few_tokens(struct drift_work *work)
{
	unsigned tokens = 0;

	if (work->request->signing != SIGNING_TOKENS)
		return;
	for (size_t i = 0; i < work->request->current->n_records; i++)
		if (drift_origin_of_record(work, i) == ORIGIN_TOKEN)
			tokens++;
	if (tokens < 2)
		drift_add(work, CODE_FEW_TOKENS, "",
		    _("add a token with 'ctlsign update --add-token', and keep the tokens apart"),
		    ngettext("the CTL lists %u token: if it is lost or locked, no token can sign "
			     "the next CTL",
			"the CTL lists %u tokens: none can sign the next CTL", tokens),
		    tokens);
}

static bool listed(const struct drift_work *work, const X509 *certificate)
{
	return certificate != NULL && tl_find_sast(work->request->current, certificate) != NULL;
}

/* A tokenless cluster lives by CallManager and ITLRecovery: one of both must stay when one goes. */
static void warn_of_anchors(struct drift_work *work)
{
	const struct inventory *inventory = work->request->inventory;
	const X509 *callmanager = inventory_publisher(inventory)->certificate.x509;
	const X509 *itlrecovery = inventory->itlrecovery.x509;
	unsigned anchors = 0;

	if (work->request->signing != SIGNING_TOKENLESS)
		return;
	for (size_t i = 0; i < work->request->plan->n; i++) {
		enum origin origin = drift_origin_of_entry(work, i);

		if (origin == ORIGIN_CALLMANAGER || origin == ORIGIN_ITLRECOVERY)
			anchors++;
	}
	if (!listed(work, callmanager) && !listed(work, itlrecovery))
		drift_add(work, CODE_NO_RECOVERY_ANCHOR, "",
		    _("sign the update with a key that the CTL lists, if there still is one; else "
		      "the CTL has to be deleted on every phone"),
		    "%s",
		    _("the CTL lists neither today's CallManager certificate nor today's "
		      "ITLRecovery: phones would reject what these sign"));
	else if (anchors < 2)
		drift_add(work, CODE_NO_RECOVERY_ANCHOR, "",
		    _("keep a copy of the CallManager key, or upgrade to 10.5(2) or later"), "%s",
		    _("the CTL has one SAST that can sign: when its certificate is new, nothing "
		      "is left that phones trust"));
}

void drift_sast(struct drift_work *work)
{
	const struct cluster_plan *plan = work->request->plan;

	for (size_t i = 0; i < plan->n; i++) {
		enum origin origin = drift_origin_of_entry(work, i);

		if (!drift_is_sast(origin) && origin != ORIGIN_CAPF)
			continue;
		if (work->record_of[i] == DRIFT_NONE) {
			if (!plan->origins[i].next_address)
				tell_missing(work, i);
		} else if (origin != ORIGIN_TOKEN && origin != ORIGIN_TRUST) {
			drift_place(work, i);
		}
	}
	for (size_t i = 0; i < work->request->current->n_records; i++)
		if (work->entry_of[i] == DRIFT_NONE &&
		    drift_is_sast(drift_origin_of_record(work, i)))
			tell_surplus(work, i);
	warn_of_few_tokens(work);
	warn_of_anchors(work);
}
