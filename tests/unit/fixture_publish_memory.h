/*
 * Targets that stand in memory.  Private to the fixture of publishing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_PUBLISH_MEMORY_H
#define CTLSIGN_TESTS_FIXTURE_PUBLISH_MEMORY_H

#include "fixture_publish.h"

void memory_clear(void);

enum status memory_target(const struct inventory_target *place, const struct target_access *access,
    struct target_links **links, struct target **out, struct error *err);
enum status memory_fetch(const char *base, const char *name, size_t max, unsigned timeout_ms,
    struct buffer *out, bool *there, struct error *err);

#endif
