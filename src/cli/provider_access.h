/*
 * How CTL Providers are asked from the command line: with the officer's certificate and key.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PROVIDER_ACCESS_H
#define CTLSIGN_CLI_PROVIDER_ACCESS_H

#include "ceremony/ceremony.h"
#include "cli/cli.h"
#include "publish/access.h"
#include "publish/provider_client.h"

/*
 * Opens SETTINGS' key; MODULES, whose time limit holds for every answer, too, and PINS live as long
 * as OUT.  publish_access_close() in any case.
 */
enum status cli_provider_access(const struct inventory_publish *settings,
    struct cli_modules *modules, struct ceremony_pins *pins, struct publish_access *out,
    struct error *err);

/* What the node at HOST says of itself; CTL (may be NULL) gets the CTL that it serves, empty when
 * it has none.  provider_node_free() in any case. */
enum status cli_provider_ask(const char *host, unsigned port, const struct publish_access *access,
    struct provider_node *out, struct buffer *ctl, struct error *err);

/* The node's certificate NAME ("callmanager"), borrowed; NULL: it has none. */
X509 *cli_provider_certificate(const struct provider_node *node, const char *name);

#endif
