/*
 * An inventory of what the nodes of a cluster said of themselves.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_DISCOVERED_H
#define CTLSIGN_CLUSTER_DISCOVERED_H

#include "cluster/takeover.h"

#include <openssl/types.h>

/* All borrowed; strings are printable. */
struct discovered_node {
	const char *name;
	enum node_role role;
	const char *dns;     /* "": its name */
	const char *address; /* "": it did not say */
	unsigned services;   /* enum node_service */
	const char *host;    /* where its CTL Provider was asked */
	unsigned port;
	X509 *callmanager; /* NULL: it has none */
	X509 *capf;	   /* NULL; of the publisher only */
};

/* A node that has no CTL Provider, so that only its name is known. */
struct discovered_other {
	const char *name;
	const char *address; /* "" */
};

struct discovered {
	const char *cluster;
	const char *release;
	bool mixed;			     /* the nodes are in mixed mode */
	const struct discovered_node *nodes; /* the publisher first */
	size_t n_nodes;
	const struct discovered_other *others;
	size_t n_others;
	X509 *itlrecovery; /* NULL */
	/* As ctlsign.conf will name them; NULL: not named. */
	const char *client_certificate;
	const char *client_key;
	const char *provider_trust;
	const char *folder; /* of the certificates, as ctlsign.conf names it */
};

/* The text of ctlsign.conf, and the certificate files that it names. */
struct discovered_files {
	struct buffer conf;
	struct takeover_file *list;
	size_t n;
};

/* discovered_files_free() in any case. */
enum status discovered_write(
    const struct discovered *cluster, struct discovered_files *out, struct error *err);
void discovered_files_free(struct discovered_files *files);

/*
 * TEXT is "HOST[:PORT]", an IPv6 address in brackets.  *HOST is the caller's, without them; *PORT
 * is ctl-provider's default when not said.
 */
enum status discovered_host(const char *text, char **host, unsigned *port, struct error *err);

/* By its name: "publisher"; false for none. */
bool discovered_role(const char *name, enum node_role *out);

#endif
