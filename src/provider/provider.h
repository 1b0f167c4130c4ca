/*
 * The CTL Provider of a node: what it answers, apart from how it is asked.
 *
 * It hands out the CTL, the node's certificates, its services and servers; sets and tells the
 * security mode; and stores files for TFTP.  A CTL whose signer the present one does not list as
 * SAST, that does not verify, or that is older than the present one is refused: phones would refuse
 * it, too, or be led back to what was withdrawn.
 *
 * (Cisco's service of this name listens on TCP 2444 with TLS, and does the same for the CTL client;
 * its protocol is not published, so this one is our own: see openapi.json.)
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_H
#define CTLSIGN_PROVIDER_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The largest body that is taken or given. */
#define PROVIDER_MAX_BODY (1024u * 1024)

#define PROVIDER_PORT 2444

/* ---- settings: ctlproviderd.conf --------------------------------------------------------------
 */

/* A certificate of the node that is handed out. */
struct provider_offer {
	const char *name; /* "callmanager", "capf", "itlrecovery", "tvs"; constant */
	char *path;	  /* NULL: not offered */
};
enum { PROVIDER_OFFERS = 4 };

/* All strings owned; paths absolute or relative to the working directory. */
struct provider_settings {
	char *path; /* of the file, as given */
	char *node;
	char *dns;	 /* default: node */
	char *address;	 /* "" when not set */
	char *role;	 /* "publisher", "subscriber", "tftp", "media" */
	char *release;	 /* "" when not set */
	char **services; /* "CallManager", "TFTP", ...: those of ctlsign.conf */
	size_t n_services;
	char **servers; /* the cluster's other nodes: "NAME ADDRESS [HOST:PORT of its provider]" */
	size_t n_servers;
	struct provider_offer offers[PROVIDER_OFFERS];
	char *directory;   /* what TFTP serves */
	char *state;	   /* a directory of its own: mode, staged files, the ones before */
	char *certificate; /* the server's, PEM, with its chain */
	char *key;	   /* of it */
	char *clients;	   /* PEM: every certificate in it is a client that is let in */
	char **listen;	   /* "ADDRESS:PORT", "[ADDRESS]:PORT"; default port 2444 on all */
	size_t n_listen;
	char *user;		  /* who it becomes when root starts it; NULL: nobody else */
	unsigned max_connections; /* default 256 */
	unsigned max_per_client;  /* connections from one address; default 64 */
	unsigned timeout_s;	  /* for a handshake, a request, an answer, and idle; default 10 */
	unsigned threads;	  /* default: as many as processors, at most 8 */
};

/* ST_FORMAT with "FILE: line N".  provider_settings_free() in any case; start from all zero. */
enum status provider_settings_read(
    const char *path, struct provider_settings *out, struct error *err);
void provider_settings_free(struct provider_settings *settings);

/* ---- answers ---------------------------------------------------------------------------------
 */

struct provider;

/*
 * Opens the directories of SETTINGS (borrowed) and puts in order what a killed one left there.
 */
enum status provider_open(
    const struct provider_settings *settings, struct provider **out, struct error *err);
void provider_close(struct provider *provider);

struct provider_request {
	const char *method; /* "GET", ... */
	const char *path;   /* decoded, without query */
	struct bytes body;
	const char *type;   /* Content-Type as sent, "" when none was; NULL: not looked at */
	const char *etag;   /* If-None-Match as sent; NULL: none */
	const char *client; /* printable: who asks, for what is written down */
};

/*
 * An answer.  The body is DATA, kept alive by HOLDER until provider_answer_done(): files are not
 * copied for every client.
 */
struct provider_answer {
	int code; /* HTTP */
	const char *type;
	struct bytes data;
	char etag[80];	   /* with its quotes; "" for none */
	const char *allow; /* of 405; NULL */
	char note[256];	   /* for the log: why it was refused, what was stored; printable */
	void *holder;
};

/*
 * Answers any request, also a senseless one.  Any thread may call it.  HEAD is answered as GET,
 * with the bytes, which the caller then only counts.
 */
void provider_answer(
    struct provider *provider, const struct provider_request *request, struct provider_answer *out);
void provider_answer_done(struct provider_answer *answer);

/* ---- serving ---------------------------------------------------------------------------------
 */

/*
 * Serves until a signal ends it (SIGTERM, SIGINT; SIGHUP reads the client list anew).  Binds, or
 * takes the sockets that systemd hands over, reads the server's key, then gives up all privileges,
 * then opens the provider.  Log lines go to stderr.
 */
enum status provider_serve(const struct provider_settings *settings, struct error *err);

/*
 * Whether provider_serve() would start, as far as that shows without a port and without changing
 * anything, and whether certificates that are handed out can be read; *N is how many clients are
 * let in.
 */
enum status provider_check(const struct provider_settings *settings, size_t *n, struct error *err);

#endif
