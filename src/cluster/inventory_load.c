/*
 * Reading the certificates that an inventory names.
 *
 * Two threads read them: OpenSSL's decoding of one takes a third of a millisecond.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* What CUCM takes for a subject or issuer; with more it refuses mixed mode. */
#define NAME_MAX_LENGTH 255

struct loading {
	struct inventory_certificate **list; /* in the file's order */
	size_t n;
	atomic_size_t next;
	pthread_mutex_t lock; /* of failed_at, status and err */
	size_t failed_at;
	enum status status;
	struct error err;
};

/* WHAT: the sentence when the name is too long. */
static enum status check_name(const X509_NAME *name, const char *what, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	enum status st = tl_name_text(name, TL_NAMES_CUCM, &text, err);

	if (st == ST_OK)
		st = buffer_status(&text, err);
	if (st == ST_OK && text.len > NAME_MAX_LENGTH) {
		st = error_set(err, ST_LIMIT, "%s", what);
		error_hint(err, _("make a certificate with a name of at most %d characters"),
		    NAME_MAX_LENGTH);
	}
	buffer_free(&text);
	return st;
}

static enum status load(struct inventory_certificate *certificate, struct error *err)
{
	enum status st = certificate_read(certificate->path, &certificate->x509, err);

	if (st == ST_OK)
		st = check_name(X509_get_subject_name(certificate->x509),
		    _("the certificate's subject is longer than 255 characters: CUCM refuses "
		      "mixed mode with it"),
		    err);
	if (st == ST_OK)
		st = check_name(X509_get_issuer_name(certificate->x509),
		    _("the certificate's issuer is longer than 255 characters: CUCM refuses "
		      "mixed mode with it"),
		    err);
	return st;
}

static void *load_some(void *context)
{
	struct loading *loading = context;
	struct error err;
	size_t at;

	while ((at = atomic_fetch_add(&loading->next, 1)) < loading->n) {
		enum status st = load(loading->list[at], &err);

		if (st == ST_OK)
			continue;
		pthread_mutex_lock(&loading->lock);
		if (loading->status == ST_OK || at < loading->failed_at) {
			loading->failed_at = at;
			loading->status = st;
			loading->err = err;
		}
		pthread_mutex_unlock(&loading->lock);
	}
	return NULL;
}

static void add(struct loading *loading, struct inventory_certificate *certificate)
{
	if (certificate->path != NULL && certificate->x509 == NULL)
		loading->list[loading->n++] = certificate;
}

static void add_servers(struct loading *loading, struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(loading, &servers[i].certificate);
}

static int by_line(const void *a, const void *b)
{
	const struct inventory_certificate *const *first = a, *const *second = b;

	return ((*first)->line > (*second)->line) - ((*first)->line < (*second)->line);
}

static enum status collect(struct inventory *inventory, struct loading *loading, struct error *err)
{
	const size_t room = 2 * inventory->n_nodes + inventory->n_alternate_tftp +
			    inventory->n_firewalls + inventory->n_entries + 1;

	loading->list = calloc(room, sizeof(struct inventory_certificate *));
	if (loading->list == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		add(loading, &inventory->nodes[i].certificate);
		add(loading, &inventory->nodes[i].capf);
	}
	add_servers(loading, inventory->alternate_tftp, inventory->n_alternate_tftp);
	add_servers(loading, inventory->firewalls, inventory->n_firewalls);
	add_servers(loading, inventory->entries, inventory->n_entries);
	add(loading, &inventory->itlrecovery);
	qsort(loading->list, loading->n, sizeof(struct inventory_certificate *), by_line);
	return ST_OK;
}

enum status inventory_load(struct inventory *inventory, struct error *err)
{
	struct loading loading = {.lock = PTHREAD_MUTEX_INITIALIZER};
	enum status st = collect(inventory, &loading, err);
	pthread_t helper;
	bool helped;

	if (st != ST_OK)
		return st;
	helped = loading.n > 1 && pthread_create(&helper, NULL, load_some, &loading) == 0;
	load_some(&loading);
	if (helped)
		pthread_join(helper, NULL);
	pthread_mutex_destroy(&loading.lock);
	if (loading.status != ST_OK) {
		const struct inventory_certificate *failed = loading.list[loading.failed_at];

		error_where(&loading.err, _("%s: line %u: %s"), inventory->path, failed->line,
		    failed->path);
		if (err != NULL)
			*err = loading.err;
	}
	free(loading.list);
	return loading.status;
}
