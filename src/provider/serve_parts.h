/*
 * What the files that serve share; private to them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_SERVE_PARTS_H
#define CTLSIGN_PROVIDER_SERVE_PARTS_H

#include "provider/connections.h"
#include "provider/listen.h"

#include <event2/event.h>
#include <event2/http.h>
#include <pthread.h>
#include <stdatomic.h>

/* What all threads of the running server share. */
struct server {
	const struct provider_settings *settings;
	struct listen_sockets sockets;
	SSL_CTX *context;
	struct connections *connections;
	struct provider *provider;
	atomic_bool ending;
};

/*
 * A thread with its own loop, which accepts on the sockets of all.  Only the thread itself touches
 * its worker while it runs.
 */
struct worker {
	struct server *server;
	pthread_t thread;
	bool started;
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *bound[LISTEN_MAX];
	size_t n_bound;
	bool accepting;
	struct event *tick;
	struct event *wake;
	struct event *accepted; /* made active when there is a new connection */
	int wake_fd;		/* an eventfd: look whether it ends */
	uint64_t ends_at;	/* ms; 0: not yet */
	struct connection_list list;
};

/* Makes all that the thread needs, in the caller's thread; worker_close() in any case. */
enum status worker_open(struct worker *worker, struct server *server, struct error *err);
enum status worker_start(struct worker *worker, struct error *err);

/* Makes it see that the server is ending. */
void worker_wake(const struct worker *worker);

/* Waits for its end, when it was started. */
void worker_close(struct worker *worker);

/* Answers REQUEST; ARG is the worker. */
void serve_request(struct evhttp_request *request, void *arg);

#endif
