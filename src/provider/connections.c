/*
 * The connections of ctlproviderd.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/connections.h"

#include "provider/connections_parts.h"
#include "provider/listen.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* How long a request that is on its way may still take when the program ends. */
#define ENDING_MS 3000

/*
 * When there is no room for others: how long a handshake may take then, and how many that take
 * longer go with one look.
 */
#define PATIENCE_MS  2000
#define ROOM_AT_ONCE 8

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int ssl_index = -1;

uint64_t connections_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct connection *connection_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, ssl_index);
}

static bool is_idle(const struct connection *connection)
{
	return !connection->request.running && connection->let_in &&
	       BIO_number_read(SSL_get_rbio(connection->ssl)) == connection->read_when_idle;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void tell_end(struct connection *connection)
{
	struct log_lines *log = &connection->list->log;

	if (connection->request.running && !connection->request.logged) {
		if (connection->request.note[0] == '\0')
			strcpy(connection->request.note,
			    connection->given_up ? "the answer was read too slowly"
						 : "the client did not wait for the answer");
		connection_log_request(connection);
	} else if (connection->why[0] != '\0') {
		log_refused(log, connection->client, connection->subject, connection->why);
	} else if (!connection->let_in && connection->begun) {
		log_refused(log, connection->client, connection->subject,
		    "it went away within the handshake");
	}
}

/* OpenSSL calls it when the SSL object goes. */
static void free_connection(
    void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	struct connection *connection = ptr;
	struct connection_list *list;

	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	if (connection == NULL)
		return;
	list = connection->list;
	tell_end(connection);
	if (connection->counted)
		connections_leave(list->all, &connection->address);
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		list->first = connection->next;
	list->n--;
	atomic_fetch_sub(&list->all->n, 1);
	free(connection);
	if (list->gone != NULL)
		list->gone(list->user);
}

void connection_finish(struct connection *connection)
{
	SSL *ssl = connection->ssl;

	if (!connection->let_in || (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) != 0)
		return;
	/* It only sends: what the client has to say to it is not waited for. */
	SSL_shutdown(ssl);
	ERR_clear_error();
}

static void give_up(struct connection *connection, const char *why)
{
	if (connection->given_up)
		return;
	connection->given_up = true;
	if (why != NULL && connection->why[0] == '\0')
		snprintf(connection->why, sizeof(connection->why), "%s", why);
	/* An answer that was not read to its end has none that looks whole. */
	if (!connection->request.running)
		connection_finish(connection);
	/* evhttp sees the end of the stream, and lets everything go. */
	shutdown(SSL_get_fd(connection->ssl), SHUT_RDWR);
}

/* The one that has been without a handshake for longest, and for too long when others wait. */
static struct connection *oldest_unproven(const struct connection_list *list, uint64_t now)
{
	const uint64_t timeout = list->all->timeout_ms;
	const uint64_t patience = timeout < 2 * PATIENCE_MS ? timeout / 2 : PATIENCE_MS;
	struct connection *oldest = NULL;

	for (struct connection *one = list->first; one != NULL; one = one->next)
		if (!one->let_in && !one->given_up && one->deadline + patience < now + timeout &&
		    (oldest == NULL || one->deadline < oldest->deadline))
			oldest = one;
	return oldest;
}

/* Those who show no certificate must not keep out those who have one. */
static void make_room(struct connection_list *list, uint64_t now)
{
	struct connection *oldest;

	for (int i = 0; i < ROOM_AT_ONCE && connections_full(list->all); i++) {
		oldest = oldest_unproven(list, now);
		if (oldest == NULL)
			return;
		give_up(oldest, "it made room: there are too many connections");
	}
}

void connections_tick(struct connection_list *list)
{
	const uint64_t now = connections_now();
	struct connection *next;

	connections_linger_tick(list, false);
	make_room(list, now);
	for (struct connection *one = list->first; one != NULL; one = next) {
		next = one->next;
		if (is_idle(one)) {
			if (list->ending || now > one->deadline)
				give_up(one, NULL);
			continue;
		}
		if (list->ending && one->deadline > now + ENDING_MS)
			one->deadline = now + ENDING_MS;
		if (now <= one->deadline)
			continue;
		if (one->request.running)
			give_up(one, NULL);
		else if (one->let_in)
			give_up(one, "no complete request came in time");
		else
			give_up(one, "the handshake took too long");
	}
}

/* ---- the handshake ----------------------------------------------------------------------------
 */

static void begin(struct connection *connection)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;

	if (connection->begun || SSL_get_fd(connection->ssl) < 0)
		return;
	connection->begun = true;
	memset(&address, 0, sizeof(address));
	if (getpeername(SSL_get_fd(connection->ssl), (struct sockaddr *)&address, &len) != 0)
		return;
	listen_address_text((const struct sockaddr *)&address, connection->client);
	if (address.ss_family == AF_INET) {
		connection->address.s6_addr[10] = connection->address.s6_addr[11] = 0xff;
		memcpy(&connection->address.s6_addr[12], &v4->sin_addr, 4);
	} else {
		connection->address = ((const struct sockaddr_in6 *)&address)->sin6_addr;
		/* Whoever has one address of a /64 has all of it. */
		if (!IN6_IS_ADDR_V4MAPPED(&connection->address))
			memset(&connection->address.s6_addr[8], 0, 8);
	}
	connection->counted = connections_enter(connection->list->all, &connection->address);
	if (!connection->counted)
		give_up(connection, "too many connections from this address");
}

