/*
 * The beginning of a cluster whose inventory was made by somebody else.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_BEGIN_INVENTORY_H
#define CTLSIGN_ADMIN_BEGIN_INVENTORY_H

#include "base/bytes.h"
#include "cluster/takeover.h"

struct begin_inventory_request {
	const char *conf;		   /* the file to make */
	struct bytes text;		   /* of it */
	const struct takeover_file *files; /* in the folder BEGIN_CERTIFICATES */
	size_t n_files;
	const struct bytes *ctl; /* becomes the file BEGIN_CTL; NULL: none */
};

/*
 * Writes the inventory, the certificates that it names, and the CTL file beside them.  All or
 * nothing, also when killed, and nothing is replaced: ST_EXISTS names what is in the way.  What
 * inventory_read() or inventory_load() would refuse is refused here.
 */
enum status begin_inventory(const struct begin_inventory_request *request, struct error *err);

/* The first half of it: whether something is in the way. */
enum status begin_inventory_check(const char *conf, struct error *err);

#endif
