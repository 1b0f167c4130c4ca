/*
 * The connections of ctlproviderd: how many there are, whose they are, and how long each may take.
 *
 * evhttp starts its time limits anew with every byte, so that a client that sends one now and then
 * would stay for ever.  Here each connection has a time by which its next request or answer must be
 * whole.
 *
 * A connection belongs to its SSL object and goes with it.  All calls for one are made by the
 * thread that serves it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_CONNECTIONS_H
#define CTLSIGN_PROVIDER_CONNECTIONS_H

#include "provider/log.h"
#include "provider/tls.h"

#include <netinet/in.h>

/* What all threads share: limits, and who is let in. */
struct connections;

/* SETTINGS and CONTEXT must outlive it; connections_free() behind all threads. */
enum status connections_new(const struct provider_settings *settings, SSL_CTX *context,
    struct connections **out, struct error *err);
void connections_free(struct connections *connections);

/* How many there are; whether there is room for none more. */
unsigned connections_count(const struct connections *connections);
bool connections_full(const struct connections *connections);

/* Reads the list of clients anew; the old one stays when that fails. */
enum status connections_read_clients(struct connections *connections, size_t *n, struct error *err);

/* ---- of one thread --------------------------------------------------------------------------- */

struct connection {
	/* Of the list; private to connections.c. */
	struct connection *next, *previous;
	struct connection_list *list;
	SSL *ssl;
	bool begun;    /* the handshake has; the address is known */
	bool counted;  /* with its address */
	bool let_in;   /* the handshake is done */
	bool given_up; /* shut down here */
	struct in6_addr address;
	uint64_t deadline;	 /* ms */
	uint64_t read_when_idle; /* bytes when the last answer was done */
	uint8_t fingerprint[TLS_FINGERPRINT];
	unsigned generation; /* of the list of clients that it was last found on */
	time_t ends;	     /* the client's certificate */
	char why[160];	     /* it came to nothing */

	/* For everyone. */
	char client[INET6_ADDRSTRLEN];
	char subject[256]; /* printable */

	/* The request that is being answered; of serve_request.c. */
	struct {
		bool running;
		char method[16];
		char path[200];
		char note[256];
		int code;
		size_t bytes;
		uint64_t began; /* ms */
		bool logged;
		bool last; /* the connection ends behind the answer */
	} request;
};

/* Sockets of refused connections that a thread keeps for a moment. */
enum { CONNECTIONS_LINGERING = 32 };

struct connection_list {
	struct connections *all;
	struct connection *first;
	unsigned n;
	bool ending; /* no more requests are taken */
	struct log_lines log;
	void (*gone)(void *user); /* one less; may be NULL */
	void *user;
	struct {
		int fd;
		uint64_t until; /* ms */
	} lingering[CONNECTIONS_LINGERING];
	unsigned n_lingering;
};

/*
 * The SSL object of a new connection, whose socket is not known yet.  NULL when memory is short.
 */
SSL *connection_new(struct connection_list *list);

/*
 * Finds out whose the new connections are, now that their sockets are known: a client that sends
 * nothing counts, too.
 */
void connections_begin(struct connection_list *list);

/* The connection that SSL was made for by connection_new(); never NULL for such a one. */
struct connection *connection_of(const SSL *ssl);

/* A request is whole: the answer has its own time.  False: this client is not let in any more. */
bool connection_asks(struct connection *connection);

/* The answer is whole: the next request has its own time, unless this was the last one. */
void connection_answered(struct connection *connection);

/*
 * Tells the client that nothing more comes (TLS's close_notify): else it could not tell the end
 * from one that somebody on the way has made.  Before the socket is shut down; never within an
 * answer.  Again, or before the handshake is done, it does nothing.
 */
void connection_finish(struct connection *connection);

/* Writes down what became of the request. */
void connection_log_request(struct connection *connection);

/* Shuts down what takes too long; with ENDING, also what does nothing. */
void connections_tick(struct connection_list *list);

/* Keeps the socket FD, which will soon be closed, open until the client has read why. */
void connections_linger(struct connection_list *list, int fd);

/* Closes the sockets of refused connections whose time is over, or ALL of them. */
void connections_linger_tick(struct connection_list *list, bool all);

/* Milliseconds of a clock that is never set. */
uint64_t connections_now(void);

#endif
