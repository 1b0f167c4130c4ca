/*
 * Drift of CAPF and of those who may sign: tokens, CallManager, ITLRecovery, Phone-SAST-trust.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

/* ---- who can sign the next CTL --------------------------------------------------------------- */

static bool listed(const struct drift_work *work, const X509 *certificate)
{
	return certificate != NULL && tl_find_sast(work->request->current, certificate) != NULL;
}

static const X509 *anchor(const struct drift_work *work, enum tokenless_signer which)
{
	const struct inventory *inventory = work->request->inventory;

	return which == SIGNER_CALLMANAGER ? inventory_publisher(inventory)->certificate.x509
					   : inventory->itlrecovery.x509;
}

static bool usual_can_sign(const struct drift_work *work)
{
	return work->request->signing != SIGNING_TOKENLESS ||
	       listed(work, anchor(work, work->request->inventory->tokenless_signer));
}

/*
 * The way round a usual signer that phones do not know.  Where both anchors are new the old signer
 * makes the other one known first; where there is no other, Phone-SAST-trust makes the new one so.
 */
static const char *way_round(const struct drift_work *work)
{
	const struct inventory *inventory = work->request->inventory;
	const bool callmanager = inventory->tokenless_signer == SIGNER_CALLMANAGER;

	if (!release_rules(&inventory->release)->tokenless_itlrecovery)
		return _("put the old CallManager certificate and key back in ctlsign.conf, "
			 "ctlsign trust add the new certificate, ctlsign update; when all phones "
			 "have that CTL, enter the new ones again, then: ctlsign update");
	if (listed(work, anchor(work, callmanager ? SIGNER_ITLRECOVERY : SIGNER_CALLMANAGER)))
		return _("run ctlsign reset-localkey, which signs with the other SAST; when all "
			 "phones have that CTL: ctlsign update");
	return callmanager ? _("put the old CallManager certificate and key back in ctlsign.conf, "
			       "then: ctlsign update; when all phones have that CTL, enter the new "
			       "ones again, then: ctlsign reset-localkey")
			   : _("put the old ITLRecovery certificate and key back in ctlsign.conf, "
			       "then: ctlsign update; when all phones have that CTL, enter the new "
			       "ones again, then: ctlsign reset-localkey");
}

const char *drift_todo_or(const struct drift_work *work, const char *words)
{
	return usual_can_sign(work) ? words : way_round(work);
}

const char *drift_todo_update(const struct drift_work *work)
{
	return drift_todo_or(
	    work, release_rules(&work->request->inventory->release)->restart_ctimanager
		      ? _("ctlsign update, then restart TFTP, CallManager and CTIManager, and "
			  "reset the phones")
		      : _("ctlsign update, then restart TFTP and CallManager, and reset the "
			  "phones"));
}

/* ---- SASTs and CAPF that are missing, or too many -------------------------------------------- */

/* Why a SAST that is missing matters. */
static const char *todo_for_missing(const struct drift_work *work, enum origin origin)
{
	if (origin == ORIGIN_TOKEN)
		return drift_todo_update(work);
	if (work->request->signing == SIGNING_TOKENS)
		return _("ctlsign update: phones must have a CTL that lists it before tokenless "
			 "signing can begin");
	return drift_todo_or(work,
	    _("ctlsign update: phones must have a CTL that lists it before it can sign, if the "
	      "usual signer's key is lost or new"));
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
	if (tokens == 1)
		drift_add(work, CODE_FEW_TOKENS, "",
		    _("ctlsign update --add-token, and keep the tokens apart"), "%s",
		    _("the CTL lists 1 token: if it is lost or locked, no token can sign the next "
		      "CTL"));
	else if (tokens == 0)
		drift_add(work, CODE_FEW_TOKENS, "",
		    _("insert two new tokens and let a key sign that the CTL does list: ctlsign "
		      "update --sign-with KEY"),
		    "%s",
		    _("the CTL is to be signed by tokens and lists none: no token can sign the "
		      "next one"));
}

/* A tokenless cluster lives by CallManager and ITLRecovery: one of both must stay when one goes. */
static void warn_of_anchors(struct drift_work *work)
{
	const bool known = listed(work, anchor(work, SIGNER_CALLMANAGER)) ||
			   listed(work, anchor(work, SIGNER_ITLRECOVERY));
	unsigned anchors = 0;

	if (work->request->signing != SIGNING_TOKENLESS)
		return;
	for (size_t i = 0; i < work->request->plan->n; i++) {
		enum origin origin = drift_origin_of_entry(work, i);

		if (origin == ORIGIN_CALLMANAGER || origin == ORIGIN_ITLRECOVERY)
			anchors++;
	}
	if (!known)
		drift_add(work, CODE_NO_RECOVERY_ANCHOR, "",
		    _("go back to one of the old keys for one update, as told above; if both are "
		      "lost, the CTL has to be deleted on every phone"),
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
