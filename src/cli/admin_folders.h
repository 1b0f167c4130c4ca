/*
 * The folders of this machine that phones are served from: the CTL file's own, and those that the
 * inventory delivers to.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_ADMIN_FOLDERS_H
#define CTLSIGN_CLI_ADMIN_FOLDERS_H

#include "cluster/inventory.h"

struct admin_folder {
	char *path;  /* owned */
	int fd;	     /* of the folder */
	bool served; /* the inventory delivers there; else it only has the CTL file */
};

/* Start from all zero. */
struct admin_folders {
	struct admin_folder *list;
	size_t n;
	char **missing; /* those that cannot be opened, printable, with the reason; owned */
	size_t n_missing;
};

/*
 * Opens them, each once, the CTL file's first.  Addresses such as sftp:// are passed over.
 * admin_folders_close() in any case.
 */
enum status admin_folders_open(
    const struct inventory *inventory, struct admin_folders *out, struct error *err);
void admin_folders_close(struct admin_folders *folders);

#endif
