/*
 * The question before a command changes the cluster's state without a key.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_CLUSTER_CONFIRM_H
#define CTLSIGN_CLI_CLUSTER_CONFIRM_H

#include "base/error.h"

/*
 * Shows ABOUT at the terminal and asks for "yes".  ST_CANCELLED for any other answer; where there
 * is no terminal ST_USAGE, which says to give --yes.
 */
enum status cluster_confirm(const char *about, struct error *err);

#endif
