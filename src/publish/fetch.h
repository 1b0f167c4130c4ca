/*
 * Downloads as a phone makes them: by TFTP or HTTP, from the server that phones ask.  (libcurl)
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_FETCH_H
#define CTLSIGN_PUBLISH_FETCH_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>

/*
 * Reads NAME from the server at BASE ("tftp://10.1.2.3", "http://10.1.2.3:6970/"), no more than MAX
 * bytes, within TIMEOUT_MS altogether.  *THERE false and ST_OK when the server says that it has no
 * such file.  No redirection is followed and no proxy is asked.  Errors have the URL as `where`.
 * Any thread may call it.
 */
enum status fetch_file(const char *base, const char *name, size_t max, unsigned timeout_ms,
    struct buffer *out, bool *there, struct error *err);

#endif