/* OpenSSL's words for what a person has to know are few. */
static void note_failure(struct connection *connection)
{
	const unsigned long error = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(error);

	if (error == 0)
		return;
	connections_linger(connection->list, SSL_get_fd(connection->ssl));
	if (connection->why[0] != '\0')
		return;
	if (ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
		reason = "it speaks HTTP without TLS";
	else if (ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		reason = "it showed no certificate";
	snprintf(connection->why, sizeof(connection->why), "%s",
	    reason != NULL ? reason : "the handshake failed");
}

static void watch_handshake(const SSL *ssl, int where, int ret)
{
	struct connection *connection = connection_of(ssl);

	if (connection == NULL)
		return;
	if ((where & SSL_CB_HANDSHAKE_START) != 0)
		begin(connection);
	else if ((where & SSL_CB_HANDSHAKE_DONE) != 0)
		connection->let_in = true;
	else if ((where & SSL_CB_EXIT) != 0 && ret <= 0 && !connection->let_in)
		note_failure(connection);
}

void connections_begin(struct connection_list *list)
{
	for (struct connection *one = list->first; one != NULL; one = one->next)
		begin(one);
}

SSL *connection_new(struct connection_list *list)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	SSL *ssl = SSL_new(list->all->context);

	if (connection == NULL || ssl == NULL || SSL_set_ex_data(ssl, ssl_index, connection) != 1) {
		free(connection);
		SSL_free(ssl);
		return NULL;
	}
	connection->ssl = ssl;
	connection->list = list;
	connection->deadline = connections_now() + list->all->timeout_ms;
	strcpy(connection->client, "-");
	connection->next = list->first;
	if (list->first != NULL)
		list->first->previous = connection;
	list->first = connection;
	list->n++;
	atomic_fetch_add(&list->all->n, 1);
	return ssl;
}

/* ---- requests ---------------------------------------------------------------------------------
 */

bool connection_asks(struct connection *connection)
{
	connection->request.running = true;
	connection->request.last = false;
	connection->request.began = connections_now();
	connection->deadline = connection->request.began + connection->list->all->timeout_ms;
	return connections_still_let_in(connection);
}

void connection_answered(struct connection *connection)
{
	connection->request.running = false;
	connection->request.note[0] = '\0';
	connection->deadline = connections_now() + connection->list->all->timeout_ms;
	connection->read_when_idle = BIO_number_read(SSL_get_rbio(connection->ssl));
	/* evhttp goes on behind some answers that say Connection: close, as that to CONNECT. */
	if (connection->request.last)
		give_up(connection, NULL);
}

void connection_log_request(struct connection *connection)
{
	const struct log_request line = {
	    .client = connection->client,
	    .subject = connection->subject,
	    .method = connection->request.method,
	    .path = connection->request.path,
	    .code = connection->request.code,
	    .bytes = connection->request.bytes,
	    .ms = (unsigned)(connections_now() - connection->request.began),
	    .note = connection->request.note,
	};

	log_request(&connection->list->log, &line);
	/* What was changed is on record before anything else happens. */
	if (line.code >= 200 && line.code < 300 &&
	    (strcmp(line.method, "PUT") == 0 || strcmp(line.method, "POST") == 0 ||
		strcmp(line.method, "DELETE") == 0))
		log_flush(&connection->list->log);
}

static void make_index(void)
{
	ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_connection);
}

enum status connections_new(const struct provider_settings *settings, SSL_CTX *context,
    struct connections **out, struct error *err)
{
	struct connections *all;
	size_t n;

	pthread_once(&once, make_index);
	*out = NULL;
	all = connections_allocate(settings, context);
	if (all == NULL || ssl_index < 0) {
		connections_free(all);
		return error_no_memory(err);
	}
	SSL_CTX_set_info_callback(context, watch_handshake);
	if (connections_read_clients(all, &n, err) != ST_OK) {
		connections_free(all);
		return err->status;
	}
	*out = all;
	return ST_OK;
}
