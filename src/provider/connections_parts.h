/*
 * What the files that count and judge connections share; private to them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_CONNECTIONS_PARTS_H
#define CTLSIGN_PROVIDER_CONNECTIONS_PARTS_H

#include "provider/connections.h"

#include <pthread.h>
#include <stdatomic.h>

struct connections {
	SSL_CTX *context;
	const char *path; /* of the list of clients */
	unsigned max, max_per_client;
	uint64_t timeout_ms;
	atomic_uint n;

	pthread_mutex_t counting; /* of what follows */
	struct {
		struct in6_addr address;
		unsigned n;
	} * clients; /* those with a connection */
	size_t n_clients;
	size_t room; /* in clients */

	pthread_rwlock_t listing; /* of allowed */
	struct tls_clients *allowed;
	atomic_uint generation; /* grows with each reading */
};

/* NULL when memory is short.  Judges the certificates of CONTEXT's clients from then on. */
struct connections *connections_allocate(
    const struct provider_settings *settings, SSL_CTX *context);

/* One more, or one less, from ADDRESS; false when it has as many as it may. */
bool connections_enter(struct connections *all, const struct in6_addr *address);
void connections_leave(struct connections *all, const struct in6_addr *address);

/* Whether the client is on today's list, and its certificate has not ended meanwhile. */
bool connections_still_let_in(struct connection *connection);

#endif
