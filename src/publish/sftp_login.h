/*
 * Logging in to an SSH server by a public key.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_LOGIN_H
#define CTLSIGN_PUBLISH_SFTP_LOGIN_H

#include "cluster/inventory.h"
#include "publish/sftp_libssh.h"
#include "publish/sftp_line.h"

/*
 * The key of the settings; without one the agent's keys, then ~/.ssh/id_ed25519, id_ecdsa and
 * id_rsa.  A key file that has a passphrase is used through the agent only: nobody is asked here,
 * as many targets are reached at the same time.  Passwords are never tried.
 */
enum status sftp_login(ssh_session session, const struct inventory_publish *settings,
    const char *user, struct sftp_line *line, struct error *err);

#endif
