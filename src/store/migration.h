/*
 * All migrations, for who checks them against the audit log.
 *
 * Private to src/store/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_MIGRATION_H
#define CTLSIGN_STORE_MIGRATION_H

#include "store/statement.h"

/* Calls EACH for every migration, oldest first. */
enum status migration_each(struct store *store,
    enum status (*each)(struct store *store, void *context, const struct store_migration *migration,
	struct error *err),
    void *context, struct error *err);

#endif
