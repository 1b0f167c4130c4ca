/*
 * Phone-SAST-trust as a step of a migration wants it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "cli/cluster_confirm.h"
#include "cli/trust_certificate.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define ACT "migrate next"

/* Index of CERTIFICATE among the journal's SASTs; -1: it is none. */
static int find_sast(const struct journal *journal, const X509 *certificate)
{
	for (size_t i = 0; i < journal->n_sasts; i++)
		if (journal->sasts[i].certificate != NULL &&
		    X509_cmp(journal->sasts[i].certificate, certificate) == 0)
			return (int)i;
	return -1;
}

/* What is there now.  A certificate that the plan does not know would become a SAST all the same.
 */
static enum status read_present(const struct migrate_run *run, migrate_set *out, struct error *err)
{
	*out = 0;
	for (size_t i = 0; i < run->cluster.n_trust; i++) {
		const int at = find_sast(&run->journal, run->cluster.trust[i]);
		struct buffer name = BUFFER_INIT;

		if (at >= 0) {
			*out |= (migrate_set)1 << at;
			continue;
		}
		trust_certificate_name(run->cluster.trust[i], &name);
		error_set(err, ST_FAILED, "%s",
		    _("Phone-SAST-trust has a certificate that the plan knows nothing of"));
		error_where(err, "%s", buffer_text(&name) != NULL ? buffer_text(&name) : "");
		error_hint(err, "%s",
		    _("take it out with: ctlsign trust remove; or plan anew: ctlsign migrate "
		      "abort, then the command that began it"));
		buffer_free(&name);
		return ST_FAILED;
	}
	return ST_OK;
}

static enum status change_store(struct migrate_run *run, size_t index, bool add, struct error *err)
{
	X509 *certificate = run->journal.sasts[index].certificate;
	struct audit_entry audit = {.act = ACT, .outcome = "done"};
	struct buffer what = BUFFER_INIT;
	unsigned char *der = NULL;
	const int len = i2d_X509(certificate, &der);
	char note[96];
	enum status st;

	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be written"));
	buffer_printf(
	    &what, add ? "adds to Phone-SAST-trust: " : "removes from Phone-SAST-trust: ");
	trust_certificate_name(certificate, &what);
	snprintf(note, sizeof(note), _("migration %lld, step %zu"), (long long)run->journal.number,
	    run->position.next + 1);
	audit.what = buffer_text(&what);
	st = buffer_status(&what, err);
	if (st == ST_OK && add)
		st = store_trust_add(
		    run->cluster.store, (struct bytes){der, (size_t)len}, note, &audit, err);
	else if (st == ST_OK)
		st = store_trust_remove(
		    run->cluster.store, (struct bytes){der, (size_t)len}, &audit, err);
	OPENSSL_free(der);
	buffer_free(&what);
	return st;
}

/* The cluster in memory has it, too. */
static enum status change_memory(struct migrate_run *run, migrate_set want, struct error *err)
{
	struct cluster *cluster = &run->cluster;
	X509 **trust = calloc(MIGRATE_SASTS_MAX + 1, sizeof(*trust));
	size_t n = 0;

	if (trust == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < run->journal.n_sasts; i++)
		if ((want >> i & 1) != 0 && X509_up_ref(run->journal.sasts[i].certificate))
			trust[n++] = run->journal.sasts[i].certificate;
	for (size_t i = 0; i < cluster->n_trust; i++)
		X509_free(cluster->trust[i]);
	free(cluster->trust);
	cluster->trust = trust;
	cluster->n_trust = n;
	return ST_OK;
}

static enum status ask(
    const struct migrate_run *run, migrate_set joins, migrate_set leaves, struct error *err)
{
	struct buffer about = BUFFER_INIT;
	enum status st;

	buffer_printf(
	    &about, "%s\n", _("This step changes Phone-SAST-trust, before anything is signed:"));
	for (size_t i = 0; i < run->journal.n_sasts; i++) {
		if ((joins >> i & 1) != 0)
			buffer_printf(&about, _("  adds %s\n"), run->journal.sasts[i].name);
		if ((leaves >> i & 1) != 0)
			buffer_printf(&about, _("  removes %s\n"), run->journal.sasts[i].name);
	}
	st = buffer_status(&about, err);
	if (st == ST_OK)
		st = cluster_confirm(buffer_text(&about), err);
	buffer_free(&about);
	return st;
}

enum status migrate_set_trust(struct migrate_run *run, bool dry_run, bool yes, struct error *err)
{
	const migrate_set want = run->journal.steps[run->position.next].list.trust;
	migrate_set present = 0, joins, leaves;
	enum status st = read_present(run, &present, err);

	joins = want & ~present;
	leaves = present & ~want;
	if (st != ST_OK || (joins | leaves) == 0)
		return st;
	if (!dry_run && !yes)
		st = ask(run, joins, leaves, err);
	for (size_t i = 0; st == ST_OK && !dry_run && i < run->journal.n_sasts; i++)
		if ((joins >> i & 1) != 0)
			st = change_store(run, i, true, err);
	for (size_t i = 0; st == ST_OK && !dry_run && i < run->journal.n_sasts; i++)
		if ((leaves >> i & 1) != 0)
			st = change_store(run, i, false, err);
	return st == ST_OK ? change_memory(run, want, err) : st;
}
