/*
 * The items of drift: their codes, how they are collected and put in order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const codes[N_CODES] = {
    [CODE_SERVER_ADDED] = "server-added",
    [CODE_SERVER_REMOVED] = "server-removed",
    [CODE_SERVER_RENAMED] = "server-renamed",
    [CODE_SERVER_READDRESSED] = "server-readdressed",
    [CODE_SERVER_ROLE] = "server-role",
    [CODE_TFTP_ADDED] = "tftp-added",
    [CODE_TFTP_REMOVED] = "tftp-removed",
    [CODE_TFTP_RENAMED] = "tftp-renamed",
    [CODE_TFTP_READDRESSED] = "tftp-readdressed",
    [CODE_TFTP_ROLE] = "tftp-role",
    [CODE_FIREWALL_ADDED] = "firewall-added",
    [CODE_FIREWALL_REMOVED] = "firewall-removed",
    [CODE_FIREWALL_RENAMED] = "firewall-renamed",
    [CODE_FIREWALL_READDRESSED] = "firewall-readdressed",
    [CODE_FIREWALL_ROLE] = "firewall-role",
    [CODE_CAPF_ACTIVATED] = "capf-activated",
    [CODE_CAPF_REMOVED] = "capf-removed",
    [CODE_CALLMANAGER_CERTIFICATE] = "callmanager-certificate",
    [CODE_TFTP_CERTIFICATE] = "tftp-certificate",
    [CODE_FIREWALL_CERTIFICATE] = "firewall-certificate",
    [CODE_CAPF_CERTIFICATE] = "capf-certificate",
    [CODE_ITLRECOVERY_CERTIFICATE] = "itlrecovery-certificate",
    [CODE_ENTRY_ADDED] = "entry-added",
    [CODE_ENTRY_REMOVED] = "entry-removed",
    [CODE_ENTRY_CHANGED] = "entry-changed",
    [CODE_SAST_MISSING] = "sast-missing",
    [CODE_SAST_SURPLUS] = "sast-surplus",
    [CODE_TRUST_ADDED] = "trust-added",
    [CODE_TRUST_REMOVED] = "trust-removed",
    [CODE_DOMAIN] = "domain",
    [CODE_UPGRADE] = "upgrade",
    [CODE_DIGEST] = "digest",
    [CODE_DATA_RESTORED] = "data-restored",
    [CODE_NEXT_ADDRESS] = "next-address",
    [CODE_EXPIRES] = "expires",
    [CODE_EXPIRED] = "expired",
    [CODE_FEW_TOKENS] = "few-tokens",
    [CODE_LEFT_BEHIND] = "left-behind",
    [CODE_MOVING] = "moving",
    [CODE_CLOCK] = "clock",
    [CODE_UNSUPPORTED_RELEASE] = "unsupported-release",
    [CODE_NO_RECOVERY_ANCHOR] = "no-recovery-anchor",
    [CODE_EXPORT_CONTROL] = "export-control",
};

static struct drift_item *next_item(struct drift_work *work, enum drift_code code)
{
	struct drift_found *found = work->found;

	if (work->n_found == work->cap_found) {
		size_t cap = work->cap_found == 0 ? 16 : work->cap_found * 2;

		found = reallocarray(work->found, cap, sizeof(*found));
		if (found == NULL) {
			work->no_memory = true;
			return NULL;
		}
		work->found = found;
		work->cap_found = cap;
	}
	found += work->n_found++;
	memset(found, 0, sizeof(*found));
	found->code = code;
	return &found->item;
}

void drift_add(struct drift_work *work, enum drift_code code, const char *name, const char *todo,
    const char *fmt, ...)
{
	struct drift_item *item = next_item(work, code);
	char text[1024];
	va_list ap;

	if (item == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	item->kind = code >= CODE_FIRST_WARNING ? DRIFT_WARNING : DRIFT_UPDATE;
	item->code = codes[code];
	text_cut_into(item->name, sizeof(item->name), name);
	text_one_line_into(item->text, sizeof(item->text), text);
	text_one_line_into(item->todo, sizeof(item->todo), todo != NULL ? todo : "");
}

bool drift_told(const struct drift_work *work, enum drift_code code, const char *name)
{
	for (size_t i = 0; i < work->n_found; i++)
		if (work->found[i].code == code && strcmp(work->found[i].item.name, name) == 0)
			return true;
	return false;
}

enum status drift_hand_over(struct drift_work *work, struct drift *out, struct error *err)
{
	if (work->no_memory)
		return error_no_memory(err);
	if (work->n_found == 0)
		return ST_OK;
	out->items = calloc(work->n_found, sizeof(*out->items));
	if (out->items == NULL)
		return error_no_memory(err);
	for (unsigned code = 0; code < N_CODES; code++)
		for (size_t i = 0; i < work->n_found; i++)
			if (work->found[i].code == (enum drift_code)code)
				out->items[out->n++] = work->found[i].item;
	for (size_t i = 0; i < out->n; i++)
		if (out->items[i].kind == DRIFT_UPDATE)
			out->n_updates++;
	return ST_OK;
}

void drift_free(struct drift *drift)
{
	free(drift->items);
	memset(drift, 0, sizeof(*drift));
}
