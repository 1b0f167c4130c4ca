/*
 * What the two files share that read ctlproviderd.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_SETTINGS_PARTS_H
#define CTLSIGN_PROVIDER_SETTINGS_PARTS_H

#include "conf/conf.h"
#include "provider/provider.h"

/* Everything that the file says, and what holds when it says nothing. */
enum status settings_take(
    const struct conf_place *place, struct provider_settings *out, struct error *err);

#endif
