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

static enum status ask(
    const struct migrate_run *run, migrate_set joins, migrate_set leaves, struct error *err)
{
	struct buffer about = BUFFER_INIT;
	enum status st;

	buffer_printf(&about, "%s\n",
	    _("This step changes Phone-SAST-trust: what joins, before anything is signed; what "
	      "leaves, once the CTL is on every server:"));
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

/* Phone-SAST-trust as it is kept now; owned. */
static enum status store_trust_certificates(
    struct migrate_run *run, X509 ***out, size_t *n, struct error *err)
{
	struct store_trusted *kept = NULL;
	size_t n_kept = 0;
	enum status st = store_trust(run->cluster.store, &kept, &n_kept, err);

	*n = 0;
	*out = calloc(n_kept + 1, sizeof(**out));
	if (st == ST_OK && *out == NULL)
		st = error_no_memory(err);
	for (size_t i = 0; st == ST_OK && i < n_kept; i++) {
		const unsigned char *der = kept[i].certificate.data;
		X509 *certificate = d2i_X509(NULL, &der, (long)kept[i].certificate.len);

		if (certificate != NULL)
			(*out)[(*n)++] = certificate;
	}
	store_trust_free(kept, n_kept);
	if (st != ST_OK) {
		free(*out);
		*out = NULL;
	}
	return st;
}

static enum status refuse_unknown(const X509 *certificate, struct error *err)
{
	struct buffer name = BUFFER_INIT;

	trust_certificate_name(certificate, &name);
	error_set(err, ST_FAILED, "%s",
	    _("Phone-SAST-trust has a certificate that the plan knows nothing of"));
	error_where(err, "%s", buffer_text(&name) != NULL ? buffer_text(&name) : "");
	error_hint(err, "%s",
	    _("take it out with: ctlsign trust remove; or plan anew: ctlsign migrate abort, then "
	      "the command that began it"));
	buffer_free(&name);
	return ST_FAILED;
}

/*
 * What of the plan is there now.  STRICT: a certificate that the plan does not know, and that would
 * become a SAST all the same, is refused.
 */
static enum status read_present(
    struct migrate_run *run, bool strict, migrate_set *out, struct error *err)
{
	X509 **trust = NULL;
	size_t n = 0;
	enum status st = store_trust_certificates(run, &trust, &n, err);

	*out = 0;
	for (size_t i = 0; i < n; i++) {
		const int at = find_sast(&run->journal, trust[i]);

		if (at >= 0)
			*out |= (migrate_set)1 << at;
		else if (strict && st == ST_OK)
			st = refuse_unknown(trust[i], err);
		X509_free(trust[i]);
	}
	free(trust);
	return st;
}

/* Adds SET to what is kept, or takes it out. */
static enum status change_all(struct migrate_run *run, migrate_set set, bool add, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < run->journal.n_sasts; i++)
		if ((set >> i & 1) != 0)
			st = change_store(run, i, add, err);
	return st;
}

enum status migrate_trust_join(struct migrate_run *run, bool dry_run, bool yes, struct error *err)
{
	const migrate_set want = run->journal.steps[run->position.next].list.trust;
	migrate_set present = 0, joins, leaves;
	enum status st = read_present(run, true, &present, err);

	joins = want & ~present;
	leaves = present & ~want;
	if (st != ST_OK || (joins | leaves) == 0 || dry_run)
		return st;
	if (!yes)
		st = ask(run, joins, leaves, err);
	return st == ST_OK ? change_all(run, joins, true, err) : st;
}

enum status migrate_trust_leave(struct migrate_run *run, struct error *err)
{
	const size_t next = run->position.next;
	migrate_set present = 0;
	enum status st;

	/* Nothing was made yet, or it is not on every server: what was trusted has to stay. */
	if (next == 0 || run->position.pending > 0 ||
	    (run->position.place != JOURNAL_READY && run->position.place != JOURNAL_FINISHED))
		return ST_OK;
	st = read_present(run, false, &present, err);
	if (st != ST_OK)
		return st;
	return change_all(run, present & ~run->journal.steps[next - 1].list.trust, false, err);
}
