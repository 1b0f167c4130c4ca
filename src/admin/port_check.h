/*
 * Whether somebody listens at the ports of a cluster's nodes: many at once, in bounded time.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_PORT_CHECK_H
#define CTLSIGN_ADMIN_PORT_CHECK_H

#include "base/error.h"
#include "cluster/inventory.h"

#include <stdbool.h>
#include <stddef.h>

enum port_answer {
	PORT_NOT_ASKED,
	PORT_REACHABLE,	  /* a connection was made; TFTP: something came back */
	PORT_REFUSED,	  /* the node answers, and nobody listens there */
	PORT_NO_ANSWER,	  /* nothing in time: the node is down, or a firewall swallows it */
	PORT_UNREACHABLE, /* the network has no way there; `reason` says why */
};

struct port_probe {
	struct inventory_address address; /* of a node; none: PORT_UNREACHABLE */
	unsigned port;
	bool tftp; /* UDP: a read request for CTLFile.tlv; else TCP: a connection and its end */
	enum port_answer answer;
	int reason; /* errno; 0: none */
};

/* How long a node may take. */
#define PORT_CHECK_MS 3000

/*
 * Asks all N probes in parallel, at most a few hundred at a time, and fills in the answers.  Takes
 * at most TIMEOUT_MS for each few hundred.  Fails only when this machine cannot ask: out of memory
 * or descriptors.
 */
enum status port_check(struct port_probe *probes, size_t n, unsigned timeout_ms, struct error *err);

#endif
