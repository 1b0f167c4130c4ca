/*
 * A client of ctlproviderd: HTTPS with a client certificate.  (libcurl)
 *
 * The server's certificate is verified against `provider-trust` and has to carry the host's name or
 * address.  Nothing that a server answers is believed before its size and form were checked.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_PROVIDER_CLIENT_H
#define CTLSIGN_PUBLISH_PROVIDER_CLIENT_H

#include "publish/target.h"

struct provider_client;

/* Connects to nothing yet.  ACCESS is borrowed for the client's life. */
enum status provider_client_new(const char *host, unsigned port, const struct target_access *access,
    struct provider_client **out, struct error *err);
void provider_client_free(struct provider_client *client); /* takes NULL */

/* See target_ops. */
void provider_client_interrupt(struct provider_client *client);
void provider_client_reset(struct provider_client *client);

/*
 * One request: METHOD on PATH ("/v1/files/CTLFile.tlv") with BODY (may be NULL) of TYPE.  Into OUT
 * (emptied first) comes the answer's body, at most TARGET_MAX_FILE bytes, and into *CODE the HTTP
 * status.  ST_OK for 2xx, and for 404 where MISSING_IS_FINE; another is an error with the server's
 * own one-line reason (made printable): 409 and 422 are ST_NOT_VERIFIED, others ST_FAILED.
 */
struct provider_call {
	const char *method;
	const char *path;
	const struct bytes *body;
	const char *type; /* of the body: "application/json"; NULL: octet-stream */
	bool missing_is_fine;
};
enum status provider_client_call(struct provider_client *client, const struct provider_call *call,
    struct buffer *out, long *code, struct error *err);

/* A server that a provider names. */
struct provider_server {
	char *name;
	char *address;	/* "10.1.2.4"; may be "" */
	char *provider; /* "host:port"; "" when it has none */
};

struct provider_certificate {
	char *name; /* "callmanager", "capf", "itlrecovery", "tvs" */
	X509 *x509;
};

/* What a node says of itself; all strings owned and printable, never NULL. */
struct provider_node {
	char *name;
	char *dns;
	char *address;
	char *role;	   /* "publisher", "subscriber", "tftp", "media" */
	char *release;	   /* "" when it does not say */
	unsigned services; /* enum node_service */
	int mode;	   /* 0, 1; -1: never set */
	struct provider_certificate *certificates;
	size_t n_certificates;
	struct provider_server *servers; /* the cluster's other nodes */
	size_t n_servers;
};

/* Reads all of it.  provider_node_free() in any case. */
enum status provider_client_node(
    struct provider_client *client, struct provider_node *out, struct error *err);
void provider_node_free(struct provider_node *node);

#endif
