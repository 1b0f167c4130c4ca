/*
 * Drift of certificates: new ones of servers, firewalls, CAPF, and of the cluster's own SASTs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

static enum drift_code code_for(const struct drift_work *work, size_t entry)
{
	switch (drift_origin_of_entry(work, entry)) {
	case ORIGIN_ITLRECOVERY:
		return CODE_ITLRECOVERY_CERTIFICATE;
	case ORIGIN_CAPF:
		return CODE_CAPF_CERTIFICATE;
	case ORIGIN_FIREWALL:
		return CODE_FIREWALL_CERTIFICATE;
	case ORIGIN_ALTERNATE_TFTP:
		return CODE_TFTP_CERTIFICATE;
	case ORIGIN_NODE:
		return work->request->plan->entries[entry].role == TL_ROLE_TFTP
			   ? CODE_TFTP_CERTIFICATE
			   : CODE_CALLMANAGER_CERTIFICATE;
	case ORIGIN_CALLMANAGER:
		return CODE_CALLMANAGER_CERTIFICATE;
	default:
		return CODE_ENTRY_CHANGED;
	}
}

/* The publisher's CallManager certificate stands in its own record and as SAST: told once. */
static void tell_new(struct drift_work *work, size_t entry, const struct tl_record *record)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_code code = code_for(work, entry);
	char name[DRIFT_NAME_MAX], whose[DRIFT_TITLE_MAX];
	char now[DRIFT_SERIAL_MAX], then[DRIFT_SERIAL_MAX];

	drift_entry_name(name, work, entry);
	if (drift_told(work, code, name))
		return;
	drift_whose(whose, work, entry);
	drift_serial(now, tl_certificate_serial(planned->certificate));
	if (record->serial.len == 0)
		drift_add(work, code, name, drift_todo_update(work),
		    _("%s is not in the CTL: serial %s"), whose, now);
	else
		drift_add(work, code, name, drift_todo_update(work),
		    _("%s is new: serial %s; in the CTL it is %s"), whose, now,
		    drift_serial(then, record->serial));
}

void drift_certificates(struct drift_work *work)
{
	const struct drift_request *request = work->request;

	for (size_t i = 0; i < request->plan->n; i++) {
		const struct tl_record *record;

		/* In non-secure mode no certificate of a server is planned. */
		if (work->record_of[i] == DRIFT_NONE || request->plan->origins[i].record != 0 ||
		    request->plan->entries[i].certificate == NULL)
			continue;
		record = &request->current->records[work->record_of[i]];
		if (drift_is_sast(drift_origin_of_entry(work, i)) &&
		    tl_find_sast(request->current, request->plan->entries[i].certificate) != NULL)
			continue;
		if (!drift_same_certificate(work, i, record))
			tell_new(work, i, record);
	}
}
