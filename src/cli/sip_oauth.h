/*
 * Where the SIP OAuth mode of a cluster is kept.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_SIP_OAUTH_H
#define CTLSIGN_CLI_SIP_OAUTH_H

#include "admin/cluster.h"

/* The setting in the state file, and its values; not set is disabled. */
#define SIP_OAUTH_SETTING  "sip-oauth"
#define SIP_OAUTH_ENABLED  "enabled"
#define SIP_OAUTH_DISABLED "disabled"

/* Reads it; disabled when there is no state file yet. */
enum status sip_oauth_enabled(const struct cluster *cluster, bool *enabled, struct error *err);

#endif
