/*
 * The ports of a cluster: who listens where, what has changed, and whether it answers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PORTS_H
#define CTLSIGN_CLI_PORTS_H

#include "admin/cluster.h"
#include "admin/port_check.h"

#include <jansson.h>

/* One that listens: a node or an alternate TFTP server; borrowed from the inventory. */
struct listener {
	const char *name;
	const struct inventory_address *address;
};

struct port_row {
	enum port port;
	unsigned number;
	unsigned before; /* when the current CTL was made; 0: not known */
	bool open;	 /* somebody should listen now: SIP OAuth's only in its mode, ... */
	struct listener *listeners;
	size_t n;
};

struct port_list {
	struct port_row rows[N_PORTS];
	bool mixed;
	bool sip_oauth;
	int64_t generation; /* that `before` is of */
};

/* Starts from all zero; port_list_free() in any case. */
enum status port_list_fill(const struct cluster *cluster, struct port_list *out, struct error *err);
void port_list_free(struct port_list *list);

/* What people call the service; whether it is UDP; what to restart when its port changes. */
const char *port_title(enum port port);
bool port_is_udp(enum port port);
const char *port_restart(enum port port);

/* A probe for each listener, those of a row together, in the order of the rows. */
struct port_checks {
	struct port_probe *probes;
	size_t n;
	size_t missing; /* should listen, and do not */
};

/* Appends the tables; keys of the JSON as in ctlsign-ports(1).  CHECKS may be NULL. */
void ports_print(
    const struct port_list *list, const struct port_checks *checks, struct buffer *out);
json_t *ports_json(const struct port_list *list, const struct port_checks *checks);

#endif
