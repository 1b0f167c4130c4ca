/*
 * Who ctlproviderd is after it has opened what only root may open.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_PRIVILEGES_H
#define CTLSIGN_PROVIDER_PRIVILEGES_H

#include "base/error.h"
#include "provider/provider.h"

/* Whether the settings allow to give up privileges: root needs a `user`, and nobody else. */
enum status privileges_check(const struct provider_settings *settings, struct error *err);

/*
 * What CHECK says to SETTINGS as the user that privileges_drop() would become, in a process of its
 * own.  A caller who is not root and not that user either cannot find out: ST_OK if there is such a
 * user.
 */
enum status privileges_try(const struct provider_settings *settings,
    enum status (*check)(const struct provider_settings *settings, struct error *err),
    struct error *err);

/*
 * Becomes SETTINGS->user for good, when root; in any case no program that it would start gains
 * anything, and no core dump or debugger sees its memory.
 */
enum status privileges_drop(const struct provider_settings *settings, struct error *err);

#endif
