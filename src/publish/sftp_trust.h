/*
 * Is this the SSH server that it claims to be?
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_TRUST_H
#define CTLSIGN_PUBLISH_SFTP_TRUST_H

#include "base/error.h"
#include "cluster/inventory.h"
#include "publish/sftp_libssh.h"

/* Before connecting: which known_hosts files are asked.  A setting that is NULL: the user's file
 * and the system's. */
enum status sftp_trust_files(
    ssh_session session, const struct inventory_publish *settings, struct error *err);

/*
 * After connecting, and before anything is sent that the server could use: ST_OK only when the
 * server's key stands in known_hosts.  Otherwise ST_NOT_VERIFIED, with the key's fingerprint and
 * how it is entered; nothing is ever entered by itself.
 */
enum status sftp_trust_check(ssh_session session, const struct inventory_publish *settings,
    const char *host, unsigned port, struct error *err);

#endif
