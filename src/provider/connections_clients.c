/*
 * Whose connections they are: certificates on the list, and connections an address.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/connections_parts.h"

#include "base/text.h"
#include "trustlist/trustlist.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* ---- how many of an address -------------------------------------------------------------------
 */

bool connections_enter(struct connections *all, const struct in6_addr *address)
{
	bool entered = false;
	size_t i = 0;

	pthread_mutex_lock(&all->counting);
	while (i < all->n_clients && !IN6_ARE_ADDR_EQUAL(&all->clients[i].address, address))
		i++;
	if (i == all->n_clients && i < all->room) {
		all->clients[i].address = *address;
		all->clients[i].n = 0;
		all->n_clients++;
	}
	if (i < all->n_clients && all->clients[i].n < all->max_per_client) {
		all->clients[i].n++;
		entered = true;
	}
	pthread_mutex_unlock(&all->counting);
	return entered;
}

void connections_leave(struct connections *all, const struct in6_addr *address)
{
	size_t i = 0;

	pthread_mutex_lock(&all->counting);
	while (i < all->n_clients && !IN6_ARE_ADDR_EQUAL(&all->clients[i].address, address))
		i++;
	if (i < all->n_clients && --all->clients[i].n == 0)
		all->clients[i] = all->clients[--all->n_clients];
	pthread_mutex_unlock(&all->counting);
}

unsigned connections_count(const struct connections *connections)
{
	return atomic_load(&connections->n);
}

bool connections_full(const struct connections *connections)
{
	return atomic_load(&connections->n) >= connections->max;
}

/* ---- whose certificate ------------------------------------------------------------------------
 */

static void set_subject(struct connection *connection, const X509 *certificate)
{
	struct buffer name = BUFFER_INIT;

	if (tl_name_text(X509_get_subject_name(certificate), TL_NAMES_RFC4514, &name, NULL) ==
	    ST_OK)
		text_printable_into(
		    connection->subject, sizeof(connection->subject), buffer_bytes(&name));
	buffer_free(&name);
}

/* One that is not on the list is looked up again with every request, whatever came before. */
static bool is_listed(struct connection *connection)
{
	struct connections *all = connection->list->all;
	bool listed;

	pthread_rwlock_rdlock(&all->listing);
	listed = tls_clients_has(all->allowed, connection->fingerprint);
	if (listed)
		connection->generation = atomic_load(&all->generation);
	pthread_rwlock_unlock(&all->listing);
	return listed;
}

/* 0, or what OpenSSL calls it, for the alert that the client gets. */
static int judge(struct connection *connection, const X509 *certificate)
{
	unsigned int len = TLS_FINGERPRINT;
	time_t begins;

	set_subject(connection, certificate);
	if (X509_digest(certificate, EVP_sha256(), connection->fingerprint, &len) != 1)
		return X509_V_ERR_OUT_OF_MEM;
	if (!is_listed(connection)) {
		strcpy(connection->why, "its certificate is not on the list of clients");
		return X509_V_ERR_CERT_UNTRUSTED;
	}
	if (!tl_certificate_validity(certificate, &begins, &connection->ends)) {
		strcpy(connection->why, "the dates of its certificate cannot be read");
		return X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD;
	}
	if (time(NULL) > connection->ends) {
		strcpy(connection->why, "its certificate has expired");
		return X509_V_ERR_CERT_HAS_EXPIRED;
	}
	if (time(NULL) < begins) {
		strcpy(connection->why, "its certificate is not valid yet");
		return X509_V_ERR_CERT_NOT_YET_VALID;
	}
	return X509_V_OK;
}

/*
 * Instead of looking for a chain: the list names certificates.  That the client has the key to it,
 * the handshake shows.
 */
static int verify(X509_STORE_CTX *store, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct connection *connection = ssl != NULL ? connection_of(ssl) : NULL;
	const X509 *certificate = X509_STORE_CTX_get0_cert(store);
	int result = X509_V_ERR_APPLICATION_VERIFICATION;

	(void)arg;
	if (connection != NULL && certificate != NULL)
		result = judge(connection, certificate);
	X509_STORE_CTX_set_error(store, result);
	return result == X509_V_OK;
}

bool connections_still_let_in(struct connection *connection)
{
	const char *why = NULL;

	if (connection->generation != atomic_load(&connection->list->all->generation) &&
	    !is_listed(connection))
		why = "the client was taken off the list";
	else if (time(NULL) > connection->ends)
		why = "the client's certificate has expired";
	if (why != NULL)
		strcpy(connection->request.note, why);
	return why == NULL;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

struct connections *connections_allocate(const struct provider_settings *settings, SSL_CTX *context)
{
	struct connections *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	pthread_mutex_init(&all->counting, NULL);
	pthread_rwlock_init(&all->listing, NULL);
	all->context = context;
	all->path = settings->clients;
	all->max = settings->max_connections;
	all->max_per_client = settings->max_per_client;
	all->timeout_ms = (uint64_t)settings->timeout_s * 1000;
	/* Threads that accept at the same moment may take one too many each. */
	all->room = (size_t)settings->max_connections + settings->threads;
	all->clients = calloc(all->room, sizeof(*all->clients));
	if (all->clients == NULL) {
		connections_free(all);
		return NULL;
	}
	SSL_CTX_set_cert_verify_callback(context, verify, NULL);
	return all;
}

enum status connections_read_clients(struct connections *connections, size_t *n, struct error *err)
{
	struct tls_clients *old, *new;
	enum status st = tls_clients_read(connections->path, &new, err);

	if (st != ST_OK)
		return st;
	*n = tls_clients_count(new);
	pthread_rwlock_wrlock(&connections->listing);
	old = connections->allowed;
	connections->allowed = new;
	atomic_fetch_add(&connections->generation, 1);
	pthread_rwlock_unlock(&connections->listing);
	tls_clients_free(old);
	return ST_OK;
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	tls_clients_free(connections->allowed);
	pthread_rwlock_destroy(&connections->listing);
	pthread_mutex_destroy(&connections->counting);
	free(connections->clients);
	free(connections);
}
