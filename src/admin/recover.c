/*
 * Puts in order what a run that was killed left: the journal of a new generation.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/recover.h"

#include "admin/begin.h"
#include "base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Adds a sentence to what is told about it. */
static void tell(struct cluster *cluster, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(struct cluster *cluster, const char *fmt, ...)
{
	char text[512], *all = NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (cluster->recovered == NULL)
		cluster->recovered = strdup(text);
	else if (asprintf(&all, "%s; %s", cluster->recovered, text) >= 0) {
		free(cluster->recovered);
		cluster->recovered = all;
	}
}

enum status admin_compare_file(
    const char *path, const struct buffer *with, bool *missing, bool *differs, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	enum status st;

	*missing = access(path, F_OK) != 0 && errno == ENOENT;
	*differs = false;
	if (*missing)
		return ST_OK;
	st = file_read(path, TL_MAX_FILE, &file, NULL, err);
	/* Whatever is too long for a list is another file. */
	if (st == ST_LIMIT) {
		*differs = true;
		st = ST_OK;
	} else if (st == ST_OK) {
		*differs = !bytes_equal(buffer_bytes(&file), buffer_bytes(with));
	}
	buffer_free(&file);
	return st;
}

enum status admin_look_at_file(
    const struct cluster *cluster, bool *missing, bool *differs, struct error *err)
{
	return admin_compare_file(
	    cluster->inventory.ctl_file, &cluster->current.ctl, missing, differs, err);
}

/* Nobody has to publish what the servers had before. */
static bool is_taken_over(const struct generation *generation)
{
	return strncmp(generation->reason, BEGIN_REASON, strlen(BEGIN_REASON)) == 0;
}

static enum status settle(
    struct cluster *cluster, const struct generation *pending, struct error *err)
{
	struct audit_entry audit = {.act = pending->reason, .signer = pending->signer};
	/* Not today's setting: it may have changed since. */
	const char *file = pending->file[0] != '\0' ? pending->file : cluster->inventory.ctl_file;
	bool missing, differs;
	char what[64];
	enum status st = admin_compare_file(file, &pending->ctl, &missing, &differs, err);

	if (st != ST_OK)
		return st;
	snprintf(what, sizeof(what), "generation %lld", (long long)pending->number);
	audit.what = what;
	if (!missing && !differs && is_taken_over(pending)) {
		audit.outcome = "done: the run was interrupted, and its CTL file was written";
		tell(cluster,
		    _("the last run (%s) was interrupted after its CTL was written: generation "
		      "%lld is current now"),
		    pending->reason, (long long)pending->number);
		return store_finish(cluster->store, pending->number, &audit, err);
	}
	if (!missing && !differs) {
		audit.outcome = "signed: the run was interrupted after its CTL file was written";
		tell(cluster,
		    _("the last run (%s) was interrupted after its CTL was written: generation "
		      "%lld is signed, and not published"),
		    pending->reason, (long long)pending->number);
		return store_deliver(
		    cluster->store, pending->number, DELIVERY_SIGNED, NULL, 0, &audit, err);
	}
	audit.outcome = "abandoned: the run was interrupted before its CTL file was written";
	tell(cluster,
	    _("the last run (%s) was interrupted: its generation %lld was never in use and is "
	      "abandoned"),
	    pending->reason, (long long)pending->number);
	return store_abandon(cluster->store, pending->number, &audit, err);
}

enum status admin_recover(struct cluster *cluster, struct error *err)
{
	struct delivery delivery = {.phase = DELIVERY_NONE};
	struct generation pending = GENERATION_INIT;
	enum status st = store_pending(cluster->store, &pending, err);

	if (st == ST_OK && pending.number > 0)
		st = store_delivery(cluster->store, &delivery, err);
	/* With a journal it is known how far it is: `ctlsign publish` goes on. */
	if (st == ST_OK && pending.number > 0 && delivery.phase == DELIVERY_NONE)
		st = settle(cluster, &pending, err);
	delivery_free(&delivery);
	generation_free(&pending);
	return st;
}
