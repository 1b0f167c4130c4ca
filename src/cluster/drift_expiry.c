/*
 * Certificates that have ended or will soon, each told once, however many entries it stands in.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

#include <stdio.h>

#define DAY ((time_t)24 * 60 * 60)

static bool stands_before(const struct drift_work *work, size_t entry)
{
	for (size_t i = 0; i < entry; i++)
		if (bytes_equal(work->ders[i], work->ders[entry]))
			return true;
	return false;
}

/* TODO gets room for what is to be done about the certificate of ENTRY. */
static const char *todo_for(const struct drift_work *work, size_t entry, char *todo, size_t size)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	char serial[DRIFT_SERIAL_MAX];

	drift_serial(serial, tl_certificate_serial(planned->certificate));
	switch (drift_origin_of_entry(work, entry)) {
	case ORIGIN_TOKEN:
		(void)snprintf(todo, size,
		    _("prepare a new token, then: ctlsign update --add-token --remove-token %s"),
		    serial);
		return todo;
	case ORIGIN_TRUST:
		(void)snprintf(todo, size,
		    _("ctlsign trust add its successor and ctlsign trust remove %s, then: ctlsign "
		      "update"),
		    serial);
		return todo;
	default:
		return work->request->current == NULL
			   ? _("have a new one made, and name it in ctlsign.conf")
			   : _("have a new one made and name it in ctlsign.conf; ctlsign status "
			       "then tells how to update the CTL");
	}
}

static void tell(struct drift_work *work, size_t entry, time_t ends)
{
	const time_t left = ends - work->request->now;
	const unsigned days = left > 0 ? (unsigned)(left / DAY) : 0;
	char name[DRIFT_NAME_MAX], whose[DRIFT_TITLE_MAX], room[256];
	const char *todo = todo_for(work, entry, room, sizeof(room));
	struct buffer when = BUFFER_INIT;
	const char *date;

	text_time_local(&when, ends);
	date = buffer_text(&when);
	if (date == NULL) {
		work->no_memory = true;
		return;
	}
	drift_entry_name(name, work, entry);
	drift_whose(whose, work, entry);
	if (left < 0)
		drift_add(work, CODE_EXPIRED, name, todo, _("%s has expired: on %s"), whose, date);
	else
		drift_add(work, CODE_EXPIRES, name, todo,
		    ngettext("%s expires in %u day: on %s", "%s expires in %u days: on %s", days),
		    whose, days, date);
	buffer_free(&when);
}

void drift_expiry(struct drift_work *work)
{
	const struct cluster_plan *plan = work->request->plan;
	const time_t soon = (time_t)work->request->inventory->expiry_days * DAY;

	for (size_t i = 0; i < plan->n; i++) {
		time_t begins, ends;

		if (plan->entries[i].certificate == NULL || stands_before(work, i) ||
		    !tl_certificate_validity(plan->entries[i].certificate, &begins, &ends))
			continue;
		if (ends - work->request->now < soon || ends < work->request->now)
			tell(work, i, ends);
	}
}
