/*
 * libssh without its functions of old, one of which is called buffer_free(), as ours is.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_LIBSSH_H
#define CTLSIGN_PUBLISH_SFTP_LIBSSH_H

#define LIBSSH_LEGACY_0_4
#include <libssh/libssh.h>

#endif
