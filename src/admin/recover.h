/*
 * What a run that failed to end leaves behind, put in order by the next one that changes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_RECOVER_H
#define CTLSIGN_ADMIN_RECOVER_H

#include "admin/cluster.h"

/*
 * A pending generation without a delivery's journal is one whose run was killed.  Where its bytes
 * stand in the CTL file that it was made for (which today's setting may not name any more) it is
 * signed, and the journal begins, or done if it was taken over; another is abandoned.  What was done
 * is in CLUSTER->recovered.  The state is open for a change.
 */
enum status admin_recover(struct cluster *cluster, struct error *err);

/*
 * How the CTL file stands to the current generation: *MISSING, or *DIFFERS.  A file that cannot be
 * read is an error.
 */
enum status admin_look_at_file(
    const struct cluster *cluster, bool *missing, bool *differs, struct error *err);

/* The same of the file PATH and the bytes WITH. */
enum status admin_compare_file(
    const char *path, const struct buffer *with, bool *missing, bool *differs, struct error *err);

#endif
