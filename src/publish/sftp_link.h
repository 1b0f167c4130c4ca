/*
 * The SSH connections that targets with the same user, host and port share.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_LINK_H
#define CTLSIGN_PUBLISH_SFTP_LINK_H

#include "publish/sftp_wire.h"
#include "publish/target.h"

struct sftp_link;

/* The link for PLACE, which lives as long as *LINKS: one for every four targets of a server, four
 * of them at most. */
enum status sftp_link_find(struct target_links **links, const struct inventory_target *place,
    const struct target_access *access, struct sftp_link **out, struct error *err);

/* "sftp://user@host:port", or with "#2" behind it: what makes links equal. */
const char *sftp_link_name(const struct sftp_link *link);
const char *sftp_link_user(const struct sftp_link *link);

/*
 * The connection, made if there is none.  One that could not be made, or was lost, is an error at
 * once from then on, until sftp_link_reset(): many targets behind a server that is down must not
 * wait for it one after the other.
 */
enum status sftp_link_use(struct sftp_link *link, struct sftp_wire **out, struct error *err);

/* Remembers ERR as what sftp_link_use() says from now on, if the connection broke. */
void sftp_link_note(struct sftp_link *link, const struct error *err);

/* From any thread: see target_ops. */
void sftp_link_interrupt(struct sftp_link *link);
void sftp_link_reset(struct sftp_link *link);

#endif
